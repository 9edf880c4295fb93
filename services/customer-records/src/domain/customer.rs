//! A customer and what may change of one (CU-1).
//!
//! Invariant: no two contact points of a customer are the same, and there are at most [`MAX_CONTACT_POINTS`]. That one
//! contact point identifies one customer only is kept by the store, because it holds across customers.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use kexiang_core::{CaseId, ContactId, CustomerId, CustomerKind, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::contact_point::ContactPoint;

/// The most contact points of a customer.
pub const MAX_CONTACT_POINTS: usize = 50;

/// The longest display name, in characters.
pub const MAX_DISPLAY_NAME: usize = 200;

/// What sort of outlet an outlet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutletKind {
    /// Sells to who comes in.
    Shop,
    /// Buys and sells on its own account.
    Dealer,
    /// Works under the name of another.
    Franchise,
}

impl OutletKind {
    const ALL: [Self; 3] = [Self::Shop, Self::Dealer, Self::Franchise];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "SHOP",
            Self::Dealer => "DEALER",
            Self::Franchise => "FRANCHISE",
        }
    }
}

impl FromStr for OutletKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Somebody who asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Who.
    pub customer_id: CustomerId,
    /// What.
    pub kind: CustomerKind,
    /// Of outlets alone: what sort.
    #[serde(default)]
    pub outlet_kind: Option<OutletKind>,
    /// Personal: never in an event or a log.
    pub display_name: String,
    /// In the order given.
    pub contact_points: Vec<ContactPoint>,
    /// Made here; the contact that made it may be much older.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Since when nothing is known of them (CU-14): name and contact points are empty from then on.
    #[serde(default)]
    pub erased_at: Option<Timestamp>,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

/// What a new customer is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerProfile {
    /// What.
    pub kind: CustomerKind,
    /// Of outlets alone.
    pub outlet_kind: Option<OutletKind>,
    /// Not blank.
    pub display_name: String,
    /// In the order of trust.
    pub contact_points: Vec<ContactPoint>,
}

/// What to change of a customer; `None` stays as it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CustomerChange {
    /// What.
    pub kind: Option<CustomerKind>,
    /// What sort of outlet, or that it is not said.
    pub outlet_kind: Option<Option<OutletKind>>,
    /// Not blank.
    pub display_name: Option<String>,
    /// All of them, in place of the old ones.
    pub contact_points: Option<Vec<ContactPoint>>,
}

impl Customer {
    /// A new customer.
    #[must_use]
    pub fn new(profile: CustomerProfile, now: Timestamp) -> Self {
        Self {
            customer_id: CustomerId::at(now),
            kind: profile.kind,
            outlet_kind: profile.outlet_kind,
            display_name: profile.display_name,
            contact_points: profile.contact_points,
            created_at: now,
            updated_at: now,
            erased_at: None,
            version: 1,
        }
    }

    /// The customer after a change; `None` when it changes nothing, so that the etag stays.
    #[must_use]
    pub fn changed(&self, change: CustomerChange, now: Timestamp) -> Option<Self> {
        let kind = change.kind.unwrap_or(self.kind);
        let after = Self {
            kind,
            outlet_kind: change
                .outlet_kind
                .unwrap_or(self.outlet_kind)
                .filter(|_| kind == CustomerKind::Outlet),
            display_name: change.display_name.unwrap_or_else(|| self.display_name.clone()),
            contact_points: change.contact_points.unwrap_or_else(|| self.contact_points.clone()),
            ..self.clone()
        };
        (after != *self).then(|| Self { updated_at: now, version: self.version + 1, ..after })
    }

    /// What events tell of it.
    #[must_use]
    pub const fn facts(&self) -> CustomerFacts {
        CustomerFacts { customer_id: self.customer_id, kind: self.kind }
    }
}

// Personal data stays out of logs, also by way of a derived Debug.
impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} version {}", self.customer_id, self.version)
    }
}

/// Data of `customer.created` and `customer.updated`: nothing personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFacts {
    /// Who.
    pub customer_id: CustomerId,
    /// What.
    pub kind: CustomerKind,
}

/// Data of `customer.identified`: this contact is of this customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentificationFacts {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which contact.
    pub contact_id: ContactId,
    /// The case that the contact opened or joined.
    pub case_id: Option<CaseId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> Customer {
        let profile = CustomerProfile {
            kind: CustomerKind::Person,
            outlet_kind: None,
            display_name: "Li Na".to_owned(),
            contact_points: vec![ContactPoint::email("li.na@example.com").unwrap()],
        };
        Customer::new(profile, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_change_that_changes_nothing_keeps_the_version() {
        let before = customer();
        let same = CustomerChange { display_name: Some("Li Na".to_owned()), ..CustomerChange::default() };

        assert_eq!(before.changed(same, Timestamp::MAX), None);
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let before = customer();
        let change = CustomerChange { kind: Some(CustomerKind::Outlet), ..CustomerChange::default() };

        let after = before.changed(change, Timestamp::from_second(60).unwrap()).unwrap();

        assert_eq!((after.kind, after.version), (CustomerKind::Outlet, 2));
        assert_eq!((after.display_name, after.contact_points), (before.display_name, before.contact_points));
    }
}
