//! Units and the agents who work in them (DI-1, DI-2).

use std::{fmt, str::FromStr};

use kexiang_core::{AgentId, Timestamp, UnitId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// How many open orders an agent can have when nothing else is said.
pub const DEFAULT_CAPACITY: i32 = 20;

/// A node of the tree grid 网格 → city 州市 → province 省, or a department 部门.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// What people call it.
    pub display_name: String,
    /// One tier up; none for a root.
    pub parent: Option<UnitId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its tier; none for one made without.
    #[serde(default)]
    pub level: Option<UnitLevel>,
    /// The etag: one more with every move.
    #[serde(default)]
    pub version: i64,
}

/// Tiers of the tree (DI-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnitLevel {
    /// 省.
    Province,
    /// 州市.
    City,
    /// 网格.
    Grid,
    /// 部门, below anything; has only departments below it.
    Department,
}

impl UnitLevel {
    const ALL: [Self; 4] = [Self::Province, Self::City, Self::Grid, Self::Department];

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "PROVINCE",
            Self::City => "CITY",
            Self::Grid => "GRID",
            Self::Department => "DEPARTMENT",
        }
    }

    /// Whether one of this tier may stand below `parent`.
    #[must_use]
    pub const fn fits_below(self, parent: Self) -> bool {
        match (self, parent) {
            (Self::Department, _) => true,
            (_, Self::Department) => false,
            (below, above) => (above as u8) < (below as u8),
        }
    }
}

impl fmt::Display for UnitLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for UnitLevel {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why somebody who is signed in gets nothing just now (DI-2): a break, or one of the four reasons not to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Absence {
    /// On a break.
    Break,
    /// In training.
    InTraining,
    /// Unwell.
    Unwell,
    /// On other duty.
    OtherDuty,
    /// Leaving soon.
    Leaving,
}

impl Absence {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Break, Self::InTraining, Self::Unwell, Self::OtherDuty, Self::Leaving];

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Break => "BREAK",
            Self::InTraining => "IN_TRAINING",
            Self::Unwell => "UNWELL",
            Self::OtherDuty => "OTHER_DUTY",
            Self::Leaving => "LEAVING",
        }
    }

    /// It in words, after the name.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Break => "is on a break",
            Self::InTraining => "is in training",
            Self::Unwell => "is unwell",
            Self::OtherDuty => "is on other duty",
            Self::Leaving => "is leaving",
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Absence {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Whether an agent can be given work: what is not signed in gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Presence {
    /// Gets nothing; the first state of all.
    SignedOut,
    /// Gets work.
    SignedIn,
}

impl Presence {
    /// The word in SQL and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "SIGNED_OUT",
            Self::SignedIn => "SIGNED_IN",
        }
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Presence {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "SIGNED_OUT" => Ok(Self::SignedOut),
            "SIGNED_IN" => Ok(Self::SignedIn),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// Somebody who can be given work. Never changes unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Their id: the subject of their token.
    pub id: AgentId,
    /// What people call them.
    pub display_name: String,
    /// Where they work.
    pub unit: UnitId,
    /// How many open orders at once; at least 1.
    pub capacity: i32,
    /// Whether they get work.
    pub presence: Presence,
    /// Orders they have that are ASSIGNED, ACCEPTED or IN_PROGRESS. Kept in the transaction that moves the order.
    pub open_orders: i32,
    /// When they last got an order; none for never.
    pub last_assigned_at: Option<Timestamp>,
    /// When they were made.
    pub created_at: Timestamp,
    /// Why they get nothing although signed in, and since when. Ends with the sign-out.
    #[serde(default)]
    pub absence: Option<(Absence, Timestamp)>,
    /// Their last sign-in.
    #[serde(default)]
    pub signed_in_at: Option<Timestamp>,
    /// Takes no turn of a rotation, but may help at rush.
    #[serde(default)]
    pub trainee: bool,
}

impl Agent {
    /// Whether they are signed in and not absent (DI-2).
    #[must_use]
    pub fn receives(&self) -> bool {
        self.presence == Presence::SignedIn && self.absence.is_none()
    }

    /// Whether they receive and are below their capacity.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.receives() && self.open_orders < self.capacity
    }
}
