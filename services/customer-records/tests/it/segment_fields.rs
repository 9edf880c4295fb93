//! Each kind of field of a segment, with customers made the way they are made in life (CU-15).

use std::collections::HashMap;

use jiff::SignedDuration;
use kexiang_core::{CaseId, PromiseId, TaskId, Timestamp, WorkOrderId};
use kexiang_proto::{
    customers_v1::{
        AddRelationshipRequest, CreateFieldSchemaRequest, FieldDefinition, FieldKind, FieldSchema, OwnField,
        Profile, PublishFieldSchemaRequest, Relationship, RelationshipKind, UpdateProfileRequest,
        contact_point::Kind,
    },
    dispatch_v1::{TaskFacts, TaskKind, TaskState, WorkOrderFacts, WorkOrderState},
    intake_v1::{CaseFacts, CaseState, Contact, PromiseFacts, PromiseKind, PromiseState},
    type_v1::{self, Satisfaction},
};
use kexiang_rpc::time;

use crate::{
    center::{Center, START},
    wire::{caller, case, contact},
};

fn day(n: i64) -> Timestamp {
    START + SignedDuration::from_hours(24 * n)
}

/// Every filter with whether it holds the one customer there is.
async fn holds(center: &Center, filters: &[(&str, bool)]) {
    for (filter, wanted) in filters {
        assert_eq!(center.count(filter).await == 1, *wanted, "{filter}");
        assert_eq!(center.count(&format!("NOT ({filter})")).await == 0, *wanted, "NOT ({filter})");
    }
}

#[tokio::test]
async fn by_what_they_are_like_and_by_own_fields() {
    let center = Center::open().await;
    let meter = FieldDefinition {
        key: "meter".into(),
        display_name: "Meter".into(),
        kind: FieldKind::Text.into(),
        ..Default::default()
    };
    let schema = FieldSchema { pack: "telecom".into(), fields: vec![meter], ..Default::default() };
    let schema = CreateFieldSchemaRequest { field_schema: Some(schema), request_id: String::new() };
    let schema = center.field_schemas().create_field_schema(schema).await.unwrap().into_inner();
    let publish = PublishFieldSchemaRequest { name: schema.name, etag: schema.etag, ..Default::default() };
    let schema = center.field_schemas().publish_field_schema(publish).await.unwrap().into_inner();
    let customer = center.create("Li Na", &[]).await;
    let profile = Profile {
        name: format!("{}/profile", customer.name),
        tiers: vec!["vip".into()],
        tags: vec!["fair-2026".into(), "newsletter".into()],
        risk_flags: vec!["late-payer".into()],
        source: "fair".into(),
        field_schema: schema.name,
        own_fields: HashMap::from([("meter".into(), OwnField { values: vec!["M 17".into()] })]),
        ..Default::default()
    };
    let profile = UpdateProfileRequest { profile: Some(profile), ..Default::default() };
    center.profiles().update_profile(profile).await.unwrap();

    let filters = [
        ("kind = PERSON", true),
        ("kind != PERSON", false),
        ("kind IN (HOUSEHOLD, OUTLET)", false),
        ("create_time = 2026-11-22T08:00:00Z", true),
        ("create_time < \"2026-11-22T16:00:00+08:00\"", false),
        ("create_time >= 1 minute ago", true),
        ("tiers:vip", true),
        ("tiers:VIP", false),
        ("tags:newsletter AND tags:fair-2026", true),
        ("tags IN (other, newsletter)", true),
        ("tags:*", true),
        ("risk_flags:\"late-payer\"", true),
        ("source = fair", true),
        ("source IN (web, phone)", false),
        ("own.meter = \"M 17\"", true),
        ("own.meter:\"M 17\"", true),
        ("own.meter != \"M 17\"", false),
        ("own.meter = \"M 18\"", false),
        ("own.other = \"M 17\"", false),
    ];
    holds(&center, &filters).await;
}

#[tokio::test]
async fn by_contact_points_that_lie_sealed() {
    let center = Center::open().await;
    center.create("Li Na", &[(Kind::Phone, "13800138000"), (Kind::Email, "Li.Na@example.cn")]).await;

    let filters = [
        ("has_phone", true),
        ("has_email = true", true),
        ("has_address", false),
        ("has_address != true", true),
        ("phone = \"+86 138 0013 8000\"", true),
        ("phone != \"+8613800138000\"", false),
        ("phone IN (\"+8613900139000\", \"+8613800138000\")", true),
        ("email = \"li.na@EXAMPLE.cn\"", true),
        ("email = \"+8613800138000@x.cn\"", false),
    ];
    holds(&center, &filters).await;
}

#[tokio::test]
async fn by_whose_they_are() {
    let center = Center::open().await;
    let mut arrival = contact(caller("Li Na", "+8613800138000"), START);
    arrival.agent = "agents/wang.fang".into();
    arrival.register_number = 1;
    center.intake.register(vec![arrival]);
    center.settle().await;

    let filters = [
        ("owner = agents/wang.fang", true),
        ("owner != agents/wang.fang", false),
        ("owner:*", true),
        ("ownership_state = OWNED", true),
        ("ownership_state IN (POOLED, LEAD)", false),
        ("ownership_site = sites/main", true),
        ("ownership_start_time <= 0 days ago", true),
        ("ownership_until_time < 32 days ahead AND ownership_until_time > 28 days ahead", true),
        ("pool_time:*", false),
    ];
    holds(&center, &filters).await;
}

