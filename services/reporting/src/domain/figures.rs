//! Figures, what they are broken down by, and the cases behind them (RE-2, RE-3).

use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use kexiang_core::{CaseId, Channel, Kind, SiteId, UnitId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::{
    first_contact::FirstContact,
    period::{Period, SiteZone},
    state::CaseState,
};

/// What figures are broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// How cases came in.
    Channel,
    /// What they are.
    Kind,
    /// Category code.
    Category,
    /// Who works or worked on them.
    Unit,
    /// Where they stand now.
    State,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Channel, Self::Kind, Self::Category, Self::Unit, Self::State];
    /// Those of a day report, in its order.
    pub const OF_DAY_REPORT: [Self; 4] = [Self::Channel, Self::Kind, Self::Category, Self::Unit];

    /// The word that the SQL function `reporting.key_of` knows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "CHANNEL",
            Self::Kind => "KIND",
            Self::Category => "CATEGORY",
            Self::Unit => "UNIT",
            Self::State => "STATE",
        }
    }
}

impl FromStr for Dimension {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Which figure the cases are listed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// [`Figures::received`].
    Received,
    /// [`Figures::resolved`].
    Resolved,
}

impl Figure {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Received, Self::Resolved];

    /// The word that SQL compares with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Resolved => "RESOLVED",
        }
    }
}

impl FromStr for Figure {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Figures of one group of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Cases accepted in the period.
    pub received: i64,
    /// Cases whose last resolution lies in the period.
    pub resolved: i64,
    /// How long the resolved ones took; `None` when there are none.
    pub resolve_time: Option<ResolveTime>,
}

/// From acceptance to last resolution, in seconds of the calendar clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResolveTime {
    /// The median, by linear interpolation.
    pub median: f64,
    /// The 90th percentile, by linear interpolation.
    pub p90: f64,
}

/// The figures of one value of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The value: a word, a category code or a unit's id; empty for no unit.
    pub key: String,
    /// Its figures.
    pub figures: Figures,
}

/// Figures of a site in a period: the whole, and by one dimension. The counts of the rows add up to the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// By what.
    pub dimension: Dimension,
    /// The whole.
    pub total: Figures,
    /// Most received first, then by key.
    pub rows: Vec<Row>,
}

/// The day of a site (RE-3).
#[derive(Debug, Clone, PartialEq)]
pub struct DayReport {
    /// Whose.
    pub site: SiteId,
    /// Which.
    pub date: Date,
    /// The zone whose day it is.
    pub zone: SiteZone,
    /// The whole site.
    pub total: Figures,
    /// By each of [`Dimension::OF_DAY_REPORT`].
    pub breakdowns: Vec<Breakdown>,
    /// What the desk resolved for good.
    pub first_contact: FirstContact,
    /// All events of intake recorded up to here are in; `None` while the log has not been read once to its end.
    pub as_of: Option<Timestamp>,
}

/// Which cases are listed: those behind one figure (RE-2).
#[derive(Debug, Clone)]
pub struct CountedBy {
    /// Of which site.
    pub site: SiteId,
    /// In which days.
    pub period: Period,
    /// By which figure.
    pub figure: Figure,
    /// Only those with this value of a dimension.
    pub row: Option<(Dimension, String)>,
}

/// A case that a figure counts.
#[derive(Debug, Clone)]
pub struct CountedCase {
    /// Which.
    pub case: CaseId,
    /// What people say.
    pub number: String,
    /// How it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: Kind,
    /// Category code.
    pub category: String,
    /// Who works or worked on it.
    pub unit: Option<UnitId>,
    /// Where it stands.
    pub state: CaseState,
    /// Accepted.
    pub accepted_at: Timestamp,
    /// Last resolved.
    pub resolved_at: Option<Timestamp>,
}

impl CountedCase {
    /// Its place in the list.
    #[must_use]
    pub const fn place(&self) -> ListPlace {
        ListPlace { accepted_at: self.accepted_at, case: self.case }
    }
}

/// The place of a case in a list: by acceptance, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPlace {
    /// Accepted.
    pub accepted_at: Timestamp,
    /// Which.
    pub case: CaseId,
}
