//! RotationService: handlers (DI-3, DI-4). What they read and write is in [`convert`].

mod convert;

pub(super) use self::convert::manner_to_wire;

use kexiang_core::{AgentId, ArrivalId, SiteId, Timestamp};
use kexiang_proto::dispatch_v1::{self as pb, rotation_service_server::RotationService};
use kexiang_rpc::{PageRequest, Refusal, Violations, field};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN,
    convert::{
        lists,
        requests::{self, change},
    },
    status::staff::status,
};
use crate::app::App;

type Answer<T> = Result<Response<T>, Status>;

/// RotationService over the use cases.
#[derive(Clone)]
pub struct Rotations {
    app: App,
}

impl Rotations {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl RotationService for Rotations {
    async fn set_rotation(&self, request: Request<pb::SetRotationRequest>) -> Answer<pb::Rotation> {
        let request_id = &request.get_ref().request_id;
        let (call, (site, etag, rules)) = change(&request, "SetRotation", request_id, convert::rules)?;
        let rotation = self.app.set_rotation(&call, site, etag, rules).await.map_err(status)?;
        Ok(Response::new(convert::rotation_to_wire(rotation)))
    }

    async fn get_rotation(&self, request: Request<pb::GetRotationRequest>) -> Answer<pb::Rotation> {
        let mut all = Violations::default();
        let site: Option<SiteId> = all.check("site", field::slug_name(&request.get_ref().site));
        let rotation = self.app.get_rotation(&all.into_result(DOMAIN, site)?).await.map_err(status)?;
        Ok(Response::new(convert::rotation_to_wire(rotation)))
    }

    async fn reorder_rotation(&self, request: Request<pb::ReorderRotationRequest>) -> Answer<pb::Rotation> {
        let request_id = &request.get_ref().request_id;
        let (call, (site, etag, agents, reason)) =
            change(&request, "ReorderRotation", request_id, convert::reorder)?;
        let rotation = self.app.reorder_rotation(&call, &site, etag, agents, reason).await.map_err(status)?;
        Ok(Response::new(convert::rotation_to_wire(rotation)))
    }

    async fn list_rotation_reorders(
        &self,
        request: Request<pb::ListRotationReordersRequest>,
    ) -> Answer<pb::ListRotationReordersResponse> {
        let it = request.get_ref();
        let filter =
            pb::ListRotationReordersRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let mut all = Violations::default();
        let site: Option<SiteId> = all.check("site", field::slug_name(&it.site));
        let page = PageRequest::<i64>::read(it.page_size, &it.page_token, &filter, &mut all);
        let (site, page) = all.into_result(DOMAIN, site.zip(page))?;
        let mut reorders = self.app.list_reorders(&site, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut reorders, |reorder| reorder.number);
        let reorders = reorders.into_iter().map(convert::reorder_to_wire).collect();
        Ok(Response::new(pb::ListRotationReordersResponse { reorders, next_page_token }))
    }

    async fn set_ranking(&self, request: Request<pb::SetRankingRequest>) -> Answer<pb::Ranking> {
        let request_id = &request.get_ref().request_id;
        let (call, (site, new)) = change(&request, "SetRanking", request_id, convert::ranking)?;
        let ranking = self.app.set_ranking(&call, site, new).await.map_err(status)?;
        Ok(Response::new(convert::ranking_to_wire(ranking)))
    }

    async fn get_ranking(&self, request: Request<pb::GetRankingRequest>) -> Answer<pb::Ranking> {
        let it = request.get_ref();
        let mut all = Violations::default();
        let site: Option<SiteId> = all.check("site", field::slug_name(&it.site));
        let period = all.check("period", convert::period(&it.period));
        let (site, period) = all.into_result(DOMAIN, site.zip(period))?;
        let ranking = self.app.get_ranking(&site, &period).await.map_err(status)?;
        Ok(Response::new(convert::ranking_to_wire(ranking)))
    }

    async fn take_turn(&self, request: Request<pb::TakeTurnRequest>) -> Answer<pb::ServeResponse> {
        let request_id = &request.get_ref().request_id;
        let (call, (site, visitor)) = change(&request, "TakeTurn", request_id, |it, all| {
            let site: Option<SiteId> = all.check("site", field::slug_name(&it.site));
            site.zip(convert::visitor(it.arrival.as_ref(), all))
        })?;
        let reception = self.app.take_turn(&call, &site, visitor).await.map_err(status)?;
        Ok(Response::new(convert::reception_to_wire(reception)))
    }

