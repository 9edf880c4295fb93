//! The tree's history, roles, profiles and shifts (DI-1, DI-2).

use std::collections::BTreeMap;

use kexiang_core::{AgentId, ShiftId, Timestamp, UnitId, UnitMoveId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// A move of a unit, kept as history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMove {
    /// Its id.
    pub id: UnitMoveId,
    /// Which unit.
    pub unit: UnitId,
    /// Where it stood.
    pub from: Option<UnitId>,
    /// Where it stands since.
    pub to: Option<UnitId>,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub moved_at: Timestamp,
}

/// Who holds a role in a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRole {
    /// Where.
    pub unit: UnitId,
    /// Its code.
    pub role: String,
    /// Who holds it.
    pub agent: AgentId,
    /// Who stand in, the first one first.
    pub deputies: Vec<AgentId>,
    /// Who acts in it now: the first of holder and deputies who receives.
    pub acting: Option<AgentId>,
    /// The etag.
    pub version: i64,
}

/// What an agent can do, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who.
    pub agent: AgentId,
    /// Code → grade, 1 to 5.
    pub skills: BTreeMap<String, i32>,
    /// Language tags.
    pub languages: Vec<String>,
    /// Grids or districts.
    pub territory: Vec<String>,
    /// Takes no turn of a rotation, but may help at rush.
    pub trainee: bool,
    /// Open orders at once.
    pub capacity: i32,
    /// The etag; 0 when nothing was set.
    pub version: i64,
}

/// Where a shift stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShiftState {
    /// To come or under way.
    Planned,
    /// Over.
    Ended,
    /// Taken back.
    Cancelled,
}

impl ShiftState {
    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Ended => "ENDED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl std::str::FromStr for ShiftState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Planned, Self::Ended, Self::Cancelled]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A shift of the roster 排班.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Its id.
    pub id: ShiftId,
    /// Whose.
    pub agent: AgentId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Where it stands.
    pub state: ShiftState,
    /// The etag.
    pub version: i64,
}
