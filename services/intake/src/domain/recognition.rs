//! Who is calling, and whether it is about something open (IN-6): the rules. No IO.

use jiff::SignedDuration;
use kexiang_core::{CaseId, CustomerId, CustomerKind, PhoneNumber, SiteId, Timestamp};

use super::{Case, Contact, promise::Promise};

/// How far back contacts count for the frequency.
pub const RECENT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Contacts of a phone that are looked at.
pub const LOOKED_AT: i64 = 100;
/// Open cases in the answer.
pub const MAX_OPEN_CASES: i64 = 20;
/// Promises in the answer, of all its cases.
pub const MAX_PROMISES: i64 = 100;
/// Contacts in the answer.
pub const MAX_LAST_CONTACTS: usize = 5;

/// The number of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Shown.
    Number(PhoneNumber),
    /// Withheld.
    Withheld,
}

/// Somebody calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The site that is called.
    pub site: SiteId,
    /// From where.
    pub line: Line,
    /// What about, as far as they chose.
    pub category: Option<String>,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `None` for a caller who is not identified yet.
    pub customer: Option<CustomerId>,
    /// Name.
    pub display_name: String,
    /// What they are.
    pub kind: CustomerKind,
}

/// How often a caller came in the last 30 days, this time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Nobody can tell.
    Unknown,
    /// For the first time.
    First,
    /// For the second time.
    Second,
    /// For the third time or more often.
    Repeated,
}

/// Who could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Everybody who knows something.
    Complete,
    /// Customer records did not answer in time.
    Degraded,
}

/// A case that is not closed, the last thing that happened with it, and what is promised about it.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCase {
    /// The case.
    pub case: Case,
    /// The type of its last event; `None` when it was brought in beside the log.
    pub last_event: Option<String>,
    /// What the customer waits for.
    pub promises: Vec<Promise>,
}

/// What is known of a caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognition {
    /// Who; `None` when unknown.
    pub identity: Option<Identity>,
    /// How often.
    pub frequency: Frequency,
    /// Contacts in the last 30 days, this one not included.
    pub recent_contacts: i64,
    /// The case to join, when it is the old matter; `None` for a new one.
    pub joins: Option<CaseId>,
    /// What is open, latest change first.
    pub open_cases: Vec<OpenCase>,
    /// By this phone, newest first.
    pub last_contacts: Vec<Contact>,
    /// Who could be asked.
    pub source: Source,
}

impl Frequency {
    /// By contacts in the last 30 days, this one not included.
    #[must_use]
    pub const fn of(recent_contacts: i64) -> Self {
        match recent_contacts {
            ..=0 => Self::First,
            1 => Self::Second,
            2.. => Self::Repeated,
        }
    }
}

impl Recognition {
    /// Of a caller whose number is withheld.
    #[must_use]
    pub const fn of_nobody() -> Self {
        Self {
            identity: None,
            frequency: Frequency::Unknown,
            recent_contacts: 0,
            joins: None,
            open_cases: Vec::new(),
            last_contacts: Vec::new(),
            source: Source::Complete,
        }
    }
}

/// How many of these contacts are recent.
#[must_use]
pub fn count_recent(contacts: &[Contact], now: Timestamp) -> i64 {
    let since = now.checked_sub(RECENT).unwrap_or(Timestamp::MIN);
    let recent = contacts.iter().filter(|contact| contact.contact_at > since).count();
    i64::try_from(recent).unwrap_or(i64::MAX)
}

/// Who called last by this phone, as they said.
#[must_use]
pub fn last_caller(contacts: &[Contact]) -> Option<Identity> {
    let last = contacts.first()?;
    Some(Identity {
        customer: contacts.iter().find_map(|contact| contact.customer),
        display_name: last.caller.display_name.clone(),
        kind: last.caller.kind,
    })
}

/// The case that this call is probably about: of those at the site, of the category if one is given, the one where something
/// happened last. `cases` come latest change first.
#[must_use]
pub fn old_matter(cases: &[OpenCase], inquiry: &Inquiry) -> Option<CaseId> {
    let fits = |open: &&OpenCase| {
        open.case.site == inquiry.site
            && inquiry.category.as_ref().is_none_or(|category| open.case.category == *category)
    };
    cases.iter().find(fits).map(|open| open.case.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_time_in_thirty_days_is_repeated() {
        let frequencies = [0, 1, 2, 3, 100].map(Frequency::of);

        assert_eq!(
            frequencies,
            [
                Frequency::First,
                Frequency::Second,
                Frequency::Repeated,
                Frequency::Repeated,
                Frequency::Repeated
            ]
        );
    }
}
