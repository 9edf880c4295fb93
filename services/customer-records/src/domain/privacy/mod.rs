//! Privacy of customers (CU-14): who sees what, and what must, or must not, be erased.
//!
//! | to see | read |
//! |---|---|
//! | which role sees which field, and may unmask it for which purpose: the one table | [`sight`] |
//! | what a masked field looks like | [`mask`] |
//!
//! States of a customer: known → erased, never back. States of a hold: standing → released. An erasure is running until every
//! service has answered.

pub mod mask;
pub mod sight;

use std::str::FromStr;

use kexiang_core::{
    Actor, ContactId, CustomerId, ErasureId, LegalHoldId, Timestamp, UnmaskingId, vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};

/// A field that may be masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonalField {
    /// The display name.
    Name,
    /// Phones.
    Phone,
    /// E-mail addresses.
    Email,
    /// Addresses.
    Address,
    /// Messaging ids.
    Messaging,
}

impl PersonalField {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Phone, Self::Email, Self::Address, Self::Messaging];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Address => "ADDRESS",
            Self::Messaging => "MESSAGING",
        }
    }
}

impl FromStr for PersonalField {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why somebody wants to see what is masked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnmaskPurpose {
    /// The work is at the customer's place.
    FieldVisit,
    /// A complaint is looked into.
    Complaint,
    /// The customer asks about their own data.
    SubjectRequest,
    /// The law asks.
    LegalDuty,
    /// The data are wrong.
    DataRepair,
}

impl UnmaskPurpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::FieldVisit, Self::Complaint, Self::SubjectRequest, Self::LegalDuty, Self::DataRepair];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FieldVisit => "FIELD_VISIT",
            Self::Complaint => "COMPLAINT",
            Self::SubjectRequest => "SUBJECT_REQUEST",
            Self::LegalDuty => "LEGAL_DUTY",
            Self::DataRepair => "DATA_REPAIR",
        }
    }
}

impl FromStr for UnmaskPurpose {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// That somebody saw what is masked for them. Also the data of `customer.unmasked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmasking {
    /// Which.
    pub unmasking_id: UnmaskingId,
    /// Whose data.
    pub customer_id: CustomerId,
    /// Who saw it.
    pub actor: Actor,
    /// Why.
    pub purpose: UnmaskPurpose,
    /// What; none twice.
    pub fields: Vec<PersonalField>,
    /// When.
    pub unmasked_at: Timestamp,
}

/// Keeps a customer from being erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalHold {
    /// Which.
    pub legal_hold_id: LegalHoldId,
    /// Whom.
    pub customer_id: CustomerId,
    /// The file it is for; nothing personal.
    pub reference: String,
    /// Who placed it.
    pub placed_by: Actor,
    /// Since when.
    pub placed_at: Timestamp,
    /// Who released it, and when; `None` while it stands.
    pub released: Option<(Actor, Timestamp)>,
    /// Starts at 1; the etag.
    pub version: i64,
}

/// Data of `legal_hold.placed` and `legal_hold.released`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalHoldFacts {
    /// Which.
    pub legal_hold_id: LegalHoldId,
    /// Whom.
    pub customer_id: CustomerId,
}

impl LegalHold {
    /// What events tell of it.
    #[must_use]
    pub const fn facts(&self) -> LegalHoldFacts {
        LegalHoldFacts { legal_hold_id: self.legal_hold_id, customer_id: self.customer_id }
    }
}

/// The longest reference of a hold, in characters.
pub const MAX_REFERENCE: usize = 100;

/// Why a customer is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErasureReason {
    /// They asked for it.
    CustomerRequest,
    /// They took back a consent.
    ConsentWithdrawn,
    /// It should never have been kept.
    Unlawful,
    /// Their retention is over.
    Retention,
}

impl ErasureReason {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::CustomerRequest, Self::ConsentWithdrawn, Self::Unlawful, Self::Retention];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerRequest => "CUSTOMER_REQUEST",
            Self::ConsentWithdrawn => "CONSENT_WITHDRAWN",
            Self::Unlawful => "UNLAWFUL",
            Self::Retention => "RETENTION",
        }
    }
}

impl FromStr for ErasureReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What one service did for an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasurePart {
    /// Such as `intake`.
    pub service: String,
    /// It keeps ids and codes alone.
    pub holds_nothing: bool,
    /// `None` while it has not answered.
    pub done_at: Option<Timestamp>,
}

/// An erasure and its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Which.
    pub erasure_id: ErasureId,
    /// Of whom a nameless stump stays.
    pub customer_id: CustomerId,
    /// Why.
    pub reason: ErasureReason,
    /// Who.
    pub requested_by: Actor,
    /// When the key was destroyed.
    pub requested_at: Timestamp,
    /// By service.
    pub parts: Vec<ErasurePart>,
}

/// Services that follow an erasure and answer by an event of their own, in the order of the receipt.
pub const FOLLOWERS: [&str; 2] = ["intake", "dispatch"];
/// Services that keep ids and codes alone: nothing of theirs is personal.
pub const HOLD_NOTHING: [&str; 1] = ["reporting"];

impl Erasure {
    /// An erasure that this service has done and the others have not.
    #[must_use]
    pub fn begin(
        customer_id: CustomerId,
        reason: ErasureReason,
        by: Actor,
        own: &str,
        now: Timestamp,
    ) -> Self {
        let done = |service: &str, holds_nothing| ErasurePart {
            service: service.to_owned(),
            holds_nothing,
            done_at: Some(now),
        };
        let mut parts = vec![done(own, false)];
        parts.extend(FOLLOWERS.map(|service| ErasurePart { done_at: None, ..done(service, false) }));
        parts.extend(HOLD_NOTHING.map(|service| done(service, true)));
        parts.sort_by(|one, other| one.service.cmp(&other.service));
        let erasure_id = ErasureId::at(now);
        Self { erasure_id, customer_id, reason, requested_by: by, requested_at: now, parts }
    }

    /// Whether every service has done it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.parts.iter().all(|part| part.done_at.is_some())
    }
}

/// Data of `customer.erased`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureFacts {
    /// Which.
    pub erasure_id: ErasureId,
    /// Whom.
    pub customer_id: CustomerId,
    /// Why.
    pub reason: ErasureReason,
    /// Contacts of theirs, as far as known here: whoever follows may not know yet whose they are.
    pub contacts: Vec<ContactId>,
}
