//! Phone calls: what telephony systems tell about them, and what it adds up to.
//!
//! | to see | read |
//! |---|---|
//! | one event of a call, and the order of events | [`event`] |
//! | what the events add up to: states, durations, anomalies | [`life`] |
//!
//! # Invariants
//! - Events are kept as they come, once each; nothing of a call is known but from its events.
//! - [`Life::of`] is a function of the *set* of events: their order of arrival and repetitions change nothing.
//! - An event that contradicts the others is kept and named as an [`Anomaly`]; no event is lost.

pub mod event;
pub mod life;
#[cfg(test)]
mod tests;
pub mod words;

use kexiang_core::{AgentId, CallId, Channel, ContactId, PhoneNumber, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{
    event::{CallEvent, CallEventKind},
    life::{Anomaly, Life},
    words::{AnomalyReason, CallOutcome, CallState},
};
use super::contact::Timing;

/// A phone call. Its contact is in the public register since its first event.
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneCall {
    /// Its id.
    pub id: CallId,
    /// Where.
    pub site: SiteId,
    /// Who reported its first event.
    pub source: String,
    /// The telephony system's id, unique per site.
    pub reference: String,
    /// Its contact.
    pub contact: ContactId,
    /// The contact's number in the public register.
    pub register_number: i64,
    /// What its events add up to.
    pub life: Life,
    /// When an agent completed its contact.
    pub completed_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What the events of a call tell of it: nothing personal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Which.
    pub call: CallId,
    /// Where.
    pub site: SiteId,
    /// Its contact.
    pub contact: ContactId,
    /// The contact's number in the public register.
    pub register_number: i64,
    /// Where it stands.
    pub state: CallState,
    /// How it came out.
    pub outcome: Option<CallOutcome>,
    /// Who has it, or had it last.
    pub agent: Option<AgentId>,
    /// How it came in.
    pub channel: Channel,
    /// Its first event.
    pub offered_at: Timestamp,
    /// First answered.
    pub answered_at: Option<Timestamp>,
    /// Over.
    pub ended_at: Option<Timestamp>,
    /// Ring, wait, talk and wrap-up.
    pub timing: Timing,
    /// On hold, in seconds.
    pub hold: Option<f64>,
    /// Rang no longer than the site's limit.
    pub answered_in_time: bool,
    /// How many events contradict the others.
    pub anomaly_count: usize,
}

impl PhoneCall {
    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> CallFacts {
        let Life { state, outcome, agent, offered_at, answered_at, ended_at, timing, hold, .. } =
            self.life.clone();
        CallFacts {
            call: self.id,
            site: self.site.clone(),
            contact: self.contact,
            register_number: self.register_number,
            state,
            outcome,
            agent,
            channel: self.life.channel(),
            offered_at,
            answered_at,
            ended_at,
            timing,
            hold,
            answered_in_time: self.life.answered_in_time,
            anomaly_count: self.life.anomalies.len(),
        }
    }

    /// The caller's phone, if known.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.life.caller_phone.as_ref()
    }
}
