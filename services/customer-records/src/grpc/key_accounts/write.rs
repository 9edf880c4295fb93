//! Key accounts to the wire: resources and facts. [`terms`] is the only place that writes a price, or leaves it out.

use kexiang_core::{AgreementId, CustomerId, KeyAccountMemberId, MemberChangeId};
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time::to_wire;
use prost_types::Any;

use crate::{
    app::key_accounts::View,
    domain::key_account::{
        Contract, KeyAccount, KeyAccountFacts, KeyAccountState,
        member::{Member, MemberChange, MemberChangeState, Wanted},
        plan::{Plan, PlanState, Terms},
        sight::PriceSight,
        threshold::StoredThreshold,
    },
    grpc::feed::any,
};

/// Writes a threshold.
pub fn threshold(stored: &StoredThreshold) -> pb::KeyAccountThreshold {
    let StoredThreshold { threshold, updated_at, version } = stored;
    pb::KeyAccountThreshold {
        name: format!("keyAccountThresholds/{}", threshold.code),
        units: threshold.units,
        group_units: threshold.group_units,
        agreement_kinds: threshold.kinds.iter().map(|kind| format!("agreementKinds/{kind}")).collect(),
        inactive: threshold.inactive,
        update_time: Some(to_wire(*updated_at)),
        etag: version.to_string(),
    }
}

/// Writes a key account, with prices as the view says.
pub fn view(view: &View) -> pb::KeyAccount {
    account(&view.account, view.prices)
}

/// Writes a key account without prices.
pub fn without_prices(key_account: &KeyAccount) -> pb::KeyAccount {
    account(key_account, false)
}

fn account(account: &KeyAccount, prices: bool) -> pb::KeyAccount {
    let head = &account.head;
    let optional_plan = |found: &Option<Plan>| found.as_ref().map(|found| plan(found, prices));
    pb::KeyAccount {
        name: head.key_account_id.name(),
        title: head.title.clone(),
        state: state(head.state).into(),
        members: account.current().map(member).collect(),
        units: head.units,
        threshold: threshold_name(head.threshold.as_deref()),
        pending_plan: optional_plan(&head.pending_plan),
        plan: optional_plan(&head.plan),
        previous_plans: head.previous_plans.iter().map(|found| plan(found, prices)).collect(),
        contract: head.contract.as_ref().map(|found| contract(account, found, prices)),
        prices_withheld: account.has_prices() && !prices,
        close_reason: head.close_reason.clone().unwrap_or_default(),
        creator: head.creator.to_string(),
        create_time: Some(to_wire(head.created_at)),
        update_time: Some(to_wire(head.updated_at)),
        etag: head.version.to_string(),
    }
}

fn threshold_name(code: Option<&str>) -> String {
    code.map(|code| format!("keyAccountThresholds/{code}")).unwrap_or_default()
}

const fn state(state: KeyAccountState) -> pb::KeyAccountState {
    match state {
        KeyAccountState::Candidate => pb::KeyAccountState::Candidate,
        KeyAccountState::Proposed => pb::KeyAccountState::Proposed,
        KeyAccountState::Approved => pb::KeyAccountState::Approved,
        KeyAccountState::Active => pb::KeyAccountState::Active,
        KeyAccountState::Dismissed => pb::KeyAccountState::Dismissed,
        KeyAccountState::Closed => pb::KeyAccountState::Closed,
    }
}

fn member(member: &Member) -> pb::KeyAccountMember {
    pb::KeyAccountMember {
        name: member.member_id.name(),
        customer: member.customer_id.name(),
        display_name: member.display_name.clone(),
        join_time: Some(to_wire(member.joined_at)),
    }
}

fn plan(plan: &Plan, prices: bool) -> pb::KeyAccountPlan {
    let state = match plan.state {
        PlanState::Draft => pb::KeyAccountPlanState::Draft,
        PlanState::InReview => pb::KeyAccountPlanState::InReview,
        PlanState::Approved => pb::KeyAccountPlanState::Approved,
    };
    pb::KeyAccountPlan {
        edition: plan.edition,
        state: state.into(),
        terms: Some(terms(&plan.terms, prices)),
        drafters: plan.drafters.iter().map(ToString::to_string).collect(),
        reviewer: plan.reviewer.as_ref().map(ToString::to_string).unwrap_or_default(),
        return_reason: plan.return_reason.clone().unwrap_or_default(),
        approve_time: plan.approved_at.map(to_wire),
    }
}

