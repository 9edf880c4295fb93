//! Cases and their states (IN-17).
//!
//! | from | what happens | to | by whom |
//! |---|---|---|---|
//! | RECEIVED | a work order exists | DISPATCHED | dispatch's event alone |
//! | RECEIVED, handling DESK | resolved at the desk | RESOLVED | the desk |
//! | RECEIVED, handling DESK | sent to dispatch | RECEIVED, handling DISPATCH | the desk |
//! | DISPATCHED | the work order is completed | RESOLVED | dispatch's event alone |
//! | RESOLVED | the customer is told | INFORMED | the desk |
//! | INFORMED | the return visit is answered or exhausted | VISITED, then CLOSED | dispatch's event alone |
//! | INFORMED | closed, where the kind needs no return visit | CLOSED | the desk |
//! | CLOSED | put away | ARCHIVED | a supervisor |
//! | RECEIVED, DISPATCHED | withdrawn, with a reason | WITHDRAWN | the desk |
//! | RESOLVED, INFORMED, VISITED, CLOSED | reopened, with a reason | RECEIVED, handling DISPATCH | the desk, or a dissatisfied answer |
//! | RECEIVED … VISITED | put on hold, with a reason | the same, on hold | the desk |
//! | on hold | resumed | the same, not on hold | the desk |
//! | RECEIVED … RESOLVED, on hold or not | a handover is accepted | the same, another first responsible | the new agent |
//! | RECEIVED, DISPATCHED | joined: part of an incident, or linked as a duplicate | as it was; it may follow a lead | the desk, or its reports |
//! | RECEIVED, DISPATCHED | its lead changed: another one, or none any more | as it was | its lead's withdrawal or leave |
//! | RECEIVED, DISPATCHED | resolved with its lead, or with its incident | RESOLVED, and where it stood is kept | its lead's resolution |
//! | any, but INFORMED and later for what follows | left, with a reason | as it stood before | the desk |
//!
//! A case on hold stays in its state: to people all verbs but resuming and withdrawing are refused
//! ([`TransitionError::OnHold`]), while dispatch's events move it as ever; closed or withdrawn, it is on hold no more.
//!
//! Invariants: nothing else moves a case; only open cases are on hold; `held_seconds` never falls; the first-responsible
//! agent changes by an accepted handover alone, and never once the customer is answered; `first_resolved_at` is set once; `resolved_at` is set exactly in RESOLVED, INFORMED,
//! VISITED, CLOSED and ARCHIVED; `closed_at` exactly in CLOSED and ARCHIVED; complaints and faults never reach CLOSED without
//! VISITED; no case is closed while its customer waits for a promise (`app/promises.rs`). Cases brought over from another
//! system start as RECEIVED or CLOSED ([`History`]).
//!
//! | to see | read |
//! |---|---|
//! | the words for where it stands and who works first | [`state`] |
//! | what may happen to it, and when | [`transition`] |
//! | what it waits for | [`hold`] |
//! | whose work is also its work (IN-15, IN-16) | [`following`] |

pub mod following;
pub mod hold;
pub mod state;
pub mod transition;

use kexiang_core::{
    AgentId, CaseId, Channel, ContactId, CustomerId, Kind, Satisfaction, Severity, SiteId, Timestamp, UnitId,
};
use serde::{Deserialize, Serialize};

pub use self::{
    following::{Belonging, Following, Standing},
    hold::Hold,
    state::{CaseState, Handling},
    transition::{Transition, TransitionError},
};
use super::{category::Edition, facts::CaseFacts};

/// What became of a case in the system that it is brought over from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// When it was closed there; `None` for one that is still open.
    pub closed_at: Option<Timestamp>,
    /// What was done there.
    pub resolution: Option<String>,
}

/// A case to be accepted, checked field by field.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCase {
    /// What it is.
    pub kind: Kind,
    /// Category code.
    pub category: String,
    /// In one line.
    pub title: String,
    /// In full.
    pub description: Option<String>,
    /// Grid or district of the place.
    pub district: Option<String>,
    /// Address of the place.
    pub address: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Who works first.
    pub handling: Handling,
    /// The number in another system; unique per site.
    pub external_reference: Option<String>,
    /// What became of it elsewhere, when it is brought over.
    pub history: Option<History>,
    /// The version of the site's category tree under which it is accepted; `None` at a site without one.
    pub category_edition: Option<Edition>,
}

/// What a new case takes from the contact that opens it and from the register.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The site.
    pub site: SiteId,
    /// The contact.
    pub contact: ContactId,
    /// The contact's channel.
    pub channel: Channel,
    /// What people will say.
    pub number: String,
    /// When: now, or the contact's time when the case is brought over.
    pub accepted_at: Timestamp,
    /// The accepting agent.
    pub agent: Option<AgentId>,
    /// Now.
    pub now: Timestamp,
}

