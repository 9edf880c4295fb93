//! What the events of intake tell: ids and codes, no personal data. The log keeps these as JSON; `grpc/convert` writes them as
//! the messages of `kexiang/intake/v1/event.proto`.

use kexiang_core::{
    Actor, AgentId, CaseId, Channel, ContactId, CustomerId, DuplicateProposalId, HoldReason, IncidentId,
    Kind, Satisfaction, Severity, SiteId, Timestamp, UnitId,
};
use serde::{Deserialize, Serialize};

use super::{
    case::{CaseState, Handling},
    contact::Purpose,
    duplicate::{DuplicateProposal, ProposalState},
    incident::{Incident, IncidentState},
};

/// Facts of a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactFacts {
    /// Which.
    pub contact: ContactId,
    /// Where.
    pub site: SiteId,
    /// Its number in the public register.
    pub register_number: i64,
    /// When.
    pub contact_at: Timestamp,
    /// How.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// Who registered it.
    pub registered_by: Actor,
    /// The case that it opened or joined.
    pub case: Option<CaseId>,
    /// The customer, once known.
    pub customer: Option<CustomerId>,
}

/// Facts of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseFacts {
    /// Which.
    pub case: CaseId,
    /// What people say.
    pub number: String,
    /// Where.
    pub site: SiteId,
    /// The site's time zone.
    pub time_zone: String,
    /// The contact that opened it.
    pub contact: ContactId,
    /// How it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: Kind,
    /// Category code.
    pub category: String,
    /// Grid or district.
    pub district: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Who works first.
    pub handling: Handling,
    /// Where it stands.
    pub state: CaseState,
    /// The customer, once known.
    pub customer: Option<CustomerId>,
    /// First responsible.
    pub first_responsible_agent: Option<AgentId>,
    /// Who works on it.
    pub unit: Option<UnitId>,
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
    /// Last resolved.
    pub resolved_at: Option<Timestamp>,
    /// Customer informed.
    pub informed_at: Option<Timestamp>,
    /// Closed.
    pub closed_at: Option<Timestamp>,
    /// What it waits for, while it is on hold.
    #[serde(default)]
    pub hold_reason: Option<HoldReason>,
    /// Since when it is on hold.
    #[serde(default)]
    pub held_at: Option<Timestamp>,
    /// How long it was on hold in all ended spells.
    #[serde(default)]
    pub held_seconds: f64,
    /// Of `case.handed_over` alone: who was first responsible before.
    #[serde(default)]
    pub previous_first_responsible_agent: Option<AgentId>,
    /// The case that it was linked to as a duplicate.
    #[serde(default)]
    pub duplicate_of: Option<CaseId>,
    /// The incident that it is part of.
    #[serde(default)]
    pub incident: Option<IncidentId>,
    /// The case whose work is also its work.
    #[serde(default)]
    pub lead: Option<CaseId>,
    /// How often it went its own way again after following another.
    #[serde(default)]
    pub work_round: i32,
}

/// Facts of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentFacts {
    /// Which.
    pub incident: IncidentId,
    /// Where.
    pub site: SiteId,
    /// Grid or district.
    pub district: String,
    /// Category code.
    pub category: String,
    /// Where it stands.
    pub state: IncidentState,
    /// The case whose work is the work of all.
    pub lead: Option<CaseId>,
    /// Found by its reports.
    pub detected: bool,
    /// Opened.
    pub created_at: Timestamp,
    /// Resolved.
    pub resolved_at: Option<Timestamp>,
    /// Closed or dissolved.
    pub ended_at: Option<Timestamp>,
}

impl From<&Incident> for IncidentFacts {
    fn from(incident: &Incident) -> Self {
        Self {
            incident: incident.id,
            site: incident.site.clone(),
            district: incident.district.clone(),
            category: incident.category.clone(),
            state: incident.state,
            lead: incident.lead,
            detected: incident.detected,
            created_at: incident.created_at,
            resolved_at: incident.resolved_at,
            ended_at: incident.ended_at,
        }
    }
}

/// Facts of a proposal that two cases are one matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateProposalFacts {
    /// Which.
    pub proposal: DuplicateProposalId,
    /// Where.
    pub site: SiteId,
    /// The later case.
    pub case: CaseId,
    /// The earlier one.
    pub earlier: CaseId,
    /// Where it stands.
    pub state: ProposalState,
    /// Between their acceptances.
    pub minutes_apart: i32,
}

impl From<&DuplicateProposal> for DuplicateProposalFacts {
    fn from(proposal: &DuplicateProposal) -> Self {
        Self {
            proposal: proposal.id,
            site: proposal.site.clone(),
            case: proposal.case,
            earlier: proposal.earlier,
            state: proposal.state,
            minutes_apart: proposal.likeness.minutes_apart,
        }
    }
}