fn terms(terms: &Terms, prices: bool) -> pb::KeyAccountTerms {
    let price = |text: String| if prices { text } else { String::new() };
    let item = |item: &crate::domain::key_account::plan::Item| pb::KeyAccountItem {
        code: item.code.clone(),
        display_name: item.display_name.clone(),
        quantity: item.quantity,
        unit_price: price(item.unit_price.to_string()),
        discount_percent: price(item.discount_percent.to_string()),
        amount: price(terms.amount(item).to_string()),
    };
    pb::KeyAccountTerms {
        currency_code: terms.currency.clone(),
        items: terms.items.iter().map(item).collect(),
        discount_percent: price(terms.discount_percent.to_string()),
        payment_terms: price(terms.payment_terms.clone()),
        special_terms: price(terms.special_terms.clone()),
        total: price(terms.total().to_string()),
    }
}

fn contract(account: &KeyAccount, contract: &Contract, prices: bool) -> pb::KeyAccountContract {
    let plan = account.plan_of(contract.plan_edition);
    pb::KeyAccountContract {
        agreement: contract.agreement_id.name(),
        plan_edition: contract.plan_edition,
        members: account.current().map(member).collect(),
        terms: plan.map(|plan| terms(&plan.terms, prices)),
        actor: contract.actor.to_string(),
        link_time: Some(to_wire(contract.linked_at)),
    }
}

/// Writes a change of members.
pub fn change(change: &MemberChange) -> pb::MemberChange {
    let (wanted, decision) = (&change.wanted, change.decision.as_ref());
    let kind = match wanted {
        Wanted::Add { .. } => pb::MemberChangeKind::Add,
        Wanted::Rename { .. } => pb::MemberChangeKind::Rename,
        Wanted::Replace { .. } => pb::MemberChangeKind::Replace,
        Wanted::Remove { .. } => pb::MemberChangeKind::Remove,
    };
    let state = match change.state {
        MemberChangeState::Pending => pb::MemberChangeState::Pending,
        MemberChangeState::Approved => pb::MemberChangeState::Approved,
        MemberChangeState::Rejected => pb::MemberChangeState::Rejected,
    };
    pb::MemberChange {
        name: change.member_change_id.name(),
        key_account: change.key_account_id.name(),
        kind: kind.into(),
        state: state.into(),
        member: wanted.member().map(KeyAccountMemberId::name).unwrap_or_default(),
        customer: wanted.customer().map(CustomerId::name).unwrap_or_default(),
        display_name: wanted.display_name().unwrap_or_default().to_owned(),
        evidence: change.proof.evidence.name(),
        sha256: change.proof.sha256.clone(),
        reason: change.proof.reason.clone(),
        requester: change.requester.to_string(),
        request_time: Some(to_wire(change.requested_at)),
        decider: decision.map(|decision| decision.actor.to_string()).unwrap_or_default(),
        decide_time: decision.map(|decision| to_wire(decision.at)),
        reject_reason: decision.and_then(|decision| decision.reject_reason.clone()).unwrap_or_default(),
        etag: change.version.to_string(),
    }
}

/// Writes a sight of prices.
pub fn sight(sight: &PriceSight) -> pb::PriceSight {
    pb::PriceSight {
        name: sight.price_sight_id.name(),
        key_account: sight.key_account_id.name(),
        actor: sight.actor.to_string(),
        method: sight.method.clone(),
        see_time: Some(to_wire(sight.seen_at)),
    }
}

/// The data of an event of a key account.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let facts: KeyAccountFacts = serde_json::from_value(event.data.clone())?;
    any(&pb::KeyAccountFacts {
        key_account: facts.key_account_id.name(),
        state: state(facts.state).into(),
        units: facts.units,
        threshold: threshold_name(facts.threshold.as_deref()),
        members: i32::try_from(facts.members).unwrap_or(i32::MAX),
        plan_edition: facts.plan_edition,
        contract: facts.contract.map(AgreementId::name).unwrap_or_default(),
        member_change: facts.member_change.map(MemberChangeId::name).unwrap_or_default(),
    })
}

/// The data of `key_account_threshold.defined`.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn threshold_facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    any(&pb::KeyAccountThresholdFacts { threshold: event.subject.clone() })
}
