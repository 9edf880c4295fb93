//! Requests of lists, read whole: filter, size and token, every violation at once.

use kexiang_core::{AgentId, AssignmentId, RouteId, SiteId, TaskId, Timestamp, UnitId, WorkOrderId};
use kexiang_proto::dispatch_v1 as pb;
use kexiang_rpc::{PageRequest, Refusal, Violations, field};

use crate::{
    app::After,
    domain::filter::{TaskFilter, WorkOrderFilter},
    grpc::DOMAIN,
};

/// A page to be read, with one row more than it shows.
pub(in crate::grpc) fn after<K: Clone>(page: &PageRequest<K>) -> After<K> {
    After { key: page.after.clone(), limit: page.limit + 1 }
}

pub(in crate::grpc) fn units(request: &pb::ListUnitsRequest) -> Result<PageRequest<UnitId>, Refusal> {
    let mut violations = Violations::default();
    let filter = pb::ListUnitsRequest::default();
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    violations.into_result(DOMAIN, page)
}

pub(in crate::grpc) fn agents(
    request: &pb::ListAgentsRequest,
) -> Result<(Option<UnitId>, PageRequest<AgentId>), Refusal> {
    let mut violations = Violations::default();
    let unit = violations.check("unit", field::optional(&request.unit, field::slug_name));
    let filter = pb::ListAgentsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    violations.into_result(DOMAIN, unit.zip(page))
}

pub(in crate::grpc) fn routes(
    request: &pb::ListRoutesRequest,
) -> Result<(SiteId, PageRequest<(Timestamp, RouteId)>), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", field::slug_name(&request.site));
    let filter = pb::ListRoutesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    violations.into_result(DOMAIN, site.zip(page))
}

pub(in crate::grpc) fn work_orders(
    request: &pb::ListWorkOrdersRequest,
) -> Result<(WorkOrderFilter, PageRequest<WorkOrderId>), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let case = violations.check("case", field::optional(&request.case, field::name));
    let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
    let state = field::optional_word(request.state, "WORK_ORDER_STATE_", pb::WorkOrderState::as_str_name);
    let state = violations.check("state", state);
    let unit = violations.check("unit", field::optional(&request.unit, field::slug_name));
    let filter = pb::ListWorkOrdersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let wanted =
        || Some(WorkOrderFilter { site: site?, case: case?, agent: agent?, state: state?, unit: unit? });
    violations.into_result(DOMAIN, wanted().zip(page))
}

pub(in crate::grpc) fn assignments(
    request: &pb::ListAssignmentsRequest,
) -> Result<(WorkOrderId, PageRequest<(Timestamp, AssignmentId)>), Refusal> {
    let mut violations = Violations::default();
    let order = violations.check("parent", field::name(&request.parent));
    let filter = pb::ListAssignmentsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    violations.into_result(DOMAIN, order.zip(page))
}

pub(in crate::grpc) fn tasks(
    request: &pb::ListTasksRequest,
) -> Result<(TaskFilter, PageRequest<(Timestamp, TaskId)>), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let case = violations.check("case", field::optional(&request.case, field::name));
    let state = field::optional_word(request.state, "TASK_STATE_", pb::TaskState::as_str_name);
    let state = violations.check("state", state);
    let filter = pb::ListTasksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let wanted = || Some(TaskFilter { site: site?, case: case?, state: state? });
    violations.into_result(DOMAIN, wanted().zip(page))
}
