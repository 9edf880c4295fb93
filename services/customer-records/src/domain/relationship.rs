//! Relationships between customers and supervisors' rulings about them (CU-3). Both are made, end once, and stay.

use std::str::FromStr;

use jiff::Timestamp;
use kexiang_core::{Actor, CustomerId, RelationshipId, SameCustomerRulingId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// What the first is to the second. A child is stored as the parent's other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RelationshipKind {
    /// Spouse.
    Spouse,
    /// The first is a parent of the second.
    Parent,
    /// The first holds shares of the second.
    Shareholder,
    /// Any other relative.
    OtherRelative,
    /// Friend.
    Friend,
    /// The first works for the second.
    Employee,
    /// The first belongs to the second.
    Member,
}

impl RelationshipKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Spouse,
        Self::Parent,
        Self::Shareholder,
        Self::OtherRelative,
        Self::Friend,
        Self::Employee,
        Self::Member,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spouse => "SPOUSE",
            Self::Parent => "PARENT",
            Self::Shareholder => "SHAREHOLDER",
            Self::OtherRelative => "OTHER_RELATIVE",
            Self::Friend => "FRIEND",
            Self::Employee => "EMPLOYEE",
            Self::Member => "MEMBER",
        }
    }

    /// Whether it makes the two one customer.
    #[must_use]
    pub const fn joins(self) -> bool {
        matches!(self, Self::Spouse | Self::Parent | Self::Shareholder)
    }

    /// Whether it is the same from both sides.
    #[must_use]
    pub const fn is_mutual(self) -> bool {
        matches!(self, Self::Spouse | Self::OtherRelative | Self::Friend)
    }
}

impl FromStr for RelationshipKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What a supervisor says of two customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// They are one customer.
    Join,
    /// Relationships between the two do not join them.
    KeepApart,
}

impl Decision {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "JOIN",
            Self::KeepApart => "KEEP_APART",
        }
    }
}

impl FromStr for Decision {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = [Self::Join, Self::KeepApart].into_iter().find(|word| word.as_str() == text);
        word.ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Two different customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair(pub CustomerId, pub CustomerId);

impl Pair {
    /// The same two, the smaller id first.
    #[must_use]
    pub fn sorted(self) -> Self {
        if self.0 <= self.1 { self } else { Self(self.1, self.0) }
    }
}

/// Who ended something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// What one customer is to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relationship {
    /// Which.
    pub id: RelationshipId,
    /// The first.
    pub customer: CustomerId,
    /// What the first is to the second.
    pub kind: RelationshipKind,
    /// The second.
    pub related: CustomerId,
    /// Added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// `None` while it holds.
    pub end: Option<End>,
    /// 1, and 2 when ended.
    pub version: i64,
}

impl Relationship {
    /// A new one; of a mutual kind, the smaller id becomes the first.
    #[must_use]
    pub fn new(pair: Pair, kind: RelationshipKind, by: Actor, now: Timestamp) -> Self {
        let Pair(customer, related) = if kind.is_mutual() { pair.sorted() } else { pair };
        let id = RelationshipId::at(now);
        Self { id, customer, kind, related, created_at: now, created_by: by, end: None, version: 1 }
    }

    /// The two.
    #[must_use]
    pub const fn pair(&self) -> Pair {
        Pair(self.customer, self.related)
    }
}

/// An exception to the rule.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Which.
    pub id: SameCustomerRulingId,
    /// The smaller id.
    pub customer: CustomerId,
    /// The greater id.
    pub other: CustomerId,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Made.
    pub created_at: Timestamp,
    /// The supervisor.
    pub created_by: Actor,
    /// `None` while it holds.
    pub end: Option<End>,
    /// 1, and 2 when withdrawn.
    pub version: i64,
}

impl Ruling {
    /// A new one.
    #[must_use]
    pub fn new(pair: Pair, decision: Decision, reason: String, by: Actor, now: Timestamp) -> Self {
        let Pair(customer, other) = pair.sorted();
        let id = SameCustomerRulingId::at(now);
        Self { id, customer, other, decision, reason, created_at: now, created_by: by, end: None, version: 1 }
    }

    /// The two.
    #[must_use]
    pub const fn pair(&self) -> Pair {
        Pair(self.customer, self.other)
    }
}

/// Data of the events of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationshipFacts {
    /// The first.
    pub customer: CustomerId,
    /// The second.
    pub related: CustomerId,
    /// Of a relationship.
    pub kind: Option<RelationshipKind>,
    /// Of a ruling.
    pub decision: Option<Decision>,
    /// Who stands for the first after the change.
    pub representative: CustomerId,
    /// Who stands for the second.
    pub related_representative: CustomerId,
}
