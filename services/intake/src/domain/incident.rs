//! Incidents: mass faults (IN-16).
//!
//! | from | what happens | to |
//! |---|---|---|
//! | OPEN | its lead case is resolved, or it is resolved by hand with all its cases | RESOLVED |
//! | OPEN | dissolved, with a reason, or nobody is left in it | DISSOLVED |
//! | RESOLVED | closed, all its cases being closed | CLOSED |
//!
//! Invariants: at most one is OPEN of a site, district and category; an OPEN one has a lead case, which is part of it and
//! follows nobody; all its other cases that are open for work follow the lead.

use kexiang_core::{CaseId, IncidentId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncidentState {
    /// Reports join.
    Open,
    /// The work is done.
    Resolved,
    /// All its cases are closed. Final.
    Closed,
    /// It was none, or nobody is left. Final.
    Dissolved,
}

impl IncidentState {
    const ALL: [Self; 4] = [Self::Open, Self::Resolved, Self::Closed, Self::Dissolved];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Resolved => "RESOLVED",
            Self::Closed => "CLOSED",
            Self::Dissolved => "DISSOLVED",
        }
    }
}

impl std::str::FromStr for IncidentState {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || kexiang_core::vocabulary::UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// Where reports count together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area {
    /// The site.
    pub site: SiteId,
    /// Grid or district.
    pub district: String,
    /// Category code.
    pub category: String,
}

/// When so many reports are one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// So many reports; 0 for never.
    pub reports: usize,
    /// Within this time, both ends counted.
    pub window: jiff::SignedDuration,
}

/// An incident 群障.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
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
    /// What was done.
    pub resolution: Option<String>,
    /// Why it was dissolved.
    pub reason: Option<String>,
    /// Opened.
    pub created_at: Timestamp,
    /// Resolved.
    pub resolved_at: Option<Timestamp>,
    /// Closed or dissolved.
    pub ended_at: Option<Timestamp>,
    /// Last change.
    pub updated_at: Timestamp,
    /// Grows with every change; the etag.
    pub version: i64,
}

/// The incident's state does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the incident is {} and must be {}", .state.as_str(), .needed.as_str())]
pub struct IncidentStateError {
    /// Where it stands.
    pub state: IncidentState,
    /// What is needed.
    pub needed: IncidentState,
}

impl Incident {
    /// A new one without any case yet.
    #[must_use]
    pub fn open(id: IncidentId, area: Area, detected: bool, now: Timestamp) -> Self {
        Self {
            id,
            site: area.site,
            district: area.district,
            category: area.category,
            state: IncidentState::Open,
            lead: None,
            detected,
            resolution: None,
            reason: None,
            created_at: now,
            resolved_at: None,
            ended_at: None,
            updated_at: now,
            version: 1,
        }
    }

    /// Whether it stands where `needed` says.
    ///
    /// # Errors
    /// [`IncidentStateError`].
    pub fn need(&self, needed: IncidentState) -> Result<(), IncidentStateError> {
        if self.state == needed { Ok(()) } else { Err(IncidentStateError { state: self.state, needed }) }
    }

    /// OPEN → RESOLVED.
    pub(super) fn resolve(&mut self, resolution: &str, at: Timestamp) {
        self.state = IncidentState::Resolved;
        self.resolution = Some(resolution.to_owned());
        self.resolved_at = Some(at.max(self.created_at));
    }

    /// RESOLVED → CLOSED.
    pub(super) fn close(&mut self, now: Timestamp) {
        self.state = IncidentState::Closed;
        self.ended_at = Some(now);
    }

    /// OPEN → DISSOLVED.
    pub(super) fn dissolve(&mut self, reason: &str, now: Timestamp) {
        self.state = IncidentState::Dissolved;
        self.lead = None;
        self.reason = Some(reason.to_owned());
        self.ended_at = Some(now);
    }

    /// Somebody joined, left or leads now.
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

/// The first moment, by acceptance time, at which `threshold.reports` of the times (in order) lie within the window: gives
/// the place of the earliest report that counted. All from there on become part of the incident.
#[must_use]
pub fn first_of_mass(times: &[Timestamp], threshold: Threshold) -> Option<usize> {
    if threshold.reports == 0 {
        return None;
    }
    let last = (threshold.reports - 1..times.len())
        .find(|last| times[*last].duration_since(times[last + 1 - threshold.reports]) <= threshold.window)?;
    times.iter().position(|time| times[last].duration_since(*time) <= threshold.window)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn found(minutes: &[i64]) -> Option<usize> {
        let times: Vec<_> = minutes.iter().map(|at| minute(*at)).collect();
        first_of_mass(&times, Threshold { reports: 5, window: SignedDuration::from_mins(30) })
    }

    #[test]
    fn five_within_thirty_minutes_are_a_mass_fault_and_four_are_none() {
        assert_eq!(found(&[0, 10, 20, 30]), None);
        assert_eq!(found(&[0, 10, 20, 25, 30]), Some(0));
        assert_eq!(found(&[0, 10, 20, 25, 31]), None);
        assert_eq!(found(&[0, 40, 41, 42, 43, 44]), Some(1));
    }

    proptest! {
        #[test]
        fn it_is_found_exactly_when_some_window_holds_enough(mut minutes in proptest::collection::vec(0..300_i64, 0..30)) {
            minutes.sort_unstable();

            let naive = minutes.iter().any(|end| {
                minutes.iter().filter(|at| (end - 30..=*end).contains(at)).count() >= 5
            });

            prop_assert_eq!(found(&minutes).is_some(), naive);
        }
    }
}
