//! The outcome: a table for people, the same figures as JSON for programs.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;

use crate::figures::{Comparison, Side};

/// What was measured, where and how.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `release` or `debug`.
    pub build: &'static str,
    pub cores: usize,
    /// Version of PostgreSQL.
    pub postgres: String,
    pub fsync: String,
    pub synchronous_commit: String,
    pub rounds: u16,
    /// Of each turn.
    pub seconds: u16,
    /// HTTP/2 connections.
    pub connections: u16,
    pub comparisons: Vec<Comparison>,
    /// Of the rows of one acceptance, on average.
    pub row_bytes: RowBytes,
}

/// Bytes of the rows of one acceptance, as PostgreSQL stores them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RowBytes {
    pub kexiang: f64,
    pub pgbench: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { build, cores, postgres, fsync, synchronous_commit, .. } = self;
        let Self { rounds, seconds, connections, .. } = self;
        writeln!(
            f,
            "Accepting cases: contact, register number, case, events, answer; told after the commit."
        )?;
        writeln!(f, "A {build} build on {cores} cores. PostgreSQL {postgres}.")?;
        writeln!(
            f,
            "fsync {fsync}, synchronous_commit {synchronous_commit}; {connections} connections to intake."
        )?;
        writeln!(
            f,
            "Rounds: {rounds} of {seconds} s for each side, by turns; median (min–max). Latencies in ms."
        )?;
        writeln!(f, "{}", self.table())?;
        let RowBytes { kexiang, pgbench } = self.row_bytes;
        writeln!(f, "Rows of one acceptance: {kexiang:.0} bytes by Kexiang, {pgbench:.0} by pgbench.")
    }
}

impl Report {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        let side = |name: &str| [format!("{name} /s"), "p50".to_owned(), "p99".to_owned()];
        let head = ["callers", "registers"].map(str::to_owned).into_iter();
        table.set_header(head.chain(side("Kexiang")).chain(side("pgbench")).chain(["ratio".to_owned()]));
        for line in &self.comparisons {
            let ratio = format!("{:.2} ({:.2}–{:.2})", line.ratio.median, line.ratio.min, line.ratio.max);
            let head = [line.callers.to_string(), line.registers.to_string()];
            table.add_row(
                head.into_iter().chain(cells(&line.kexiang)).chain(cells(&line.pgbench)).chain([ratio]),
            );
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

fn cells(side: &Side) -> [String; 3] {
    let rate = side.per_second;
    [
        format!("{:.0} ({:.0}–{:.0})", rate.median, rate.min, rate.max),
        format!("{:.2}", side.p50_ms),
        format!("{:.2}", side.p99_ms),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Registers, figures::Spread};

    #[test]
    fn the_table_holds_the_ratio_of_each_comparison() {
        let side = |median| Side {
            per_second: Spread { median, min: 1.0, max: 2.0 },
            p50_ms: 0.5,
            p99_ms: 1.25,
            acceptances: 9,
        };
        let comparison = Comparison {
            callers: 64,
            registers: Registers::Own,
            kexiang: side(8000.0),
            pgbench: side(10_000.0),
            ratio: Spread { median: 0.8, min: 0.75, max: 0.85 },
        };
        let report = Report {
            build: "release",
            cores: 2,
            postgres: "15.18".to_owned(),
            fsync: "on".to_owned(),
            synchronous_commit: "on".to_owned(),
            rounds: 3,
            seconds: 5,
            connections: 4,
            comparisons: vec![comparison],
            row_bytes: RowBytes { kexiang: 3000.4, pgbench: 2999.6 },
        };

        let text = report.to_string();

        for part in [
            "0.80 (0.75–0.85)",
            "8000 (1–2)",
            "1.25",
            "own",
            "release build on 2 cores",
            "3000 bytes by Kexiang",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
