//! HandoverService on the wire (IN-11).

use kexiang_core::HandoverId;
use kexiang_proto::intake_v1::{self as pb, handover_service_server::HandoverService};
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN, convert,
    status::{of_handover, status},
};
use crate::{
    app::{
        App,
        handovers::{HandoverEnd, HandoverFilter},
    },
    domain::{HandoverState, NewHandover},
};

/// HandoverService over the use cases.
#[derive(Clone)]
pub struct Handovers {
    app: App,
}

impl Handovers {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn end<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        [name, etag, request_id]: [&str; 3],
        read: impl FnOnce(&mut Violations) -> Option<HandoverEnd>,
    ) -> Result<Response<pb::Handover>, Status> {
        let mut violations = Violations::default();
        let call = call(request, method, request_id, &mut violations)?;
        let id: Option<HandoverId> = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let end = read(&mut violations);
        let fields = call.zip(id).zip(etag).zip(end);
        let (((call, id), etag), end) = violations.into_result(DOMAIN, fields)?;
        let handover = self.app.end_handover(&call, id, etag, end).await.map_err(of_handover)?;
        Ok(Response::new(convert::handover(handover)))
    }
}

#[tonic::async_trait]
impl HandoverService for Handovers {
    async fn offer_handover(
        &self,
        request: Request<pb::OfferHandoverRequest>,
    ) -> Result<Response<pb::Handover>, Status> {
        let mut violations = Violations::default();
        let call = call(&request, "OfferHandover", &request.get_ref().request_id, &mut violations)?;
        let new = read(request.into_inner().handover, &mut violations);
        let (call, new) = violations.into_result(DOMAIN, call.zip(new))?;
        let handover = self.app.offer_handover(&call, new).await.map_err(of_handover)?;
        Ok(Response::new(convert::handover(handover)))
    }

    async fn accept_handover(
        &self,
        request: Request<pb::AcceptHandoverRequest>,
    ) -> Result<Response<pb::Handover>, Status> {
        let pb::AcceptHandoverRequest { name, etag, request_id } = request.get_ref();
        let target = [name.as_str(), etag, request_id];
        self.end(&request, "AcceptHandover", target, |_| Some(HandoverEnd::Accept)).await
    }

    async fn decline_handover(
        &self,
        request: Request<pb::DeclineHandoverRequest>,
    ) -> Result<Response<pb::Handover>, Status> {
        let pb::DeclineHandoverRequest { name, reason, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations| {
            violations.check("reason", field::text(reason, 1_000)).map(HandoverEnd::Decline)
        };
        self.end(&request, "DeclineHandover", [name, etag, request_id], read).await
    }

    async fn withdraw_handover(
        &self,
        request: Request<pb::WithdrawHandoverRequest>,
    ) -> Result<Response<pb::Handover>, Status> {
        let pb::WithdrawHandoverRequest { name, etag, request_id } = request.get_ref();
        let target = [name.as_str(), etag, request_id];
        self.end(&request, "WithdrawHandover", target, |_| Some(HandoverEnd::Withdraw)).await
    }

    async fn get_handover(
        &self,
        request: Request<pb::GetHandoverRequest>,
    ) -> Result<Response<pb::Handover>, Status> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = violations.into_result(DOMAIN, id)?;
        let handover = self.app.get_handover(id).await.map_err(status)?;
        Ok(Response::new(convert::handover(handover)))
    }

    async fn list_handovers(
        &self,
        request: Request<pb::ListHandoversRequest>,
    ) -> Result<Response<pb::ListHandoversResponse>, Status> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read_filter(&request, &mut violations);
        let bound_to =
            pb::ListHandoversRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
        let handovers = self.app.list_handovers(&filter, page.after, page.limit + 1).await;
        let mut handovers = handovers.map_err(status)?;
        let next_page_token = page.cut(&mut handovers, |handover| handover.id);
        let handovers = handovers.into_iter().map(convert::handover).collect();
        Ok(Response::new(pb::ListHandoversResponse { handovers, next_page_token }))
    }
}

fn read(wire: Option<pb::Handover>, violations: &mut Violations) -> Option<NewHandover> {
    let wire = violations.required("handover", wire)?;
    let case = violations.check("handover.case", field::name(&wire.case));
    let to = violations.check("handover.to_agent", field::slug_name(&wire.to_agent));
    let reason = violations.check("handover.reason", field::text(&wire.reason, 1_000));
    Some(NewHandover { case: case?, to: to?, reason: reason? })
}

fn read_filter(request: &pb::ListHandoversRequest, violations: &mut Violations) -> Option<HandoverFilter> {
    if request.case.is_empty() && request.to_agent.is_empty() {
        violations.add("case", "REQUIRED", "is required, or to_agent");
    }
    let case = violations.check("case", field::optional(&request.case, field::name));
    let to = violations.check("to_agent", field::optional(&request.to_agent, field::slug_name));
    let state = field::optional_word::<pb::HandoverState, HandoverState>(
        request.state,
        "HANDOVER_STATE_",
        pb::HandoverState::as_str_name,
    );
    let state = violations.check("state", state);
    Some(HandoverFilter { case: case?, to: to?, state: state? })
}
