//! What customer records answers when intake asks who has a phone.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use kexiang_proto::customers_v1::{RecogniseCallerRequest, Recognition};
use tonic::{Request, Response, Status, body::Body, server::NamedService};
use tower::Service;

/// How customer records is.
#[derive(Clone, Default)]
pub enum Records {
    /// Knows nobody.
    #[default]
    Empty,
    /// Knows one, by this phone in E.164.
    Knows(String, Box<Recognition>),
    /// Refuses.
    Down,
    /// Never answers.
    Hangs,
}

/// The one method of customer records that intake calls. Clones are the same.
#[derive(Clone, Default)]
pub struct Recognitions(Arc<Mutex<Records>>);

impl Recognitions {
    /// From now on it is so.
    pub fn be(&self, records: Records) {
        *self.0.lock().unwrap() = records;
    }

    async fn recognise(self, request: RecogniseCallerRequest) -> Result<Response<Recognition>, Status> {
        let records = self.0.lock().unwrap().clone();
        match records {
            Records::Knows(phone, known) if phone == request.phone => Ok(Response::new(*known)),
            Records::Empty | Records::Knows(..) => Ok(Response::new(Recognition::default())),
            Records::Down => Err(Status::unavailable("down")),
            Records::Hangs => std::future::pending().await,
        }
    }
}

impl NamedService for Recognitions {
    const NAME: &'static str = "kexiang.customers.v1.CustomerRecordsService";
}

impl Service<http::Request<Body>> for Recognitions {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let records = self.clone();
        let method = tower::service_fn(move |request: Request<RecogniseCallerRequest>| {
            records.clone().recognise(request.into_inner())
        });
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}
