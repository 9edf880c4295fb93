//! What a newcomer trips over, looked at one by one. Looking changes nothing, and one finding never hides another.

mod machine;
mod running;

use std::{fmt, net::SocketAddr};

use kexiang_core::Clock;

use crate::data_dir::DataDir;

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, and may trouble you later.
    Warn,
    /// `kexiang up` will not work like this.
    Fail,
}

/// What was looked at, what was found, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is meant.
    pub level: Level,
    what: &'static str,
    found: String,
    advice: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, found: found.into(), advice: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Fail, what, found: found.into(), advice: Some(advice.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level}  {:<14} {}", self.what, self.found)?;
        self.advice.iter().try_for_each(|advice| write!(f, "\n      → {advice}"))
    }
}

/// Looks at everything.
pub async fn examine(dir: &DataDir, listen: SocketAddr, clock: &Clock) -> Vec<Finding> {
    let mut findings = vec![
        machine::postgres(dir).await,
        machine::data_dir(dir),
        machine::disk(dir),
        machine::customer_keys(dir),
        machine::port(dir, listen),
        machine::clock(dir, clock),
    ];
    findings.extend(running::examine(dir).await);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_to_do() {
        let finding = Finding::fail("port", "8080 is taken", "choose another with --listen");

        assert_eq!(
            finding.to_string(),
            "fail  port           8080 is taken\n      → choose another with --listen"
        );
    }
}
