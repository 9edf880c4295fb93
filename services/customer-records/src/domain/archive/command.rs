//! What is done with an entry, and why a rule refuses it.

use kexiang_core::{AgentId, ArchiveLoanId, EvidenceId, Timestamp};

use super::{
    kind::InvalidField,
    record::{AssessmentResult, Content},
    state::{EntryState, Verb},
};

/// What to do with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Rewrites it.
    Change(Content),
    /// A new version.
    DraftVersion {
        /// What intake keeps.
        evidence: EvidenceId,
        /// Of its content.
        sha256: String,
        /// What is new.
        note: Option<String>,
    },
    /// A version comes into use.
    PublishVersion {
        /// From 1.
        number: i32,
    },
    /// Out of use.
    Retire {
        /// Why.
        reason: String,
    },
    /// Back into use.
    Restore,
    /// To be destroyed.
    Propose {
        /// Why.
        reason: String,
    },
    /// Not to be destroyed.
    Reject {
        /// Why.
        reason: String,
    },
    /// Destroyed.
    Approve,
    /// To a borrower.
    Lend {
        /// Whom.
        borrower: AgentId,
        /// Until when.
        due_at: Timestamp,
    },
    /// From the borrower.
    TakeBack,
    /// A supplier was assessed.
    Assess {
        /// What was found.
        result: AssessmentResult,
        /// When.
        assessed_at: Timestamp,
        /// Until when it counts.
        expires_at: Timestamp,
        /// Its grounds.
        note: Option<String>,
    },
}

impl Command {
    /// The verb that the state has to allow.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Change(_)
            | Self::DraftVersion { .. }
            | Self::PublishVersion { .. }
            | Self::Assess { .. } => Verb::Edit,
            Self::Retire { .. } => Verb::Retire,
            Self::Restore => Verb::Restore,
            Self::Propose { .. } => Verb::Propose,
            Self::Reject { .. } => Verb::Reject,
            Self::Approve => Verb::Approve,
            Self::Lend { .. } => Verb::Lend,
            Self::TakeBack => Verb::TakeBack,
        }
    }

    /// The type of the event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Change(_) => "archive_entry.changed",
            Self::DraftVersion { .. } => "archive_entry.version_drafted",
            Self::PublishVersion { .. } => "archive_entry.version_published",
            Self::Assess { .. } => "archive_entry.assessed",
            Self::Retire { .. } => "archive_entry.retired",
            Self::Restore => "archive_entry.restored",
            Self::Propose { .. } => "archive_entry.destruction_proposed",
            Self::Reject { .. } => "archive_entry.destruction_rejected",
            Self::Approve => "archive_entry.destroyed",
            Self::Lend { .. } => "archive_entry.lent",
            Self::TakeBack => "archive_entry.returned",
        }
    }
}

/// Why a rule of the archive refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The state does not allow it.
    #[error("{verb:?} is not allowed in state {}", state.as_str())]
    State {
        /// Where it stands.
        state: EntryState,
        /// What was wanted.
        verb: Verb,
    },
    /// What the kind's fields refuse.
    #[error("the fields do not fit the kind")]
    Fields(Vec<InvalidField>),
    /// The level is above the caller's own.
    #[error("the level is above what the caller sees")]
    Level,
    /// Entries of this kind don't have it.
    #[error("entries of this kind have no {0}")]
    KindHasNo(&'static str),
    /// Somebody has it.
    #[error("is lent to agents/{borrower}")]
    Lent {
        /// Who.
        borrower: AgentId,
        /// Which loan.
        loan: ArchiveLoanId,
    },
    /// The loan would end before it begins.
    #[error("must be in the future")]
    DueTime,
    /// Nobody has it.
    #[error("is not lent")]
    NotLent,
    /// Its retention has not ended.
    #[error("its retention has not ended")]
    Retained(Option<Timestamp>),
    /// They proposed it.
    #[error("who proposed a destruction does not approve it")]
    ApproverIsProposer,
    /// Not a draft, or not there.
    #[error("version {0} is no draft")]
    VersionNotDraft(i32),
    /// Never assessed.
    #[error("the supplier was never assessed")]
    NotAssessed,
    /// The last assessment failed.
    #[error("the last assessment of the supplier failed")]
    FailedAssessment,
    /// The last assessment has expired.
    #[error("the last assessment of the supplier has expired")]
    AssessmentExpired(Timestamp),
    /// As many as are kept.
    #[error("has as many {what} as are kept: {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
}
