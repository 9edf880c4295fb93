//! When a customer wants to be reached by a contact point (CU-2): days of the week and local times.

use std::{fmt, str::FromStr};

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// Most preferred times of a contact point.
pub const MOST_PREFERRED_TIMES: usize = 20;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Day {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
            Self::Sunday => "SUNDAY",
        }
    }
}

impl FromStr for Day {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A time of the day, in minutes from midnight: 0 to 1,440, where 1,440 is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalTime(u16);

/// A text is no local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a local time from 00:00 to 24:00, such as 18:30")]
pub struct InvalidLocalTime;

impl LocalTime {
    /// Midnight before the day.
    pub const BEGIN: Self = Self(0);
    /// Midnight after the day.
    pub const END: Self = Self(DAY);
}

impl FromStr for LocalTime {
    type Err = InvalidLocalTime;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse::<u16>().map_err(|_| InvalidLocalTime) } else { Err(InvalidLocalTime) }
        };
        let (hour, minute) = text.split_once(':').ok_or(InvalidLocalTime)?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        let time = Self(hour * 60 + minute);
        if minute < 60 && time <= Self::END { Ok(time) } else { Err(InvalidLocalTime) }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A preferred time. Invariant: it begins before it ends, on the same day; no day twice, in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PreferredTime {
    days: Vec<Day>,
    begin: LocalTime,
    end: LocalTime,
}

/// A preferred time ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be after the beginning")]
pub struct EndsBeforeItBegins;

impl PreferredTime {
    /// On these days, every day when there are none, from `begin` to `end`.
    ///
    /// # Errors
    /// [`EndsBeforeItBegins`].
    pub fn new(mut days: Vec<Day>, begin: LocalTime, end: LocalTime) -> Result<Self, EndsBeforeItBegins> {
        days.sort();
        days.dedup();
        if begin < end { Ok(Self { days, begin, end }) } else { Err(EndsBeforeItBegins) }
    }

    /// Days; empty for every day.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// When it begins.
    #[must_use]
    pub const fn begin(&self) -> LocalTime {
        self.begin
    }

    /// When it ends.
    #[must_use]
    pub const fn end(&self) -> LocalTime {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_of_the_day_is_read_back_as_written(minutes in 0..=DAY) {
            prop_assert_eq!(LocalTime(minutes).to_string().parse(), Ok(LocalTime(minutes)));
        }
    }

    #[test]
    fn what_is_no_time_of_the_day_is_refused() {
        for text in ["", "8:00", "08:60", "24:01", "99:00", "08-00", "+8:00", "08:00:00"] {
            assert_eq!(text.parse::<LocalTime>(), Err(InvalidLocalTime), "{text}");
        }
    }

    #[test]
    fn it_begins_before_it_ends_and_has_each_day_once() {
        let time =
            PreferredTime::new(vec![Day::Sunday, Day::Monday, Day::Sunday], LocalTime::BEGIN, LocalTime::END);

        assert_eq!(time.unwrap().days(), [Day::Monday, Day::Sunday]);
        assert_eq!(PreferredTime::new(vec![], LocalTime::END, LocalTime::END), Err(EndsBeforeItBegins));
    }
}
