//! Cases as intake tells them.

use kexiang_core::{CaseId, EventId, Timestamp};
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{CaseFacts, CaseState, Handling},
    type_v1::{Channel, Kind, Severity},
};
use kexiang_rpc::time::to_wire;
use prost_types::Any;

/// When the stories begin: 2026-11-22, 16:00 in Kunming.
pub fn opening() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A fault of the site `main`, just accepted for dispatch.
pub fn fault(number: u32) -> CaseFacts {
    CaseFacts {
        case: CaseId::at(opening()).name(),
        number: format!("C-20261122-{number:06}"),
        site: "sites/main".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        channel: Channel::Hotline.into(),
        kind: Kind::Fault.into(),
        category: "broadband/slow".to_owned(),
        district: "Wuhua".to_owned(),
        severity: Severity::Normal.into(),
        handling: Handling::Dispatch.into(),
        state: CaseState::Received.into(),
        first_responsible_agent: "agents/li.na".to_owned(),
        accept_time: Some(to_wire(opening())),
        return_visit_required: true,
        ..CaseFacts::default()
    }
}

/// So many faults.
pub fn faults(count: u32) -> Vec<CaseFacts> {
    (1..=count).map(fault).collect()
}

/// `case.<what>` of a case as it is now.
pub fn event(what: &str, case: &CaseFacts) -> Event {
    Event {
        id: EventId::at(opening()).to_string(),
        source: "intake".to_owned(),
        r#type: format!("case.{what}"),
        subject: case.case.clone(),
        time: Some(to_wire(opening())),
        record_time: Some(to_wire(opening())),
        actor: "agents/li.na".to_owned(),
        data: Some(Any::from_msg(case).unwrap()),
        ..Event::default()
    }
}

/// `case.accepted` of all of them.
pub fn accepted(cases: &[CaseFacts]) -> Vec<Event> {
    cases.iter().map(|case| event("accepted", case)).collect()
}

/// `case.informed` of a case: the customer was told at that time.
pub fn informed(case: &CaseFacts, at: Timestamp) -> Event {
    let state = CaseState::Informed.into();
    event("informed", &CaseFacts { state, inform_time: Some(to_wire(at)), ..case.clone() })
}

/// `case.reopened` of a case, for the `count`th time.
pub fn reopened(case: &CaseFacts, count: i32) -> Event {
    event("reopened", &CaseFacts { reopen_count: count, ..case.clone() })
}

/// `case.withdrawn` of a case.
pub fn withdrawn(case: &CaseFacts) -> Event {
    event("withdrawn", &CaseFacts { state: CaseState::Withdrawn.into(), ..case.clone() })
}
