//! The refused rows: all of them in a CSV report when one is asked for, the first ones on the terminal.
//!
//! The terminal shows row numbers and reasons alone; descriptions may quote the file, and stay in the report.

use std::{fs::File, path::Path};

use anyhow::Context;

use crate::profile::Refusal;

/// So many refused rows are shown.
const SHOWN: usize = 10;

/// Collects refusals.
pub struct Refusals {
    report: Option<csv::Writer<File>>,
    shown: Vec<String>,
    rows: usize,
}

impl Refusals {
    /// With a report at `path`, which is replaced, or without.
    ///
    /// # Errors
    /// When the report can't be written.
    pub fn to(path: Option<&Path>) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let mut report = csv::Writer::from_path(path)?;
            report.write_record(["row", "external_reference", "field", "reason", "description"])?;
            report.flush()?;
            anyhow::Ok(report)
        };
        let report = path.map(|path| {
            open(path).with_context(|| format!("the report {} can't be written", path.display()))
        });
        Ok(Self { report: report.transpose()?, shown: Vec::new(), rows: 0 })
    }

    /// Adds a refused row with all its reasons: one line of the report for each.
    ///
    /// # Errors
    /// When the report can't be written.
    pub fn add(&mut self, row: u64, external_reference: &str, reasons: &[Refusal]) -> anyhow::Result<()> {
        self.rows += 1;
        if self.shown.len() < SHOWN {
            let reasons: Vec<_> =
                reasons.iter().map(|refusal| format!("{} {}", refusal.field, refusal.reason)).collect();
            self.shown.push(format!("row {row}: {}", reasons.join(", ")));
        }
        let Some(report) = &mut self.report else { return Ok(()) };
        let mut write = |refusal: &Refusal| {
            report.write_record([
                &row.to_string(),
                external_reference,
                &refusal.field,
                &refusal.reason,
                &refusal.description,
            ])
        };
        reasons.iter().try_for_each(&mut write).context("the report can't be written")
    }

    /// Completes the report and tells what a person should see.
    ///
    /// # Errors
    /// When the report can't be written.
    pub fn finish(mut self) -> anyhow::Result<Vec<String>> {
        if let Some(report) = &mut self.report {
            report.flush().context("the report can't be written")?;
        }
        if self.rows > self.shown.len() {
            let hint = if self.report.is_some() {
                "the report has them all"
            } else {
                "--report FILE writes them all"
            };
            self.shown.push(format!("… and {} more; {hint}", self.rows - self.shown.len()));
        }
        Ok(self.shown)
    }
}
