//! What is done with an agreement, and why a rule refuses it.

use kexiang_core::{AgreementId, EvidenceId, Timestamp};
use rust_decimal::Decimal;

use super::{
    content::Content,
    schedule::{Direction, Entry, ScheduleError},
    state::{AgreementState, Verb},
};

/// What to do with an agreement. Renewing is opening another one ([`Agreement::open_renewal`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To the review.
    Submit,
    /// By the reviewer.
    Approve,
    /// By the reviewer.
    Return {
        /// Why.
        reason: String,
    },
    /// A document came.
    Attach {
        /// Of the checklist, or another one.
        code: String,
        /// What intake keeps.
        evidence: EvidenceId,
        /// Of its content.
        sha256: String,
    },
    /// All signed.
    Sign {
        /// When.
        signed_at: Timestamp,
    },
    /// Into the files.
    File {
        /// Where the paper lies.
        file_number: String,
    },
    /// Rewrites it.
    Change {
        /// All of it.
        content: Content,
        /// What is to be paid, but for what something came for.
        installments: Vec<(Decimal, Timestamp)>,
        /// Why.
        reason: String,
    },
    /// The end.
    Close {
        /// Why.
        reason: String,
    },
    /// The next stage.
    Reach {
        /// Code.
        stage: String,
        /// When.
        reached_at: Timestamp,
    },
    /// Money came or goes.
    Pay(Entry),
}

impl Command {
    /// The verb that the state has to allow.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Submit => Verb::Submit,
            Self::Approve => Verb::Approve,
            Self::Return { .. } => Verb::Return,
            Self::Attach { .. } | Self::Reach { .. } => Verb::Complete,
            Self::Sign { .. } => Verb::Sign,
            Self::File { .. } => Verb::File,
            Self::Change { .. } => Verb::Change,
            Self::Close { .. } => Verb::Close,
            Self::Pay(Entry { direction: Direction::Received, .. }) => Verb::Receive,
            Self::Pay(Entry { direction: Direction::Refunded, .. }) => Verb::Refund,
        }
    }

    /// The type of the event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Submit => "agreement.submitted",
            Self::Approve => "agreement.approved",
            Self::Return { .. } => "agreement.returned",
            Self::Attach { .. } => "agreement.document_attached",
            Self::Sign { .. } => "agreement.signed",
            Self::File { .. } => "agreement.filed",
            Self::Change { .. } => "agreement.changed",
            Self::Close { .. } => "agreement.closed",
            Self::Reach { .. } => "agreement.stage_reached",
            Self::Pay(Entry { direction: Direction::Received, .. }) => "agreement.payment_received",
            Self::Pay(Entry { direction: Direction::Refunded, .. }) => "agreement.payment_refunded",
        }
    }
}

/// Why a rule of agreements refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The state does not allow it.
    #[error("{verb:?} is not allowed in state {}", state.as_str())]
    State {
        /// Where it stands.
        state: AgreementState,
        /// What was wanted.
        verb: Verb,
    },
    /// They wrote this edition.
    #[error("who wrote an edition does not review it")]
    ReviewerIsDrafter,
    /// The checklist is not complete.
    #[error("documents of the checklist are missing")]
    DocumentsMissing(Vec<String>),
    /// Another stage comes first, or none is left.
    #[error("the stage is not the next one")]
    StageOutOfOrder {
        /// The next one.
        next: Option<String>,
    },
    /// Before the stage before.
    #[error("must not be before the stage before")]
    StageTime,
    /// A renewal is under way.
    #[error("{0:?} renews it already")]
    RenewalUnderWay(AgreementId),
    /// As many as are kept.
    #[error("has as many {what} as are kept: {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Payments.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}
