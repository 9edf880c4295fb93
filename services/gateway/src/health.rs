//! `/healthz`: this process answers. `/readyz`: all services say that they serve.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use http::{StatusCode, header};
use serde_json::{Map, Value};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{backend::Backend, gateway::Gateway};

/// A service that takes longer is not ready.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers 200 as long as the process does.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 when every service is SERVING, else 503; the body names each one's state.
pub async fn readyz(State(gateway): State<Arc<Gateway>>) -> Response {
    let states = join_all(Backend::ALL.map(|backend| state(&gateway, backend))).await;
    let is_ready = states.iter().all(|state| *state == ServingStatus::Serving);
    let body: Map<String, Value> = Backend::ALL
        .iter()
        .zip(&states)
        .map(|(backend, state)| (backend.name().to_owned(), state.as_str_name().into()))
        .collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], Value::Object(body).to_string()).into_response()
}

/// What the service says of itself; one that cannot be asked is NOT_SERVING.
async fn state(gateway: &Gateway, backend: Backend) -> ServingStatus {
    let mut client = HealthClient::new(gateway.channels.to(backend));
    // The empty name asks for the whole server.
    let check = client.check(HealthCheckRequest::default());
    match tokio::time::timeout(CHECK_TIMEOUT, check).await {
        Ok(Ok(answer)) => answer.into_inner().status(),
        Ok(Err(_)) | Err(_) => ServingStatus::NotServing,
    }
}
