//! Promises to customers (IN-12).
//!
//! | from | what happens | to |
//! |---|---|---|
//! | OPEN | the customer is contacted before the due time | KEPT |
//! | OPEN | the due time comes | MISSED, escalation level 2 |
//! | OPEN | it is due soon | OPEN, escalation level 1 |
//! | OPEN | another time is agreed | OPEN, escalation level 0 |
//! | MISSED | the customer is contacted | KEPT_LATE |
//! | OPEN, MISSED | it is given to another owner | as it was |
//! | OPEN, MISSED | it is taken back, or its case is withdrawn | WITHDRAWN |
//!
//! Invariants:
//! - What a promise is at a time depends on its commands and their times alone, never on when a timer got to it: every command
//!   first tells what is due by then ([`Promise::advance`]). A promise that is recorded as kept at its due time or later was
//!   missed, even when the customer was contacted before; lateness is measured to the contact.
//! - Of each due time, "due soon" and "missed" are told at most once, in this order, and missed never without due soon.
//! - `missed_at` is the due time, and set exactly when it was missed; it stays when the promise is kept late or withdrawn.
//! - The level of escalation never falls, but for another due time.

mod command;
mod escalation;
mod facts;
mod words;

use self::escalation::{ESCALATED_TO, LATE_AFTER_SECONDS};
use kexiang_core::{Actor, AgentId, CaseId, PromiseId, Role, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{
    command::{Command, PromiseError, WITHDRAWN},
    escalation::EscalationRule,
    facts::{Alarm, PromiseFacts},
    words::{PromiseKind, PromiseState},
};

/// A promise to be made, checked field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPromise {
    /// About which case.
    pub case: CaseId,
    /// What.
    pub kind: PromiseKind,
    /// By when; in the future.
    pub due_at: Timestamp,
    /// Who keeps it.
    pub owner: AgentId,
    /// What to say or ask.
    pub note: Option<String>,
}

/// A change of due time or owner: what it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseChange {
    /// When.
    pub changed_at: Timestamp,
    /// Who.
    pub changed_by: Actor,
    /// What was changed.
    pub previous: Previous,
    /// Why.
    pub reason: String,
}

/// What was changed, as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Previous {
    /// The due time.
    DueAt(Timestamp),
    /// The owner.
    Owner(AgentId),
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Its id.
    pub id: PromiseId,
    /// About which case.
    pub case: CaseId,
    /// The case's site.
    pub site: SiteId,
    /// What.
    pub kind: PromiseKind,
    /// Where it stands.
    pub state: PromiseState,
    /// Who keeps it.
    pub owner: AgentId,
    /// What to say or ask.
    pub note: Option<String>,
    /// When it was given.
    pub made_at: Timestamp,
    /// Who gave it.
    pub made_by: Actor,
    /// By when.
    pub due_at: Timestamp,
    /// When it is due soon, by [`EscalationRule`].
    pub due_soon_at: Timestamp,
    /// 0; 1 once it was told to be due soon; 2 once it was missed.
    pub escalation_level: i32,
    /// Its due time, if it was missed.
    pub missed_at: Option<Timestamp>,
    /// When the customer was contacted.
    pub kept_at: Option<Timestamp>,
    /// What was said then.
    pub keep_note: Option<String>,
    /// Why it was taken back.
    pub withdrawal_reason: Option<String>,
    /// All changes of due time and owner, oldest first.
    pub changes: Vec<PromiseChange>,
    /// Last change.
    pub updated_at: Timestamp,
    /// Grows with every change; the etag.
    pub version: i64,
}

impl NewPromise {
    /// Makes the promise about a case of `site`.
    #[must_use]
    pub fn make(
        self,
        id: PromiseId,
        site: SiteId,
        by: Actor,
        rule: EscalationRule,
        now: Timestamp,
    ) -> Promise {
        Promise {
            id,
            case: self.case,
            site,
            kind: self.kind,
            state: PromiseState::Open,
            owner: self.owner,
            note: self.note,
            made_at: now,
            made_by: by,
            due_at: self.due_at,
            due_soon_at: rule.due_soon_at(now, self.due_at),
            escalation_level: 0,
            missed_at: None,
            kept_at: None,
            keep_note: None,
            withdrawal_reason: None,
            changes: Vec::new(),
            updated_at: now,
            version: 1,
        }
    }
}

impl Promise {
    /// When the next alarm goes off; `None` when none is left.
    #[must_use]
    pub fn fires_at(&self) -> Option<Timestamp> {
        self.next_alarm().map(|(_, at)| at)
    }

    /// Lets all alarms go off whose time has come. Called again at the same time, it finds none.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        while let Some((event_type, at)) = self.next_alarm().filter(|(_, at)| *at <= now) {
            self.escalation_level += 1;
            if self.escalation_level == 2 {
                self.state = PromiseState::Missed;
                self.missed_at = Some(self.due_at);
            }
            self.touch(now);
            let late = now.as_second().saturating_sub(at.as_second()) > LATE_AFTER_SECONDS;
            alarms.push(Alarm { event_type, at, facts: PromiseFacts { late, ..self.facts() } });
        }
        alarms
    }

    /// Whole seconds from the due time to the contact; 0 when in time, or not kept.
    #[must_use]
    pub fn lateness_seconds(&self) -> i64 {
        self.kept_at.map_or(0, |kept_at| kept_at.as_second().saturating_sub(self.due_at.as_second()).max(0))
    }

    /// Whom it is escalated to.
    #[must_use]
    pub fn escalation_role(&self) -> Option<Role> {
        (self.escalation_level > 0).then_some(ESCALATED_TO)
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> PromiseFacts {
        PromiseFacts {
            promise: self.id,
            case: self.case,
            site: self.site.clone(),
            kind: self.kind,
            state: self.state,
            owner: self.owner.clone(),
            made_at: self.made_at,
            due_at: self.due_at,
            missed_at: self.missed_at,
            kept_at: self.kept_at,
            lateness_seconds: self.lateness_seconds(),
            escalation_level: self.escalation_level,
            escalation_role: self.escalation_role().map(|role| role.to_string()),
            late: false,
        }
    }

    fn next_alarm(&self) -> Option<(&'static str, Timestamp)> {
        match (self.state, self.escalation_level) {
            (PromiseState::Open, 0) => Some(("promise.due_soon", self.due_soon_at)),
            (PromiseState::Open, _) => Some(("promise.missed", self.due_at)),
            _ => None,
        }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests;
