//! Key accounts: customers who alone or as a group take many units, their special plans and contracts (CU-11).
//!
//! | state | qualify | enrol | change members | plan | approve plan | link contract | dismiss | close |
//! |---|---|---|---|---|---|---|---|---|
//! | CANDIDATE | PROPOSED | CANDIDATE | CANDIDATE | | | | DISMISSED | |
//! | PROPOSED | PROPOSED | PROPOSED | PROPOSED | PROPOSED | APPROVED | | DISMISSED | |
//! | APPROVED | APPROVED | | APPROVED | APPROVED | APPROVED | ACTIVE | | CLOSED |
//! | ACTIVE | ACTIVE | | ACTIVE | ACTIVE | ACTIVE | ACTIVE | | CLOSED |
//! | DISMISSED, CLOSED | | | | | | | | |
//!
//! # Invariants
//! - Nobody approves or returns a plan that they wrote a word of or submitted, nor decides about a change of members that they want.
//! - A plan is approved only while the units reach a threshold; what is approved or linked already stays when they fall.
//! - An approved plan is never rewritten: the next one is another edition, and the contract keeps the edition that it was made by.
//! - While a plan is in review, members change with proof and approval only; names of members always do.
//! - It has one member at least; a customer's units count once.

mod command;
pub mod member;
pub mod plan;
mod record;
pub mod sight;
mod state;
#[cfg(test)]
mod tests;
pub mod threshold;

use kexiang_core::{Actor, CustomerId, KeyAccountId, KeyAccountMemberId, MemberChangeId, Timestamp};

pub use self::{
    command::{Command, KeyAccountError, Offer},
    record::{Contract, Head, KeyAccount, KeyAccountFacts},
    state::{KeyAccountState, Verb},
};
use self::{
    member::{Member, Wanted},
    plan::{Plan, PlanState, Terms},
    threshold::{Threshold, UnitsByKind, reached},
};

/// Most members.
pub const MAX_MEMBERS: usize = 200;
/// Previous plans, and previous contracts, kept at most.
pub const MAX_EDITIONS: usize = 100;

impl KeyAccount {
    /// A candidate with these members; at least one, no customer twice, at most [`MAX_MEMBERS`].
    #[must_use]
    pub fn open(title: String, members: Vec<(CustomerId, String)>, creator: Actor, now: Timestamp) -> Self {
        let join = |(customer, name)| Member::join(customer, name, now);
        let head = Head {
            key_account_id: KeyAccountId::at(now),
            title,
            state: KeyAccountState::Candidate,
            units: 0,
            threshold: None,
            pending_plan: None,
            plan: None,
            previous_plans: Vec::new(),
            contract: None,
            previous_contracts: Vec::new(),
            close_reason: None,
            creator,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let mut account = Self { head, members: members.into_iter().map(join).collect() };
        account.sort();
        account
    }

    /// Those who are members now.
    pub fn current(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.left_at.is_none())
    }

    /// The customers whose units count, none twice.
    #[must_use]
    pub fn customers(&self) -> Vec<CustomerId> {
        let mut customers: Vec<_> = self.current().map(|member| member.customer_id).collect();
        customers.sort();
        customers.dedup();
        customers
    }

