//! Agreements of customers: their life, documents, stages and payments (CU-12).
//!
//! | state | submit | approve | return | sign | file | change | renew | supersede | close |
//! |---|---|---|---|---|---|---|---|---|---|
//! | DRAFT | IN_REVIEW | | | | | DRAFT | | | CLOSED |
//! | IN_REVIEW | | APPROVED | DRAFT | | | | | | CLOSED |
//! | APPROVED | | | DRAFT | SIGNED | | | | | CLOSED |
//! | SIGNED | | | | | FILED | | | | CLOSED |
//! | FILED | | | | | | DRAFT, next edition | FILED | RENEWED | CLOSED |
//! | RENEWED, CLOSED | | | | | | | | | |
//!
//! Documents and stages: in all but RENEWED and CLOSED. Payments: in all but CLOSED. Refunds: always.
//!
//! # Invariants
//! - Nobody approves or returns an edition that they wrote a word of.
//! - It is signed and filed only when the checklist is complete for that step; what the kind asked for when it was opened counts.
//! - An edition that was filed stays readable; the old one is in force until it is closed or superseded, so its dates are
//!   announced also while its change is being written.
//! - Sums: see [`schedule`]. Announcements: see [`alarm`].

pub mod alarm;
pub mod content;
pub mod kind;
pub mod schedule;
#[cfg(test)]
mod tests;

use kexiang_core::{Actor, AgreementId, CustomerId, EvidenceId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::{
    content::Content,
    kind::{AgreementKind, Step},
    schedule::{Direction, Entry, Schedule, ScheduleError},
};

/// Previous editions kept at most.
pub const MAX_EDITIONS: usize = 100;
/// Documents attached at most.
pub const MAX_DOCUMENTS: usize = 200;

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgreementState {
    /// Being written.
    Draft,
    /// Looked through by somebody else.
    InReview,
    /// Ready to be signed.
    Approved,
    /// Signed by all.
    Signed,
    /// In force.
    Filed,
    /// What renews it is in force.
    Renewed,
    /// Over, or given up.
    Closed,
}

/// What moves an agreement, or needs a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To the review.
    Submit,
    /// By the reviewer.
    Approve,
    /// By the reviewer, back to the drafters.
    Return,
    /// By all.
    Sign,
    /// Into force.
    File,
    /// Of a draft, or of what is filed.
    Change,
    /// Opens the renewal.
    Renew,
    /// The renewal is in force.
    Supersede,
    /// The end.
    Close,
    /// Documents and stages.
    Complete,
    /// Money comes.
    Receive,
    /// Money goes back.
    Refund,
}

impl AgreementState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::InReview, Self::Approved, Self::Signed, Self::Filed, Self::Renewed, Self::Closed];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::InReview => "IN_REVIEW",
            Self::Approved => "APPROVED",
            Self::Signed => "SIGNED",
            Self::Filed => "FILED",
            Self::Renewed => "RENEWED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state after a verb; `None` when it is not allowed. The table of the module.
    #[must_use]
    pub const fn after(self, verb: Verb) -> Option<Self> {
        match (verb, self) {
            (Verb::Submit, Self::Draft) => Some(Self::InReview),
            (Verb::Approve, Self::InReview) => Some(Self::Approved),
            (Verb::Return, Self::InReview | Self::Approved) | (Verb::Change, Self::Draft | Self::Filed) => {
                Some(Self::Draft)
            }
            (Verb::Sign, Self::Approved) => Some(Self::Signed),
            (Verb::File, Self::Signed) | (Verb::Renew, Self::Filed) => Some(Self::Filed),
            (Verb::Supersede, Self::Filed) => Some(Self::Renewed),
            (Verb::Close, Self::Draft | Self::InReview | Self::Approved | Self::Signed | Self::Filed) => {
                Some(Self::Closed)
            }
            (Verb::Complete, Self::Renewed | Self::Closed) | (Verb::Receive, Self::Closed) => None,
            (Verb::Complete | Verb::Receive | Verb::Refund, same) => Some(same),
            (
                Verb::Submit
                | Verb::Approve
                | Verb::Return
                | Verb::Sign
                | Verb::File
                | Verb::Change
                | Verb::Renew
                | Verb::Supersede
                | Verb::Close,
                _,
            ) => None,
        }
    }
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of an agreement")]
pub struct UnknownAgreementState;

