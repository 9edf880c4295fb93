//! Promises to the wire: answers and the facts of events.

use kexiang_core::AgentId;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;

use super::super::convert::{agent, optional_time};
use crate::domain::promise::{Previous, Promise, PromiseChange, PromiseFacts, PromiseKind, PromiseState};

pub(in crate::grpc) fn promise_to_wire(promise: Promise) -> pb::Promise {
    let lateness_seconds = promise.lateness_seconds();
    let escalation_role = promise.escalation_role().map(|role| role.to_string()).unwrap_or_default();
    pb::Promise {
        name: promise.id.name(),
        case: promise.case.name(),
        site: promise.site.name(),
        kind: kind(promise.kind),
        due_time: Some(time::to_wire(promise.due_at)),
        owner: promise.owner.name(),
        note: promise.note.unwrap_or_default(),
        state: state(promise.state),
        make_time: Some(time::to_wire(promise.made_at)),
        agent: agent(&promise.made_by),
        due_soon_time: Some(time::to_wire(promise.due_soon_at)),
        escalation_level: promise.escalation_level,
        escalation_role,
        miss_time: optional_time(promise.missed_at),
        keep_time: optional_time(promise.kept_at),
        keep_note: promise.keep_note.unwrap_or_default(),
        lateness_seconds,
        withdrawal_reason: promise.withdrawal_reason.unwrap_or_default(),
        changes: promise.changes.into_iter().map(change_to_wire).collect(),
        update_time: Some(time::to_wire(promise.updated_at)),
        etag: promise.version.to_string(),
    }
}

fn change_to_wire(change: PromiseChange) -> pb::PromiseChange {
    let (due_at, owner) = match change.previous {
        Previous::DueAt(due_at) => (Some(due_at), None),
        Previous::Owner(owner) => (None, Some(owner)),
    };
    pb::PromiseChange {
        change_time: Some(time::to_wire(change.changed_at)),
        agent: agent(&change.changed_by),
        previous_due_time: optional_time(due_at),
        previous_owner: owner.as_ref().map(AgentId::name).unwrap_or_default(),
        reason: change.reason,
    }
}

pub(in crate::grpc) fn facts_to_wire(facts: PromiseFacts) -> pb::PromiseFacts {
    pb::PromiseFacts {
        promise: facts.promise.name(),
        case: facts.case.name(),
        site: facts.site.name(),
        kind: kind(facts.kind),
        state: state(facts.state),
        owner: facts.owner.name(),
        make_time: Some(time::to_wire(facts.made_at)),
        due_time: Some(time::to_wire(facts.due_at)),
        miss_time: optional_time(facts.missed_at),
        keep_time: optional_time(facts.kept_at),
        lateness_seconds: facts.lateness_seconds,
        escalation_level: facts.escalation_level,
        escalation_role: facts.escalation_role.unwrap_or_default(),
        late: facts.late,
    }
}

fn kind(word: PromiseKind) -> i32 {
    pb::PromiseKind::from_str_name(&format!("PROMISE_KIND_{}", word.as_str())).unwrap_or_default().into()
}

fn state(word: PromiseState) -> i32 {
    pb::PromiseState::from_str_name(&format!("PROMISE_STATE_{}", word.as_str())).unwrap_or_default().into()
}
