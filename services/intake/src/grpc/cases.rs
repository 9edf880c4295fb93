//! Accepting and reading cases on the wire; their verbs are in [`super::verbs`].

use kexiang_core::{CaseId, HoldReason, Kind};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{PageRequest, Refusal, Violations, call, field};
use tonic::{Request, Status};

use super::{
    DOMAIN, categories::Asked, complaint, contacts::read_contact, convert, fill::fill, read, status::status,
};
use crate::{
    app::{
        Accepted, App, AppError,
        acceptance::{Acceptance, Matter},
        cases::CaseFilter,
    },
    domain::CaseState,
};

pub(super) async fn accept_case(
    app: &App,
    request: Request<pb::AcceptCaseRequest>,
) -> Result<pb::Case, Status> {
    let acceptance = read_acceptance(app, request, Violations::default()).await?;
    accepted(app.accept(acceptance).await)
}

/// Reads what is to be accepted; `violations` are those found before.
pub(super) async fn read_acceptance(
    app: &App,
    request: Request<pb::AcceptCaseRequest>,
    mut violations: Violations,
) -> Result<Acceptance, Status> {
    let call = call(&request, "AcceptCase", &request.get_ref().request_id, &mut violations)?;
    let mut request = request.into_inner();
    fill(app, request.contact.as_mut(), request.case.as_mut()).await?;
    complaint::check(request.contact.as_ref(), request.case.as_ref(), &mut violations);
    let asked = Asked::of(request.contact.as_ref(), request.case.as_ref(), false);
    let mut case = read::case(request.case, &mut violations);
    let edition = asked.check(app, call.as_ref(), &mut violations).await.map_err(status)?;
    if let Some(case) = &mut case {
        case.category_edition = edition;
    }
    let contact = read_contact(app, request.contact, &mut violations).await?;
    let ((call, contact), case) = violations.into_result(DOMAIN, call.zip(contact).zip(case))?;
    Ok(Acceptance { call, contact, matter: Matter::Opens(Box::new(case)) })
}

/// The answer to it.
pub(super) fn accepted(result: Result<Accepted, AppError>) -> Result<pb::Case, Status> {
    match result.map_err(status)? {
        Accepted::Case(case) => Ok(convert::case(case)),
        Accepted::AlreadyPresent(case) => {
            Err(Refusal::already_exists(DOMAIN, CaseId::TYPE, &case.id.name()).into())
        }
        Accepted::Contact(_) => Err(Refusal::defect(DOMAIN).into()),
    }
}

pub(super) async fn get_case(app: &App, request: Request<pb::GetCaseRequest>) -> Result<pb::Case, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    let case = app.get_case(id).await.map_err(status)?;
    Ok(convert::case(case))
}

pub(super) async fn list_cases(
    app: &App,
    request: Request<pb::ListCasesRequest>,
) -> Result<pb::ListCasesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let filter = read_case_filter(&request, &mut violations);
    let bound_to = pb::ListCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
    let mut cases = app.list_cases(&filter, page.after, page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut cases, |case| case.id);
    let cases = cases.into_iter().map(convert::case).collect();
    Ok(pb::ListCasesResponse { cases, next_page_token })
}

fn read_case_filter(request: &pb::ListCasesRequest, violations: &mut Violations) -> Option<CaseFilter> {
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let state = field::optional_word::<pb::CaseState, CaseState>(
        request.state,
        "CASE_STATE_",
        pb::CaseState::as_str_name,
    );
    let state = violations.check("state", state);
    let kind = field::optional_word::<words::Kind, Kind>(request.kind, "KIND_", words::Kind::as_str_name);
    let kind = violations.check("kind", kind);
    let customer = violations.check("customer", field::optional(&request.customer, field::name));
    let hold_reason = field::optional_word::<pb::HoldReason, HoldReason>(
        request.hold_reason,
        "HOLD_REASON_",
        pb::HoldReason::as_str_name,
    );
    let hold_reason = violations.check("hold_reason", hold_reason);
    let (on_hold, hold_reason) = (request.on_hold, hold_reason?);
    Some(CaseFilter { site: site?, state: state?, kind: kind?, customer: customer?, on_hold, hold_reason })
}
