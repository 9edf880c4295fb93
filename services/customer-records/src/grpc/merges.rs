//! MergeService.

use kexiang_proto::customers_v1::{self as pb, merge_service_server::MergeService};
use kexiang_rpc::{Caller, PageRequest, Violations, call, field};
use tonic::{Request, Response, Status};

use super::{
    convert, merge_convert,
    status::{merge::merge_status, read},
};
use crate::domain::privacy::sight::Sight;
use crate::{app::App, domain::merge_proposal::ProposalFilter};

/// The service on the wire.
#[derive(Clone)]
pub struct Merges {
    app: App,
}

impl Merges {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl MergeService for Merges {
    async fn list_merge_proposals(
        &self,
        request: Request<pb::ListMergeProposalsRequest>,
    ) -> Result<Response<pb::ListMergeProposalsResponse>, Status> {
        let request = request.into_inner();
        let bound_to =
            pb::ListMergeProposalsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let state = merge_convert::proposal_state(request.state, &mut violations);
        let customer = violations.check("customer", field::optional(&request.customer, field::name));
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (filter, page) = read(violations, state.zip(customer).zip(page))?;
        let filter = ProposalFilter { state: filter.0, customer: filter.1 };

        let found = self.app.list_merge_proposals(filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(merge_status)?;
        let next_page_token = page.cut(&mut found, |proposal| proposal.proposal_id);
        let merge_proposals = found.iter().map(merge_convert::proposal).collect();
        Ok(Response::new(pb::ListMergeProposalsResponse { merge_proposals, next_page_token }))
    }

    async fn dismiss_merge_proposal(
        &self,
        request: Request<pb::DismissMergeProposalRequest>,
    ) -> Result<Response<pb::MergeProposal>, Status> {
        let mut violations = Violations::default();
        let call = call(&request, "DismissMergeProposal", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id = violations.check("name", field::name(&request.name));
        let etag = violations.check("etag", field::etag(&request.etag));
        let ((call, id), etag) = read(violations, call.zip(id).zip(etag))?;

        let proposal = self.app.dismiss_merge_proposal(&call, id, etag).await.map_err(merge_status)?;
        Ok(Response::new(merge_convert::proposal(&proposal)))
    }

    async fn preview_merge(
        &self,
        request: Request<pb::PreviewMergeRequest>,
    ) -> Result<Response<pb::PreviewMergeResponse>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let pb::PreviewMergeRequest { survivor, loser, choices, explicit_values } = request.into_inner();
        let mut violations = Violations::default();
        let merging =
            merge_convert::merging(&survivor, &loser, &choices, explicit_values.as_ref(), &mut violations);
        let merging = read(violations, merging)?;

        let preview = self.app.preview_merge(&merging).await.map_err(merge_status)?;
        Ok(Response::new(merge_convert::preview(&preview, &sight)))
    }

    async fn merge_customers(
        &self,
        request: Request<pb::MergeCustomersRequest>,
    ) -> Result<Response<pb::Merge>, Status> {
        let mut violations = Violations::default();
        let call = call(&request, "MergeCustomers", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let pb::MergeCustomersRequest { survivor, loser, choices, explicit_values, .. } = &request;
        let merging =
            merge_convert::merging(survivor, loser, choices, explicit_values.as_ref(), &mut violations);
        let survivor_etag = violations.check("survivor_etag", field::etag(&request.survivor_etag));
        let loser_etag = violations.check("loser_etag", field::etag(&request.loser_etag));
        let etags = survivor_etag.zip(loser_etag);
        let ((call, mut merging), etags) = read(violations, call.zip(merging).zip(etags))?;
        (merging.survivor_etag, merging.loser_etag) = etags;

        let merge = self.app.merge_customers(&call, merging).await.map_err(merge_status)?;
        Ok(Response::new(merge_convert::merge(&merge, None)))
    }

    async fn unmerge_customers(
        &self,
        request: Request<pb::UnmergeCustomersRequest>,
    ) -> Result<Response<pb::Merge>, Status> {
        let mut violations = Violations::default();
        let call = call(&request, "UnmergeCustomers", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id = violations.check("name", field::name(&request.name));
        let etag = violations.check("etag", field::etag(&request.etag));
        let ((call, id), etag) = read(violations, call.zip(id).zip(etag))?;

        let merge = self.app.unmerge_customers(&call, id, etag).await.map_err(merge_status)?;
        Ok(Response::new(merge_convert::merge(&merge, None)))
    }

    async fn get_merge(&self, request: Request<pb::GetMergeRequest>) -> Result<Response<pb::Merge>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = read(violations, id)?;

        let (merge, loser) = self.app.get_merge(id).await.map_err(merge_status)?;
        Ok(Response::new(merge_convert::merge(&merge, loser.as_ref().map(|loser| (loser, &sight)))))
    }

    async fn list_merges(
        &self,
        request: Request<pb::ListMergesRequest>,
    ) -> Result<Response<pb::ListMergesResponse>, Status> {
        let request = request.into_inner();
        let bound_to = pb::ListMergesRequest { parent: request.parent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let customer = convert::customer_name("parent", &request.parent, &mut violations);
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (customer, page) = read(violations, customer.zip(page))?;

        let mut found =
            self.app.list_merges(customer, page.after, page.limit + 1).await.map_err(merge_status)?;
        let next_page_token = page.cut(&mut found, |merge| merge.merge_id);
        let merges = found.iter().map(|merge| merge_convert::merge(merge, None)).collect();
        Ok(Response::new(pb::ListMergesResponse { merges, next_page_token }))
    }
}
