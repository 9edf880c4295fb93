//! The one shape of a refused call: a code, a message for developers, and `google.rpc` details for programs.
//! `ErrorInfo` is always there; services add a reason of their own enum or one of `kexiang.type.v1.ErrorReason`.
//! How a refusal travels as a status, and is read back from one, is in `wire`; statuses that come without a reason get
//! theirs in `foreign`; what is nobody's
//! fault but ours is logged and hidden in `defect`.

mod defect;
mod foreign;
mod wire;

use std::{collections::HashMap, time::Duration};

use kexiang_proto::{
    rpc::{BadRequest, ErrorInfo, PreconditionFailure, ResourceInfo, RetryInfo, precondition_failure},
    type_v1::ErrorReason,
};
use prost::{Message, Name};
use prost_types::Any;
use tonic::Code;

pub use foreign::of_foreign;
pub use wire::{code_name, detail, details, reason};

use crate::field::Violations;

/// Wait this long before trying again what was refused for load or an outage.
const RETRY_DELAY: Duration = Duration::from_secs(1);
const REASON_PREFIX: &str = "ERROR_REASON_";

/// A refused call, on its way to a [`tonic::Status`]. Boxed, so that results which carry one stay small.
#[derive(Debug, Clone)]
pub struct Refusal(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    code: Code,
    message: String,
    info: ErrorInfo,
    details: Vec<Any>,
}

impl Refusal {
    /// A refusal with a reason of a service's own enum; `reason` is the value's name in the proto, with or without prefix.
    #[must_use]
    pub fn new(code: Code, domain: &str, reason: &str, message: impl Into<String>) -> Self {
        let reason = reason.strip_prefix(REASON_PREFIX).unwrap_or(reason).to_owned();
        let info = ErrorInfo { reason, domain: domain.to_owned(), metadata: HashMap::new() };
        Self(Box::new(Content { code, message: message.into(), info, details: Vec::new() }))
    }

    fn common(code: Code, domain: &str, reason: ErrorReason, message: impl Into<String>) -> Self {
        Self::new(code, domain, reason.as_str_name(), message)
    }

    /// INVALID_ARGUMENT with all violations.
    #[must_use]
    pub fn invalid(domain: &str, violations: Violations) -> Self {
        let field_violations = violations.into_wire();
        let fields: Vec<_> = field_violations.iter().map(|violation| violation.field.as_str()).collect();
        let message = format!("invalid fields: {}", fields.join(", "));
        Self::common(Code::InvalidArgument, domain, ErrorReason::InvalidFields, message)
            .with(&BadRequest { field_violations })
    }

    /// INVALID_ARGUMENT: the message itself could not be read.
    #[must_use]
    pub fn malformed(domain: &str) -> Self {
        let message = "the message is not valid protobuf of its type, or a text in it is not UTF-8";
        Self::common(Code::InvalidArgument, domain, ErrorReason::MessageMalformed, message)
    }

    /// UNIMPLEMENTED, as gRPC has it for compression: the message is compressed in a way that is not taken.
    #[must_use]
    pub fn compression_unknown(domain: &str) -> Self {
        let message = "the message is compressed in a way that is not taken: send it as it is";
        Self::common(Code::Unimplemented, domain, ErrorReason::MessageMalformed, message)
    }

    /// RESOURCE_EXHAUSTED: the message is over the limit.
    #[must_use]
    pub fn too_large(domain: &str) -> Self {
        let message = "the message is over the size limit";
        Self::common(Code::ResourceExhausted, domain, ErrorReason::MessageTooLarge, message)
    }

    /// NOT_FOUND, naming the resource.
    #[must_use]
    pub fn not_found(domain: &str, resource_type: &str, resource_name: &str) -> Self {
        let message = format!("there is no {resource_name}");
        Self::common(Code::NotFound, domain, ErrorReason::NotFound, message)
            .with_resource(resource_type, resource_name)
    }

    /// ALREADY_EXISTS, naming the resource.
    #[must_use]
    pub fn already_exists(domain: &str, resource_type: &str, resource_name: &str) -> Self {
        let message = format!("{resource_name} is already there");
        Self::common(Code::AlreadyExists, domain, ErrorReason::AlreadyExists, message)
            .with_resource(resource_type, resource_name)
    }

    /// FAILED_PRECONDITION: the state of `subject` (a resource name) does not allow it; `needed` says what would.
    #[must_use]
    pub fn state(domain: &str, subject: &str, needed: impl Into<String>) -> Self {
        let needed = needed.into();
        Self::common(Code::FailedPrecondition, domain, ErrorReason::StateNotAllowed, needed.clone())
            .with_precondition("STATE", subject, &needed)
    }

