//! A checked filter: what customers are asked for.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::fields::{FlagField, ListField, NumberField, TextField, TimeField};
use crate::domain::contact_point::ContactPoint;

/// 0001-01-01: what is before it no database keeps, and nothing happened.
pub(super) const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// What a filter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be kept: names nobody by phone or e-mail.
    Saved,
    /// To be asked once.
    Unsaved,
}

/// A filter that can be asked.
#[derive(Clone, PartialEq)]
pub struct Filter {
    /// What has to be true.
    pub node: Node,
    /// The fields in it.
    pub fields: BTreeSet<String>,
}

/// A part of a filter.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// All are true.
    All(Vec<Node>),
    /// One is true.
    Any(Vec<Node>),
    /// It is false.
    Not(Box<Node>),
    /// A test.
    Test(Test),
}

/// Greater or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A time, perhaps as far from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This one.
    At(Timestamp),
    /// So far after now.
    FromNow(SignedDuration),
}

impl Moment {
    /// When that is.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::FromNow(distance) if distance.is_negative() => {
                now.checked_add(distance).map_or(EARLIEST, |at| at.max(EARLIEST))
            }
            Self::FromNow(distance) => now.checked_add(distance).unwrap_or(Timestamp::MAX),
        }
    }
}

/// What narrows what is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The last so many times 24 hours.
    pub days: Option<i64>,
    /// Word or code.
    pub kind: Option<String>,
    /// Code.
    pub category: Option<String>,
    /// Word.
    pub state: Option<String>,
}

/// True or false of every customer.
#[derive(Clone, PartialEq)]
pub enum Test {
    /// The text is one of these.
    Text(TextField, Vec<String>),
    /// A text is known.
    HasText(TextField),
    /// One of these codes is there.
    List(ListField, Vec<String>),
    /// A code is there.
    HasList(ListField),
    /// The number stands so to this one.
    Number(NumberField, Scope, Order, i64),
    /// The time is known, and stands so to this one.
    Time(TimeField, Scope, Order, Moment),
    /// The time is known.
    HasTime(TimeField, Scope),
    /// Yes.
    Flag(FlagField),
    /// One of these is a contact point of the customer.
    Point(Vec<ContactPoint>),
    /// The own field of this key has one of these values.
    Own(String, Vec<String>),
}
