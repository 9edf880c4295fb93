//! First-contact resolution (IN-10): resolved at the desk, and the same matter did not come again.
//!
//! The definition is metrics.md's: resolved at the desk, and no reopening and no new contact of the same customer and
//! category within [`WINDOW_DAYS`] days, of all that was resolved; provisional until those days have passed.

use jiff::{SignedDuration, Timestamp};

/// How long the same matter must not come again, in days of 24 hours.
pub const WINDOW_DAYS: i32 = 7;
const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The first-contact resolution of the cases that were first resolved in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FirstContact {
    /// Cases first resolved in the period.
    pub resolved: i64,
    /// Those of them that the desk resolved.
    pub resolved_at_desk: i64,
    /// Those of them whose matter has not come again so far.
    pub first_contact_resolved: i64,
    /// It may still fall.
    pub is_provisional: bool,
}

impl FirstContact {
    /// The rate; `None` when nothing was resolved.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of cases are far below 2^52")]
        (self.resolved > 0).then(|| self.first_contact_resolved as f64 / self.resolved as f64)
    }
}

/// Whether the figure of a period that ends at `end` may still fall at `now`.
#[must_use]
pub fn is_provisional(end: Timestamp, now: Timestamp) -> bool {
    now.duration_since(end) < WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_final_once_the_last_case_can_not_come_again() {
        let end = Timestamp::UNIX_EPOCH;

        assert!(is_provisional(end, end + SignedDuration::from_hours(167)));
        assert!(!is_provisional(end, end + SignedDuration::from_hours(168)));
    }

    #[test]
    fn nothing_resolved_has_no_rate() {
        assert_eq!(FirstContact::default().rate(), None);
        assert_eq!(
            FirstContact { resolved: 4, first_contact_resolved: 1, ..Default::default() }.rate(),
            Some(0.25)
        );
    }
}
