//! One file per command.

mod doctor;
mod health;
mod import;
mod key;
mod migrate;
mod report;
mod serve;
mod token;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kexiang_core::Clock;

/// Kexiang (客响): from a customer's contact to the report of the day.
#[derive(Debug, Parser)]
#[command(
    name = "kexiang",
    version,
    after_help = "Begin with:
  kexiang doctor                                   what this machine lacks
  kexiang up                                       everything, in ./kexiang-data and on port 8080
  kexiang import requests.csv --profile sf311      in another terminal
  kexiang report breakdown --by channel"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(Box<up::Up>),
    Serve(Box<serve::Serve>),
    Migrate(Box<migrate::Migrate>),
    Key(key::Key),
    Token(token::Token),
    Import(Box<import::Import>),
    Report(report::Report),
    Doctor(doctor::Doctor),
    Health(health::Health),
}

/// How a command ended, when nothing broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// Something is not as it should be, and was told.
    Failed,
    /// Ctrl-C.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
            // What a shell expects of a process that SIGINT ended.
            Outcome::Interrupted => Self::from(130),
        }
    }
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever kept it from its work, for a person to read.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        let clock = Clock::system();
        match self.command {
            Command::Up(up) => up.run(clock).await.map(|()| Outcome::Done),
            Command::Serve(serve) => serve.run().await.map(|()| Outcome::Done),
            Command::Migrate(migrate) => migrate.run().await.map(|()| Outcome::Done),
            Command::Key(key) => key.run().map(|()| Outcome::Done),
            Command::Token(token) => token.run(&clock).map(|()| Outcome::Done),
            Command::Import(import) => import.run().await,
            Command::Report(report) => report.run(&clock).await.map(|()| Outcome::Done),
            Command::Doctor(doctor) => Ok(doctor.run(&clock).await),
            Command::Health(health) => health.run().await,
        }
    }
}
