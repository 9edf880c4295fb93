//! The rules that decide, by name and version.

use std::str::FromStr;

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

use crate::domain::rotation::policy::POLICY_VERSION;

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Fewest open orders for their capacity; then served longest ago; then by id.
    LeastLoad,
    /// A dispatcher said who.
    NamedByDispatcher,
    /// Older orders wait that somebody could take: nobody gets it before them.
    OldestFirst,
    /// Whose turn it is, by the day's sign-in order (DI-3).
    RotationSignInOrder,
    /// Whose turn it is, by number.
    RotationNumbered,
    /// Whose turn it is, by last month's ranking.
    RotationLastMonth,
    /// Whose turn it is, by yesterday's results.
    RotationYesterday,
}

impl Policy {
    const ALL: [Self; 7] = [
        Self::LeastLoad,
        Self::NamedByDispatcher,
        Self::OldestFirst,
        Self::RotationSignInOrder,
        Self::RotationNumbered,
        Self::RotationLastMonth,
        Self::RotationYesterday,
    ];

    /// The word in SQL and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeastLoad => "least-load",
            Self::NamedByDispatcher => "named-by-dispatcher",
            Self::OldestFirst => "oldest-first",
            Self::RotationSignInOrder => "rotation-sign-in-order",
            Self::RotationNumbered => "rotation-numbered",
            Self::RotationLastMonth => "rotation-last-month",
            Self::RotationYesterday => "rotation-yesterday",
        }
    }

    /// Its version: one more whenever the same candidates could be decided otherwise.
    #[must_use]
    pub const fn version(self) -> i32 {
        match self {
            Self::LeastLoad | Self::NamedByDispatcher | Self::OldestFirst => 1,
            Self::RotationSignInOrder
            | Self::RotationNumbered
            | Self::RotationLastMonth
            | Self::RotationYesterday => POLICY_VERSION,
        }
    }
}

impl FromStr for Policy {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
