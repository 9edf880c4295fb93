//! Server streams as server-sent events: one `data:` per message, a comment every 15 s of silence, and `event: error` with
//! the Status JSON when the stream fails.
//!
//! When the client goes away the body is dropped, which cancels the call. At shutdown the stream ends, and browsers connect
//! again by themselves.

use std::convert::Infallible;

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures::StreamExt;
use http::{HeaderValue, header};
use prost::bytes::Bytes;
use prost_reflect::MessageDescriptor;
use tonic::{Status, Streaming};

use crate::{answer, failure::Failure, gateway::Gateway, json};

/// The stream as a response that goes on until the service, the client or the gateway ends it.
pub fn response(gateway: &Gateway, message: &MessageDescriptor, answers: Streaming<Bytes>) -> Response {
    let (pool, message) = (gateway.pool.clone(), message.clone());
    let events = answers
        .map(move |answer| event(&message, answer).unwrap_or_else(|failure| error_event(&failure, &pool)))
        .map(Ok::<_, Infallible>)
        .take_until(gateway.shutdown.clone().cancelled_owned());
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    // Without it nginx holds events back until a buffer is full.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn event(message: &MessageDescriptor, answer: Result<Bytes, Status>) -> Result<Event, Failure> {
    Ok(Event::default().data(json::encode(message, answer?)?))
}

fn error_event(failure: &Failure, pool: &prost_reflect::DescriptorPool) -> Event {
    Event::default().event("error").data(answer::status_json(failure, pool))
}