    /// ABORTED: the etag is not the current one.
    #[must_use]
    pub fn etag_mismatch(domain: &str, subject: &str) -> Self {
        let message = format!("{subject} has changed: read it again");
        Self::common(Code::Aborted, domain, ErrorReason::EtagMismatch, message)
    }

    /// ABORTED: another change of the same rows came in between.
    #[must_use]
    pub fn conflict(domain: &str) -> Self {
        let message = "another change came in between: repeat with the same request_id";
        Self::common(Code::Aborted, domain, ErrorReason::Conflict, message).with_retry(RETRY_DELAY)
    }

    /// INVALID_ARGUMENT: the request id came before with another payload.
    #[must_use]
    pub fn request_id_reused(domain: &str) -> Self {
        let message = "this request_id came before with another payload";
        Self::common(Code::InvalidArgument, domain, ErrorReason::RequestIdReused, message)
    }

    /// UNAUTHENTICATED: no token.
    #[must_use]
    pub fn token_missing(domain: &str) -> Self {
        let message = "a bearer token is needed in the authorization header";
        Self::common(Code::Unauthenticated, domain, ErrorReason::TokenMissing, message)
    }

    /// UNAUTHENTICATED: a token that is not accepted; `why` names no key material.
    #[must_use]
    pub fn token_invalid(domain: &str, why: &str) -> Self {
        Self::common(
            Code::Unauthenticated,
            domain,
            ErrorReason::TokenInvalid,
            format!("the bearer token {why}"),
        )
    }

    /// PERMISSION_DENIED: none of the caller's roles may call this method.
    #[must_use]
    pub fn role_not_allowed(domain: &str, method: &str) -> Self {
        let message = format!("none of the caller's roles may call {method}");
        Self::common(Code::PermissionDenied, domain, ErrorReason::RoleNotAllowed, message)
    }

    /// UNIMPLEMENTED: no such method.
    #[must_use]
    pub fn method_unknown(domain: &str, method: &str) -> Self {
        let message = format!("there is no method {method}");
        Self::common(Code::Unimplemented, domain, ErrorReason::MethodUnknown, message)
    }

    /// RESOURCE_EXHAUSTED: more calls at once than the service takes.
    #[must_use]
    pub fn overloaded(domain: &str) -> Self {
        let message = "too many calls at once";
        Self::common(Code::ResourceExhausted, domain, ErrorReason::Overloaded, message)
            .with_retry(RETRY_DELAY)
    }

    /// DEADLINE_EXCEEDED.
    #[must_use]
    pub fn deadline_passed(domain: &str) -> Self {
        let message = "the deadline passed; repeat with the same request_id";
        Self::common(Code::DeadlineExceeded, domain, ErrorReason::DeadlinePassed, message)
    }

    /// CANCELLED: the caller went away, or the service stops.
    #[must_use]
    pub fn cancelled(domain: &str) -> Self {
        Self::common(Code::Cancelled, domain, ErrorReason::Cancelled, "cancelled")
    }

    /// UNAVAILABLE: the database or a peer is out of reach.
    #[must_use]
    pub fn unavailable(domain: &str) -> Self {
        let message = "temporarily unavailable";
        Self::common(Code::Unavailable, domain, ErrorReason::TemporarilyUnavailable, message)
            .with_retry(RETRY_DELAY)
    }

    /// Adds a value that the reason is about.
    #[must_use]
    pub fn about(mut self, key: &str, value: &str) -> Self {
        self.0.info.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds an unmet condition of `subject`, a resource name.
    #[must_use]
    pub fn with_precondition(self, kind: &str, subject: &str, description: &str) -> Self {
        self.with_preconditions(kind, &[subject], description)
    }

    /// Adds the same unmet condition of several subjects. Refusals travel in headers: some kilobytes are all that fits.
    #[must_use]
    pub fn with_preconditions(self, kind: &str, subjects: &[&str], description: &str) -> Self {
        let violation = |subject: &&str| precondition_failure::Violation {
            r#type: kind.to_owned(),
            subject: (*subject).to_owned(),
            description: description.to_owned(),
        };
        self.with(&PreconditionFailure { violations: subjects.iter().map(violation).collect() })
    }

    /// Adds the resource that the reason is about.
    #[must_use]
    pub fn with_resource(self, resource_type: &str, resource_name: &str) -> Self {
        let description = self.0.message.clone();
        let (resource_type, resource_name) = (resource_type.to_owned(), resource_name.to_owned());
        self.with(&ResourceInfo { resource_type, resource_name, owner: String::new(), description })
    }

    fn with_retry(self, delay: Duration) -> Self {
        self.with(&RetryInfo { retry_delay: prost_types::Duration::try_from(delay).ok() })
    }

    fn with<M: Message + Name>(mut self, detail: &M) -> Self {
        self.0.details.extend(wire::any(detail));
        self
    }
}
