//! What is done with a key account, and why a rule refuses it.

use kexiang_core::{AgreementId, CustomerId, KeyAccountId, KeyAccountMemberId, MemberChangeId};

use super::{
    member::MemberChangeState,
    plan::Terms,
    state::{KeyAccountState, Verb},
};

/// What there is to know of an agreement that shall be the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub agreement_id: AgreementId,
    /// Whose.
    pub customer_id: CustomerId,
    /// ISO 4217.
    pub currency: String,
    /// In the files and in force.
    pub filed: bool,
}

/// What to do with a key account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A member comes.
    Add {
        /// Who.
        customer: CustomerId,
        /// Its name.
        display_name: String,
    },
    /// A member goes.
    Remove {
        /// Which.
        member: KeyAccountMemberId,
    },
    /// Writes the draft of the plan.
    WritePlan(Terms),
    /// To the review.
    SubmitPlan,
    /// By the reviewer.
    ApprovePlan,
    /// By the reviewer.
    ReturnPlan {
        /// Why.
        reason: String,
    },
    /// The agreement is the contract.
    LinkContract(Offer),
    /// It shall be none.
    Dismiss {
        /// Why.
        reason: String,
    },
    /// The end.
    Close {
        /// Why.
        reason: String,
    },
}

impl Command {
    /// The verb that the state has to allow.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Add { .. } | Self::Remove { .. } => Verb::Enrol,
            Self::WritePlan(_) | Self::SubmitPlan | Self::ReturnPlan { .. } => Verb::Plan,
            Self::ApprovePlan => Verb::ApprovePlan,
            Self::LinkContract(_) => Verb::LinkContract,
            Self::Dismiss { .. } => Verb::Dismiss,
            Self::Close { .. } => Verb::Close,
        }
    }

    /// The type of the event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Add { .. } => "key_account.member_added",
            Self::Remove { .. } => "key_account.member_removed",
            Self::WritePlan(_) => "key_account.plan_written",
            Self::SubmitPlan => "key_account.plan_submitted",
            Self::ApprovePlan => "key_account.plan_approved",
            Self::ReturnPlan { .. } => "key_account.plan_returned",
            Self::LinkContract(_) => "key_account.contract_linked",
            Self::Dismiss { .. } => "key_account.dismissed",
            Self::Close { .. } => "key_account.closed",
        }
    }
}

/// Why a rule of key accounts refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyAccountError {
    /// The state does not allow it.
    #[error("{verb:?} is not allowed in state {}", state.as_str())]
    State {
        /// Where it stands.
        state: KeyAccountState,
        /// What was wanted.
        verb: Verb,
    },
    /// The pending plan does not stand as it has to.
    #[error("{0}")]
    PlanState(&'static str),
    /// They want it themselves.
    #[error("who wrote, submitted or asked for it does not decide about it")]
    ApproverIsDrafter,
    /// No threshold is reached.
    #[error("{units} units reach no threshold")]
    NotQualified {
        /// How many there are.
        units: i64,
    },
    /// A customer is a member of one open key account at most.
    #[error("{customer:?} is a member of {key_account:?}")]
    MemberElsewhere {
        /// Who.
        customer: CustomerId,
        /// Where.
        key_account: KeyAccountId,
    },
    /// It is no member, or no longer.
    #[error("{0:?} is no member")]
    MemberLeft(KeyAccountMemberId),
    /// One has to stay.
    #[error("a key account has one member at least")]
    LastMember,
    /// The agreement can't be the contract.
    #[error("{0}")]
    ContractUnfit(&'static str),
    /// A change of this member waits already.
    #[error("{0:?} waits for its decision")]
    ChangePending(MemberChangeId),
    /// The change is decided.
    #[error("the change of members is {} already", .0.as_str())]
    Decided(MemberChangeState),
    /// As many as are kept.
    #[error("has as many {what} as are kept: {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
}
