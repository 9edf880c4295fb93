//! Turns of pgbench, and what it writes about them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use kexiang_core::Clock;
use sqlx::{Connection, PgConnection};
use tokio::{process::Command, time::timeout};

use crate::figures::{Latencies, Turn};

/// One acceptance.
const SCRIPT: &str = include_str!("../pgbench/accept.sql");
/// Sites `site-0` … with their registers.
const SITES: &str = include_str!("../pgbench/sites.sql");
/// Threads of pgbench at most; more than the cores of small machines gain nothing.
const THREADS: u16 = 2;
/// How much longer than told pgbench may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pgbench that accepts cases in a database.
pub struct Pgbench {
    program: PathBuf,
    url: String,
    scratch: PathBuf,
}

impl Pgbench {
    /// Creates as many sites as needed. Files of a turn lie in `scratch` while it runs.
    pub async fn prepare(
        program: PathBuf,
        url: String,
        scratch: PathBuf,
        sites: u16,
    ) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(&url).await?;
        sqlx::query(SITES).bind(i32::from(sites)).execute(&mut connection).await?;
        connection.close().await?;
        Ok(Self { program, url, scratch })
    }

    /// Lets so many clients accept cases at so many sites for whole seconds of `length`.
    pub async fn turn(&self, clients: u16, sites: u16, length: Duration) -> anyhow::Result<Turn> {
        fs::create_dir_all(&self.scratch)?;
        let turn = self.run(clients, sites, length).await;
        fs::remove_dir_all(&self.scratch)?;
        turn
    }

    async fn run(&self, clients: u16, sites: u16, length: Duration) -> anyhow::Result<Turn> {
        let output = self.command(clients, sites, length)?.output();
        let output = timeout(length + PATIENCE, output).await.context("pgbench does not end")?;
        let output = output.with_context(|| format!("{} can't be run", self.program.display()))?;
        let (told, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "pgbench failed: {}", errors.trim());
        let turn = Turn { per_second: number(&told, "tps = ")?, latencies: latencies(&self.scratch)? };
        let processed = number(&told, "number of transactions actually processed: ")?;
        #[expect(clippy::cast_precision_loss, reason = "a count of transactions")]
        let logged = turn.latencies.count() as f64;
        ensure!(
            logged >= 1.0 && (processed - logged).abs() < 0.5,
            "pgbench logged {logged} of {processed} transactions"
        );
        Ok(turn)
    }

    fn command(&self, clients: u16, sites: u16, length: Duration) -> anyhow::Result<Command> {
        let script = self.scratch.join("accept.sql");
        fs::write(&script, SCRIPT)?;
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--log"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(THREADS)))
            .arg(format!("--time={}", length.as_secs()))
            .arg(format!("--define=sites={sites}"))
            .arg(format!("--define=millis={}", Clock::system().now().as_millisecond()))
            .arg(format!("--log-prefix={}", self.scratch.join("latency").display()))
            .arg(format!("--file={}", script.display()))
            .arg(&self.url)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }
}

/// The number after these words of what pgbench tells at the end.
fn number(told: &str, words: &str) -> anyhow::Result<f64> {
    let line = told.lines().find_map(|line| line.trim().strip_prefix(words));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| anyhow!("pgbench does not tell \"{words}\": {told}"))
}

/// All latencies of a turn; each thread of pgbench has a file.
fn latencies(directory: &Path) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::new()?;
    for file in fs::read_dir(directory)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with("latency.") {
            for line in fs::read_to_string(file.path())?.lines() {
                latencies.record(latency(line)?);
            }
        }
    }
    Ok(latencies)
}

/// A line is: client, number of the transaction, microseconds or what went wrong, …
fn latency(line: &str) -> anyhow::Result<Duration> {
    let micros = line.split(' ').nth(2).and_then(|field| field.parse().ok());
    micros.map(Duration::from_micros).ok_or_else(|| anyhow!("a transaction of pgbench failed: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_tells() {
        let told = "number of clients: 16\nnumber of transactions actually processed: 4211\n\
                    latency average = 3.8 ms\ntps = 1403.618 (without initial connection time)\n";

        assert_eq!(number(told, "tps = ").unwrap(), 1403.618);
        assert_eq!(number(told, "number of transactions actually processed: ").unwrap(), 4211.0);
        assert!(number("", "tps = ").is_err());
    }

    #[test]
    fn a_failed_transaction_is_no_latency() {
        assert_eq!(latency("0 199 2241 0 1175850568 995598").unwrap(), Duration::from_micros(2241));
        assert!(latency("3 0 failed 0 1499414498 84905").is_err());
    }
}
