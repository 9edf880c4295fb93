//! Whose day something falls on, and spans of such days.
//!
//! A day is the site's own: from its midnight to the next one, 23 or 25 hours long where clocks are changed.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use thiserror::Error;

/// There is no such time zone in the tz database.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no such time zone: {0}")]
pub struct UnknownZone(String);

/// The time zone of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteZone {
    name: String,
    zone: TimeZone,
}

impl SiteZone {
    /// Looks an IANA name such as `Asia/Shanghai` up.
    ///
    /// # Errors
    /// [`UnknownZone`] when the tz database has no such name.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The site's own day in which `instant` lies.
    #[must_use]
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant).date()
    }

    /// When the site's own day begins: at midnight, or where clocks skip it, at the first instant after. `None` beyond the
    /// times that can be told.
    #[must_use]
    pub fn start_of(&self, day: Date) -> Option<Timestamp> {
        day.to_zoned(self.zone.clone()).ok()?.start_of_day().ok().map(|start| start.timestamp())
    }
}

/// A text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a day of the calendar, such as 2026-11-22")]
pub struct InvalidDate;

/// Reads a day in exactly the form `2026-11-22`, from year 1 to 9999.
///
/// # Errors
/// [`InvalidDate`] for any other form and for days that the calendar does not have.
pub fn parse_date(text: &str) -> Result<Date, InvalidDate> {
    let date: Date = text.parse().map_err(|_| InvalidDate)?;
    if date.year() >= 1 && date.to_string() == text { Ok(date) } else { Err(InvalidDate) }
}

/// A period ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must not be before the first day")]
pub struct EndBeforeStart;

/// A span of days, both ends included; open where an end is absent. The first is never after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: Option<Date>,
    last: Option<Date>,
}

impl Period {
    /// The span from `first` to `last`.
    ///
    /// # Errors
    /// [`EndBeforeStart`] when the last day lies before the first.
    pub fn new(first: Option<Date>, last: Option<Date>) -> Result<Self, EndBeforeStart> {
        match (first, last) {
            (Some(first), Some(last)) if last < first => Err(EndBeforeStart),
            _ => Ok(Self { first, last }),
        }
    }

    /// One day.
    #[must_use]
    pub const fn day(date: Date) -> Self {
        Self { first: Some(date), last: Some(date) }
    }

    /// The first day; `None` for the beginning.
    #[must_use]
    pub const fn first(self) -> Option<Date> {
        self.first
    }

    /// The last day; `None` for no end.
    #[must_use]
    pub const fn last(self) -> Option<Date> {
        self.last
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (Some(first), Some(last)) => write!(f, "{first}/{last}"),
            (Some(first), None) => write!(f, "{first}/.."),
            (None, Some(last)) => write!(f, "../{last}"),
            (None, None) => f.write_str("../.."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, instant: &str) -> String {
        SiteZone::parse(zone).unwrap().day_of(instant.parse().unwrap()).to_string()
    }

    #[test]
    fn a_day_is_the_sites_own() {
        assert_eq!(day("Asia/Shanghai", "2026-11-22T15:59:59Z"), "2026-11-22");
        assert_eq!(day("Asia/Shanghai", "2026-11-22T16:00:00Z"), "2026-11-23");
        assert_eq!(day("America/New_York", "2026-11-22T04:59:59Z"), "2026-11-21");
    }

    #[test]
    fn a_day_of_changing_clocks_has_23_or_25_hours() {
        for (instant, expected) in [
            ("2026-03-08T04:59:59Z", "2026-03-07"),
            ("2026-03-08T05:00:00Z", "2026-03-08"),
            ("2026-03-09T03:59:59Z", "2026-03-08"),
            ("2026-03-09T04:00:00Z", "2026-03-09"),
            ("2026-11-01T04:00:00Z", "2026-11-01"),
            ("2026-11-02T04:59:59Z", "2026-11-01"),
            ("2026-11-02T05:00:00Z", "2026-11-02"),
        ] {
            assert_eq!(day("America/New_York", instant), expected, "{instant}");
        }
    }

    #[test]
    fn only_the_one_form_of_a_day_is_taken() {
        for text in
            ["", "2026", "2026-11", "20261122", "2026-11-31", "2026-1-2", "2026-11-22T10:00", "-000001-01-01"]
        {
            assert_eq!(parse_date(text), Err(InvalidDate), "{text}");
        }
        assert!(parse_date("2024-02-29").is_ok());
    }

    #[test]
    fn a_period_does_not_end_before_it_starts() {
        let (early, late) = (parse_date("2026-11-01").unwrap(), parse_date("2026-11-30").unwrap());

        assert!(Period::new(Some(early), Some(late)).is_ok());
        assert_eq!(Period::new(Some(late), Some(early)), Err(EndBeforeStart));
        assert!(Period::new(Some(late), None).is_ok());
    }
}
