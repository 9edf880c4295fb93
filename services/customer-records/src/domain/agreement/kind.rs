//! Kinds of agreements, as data: which documents, which stages, how long before it is announced.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Most documents and most stages of a kind.
pub const MAX_ITEMS: usize = 50;
/// Most days of notice.
pub const MAX_NOTICE_DAYS: i32 = 3_650;

/// What a document is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Signing.
    Sign,
    /// Filing.
    File,
}

/// No such step.
#[derive(Debug, thiserror::Error)]
#[error("no such step")]
pub struct UnknownStep;

impl std::str::FromStr for Step {
    type Err = UnknownStep;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "SIGN" => Ok(Self::Sign),
            "FILE" => Ok(Self::File),
            _ => Err(UnknownStep),
        }
    }
}

/// A document of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredDocument {
    /// Code, unique in the kind.
    pub code: String,
    /// What to ask for.
    pub display_name: String,
    /// Before which step.
    pub needed_for: Step,
}

/// A kind of agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementKind {
    /// Code.
    pub code: String,
    /// Not blank.
    pub display_name: String,
    /// The checklist.
    pub documents: Vec<RequiredDocument>,
    /// In the order in which they are reached.
    pub stages: Vec<String>,
    /// Before the expiry.
    pub expiry_notice_days: i32,
    /// Before a payment is due.
    pub payment_notice_days: i32,
}

/// A kind as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKind {
    /// What it is.
    pub kind: AgreementKind,
    /// Last changed.
    pub updated_at: kexiang_core::Timestamp,
    /// From 1; the etag.
    pub version: i64,
}

impl AgreementKind {
    /// How long before the expiry it is announced.
    #[must_use]
    pub fn expiry_notice(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.expiry_notice_days))
    }

    /// How long before a payment is due it is announced.
    #[must_use]
    pub fn payment_notice(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.payment_notice_days))
    }
}
