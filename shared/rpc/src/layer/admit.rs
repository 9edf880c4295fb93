//! Load: who finds no place is refused at once, before anything else is done for the call.

use axum::{
    body::Body,
    extract::State,
    http::{Request, Response},
    middleware::Next,
};

use super::refuse;
use crate::places::Places;

/// Takes a place or refuses with OVERLOADED.
pub(crate) async fn admit(
    State(places): State<Places>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    match places.take(request.uri().path()) {
        Ok(place) => place.until_answered(next.run(request).await),
        Err(refusal) => refuse(refusal),
    }
}
