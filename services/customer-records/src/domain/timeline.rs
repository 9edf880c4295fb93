//! What happened with a customer (CU-16): one entry per event of a case, its work orders and tasks, or of a contact.
//!
//! An entry belongs to a contact or a case, never to a customer: whose they are is decided by the links, so that a customer
//! who becomes known later, or changes, brings the whole history along.

use jiff::Timestamp;
use kexiang_core::{CaseId, ContactId, EventId, SiteId};
use serde::{Deserialize, Serialize};

/// What an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The case's customer.
    Case(CaseId),
    /// The contact's customer; with the case that the contact opened or joined.
    Contact(ContactId, Option<CaseId>),
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The event that told it.
    pub entry_id: EventId,
    /// Whose history it is part of.
    pub owner: Owner,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// The event's type, such as `case.accepted`.
    pub event_type: String,
    /// The resource name of what changed.
    pub subject: String,
    /// Who did it.
    pub actor: String,
    /// Where.
    pub site: Option<SiteId>,
}

/// Where a page of the timeline goes on: entries are older than this, or as old and arrived before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineKey {
    /// When the last entry of the page happened.
    pub occurred_at: Timestamp,
    /// Its number in order of arrival.
    pub entry_number: i64,
}
