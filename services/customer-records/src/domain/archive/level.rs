//! Confidentiality: who sees what of the archive. The one place of this policy (CU-13).
//!
//! | role | sees up to |
//! |---|---|
//! | customer | PUBLIC |
//! | agent, dispatcher, technician, department, analyst | INTERNAL |
//! | supervisor | CONFIDENTIAL |
//! | manager, administrator, service | SECRET |
//!
//! Who has several roles has the highest of their levels. What is above somebody's level is not there for them, in lists as in verbs,
//! and nobody gives an entry a level above their own.

use kexiang_core::{Role, Roles};
use serde::{Deserialize, Serialize};

/// How confidential an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Everybody who works here.
    Public,
    /// Who works at the desk.
    Internal,
    /// Who leads.
    Confidential,
    /// Who manages.
    Secret,
}

impl Level {
    /// All, from the lowest.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Secret];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Internal => "INTERNAL",
            Self::Confidential => "CONFIDENTIAL",
            Self::Secret => "SECRET",
        }
    }

    /// From 1, for comparing in the store.
    #[must_use]
    pub const fn rank(self) -> i16 {
        match self {
            Self::Public => 1,
            Self::Internal => 2,
            Self::Confidential => 3,
            Self::Secret => 4,
        }
    }

    const fn of_role(role: Role) -> Self {
        match role {
            Role::Customer => Self::Public,
            Role::Agent | Role::Dispatcher | Role::Technician | Role::Department | Role::Analyst => {
                Self::Internal
            }
            Role::Supervisor => Self::Confidential,
            Role::Manager | Role::Administrator | Role::Service => Self::Secret,
        }
    }

    /// The highest level that somebody with these roles sees.
    #[must_use]
    pub fn seen_by(roles: Roles) -> Self {
        roles.iter().map(Self::of_role).max().unwrap_or(Self::Public)
    }
}

/// No such level.
#[derive(Debug, thiserror::Error)]
#[error("no such level of confidentiality")]
pub struct UnknownLevel;

impl std::str::FromStr for Level {
    type Err = UnknownLevel;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}
