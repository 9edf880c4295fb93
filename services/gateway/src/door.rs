//! Who comes in, decided before anything of the body is read: first whether there is a place, then whether the token is
//! good. So neither a rush nor a stranger costs the gateway memory or the services a call.
//!
//! What a caller may do the services decide, and they check the token again: the door spares work, it guards nothing alone.

use http::{HeaderMap, header};
use kexiang_rpc::{
    places::Place,
    policy::{Access, access},
};

use crate::{DOMAIN, failure::Failure, gateway::Gateway};

/// Lets a call of the method with this path in.
///
/// # Errors
/// OVERLOADED, TOKEN_MISSING, TOKEN_INVALID; TEMPORARILY_UNAVAILABLE while the keys of the token's issuer can't be had.
pub async fn enter(gateway: &Gateway, grpc_path: &str, headers: &HeaderMap) -> Result<Place, Failure> {
    let place = gateway.places.take(grpc_path)?;
    if let Some(verifier) = &gateway.verifier
        && !is_public(grpc_path)
        && let Err(refusal) = verifier.identify(DOMAIN, headers).await
    {
        tracing::warn!(target: "audit", method = grpc_path, "access denied: not authenticated");
        return Err(refusal.into());
    }
    Ok(place)
}

/// Without a verifier: that a bearer token is there, whoever's it is.
///
/// # Errors
/// TOKEN_MISSING.
pub fn require_bearer(grpc_path: &str, headers: &HeaderMap) -> Result<(), Failure> {
    if is_public(grpc_path) {
        return Ok(());
    }
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(()),
        _ => {
            tracing::warn!(target: "audit", method = grpc_path, "access denied: no token");
            Err(Failure::token_missing())
        }
    }
}

/// Whether the method needs no token, as what a signed link opens; the service checks the signature.
pub fn is_public(grpc_path: &str) -> bool {
    access(grpc_path) == Some(Access::Public)
}
