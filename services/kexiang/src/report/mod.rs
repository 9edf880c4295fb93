//! Reports for people and programs: the same figures as a table, JSON or CSV.
//!
//! JSON has the names of the contract and plain numbers; CSV has one line per figure group and a header, without what is no
//! figure of a group; neither holds more than the table.

mod figures;

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use figures::Line;
use kexiang_proto::reporting_v1::{
    DayReport, Definition, Dimension, FirstContactResolution, GetBreakdownResponse,
};
use serde::Serialize;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One JSON object.
    Json,
    /// Lines of dimension, key and figures.
    Csv,
}

/// What reports are made of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    site: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_time: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    /// The total first.
    lines: Vec<Line>,
    /// Of a day alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_contact_resolution: Option<FirstContact>,
    definitions: Vec<Meaning>,
}

/// What the desk resolved for good.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FirstContact {
    resolved: i64,
    resolved_at_desk: i64,
    first_contact_resolved: i64,
    rate: Option<f64>,
    provisional: bool,
    window_days: i32,
}

impl FirstContact {
    fn line(&self) -> String {
        let rate = self.rate.map(|rate| format!(" ({:.1} %)", rate * 100.0)).unwrap_or_default();
        let provisional = if self.provisional { ", provisional" } else { "" };
        format!(
            "first-contact resolution: {} of {} resolved{rate}{provisional}",
            self.first_contact_resolved, self.resolved
        )
    }
}

impl From<FirstContactResolution> for FirstContact {
    fn from(wire: FirstContactResolution) -> Self {
        Self {
            resolved: wire.resolved,
            resolved_at_desk: wire.resolved_at_desk,
            first_contact_resolved: wire.first_contact_resolved,
            rate: wire.rate,
            provisional: wire.provisional,
            window_days: wire.window_days,
        }
    }
}

/// What a metric means.
#[derive(Debug, Serialize)]
struct Meaning {
    metric: String,
    version: i32,
    clock: String,
    text: String,
}

impl Report {
    /// The report of a day.
    #[must_use]
    pub fn of_day(day: DayReport) -> Self {
        let rows = day.breakdowns.into_iter().flat_map(|breakdown| {
            let dimension = breakdown.dimension();
            breakdown.rows.into_iter().map(move |row| Line::of_row(dimension, row))
        });
        Self {
            site: day.site,
            date: Some(day.date),
            time_zone: Some(day.time_zone),
            as_of_time: day.as_of_time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok()),
            start_date: None,
            end_date: None,
            lines: [Line::total(day.total.unwrap_or_default())].into_iter().chain(rows).collect(),
            first_contact_resolution: day.first_contact_resolution.map(FirstContact::from),
            definitions: meanings(day.definitions),
        }
    }

    /// A breakdown of a period; empty dates are open ends.
    #[must_use]
    pub fn of_breakdown(
        site: String,
        start_date: String,
        end_date: String,
        answer: GetBreakdownResponse,
    ) -> Self {
        let breakdown = answer.breakdown.unwrap_or_default();
        let dimension = breakdown.dimension();
        let rows = breakdown.rows.into_iter().map(|row| Line::of_row(dimension, row));
        Self {
            site,
            date: None,
            time_zone: None,
            as_of_time: None,
            start_date: Some(start_date).filter(|date| !date.is_empty()),
            end_date: Some(end_date).filter(|date| !date.is_empty()),
            lines: [Line::total(answer.total.unwrap_or_default())].into_iter().chain(rows).collect(),
            first_contact_resolution: None,
            definitions: meanings(answer.definitions),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it can't be written in this format.
    pub fn render(&self, format: Format) -> anyhow::Result<String> {
        match format {
            Format::Table => Ok(self.table()),
            Format::Json => Ok(serde_json::to_string_pretty(self)?),
            Format::Csv => self.csv(),
        }
    }

    fn heading(&self) -> String {
        let period = match (&self.date, &self.start_date, &self.end_date) {
            (Some(date), _, _) => format!("day {date}"),
            (None, None, None) => "all days".to_owned(),
            (None, start, end) => {
                format!(
                    "from {} to {}",
                    start.as_deref().unwrap_or("the beginning"),
                    end.as_deref().unwrap_or("now")
                )
            }
        };
        let zone = self.time_zone.as_ref().map(|zone| format!(", {zone}")).unwrap_or_default();
        let as_of = self
            .as_of_time
            .map(|time| format!(", as of {}", time.strftime("%Y-%m-%d %H:%M:%S UTC")))
            .unwrap_or_default();
        format!("{}, {period}{zone}{as_of}", self.site)
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(["by", "", "received", "resolved", "median", "p90"]);
        let mut last = None;
        for line in &self.lines {
            let dimension = if last == Some(line.dimension()) { "" } else { line.dimension() };
            last = Some(line.dimension());
            table.add_row([dimension.to_owned(), line.key().to_owned()].into_iter().chain(line.for_people()));
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let meanings = self.definitions.iter().map(|meaning| {
            format!("{} (v{}, {} time): {}", meaning.metric, meaning.version, meaning.clock, meaning.text)
        });
        let first_contact = self.first_contact_resolution.as_ref().map(FirstContact::line);
        let lines = [self.heading(), table.to_string()].into_iter().chain(first_contact);
        lines.chain(meanings).collect::<Vec<_>>().join("\n")
    }

    fn csv(&self) -> anyhow::Result<String> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record([
            "dimension",
            "key",
            "received",
            "resolved",
            "resolve_seconds_median",
            "resolve_seconds_p90",
        ])?;
        for line in &self.lines {
            csv.write_record(
                [line.dimension().to_owned(), line.key().to_owned()].into_iter().chain(line.for_programs()),
            )?;
        }
        Ok(String::from_utf8(csv.into_inner()?)?.trim_end().to_owned())
    }
}

fn meanings(definitions: Vec<Definition>) -> Vec<Meaning> {
    let meaning = |Definition { metric, version, clock, text }| Meaning { metric, version, clock, text };
    definitions.into_iter().map(meaning).collect()
}

/// The word that people use for a dimension.
fn word(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Unspecified => "",
        Dimension::Channel => "channel",
        Dimension::Kind => "kind",
        Dimension::Category => "category",
        Dimension::Unit => "unit",
        Dimension::State => "state",
    }
}

#[cfg(test)]
mod tests;
