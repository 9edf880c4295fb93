//! The settings of intake, from flags or environment.

use kexiang_rpc::server::Limits;

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
    /// Limits.
    #[command(flatten)]
    pub limits: Limits,
}