/// A case 受理单.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Where.
    pub site: SiteId,
    /// What people say.
    pub number: String,
    /// The contact that opened it.
    pub contact: ContactId,
    /// How it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: Kind,
    /// Category code.
    pub category: String,
    /// In one line.
    pub title: String,
    /// In full.
    pub description: Option<String>,
    /// Grid or district of the place.
    pub district: Option<String>,
    /// Address of the place.
    pub address: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Who works first.
    pub handling: Handling,
    /// The number in another system.
    pub external_reference: Option<String>,
    /// Where it stands.
    pub state: CaseState,
    /// The customer, once known.
    pub customer: Option<CustomerId>,
    /// First responsible (IN-11).
    pub first_responsible_agent: Option<AgentId>,
    /// Who works or worked on it.
    pub unit: Option<UnitId>,
    /// What was done.
    pub resolution: Option<String>,
    /// Resolved without a work order.
    pub resolved_at_desk: bool,
    /// The customer's answer.
    pub satisfaction: Option<Satisfaction>,
    /// How often reopened.
    pub reopen_count: i32,
    /// Accepted.
    pub accepted_at: Timestamp,
    /// First resolved.
    pub first_resolved_at: Option<Timestamp>,
    /// Last resolved; `None` while reopened.
    pub resolved_at: Option<Timestamp>,
    /// Customer informed.
    pub informed_at: Option<Timestamp>,
    /// How.
    pub inform_channel: Option<Channel>,
    /// What was said.
    pub inform_note: Option<String>,
    /// Closed.
    pub closed_at: Option<Timestamp>,
    /// Last change.
    pub updated_at: Timestamp,
    /// The reason of the last withdrawal or reopening.
    pub reason: Option<String>,
    /// What it waits for, while it is on hold.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// How long it was on hold in all ended spells.
    #[serde(default)]
    pub held_seconds: f64,
    /// Grows with every change; the etag.
    pub version: i64,
    /// Whose work is also its work.
    #[serde(default)]
    pub following: Following,
}

impl NewCase {
    /// Accepts the case; with a history it starts where it stood elsewhere.
    #[must_use]
    pub fn accept(self, id: CaseId, opening: Opening) -> Case {
        let closed_at = self.history.as_ref().and_then(|history| history.closed_at);
        Case {
            id,
            site: opening.site,
            number: opening.number,
            contact: opening.contact,
            channel: opening.channel,
            kind: self.kind,
            category: self.category,
            title: self.title,
            description: self.description,
            district: self.district,
            address: self.address,
            severity: self.severity,
            handling: self.handling,
            external_reference: self.external_reference,
            state: if closed_at.is_some() { CaseState::Closed } else { CaseState::Received },
            customer: None,
            first_responsible_agent: opening.agent,
            unit: None,
            resolution: self.history.and_then(|history| history.resolution),
            resolved_at_desk: false,
            satisfaction: None,
            reopen_count: 0,
            accepted_at: opening.accepted_at,
            first_resolved_at: closed_at,
            resolved_at: closed_at,
            informed_at: None,
            inform_channel: None,
            inform_note: None,
            closed_at,
            updated_at: opening.now,
            reason: None,
            hold: None,
            held_seconds: 0.0,
            version: 1,
            following: Following::default(),
        }
    }
}

impl Case {
    /// Keeps whose case it is, as customer records found out.
    pub fn identify(&mut self, customer: Option<CustomerId>, now: Timestamp) {
        self.customer = customer;
        self.updated_at = now;
        self.version += 1;
    }

    /// Another agent is first responsible from now on, by a handover that they accepted (IN-11).
    pub fn hand_over(&mut self, to: AgentId, now: Timestamp) {
        self.first_responsible_agent = Some(to);
        self.updated_at = now;
        self.version += 1;
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self, time_zone: &str) -> CaseFacts {
        CaseFacts {
            case: self.id,
            number: self.number.clone(),
            site: self.site.clone(),
            time_zone: time_zone.to_owned(),
            contact: self.contact,
            channel: self.channel,
            kind: self.kind,
            category: self.category.clone(),
            district: self.district.clone(),
            severity: self.severity,
            handling: self.handling,
            state: self.state,
            customer: self.customer,
            first_responsible_agent: self.first_responsible_agent.clone(),
            unit: self.unit.clone(),
            resolved_at_desk: self.resolved_at_desk,
            satisfaction: self.satisfaction,
            reopen_count: self.reopen_count,
            accepted_at: self.accepted_at,
            first_resolved_at: self.first_resolved_at,
            resolved_at: self.resolved_at,
            informed_at: self.informed_at,
            closed_at: self.closed_at,
            hold_reason: self.hold.as_ref().map(|hold| hold.reason),
            held_at: self.hold.as_ref().map(|hold| hold.held_at),
            held_seconds: self.held_seconds,
            previous_first_responsible_agent: None,
            duplicate_of: self.following.duplicate_of,
            incident: self.following.incident,
            lead: self.following.lead,
            work_round: self.following.work_round,
        }
    }
}

#[cfg(test)]
mod tests;
