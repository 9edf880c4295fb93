//! The settings of dispatch, from flags or environment.

use kexiang_rpc::server::Limits;

/// The settings of dispatch.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Database, as dispatch's own role: postgres://kexiang_dispatch@host/kexiang.
    #[arg(long, env = "KEXIANG_DISPATCH_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Connections to the database at most.
    #[arg(long, env = "KEXIANG_DISPATCH_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,
    /// Address of intake, for its events.
    #[arg(long, env = "KEXIANG_INTAKE_ADDRESS", default_value = "http://127.0.0.1:7001")]
    pub intake_address: String,
    /// Limits.
    #[command(flatten)]
    pub limits: Limits,
}
