//! When a row was opened and closed: formats, time zone, and what to do with rows whose times contradict each other.

use jiff::{Timestamp, fmt::strtime::BrokenDownTime, tz::TimeZone};
use serde::Deserialize;

use super::{
    Refusal,
    choice::Unknown,
    row::{Pattern, Row},
    template::Template,
};

/// The times of a row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// IANA name of the zone of times that carry no offset. A time that the clocks skipped or showed twice is taken
    /// as RFC 5545 says: the offset before the change.
    #[serde(deserialize_with = "zone")]
    zone: TimeZone,
    opened: Moment,
    /// Absent when the file does not say when rows were closed.
    closed: Option<Moment>,
    /// What becomes of a closed row that does not say when.
    #[serde(default)]
    closed_without_time: Contradiction,
    /// What becomes of a row that was closed before it was opened.
    #[serde(default)]
    closed_before_opened: Contradiction,
}

/// One time in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    text: Template,
    /// `RFC3339`, or a format of strptime such as `%m/%d/%Y %I:%M:%S %p`.
    format: String,
}

/// What to do with a row whose times contradict its state or each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Contradiction {
    /// Refuse the row.
    #[default]
    Refuse,
    /// Take it as closed at its opening, and count it as adjusted.
    AtOpening,
}

/// The state that a file says a row is in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    column: String,
    open: Vec<Pattern>,
    closed: Vec<Pattern>,
}

/// When a row was opened and, unless it is open, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Opened.
    pub opened: Timestamp,
    /// Closed; nothing while open.
    pub closed: Option<Timestamp>,
    /// The times contradicted each other, and the profile says how to take them.
    pub adjusted: bool,
}

impl State {
    /// The column it reads.
    #[must_use]
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Whether the row is closed.
    ///
    /// # Errors
    /// [`Unknown`] when the profile does not know the state.
    pub fn is_closed(&self, row: &Row<'_>) -> Result<bool, Unknown> {
        let cell = row.cell(&self.column);
        let among = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.fits(cell));
        match (among(&self.closed), among(&self.open)) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(Unknown::new(&self.column, cell)),
        }
    }
}

impl Times {
    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.opened.text.columns().chain(self.closed.iter().flat_map(|closed| closed.text.columns()))
    }

    /// The row's times. `is_closed` is what its state column says; nothing when a closing time alone tells.
    ///
    /// # Errors
    /// A [`Refusal`] when a time can't be read, or contradicts where the profile refuses contradictions.
    pub fn read(&self, row: &Row<'_>, is_closed: Option<bool>) -> Result<Span, Refusal> {
        let opened = self.opened.read(row, &self.zone, "contact.contact_time")?;
        let opened = opened.ok_or_else(|| {
            Refusal::new("contact.contact_time", "BLANK", "the row does not say when it was opened")
        })?;
        let closed = match (&self.closed, is_closed) {
            (_, Some(false)) | (None, None) => return Ok(Span { opened, closed: None, adjusted: false }),
            (None, Some(true)) => None,
            (Some(moment), _) => moment.read(row, &self.zone, "close_time")?,
        };
        match closed {
            None if is_closed.is_none() => Ok(Span { opened, closed: None, adjusted: false }),
            None => {
                self.closed_without_time.settle(opened, "BLANK", "the row is closed and does not say when")
            }
            Some(closed) if closed < opened => self.closed_before_opened.settle(
                opened,
                "CLOSED_BEFORE_OPENED",
                "the row was closed before it was opened",
            ),
            Some(closed) => Ok(Span { opened, closed: Some(closed), adjusted: false }),
        }
    }
}

impl Contradiction {
    fn settle(self, opened: Timestamp, reason: &'static str, description: &str) -> Result<Span, Refusal> {
        match self {
            Self::Refuse => Err(Refusal::new("close_time", reason, description)),
            Self::AtOpening => Ok(Span { opened, closed: Some(opened), adjusted: true }),
        }
    }
}

impl Moment {
    fn read(&self, row: &Row<'_>, zone: &TimeZone, field: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text.fill(row).filter(|text| !text.is_empty()) else { return Ok(None) };
        let time = match self.format.as_str() {
            "RFC3339" => text.parse(),
            format => BrokenDownTime::parse(format, &text).and_then(|parts| instant(&parts, zone)),
        };
        time.map(Some).map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            Refusal::new(
                field,
                "INVALID_TIME",
                &format!("`{shown}` is no time of the form `{}`", self.format),
            )
        })
    }
}

fn instant(parts: &BrokenDownTime, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    match parts.offset() {
        Some(_) => parts.to_timestamp(),
        None => parts.to_datetime()?.to_zoned(zone.clone()).map(|time| time.timestamp()),
    }
}

fn zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| serde::de::Error::custom(format!("`{name}` is no IANA time zone")))
}
