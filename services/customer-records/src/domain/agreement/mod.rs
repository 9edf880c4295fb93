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
mod command;
pub mod content;
pub mod kind;
mod record;
pub mod schedule;
mod state;
#[cfg(test)]
mod tests;

use kexiang_core::{Actor, AgreementId, CustomerId, EvidenceId, Timestamp};
use rust_decimal::Decimal;

pub use self::{
    command::{AgreementError, Command},
    record::{Agreement, AgreementFacts, Document, Edition, Head, Stage},
    state::{AgreementState, Verb},
};
use self::{
    content::Content,
    kind::{AgreementKind, Step},
    schedule::Schedule,
};

/// Previous editions kept at most.
pub const MAX_EDITIONS: usize = 100;
/// Documents attached at most.
pub const MAX_DOCUMENTS: usize = 200;

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
