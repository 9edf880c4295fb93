//! Monthly hand-ins: the customer files that an agent has to bring to the archive for a month (CU-13).
//!
//! | file | received | at the due time |
//! |---|---|---|
//! | DUE | HANDED_IN | MISSING, told once |
//! | MISSING | HANDED_IN, late | |
//! | HANDED_IN | | |
//!
//! Invariants: one hand-in for each agent and month (kept by an index); a file is received once, and told as missing at most once.

use kexiang_core::{Actor, AgentId, CustomerId, HandInId, Timestamp};
use serde::{Deserialize, Serialize};

/// Most files of a hand-in.
pub const MAX_FILES: usize = 1_000;
/// Told later than this is told late, in seconds.
const PUNCTUAL_SECONDS: i64 = 60;

/// A month, such as 2026-11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(String);

/// The text is no month.
#[derive(Debug, thiserror::Error)]
#[error("must be a month such as 2026-11")]
pub struct InvalidMonth;

impl Month {
    /// Reads a month.
    ///
    /// # Errors
    /// [`InvalidMonth`].
    pub fn parse(text: &str) -> Result<Self, InvalidMonth> {
        let month = Self(text.to_owned());
        if text.len() == 7 && month.first_day().is_some() { Ok(month) } else { Err(InvalidMonth) }
    }

    /// Such as 2026-11.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a time is, anywhere on earth, before the month.
    #[must_use]
    pub fn is_after(&self, time: Timestamp) -> bool {
        let begin = self.first_day().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        begin.is_some_and(|begin| {
            let earliest = begin.timestamp().as_second().saturating_sub(14 * 3_600);
            time.as_second() < earliest
        })
    }

    fn first_day(&self) -> Option<jiff::civil::Date> {
        format!("{}-01", self.0).parse().ok()
    }
}

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// To be handed in.
    Due,
    /// In.
    HandedIn,
    /// Its time came, and it is not in.
    Missing,
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of a customer's file")]
pub struct UnknownFileState;

impl std::str::FromStr for FileState {
    type Err = UnknownFileState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "DUE" => Ok(Self::Due),
            "HANDED_IN" => Ok(Self::HandedIn),
            "MISSING" => Ok(Self::Missing),
            _ => Err(UnknownFileState),
        }
    }
}

/// That a file came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReceipt {
    /// When.
    pub handed_in_at: Timestamp,
    /// Who received it.
    pub receiver: Actor,
    /// Where the paper lies.
    pub file_number: String,
}

/// A customer's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFile {
    /// Whose.
    pub customer_id: CustomerId,
    /// Once it is in.
    pub receipt: Option<FileReceipt>,
    /// Told as missing.
    pub missed: bool,
}

impl CustomerFile {
    /// Where it stands.
    #[must_use]
    pub fn state(&self, due_at: Timestamp, now: Timestamp) -> FileState {
        match &self.receipt {
            Some(_) => FileState::HandedIn,
            None if due_at <= now => FileState::Missing,
            None => FileState::Due,
        }
    }

    /// Came in after its time.
    #[must_use]
    pub fn is_late(&self, due_at: Timestamp) -> bool {
        self.receipt.as_ref().is_some_and(|receipt| receipt.handed_in_at >= due_at)
    }
}

/// A hand-in but for its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInHead {
    /// Which.
    pub hand_in_id: HandInId,
    /// Whose.
    pub agent: AgentId,
    /// For when.
    pub month: Month,
    /// When the files are to be in.
    pub due_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change; the etag.
    pub version: i64,
}

/// A hand-in and its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInSummary {
    /// Which.
    pub head: HandInHead,
    /// Files in.
    pub handed_in: i32,
    /// Files not in.
    pub outstanding: i32,
}

/// A hand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandIn {
    /// All but the files.
    pub head: HandInHead,
    /// No customer twice.
    pub files: Vec<CustomerFile>,
}

/// Data of the events of a hand-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInFacts {
    /// Which.
    pub hand_in_id: HandInId,
    /// Whose.
    pub agent: AgentId,
    /// For when.
    pub month: String,
    /// Of which file.
    pub customer_id: Option<CustomerId>,
    /// In, or told, late.
    pub late: bool,
}

/// Why a rule of hand-ins refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandInError {
    /// The file is none of this hand-in.
    #[error("the file of {0:?} is not due here")]
    NotDue(CustomerId),
    /// It came already.
    #[error("the file of {0:?} was handed in already")]
    HandedIn(CustomerId),
    /// As many as a hand-in has.
    #[error("a hand-in has at most {MAX_FILES} files")]
    Limit,
}

