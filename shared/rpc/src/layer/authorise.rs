//! Trust: who calls, and whether the policy table lets them.

use axum::{
    body::Body,
    extract::State,
    http::{Request, Response},
    middleware::Next,
};

use super::refuse;
use crate::{
    policy::{Access, access},
    refusal::Refusal,
    trust::Verifier,
};

/// The guard of one service.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) domain: &'static str,
    pub(crate) verifier: Verifier,
}

/// Lets through whom the table allows, with the [`Caller`] in the request. Denials are told in the audit log (GW-3).
pub(crate) async fn authorise(
    State(guard): State<Guard>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let path = request.uri().path();
    let rule = access(path);
    if rule == Some(Access::Public) {
        return next.run(request).await;
    }
    let caller = match guard.verifier.identify(guard.domain, request.headers()).await {
        Ok(caller) => caller,
        Err(refusal) => {
            tracing::warn!(target: "audit", method = path, "access denied: not authenticated");
            return refuse(refusal);
        }
    };
    match rule {
        Some(rule) if rule.allows(caller.roles) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Some(_) => {
            tracing::warn!(target: "audit", method = path, actor = %caller.actor, "access denied: role not allowed");
            refuse(Refusal::role_not_allowed(guard.domain, path))
        }
        None => refuse(Refusal::method_unknown(guard.domain, path)),
    }
}
