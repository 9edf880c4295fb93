//! Bringing cases over from another system: one result per item, in order; a refused item never stops the rest (IN-20).

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use kexiang_core::{Call, SiteId, phone::DEFAULT_REGION};
use kexiang_proto::{
    intake_v1::{
        ImportCasesRequest, ImportCasesResponse,
        import_cases_response::{Outcome, Refusal as ItemRefusal},
    },
    rpc::{BadRequest, ErrorInfo},
};
use kexiang_rpc::{Caller, Refusal, Violations, field, refusal};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, Streaming};

use super::{DOMAIN, categories::Asked, read, read::Desk, status};
use crate::{
    app::{
        Accepted, App, AppError,
        acceptance::{Acceptance, Matter},
    },
    domain::{NewCase, NewContact},
};

/// Items under way at once; the caller is held back beyond.
pub(super) const UNDER_WAY: usize = 2048;

pub(super) type Results = Pin<Box<dyn Stream<Item = Result<ImportCasesResponse, Status>> + Send>>;

pub(super) fn import_cases(
    app: &App,
    shutdown: &CancellationToken,
    request: Request<Streaming<ImportCasesRequest>>,
) -> Result<Results, Status> {
    let Caller { actor, roles } = Caller::of(&request)?;
    let traceparent = kexiang_telemetry::current_traceparent();
    let call = Call { actor, roles, request: None, cause: None, traceparent };
    let app = app.clone();
    let results = request
        .into_inner()
        // A service that stops takes no further item, and gives the results of those it took.
        .take_until(shutdown.clone().cancelled_owned())
        // Handed to the writer in order of arrival, one after the other …
        .then(move |item| begin(app.clone(), call.clone(), item))
        // … and awaited many at once, so that one commit takes many.
        .buffered(UNDER_WAY)
        .chain(stopped(shutdown.clone()));
    Ok(Box::pin(results))
}

/// Tells a caller that there may be items without a result: the service stopped.
pub(super) fn stopped<T: Send>(shutdown: CancellationToken) -> impl Stream<Item = Result<T, Status>> + Send {
    let is_stopped = stream::once(async move { shutdown.is_cancelled() });
    is_stopped.filter_map(async |is_stopped| is_stopped.then(|| Err(Refusal::unavailable(DOMAIN).into())))
}

type Under = Pin<Box<dyn Future<Output = Result<ImportCasesResponse, Status>> + Send>>;

async fn begin(app: App, call: Call, item: Result<ImportCasesRequest, Status>) -> Under {
    let item = match item {
        Ok(item) => item,
        Err(broken) => return Box::pin(async { Err(refusal::of_foreign(DOMAIN, broken)) }),
    };
    let nr = item.item;
    let (contact, case) = match read_item(&app, &call, item).await {
        Ok(read) => read,
        Err(NotRead::Refused(refusal)) => return Box::pin(async move { Ok(refused(nr, refusal)) }),
        Err(NotRead::Failed(error)) => return Box::pin(async move { result_of(nr, Err(error)) }),
    };
    let acceptance = Acceptance { call, contact, matter: Matter::Opens(Box::new(case)) };
    match app.begin_accept(acceptance).await {
        Ok(result) => Box::pin(async move { result_of(nr, result.await) }),
        Err(error) => Box::pin(async move { Err(status::status(error)) }),
    }
}

/// Why an item came to no acceptance.
enum NotRead {
    /// Its fields are wrong.
    Refused(Refusal),
    /// Its site or the categories of it could not be had.
    Failed(AppError),
}

async fn read_item(
    app: &App,
    call: &Call,
    item: ImportCasesRequest,
) -> Result<(NewContact, NewCase), NotRead> {
    let mut violations = Violations::default();
    let site_name = item.contact.as_ref().map(|contact| contact.site.clone()).unwrap_or_default();
    let site = violations.check("contact.site", field::slug_name(&site_name));
    let known = match &site {
        Some(site) => Some(app.get_site(site).await.map_err(NotRead::Failed)?),
        None => None,
    };
    let unknown = SiteId::parse("unknown").ok();
    let asked = Asked::of(item.contact.as_ref(), item.case.as_ref(), true);
    let mut read = site.or(unknown).and_then(|site| {
        let phone_region = known.as_ref().map_or(DEFAULT_REGION, |site| site.phone_region.as_str());
        let desk = Desk { site: &site, phone_region, now: app.clock().now() };
        read::imported(item, &desk, &mut violations)
    });
    let edition = asked.check(app, Some(call), &mut violations).await.map_err(NotRead::Failed)?;
    if let Some((_, case)) = &mut read {
        case.category_edition = edition;
    }
    violations.into_result(DOMAIN, read).map_err(NotRead::Refused)
}

fn result_of(item: i64, result: Result<Accepted, AppError>) -> Result<ImportCasesResponse, Status> {
    let (outcome, case) = match result {
        Ok(Accepted::Case(case)) => (Outcome::Accepted, case.id.name()),
        Ok(Accepted::AlreadyPresent(case)) => (Outcome::AlreadyPresent, case.id.name()),
        Ok(Accepted::Contact(contact)) => (Outcome::Accepted, contact.id.name()),
        // An outage concerns all items: the stream ends, and what is missing is sent again.
        Err(error) if error.is_outage() => return Err(status::status(error)),
        Err(error) => return Ok(refused(item, status::refusal(error))),
    };
    Ok(ImportCasesResponse { item, outcome: outcome.into(), case, refusals: Vec::new() })
}

fn refused(item: i64, refusal: Refusal) -> ImportCasesResponse {
    let status = Status::from(refusal);
    let fields = refusal::detail::<BadRequest>(&status).map(|bad| bad.field_violations).unwrap_or_default();
    let mut refusals: Vec<_> = fields
        .into_iter()
        .map(|violation| ItemRefusal {
            field: violation.field,
            description: violation.description,
            reason: violation.reason,
        })
        .collect();
    if refusals.is_empty() {
        let reason = refusal::detail::<ErrorInfo>(&status).map(|info| info.reason).unwrap_or_default();
        refusals.push(ItemRefusal { field: String::new(), description: status.message().to_owned(), reason });
    }
    ImportCasesResponse { item, outcome: Outcome::Refused.into(), case: String::new(), refusals }
}
