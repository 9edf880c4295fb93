//! The arithmetic: latencies, medians, ratios of neighbours in time. No IO.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::args::Registers;

/// The longest latency that is told apart, in microseconds; longer ones count as this.
const LONGEST_MICROS: u64 = 60_000_000;

/// Latencies, to three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST_MICROS, 3)?))
    }

    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS));
    }

    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in milliseconds which this share of calls kept.
    #[expect(clippy::cast_precision_loss, reason = "at most 60,000,000 µs")]
    pub fn percentile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1000.0
    }
}

/// What one side did in one turn.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Acceptances a second.
    pub per_second: f64,
    /// How long each took, as its caller saw it.
    pub latencies: Latencies,
}

/// Two turns, one right after the other.
#[derive(Debug, Clone)]
pub struct Round {
    pub kexiang: Turn,
    pub pgbench: Turn,
}

impl Round {
    /// Kexiang's rate in pgbench's.
    pub fn ratio(&self) -> f64 {
        self.kexiang.per_second / self.pgbench.per_second
    }
}

/// Median and extremes of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Of no values, all are NaN.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |nr: usize| values.get(nr).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Self { median: f64::midpoint(at(last / 2), at(last.div_ceil(2))), min: at(0), max: at(last) }
    }
}

/// One side over all rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    pub per_second: Spread,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub acceptances: u64,
}

impl Side {
    fn of<'a>(turns: impl Iterator<Item = &'a Turn> + Clone) -> anyhow::Result<Self> {
        let mut latencies = Latencies::new()?;
        for turn in turns.clone() {
            latencies.add(&turn.latencies)?;
        }
        Ok(Self {
            per_second: Spread::of(turns.map(|turn| turn.per_second)),
            p50_ms: latencies.percentile(0.50),
            p99_ms: latencies.percentile(0.99),
            acceptances: latencies.count(),
        })
    }
}

/// The outcome for one number of callers.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub callers: u16,
    pub registers: Registers,
    pub kexiang: Side,
    pub pgbench: Side,
    /// Of each round; not of the medians.
    pub ratio: Spread,
}

impl Comparison {
    pub fn of(callers: u16, registers: Registers, rounds: &[Round]) -> anyhow::Result<Self> {
        Ok(Self {
            callers,
            registers,
            kexiang: Side::of(rounds.iter().map(|round| &round.kexiang))?,
            pgbench: Side::of(rounds.iter().map(|round| &round.pgbench))?,
            ratio: Spread::of(rounds.iter().map(Round::ratio)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(per_second: f64, millis: impl IntoIterator<Item = u64>) -> Turn {
        let mut latencies = Latencies::new().unwrap();
        millis.into_iter().for_each(|millis| latencies.record(Duration::from_millis(millis)));
        Turn { per_second, latencies }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(Spread::of([4.0, 1.0, 3.0, 2.0]), Spread { median: 2.5, min: 1.0, max: 4.0 });
        assert_eq!(Spread::of([7.0]), Spread { median: 7.0, min: 7.0, max: 7.0 });
        assert!(Spread::of([]).median.is_nan());
    }

    #[test]
    fn ratios_are_of_neighbours() {
        let rounds = [(100.0, 50.0), (90.0, 90.0), (30.0, 10.0)]
            .map(|(kexiang, pgbench)| Round { kexiang: turn(kexiang, [1]), pgbench: turn(pgbench, [1]) });

        let comparison = Comparison::of(1, Registers::One, &rounds).unwrap();

        assert_eq!(comparison.ratio, Spread { median: 2.0, min: 1.0, max: 3.0 });
    }

    #[test]
    fn percentiles_are_of_all_calls_of_all_rounds() {
        let turns = [turn(1.0, 1..=50), turn(1.0, 51..=100)];

        let side = Side::of(turns.iter()).unwrap();

        assert!((side.p50_ms - 50.0).abs() < 0.1, "{side:?}");
        assert!((side.p99_ms - 99.0).abs() < 0.1, "{side:?}");
        assert_eq!(side.acceptances, 100);
    }
}
