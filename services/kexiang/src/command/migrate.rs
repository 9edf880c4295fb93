//! `kexiang migrate`: what an administrator does before services run apart.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::{
    database::{DATABASE, Databases},
    output,
};

/// Make database, roles and tables on a PostgreSQL server.
///
/// Makes what is missing: the database, a role and a schema for each of the four services, and their tables. A role
/// can use its own schema and nothing else. May be run again at any time, and has to be run before a newer release is
/// started. Passwords are set for the roles that get one here; other roles keep theirs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kexiang migrate --admin-url postgres://postgres@db/postgres --intake-password-file /run/secrets/intake …
  KEXIANG_ADMIN_URL=postgres://postgres@db/postgres KEXIANG_INTAKE_PASSWORD=… kexiang migrate")]
pub struct Migrate {
    /// Address of the server as an administrator: a superuser, or a role with CREATEDB and CREATEROLE
    #[arg(long, value_name = "URL", env = "KEXIANG_ADMIN_URL", hide_env_values = true)]
    admin_url: String,
    /// Name of the database
    #[arg(long, value_name = "NAME", env = "KEXIANG_DATABASE", default_value = DATABASE)]
    database: String,
    #[command(flatten)]
    passwords: Passwords,
}

/// A password by itself, or in a file, for each role. Itself only by environment: command lines can be read by
/// others.
#[derive(Debug, Args)]
struct Passwords {
    /// File with the password of role kexiang_intake; or the password itself in KEXIANG_INTAKE_PASSWORD
    #[arg(long, value_name = "FILE", env = "KEXIANG_INTAKE_PASSWORD_FILE")]
    intake_password_file: Option<PathBuf>,
    #[arg(long, hide = true, env = "KEXIANG_INTAKE_PASSWORD", hide_env_values = true)]
    intake_password: Option<String>,
    /// The same for kexiang_dispatch; KEXIANG_DISPATCH_PASSWORD
    #[arg(long, value_name = "FILE", env = "KEXIANG_DISPATCH_PASSWORD_FILE")]
    dispatch_password_file: Option<PathBuf>,
    #[arg(long, hide = true, env = "KEXIANG_DISPATCH_PASSWORD", hide_env_values = true)]
    dispatch_password: Option<String>,
    /// The same for kexiang_customer_records; KEXIANG_CUSTOMER_RECORDS_PASSWORD
    #[arg(long, value_name = "FILE", env = "KEXIANG_CUSTOMER_RECORDS_PASSWORD_FILE")]
    customer_records_password_file: Option<PathBuf>,
    #[arg(long, hide = true, env = "KEXIANG_CUSTOMER_RECORDS_PASSWORD", hide_env_values = true)]
    customer_records_password: Option<String>,
    /// The same for kexiang_reporting; KEXIANG_REPORTING_PASSWORD
    #[arg(long, value_name = "FILE", env = "KEXIANG_REPORTING_PASSWORD_FILE")]
    reporting_password_file: Option<PathBuf>,
    #[arg(long, hide = true, env = "KEXIANG_REPORTING_PASSWORD", hide_env_values = true)]
    reporting_password: Option<String>,
}

impl Migrate {
    /// Provisions and migrates.
    ///
    /// # Errors
    /// Names the step that failed.
    pub async fn run(self) -> anyhow::Result<()> {
        let passwords = self.passwords.read()?;
        Databases::on_server(&self.admin_url, &self.database, &passwords).await?;
        output::line(format_args!("database {} is up to date", self.database));
        Ok(())
    }
}

impl Passwords {
    fn read(self) -> anyhow::Result<[Option<String>; 4]> {
        Ok([
            password(self.intake_password_file, self.intake_password)?,
            password(self.dispatch_password_file, self.dispatch_password)?,
            password(self.customer_records_password_file, self.customer_records_password)?,
            password(self.reporting_password_file, self.reporting_password)?,
        ])
    }
}

fn password(file: Option<PathBuf>, itself: Option<String>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(itself) };
    let password = std::fs::read_to_string(&file)
        .with_context(|| format!("the password file {} can't be read", file.display()))?;
    Ok(Some(password.trim_end().to_owned()))
}
