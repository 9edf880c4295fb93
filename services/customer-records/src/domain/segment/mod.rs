//! Segments: saved filters over fields, behaviour and history of customers, used as audiences (CU-15).
//!
//! | to see | read |
//! |---|---|
//! | what can be filtered by: the one table | [`fields`] |
//! | text → tokens → tree → typed filter | [`lexer`], [`syntax`], `check`, [`filter`] |
//! | what is wrong with a filter, and where | [`problem`] |
//! | filter → SQL | `store/segments/condition.rs` |
//!
//! The language is a part of AIP-160:
//!
//! ```text
//! filter     = expression
//! expression = term { "AND" term } | term { "OR" term }
//! term       = "NOT" term | "(" expression ")" | test
//! test       = field [ "(" argument { "," argument } ")" ] [ operator value | "IN" "(" value { "," value } ")" ]
//! argument   = [ name "=" ] value
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":"
//! value      = "quoted" | 'quoted' | word | number | RFC 3339 time | number unit ("ago" | "ahead") | "*"
//! unit       = "minute" | "minutes" | "hour" | "hours" | "day" | "days"
//! ```
//!
//! Where AIP-160 surprises, this refuses rather than guesses: AND and OR side by side need parentheses (there OR binds
//! tighter), and two tests without a word between them are no AND. Operators that are words are in capitals.
//!
//! Every test is true or false of every customer. Of what is not known, every comparison is false, and `!=` is NOT `=`: so it
//! is true. `field:*` asks whether something is known.
//!
//! Invariants: a [`Filter`] that exists can be compiled; its cost is bounded by the limits below and the server's time limit;
//! customers that are merged into others or erased are in no segment.

mod check;
pub mod fields;
pub mod filter;
pub mod lexer;
pub mod problem;
pub mod syntax;

use std::fmt;

use jiff::Timestamp;
use kexiang_core::{Actor, SegmentId};
use serde::{Deserialize, Serialize};

pub use filter::{Filter, Moment, Node, Order, Purpose, Scope, Test};
pub use problem::{FilterProblem, Place, Reason};

/// Characters of a filter.
pub const LONGEST_FILTER: usize = 8_000;
/// Tests in a filter.
pub const MOST_TESTS: usize = 50;
/// Values of one `IN`.
pub const MOST_VALUES: usize = 100;
/// Parentheses and NOTs around a test.
pub const DEEPEST: usize = 12;
/// Problems that are told of one filter.
pub const MOST_PROBLEMS: usize = 20;
/// Characters of a title.
pub const LONGEST_TITLE: usize = 200;

/// A saved filter. Written down for repeated requests, it is without its filter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Which.
    pub segment_id: SegmentId,
    /// What people read.
    pub title: String,
    /// As it was written; checked.
    #[serde(skip)]
    pub filter: String,
    /// Who made it.
    pub created_by: Actor,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// 1 when made, one more for every change.
    pub version: i64,
}

// Values of own fields may stand in a filter, so it stays out of logs.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} version {}", self.segment_id, self.version)
    }
}

/// Data of `segment.created`, `segment.updated` and `segment.deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFacts {
    /// Which.
    pub segment_id: SegmentId,
}

#[cfg(test)]
mod tests;
