//! Times and durations between the wire and the domain.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// A wire time or duration that is out of range.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidTime {
    /// Seconds or nanoseconds out of the range of google.protobuf.Timestamp.
    #[error("is not a time between the years 1 and 9999")]
    Timestamp,
    /// Negative, or too long.
    #[error("must be a duration of 0 s to 7 days")]
    Duration,
}

/// Reads a time, cut to whole microseconds as PostgreSQL keeps it.
///
/// # Errors
/// [`InvalidTime::Timestamp`].
pub fn timestamp(wire: &prost_types::Timestamp) -> Result<Timestamp, InvalidTime> {
    const FIRST_SECOND_OF_YEAR_1: i64 = -62_135_596_800;
    if !(0..1_000_000_000).contains(&wire.nanos) || wire.seconds < FIRST_SECOND_OF_YEAR_1 {
        return Err(InvalidTime::Timestamp);
    }
    Timestamp::new(wire.seconds, wire.nanos)
        .map(kexiang_core::clock::whole_micros)
        .map_err(|_| InvalidTime::Timestamp)
}

/// The same of a field that may be absent.
///
/// # Errors
/// [`InvalidTime::Timestamp`].
pub fn optional_timestamp(wire: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, InvalidTime> {
    wire.map(timestamp).transpose()
}

/// Reads a duration of 0 s to 7 days.
///
/// # Errors
/// [`InvalidTime::Duration`].
pub fn duration(wire: &prost_types::Duration) -> Result<SignedDuration, InvalidTime> {
    const LONGEST_SECONDS: i64 = 7 * 24 * 3600;
    let valid = (0..=LONGEST_SECONDS).contains(&wire.seconds) && (0..1_000_000_000).contains(&wire.nanos);
    if valid { Ok(SignedDuration::new(wire.seconds, wire.nanos)) } else { Err(InvalidTime::Duration) }
}

/// Writes a time.
#[must_use]
pub fn to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// Writes a duration.
#[must_use]
pub fn duration_to_wire(duration: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: duration.as_secs(), nanos: duration.subsec_nanos() }
}
