//! The view of a customer on the wire.

use kexiang_core::Timestamp;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time;

use super::{agreements, convert, ownership, profiles, relationships};
use crate::domain::{
    privacy::sight::Sight,
    view::{CustomerView, ViewedOrder, ViewedPromise, ViewedVisit},
};

/// Writes a view; `now` decides what is overdue.
pub fn to_wire(view: &CustomerView, sight: &Sight, now: Timestamp) -> pb::CustomerView {
    pb::CustomerView {
        ownership: Some(ownership::write::ownership(&view.ownership)),
        agreements: view.agreements.iter().map(|it| agreements::agreement(it, now)).collect(),
        customer: Some(convert::customer(&view.customer, sight)),
        profile: Some(profiles::to_wire(&view.profile)),
        relationships: view.relationships.iter().map(relationships::relationship_to_wire).collect(),
        same_customer: Some(relationships::same_customer_to_wire(&view.same_customer)),
        open_cases: view.open_cases.iter().map(convert::open_case).collect(),
        case_count: view.case_count,
        recent_contacts: i32::try_from(view.recent_contacts).unwrap_or(i32::MAX),
        orders: view.orders.iter().map(order).collect(),
        visits: view.visits.iter().map(visit).collect(),
        promises: view.promises.iter().map(promise).collect(),
        timeline_entries: view.timeline.iter().map(convert::timeline_entry).collect(),
    }
}

fn order(order: &ViewedOrder) -> pb::ViewedOrder {
    pb::ViewedOrder {
        work_order: order.id.name(),
        case: order.case_id.name(),
        attempt: order.attempt,
        state: order.state.clone(),
        unit: order.unit.clone(),
        agent: order.agent.clone(),
        rework_count: order.rework_count,
        create_time: order.created_at.map(time::to_wire),
        complete_time: order.completed_at.map(time::to_wire),
    }
}

fn visit(visit: &ViewedVisit) -> pb::ViewedVisit {
    pb::ViewedVisit {
        task: visit.id.name(),
        case: visit.case_id.name(),
        kind: visit.kind.clone(),
        state: visit.state.clone(),
        due_time: visit.due_at.map(time::to_wire),
        failed_attempts: visit.failed_attempts,
        satisfaction: visit.satisfaction.clone(),
        complete_time: visit.completed_at.map(time::to_wire),
    }
}

fn promise(promise: &ViewedPromise) -> pb::ViewedPromise {
    pb::ViewedPromise {
        promise: promise.id.name(),
        case: promise.case_id.name(),
        kind: promise.kind.clone(),
        state: promise.state.clone(),
        owner: promise.owner.clone(),
        due_time: promise.due_at.map(time::to_wire),
        keep_time: promise.kept_at.map(time::to_wire),
    }
}
