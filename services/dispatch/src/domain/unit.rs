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
}

impl Agent {
    /// Whether they are signed in and below their capacity.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.presence == Presence::SignedIn && self.open_orders < self.capacity
    }
}
