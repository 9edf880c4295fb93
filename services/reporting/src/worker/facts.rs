//! Facts from the wire. They come from services that checked them, so one that can't be read is a defect of the source or a
//! newer version of it: the consumer stops before it rather than to count wrongly.

use jiff::Timestamp;
use kexiang_core::HoldReason;
use kexiang_proto::{dispatch_v1, intake_v1, type_v1};
use kexiang_rpc::{
    field::{InvalidEnum, InvalidName, name, optional, optional_word, slug_name, word},
    time::{InvalidTime, optional_timestamp, timestamp},
};
use thiserror::Error;

use crate::domain::{
    facts::{AgentFacts, CaseFacts, ContactFacts, DeskResolution, Reopening, TaskFacts, WorkOrderFacts},
    period::{SiteZone, UnknownZone},
};

/// Why facts can't be read.
#[derive(Debug, Error)]
pub enum UnreadableFacts {
    /// A name of another form.
    #[error("a name {0}")]
    Name(#[from] InvalidName),
    /// A word that this version does not know.
    #[error("an enum {0}")]
    Word(#[from] InvalidEnum),
    /// A time out of range.
    #[error("a time {0}")]
    Time(#[from] InvalidTime),
    /// A time is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A zone that the tz database of this machine does not have.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

/// Reads a case.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn case(wire: &intake_v1::CaseFacts) -> Result<CaseFacts, UnreadableFacts> {
    Ok(CaseFacts {
        case: name(&wire.case)?,
        number: wire.number.clone(),
        site: slug_name(&wire.site)?,
        zone: SiteZone::parse(&wire.time_zone)?,
        channel: word(wire.channel, "CHANNEL_", type_v1::Channel::as_str_name)?,
        kind: word(wire.kind, "KIND_", type_v1::Kind::as_str_name)?,
        category: wire.category.clone(),
        unit: optional(&wire.unit, slug_name)?,
        state: word(wire.state, "CASE_STATE_", intake_v1::CaseState::as_str_name)?,
        accepted_at: required(wire.accept_time.as_ref(), "accept_time")?,
        first_resolved_at: optional_timestamp(wire.first_resolve_time.as_ref())?,
        resolved_at: optional_timestamp(wire.resolve_time.as_ref())?,
        closed_at: optional_timestamp(wire.close_time.as_ref())?,
        hold: hold(wire)?,
    })
}

fn hold(wire: &intake_v1::CaseFacts) -> Result<Option<(HoldReason, Timestamp)>, UnreadableFacts> {
    let reason = optional_word(wire.hold_reason, "HOLD_REASON_", intake_v1::HoldReason::as_str_name)?;
    reason.map(|reason| Ok((reason, required(wire.hold_time.as_ref(), "hold_time")?))).transpose()
}

/// Reads a contact; `None` for one that opened or joined no case.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn contact(wire: &intake_v1::ContactFacts) -> Result<Option<ContactFacts>, UnreadableFacts> {
    let Some(case) = optional(&wire.case, name)? else { return Ok(None) };
    Ok(Some(ContactFacts {
        contact: name(&wire.contact)?,
        case,
        customer: optional(&wire.customer, name)?,
        contact_at: required(wire.contact_time.as_ref(), "contact_time")?,
    }))
}

/// Reads the desk's resolution of a case that was never reopened; `None` when there is none.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn desk_resolution(wire: &intake_v1::CaseFacts) -> Result<Option<DeskResolution>, UnreadableFacts> {
    let resolved_at = optional_timestamp(wire.first_resolve_time.as_ref())?;
    let resolved_at = resolved_at.filter(|_| wire.resolved_at_desk && wire.reopen_count == 0);
    let Some(resolved_at) = resolved_at else { return Ok(None) };
    Ok(Some(DeskResolution {
        case: name(&wire.case)?,
        contact: name(&wire.contact)?,
        site: slug_name(&wire.site)?,
        resolved_at,
    }))
}

/// Reads that a case is or was reopened; the first of its events that says so is the reopening, at that event's time.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn reopening(
    wire: &intake_v1::CaseFacts,
    time: Option<&prost_types::Timestamp>,
) -> Result<Option<Reopening>, UnreadableFacts> {
    if wire.reopen_count == 0 {
        return Ok(None);
    }
    Ok(Some(Reopening { case: name(&wire.case)?, at: required(time, "time")? }))
}

/// Reads a work order.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn work_order(wire: &dispatch_v1::WorkOrderFacts) -> Result<WorkOrderFacts, UnreadableFacts> {
    Ok(WorkOrderFacts {
        work_order: name(&wire.work_order)?,
        case: name(&wire.case)?,
        attempt: wire.attempt,
        site: slug_name(&wire.site)?,
        state: word(wire.state, "WORK_ORDER_STATE_", dispatch_v1::WorkOrderState::as_str_name)?,
        unit: optional(&wire.unit, slug_name)?,
        agent: optional(&wire.agent, slug_name)?,
        rework_count: wire.rework_count,
        created_at: required(wire.create_time.as_ref(), "create_time")?,
        completed_at: optional_timestamp(wire.complete_time.as_ref())?,
    })
}

/// Reads a task.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn task(wire: &dispatch_v1::TaskFacts) -> Result<TaskFacts, UnreadableFacts> {
    Ok(TaskFacts {
        task: name(&wire.task)?,
        kind: word(wire.kind, "TASK_KIND_", dispatch_v1::TaskKind::as_str_name)?,
        case: name(&wire.case)?,
        site: slug_name(&wire.site)?,
        state: word(wire.state, "TASK_STATE_", dispatch_v1::TaskState::as_str_name)?,
        due_at: required(wire.due_time.as_ref(), "due_time")?,
        failed_attempts: wire.failed_attempts,
        satisfaction: optional_word(wire.satisfaction, "SATISFACTION_", type_v1::Satisfaction::as_str_name)?,
        completed_at: optional_timestamp(wire.complete_time.as_ref())?,
    })
}

/// Reads an agent.
///
/// # Errors
/// [`UnreadableFacts`].
pub fn agent(wire: &dispatch_v1::AgentFacts) -> Result<AgentFacts, UnreadableFacts> {
    Ok(AgentFacts {
        agent: slug_name(&wire.agent)?,
        unit: slug_name(&wire.unit)?,
        presence: word(wire.presence, "PRESENCE_", dispatch_v1::Presence::as_str_name)?,
    })
}

fn required(
    wire: Option<&prost_types::Timestamp>,
    field: &'static str,
) -> Result<Timestamp, UnreadableFacts> {
    Ok(timestamp(wire.ok_or(UnreadableFacts::Missing(field))?)?)
}
