//! One line of a report: what is counted, and its figures.

use kexiang_proto::reporting_v1::{Dimension, Figures, Row};
use serde::Serialize;

use super::word;

/// A group of cases and its figures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Empty for the total.
    dimension: &'static str,
    key: String,
    received: i64,
    resolved: i64,
    resolve_seconds_median: Option<f64>,
    resolve_seconds_p90: Option<f64>,
}

impl Line {
    /// The whole.
    pub fn total(figures: Figures) -> Self {
        Self::new("", "total".to_owned(), figures)
    }

    /// A row of a breakdown.
    pub fn of_row(dimension: Dimension, row: Row) -> Self {
        Self::new(word(dimension), row.key, row.figures.unwrap_or_default())
    }

    fn new(dimension: &'static str, key: String, figures: Figures) -> Self {
        Self {
            dimension,
            key,
            received: figures.received,
            resolved: figures.resolved,
            resolve_seconds_median: figures.resolve_seconds_median,
            resolve_seconds_p90: figures.resolve_seconds_p90,
        }
    }

    /// By what; empty for the total.
    pub const fn dimension(&self) -> &'static str {
        self.dimension
    }

    /// Which group.
    pub fn key(&self) -> &str {
        if self.key.is_empty() { "(none)" } else { &self.key }
    }

    /// The figures as people read them.
    pub fn for_people(&self) -> [String; 4] {
        let time = |seconds: Option<f64>| seconds.map(duration).unwrap_or_default();
        [
            self.received.to_string(),
            self.resolved.to_string(),
            time(self.resolve_seconds_median),
            time(self.resolve_seconds_p90),
        ]
    }

    /// The figures as programs read them; seconds in full.
    pub fn for_programs(&self) -> [String; 4] {
        let seconds = |seconds: Option<f64>| seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        [
            self.received.to_string(),
            self.resolved.to_string(),
            seconds(self.resolve_seconds_median),
            seconds(self.resolve_seconds_p90),
        ]
    }
}

/// The two largest units: `3d 4h`, `4h 5m`, `5m 6s`, `6s`.
fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds are enough for people; the cast saturates"
    )]
    let seconds = seconds.round() as i64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_show_their_two_largest_units() {
        assert_eq!(duration(6.4), "6s");
        assert_eq!(duration(306.0), "5m 6s");
        assert_eq!(duration(14_706.0), "4h 5m");
        assert_eq!(duration(273_600.0), "3d 4h");
    }
}
