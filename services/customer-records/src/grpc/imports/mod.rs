//! The methods of ImportService. A file comes as messages: the first says what it is, all may bring bytes.

mod convert;
mod status;

use std::pin::Pin;

use async_stream::try_stream;
use futures::{Stream, StreamExt};
use kexiang_core::Call;
use kexiang_proto::{
    api::HttpBody,
    customers_v1::{self as pb, import_service_server::ImportService},
};
use kexiang_rpc::{Caller, Refusal, Violations, refusal};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, metadata::AsciiMetadataValue};

pub(super) use convert::export_facts;
use status::{of_export, of_import};

use super::status::{DOMAIN, read, status};
use crate::{
    app::{App, ExportError, ImportRun},
    domain::{
        export::{ExportRow, FileWriter},
        privacy::sight::Sight,
    },
};

type Results = Pin<Box<dyn Stream<Item = Result<pb::ImportCustomersResponse, Status>> + Send>>;
type Bodies = Pin<Box<dyn Stream<Item = Result<HttpBody, Status>> + Send>>;

/// The most bytes of one message of an export.
const CHUNK: usize = 1 << 20;

/// The service on the wire.
#[derive(Clone)]
pub struct Imports {
    app: App,
    shutdown: CancellationToken,
}

impl Imports {
    /// Serves the use cases of `app` until `shutdown`.
    #[must_use]
    pub const fn new(app: App, shutdown: CancellationToken) -> Self {
        Self { app, shutdown }
    }
}

#[tonic::async_trait]
impl ImportService for Imports {
    type ImportCustomersStream = Results;
    type ExportCustomersStream = Bodies;

    async fn import_customers(
        &self,
        request: Request<Streaming<pb::ImportCustomersRequest>>,
    ) -> Result<Response<Results>, Status> {
        let Caller { actor, roles } = Caller::of(&request)?;
        let traceparent = kexiang_telemetry::current_traceparent();
        let call = Call { actor, roles, request: None, cause: None, traceparent };
        let messages = request.into_inner();
        Ok(Response::new(Box::pin(results(self.app.clone(), call, messages, self.shutdown.clone()))))
    }

    async fn export_customers(
        &self,
        request: Request<pb::ExportCustomersRequest>,
    ) -> Result<Response<Bodies>, Status> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "ExportCustomers", request_id, &mut violations)?;
        let request = request.into_inner();
        let format = convert::format("format", request.format, &mut violations);
        let customers = convert::customers(&request.customers, &mut violations);
        let (call, (format, customers)) = read(violations, call.zip(format.zip(customers)))?;

        let sight = Sight::of(call.roles);
        let mut exporting = self.app.begin_export(&call, customers, &sight).await.map_err(status)?;
        let shutdown = self.shutdown.clone();
        let (mut content_type, disposition) = convert::media(format);
        let bodies = try_stream! {
            let mut writer = FileWriter::new(format);
            loop {
                if shutdown.is_cancelled() {
                    Err(Status::from(Refusal::unavailable(DOMAIN)))?;
                }
                let page = exporting.next().await.map_err(status)?;
                let is_last = page.is_empty();
                let rows: Vec<_> = page.iter().map(|customer| ExportRow::of(customer, &sight)).collect();
                let written = writer.push(&rows);
                for body in bodies_of(written, &mut content_type)? {
                    yield body;
                }
                if is_last {
                    break;
                }
            }
            for body in bodies_of(writer.finish(), &mut content_type)? {
                yield body;
            }
        };
        let mut response = Response::new(Box::pin(bodies) as Bodies);
        response.metadata_mut().insert("content-disposition", AsciiMetadataValue::from_static(disposition));
        Ok(response)
    }
}

/// The type of the first message counts.
fn bodies_of(
    written: Result<Vec<u8>, crate::domain::export::Unwritable>,
    content_type: &mut &'static str,
) -> Result<Vec<HttpBody>, Status> {
    let bytes = written.map_err(|error| of_export(ExportError::Unwritable(error)))?;
    let body = |data: &[u8]| HttpBody {
        content_type: std::mem::take(content_type).to_owned(),
        data: data.to_vec(),
        extensions: Vec::new(),
    };
    Ok(bytes.chunks(CHUNK).map(body).collect())
}

fn results(
    app: App,
    call: Call,
    mut messages: Streaming<pb::ImportCustomersRequest>,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<pb::ImportCustomersResponse, Status>> + Send {
    try_stream! {
        let first = next(&mut messages, &shutdown).await?.unwrap_or_default();
        let mut summary = pb::ImportSummary::default();
        let mut violations = Violations::default();
        let settings = convert::settings(first.settings.as_ref(), &mut violations);
        let settings = read(violations, settings)?;
        summary.dry_run = settings.dry_run;
        let mut run = app.begin_import(call, settings).await.map_err(status)?;
        run.push(&first.chunk);
        loop {
            while let Some(results) = batch(&mut run, &mut summary, &shutdown).await? {
                yield results;
            }
            let Some(message) = next(&mut messages, &shutdown).await? else { break };
            let mut violations = Violations::default();
            if message.settings.is_some() {
                violations.add("settings", "ONLY_FIRST", "belongs into the first message alone");
            }
            read(violations, Some(()))?;
            run.push(&message.chunk);
        }
        run.finish();
        while let Some(results) = batch(&mut run, &mut summary, &shutdown).await? {
            yield results;
        }
        summary.ignored_columns = run.ignored().to_vec();
        yield pb::ImportCustomersResponse { results: Vec::new(), summary: Some(summary) };
    }
}

/// The next message. A service that stops takes no more, and says so: an end would look like the end of the file.
async fn next(
    messages: &mut Streaming<pb::ImportCustomersRequest>,
    shutdown: &CancellationToken,
) -> Result<Option<pb::ImportCustomersRequest>, Status> {
    match shutdown.run_until_cancelled(messages.next()).await {
        Some(message) => message.transpose().map_err(|error| refusal::of_foreign(DOMAIN, error)),
        None => Err(Refusal::unavailable(DOMAIN).into()),
    }
}

async fn batch(
    run: &mut ImportRun,
    summary: &mut pb::ImportSummary,
    shutdown: &CancellationToken,
) -> Result<Option<pb::ImportCustomersResponse>, Status> {
    if shutdown.is_cancelled() {
        return Err(Refusal::unavailable(DOMAIN).into());
    }
    let Some(outcomes) = run.next().await.map_err(of_import)? else { return Ok(None) };
    let results = outcomes.into_iter().map(|(row, outcome)| convert::result(row, outcome, summary)).collect();
    Ok(Some(pb::ImportCustomersResponse { results, summary: None }))
}
