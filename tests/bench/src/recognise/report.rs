//! The outcome, as a table for people and as JSON.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;

use super::load::{Question, Turn};

/// One question asked by so many callers.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub question: Question,
    pub callers: u16,
    pub calls: u64,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Answers of intake for which customer records were too slow; they are among the calls.
    pub degraded: u64,
}

impl Line {
    pub fn of(question: Question, callers: u16, turn: &Turn) -> Self {
        Self {
            question,
            callers,
            calls: turn.heard.latencies.count(),
            per_second: turn.per_second,
            p50_ms: turn.heard.latencies.percentile(0.50),
            p99_ms: turn.heard.latencies.percentile(0.99),
            degraded: turn.heard.degraded,
        }
    }
}

/// The outcome of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub build: &'static str,
    pub cores: usize,
    pub customers: u32,
    pub contacts: u64,
    pub cases: u64,
    /// Customers a second, sealed, with all that came from them and all indexes.
    pub filled_per_second: f64,
    pub database_megabytes: i64,
    /// Of each turn.
    pub seconds: u16,
    pub lines: Vec<Line>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            build,
            cores,
            customers,
            contacts,
            cases,
            filled_per_second,
            database_megabytes,
            seconds,
            lines,
        } = self;
        writeln!(
            f,
            "Recognising callers among {customers} customers, {contacts} contacts, {cases} open cases."
        )?;
        writeln!(
            f,
            "A {build} build on {cores} cores; {database_megabytes} MB in the database, filled by {filled_per_second:.0} customers a second; turns of {seconds} s."
        )?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(["asked", "callers", "calls", "calls /s", "p50 ms", "p99 ms", "degraded"]);
        for line in lines {
            table.add_row([
                line.question.to_string(),
                line.callers.to_string(),
                line.calls.to_string(),
                format!("{:.0}", line.per_second),
                format!("{:.2}", line.p50_ms),
                format!("{:.2}", line.p99_ms),
                line.degraded.to_string(),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}")
    }
}