    /// Takes the count of the units; whether that makes it proposed. A change of the count alone is a change as well.
    pub fn count(&mut self, units: &UnitsByKind, thresholds: &[Threshold], now: Timestamp) -> bool {
        let threshold = reached(thresholds, units, self.customers().len() > 1);
        let sum = units.values().sum();
        if (self.head.units, &self.head.threshold) == (sum, &threshold) {
            return false;
        }
        (self.head.units, self.head.threshold) = (sum, threshold);
        let before = self.head.state;
        if self.head.threshold.is_some() {
            self.head.state = before.after(Verb::Qualify).unwrap_or(before);
        }
        self.touch(now);
        before != self.head.state
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// [`KeyAccountError`]; then nothing has changed.
    pub fn apply(&mut self, command: &Command, actor: &Actor, now: Timestamp) -> Result<(), KeyAccountError> {
        let mut after = self.clone();
        after.head.state = self.allow(command.verb())?;
        match command {
            Command::Add { customer, display_name } => {
                after.refuse_in_review()?;
                after.add(*customer, display_name, now)?;
            }
            Command::Remove { member } => {
                after.refuse_in_review()?;
                after.remove(*member, now)?;
            }
            Command::WritePlan(terms) => after.write_plan(terms, actor)?,
            Command::SubmitPlan => {
                let plan = after.pending(PlanState::Draft)?;
                plan.state = PlanState::InReview;
                add_drafter(plan, actor);
            }
            Command::ApprovePlan => after.approve_plan(actor, now)?,
            Command::ReturnPlan { reason } => {
                let plan = after.reviewed(actor)?;
                plan.state = PlanState::Draft;
                plan.return_reason = Some(reason.clone());
            }
            Command::LinkContract(offer) => after.link(offer, actor, now)?,
            Command::Dismiss { reason } | Command::Close { reason } => {
                after.head.close_reason = Some(reason.clone());
            }
        }
        after.touch(now);
        *self = after;
        Ok(())
    }

    /// Makes a change of members that was approved. One that gets another name leaves and joins again, so that it stays known who was
    /// a member under which name when.
    ///
    /// # Errors
    /// [`KeyAccountError`]; then nothing has changed.
    pub fn change_members(&mut self, wanted: &Wanted, now: Timestamp) -> Result<(), KeyAccountError> {
        let mut after = self.clone();
        after.head.state = self.allow(Verb::ChangeMembers)?;
        match wanted {
            Wanted::Add { customer, display_name } => after.add(*customer, display_name, now)?,
            Wanted::Rename { member, display_name } => {
                let customer = after.leave(*member, now)?;
                after.add(customer, display_name, now)?;
            }
            Wanted::Replace { member, customer, display_name } => {
                after.leave(*member, now)?;
                after.add(*customer, display_name, now)?;
            }
            Wanted::Remove { member } => after.remove(*member, now)?,
        }
        after.touch(now);
        *self = after;
        Ok(())
    }

    /// Whether such a change may be wanted at all.
    ///
    /// # Errors
    /// [`KeyAccountError::State`], [`KeyAccountError::MemberLeft`].
    pub fn allow_change(&self, wanted: &Wanted) -> Result<(), KeyAccountError> {
        self.allow(Verb::ChangeMembers)?;
        match wanted.member() {
            Some(id) if self.current().all(|member| member.member_id != id) => {
                Err(KeyAccountError::MemberLeft(id))
            }
            _ => Ok(()),
        }
    }

    /// The plan of an edition.
    #[must_use]
    pub fn plan_of(&self, edition: i32) -> Option<&Plan> {
        let mut plans = self.head.plan.iter().chain(&self.head.previous_plans);
        plans.find(|plan| plan.edition == edition)
    }

    /// Whether there is a price to be seen.
    #[must_use]
    pub const fn has_prices(&self) -> bool {
        self.head.plan.is_some() || self.head.pending_plan.is_some()
    }

    /// What events tell of it.
    #[must_use]
    pub fn facts(&self, member_change: Option<MemberChangeId>) -> KeyAccountFacts {
        KeyAccountFacts {
            key_account_id: self.head.key_account_id,
            state: self.head.state,
            units: self.head.units,
            threshold: self.head.threshold.clone(),
            members: self.current().count(),
            plan_edition: self.head.plan.as_ref().map_or(0, |plan| plan.edition),
            contract: self.head.contract.as_ref().map(|contract| contract.agreement_id),
            member_change,
        }
    }

    fn allow(&self, verb: Verb) -> Result<KeyAccountState, KeyAccountError> {
        let state = self.head.state;
        state.after(verb).ok_or(KeyAccountError::State { state, verb })
    }

    fn touch(&mut self, now: Timestamp) {
        self.sort();
        self.head.updated_at = now;
        self.head.version += 1;
    }

    fn sort(&mut self) {
        self.members.sort_by_key(|member| (member.joined_at, member.member_id));
    }

    fn refuse_in_review(&self) -> Result<(), KeyAccountError> {
        let in_review = |plan: &Plan| plan.state == PlanState::InReview;
        if self.head.pending_plan.as_ref().is_some_and(in_review) {
            return Err(KeyAccountError::PlanState("a plan is in review"));
        }
        Ok(())
    }

    fn add(
        &mut self,
        customer: CustomerId,
        display_name: &str,
        now: Timestamp,
    ) -> Result<(), KeyAccountError> {
        if self.current().any(|member| member.customer_id == customer) {
            let key_account = self.head.key_account_id;
            return Err(KeyAccountError::MemberElsewhere { customer, key_account });
        }
        if self.current().count() >= MAX_MEMBERS {
            return Err(KeyAccountError::Limit { what: "members", limit: MAX_MEMBERS });
        }
        self.members.push(Member::join(customer, display_name.to_owned(), now));
        Ok(())
    }

    fn leave(&mut self, id: KeyAccountMemberId, now: Timestamp) -> Result<CustomerId, KeyAccountError> {
        let mut current = self.members.iter_mut().filter(|member| member.left_at.is_none());
        let member = current.find(|member| member.member_id == id).ok_or(KeyAccountError::MemberLeft(id))?;
        member.left_at = Some(now.max(member.joined_at));
        Ok(member.customer_id)
    }

    fn remove(&mut self, id: KeyAccountMemberId, now: Timestamp) -> Result<(), KeyAccountError> {
        self.leave(id, now)?;
        if self.current().next().is_none() { Err(KeyAccountError::LastMember) } else { Ok(()) }
    }

    fn pending(&mut self, state: PlanState) -> Result<&mut Plan, KeyAccountError> {
        let why = match state {
            PlanState::InReview => "no plan is in review",
            PlanState::Draft | PlanState::Approved => "no plan is being written",
        };
        let plan = self.head.pending_plan.as_mut().filter(|plan| plan.state == state);
        plan.ok_or(KeyAccountError::PlanState(why))
    }

    /// The plan in review, for who may decide about it.
    fn reviewed(&mut self, actor: &Actor) -> Result<&mut Plan, KeyAccountError> {
        let plan = self.pending(PlanState::InReview)?;
        if plan.drafters.contains(actor) { Err(KeyAccountError::ApproverIsDrafter) } else { Ok(plan) }
    }

    fn write_plan(&mut self, terms: &Terms, actor: &Actor) -> Result<(), KeyAccountError> {
        self.refuse_in_review()?;
        if self.head.previous_plans.len() >= MAX_EDITIONS {
            return Err(KeyAccountError::Limit { what: "plans", limit: MAX_EDITIONS });
        }
        let edition = self.head.plan.as_ref().map_or(0, |plan| plan.edition) + 1;
        let plan = self.head.pending_plan.get_or_insert_with(|| Plan {
            edition,
            state: PlanState::Draft,
            terms: terms.clone(),
            drafters: Vec::new(),
            reviewer: None,
            return_reason: None,
            approved_at: None,
        });
        plan.terms = terms.clone();
        add_drafter(plan, actor);
        Ok(())
    }

    fn approve_plan(&mut self, actor: &Actor, now: Timestamp) -> Result<(), KeyAccountError> {
        self.reviewed(actor)?;
        if self.head.threshold.is_none() {
            return Err(KeyAccountError::NotQualified { units: self.head.units });
        }
        let Some(mut plan) = self.head.pending_plan.take() else { return Ok(()) };
        plan.state = PlanState::Approved;
        plan.reviewer = Some(actor.clone());
        plan.approved_at = Some(now);
        self.head.previous_plans.extend(self.head.plan.replace(plan));
        Ok(())
    }

    fn link(&mut self, offer: &Offer, actor: &Actor, now: Timestamp) -> Result<(), KeyAccountError> {
        let plan = self.head.plan.as_ref().ok_or(KeyAccountError::PlanState("no plan is approved"))?;
        let unfit = if !offer.filed {
            Some("the agreement is not in the files")
        } else if self.current().all(|member| member.customer_id != offer.customer_id) {
            Some("the agreement is not with a member")
        } else if plan.terms.currency != offer.currency {
            Some("the agreement is not in the currency of the plan")
        } else {
            None
        };
        if let Some(why) = unfit {
            return Err(KeyAccountError::ContractUnfit(why));
        }
        if self.head.previous_contracts.len() >= MAX_EDITIONS {
            return Err(KeyAccountError::Limit { what: "contracts", limit: MAX_EDITIONS });
        }
        let (agreement_id, plan_edition, actor) = (offer.agreement_id, plan.edition, actor.clone());
        let contract = Contract { agreement_id, plan_edition, actor, linked_at: now };
        self.head.previous_contracts.extend(self.head.contract.replace(contract));
        Ok(())
    }
}

fn add_drafter(plan: &mut Plan, actor: &Actor) {
    if !plan.drafters.contains(actor) {
        plan.drafters.push(actor.clone());
    }
}
