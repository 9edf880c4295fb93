//! Whose contact it was and whose case it is: what intake's events tell, kept by the customer.

use jiff::Timestamp;
use kexiang_core::{CaseId, ContactId, CustomerId};

/// A contact of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactLink {
    /// Which contact.
    pub contact_id: ContactId,
    /// Whose.
    pub customer_id: CustomerId,
    /// When it came in; counts for how often the customer came (IN-6).
    pub contact_at: Timestamp,
    /// The case that it opened or joined.
    pub case_id: Option<CaseId>,
}

/// A case of a customer, as its last event told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLink {
    /// Which case.
    pub case_id: CaseId,
    /// Whose, when intake knows; else it is whoever the opening contact turns out to be.
    pub customer_id: Option<CustomerId>,
    /// The contact that opened it.
    pub contact_id: ContactId,
    /// What people say.
    pub number: String,
    /// Category code.
    pub category: String,
    /// Accepted.
    pub accepted_at: Timestamp,
    /// Neither closed nor archived nor withdrawn.
    pub open: bool,
}
