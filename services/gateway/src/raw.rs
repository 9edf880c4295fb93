//! Methods that answer with `google.api.HttpBody`: its bytes as they are, as a download. True of every such method, once or as a
//! stream.
//!
//! What comes was sent in by somebody, so a browser must neither guess what it is nor show it: `nosniff`, `attachment`, and a
//! sandbox for the case that it shows it all the same. A service may name the file in its metadata (`content-disposition`). A
//! stream that fails later breaks the connection off, so that half a file never looks whole; at shutdown it gets as long to finish
//! as calls do.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kexiang_proto::api::HttpBody;
use prost::{Message as _, Name as _, bytes::Bytes};
use prost_reflect::MessageDescriptor;
use tonic::{Status, Streaming, metadata::MetadataMap};

use crate::failure::Failure;

/// Whether messages of this type are bytes for HTTP.
#[must_use]
pub fn is_raw(message: &MessageDescriptor) -> bool {
    message.full_name() == HttpBody::full_name()
}

/// One answer.
///
/// # Errors
/// INTERNAL when it is no `HttpBody`.
pub fn whole(answer: tonic::Response<Bytes>) -> Result<Response, Failure> {
    let (metadata, message, _) = answer.into_parts();
    let HttpBody { content_type, data, .. } = read(message)?;
    Ok((headers(&content_type, &metadata), data).into_response())
}

/// A stream of answers. The first one is awaited: what fails before it is an ordinary error.
///
/// # Errors
/// What the service answered before the first message.
pub async fn streamed(answers: tonic::Response<Streaming<Bytes>>) -> Result<Response, Failure> {
    let (metadata, mut messages, _) = answers.into_parts();
    let first = match messages.next().await {
        Some(first) => read(first?)?,
        None => HttpBody::default(),
    };
    let headers = headers(&first.content_type, &metadata);
    let rest = messages.map(|message| read(message?).map_err(|failure| failure.status));
    let data = stream::iter([Ok(first)]).chain(rest).map_ok(|body| Bytes::from(body.data));
    let data = data.inspect_err(|status: &Status| {
        tracing::warn!(code = ?status.code(), "a download broke off");
    });
    Ok((headers, Body::from_stream(data)).into_response())
}

fn read(message: Bytes) -> Result<HttpBody, Failure> {
    HttpBody::decode(message).map_err(|error| {
        tracing::error!(%error, "a service's answer is no HttpBody");
        Failure::internal()
    })
}

fn headers(content_type: &str, metadata: &MetadataMap) -> HeaderMap {
    let content_type = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty());
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let disposition = metadata.get("content-disposition").and_then(|value| value.to_str().ok());
    let disposition = disposition.filter(|value| value.starts_with("attachment"));
    let disposition = disposition.and_then(|value| HeaderValue::from_str(value).ok());
    let fixed = |value| HeaderValue::from_static(value);
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(fixed("attachment"))),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::CONTENT_SECURITY_POLICY, fixed("sandbox; default-src 'none'")),
        (header::CACHE_CONTROL, fixed("private, no-store")),
    ];
    HeaderMap::from_iter(headers)
}
