//! Many cases at once: each is accepted or refused on its own, in order, and none delays another (IN-20).

use std::pin::Pin;

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use kexiang_proto::{
    intake_v1::{self as pb, accept_case_result::Result as ItemResult, bulk_service_server::BulkService},
    rpc,
};
use kexiang_rpc::{Caller, Violations, refusal};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{
    DOMAIN,
    cases::{accepted, read_acceptance},
    import::{UNDER_WAY, stopped},
    status::status,
};
use crate::app::App;

/// Items of one BatchAcceptCases.
const LARGEST_BATCH: usize = 1_000;

/// BulkService over the use cases.
#[derive(Clone)]
pub struct Bulk {
    app: App,
    shutdown: CancellationToken,
}

impl Bulk {
    /// Serves these use cases; its streams end with `shutdown`.
    #[must_use]
    pub fn new(app: App, shutdown: CancellationToken) -> Self {
        Self { app, shutdown }
    }
}

#[tonic::async_trait]
impl BulkService for Bulk {
    type AcceptCasesStream = Pin<Box<dyn Stream<Item = Result<pb::AcceptCasesResponse, Status>> + Send>>;

    async fn batch_accept_cases(
        &self,
        request: Request<pb::BatchAcceptCasesRequest>,
    ) -> Result<Response<pb::BatchAcceptCasesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let items = request.into_inner().requests;
        let mut violations = Violations::default();
        if items.is_empty() || items.len() > LARGEST_BATCH {
            violations.add("requests", "NUMBER_OF_ITEMS", format!("must be 1 to {LARGEST_BATCH}"));
        }
        let items = violations.into_result(DOMAIN, Some(items))?;
        let results = stream::iter(items)
            .then(|item| begin(self.app.clone(), caller.clone(), item))
            .buffered(LARGEST_BATCH)
            .map(result_of)
            .collect()
            .await;
        Ok(Response::new(pb::BatchAcceptCasesResponse { results }))
    }

    async fn accept_cases(
        &self,
        request: Request<Streaming<pb::AcceptCasesRequest>>,
    ) -> Result<Response<Self::AcceptCasesStream>, Status> {
        let caller = Caller::of(&request)?;
        let app = self.app.clone();
        let results = request
            .into_inner()
            .take_until(self.shutdown.clone().cancelled_owned())
            .then(move |item| begin_item(app.clone(), caller.clone(), item))
            .buffered(UNDER_WAY)
            .chain(stopped(self.shutdown.clone()));
        Ok(Response::new(Box::pin(results)))
    }
}

async fn begin_item(
    app: App,
    caller: Caller,
    item: Result<pb::AcceptCasesRequest, Status>,
) -> BoxFuture<'static, Result<pb::AcceptCasesResponse, Status>> {
    let pb::AcceptCasesRequest { item, request } = match item {
        Ok(item) => item,
        Err(broken) => return async { Err(refusal::of_foreign(DOMAIN, broken)) }.boxed(),
    };
    let under_way = begin(app, caller, request.unwrap_or_default()).await;
    let response = move |result| pb::AcceptCasesResponse { item, result: Some(result_of(result)) };
    under_way.map(move |result| Ok(response(result))).boxed()
}

/// Reads one and hands it to the writer, in order; its answer comes later.
async fn begin(
    app: App,
    caller: Caller,
    item: pb::AcceptCaseRequest,
) -> BoxFuture<'static, Result<pb::Case, Status>> {
    let mut violations = Violations::default();
    if item.request_id.is_empty() {
        violations.add("request_id", "REQUIRED", "is required, so that the item can be sent again");
    }
    let mut request = Request::new(item);
    request.extensions_mut().insert(caller);
    let acceptance = match read_acceptance(&app, request, violations).await {
        Ok(acceptance) => acceptance,
        Err(refused) => return async { Err(refused) }.boxed(),
    };
    match app.begin_accept(acceptance).await {
        Ok(answer) => answer.map(accepted).boxed(),
        Err(error) => async { Err(status(error)) }.boxed(),
    }
}

fn result_of(result: Result<pb::Case, Status>) -> pb::AcceptCaseResult {
    let result = match result {
        Ok(case) => ItemResult::Case(case),
        Err(refused) => ItemResult::Refusal(rpc::Status {
            code: refused.code() as i32,
            message: refused.message().to_owned(),
            details: refusal::details(&refused),
        }),
    };
    pb::AcceptCaseResult { result: Some(result) }
}
