//! How many units make a key account, as data (CU-11).

use std::collections::BTreeMap;

use kexiang_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Most agreement kinds of a threshold.
pub const MAX_KINDS: usize = 50;
/// Most units of a threshold.
pub const MAX_UNITS: i32 = 1_000_000;

/// Units in force by code of the agreement kind.
pub type UnitsByKind = BTreeMap<String, i64>;

/// A threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// Code.
    pub code: String,
    /// Of one customer alone; 1 to [`MAX_UNITS`].
    pub units: i32,
    /// Of a group; 1 to [`MAX_UNITS`].
    pub group_units: i32,
    /// Agreement kinds that count; empty for all.
    pub kinds: Vec<String>,
    /// Makes no key accounts any more.
    pub inactive: bool,
}

impl Threshold {
    /// Whether these units reach it.
    #[must_use]
    pub fn is_reached(&self, units: &UnitsByKind, group: bool) -> bool {
        let counts = |kind: &String| self.kinds.is_empty() || self.kinds.contains(kind);
        let sum: i64 = units.iter().filter(|(kind, _)| counts(kind)).map(|(_, units)| units).sum();
        !self.inactive && sum >= i64::from(if group { self.group_units } else { self.units })
    }
}

/// A threshold as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredThreshold {
    /// What it is.
    pub threshold: Threshold,
    /// Last changed.
    pub updated_at: Timestamp,
    /// From 1; the etag.
    pub version: i64,
}

/// Code of the first threshold that these units reach.
#[must_use]
pub fn reached(thresholds: &[Threshold], units: &UnitsByKind, group: bool) -> Option<String> {
    thresholds.iter().find(|threshold| threshold.is_reached(units, group)).map(|found| found.code.clone())
}
