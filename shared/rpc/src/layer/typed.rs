//! Every error leaves with a reason. Handlers give theirs; what the framework answers by itself (a message that does not
//! decode, one that is too large) gets one here.

use axum::{
    body::Body,
    extract::State,
    http::{Request, Response},
    middleware::Next,
};
use tonic::{Code, Status};

use super::refuse;
use crate::refusal::{Refusal, of_foreign};

/// What a server takes, told with the refusal of a compression; clients choose another by it.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// Adds what a bare status lacks.
pub(crate) async fn typed(
    State(domain): State<&'static str>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    // Health and reflection answer as their own contracts say.
    let foreign = Status::from_header_map(response.headers())
        .filter(|status| status.code() != Code::Ok && status.details().is_empty())
        .filter(|_| !path.starts_with("/grpc."));
    let Some(foreign) = foreign else { return response };
    let accepted = response.headers().get(ACCEPT_ENCODING);
    // UNIMPLEMENTED is said of a method and of a compression; only the latter says what would be taken.
    if foreign.code() == Code::Unimplemented && accepted.is_none() {
        return refuse(Refusal::method_unknown(domain, &path));
    }
    let mut refused = refuse(of_foreign(domain, foreign));
    if let Some(accepted) = accepted {
        refused.headers_mut().insert(ACCEPT_ENCODING, accepted.clone());
    }
    refused
}
