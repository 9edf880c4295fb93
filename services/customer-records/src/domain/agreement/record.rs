//! What is kept of an agreement, and what its events tell.

use kexiang_core::{Actor, AgreementId, CustomerId, EvidenceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{content::Content, kind::AgreementKind, schedule::Schedule, state::AgreementState};

/// A document that was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Of the checklist, or another one.
    pub code: String,
    /// What intake keeps.
    pub evidence: EvidenceId,
    /// Of its content, lower-case hexadecimal.
    pub sha256: String,
    /// The edition that it belongs to.
    pub edition: i32,
    /// Who attached it.
    pub actor: Actor,
    /// When.
    pub attached_at: Timestamp,
}

/// A stage and when it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Code.
    pub code: String,
    /// `None` for not yet.
    pub reached_at: Option<Timestamp>,
}

/// An edition that a change replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// From 1.
    pub edition: i32,
    /// What was agreed on.
    pub content: Content,
    /// When it came into force.
    pub filed_at: Option<Timestamp>,
    /// Who approved it.
    pub reviewer: Option<Actor>,
    /// Why it was changed.
    pub change_reason: String,
}

/// All of an agreement but its payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which.
    pub agreement_id: AgreementId,
    /// Whose.
    pub customer_id: CustomerId,
    /// The kind as it was when the agreement was opened.
    pub kind: AgreementKind,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub state: AgreementState,
    /// What is agreed on.
    pub content: Content,
    /// From 1.
    pub edition: i32,
    /// Oldest first.
    pub previous_editions: Vec<Edition>,
    /// Who wrote this edition.
    pub drafters: Vec<Actor>,
    /// Who approved this edition.
    pub reviewer: Option<Actor>,
    /// Why the review returned it last.
    pub return_reason: Option<String>,
    /// In the order attached.
    pub documents: Vec<Document>,
    /// In the order to be reached.
    pub stages: Vec<Stage>,
    /// What it renews.
    pub renews: Option<AgreementId>,
    /// What renews it.
    pub renewed_by: Option<AgreementId>,
    /// When this edition was signed.
    pub signed_at: Option<Timestamp>,
    /// When it came into force last.
    pub filed_at: Option<Timestamp>,
    /// Where the paper lies.
    pub file_number: Option<String>,
    /// Why it was closed.
    pub close_reason: Option<String>,
    /// The end of what is in force: that of the edition filed last.
    pub in_force_until: Option<Timestamp>,
    /// The expiry was announced.
    pub expiry_announced: bool,
    /// The expiry came.
    pub expired: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change; the etag.
    pub version: i64,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// All but payments.
    pub head: Head,
    /// Payments.
    pub schedule: Schedule,
}

/// Data of the events of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementFacts {
    /// Which.
    pub agreement_id: AgreementId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Code of its kind.
    pub kind: String,
    /// After the change.
    pub state: AgreementState,
    /// After the change.
    pub edition: i32,
    /// Units agreed on.
    pub units: i32,
    /// Of announcements of payments.
    pub installment: Option<i32>,
    /// Told more than a minute after its time.
    pub late: bool,
}
