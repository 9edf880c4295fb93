//! The four policies (DI-3).

use std::{fmt, str::FromStr};

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// Which order a round has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RotationPolicy {
    /// By the day's first sign-ins; a new round each day.
    SignInOrder,
    /// By number, carried over from day to day.
    Numbered,
    /// By last month's ranking; a new round each day.
    LastMonth,
    /// By yesterday's results; a new round each day.
    Yesterday,
}

/// The version of the rules of this module and [`round`](super::round): one more whenever the same day could go otherwise.
pub const POLICY_VERSION: i32 = 1;

impl RotationPolicy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SignInOrder, Self::Numbered, Self::LastMonth, Self::Yesterday];

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignInOrder => "SIGN_IN_ORDER",
            Self::Numbered => "NUMBERED",
            Self::LastMonth => "LAST_MONTH",
            Self::Yesterday => "YESTERDAY",
        }
    }

    /// Whether a round goes on the next day.
    #[must_use]
    pub const fn carries_over(self) -> bool {
        matches!(self, Self::Numbered)
    }

    /// Whether a ranking makes the order.
    #[must_use]
    pub const fn ranked(self) -> bool {
        matches!(self, Self::LastMonth | Self::Yesterday)
    }

    /// What the order is by, in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::SignInOrder => "by the day's sign-in order",
            Self::Numbered => "by number",
            Self::LastMonth => "by last month's ranking",
            Self::Yesterday => "by yesterday's results",
        }
    }
}

impl fmt::Display for RotationPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RotationPolicy {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
