//! What evidence is attached to.

use std::{fmt, str::FromStr};

use kexiang_core::{CaseId, ContactId, WorkOrderId, id::TypedId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A contact, a case or a work order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// A case of this service.
    Case(CaseId),
    /// A contact of this service.
    Contact(ContactId),
    /// A step of dispatch: taken as named, for it is not ours to look up.
    WorkOrder(WorkOrderId),
}

/// The text names nothing that evidence can be attached to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must have the form cases/{{id}}, contacts/{{id}} or workOrders/{{id}} with a UUID")]
pub struct InvalidParent;

impl Parent {
    /// The collection and the id in it.
    #[must_use]
    pub const fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Case(id) => (CaseId::COLLECTION, id.uuid()),
            Self::Contact(id) => (ContactId::COLLECTION, id.uuid()),
            Self::WorkOrder(id) => (WorkOrderId::COLLECTION, id.uuid()),
        }
    }

    /// Put together from its parts again.
    #[must_use]
    pub fn of_parts(collection: &str, id: Uuid) -> Option<Self> {
        match collection {
            CaseId::COLLECTION => Some(Self::Case(TypedId::from_uuid(id))),
            ContactId::COLLECTION => Some(Self::Contact(TypedId::from_uuid(id))),
            WorkOrderId::COLLECTION => Some(Self::WorkOrder(TypedId::from_uuid(id))),
            _ => None,
        }
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (collection, id) = self.parts();
        write!(f, "{collection}/{id}")
    }
}

impl FromStr for Parent {
    type Err = InvalidParent;
    fn from_str(text: &str) -> Result<Self, InvalidParent> {
        let (collection, id) = text.split_once('/').ok_or(InvalidParent)?;
        Uuid::parse_str(id).ok().and_then(|id| Self::of_parts(collection, id)).ok_or(InvalidParent)
    }
}

impl Serialize for Parent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Parent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
