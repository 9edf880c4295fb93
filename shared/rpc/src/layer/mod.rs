//! What happens around every call. Each layer is one function; [`crate::server`] has their order.

pub(crate) mod admit;
pub(crate) mod authorise;
pub(crate) mod deadline;
pub(crate) mod observe;
pub(crate) mod typed;

use axum::{body::Body, http::Response};
use tonic::Status;

/// Answers a call with a refusal, before any handler saw it.
pub(crate) fn refuse(refusal: impl Into<Status>) -> Response<Body> {
    let (parts, ()) = refusal.into().into_http::<()>().into_parts();
    Response::from_parts(parts, Body::empty())
}
