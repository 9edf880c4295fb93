//! The JSON face of all annotated methods: one implementation, driven by the descriptors.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use http_body_util::BodyExt;
use prost::{
    Message as _,
    bytes::{Bytes, BytesMut},
};

use crate::{
    bind,
    call::Call,
    door::{enter, require_bearer},
    failure::Failure,
    gateway::Gateway,
    json,
    observe::RpcName,
    raw,
    routes::{Missing, Route},
    sse,
    template::RequestPath,
};

/// How many times the limit is read before the connection is given up.
const MAX_EXCESS: usize = 4;

/// Answers one HTTP/JSON request.
pub async fn answer(gateway: &Gateway, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = RequestPath::parse(parts.uri.path());
    let route = match gateway.routes.find(&parts.method, &path) {
        Ok(route) => route,
        Err(Missing::Path) => return gateway.refuse(&Failure::method_unknown(parts.uri.path())),
        Err(Missing::Method(allowed)) => {
            return gateway.refuse(&Failure::method_not_allowed(parts.uri.path(), allowed));
        }
    };
    let grpc_path = route.grpc_path.path();
    let call = async {
        require_bearer(grpc_path, &parts.headers)?;
        let place = enter(gateway, grpc_path, &parts.headers).await?;
        let body = read_body(body, gateway).await?;
        let message = bind::bind(route, &path, parts.uri.query(), &parts.headers, &body)?;
        let call = Call::new(gateway.channels.to(route.backend), &parts.headers)?;
        forward(gateway, route, call, message.encode_to_vec().into())
            .await
            .map(|answer| place.until_answered(answer))
    };
    let mut response = call.await.unwrap_or_else(|failure| gateway.refuse(&failure));
    response.extensions_mut().insert(RpcName::of(route));
    response
}

async fn forward(gateway: &Gateway, route: &Route, call: Call, message: Bytes) -> Result<Response, Failure> {
    let output = route.rpc.output();
    if route.rpc.is_server_streaming() {
        let answers = call.server_stream(route, message).await?;
        return match raw::is_raw(&output) {
            true => raw::streamed(answers).await,
            false => Ok(sse::response(gateway, &output, answers.into_inner())),
        };
    }
    let answer = call.unary(route, message, gateway.config.call_timeout()).await?;
    if raw::is_raw(&output) {
        return raw::whole(answer);
    }
    let text = json::encode(&output, answer.into_inner())?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response())
}

/// The whole body, at most as large as allowed and as slow as a call may be.
async fn read_body(body: Body, gateway: &Gateway) -> Result<Bytes, Failure> {
    let read = collect(body, gateway.config.max_body_bytes);
    tokio::time::timeout(gateway.config.call_timeout(), read).await.map_err(|_| Failure::deadline_passed())?
}

/// Keeps no more than `limit`, but reads somewhat on: closing on a client that still sends would cost it the answer.
async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Failure> {
    let (mut kept, mut length) = (BytesMut::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Failure::malformed("the body broke off"))?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > limit.saturating_mul(MAX_EXCESS) {
            break;
        }
        if length <= limit {
            kept.extend_from_slice(&data);
        }
    }
    if length > limit { Err(Failure::too_large()) } else { Ok(kept.freeze()) }
}
