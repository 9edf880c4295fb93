//! What is refused, with which reason, and that nothing comes of it (IN-14, DI-12).

use kexiang_core::Role;
use kexiang_proto::{
    dispatch_v1::{
        AcceptWorkOrderRequest, Agent, CreateAgentRequest, FinishWorkOrderRequest, GetWorkOrderRequest,
        ListWorkOrdersRequest, Proof, RecordReturnVisitRequest, ReturnWorkOrderRequest,
        StartWorkOrderRequest, VerifyWorkOrderRequest, WorkOrder, WorkOrderState,
    },
    rpc::{BadRequest, ErrorInfo, PreconditionFailure},
    type_v1::Satisfaction,
};
use kexiang_rpc::refusal::{detail, reason};
use tonic::{Code, Status};

use crate::{
    case_facts::{accepted, fault},
    center::{Center, proof},
};

async fn assigned(center: &Center) -> WorkOrder {
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    center.order_of(&case).await
}

fn accept(order: &WorkOrder) -> AcceptWorkOrderRequest {
    AcceptWorkOrderRequest { name: order.name.clone(), ..Default::default() }
}

fn fields(refused: &Status) -> Vec<String> {
    let bad: BadRequest = detail(refused).unwrap();
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn another_than_the_assignee_is_told_who_has_it() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = assigned(&center).await;

    let refused = center.agent("wang.wei").accept_work_order(accept(&order)).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOT_ASSIGNEE"));
    let info: ErrorInfo = detail(&refused).unwrap();
    assert_eq!((info.domain.as_str(), info.metadata["agent"].as_str()), ("dispatch.kexiang", "agents/li.na"));
}

#[tokio::test]
async fn the_doer_can_not_verify_or_return_their_own_work_di_12() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = center.do_work(&assigned(&center).await).await;
    let mut doer = center.client("li.na", &[Role::Technician, Role::Supervisor]);

    let verify = VerifyWorkOrderRequest { name: order.name.clone(), ..Default::default() };
    let verified = doer.verify_work_order(verify).await.unwrap_err();
    let (name, why) = (order.name.clone(), "not done".to_owned());
    let send_back = ReturnWorkOrderRequest { name, reason: why, ..Default::default() };
    let returned = doer.return_work_order(send_back).await.unwrap_err();

    for refused in [verified, returned] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "OWN_WORK"));
    }
}

#[tokio::test]
async fn a_step_can_not_be_skipped() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = assigned(&center).await;

    let start = StartWorkOrderRequest { name: order.name.clone(), ..Default::default() };
    let refused = center.agent("li.na").start_work_order(start).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "STATE_NOT_ALLOWED"));
    let unmet: PreconditionFailure = detail(&refused).unwrap();
    assert_eq!(unmet.violations[0].subject, order.name);
    assert_eq!(unmet.violations[0].description, "the work order is ASSIGNED; this needs ACCEPTED");
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_the_current_one_taken() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = assigned(&center).await;
    let accepted = center.agent("li.na").accept_work_order(accept(&order)).await.unwrap().into_inner();
    let start = |etag: &str| StartWorkOrderRequest {
        name: order.name.clone(),
        etag: etag.to_owned(),
        ..Default::default()
    };

    let stale = center.agent("li.na").start_work_order(start(&order.etag)).await.unwrap_err();
    let current = center.agent("li.na").start_work_order(start(&accepted.etag)).await;

    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(current.unwrap().into_inner().state(), WorkOrderState::InProgress);
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before_and_a_reused_id_refused_in_14() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = assigned(&center).await;
    let request_id = "0b6c2f0e-6d4a-4c6e-9a31-3d5a0d6f7e21".to_owned();
    let request = AcceptWorkOrderRequest { request_id, ..accept(&order) };

    let first = center.agent("li.na").accept_work_order(request.clone()).await.unwrap().into_inner();
    let again = center.agent("li.na").accept_work_order(request.clone()).await.unwrap().into_inner();
    let other = AcceptWorkOrderRequest { etag: "7".to_owned(), ..request };
    let reused = center.agent("li.na").accept_work_order(other).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!((reused.code(), reason(&reused).as_str()), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    assert_eq!(center.told_of(&order.name).await.len(), 4, "accepted once");
}

#[tokio::test]
async fn all_violations_are_reported_at_once_with_their_paths() {
    let center = Center::open().await;

    let evidence = vec![String::new(), "x".repeat(501)];
    let proof = Some(Proof { report: " ".to_owned(), evidence });
    let finish = FinishWorkOrderRequest {
        name: "orders/1".to_owned(),
        proof,
        etag: "x".to_owned(),
        ..Default::default()
    };
    let finish = center.agent("li.na").finish_work_order(finish).await.unwrap_err();
    let agent = Some(Agent { unit: "grid-1".to_owned(), capacity: -1, ..Agent::default() });
    let create = CreateAgentRequest { agent_id: "li na".to_owned(), agent, ..Default::default() };
    let create = center.administrator().create_agent(create).await.unwrap_err();

    assert_eq!((finish.code(), reason(&finish).as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
    assert_eq!(fields(&finish), ["name", "etag", "proof.report", "proof.evidence[0]", "proof.evidence[1]"]);
    assert_eq!(fields(&create), ["agent_id", "agent.display_name", "agent.unit", "agent.capacity"]);
}

#[tokio::test]
async fn a_return_visit_has_either_an_answer_or_nobody_reached() {
    let center = Center::open().await;
    let name = "tasks/01934000-0000-7000-8000-000000000000".to_owned();
    let neither = RecordReturnVisitRequest { name, ..Default::default() };
    let both = RecordReturnVisitRequest {
        satisfaction: Satisfaction::Satisfied.into(),
        not_reached: true,
        ..neither.clone()
    };
    let unknown = RecordReturnVisitRequest { satisfaction: 99, ..neither.clone() };

    for request in [neither, both, unknown] {
        let refused = center.desk().record_return_visit(request).await.unwrap_err();

        assert_eq!(fields(&refused), ["satisfaction"]);
    }
}

#[tokio::test]
async fn a_page_token_of_another_filter_and_an_unknown_state_are_refused() {
    let center = Center::open_with(&[]).await;
    center.take_in(accepted(&crate::case_facts::faults(2))).await;
    let one = ListWorkOrdersRequest { page_size: 1, ..Default::default() };
    let page = center.dispatcher().list_work_orders(one.clone()).await.unwrap().into_inner();

    let page_token = page.next_page_token;
    let other = ListWorkOrdersRequest { site: "sites/main".to_owned(), page_token, state: 99, ..one };
    let refused = center.dispatcher().list_work_orders(other).await.unwrap_err();

    assert_eq!(fields(&refused), ["state", "page_token"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let center = Center::open().await;
    let name = "workOrders/01934000-0000-7000-8000-000000000000".to_owned();

    let read =
        center.dispatcher().get_work_order(GetWorkOrderRequest { name: name.clone() }).await.unwrap_err();
    let finish = FinishWorkOrderRequest { name, proof: Some(proof()), ..Default::default() };
    let finish = center.agent("li.na").finish_work_order(finish).await.unwrap_err();

    for refused in [read, finish] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_defect_says_nothing_of_the_driver() {
    let center = Center::open_with(&[]).await;
    let name = "workOrders/01934000-0000-7000-8000-000000000000".to_owned();
    sqlx::query("alter table dispatch.work_orders rename to gone").execute(&center.pool).await.unwrap();

    let refused = center.dispatcher().get_work_order(GetWorkOrderRequest { name }).await.unwrap_err();

    assert_eq!((refused.code(), refused.message()), (Code::Internal, "internal error"));
}