/// Two complaints of one customer, one closed; an order returned twice, a visit, a promise missed.
async fn with_a_history(center: &Center) {
    let names = [CaseId::at(START).name(), CaseId::at(START).name()];
    let comes =
        |at, name: &str| Contact { case: name.to_owned(), ..contact(caller("Li Na", "+8613800138000"), at) };
    let openers = center.intake.register(vec![comes(day(-40), &names[0]), comes(day(-1), &names[1])]);
    let complaint = |index: usize, at| CaseFacts {
        kind: type_v1::Kind::Complaint.into(),
        ..case(&names[index], openers[index], at)
    };
    center.intake.tell_case("case.accepted", day(-40), &complaint(0, day(-40)));
    let closed = CaseFacts { state: CaseState::Closed.into(), ..complaint(0, day(-40)) };
    center.intake.tell_case("case.closed", day(-39), &closed);
    let fault =
        CaseFacts { kind: type_v1::Kind::Fault.into(), category: "power".into(), ..complaint(1, day(-1)) };
    center.intake.tell_case("case.accepted", day(-1), &fault);
    let order = WorkOrderFacts {
        work_order: WorkOrderId::at(START).name(),
        case: names[0].clone(),
        attempt: 1,
        site: "sites/main".into(),
        state: WorkOrderState::Completed.into(),
        rework_count: 2,
        create_time: Some(time::to_wire(day(-40))),
        ..Default::default()
    };
    let visit = TaskFacts {
        task: TaskId::at(START).name(),
        kind: TaskKind::ReturnVisit.into(),
        case: names[0].clone(),
        site: "sites/main".into(),
        state: TaskState::Done.into(),
        satisfaction: Satisfaction::Dissatisfied.into(),
        complete_time: Some(time::to_wire(day(-38))),
        ..Default::default()
    };
    let promise = PromiseFacts {
        promise: PromiseId::at(START).name(),
        case: names[1].clone(),
        kind: PromiseKind::Callback.into(),
        state: PromiseState::Missed.into(),
        owner: "agents/li.ming".into(),
        due_time: Some(time::to_wire(day(-1))),
        ..Default::default()
    };
    center.dispatch.tell(vec![
        center.dispatch.event("work_order.completed", &order.work_order, day(-39), &order),
        center.dispatch.event("task.done", &visit.task, day(-38), &visit),
    ]);
    center.intake.tell(vec![center.intake.event("promise.missed", &promise.promise, START, &promise)]);
    center.settle().await;
}

#[tokio::test]
async fn by_what_happened_with_them() {
    let center = Center::open().await;
    with_a_history(&center).await;

    let filters = [
        ("contact_count = 2", true),
        ("contact_count(30) = 1", true),
        ("contact_count(days = 30) > 1", false),
        ("contact_count IN (1, 2, 3)", true),
        ("last_contact_time > 2 days ago", true),
        ("case_count = 2 AND open_cases = 1", true),
        ("case_count(kind = COMPLAINT) = 1", true),
        ("case_count(30, kind = COMPLAINT) = 0", true),
        ("case_count(category = water) = 1", true),
        ("open_cases(kind = FAULT, category = power) = 1", true),
        ("open_cases(kind = COMPLAINT) = 1", false),
        ("complaint_count(60) >= 1", true),
        ("complaint_count(30) >= 1", false),
        ("complaint_count(category = power) >= 1", false),
        ("order_count = 1 AND rework_count = 2", true),
        ("rework_count(30) > 0", false),
        ("last_satisfaction = DISSATISFIED", true),
        ("last_satisfaction IN (SATISFIED, VERY_SATISFIED)", false),
        ("promises_missed = 1", true),
        ("promises_missed(1) >= 1", false),
        ("promises_missed(2) >= 1", true),
        ("last_follow_up_time:*", false),
        ("follow_up_count(90) = 0", true),
        ("group_size = 1", true),
    ];
    holds(&center, &filters).await;
}

#[tokio::test]
async fn the_kind_of_a_case_follows_its_events_and_is_read_once_more_without_harm() {
    let center = Center::open().await;
    with_a_history(&center).await;
    center.forget_cursors().await;
    center.settle().await;

    holds(&center, &[("complaint_count = 1", true), ("case_count(kind = FAULT) = 1", true)]).await;
}

#[tokio::test]
async fn by_their_agreements() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    let before = [
        ("agreement_count = 1", true),
        ("agreement_count(state = DRAFT) = 1 AND agreement_count(state = FILED) = 0", true),
        ("next_agreement_expire_time:*", false),
    ];
    holds(&center, &before).await;
    center.bring_into_force(&name).await;

    let filters = [
        ("agreement_count(loan, state = FILED) = 1", true),
        ("agreement_count(kind = lease) > 0", false),
        ("agreement_units >= 1", true),
        ("agreement_units(kind = loan, state = CLOSED) >= 1", false),
        ("next_agreement_expire_time < 31 days ahead", true),
        ("next_agreement_expire_time(lease) < 31 days ahead", false),
        ("next_agreement_expire_time <= 29 days ahead", false),
    ];
    holds(&center, &filters).await;
}

#[tokio::test]
async fn by_how_many_are_the_same_customer() {
    let center = Center::open().await;
    let husband = center.create("Wang", &[]).await.name;
    let wife = center.create("Li Na", &[]).await.name;
    center.create("Zhao", &[]).await;
    let spouses = Relationship {
        customer: husband.clone(),
        kind: RelationshipKind::Spouse.into(),
        related_customer: wife.clone(),
        ..Default::default()
    };
    let spouses = AddRelationshipRequest { relationship: Some(spouses), ..Default::default() };
    center.relationships().add_relationship(spouses).await.unwrap();

    let mut two = vec![husband, wife];
    two.sort();
    assert_eq!(center.members("group_size = 2").await, two);
    assert_eq!(center.count("group_size = 1").await, 1);
    assert_eq!(center.count("group_size IN (1, 2)").await, 3);
}
