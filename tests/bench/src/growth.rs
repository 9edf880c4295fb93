//! Whether history costs anything: acceptances beside few cases, and again beside many (design §5: cost must not grow).
//!
//! pgbench's database stays small and is measured in both stages, so that a machine that got slower meanwhile is not taken for
//! history: what is compared is each stage's ratio to pgbench.

use std::fmt;

use serde::Serialize;

use crate::{args::Args, bench::Bench, figures::Comparison, note};

/// Cases beside which the cost is taken for that of a young database.
const FEW: u32 = 50_000;

/// The most that the cost of a case may be with history, as a share of that without.
const AIM: f64 = 1.2;

/// What acceptances cost at both stages.
#[derive(Debug, Serialize)]
pub struct Growth {
    /// Cases there were at each stage, and what was measured then.
    pub stages: Vec<(u32, Vec<Comparison>)>,
}

/// Measures all comparisons beside [`FEW`] cases and beside `many`.
pub async fn run(args: &Args, many: u32) -> anyhow::Result<Growth> {
    let mut bench = Bench::prepare(args).await?;
    let (mut stages, mut there) = (Vec::new(), 0);
    for cases in [FEW, many.max(FEW)] {
        let per_second = bench.grow(there..cases).await?;
        note(format_args!("{cases} cases are there ({per_second:.0} a second)"));
        there = cases;
        let mut comparisons = Vec::new();
        for (callers, registers) in args.comparisons() {
            comparisons.push(bench.compare_grown(args, callers, registers).await?);
        }
        stages.push((cases, comparisons));
    }
    bench.finish_grown(there).await?;
    Ok(Growth { stages })
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(few, before), (many, after)] = self.stages.as_slice() else { return Ok(()) };
        writeln!(f, "Cost of a case with {many} cases, as a share of that with {few} (aim: at most {AIM})")?;
        for (before, after) in before.iter().zip(after) {
            let cost = before.ratio.median / after.ratio.median;
            let (callers, registers) = (before.callers, before.registers);
            writeln!(f, "callers {callers:>3}, registers {registers}: {cost:.2}")?;
        }
        Ok(())
    }
}
