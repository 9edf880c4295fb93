//! DuplicateService.

use kexiang_core::{Actor, DuplicateProposalId};
use kexiang_proto::intake_v1::{self as pb, duplicate_service_server::DuplicateService};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN,
    status::{following_status, status},
};
use crate::{
    app::{App, duplicates::ProposalFilter},
    domain::{Decision, DuplicateProposal, ProposalState},
};

/// DuplicateService over the use cases.
#[derive(Clone)]
pub struct Duplicates {
    app: App,
}

impl Duplicates {
    /// Serves these use cases.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl DuplicateService for Duplicates {
    async fn get_duplicate_proposal(
        &self,
        request: Request<pb::GetDuplicateProposalRequest>,
    ) -> Result<Response<pb::DuplicateProposal>, Status> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = violations.into_result(DOMAIN, id)?;
        let found = self.app.get_duplicate_proposal(id).await.map_err(status)?;
        Ok(Response::new(proposal(found)))
    }

    async fn list_duplicate_proposals(
        &self,
        request: Request<pb::ListDuplicateProposalsRequest>,
    ) -> Result<Response<pb::ListDuplicateProposalsResponse>, Status> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read_filter(&request, &mut violations);
        let bound_to =
            pb::ListDuplicateProposalsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
        let found = self.app.list_duplicate_proposals(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |proposal| proposal.id);
        let duplicate_proposals = found.into_iter().map(proposal).collect();
        Ok(Response::new(pb::ListDuplicateProposalsResponse { duplicate_proposals, next_page_token }))
    }

    async fn link_duplicate(
        &self,
        request: Request<pb::LinkDuplicateRequest>,
    ) -> Result<Response<pb::DuplicateProposal>, Status> {
        let pb::LinkDuplicateRequest { name, etag, request_id } = request.get_ref();
        let target = Target { method: "LinkDuplicate", name, etag, request_id };
        decide(&self.app, &request, target, |_| Some(Decision::Link)).await
    }

    async fn dismiss_duplicate(
        &self,
        request: Request<pb::DismissDuplicateRequest>,
    ) -> Result<Response<pb::DuplicateProposal>, Status> {
        let pb::DismissDuplicateRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { method: "DismissDuplicate", name, etag, request_id };
        let read = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, 1_000))?;
            Some(Decision::Dismiss { reason })
        };
        decide(&self.app, &request, target, read).await
    }

    async fn unlink_duplicate(
        &self,
        request: Request<pb::UnlinkDuplicateRequest>,
    ) -> Result<Response<pb::DuplicateProposal>, Status> {
        let pb::UnlinkDuplicateRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { method: "UnlinkDuplicate", name, etag, request_id };
        let read = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, 1_000))?;
            Some(Decision::Unlink { reason })
        };
        decide(&self.app, &request, target, read).await
    }
}

/// What every verb names.
struct Target<'a> {
    method: &'static str,
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

async fn decide<M: prost::Message>(
    app: &App,
    request: &Request<M>,
    target: Target<'_>,
    decision: impl FnOnce(&mut Violations) -> Option<Decision>,
) -> Result<Response<pb::DuplicateProposal>, Status> {
    let mut violations = Violations::default();
    let call = call(request, target.method, target.request_id, &mut violations)?;
    let id: Option<DuplicateProposalId> = violations.check("name", field::name(target.name));
    let etag = violations.check("etag", field::etag(target.etag));
    let decision = decision(&mut violations);
    let read = || Some((call?, id?, etag?, decision?));
    let (call, id, etag, decision) = violations.into_result(DOMAIN, read())?;
    let decided = app.decide_duplicate(&call, id, etag, decision).await.map_err(following_status)?;
    Ok(Response::new(proposal(decided)))
}

fn read_filter(
    request: &pb::ListDuplicateProposalsRequest,
    violations: &mut Violations,
) -> Option<ProposalFilter> {
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let state = field::optional_word::<pb::DuplicateProposalState, ProposalState>(
        request.state,
        "DUPLICATE_PROPOSAL_STATE_",
        pb::DuplicateProposalState::as_str_name,
    );
    let state = violations.check("state", state);
    let case = violations.check("case", field::optional(&request.case, field::name));
    Some(ProposalFilter { site: site?, state: state?, case: case? })
}

fn proposal(proposal: DuplicateProposal) -> pb::DuplicateProposal {
    let likeness = proposal.likeness;
    pb::DuplicateProposal {
        name: proposal.id.name(),
        site: proposal.site.name(),
        case: proposal.case.name(),
        earlier_case: proposal.earlier.name(),
        reasons: Some(pb::duplicate_proposal::Reasons {
            customer: likeness.customer.name(),
            category: likeness.category,
            district: likeness.district.unwrap_or_default(),
            same_address: likeness.same_address,
            minutes_apart: likeness.minutes_apart,
        }),
        state: state(proposal.state),
        reason: proposal.reason.unwrap_or_default(),
        create_time: Some(time::to_wire(proposal.created_at)),
        update_time: Some(time::to_wire(proposal.updated_at)),
        decider: proposal.decider.as_ref().map(Actor::to_string).unwrap_or_default(),
        etag: proposal.version.to_string(),
    }
}

pub(super) fn state(word: ProposalState) -> i32 {
    let name = format!("DUPLICATE_PROPOSAL_STATE_{}", word.as_str());
    pb::DuplicateProposalState::from_str_name(&name).unwrap_or_default().into()
}
