//! The routes of the gateway's own pages, everything else to the contract, and the layers around all of it.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::json;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

use crate::{
    failure::Failure,
    gateway::Gateway,
    health::{healthz, readyz},
    observe::observe,
    passthrough, transcode,
};

/// Everything that answers on the gateway's port.
pub fn router(gateway: &Arc<Gateway>) -> Router {
    let of_panics = Arc::clone(gateway);
    let router = Router::new()
        .route("/", get(landing))
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .method_not_allowed_fallback(only_get)
        .fallback(contract)
        .with_state(Arc::clone(gateway))
        // A panic is a defect of one request, not of the gateway.
        .layer(CatchPanicLayer::custom(move |panic: Box<dyn Any + Send>| panicked(&of_panics, &*panic)))
        // Every request is seen and measured.
        .layer(from_fn(observe));
    // Outside of all: preflights are no requests of the product, and browsers must be able to read refusals.
    match cors(&gateway.config.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// What is in the contract, by gRPC or by JSON.
async fn contract(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    if passthrough::is_grpc(request.headers()) {
        passthrough::answer(&gateway, request).await
    } else {
        transcode::answer(&gateway, request).await
    }
}

/// Where a person with nothing but the address finds the way.
async fn landing() -> Response {
    let signpost = json!({
        "name": "Kexiang",
        "openapi": "/openapi.json",
        "health": "/healthz",
        "readiness": "/readyz",
        "grpc": "gRPC and gRPC-Web on this port, paths as in the contract",
    });
    ([(header::CONTENT_TYPE, "application/json")], signpost.to_string()).into_response()
}

async fn openapi(State(gateway): State<Arc<Gateway>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], gateway.openapi.clone()).into_response()
}

/// The gateway's own pages are for reading.
async fn only_get(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    gateway.refuse(&Failure::method_not_allowed(request.uri().path(), vec![Method::GET]))
}

fn panicked(gateway: &Gateway, panic: &(dyn Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(error = text.unwrap_or("no text"), "a request panicked");
    gateway.refuse(&Failure::internal())
}

/// Browsers of these origins may call, and read what errors say. No cookies: the token is sent by the page.
fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let name = HeaderName::from_static;
    let allowed = [header::AUTHORIZATION, header::CONTENT_TYPE]
        .into_iter()
        .chain(["grpc-timeout", "traceparent", "tracestate", "x-grpc-web", "x-user-agent"].map(name));
    let exposed = [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW]
        .into_iter()
        .chain(["grpc-status", "grpc-message", "grpc-status-details-bin"].map(name));
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(allowed.collect::<Vec<_>>())
            .expose_headers(exposed.collect::<Vec<_>>())
            .max_age(Duration::from_secs(3600))
    })
}
