//! What dispatch answers when intake asks for the report of a completed order.

use std::{
    convert::Infallible,
    future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use kexiang_proto::dispatch_v1::{GetWorkOrderRequest, Proof, WorkOrder};
use tonic::{Request, Response, Status, body::Body, server::NamedService};
use tower::Service;

/// The report of every order.
pub const REPORT: &str = "joint renewed";

/// The one method of dispatch that intake calls. Clones are the same.
#[derive(Clone, Default)]
pub struct Reports {
    refusals: Arc<AtomicU32>,
}

impl Reports {
    /// Refuses the next `count` calls.
    pub fn refuse(&self, count: u32) {
        self.refusals.store(count, Ordering::SeqCst);
    }

    /// How many calls are still to be refused.
    pub fn refusals(&self) -> u32 {
        self.refusals.load(Ordering::SeqCst)
    }

    fn get_work_order(&self, request: GetWorkOrderRequest) -> Result<Response<WorkOrder>, Status> {
        let left = |count: u32| count.checked_sub(1);
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            return Err(Status::unavailable("not now"));
        }
        let proof = Some(Proof { report: REPORT.to_owned(), evidence: vec!["photos/1.jpg".to_owned()] });
        Ok(Response::new(WorkOrder { name: request.name, proof, ..WorkOrder::default() }))
    }
}

impl NamedService for Reports {
    const NAME: &'static str = "kexiang.dispatch.v1.DispatchService";
}

impl Service<http::Request<Body>> for Reports {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let reports = self.clone();
        let method = tower::service_fn(move |request: Request<GetWorkOrderRequest>| {
            future::ready(reports.get_work_order(request.into_inner()))
        });
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}
