//! `kexiang token`: a bearer token signed with the key of a data directory.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use kexiang_core::{AgentId, Clock, Role};

use crate::{data_dir::DataDir, output};

/// Longest life of a token.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// Make a bearer token.
///
/// The token is signed with the key of the data directory, so only who may read that key can make one. It is printed
/// alone on standard output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kexiang token --role agent --subject li.na
  kexiang token --role supervisor --role analyst --subject wang.wei --ttl 8h
  curl -H \"Authorization: Bearer $(kexiang token --role analyst)\" http://127.0.0.1:8080/v1/wallboard")]
pub struct Token {
    /// Role of the caller; may be given several times: customer, agent, supervisor, dispatcher, technician,
    /// department, analyst, manager, administrator, service
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<Role>,
    /// Who calls: the id of an agent, or of a service with --role service; the first role's word by default
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How long it is good, such as 30m, 8h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = lifetime)]
    ttl: Duration,
    /// Data directory with the key
    #[arg(long, value_name = "DIR", env = "KEXIANG_DATA_DIR", default_value = "kexiang-data")]
    data_dir: PathBuf,
}

impl Token {
    /// Makes and prints it.
    ///
    /// # Errors
    /// When there is no key, or the subject is no id.
    pub fn run(&self, clock: &Clock) -> anyhow::Result<()> {
        let subject = self
            .subject
            .as_deref()
            .or_else(|| self.roles.first().map(|role| role.as_str()))
            .unwrap_or_default();
        let subject = AgentId::parse(subject).with_context(|| format!("--subject {subject}"))?;
        let issuer = DataDir::at(&self.data_dir).existing_issuer()?;
        output::line(issuer.issue(subject.as_str(), &self.roles, self.ttl, clock.now())?);
        Ok(())
    }
}

/// Reads `30m`, `8h`, `1h 30m`, `7d`.
fn lifetime(text: &str) -> anyhow::Result<Duration> {
    let span: jiff::Span = text.parse()?;
    let lifetime: Duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours())?.try_into()?;
    if lifetime.is_zero() || lifetime > LONGEST {
        bail!("a token lives longer than nothing and at most a year");
    }
    Ok(lifetime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_as_people_write_them() {
        assert_eq!(lifetime("8h").unwrap(), Duration::from_hours(8));
        assert_eq!(lifetime("1h 30m").unwrap(), Duration::from_mins(90));
        assert_eq!(lifetime("7d").unwrap(), Duration::from_hours(168));
        assert!(lifetime("0s").is_err());
        assert!(lifetime("-1h").is_err());
        assert!(lifetime("soon").is_err());
    }
}
