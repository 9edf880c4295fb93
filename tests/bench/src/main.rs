//! How fast cases are accepted, beside `pgbench` doing the same statements on the same server in the same run.
//!
//! A figure in seconds is a figure of one machine at one moment; a ratio of two that were taken by turns lasts longer.
//! `cargo run --release -p kexiang-bench -- --help` tells what is measured and how.
//!
//! | to see | read |
//! |---|---|
//! | the run: who is measured when | `bench.rs` |
//! | the callers of intake and what they say | `load.rs`, `payload.rs` |
//! | many cases over one stream | `bulk.rs` |
//! | what history costs (`--growth`) | `growth.rs` |
//! | what pgbench does | `pgbench/accept.sql`, `pgbench.rs` |
//! | that both write the same, and nothing is lost or doubled | `check.rs` |
//! | recognising callers among millions of customers (`--recognise`) | `recognise/` |
//! | the arithmetic, the table, the JSON | `figures.rs`, `report.rs` |
//!
//! Nothing stays behind: killed with -9, the watchdog of the private PostgreSQL stops it and a directory in the
//! temporary one remains.

mod args;
mod bench;
mod bulk;
mod check;
mod figures;
mod ground;
mod growth;
mod load;
mod payload;
mod pgbench;
mod recognise;
mod report;
mod service;

use std::{io::Write, process::ExitCode};

use anyhow::Context;
use args::Args;
use clap::Parser;
use kexiang_telemetry::{LogFormat, Settings};

/// As in production, but for consumers, whose peers are away here, and slow statements of the set-up.
const LOG_FILTER: &str = "info,kexiang_events=off,sqlx=error";

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("kexiang-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let settings = Settings {
        service: "bench".to_owned(),
        otlp_endpoint: None,
        trace_ratio: 1.0,
        log_format: LogFormat::Json,
        log_filter: LOG_FILTER.to_owned(),
    };
    let telemetry = kexiang_telemetry::init(&settings)?;
    let stopped = kexiang_rpc::process::shutdown_on_signal()?;
    if let Some(count) = args.bulk {
        let per_second = stopped.run_until_cancelled(bench::bulk(args, count)).await.context("stopped")??;
        telemetry.shutdown().await;
        return Ok(writeln!(
            std::io::stdout(),
            "{count} cases over one stream, durable: {per_second:.0} a second"
        )?);
    }
    let told = match (args.recognise, args.growth) {
        (Some(customers), _) => stopped
            .run_until_cancelled(recognise::run(args, customers))
            .await
            .map(|report| tell(args, &report?)),
        (None, Some(cases)) => {
            stopped.run_until_cancelled(growth::run(args, cases)).await.map(|growth| tell(args, &growth?))
        }
        (None, None) => {
            stopped.run_until_cancelled(bench::run(args)).await.map(|report| tell(args, &report?))
        }
    };
    telemetry.shutdown().await;
    told.context("stopped")?
}

/// The outcome, to standard output and as JSON where it is asked for.
fn tell(args: &Args, report: &(impl serde::Serialize + std::fmt::Display)) -> anyhow::Result<()> {
    if let Some(file) = &args.json {
        std::fs::write(file, serde_json::to_vec_pretty(report)?)
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    Ok(std::io::stdout().write_all(report.to_string().as_bytes())?)
}

/// A line about what goes on; results alone go to standard output.
fn note(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