    async fn join_queue(&self, request: Request<pb::JoinQueueRequest>) -> Answer<pb::Arrival> {
        let request_id = &request.get_ref().request_id;
        let (call, (site, visitor)) = change(&request, "JoinQueue", request_id, |it, all| {
            let site: Option<SiteId> = all.check("site", field::slug_name(&it.site));
            site.zip(convert::visitor(it.arrival.as_ref(), all))
        })?;
        let arrival = self.app.join_queue(&call, &site, visitor).await.map_err(status)?;
        Ok(Response::new(convert::arrival_to_wire(arrival)))
    }

    async fn leave_queue(&self, request: Request<pb::LeaveQueueRequest>) -> Answer<pb::Arrival> {
        let request_id = &request.get_ref().request_id;
        let (call, target) =
            change(&request, "LeaveQueue", request_id, |it, all| requests::target(&it.name, &it.etag, all))?;
        let arrival = self.app.leave_queue(&call, target).await.map_err(status)?;
        Ok(Response::new(convert::arrival_to_wire(arrival)))
    }

    async fn serve_next(&self, request: Request<pb::ServeNextRequest>) -> Answer<pb::ServeResponse> {
        let request_id = &request.get_ref().request_id;
        let (call, site) = change(&request, "ServeNext", request_id, |it, all| {
            all.check::<SiteId, _>("site", field::slug_name(&it.site))
        })?;
        let reception = self.app.serve_next(&call, &site).await.map_err(status)?;
        Ok(Response::new(convert::reception_to_wire(reception)))
    }

    async fn end_turn(&self, request: Request<pb::EndTurnRequest>) -> Answer<pb::Turn> {
        let request_id = &request.get_ref().request_id;
        let (call, id) =
            change(&request, "EndTurn", request_id, |it, all| all.check("name", field::name(&it.name)))?;
        let turn = self.app.end_turn(&call, id).await.map_err(status)?;
        Ok(Response::new(convert::turn_to_wire(turn)))
    }

    async fn list_turns(&self, request: Request<pb::ListTurnsRequest>) -> Answer<pb::ListTurnsResponse> {
        let (site, agent, page) = turns(request.get_ref())?;
        let found = self.app.list_turns(&site, agent.as_ref(), lists::after(&page)).await;
        let mut turns = found.map_err(status)?;
        let next_page_token = page.cut(&mut turns, |turn| turn.number);
        let turns = turns.into_iter().map(convert::turn_to_wire).collect();
        Ok(Response::new(pb::ListTurnsResponse { turns, next_page_token }))
    }

    async fn list_waiting(
        &self,
        request: Request<pb::ListWaitingRequest>,
    ) -> Answer<pb::ListWaitingResponse> {
        let it = request.get_ref();
        let filter = pb::ListWaitingRequest { page_size: 0, page_token: String::new(), ..it.clone() };
        let mut all = Violations::default();
        let site: Option<SiteId> = all.check("site", field::slug_name(&it.site));
        let page =
            PageRequest::<(Timestamp, ArrivalId)>::read(it.page_size, &it.page_token, &filter, &mut all);
        let (site, page) = all.into_result(DOMAIN, site.zip(page))?;
        let mut arrivals = self.app.list_waiting(&site, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut arrivals, |arrival| (arrival.arrived_at, arrival.id));
        let arrivals = arrivals.into_iter().map(convert::arrival_to_wire).collect();
        Ok(Response::new(pb::ListWaitingResponse { arrivals, next_page_token }))
    }
}

type Turns = (SiteId, Option<AgentId>, PageRequest<i64>);

fn turns(it: &pb::ListTurnsRequest) -> Result<Turns, Refusal> {
    let mut all = Violations::default();
    let site = all.check("site", field::slug_name(&it.site));
    let agent = all.check("agent", field::optional(&it.agent, field::slug_name));
    let filter = pb::ListTurnsRequest { page_size: 0, page_token: String::new(), ..it.clone() };
    let page = PageRequest::read(it.page_size, &it.page_token, &filter, &mut all);
    let read = || Some((site?, agent?, page?));
    all.into_result(DOMAIN, read())
}
