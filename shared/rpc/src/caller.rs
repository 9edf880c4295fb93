//! Who calls, as the authentication layer found it, and the [`Call`] that use cases take.

use kexiang_core::{Actor, Call, RequestKey, Roles};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    field::{self, Violations},
    refusal::Refusal,
};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person or service.
    pub actor: Actor,
    /// Their roles.
    pub roles: Roles,
}

/// The service that answers, for the domain of its refusals; put into every request by the server assembly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Domain(pub(crate) &'static str);

impl Caller {
    /// The caller of this request.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the method is served without the authentication layer.
    pub fn of<M>(request: &Request<M>) -> Result<Self, Status> {
        let missing = || Status::from(Refusal::token_missing(domain_of(request)));
        request.extensions().get::<Self>().cloned().ok_or_else(missing)
    }
}

/// The call that a mutation's use case takes: caller, request key, trace. `method` is the method's bare name. `None` when
/// `request_id` is given and no UUID: then `violations` has it, beside all others of the request.
///
/// # Errors
/// UNAUTHENTICATED as [`Caller::of`].
pub fn call<M: Message>(
    request: &Request<M>,
    method: &'static str,
    request_id: &str,
    violations: &mut Violations,
) -> Result<Option<Call>, Status> {
    let Caller { actor, roles } = Caller::of(request)?;
    let read = |text: &str| Uuid::parse_str(text).map_err(|_| "must be a UUID");
    let Some(request_id) = violations.check("request_id", field::optional(request_id, read)) else {
        return Ok(None);
    };
    let key = |request_id| {
        let request_hash = Sha256::digest(request.get_ref().encode_to_vec()).into();
        RequestKey { method, request_id, request_hash }
    };
    let traceparent = kexiang_telemetry::current_traceparent();
    Ok(Some(Call { actor, roles, request: request_id.map(key), cause: None, traceparent }))
}

fn domain_of<M>(request: &Request<M>) -> &'static str {
    request.extensions().get::<Domain>().map_or("kexiang", |domain| domain.0)
}
