//! What the program can be told. Everything is bounded, so that no mistake of typing runs for hours.

use std::{fmt, path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum, value_parser};
use serde::Serialize;

/// Measures how fast Kexiang accepts cases, beside pgbench doing the same statements.
///
/// One acceptance is a contact, its number in the register, a case, two events and the answer kept for its request id, in
/// one durable transaction (fsync and synchronous_commit on). Kexiang is asked over gRPC on the loopback by callers who each
/// have one call in flight; pgbench does the statements of pgbench/accept.sql with as many clients, -M prepared. Both work on
/// one private PostgreSQL, by turns, each in a database of its own with intake's migrations.
///
/// The program fails when a call is refused, when a case is lost or doubled, when a register has a gap, or when pgbench no
/// longer writes what intake writes. How fast it was never makes it fail.
///
/// Figures come from a release build on a quiet machine: cargo run --release -p kexiang-bench
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Callers at once, each with one call in flight.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64", value_name = "N,…", value_parser = value_parser!(u16).range(1..=128))]
    pub callers: Vec<u16>,
    /// Registers that callers draw numbers from.
    #[arg(long, value_delimiter = ',', default_value = "one,own", value_name = "KIND,…")]
    pub registers: Vec<Registers>,
    /// Rounds of each; a round is a turn of Kexiang and a turn of pgbench.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = value_parser!(u16).range(1..=20))]
    pub rounds: u16,
    /// Seconds of each turn.
    #[arg(long, default_value_t = 5, value_name = "S", value_parser = value_parser!(u16).range(1..=60))]
    pub seconds: u16,
    /// HTTP/2 connections that the callers share.
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = value_parser!(u16).range(1..=64))]
    pub connections: u16,
    /// Instead: brings so many closed cases of another system in over one stream (IN-20).
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=20_000_000))]
    pub bulk: Option<u32>,
    /// Directory of the private PostgreSQL, on the disk that is to be measured; it stays, so settings can be tried in
    /// DIR/postgres/data/postgresql.conf. A temporary one, removed at the end, when not given.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Measures instead how fast callers are recognised and customers found by phone among so many customers; --seconds,
    /// --connections, --dir and --json count, all else does not.
    #[arg(long, value_name = "CUSTOMERS", value_parser = value_parser!(u32).range(1_000..=20_000_000))]
    pub recognise: Option<u32>,
    /// Measures instead what a case costs beside 50,000 cases and beside so many.
    #[arg(long, value_name = "CASES", value_parser = value_parser!(u32).range(50_000..=20_000_000))]
    pub growth: Option<u32>,
    /// Writes the figures to this file too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How many registers callers draw numbers from. A number is gapless because its register stays locked until the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registers {
    /// All callers work at one site: transactions of one acceptance wait for each other.
    One,
    /// Every caller has a site: nobody waits for a lock. The harder comparison; left out for a single caller.
    Own,
}

impl Registers {
    /// Sites that so many callers work at.
    pub const fn sites(self, callers: u16) -> u16 {
        match self {
            Self::One => 1,
            Self::Own => callers,
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "one",
            Self::Own => "own",
        })
    }
}

impl Args {
    /// Length of a turn.
    pub fn turn(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// What is compared: callers and registers. One caller has one register either way.
    pub fn comparisons(&self) -> Vec<(u16, Registers)> {
        let mut comparisons = Vec::new();
        for registers in &self.registers {
            for callers in &self.callers {
                let comparison = (*callers, if *callers == 1 { Registers::One } else { *registers });
                if !comparisons.contains(&comparison) {
                    comparisons.push(comparison);
                }
            }
        }
        comparisons
    }

    /// Sites that must be there.
    pub fn sites(&self) -> u16 {
        self.comparisons()
            .into_iter()
            .map(|(callers, registers)| registers.sites(callers))
            .max()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_is_measured_once() {
        let args = Args::parse_from(["kexiang-bench"]);

        let comparisons = args.comparisons();

        let expected = [
            (1, Registers::One),
            (16, Registers::One),
            (64, Registers::One),
            (16, Registers::Own),
            (64, Registers::Own),
        ];
        assert_eq!(comparisons, expected);
        assert_eq!(args.sites(), 64);
    }

    #[test]
    fn what_would_run_for_hours_is_refused() {
        for flags in [["--seconds", "3600"], ["--rounds", "0"], ["--callers", "1,100000"]] {
            assert!(Args::try_parse_from(["kexiang-bench"].into_iter().chain(flags)).is_err(), "{flags:?}");
        }
    }
}
