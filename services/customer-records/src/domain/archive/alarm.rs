//! What time brings to an entry: announcements, each told once.
//!
//! | at | event | when |
//! |---|---|---|
//! | due time of the loan | `archive_entry.return_missed` | not back |
//! | expiry of the last assessment | `archive_entry.assessment_expired` | ACTIVE, and it had passed |
//! | end of the retention | `archive_entry.retention_ended` | RETIRED |
//!
//! What was told is marked in the entry, in the transaction of the event. A mark alone keeps the etag.

use kexiang_core::Timestamp;

use super::{
    record::{AssessmentResult, Entry, EntryFacts},
    state::EntryState,
};

/// Told later than this is told late, in seconds.
const PUNCTUAL_SECONDS: i64 = 60;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When it was to be told.
    pub at: Timestamp,
    /// Its event.
    pub event_type: &'static str,
    /// Its data.
    pub facts: EntryFacts,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Loan,
    Assessment,
    Retention,
}

impl Entry {
    /// When the next announcement is to be made.
    #[must_use]
    pub fn fires_at(&self) -> Option<Timestamp> {
        self.pending().into_iter().map(|(at, _)| at).min()
    }

    /// Makes all announcements whose time has come, oldest first.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Alarm> {
        let mut due: Vec<_> = self.pending().into_iter().filter(|(at, _)| *at <= now).collect();
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(at, what)| self.ring(at, what, now)).collect()
    }

    fn pending(&self) -> Vec<(Timestamp, What)> {
        let mut pending = Vec::new();
        if let Some(loan) = self.loan.as_ref().filter(|loan| loan.returned_at.is_none() && !loan.overdue) {
            pending.push((loan.due_at, What::Loan));
        }
        if self.state == EntryState::Active
            && let Some(last) = self.assessments.last()
            && last.result == AssessmentResult::Passed
            && !last.expired
        {
            pending.push((last.expires_at, What::Assessment));
        }
        if self.state == EntryState::Retired
            && let Some(retirement) = self.retirement.as_ref().filter(|retirement| !retirement.ended)
        {
            pending.extend(retirement.retained_until.map(|at| (at, What::Retention)));
        }
        pending
    }

    fn ring(&mut self, at: Timestamp, what: What, now: Timestamp) -> Alarm {
        let mut facts = self.facts();
        let event_type = match what {
            What::Loan => {
                if let Some(loan) = &mut self.loan {
                    loan.overdue = true;
                    (facts.loan_id, facts.borrower) = (Some(loan.loan_id), Some(loan.borrower.clone()));
                }
                "archive_entry.return_missed"
            }
            What::Assessment => {
                if let Some(last) = self.assessments.last_mut() {
                    last.expired = true;
                }
                "archive_entry.assessment_expired"
            }
            What::Retention => {
                if let Some(retirement) = &mut self.retirement {
                    retirement.ended = true;
                }
                "archive_entry.retention_ended"
            }
        };
        facts.late = now.as_second().saturating_sub(at.as_second()) > PUNCTUAL_SECONDS;
        Alarm { at, event_type, facts }
    }
}
