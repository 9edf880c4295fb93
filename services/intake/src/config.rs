//! The settings of intake, from flags or environment.

use std::time::Duration;

use clap::value_parser;
use jiff::SignedDuration;
use kexiang_rpc::server::Limits;

use crate::domain::{Threshold, promise::EscalationRule};

/// The settings of intake.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Database, as intake's own role: postgres://kexiang_intake@host/kexiang.
    #[arg(long, env = "KEXIANG_INTAKE_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Connections to the database at most.
    #[arg(long, env = "KEXIANG_INTAKE_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,
    /// Address of dispatch, for its events.
    #[arg(long, env = "KEXIANG_DISPATCH_ADDRESS", default_value = "http://127.0.0.1:7002")]
    pub dispatch_address: String,
    /// Address of customer records, for its events.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_ADDRESS", default_value = "http://127.0.0.1:7003")]
    pub customer_records_address: String,
    /// Where the bytes of evidence are kept: file:///FOLDER or s3://BUCKET/PREFIX; S3 is told the rest by AWS_REGION,
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT and so on.
    #[arg(
        long,
        env = "KEXIANG_EVIDENCE_STORE",
        default_value = "file:///var/lib/kexiang/evidence",
        value_name = "URL"
    )]
    pub evidence_store: String,
    /// The largest file that is taken as evidence, in bytes; images, documents and text have lower limits of their own.
    #[arg(long, env = "KEXIANG_EVIDENCE_MAX_BYTES", default_value_t = 100 * 1024 * 1024, value_name = "BYTES",
        value_parser = clap::value_parser!(i64).range(1..))]
    pub evidence_max_bytes: i64,
    /// Address of the gateway, as those who get links to evidence know it; without it links are paths.
    #[arg(long, env = "KEXIANG_EVIDENCE_LINK_BASE", default_value = "", value_name = "URL")]
    pub evidence_link_base: String,
    /// Promises.
    #[command(flatten)]
    pub promises: PromiseSettings,
    /// Recognising callers.
    #[command(flatten)]
    pub recognition: RecognitionSettings,
    /// When cases are one matter.
    #[command(flatten)]
    pub following: FollowingConfig,
    /// Limits.
    #[command(flatten)]
    pub limits: Limits,
}

/// When cases are proposed as duplicates (IN-15) and reports are a mass fault (IN-16).
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FollowingConfig {
    /// Cases of the same customer, category and place are proposed as duplicates within so many hours; 0 for never.
    #[arg(long, env = "KEXIANG_DUPLICATE_WINDOW_HOURS", default_value_t = 24)]
    pub duplicate_window_hours: u16,
    /// So many fault reports of one district and category are a mass fault; 0 for never.
    #[arg(long, env = "KEXIANG_MASS_FAULT_REPORTS", default_value_t = 5)]
    pub mass_fault_reports: u16,
    /// When they are accepted within so many minutes.
    #[arg(long, env = "KEXIANG_MASS_FAULT_WINDOW_MINUTES", default_value_t = 30)]
    pub mass_fault_window_minutes: u16,
}

impl Default for FollowingConfig {
    fn default() -> Self {
        Self { duplicate_window_hours: 24, mass_fault_reports: 5, mass_fault_window_minutes: 30 }
    }
}

impl FollowingConfig {
    pub(crate) fn duplicate_window(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.duplicate_window_hours))
    }

    pub(crate) fn threshold(&self) -> Threshold {
        let window = SignedDuration::from_mins(i64::from(self.mass_fault_window_minutes));
        Threshold { reports: usize::from(self.mass_fault_reports), window }
    }
}

/// When a promise is about to be missed (IN-12): whichever of both comes later.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PromiseSettings {
    /// A promise is due soon so many minutes before its due time, …
    #[arg(long, env = "KEXIANG_INTAKE_PROMISE_LEAD_MINUTES", default_value_t = 15)]
    pub promise_lead_minutes: u16,
    /// … or when so many per cent of its span are left, if that is shorter.
    #[arg(long, env = "KEXIANG_INTAKE_PROMISE_SHARE_PERCENT", default_value_t = 20, value_parser = value_parser!(u8).range(0..=100))]
    pub promise_share_percent: u8,
}

impl Default for PromiseSettings {
    fn default() -> Self {
        Self { promise_lead_minutes: 15, promise_share_percent: 20 }
    }
}

impl PromiseSettings {
    /// The rule that they are.
    #[must_use]
    pub fn rule(self) -> EscalationRule {
        EscalationRule { lead_minutes: self.promise_lead_minutes, share_percent: self.promise_share_percent }
    }
}

/// How long recognising a caller may wait for others (IN-6).
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct RecognitionSettings {
    /// Customer records are waited for so many milliseconds at most; the answer then goes without them.
    #[arg(long, env = "KEXIANG_INTAKE_RECOGNITION_LIMIT_MS", default_value_t = 200, value_parser = value_parser!(u16).range(1..=10_000))]
    pub recognition_limit_ms: u16,
}

impl Default for RecognitionSettings {
    fn default() -> Self {
        Self { recognition_limit_ms: 200 }
    }
}

impl RecognitionSettings {
    /// The limit for customer records.
    #[must_use]
    pub fn limit(self) -> Duration {
        Duration::from_millis(self.recognition_limit_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        promises: PromiseSettings,
        #[command(flatten)]
        recognition: RecognitionSettings,
    }

    #[test]
    fn what_is_not_set_is_the_default_and_what_makes_no_sense_is_refused() {
        let unset = Cli::parse_from(["intake"]);

        assert_eq!(unset.promises.rule(), PromiseSettings::default().rule());
        assert_eq!(unset.recognition.limit(), RecognitionSettings::default().limit());
        for flags in [["--promise-share-percent", "101"], ["--recognition-limit-ms", "0"]] {
            assert!(Cli::try_parse_from(["intake"].into_iter().chain(flags)).is_err(), "{flags:?}");
        }
    }
}