impl std::str::FromStr for AgreementState {
    type Err = UnknownAgreementState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownAgreementState)
    }
}

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

impl Agreement {
    /// A draft.
    ///
    /// # Errors
    /// [`AgreementError::Schedule`].
    pub fn open(
        (customer_id, kind, currency): (CustomerId, AgreementKind, String),
        content: Content,
        installments: &[(Decimal, Timestamp)],
        drafter: Actor,
        now: Timestamp,
    ) -> Result<Self, AgreementError> {
        let stages = kind.stages.iter().map(|code| Stage { code: code.clone(), reached_at: None });
        let stages = stages.collect();
        let mut schedule = Schedule::default();
        schedule.replace_unpaid(installments, &currency)?;
        let head = Head {
            agreement_id: AgreementId::at(now),
            customer_id,
            kind,
            currency,
            state: AgreementState::Draft,
            content,
            edition: 1,
            previous_editions: Vec::new(),
            drafters: vec![drafter],
            reviewer: None,
            return_reason: None,
            documents: Vec::new(),
            stages,
            renews: None,
            renewed_by: None,
            signed_at: None,
            filed_at: None,
            file_number: None,
            close_reason: None,
            in_force_until: None,
            expiry_announced: false,
            expired: false,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok(Self { head, schedule })
    }

    /// Opens the renewal of this agreement: the same customer and kind, other content.
    ///
    /// # Errors
    /// [`AgreementError::State`], [`AgreementError::RenewalUnderWay`], [`AgreementError::Schedule`].
    pub fn open_renewal(
        &mut self,
        content: Content,
        installments: &[(Decimal, Timestamp)],
        drafter: Actor,
        now: Timestamp,
    ) -> Result<Self, AgreementError> {
        self.allow(Verb::Renew)?;
        if let Some(other) = self.head.renewed_by {
            return Err(AgreementError::RenewalUnderWay(other));
        }
        let of = (self.head.customer_id, self.head.kind.clone(), self.head.currency.clone());
        let mut renewal = Self::open(of, content, installments, drafter, now)?;
        renewal.head.renews = Some(self.head.agreement_id);
        self.head.renewed_by = Some(renewal.head.agreement_id);
        self.touch(now);
        Ok(renewal)
    }

    /// The renewal is in force.
    ///
    /// # Errors
    /// [`AgreementError::State`].
    pub fn supersede(&mut self, now: Timestamp) -> Result<(), AgreementError> {
        self.head.state = self.allow(Verb::Supersede)?;
        self.touch(now);
        Ok(())
    }

    /// The renewal was given up.
    pub fn abandon_renewal(&mut self, now: Timestamp) {
        self.head.renewed_by = None;
        self.touch(now);
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// [`AgreementError`]; then nothing has changed.
    pub fn apply(&mut self, command: &Command, actor: &Actor, now: Timestamp) -> Result<(), AgreementError> {
        let mut after = self.clone();
        after.head.state = self.allow(command.verb())?;
        match command {
            Command::Submit => {}
            Command::Approve => {
                after.refuse_drafter(actor)?;
                after.head.reviewer = Some(actor.clone());
            }
            Command::Return { reason } => {
                after.refuse_drafter(actor)?;
                after.head.reviewer = None;
                after.head.return_reason = Some(reason.clone());
            }
            Command::Attach { code, evidence, sha256 } => {
                after.attach((code, *evidence, sha256), actor, now)?;
            }
            Command::Sign { signed_at } => {
                after.need_documents(&[Step::Sign])?;
                after.head.signed_at = Some(*signed_at);
            }
            Command::File { file_number } => after.file(file_number, now)?,
            Command::Change { content, installments, reason } => {
                after.change(self.head.state, content, reason, actor)?;
                after.schedule.replace_unpaid(installments, &self.head.currency)?;
            }
            Command::Close { reason } => after.head.close_reason = Some(reason.clone()),
            Command::Reach { stage, reached_at } => after.reach(stage, *reached_at)?,
            Command::Pay(entry) => after.schedule.pay(entry, actor, &self.head.currency)?,
        }
        after.touch(now);
        *self = after;
        Ok(())
    }

    /// Codes of the checklist that nothing was attached for, of these steps.
    #[must_use]
    pub fn missing(&self, steps: &[Step]) -> Vec<String> {
        let has = |code: &str| self.head.documents.iter().any(|document| document.code == code);
        let wanted = self.head.kind.documents.iter().filter(|wanted| steps.contains(&wanted.needed_for));
        wanted.filter(|wanted| !has(&wanted.code)).map(|wanted| wanted.code.clone()).collect()
    }

    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> AgreementFacts {
        AgreementFacts {
            agreement_id: self.head.agreement_id,
            customer_id: self.head.customer_id,
            kind: self.head.kind.code.clone(),
            state: self.head.state,
            edition: self.head.edition,
            units: self.head.content.units,
            installment: None,
            late: false,
        }
    }

    fn allow(&self, verb: Verb) -> Result<AgreementState, AgreementError> {
        let state = self.head.state;
        state.after(verb).ok_or(AgreementError::State { state, verb })
    }

    fn touch(&mut self, now: Timestamp) {
        self.head.updated_at = now;
        self.head.version += 1;
    }

    fn refuse_drafter(&self, actor: &Actor) -> Result<(), AgreementError> {
        if self.head.drafters.contains(actor) { Err(AgreementError::ReviewerIsDrafter) } else { Ok(()) }
    }

    fn need_documents(&self, steps: &[Step]) -> Result<(), AgreementError> {
        let missing = self.missing(steps);
        if missing.is_empty() { Ok(()) } else { Err(AgreementError::DocumentsMissing(missing)) }
    }

    fn attach(
        &mut self,
        (code, evidence, sha256): (&str, EvidenceId, &str),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), AgreementError> {
        if self.head.documents.len() >= MAX_DOCUMENTS {
            return Err(AgreementError::Limit { what: "documents", limit: MAX_DOCUMENTS });
        }
        self.head.documents.push(Document {
            code: code.to_owned(),
            evidence,
            sha256: sha256.to_owned(),
            edition: self.head.edition,
            actor: actor.clone(),
            attached_at: now,
        });
        Ok(())
    }

    fn file(&mut self, file_number: &str, now: Timestamp) -> Result<(), AgreementError> {
        self.need_documents(&[Step::Sign, Step::File])?;
        let head = &mut self.head;
        head.file_number = Some(file_number.to_owned());
        head.filed_at = Some(now);
        if head.in_force_until != head.content.expires_at {
            (head.expiry_announced, head.expired) = (false, false);
        }
        head.in_force_until = head.content.expires_at;
        Ok(())
    }

    fn change(
        &mut self,
        before: AgreementState,
        content: &Content,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), AgreementError> {
        let head = &mut self.head;
        if before == AgreementState::Filed {
            if head.previous_editions.len() >= MAX_EDITIONS {
                return Err(AgreementError::Limit { what: "editions", limit: MAX_EDITIONS });
            }
            head.previous_editions.push(Edition {
                edition: head.edition,
                content: head.content.clone(),
                filed_at: head.filed_at,
                reviewer: head.reviewer.take(),
                change_reason: reason.to_owned(),
            });
            head.edition += 1;
            head.signed_at = None;
            head.drafters.clear();
        }
        if !head.drafters.contains(actor) {
            head.drafters.push(actor.clone());
        }
        head.content = content.clone();
        Ok(())
    }

    fn reach(&mut self, code: &str, reached_at: Timestamp) -> Result<(), AgreementError> {
        let before = self.head.stages.iter().filter_map(|stage| stage.reached_at).max();
        let next = self.head.stages.iter_mut().find(|stage| stage.reached_at.is_none());
        match next {
            Some(next) if next.code == code => {
                if before.is_some_and(|before| reached_at < before) {
                    return Err(AgreementError::StageTime);
                }
                next.reached_at = Some(reached_at);
                Ok(())
            }
            next => Err(AgreementError::StageOutOfOrder { next: next.map(|next| next.code.clone()) }),
        }
    }
}
