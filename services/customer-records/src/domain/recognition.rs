//! What an agent hears while greeting: who calls, how often, and what is open (IN-6).

use jiff::{SignedDuration, Timestamp};
use kexiang_core::CaseId;

use super::customer::Customer;

/// How far back a contact counts for the frequency.
pub const RECENT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many open cases an agent is told.
pub const MAX_OPEN_CASES: i64 = 20;

/// How often a caller came in the last 30 days, this time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerFrequency {
    /// No customer has this phone.
    Unknown,
    /// Known, and no contact in the last 30 days.
    First,
    /// One contact in the last 30 days.
    Second,
    /// Two or more contacts in the last 30 days.
    Repeated,
}

impl CallerFrequency {
    /// Of a known caller with so many contacts before this one.
    #[must_use]
    pub const fn of_known(recent_contacts: i64) -> Self {
        match recent_contacts {
            ..=0 => Self::First,
            1 => Self::Second,
            2.. => Self::Repeated,
        }
    }
}

/// A case that is not yet closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// Which.
    pub case_id: CaseId,
    /// What people say.
    pub number: String,
    /// Category code.
    pub category: String,
    /// Accepted.
    pub accepted_at: Timestamp,
}

/// A caller who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCaller {
    /// Who.
    pub customer: Customer,
    /// Contacts in the last 30 days, this one not included.
    pub recent_contacts: i64,
    /// Newest first, at most [`MAX_OPEN_CASES`].
    pub open_cases: Vec<OpenCase>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_time_is_repeated() {
        let frequencies = [0, 1, 2, 30].map(CallerFrequency::of_known);

        assert_eq!(
            frequencies,
            [
                CallerFrequency::First,
                CallerFrequency::Second,
                CallerFrequency::Repeated,
                CallerFrequency::Repeated
            ]
        );
    }
}
