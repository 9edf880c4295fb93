//! What is kept of an entry, and what its events tell.

use kexiang_core::{Actor, AgentId, ArchiveEntryId, ArchiveLoanId, EvidenceId, SupplierQuoteId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{kind::FieldValue, level::Level, state::EntryState};

/// What an entry says. Personal: never in an event or a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Not blank.
    pub title: String,
    /// Who sees it.
    pub level: Level,
    /// Where the paper lies.
    pub location: Option<String>,
    /// What it belongs to.
    pub parent: Option<ArchiveEntryId>,
    /// As the kind has them.
    pub fields: Vec<FieldValue>,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VersionState {
    /// Not in use yet.
    Draft,
    /// The one to use.
    Published,
    /// A later one was published.
    Superseded,
}

/// A version of a form or template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: i32,
    /// Where it stands.
    pub state: VersionState,
    /// What intake keeps.
    pub evidence: EvidenceId,
    /// Of its content, lower-case hexadecimal.
    pub sha256: String,
    /// What is new.
    pub note: Option<String>,
    /// Who drafted it.
    pub drafter: Actor,
    /// When.
    pub drafted_at: Timestamp,
    /// Who published it.
    pub publisher: Option<Actor>,
    /// When.
    pub published_at: Option<Timestamp>,
    /// When a later one was published.
    pub superseded_at: Option<Timestamp>,
}

/// A loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// Which.
    pub loan_id: ArchiveLoanId,
    /// Of what.
    pub entry_id: ArchiveEntryId,
    /// Who has it.
    pub borrower: AgentId,
    /// Who lent it out.
    pub lender: Actor,
    /// When.
    pub lent_at: Timestamp,
    /// When it is to be back.
    pub due_at: Timestamp,
    /// When it came back.
    pub returned_at: Option<Timestamp>,
    /// Told as not back in time.
    pub overdue: bool,
}

/// What an assessment found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AssessmentResult {
    /// May quote.
    Passed,
    /// May not.
    Failed,
}

/// No such result.
#[derive(Debug, thiserror::Error)]
#[error("no such result of an assessment")]
pub struct UnknownAssessmentResult;

impl std::str::FromStr for AssessmentResult {
    type Err = UnknownAssessmentResult;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "PASSED" => Ok(Self::Passed),
            "FAILED" => Ok(Self::Failed),
            _ => Err(UnknownAssessmentResult),
        }
    }
}

/// An assessment of a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// What it found.
    pub result: AssessmentResult,
    /// When it was made.
    pub assessed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its grounds.
    pub note: Option<String>,
    /// Who recorded it.
    pub actor: Actor,
    /// Its expiry was told.
    pub expired: bool,
}

/// Out of use since when, and kept until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// When.
    pub retired_at: Timestamp,
    /// Why.
    pub reason: String,
    /// By which class it is kept.
    pub class: String,
    /// `None` for forever.
    pub retained_until: Option<Timestamp>,
    /// The end was told.
    pub ended: bool,
}

/// What is left of a destroyed entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who proposed it.
    pub proposer: Actor,
    /// Somebody else.
    pub approver: Actor,
    /// When.
    pub destroyed_at: Timestamp,
    /// Of all that was destroyed, lower-case hexadecimal.
    pub sha256: String,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which.
    pub entry_id: ArchiveEntryId,
    /// Code of its kind.
    pub kind: String,
    /// Where it stands.
    pub state: EntryState,
    /// What it says.
    pub content: Content,
    /// Oldest first.
    pub versions: Vec<Version>,
    /// The last one.
    pub loan: Option<Loan>,
    /// Oldest first; the last one counts.
    pub assessments: Vec<Assessment>,
    /// While it is out of use.
    pub retirement: Option<Retirement>,
    /// Who proposed the destruction that is open.
    pub proposer: Option<Actor>,
    /// Why it is to be destroyed, or why not.
    pub destruction_reason: Option<String>,
    /// Once destroyed.
    pub receipt: Option<Receipt>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change; the etag.
    pub version: i64,
}

/// A quote of a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which.
    pub quote_id: SupplierQuoteId,
    /// Whose.
    pub supplier: ArchiveEntryId,
    /// What for.
    pub subject: String,
    /// More than nothing.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// The supplier's own number; empty for none.
    pub reference: String,
    /// Who recorded it.
    pub actor: Actor,
    /// When.
    pub quoted_at: Timestamp,
}

/// Data of the events of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFacts {
    /// Which.
    pub entry_id: ArchiveEntryId,
    /// Code of its kind.
    pub kind: String,
    /// After the change.
    pub state: EntryState,
    /// After the change.
    pub level: Level,
    /// Of versions.
    pub version: Option<i32>,
    /// Of versions.
    pub superseded_version: Option<i32>,
    /// Of loans.
    pub loan_id: Option<ArchiveLoanId>,
    /// Of loans.
    pub borrower: Option<AgentId>,
    /// Of quotes.
    pub quote_id: Option<SupplierQuoteId>,
    /// Told more than a minute after its time.
    pub late: bool,
}
