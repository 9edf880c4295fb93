//! How one service calls another: one channel that shows the service's token, carries the trace, and never waits forever.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{
    Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::Service;

use crate::{refusal::Refusal, token::TokenSource};

/// A channel to another service. Cheap to clone; give it to a generated client. It connects at the first call and again
/// after every loss.
#[derive(Clone)]
pub struct Peer {
    channel: Channel,
    tokens: TokenSource,
}

impl Peer {
    /// A channel to the service at `address`, such as `http://127.0.0.1:7001`.
    ///
    /// # Errors
    /// When the address is no URI.
    pub fn connect_lazy(address: &str, tokens: TokenSource) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from_shared(address.to_owned())?
            .connect_timeout(Duration::from_secs(2))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .connect_lazy();
        Ok(Self { channel, tokens })
    }
}

impl Service<Request<Body>> for Peer {
    type Response = Response<Body>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let bearer =
            self.tokens.token().ok().and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let Some(mut bearer) = bearer else {
            tracing::error!("no token to show to another service");
            return Box::pin(async { Ok(Status::from(Refusal::unavailable("kexiang")).into_http()) });
        };
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        kexiang_telemetry::inject(request.headers_mut());
        let answer = self.channel.call(request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }
}
