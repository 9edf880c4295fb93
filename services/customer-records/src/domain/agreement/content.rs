//! What is agreed on, apart from money.

use kexiang_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest terms, in characters.
pub const MAX_TERMS: usize = 10_000;
/// Most units.
pub const MAX_UNITS: i32 = 1_000_000;

/// What is agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Not blank.
    pub title: String,
    /// May be empty.
    pub terms: String,
    /// What key accounts are counted by; 0 to [`MAX_UNITS`].
    pub units: i32,
    /// `None` for no end.
    pub expires_at: Option<Timestamp>,
}
