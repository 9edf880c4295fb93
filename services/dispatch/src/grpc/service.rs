//! `DispatchService`: one short handler per method. Who may call is decided before, by the policy table.

use kexiang_proto::dispatch_v1::{self as pb, dispatch_service_server::DispatchService};
use tonic::{Request, Response, Status};

use super::{
    convert::{
        lists,
        requests::{self, change},
    },
    status::{staff, status},
};
use crate::app::App;

/// The use cases on the wire.
#[derive(Clone)]
pub struct Dispatch {
    app: App,
}

impl Dispatch {
    /// These use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl DispatchService for Dispatch {
    async fn create_unit(
        &self,
        request: Request<pb::CreateUnitRequest>,
    ) -> Result<Response<pb::Unit>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, new) = change(&request, "CreateUnit", request_id, requests::create_unit)?;
        let unit = self.app.create_unit(&call, new).await.map_err(staff::status)?;
        Ok(Response::new(unit.into()))
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Result<Response<pb::Unit>, Status> {
        let id = requests::slug_name(&request.get_ref().name)?;
        let unit = self.app.get_unit(&id).await.map_err(status)?;
        Ok(Response::new(unit.into()))
    }

    async fn list_units(
        &self,
        request: Request<pb::ListUnitsRequest>,
    ) -> Result<Response<pb::ListUnitsResponse>, Status> {
        let page = lists::units(request.get_ref())?;
        let mut units = self.app.list_units(lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut units, |unit| unit.id.clone());
        let units = units.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListUnitsResponse { units, next_page_token }))
    }

    async fn create_agent(
        &self,
        request: Request<pb::CreateAgentRequest>,
    ) -> Result<Response<pb::Agent>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, new) = change(&request, "CreateAgent", request_id, requests::create_agent)?;
        let agent = self.app.create_agent(&call, new).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn get_agent(&self, request: Request<pb::GetAgentRequest>) -> Result<Response<pb::Agent>, Status> {
        let id = requests::slug_name(&request.get_ref().name)?;
        let agent = self.app.get_agent(&id).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn list_agents(
        &self,
        request: Request<pb::ListAgentsRequest>,
    ) -> Result<Response<pb::ListAgentsResponse>, Status> {
        let (unit, page) = lists::agents(request.get_ref())?;
        let mut agents = self.app.list_agents(unit.as_ref(), lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut agents, |agent| agent.id.clone());
        let agents = agents.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListAgentsResponse { agents, next_page_token }))
    }

    async fn sign_in(&self, request: Request<pb::SignInRequest>) -> Result<Response<pb::Agent>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, id) = change(&request, "SignIn", request_id, |it, all| requests::agent(&it.name, all))?;
        let agent = self.app.sign_in(&call, &id).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn sign_out(&self, request: Request<pb::SignOutRequest>) -> Result<Response<pb::Agent>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, id) = change(&request, "SignOut", request_id, |it, all| requests::agent(&it.name, all))?;
        let agent = self.app.sign_out(&call, &id).await.map_err(status)?;
        Ok(Response::new(agent.into()))
    }

    async fn create_route(
        &self,
        request: Request<pb::CreateRouteRequest>,
    ) -> Result<Response<pb::Route>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, new) = change(&request, "CreateRoute", request_id, requests::create_route)?;
        let route = self.app.create_route(&call, new).await.map_err(status)?;
        Ok(Response::new(route.into()))
    }

    async fn list_routes(
        &self,
        request: Request<pb::ListRoutesRequest>,
    ) -> Result<Response<pb::ListRoutesResponse>, Status> {
        let (site, page) = lists::routes(request.get_ref())?;
        let mut routes = self.app.list_routes(&site, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut routes, |route| (route.created_at, route.id));
        let routes = routes.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListRoutesResponse { routes, next_page_token }))
    }

    async fn get_work_order(
        &self,
        request: Request<pb::GetWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let id = requests::name(&request.get_ref().name)?;
        let order = self.app.get_work_order(id).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn list_work_orders(
        &self,
        request: Request<pb::ListWorkOrdersRequest>,
    ) -> Result<Response<pb::ListWorkOrdersResponse>, Status> {
        let (filter, page) = lists::work_orders(request.get_ref())?;
        let mut work_orders =
            self.app.list_work_orders(&filter, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut work_orders, |order| order.id);
        let work_orders = work_orders.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListWorkOrdersResponse { work_orders, next_page_token }))
    }

    async fn list_assignments(
        &self,
        request: Request<pb::ListAssignmentsRequest>,
    ) -> Result<Response<pb::ListAssignmentsResponse>, Status> {
        let (order, page) = lists::assignments(request.get_ref())?;
        let mut assignments = self.app.list_assignments(order, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut assignments, |assignment| (assignment.decided_at, assignment.id));
        let assignments = assignments.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListAssignmentsResponse { assignments, next_page_token }))
    }

    async fn accept_work_order(
        &self,
        request: Request<pb::AcceptWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, target) = change(&request, "AcceptWorkOrder", request_id, |request, violations| {
            requests::target(&request.name, &request.etag, violations)
        })?;
        let order = self.app.accept_work_order(&call, target).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn start_work_order(
        &self,
        request: Request<pb::StartWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, target) = change(&request, "StartWorkOrder", request_id, |request, violations| {
            requests::target(&request.name, &request.etag, violations)
        })?;
        let order = self.app.start_work_order(&call, target).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn finish_work_order(
        &self,
        request: Request<pb::FinishWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, (target, proof)) =
            change(&request, "FinishWorkOrder", request_id, requests::finish_work_order)?;
        let order = self.app.finish_work_order(&call, target, proof).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn verify_work_order(
        &self,
        request: Request<pb::VerifyWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, target) = change(&request, "VerifyWorkOrder", request_id, |request, violations| {
            requests::target(&request.name, &request.etag, violations)
        })?;
        let order = self.app.verify_work_order(&call, target).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn return_work_order(
        &self,
        request: Request<pb::ReturnWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, (target, reason)) =
            change(&request, "ReturnWorkOrder", request_id, requests::return_work_order)?;
        let order = self.app.return_work_order(&call, target, reason).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn reassign_work_order(
        &self,
        request: Request<pb::ReassignWorkOrderRequest>,
    ) -> Result<Response<pb::WorkOrder>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, (target, agent, reason)) =
            change(&request, "ReassignWorkOrder", request_id, requests::reassign_work_order)?;
        let order = self.app.reassign_work_order(&call, target, agent, reason).await.map_err(status)?;
        Ok(Response::new(order.into()))
    }

    async fn get_task(&self, request: Request<pb::GetTaskRequest>) -> Result<Response<pb::Task>, Status> {
        let id = requests::name(&request.get_ref().name)?;
        let task = self.app.get_task(id).await.map_err(status)?;
        Ok(Response::new(task.into()))
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let (filter, page) = lists::tasks(request.get_ref())?;
        let mut tasks = self.app.list_tasks(&filter, lists::after(&page)).await.map_err(status)?;
        let next_page_token = page.cut(&mut tasks, |task| (task.due_at, task.id));
        let tasks = tasks.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListTasksResponse { tasks, next_page_token }))
    }

    async fn record_return_visit(
        &self,
        request: Request<pb::RecordReturnVisitRequest>,
    ) -> Result<Response<pb::Task>, Status> {
        let request_id = &request.get_ref().request_id;
        let (call, (target, attempt)) =
            change(&request, "RecordReturnVisit", request_id, requests::record_return_visit)?;
        let task = self.app.record_return_visit(&call, target, attempt).await.map_err(status)?;
        Ok(Response::new(task.into()))
    }
}
