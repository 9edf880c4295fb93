//! The settings of intake, from flags or environment.

use jiff::SignedDuration;
use kexiang_rpc::server::Limits;

use crate::domain::Threshold;

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
