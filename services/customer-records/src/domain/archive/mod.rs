//! The archive: entries of a catalogue by kinds, with versions, retention, lending, confidentiality and assessments (CU-13).
//!
//! | state | edit | retire | restore | propose | reject | approve | lend, take back |
//! |---|---|---|---|---|---|---|---|
//! | ACTIVE | ACTIVE | RETIRED | | | | | ACTIVE |
//! | RETIRED | | | ACTIVE | DESTRUCTION_PROPOSED | | | RETIRED |
//! | DESTRUCTION_PROPOSED | | | | | RETIRED | DESTROYED | |
//! | DESTROYED | | | | | | | |
//!
//! Edit: content, versions, assessments, quotes. A version: DRAFT → PUBLISHED → SUPERSEDED.
//!
//! # Invariants
//! - At most one version is PUBLISHED. At most one loan is open; what is lent is not proposed for destruction.
//! - Nothing is destroyed before its retention ended, nor by who proposed it; of what is destroyed only the receipt, the level, the
//!   parent and ids of the last loan stay.
//! - A supplier quotes only while ACTIVE with a last assessment that passed and has not expired.
//! - Who sees what: see [`level`]. What time brings: see [`alarm`].

pub mod alarm;
mod command;
pub mod kind;
pub mod level;
mod record;
mod state;
#[cfg(test)]
mod tests;

use kexiang_core::{Actor, AgentId, ArchiveEntryId, ArchiveLoanId, EvidenceId, Timestamp};
use sha2::{Digest, Sha256};

pub use self::{
    command::{ArchiveError, Command},
    record::{
        Assessment, AssessmentResult, Content, Entry, EntryFacts, Loan, Quote, Receipt, Retirement, Version,
        VersionState,
    },
    state::{EntryState, Verb},
};
use self::{
    kind::{ArchiveKind, RetentionClass},
    level::Level,
};

/// Versions kept at most.
pub const MAX_VERSIONS: usize = 200;
/// Assessments kept at most.
pub const MAX_ASSESSMENTS: usize = 200;

