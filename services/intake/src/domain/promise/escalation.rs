//! When a promise is about to be missed, and to whom that is told.

use kexiang_core::{Role, Timestamp};

/// Told later than this many seconds after its time, an alarm is marked late.
pub(super) const LATE_AFTER_SECONDS: i64 = 60;
/// Whom promises are escalated to.
pub(super) const ESCALATED_TO: Role = Role::Supervisor;

/// When a promise is about to be missed: so long before its due time, or when this share of its span is left if that is
/// shorter. A promise of ten minutes is not due soon from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationRule {
    /// Minutes before the due time at most.
    pub lead_minutes: u16,
    /// Per cent of the span from the promise to its due time at most.
    pub share_percent: u8,
}

impl EscalationRule {
    /// When a promise that was given at `from` for `due` is due soon, to the microsecond.
    #[must_use]
    pub fn due_soon_at(self, from: Timestamp, due: Timestamp) -> Timestamp {
        let span = due.as_microsecond().saturating_sub(from.as_microsecond()).max(0);
        // Divided first: no span of time overflows then, and what is lost is below the percents of a microsecond.
        let share = span / 100 * i64::from(self.share_percent);
        let lead = i64::from(self.lead_minutes) * 60_000_000;
        Timestamp::from_microsecond(due.as_microsecond().saturating_sub(share.min(lead))).unwrap_or(due)
    }
}
