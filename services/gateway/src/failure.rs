//! Why a request is not answered as asked: a status with `google.rpc` details, and the HTTP status that goes with it.
//!
//! Every refusal of the gateway and every error of a service passes through [`Failure`], so one table holds the HTTP
//! codes and one place makes sure that `ErrorInfo` is there and that INTERNAL carries no text of a driver.

use http::{Method, StatusCode};
use kexiang_proto::{
    rpc::{ErrorInfo, RetryInfo, bad_request::FieldViolation},
    type_v1::ErrorReason,
};
use kexiang_rpc::{
    Refusal, Violations,
    refusal::{detail, reason},
};
use tonic::{Code, Status, TimeoutExpired};

use crate::DOMAIN;

/// A status on its way to the caller.
#[derive(Debug)]
pub struct Failure {
    /// The HTTP status.
    pub http: StatusCode,
    /// The status, always with details.
    pub status: Status,
    /// The methods that the path has, for 405.
    pub allowed: Vec<Method>,
}

impl Failure {
    fn with_http(mut self, http: StatusCode) -> Self {
        self.http = http;
        self
    }

    /// MESSAGE_MALFORMED: the request is no JSON, or not JSON that can be read as the message at all.
    #[must_use]
    pub fn malformed(message: impl Into<String>) -> Self {
        let reason = ErrorReason::MessageMalformed.as_str_name();
        Refusal::new(Code::InvalidArgument, DOMAIN, reason, message).into()
    }

    /// INVALID_FIELDS, with all violations at once.
    #[must_use]
    pub fn invalid(found: Vec<FieldViolation>) -> Self {
        let mut violations = Violations::default();
        for violation in found {
            violations.add(&violation.field, &violation.reason, violation.description);
        }
        Refusal::invalid(DOMAIN, violations).into()
    }

    /// METHOD_UNKNOWN: no method has this path.
    #[must_use]
    pub fn method_unknown(path: &str) -> Self {
        Self::from(Refusal::method_unknown(DOMAIN, path)).with_http(StatusCode::NOT_FOUND)
    }

    /// METHOD_UNKNOWN: the path has other HTTP methods.
    #[must_use]
    pub fn method_not_allowed(path: &str, allowed: Vec<Method>) -> Self {
        Self { allowed, ..Self::method_unknown(path).with_http(StatusCode::METHOD_NOT_ALLOWED) }
    }

    /// MESSAGE_MALFORMED: the body is in another form than JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::malformed("the body must be application/json").with_http(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    /// MESSAGE_TOO_LARGE.
    #[must_use]
    pub fn too_large() -> Self {
        Refusal::too_large(DOMAIN).into()
    }

    /// TOKEN_MISSING.
    #[must_use]
    pub fn token_missing() -> Self {
        Refusal::token_missing(DOMAIN).into()
    }

    /// DEADLINE_PASSED.
    #[must_use]
    pub fn deadline_passed() -> Self {
        Refusal::deadline_passed(DOMAIN).into()
    }

    /// INTERNAL: a defect of the gateway. The cause belongs in the log, not here.
    #[must_use]
    pub fn internal() -> Self {
        Refusal::defect(DOMAIN).into()
    }

    /// When to come back, in whole seconds rounded up.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<i64> {
        let delay = detail::<RetryInfo>(&self.status)?.retry_delay?;
        Some(delay.seconds.saturating_add(i64::from(delay.nanos > 0)).max(1))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::from(Status::from(refusal))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let status =
            if detail::<ErrorInfo>(&status).is_some() { without_defects(status) } else { typed(&status) };
        // The standard table knows one code for all exhaustion; a message that is too large will not get better by waiting.
        let is_too_large = ErrorReason::from_str_name(&format!("ERROR_REASON_{}", reason(&status)))
            == Some(ErrorReason::MessageTooLarge);
        let http = if is_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { http_status(status.code()) };
        Self { http, status, allowed: Vec::new() }
    }
}

impl From<tonic::transport::Error> for Failure {
    fn from(error: tonic::transport::Error) -> Self {
        Self::from(Status::from_error(error.into()))
    }
}

/// Takes the text out of a service's INTERNAL, whatever it says.
fn without_defects(status: Status) -> Status {
    if !is_defect(status.code()) || status.message() == "internal error" {
        return status;
    }
    tracing::error!(code = ?status.code(), error = status.message(), "a service told the text of its defect");
    Refusal::defect(DOMAIN).into()
}

/// Gives details to a status that no service of ours wrote: the channel's own, or that of a library or proxy on the way.
fn typed(status: &Status) -> Status {
    if let Some(cause) = std::error::Error::source(status) {
        tracing::warn!(code = ?status.code(), error = cause, "a call to a service failed on the way");
        return if has_timed_out(cause) {
            Refusal::deadline_passed(DOMAIN)
        } else {
            Refusal::unavailable(DOMAIN)
        }
        .into();
    }
    let code = status.code();
    if is_defect(code) {
        tracing::error!(?code, error = status.message(), "a call failed without a reason");
        return Refusal::defect(DOMAIN).into();
    }
    match code {
        Code::Unavailable => Refusal::unavailable(DOMAIN),
        _ => Refusal::new(code, DOMAIN, reason_of(code).as_str_name(), status.message()),
    }
    .into()
}

fn has_timed_out(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(<dyn std::error::Error>::is::<TimeoutExpired>)
}

/// A violation of one field; `field` is the path in proto names.
#[must_use]
pub fn violation(field: &str, reason: &str, description: impl Into<String>) -> FieldViolation {
    FieldViolation { field: field.to_owned(), description: description.into(), reason: reason.to_owned() }
}

fn is_defect(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// The standard table of google.rpc.Code.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        // 499 has no name in the registry; nginx made it and the standard table took it over.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Internal | Code::Unknown | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The reason for a status that came without one.
fn reason_of(code: Code) -> ErrorReason {
    match code {
        Code::Ok | Code::Internal | Code::Unknown | Code::DataLoss => ErrorReason::Internal,
        Code::InvalidArgument => ErrorReason::MessageMalformed,
        Code::OutOfRange => ErrorReason::MessageTooLarge,
        Code::FailedPrecondition => ErrorReason::StateNotAllowed,
        Code::Unauthenticated => ErrorReason::TokenInvalid,
        Code::PermissionDenied => ErrorReason::RoleNotAllowed,
        Code::NotFound => ErrorReason::NotFound,
        Code::AlreadyExists => ErrorReason::AlreadyExists,
        Code::Aborted => ErrorReason::Conflict,
        Code::ResourceExhausted => ErrorReason::Overloaded,
        Code::Cancelled => ErrorReason::Cancelled,
        Code::Unimplemented => ErrorReason::MethodUnknown,
        Code::Unavailable => ErrorReason::TemporarilyUnavailable,
        Code::DeadlineExceeded => ErrorReason::DeadlinePassed,
    }
}

#[cfg(test)]
mod tests;
