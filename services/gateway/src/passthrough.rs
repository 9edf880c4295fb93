//! gRPC and gRPC-Web on the gateway's port: requests go as they are to the service that is named in their path.
//!
//! Nothing is decoded here. The event feeds and services outside the contract are
//! answered METHOD_UNKNOWN, so that nobody outside reads a log that belongs to the services.

use std::convert::Infallible;

use axum::{extract::Request, response::Response};
use http::{HeaderMap, Version, header};
use tonic::{body::Body, transport::Channel};
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceExt, service_fn};

use crate::{backend::Backend, door::enter, failure::Failure, gateway::Gateway, observe::RpcName};

/// Whether this is gRPC of any kind, by its content type.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/grpc"))
}

/// Answers one gRPC or gRPC-Web request.
pub async fn answer(gateway: &Gateway, request: Request) -> Response {
    let path = request.uri().path();
    let Some(channel) = channel(gateway, path) else {
        let unknown = Failure::method_unknown(path);
        return respond(Err(unknown), request).await;
    };
    let name = RpcName::of_path(path);
    let mut response = match enter(gateway, path, request.headers()).await {
        Ok(place) => place.until_answered(respond(Ok(channel), request).await),
        Err(failure) => respond(Err(failure), request).await,
    };
    response.extensions_mut().insert(name);
    response
}

/// The answer of the service behind the channel, or the failure, in the caller's kind of gRPC.
async fn respond(target: Result<Channel, Failure>, request: Request) -> Response {
    let target = target.map_err(|failure| failure.status);
    let forward = service_fn(move |request| {
        let target = target.clone();
        async move {
            let answer = match target {
                Ok(channel) => forward(channel, request).await,
                Err(status) => status.into_http(),
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let Ok(response) = GrpcWebLayer::new().layer(forward).oneshot(request).await;
    response.map(axum::body::Body::new)
}

/// The channel for `/package.Service/Method`, when that method exists and is served to the outside.
fn channel(gateway: &Gateway, path: &str) -> Option<Channel> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let service = gateway.pool.get_service_by_name(service)?;
    service.methods().find(|known| known.name() == method)?;
    Some(gateway.channels.to(Backend::of_package(service.package_name())?))
}

async fn forward(channel: Channel, mut request: http::Request<Body>) -> http::Response<Body> {
    // These speak of the connection to the gateway, not of the call.
    for name in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE] {
        request.headers_mut().remove(name);
    }
    *request.version_mut() = Version::HTTP_2;
    kexiang_telemetry::inject(request.headers_mut());
    match channel.oneshot(request).await {
        Ok(response) => response,
        Err(error) => Failure::from(error).status.into_http(),
    }
}