impl Entry {
    /// A new entry.
    ///
    /// # Errors
    /// [`ArchiveError::Fields`].
    pub fn create(kind: &ArchiveKind, content: Content, now: Timestamp) -> Result<Self, ArchiveError> {
        Ok(Self {
            entry_id: ArchiveEntryId::at(now),
            kind: kind.code.clone(),
            state: EntryState::Active,
            content: fitting(kind, content)?,
            versions: Vec::new(),
            loan: None,
            assessments: Vec::new(),
            retirement: None,
            proposer: None,
            destruction_reason: None,
            receipt: None,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// Does what a command says; gives what its event tells. `kind` and `class` are those of the entry.
    ///
    /// # Errors
    /// [`ArchiveError`]; then nothing has changed.
    pub fn apply(
        &mut self,
        command: &Command,
        (kind, class): (&ArchiveKind, &RetentionClass),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<EntryFacts, ArchiveError> {
        let mut after = self.clone();
        after.state = self.allow(command.verb())?;
        let (mut version, mut superseded_version) = (None, None);
        match command {
            Command::Change(content) => after.content = fitting(kind, content.clone())?,
            Command::DraftVersion { evidence, sha256, note } => {
                version = Some(after.draft(kind, (*evidence, sha256, note.clone()), actor, now)?);
            }
            Command::PublishVersion { number } => {
                version = Some(*number);
                superseded_version = after.publish(*number, actor, now)?;
            }
            Command::Retire { reason } => after.retirement = Some(retirement(reason, class, now)),
            Command::Restore => after.retirement = None,
            Command::Propose { reason } => after.propose(reason, actor, now)?,
            Command::Reject { reason } => {
                after.proposer = None;
                after.destruction_reason = Some(reason.clone());
            }
            Command::Approve => after.destroy(actor, now)?,
            Command::Lend { borrower, due_at } => after.lend(borrower, *due_at, actor, now)?,
            Command::TakeBack => after.take_back(now)?,
            Command::Assess { result, assessed_at, expires_at, note } => {
                let assessment = Assessment {
                    result: *result,
                    assessed_at: *assessed_at,
                    expires_at: *expires_at,
                    note: note.clone(),
                    actor: actor.clone(),
                    expired: false,
                };
                after.assess(kind, assessment)?;
            }
        }
        after.updated_at = now;
        after.version += 1;
        let mut facts = EntryFacts { version, superseded_version, ..after.facts() };
        if matches!(command, Command::Lend { .. } | Command::TakeBack) {
            facts.loan_id = after.loan.as_ref().map(|loan| loan.loan_id);
            facts.borrower = after.loan.as_ref().map(|loan| loan.borrower.clone());
        }
        *self = after;
        Ok(facts)
    }

    /// Whether the supplier may quote now.
    ///
    /// # Errors
    /// Why not.
    pub fn may_quote(&self, kind: &ArchiveKind, now: Timestamp) -> Result<(), ArchiveError> {
        if !kind.assessed {
            return Err(ArchiveError::KindHasNo("quotes"));
        }
        self.allow(Verb::Edit)?;
        let last = self.assessments.last().ok_or(ArchiveError::NotAssessed)?;
        if last.result == AssessmentResult::Failed {
            return Err(ArchiveError::FailedAssessment);
        }
        if last.expires_at <= now { Err(ArchiveError::AssessmentExpired(last.expires_at)) } else { Ok(()) }
    }

    /// Whether somebody who sees up to a level sees it.
    #[must_use]
    pub fn is_seen_at(&self, level: Level) -> bool {
        self.content.level <= level
    }

    /// The loan that is open.
    #[must_use]
    pub fn open_loan(&self) -> Option<&Loan> {
        self.loan.as_ref().filter(|loan| loan.returned_at.is_none())
    }

    /// The version to use.
    #[must_use]
    pub fn published(&self) -> Option<&Version> {
        self.versions.iter().find(|version| version.state == VersionState::Published)
    }

    /// What all events tell of it.
    #[must_use]
    pub fn facts(&self) -> EntryFacts {
        EntryFacts {
            entry_id: self.entry_id,
            kind: self.kind.clone(),
            state: self.state,
            level: self.content.level,
            version: None,
            superseded_version: None,
            loan_id: None,
            borrower: None,
            quote_id: None,
            late: false,
        }
    }

    fn allow(&self, verb: Verb) -> Result<EntryState, ArchiveError> {
        self.state.after(verb).ok_or(ArchiveError::State { state: self.state, verb })
    }

    fn draft(
        &mut self,
        kind: &ArchiveKind,
        (evidence, sha256, note): (EvidenceId, &str, Option<String>),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<i32, ArchiveError> {
        if !kind.versioned {
            return Err(ArchiveError::KindHasNo("versions"));
        }
        if self.versions.len() >= MAX_VERSIONS {
            return Err(ArchiveError::Limit { what: "versions", limit: MAX_VERSIONS });
        }
        let number = self.versions.last().map_or(0, |last| last.number) + 1;
        self.versions.push(Version {
            number,
            state: VersionState::Draft,
            evidence,
            sha256: sha256.to_owned(),
            note,
            drafter: actor.clone(),
            drafted_at: now,
            publisher: None,
            published_at: None,
            superseded_at: None,
        });
        Ok(number)
    }

    /// Gives the number of the version that is superseded.
    fn publish(&mut self, number: i32, actor: &Actor, now: Timestamp) -> Result<Option<i32>, ArchiveError> {
        let is_draft = |version: &Version| version.number == number && version.state == VersionState::Draft;
        if !self.versions.iter().any(is_draft) {
            return Err(ArchiveError::VersionNotDraft(number));
        }
        let mut superseded = None;
        for version in &mut self.versions {
            if version.number == number {
                version.state = VersionState::Published;
                (version.publisher, version.published_at) = (Some(actor.clone()), Some(now));
            } else if version.state == VersionState::Published {
                version.state = VersionState::Superseded;
                version.superseded_at = Some(now);
                superseded = Some(version.number);
            }
        }
        Ok(superseded)
    }

    fn refuse_lent(&self) -> Result<(), ArchiveError> {
        self.open_loan().map_or(Ok(()), |loan| {
            Err(ArchiveError::Lent { borrower: loan.borrower.clone(), loan: loan.loan_id })
        })
    }

    fn lend(
        &mut self,
        borrower: &AgentId,
        due_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        self.refuse_lent()?;
        if due_at <= now {
            return Err(ArchiveError::DueTime);
        }
        self.loan = Some(Loan {
            loan_id: ArchiveLoanId::at(now),
            entry_id: self.entry_id,
            borrower: borrower.clone(),
            lender: actor.clone(),
            lent_at: now,
            due_at,
            returned_at: None,
            overdue: false,
        });
        Ok(())
    }

    fn take_back(&mut self, now: Timestamp) -> Result<(), ArchiveError> {
        let open = self.loan.as_mut().filter(|loan| loan.returned_at.is_none());
        open.ok_or(ArchiveError::NotLent)?.returned_at = Some(now);
        Ok(())
    }

    fn propose(&mut self, reason: &str, actor: &Actor, now: Timestamp) -> Result<(), ArchiveError> {
        let until = self.retirement.as_ref().and_then(|retirement| retirement.retained_until);
        if until.is_none_or(|until| until > now) {
            return Err(ArchiveError::Retained(until));
        }
        self.refuse_lent()?;
        self.proposer = Some(actor.clone());
        self.destruction_reason = Some(reason.to_owned());
        Ok(())
    }

    fn destroy(&mut self, actor: &Actor, now: Timestamp) -> Result<(), ArchiveError> {
        let Some(proposer) = self.proposer.take().filter(|proposer| proposer != actor) else {
            return Err(ArchiveError::ApproverIsProposer);
        };
        let all = serde_json::json!([self.content, self.versions, self.assessments]);
        let sha256 = Sha256::digest(all.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.receipt = Some(Receipt { proposer, approver: actor.clone(), destroyed_at: now, sha256 });
        self.content.title.clear();
        self.content.location = None;
        self.content.fields.clear();
        self.versions.clear();
        self.assessments.clear();
        if let Some(retirement) = &mut self.retirement {
            retirement.reason.clear();
        }
        self.destruction_reason = None;
        Ok(())
    }

    fn assess(&mut self, kind: &ArchiveKind, assessment: Assessment) -> Result<(), ArchiveError> {
        if !kind.assessed {
            return Err(ArchiveError::KindHasNo("assessments"));
        }
        if self.assessments.len() >= MAX_ASSESSMENTS {
            return Err(ArchiveError::Limit { what: "assessments", limit: MAX_ASSESSMENTS });
        }
        self.assessments.push(assessment);
        Ok(())
    }
}

fn fitting(kind: &ArchiveKind, content: Content) -> Result<Content, ArchiveError> {
    let fields = kind.check(&content.fields).map_err(ArchiveError::Fields)?;
    Ok(Content { fields, ..content })
}

fn retirement(reason: &str, class: &RetentionClass, now: Timestamp) -> Retirement {
    Retirement {
        retired_at: now,
        reason: reason.to_owned(),
        class: class.code.clone(),
        retained_until: class.until(now),
        ended: false,
    }
}
