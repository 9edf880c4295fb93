//! The settings of customer records, from flags or environment.

use std::path::PathBuf;

use kexiang_rpc::server::Limits;

/// The settings of customer records.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Database, as the service's own role: postgres://kexiang_customer_records@host/kexiang.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Connections to the database at most.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,
    /// Address of intake, for its events and contacts.
    #[arg(long, env = "KEXIANG_INTAKE_ADDRESS", default_value = "http://127.0.0.1:7001")]
    pub intake_address: String,
    /// Address of dispatch, for its events.
    #[arg(long, env = "KEXIANG_DISPATCH_ADDRESS", default_value = "http://127.0.0.1:7002")]
    pub dispatch_address: String,
    /// File with the keys of all personal data; its form stands in `domain/vault/key_ring.rs`.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_KEY_FILE")]
    pub key_file: PathBuf,
    /// Days after which customers of whom nothing was heard are erased; never when not given. Nothing was heard: no contact, no
    /// change, no open case; and no legal hold stands.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_RETENTION_IDLE_DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    pub retention_idle_days: Option<u32>,
    /// Time zone in which days are counted for customers without site, and for sites that intake has told nothing of yet.
    #[arg(long, env = "KEXIANG_CUSTOMER_RECORDS_TIME_ZONE", default_value = "Asia/Shanghai")]
    pub time_zone: String,
    /// Limits.
    #[command(flatten)]
    pub limits: Limits,
}
