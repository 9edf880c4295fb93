//! The definitions of metrics.md reckoned anew in plain Rust, to hold the service's SQL against.

use kexiang_proto::{
    intake_v1::{CaseFacts, CaseState},
    reporting_v1::{Dimension, Figures},
    type_v1::{Channel, Kind},
};

const SECONDS_OF_DAY: i64 = 86_400;
/// All random cases are of Kunming, which has had one offset since 1991.
const OFFSET_SECONDS: i64 = 8 * 3600;

/// The day of a time in Kunming, counted from 1970-01-01.
pub fn day(time: &prost_types::Timestamp) -> i64 {
    (time.seconds + OFFSET_SECONDS).div_euclid(SECONDS_OF_DAY)
}

/// The value of a case in a dimension.
pub fn key(case: &CaseFacts, dimension: Dimension) -> String {
    let word = |name: &str, prefix| name.strip_prefix(prefix).unwrap().to_owned();
    match dimension {
        Dimension::Channel => word(Channel::try_from(case.channel).unwrap().as_str_name(), "CHANNEL_"),
        Dimension::Kind => word(Kind::try_from(case.kind).unwrap().as_str_name(), "KIND_"),
        Dimension::Category => case.category.clone(),
        Dimension::Unit => case.unit.clone(),
        Dimension::State => word(CaseState::try_from(case.state).unwrap().as_str_name(), "CASE_STATE_"),
        Dimension::Unspecified => String::new(),
    }
}

/// The figures of the cases as they stand, in the days from `first` to `last`.
pub fn figures<'a>(cases: impl IntoIterator<Item = &'a CaseFacts>, first: i64, last: i64) -> Figures {
    let mut received = 0;
    let mut seconds = Vec::new();
    for case in cases {
        let accepted = case.accept_time.unwrap();
        received += i64::from((first..=last).contains(&day(&accepted)));
        if let Some(resolved) = case.resolve_time.filter(|resolved| (first..=last).contains(&day(resolved))) {
            seconds.push(resolved.seconds - accepted.seconds);
        }
    }
    seconds.sort_unstable();
    Figures {
        received,
        resolved: i64::try_from(seconds.len()).unwrap(),
        resolve_seconds_median: percentile(&seconds, 50),
        resolve_seconds_p90: percentile(&seconds, 90),
    }
}

/// By linear interpolation between neighbours, in whole numbers up to the one division.
fn percentile(sorted: &[i64], percent: i64) -> Option<f64> {
    let hundredths = percent * (i64::try_from(sorted.len()).unwrap() - 1);
    let below = *sorted.get(usize::try_from(hundredths / 100).ok()?)?;
    let above = sorted.get(usize::try_from(hundredths / 100 + 1).unwrap()).copied().unwrap_or(below);
    Some((below * 100 + (above - below) * (hundredths % 100)) as f64 / 100.0)
}
