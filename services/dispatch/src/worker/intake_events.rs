//! Takes in what intake tells of cases: consumer `dispatch.intake`. A batch is decided in the transaction that moves the
//! cursor; killed before its commit, it comes again and nothing of it is there.

use kexiang_core::{Call, EventId, Severity, Timestamp};
use kexiang_events::{Handler, HandlerError};
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{CaseFacts, CaseState, Handling},
    type_v1,
};
use kexiang_rpc::{field, time};
use sqlx::PgConnection;

use crate::{
    app::App,
    domain::case::{Case, CaseEvent, Demand, Lead},
};

/// The name of the consumer and of its cursor.
pub const CONSUMER: &str = "dispatch.intake";
/// The events that may ask something of dispatch.
pub const TYPES: &[&str] = &[
    "case.accepted",
    "case.imported",
    "case.dispatch_requested",
    "case.informed",
    "case.withdrawn",
    "case.reopened",
    "case.joined",
    "case.lead_changed",
    "case.left",
    "case.recalled",
];

/// Does what cases ask.
pub struct IntakeEvents {
    /// The use cases.
    pub app: App,
    /// The service as the one who does it.
    pub call: Call,
}

impl Handler for IntakeEvents {
    type Input = Vec<CaseEvent>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Vec<CaseEvent>, HandlerError> {
        events.iter().filter_map(|event| read(event).transpose()).collect()
    }

    async fn apply(&self, connection: &mut PgConnection, events: Vec<CaseEvent>) -> Result<(), HandlerError> {
        self.app.take_in_cases(connection, &self.call, &events).await.map_err(HandlerError::other)
    }

    fn committed(&self) {
        self.app.taken_in();
    }
}

/// The event as far as dispatch acts on it; none when it asks nothing.
fn read(event: &Event) -> Result<Option<CaseEvent>, HandlerError> {
    let data = event.data.as_ref().ok_or_else(|| HandlerError::malformed(event, "it has no data"))?;
    let facts: CaseFacts = data.to_msg().map_err(|error| HandlerError::malformed(event, error))?;
    let Some(demand) = demand(event, &facts)? else { return Ok(None) };
    let id: EventId = event.id.parse().map_err(|error| HandlerError::malformed(event, error))?;
    let traceparent = Some(event.traceparent.clone()).filter(|text| !text.is_empty());
    Ok(Some(CaseEvent { id, traceparent, demand, case: case(event, &facts)? }))
}

fn demand(event: &Event, facts: &CaseFacts) -> Result<Option<Demand>, HandlerError> {
    let received = facts.state() == CaseState::Received && facts.handling() != Handling::Desk;
    Ok(match event.r#type.as_str() {
        "case.accepted" | "case.imported" => Some(Demand::Work).filter(|_| received),
        "case.dispatch_requested" => Some(Demand::Work),
        "case.reopened" => Some(Demand::WorkAgain),
        "case.withdrawn" => Some(Demand::Nothing),
        "case.recalled" => Some(Demand::Recall),
        "case.joined" | "case.lead_changed" | "case.left" => own_way(event, facts)?,
        "case.informed" if facts.return_visit_required => {
            Some(Demand::ReturnVisit(informed_at(event, facts)?))
        }
        _ => None,
    })
}

/// What a case asks that came to follow another one, or follows nobody any more: whichever it is now.
fn own_way(event: &Event, facts: &CaseFacts) -> Result<Option<Demand>, HandlerError> {
    let name = |error| HandlerError::malformed(event, error);
    if let Some(case) = field::optional(&facts.lead_case, field::name).map_err(name)? {
        let incident = field::optional(&facts.incident, field::name).map_err(name)?;
        return Ok(Some(Demand::Follow(Lead { case, incident })));
    }
    let is_to_be_worked = matches!(facts.state(), CaseState::Received | CaseState::Dispatched);
    Ok(Some(Demand::Work).filter(|_| is_to_be_worked && facts.handling() != Handling::Desk))
}

fn informed_at(event: &Event, facts: &CaseFacts) -> Result<Timestamp, HandlerError> {
    let wire = facts.inform_time.as_ref().or(event.time.as_ref());
    let wire = wire.ok_or_else(|| HandlerError::malformed(event, "it has no inform_time"))?;
    time::timestamp(wire).map_err(|error| HandlerError::malformed(event, error))
}

fn case(event: &Event, facts: &CaseFacts) -> Result<Case, HandlerError> {
    let word = |error| HandlerError::malformed(event, error);
    let name = |error| HandlerError::malformed(event, error);
    let severity = field::optional_word(facts.severity, "SEVERITY_", type_v1::Severity::as_str_name);
    Ok(Case {
        id: field::name(&facts.case).map_err(name)?,
        number: facts.number.clone(),
        site: field::slug_name(&facts.site).map_err(name)?,
        kind: field::word(facts.kind, "KIND_", type_v1::Kind::as_str_name).map_err(word)?,
        channel: field::word(facts.channel, "CHANNEL_", type_v1::Channel::as_str_name).map_err(word)?,
        category: facts.category.clone(),
        district: facts.district.clone(),
        severity: severity.map_err(word)?.unwrap_or(Severity::Normal),
        first_responsible_agent: field::optional(&facts.first_responsible_agent, field::slug_name)
            .map_err(name)?,
        life: facts.reopen_count.saturating_add(1),
        round: facts.work_round,
    })
}