impl HandIn {
    /// A new one.
    ///
    /// # Errors
    /// [`HandInError::Limit`].
    pub fn open(
        (agent, month, due_at): (AgentId, Month, Timestamp),
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Self, HandInError> {
        let hand_in_id = HandInId::at(now);
        let head =
            HandInHead { hand_in_id, agent, month, due_at, created_at: now, updated_at: now, version: 0 };
        let mut hand_in = Self { head, files: Vec::new() };
        hand_in.add(customers, now)?;
        Ok(hand_in)
    }

    /// Adds files that are due; those that are there stay as they are.
    ///
    /// # Errors
    /// [`HandInError::Limit`]; then nothing has changed.
    pub fn add(&mut self, customers: &[CustomerId], now: Timestamp) -> Result<(), HandInError> {
        let mut files = self.files.clone();
        for customer_id in customers {
            if !files.iter().any(|file| file.customer_id == *customer_id) {
                files.push(CustomerFile { customer_id: *customer_id, receipt: None, missed: false });
            }
        }
        if files.len() > MAX_FILES {
            return Err(HandInError::Limit);
        }
        self.files = files;
        self.touch(now);
        Ok(())
    }

    /// A file came in. Gives what its event tells.
    ///
    /// # Errors
    /// [`HandInError::NotDue`], [`HandInError::HandedIn`].
    pub fn receive(
        &mut self,
        customer: CustomerId,
        file_number: &str,
        receiver: &Actor,
        now: Timestamp,
    ) -> Result<HandInFacts, HandInError> {
        let file = self.files.iter_mut().find(|file| file.customer_id == customer);
        let file = file.ok_or(HandInError::NotDue(customer))?;
        if file.receipt.is_some() {
            return Err(HandInError::HandedIn(customer));
        }
        let (receiver, file_number) = (receiver.clone(), file_number.to_owned());
        file.receipt = Some(FileReceipt { handed_in_at: now, receiver, file_number });
        let late = file.is_late(self.head.due_at);
        self.touch(now);
        Ok(HandInFacts { customer_id: Some(customer), late, ..self.facts() })
    }

    /// When the missing files are to be told.
    #[must_use]
    pub fn fires_at(&self) -> Option<Timestamp> {
        let untold = self.files.iter().any(|file| file.receipt.is_none() && !file.missed);
        untold.then_some(self.head.due_at)
    }

    /// Tells files that are missing, each once. Marks alone keep the etag.
    pub fn advance(&mut self, now: Timestamp) -> Vec<HandInFacts> {
        let due_at = self.head.due_at;
        if due_at > now {
            return Vec::new();
        }
        let facts = self.facts();
        let late = now.as_second().saturating_sub(due_at.as_second()) > PUNCTUAL_SECONDS;
        let missing = self.files.iter_mut().filter(|file| file.receipt.is_none() && !file.missed);
        let tell = |file: &mut CustomerFile| {
            file.missed = true;
            HandInFacts { customer_id: Some(file.customer_id), late, ..facts.clone() }
        };
        missing.map(tell).collect()
    }

    /// Its figures.
    #[must_use]
    pub fn summary(&self) -> HandInSummary {
        let handed_in = self.files.iter().filter(|file| file.receipt.is_some()).count();
        let count = |files: usize| i32::try_from(files).unwrap_or(i32::MAX);
        HandInSummary {
            head: self.head.clone(),
            handed_in: count(handed_in),
            outstanding: count(self.files.len() - handed_in),
        }
    }

    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> HandInFacts {
        let HandInHead { hand_in_id, agent, month, .. } = &self.head;
        let (agent, month) = (agent.clone(), month.as_str().to_owned());
        HandInFacts { hand_in_id: *hand_in_id, agent, month, customer_id: None, late: false }
    }

    fn touch(&mut self, now: Timestamp) {
        self.head.updated_at = now;
        self.head.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_missing_file_is_told_once_and_no_file_is_lost(
            steps in prop::collection::vec((0..8_usize, any::<bool>(), 0..3_i64), 0..40),
        ) {
            let day = |days| Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
            let customers: Vec<_> = (0..8).map(|days| CustomerId::at(day(days))).collect();
            let of = ("bo".parse().unwrap(), Month::parse("1970-01").unwrap(), day(20));
            let mut hand_in = HandIn::open(of, &customers[..3], day(0)).unwrap();
            let (mut today, mut told) = (0, Vec::new());

            for (which, add, days) in steps {
                today += days;
                told.extend(hand_in.advance(day(today)).into_iter().filter_map(|facts| facts.customer_id));
                if add {
                    hand_in.add(&customers[which..=which], day(today)).unwrap();
                } else {
                    let there = hand_in.files.iter().find(|file| file.customer_id == customers[which]);
                    let free = there.is_some_and(|file| file.receipt.is_none());
                    let by = "agents/ann".parse().unwrap();
                    prop_assert_eq!(hand_in.receive(customers[which], "1", &by, day(today)).is_ok(), free);
                }
            }
            told.extend(hand_in.advance(day(90)).into_iter().filter_map(|facts| facts.customer_id));

            let summary = hand_in.summary();
            prop_assert_eq!(usize::try_from(summary.handed_in + summary.outstanding).unwrap(), hand_in.files.len());
            for file in &hand_in.files {
                let times = told.iter().filter(|customer| **customer == file.customer_id).count();
                prop_assert_eq!(times, usize::from(file.missed));
                prop_assert!(file.missed || file.receipt.is_some());
            }
            prop_assert_eq!(hand_in.fires_at(), None);
        }

        #[test]
        fn no_text_panics_as_a_month(text in "\\PC{0,9}") {
            let _ = Month::parse(&text);
        }
    }

    #[test]
    fn months_are_months() {
        assert!(Month::parse("2026-11").is_ok());
        for wrong in ["2026-13", "2026-1", "26-11", "", "2026-11-01", "2026/11"] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
    }
}
