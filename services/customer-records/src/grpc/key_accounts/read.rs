//! Key accounts from the wire, with every violation.

use std::collections::HashSet;

use kexiang_core::{Actor, CustomerId};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Violations, field, time};

use crate::{
    app::{
        key_accounts::{KeyAccountFilter, PriceSightFilter},
        member_changes::MemberChangeFilter,
    },
    domain::{
        agreement::schedule::{amount, currency},
        key_account::{
            MAX_MEMBERS,
            member::{Proof, Wanted},
            plan::{
                Item, MAX_PAYMENT_TERMS, MAX_PLAN_ITEMS, MAX_QUANTITY, MAX_SPECIAL_TERMS, Terms, percent,
            },
            threshold::{MAX_KINDS, MAX_UNITS, Threshold},
        },
    },
    grpc::agreements::read::{LONGEST_TEXT, code, kind_name, sha256},
};

/// Characters of titles and names.
pub const LONGEST_NAME: usize = 200;

/// Reads `keyAccountThresholds/{code}`.
pub fn threshold_name(text: &str) -> Result<String, &'static str> {
    let read = text.strip_prefix("keyAccountThresholds/").and_then(|text| code(text).ok());
    read.ok_or("must have the form keyAccountThresholds/{code}")
}

fn from_1(field: &str, value: i32, max: i32, violations: &mut Violations) -> Option<i32> {
    let read = if (1..=max).contains(&value) { Ok(value) } else { Err(format!("must be 1 to {max}")) };
    violations.check(field, read)
}

fn at_most(field: &str, count: usize, limit: usize, violations: &mut Violations) -> Option<()> {
    if count > limit {
        violations.add(field, "TOO_MANY", format!("must be at most {limit}"));
        return None;
    }
    Some(())
}

/// Reads a threshold.
pub fn threshold(
    request: &pb::DefineKeyAccountThresholdRequest,
    violations: &mut Violations,
) -> Option<Threshold> {
    let code = violations.check("code", code(&request.code));
    let wire = violations.required("threshold", request.threshold.as_ref())?;
    let units = from_1("threshold.units", wire.units, MAX_UNITS, violations);
    let group_units = from_1("threshold.group_units", wire.group_units, MAX_UNITS, violations);
    let path = "threshold.agreement_kinds";
    at_most(path, wire.agreement_kinds.len(), MAX_KINDS, violations)?;
    let mut kinds: Vec<String> = Vec::new();
    for (index, kind) in wire.agreement_kinds.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(kind) = violations.check(&path, kind_name(kind)) else { continue };
        if kinds.contains(&kind) {
            violations.add(&path, "DUPLICATE", "comes twice");
        }
        kinds.push(kind);
    }
    let (units, group_units) = units.zip(group_units)?;
    Some(Threshold { code: code?, units, group_units, kinds, inactive: wire.inactive })
}

/// Reads a member that joins.
pub fn member(
    path: &str,
    wire: &pb::KeyAccountMember,
    violations: &mut Violations,
) -> Option<(CustomerId, String)> {
    let customer = violations.check(&format!("{path}.customer"), field::name(&wire.customer));
    let name = field::text(&wire.display_name, LONGEST_NAME);
    let name = violations.check(&format!("{path}.display_name"), name);
    customer.zip(name)
}

/// Reads the members of a new key account.
pub fn members(
    wire: &[pb::KeyAccountMember],
    violations: &mut Violations,
) -> Option<Vec<(CustomerId, String)>> {
    if wire.is_empty() {
        violations.add("members", "REQUIRED", "is required");
        return None;
    }
    at_most("members", wire.len(), MAX_MEMBERS, violations)?;
    let (mut members, mut customers) = (Vec::new(), HashSet::new());
    for (index, wire) in wire.iter().enumerate() {
        let path = format!("members[{index}]");
        let Some(member) = member(&path, wire, violations) else { continue };
        if !customers.insert(member.0) {
            violations.add(&format!("{path}.customer"), "DUPLICATE", "comes twice");
        }
        members.push(member);
    }
    Some(members)
}

/// Reads what a plan says.
pub fn terms(wire: Option<&pb::KeyAccountTerms>, violations: &mut Violations) -> Option<Terms> {
    let wire = violations.required("terms", wire)?;
    let currency = violations.check("terms.currency_code", currency(&wire.currency_code));
    let items = items(&wire.items, violations);
    let discount_percent = violations.check("terms.discount_percent", percent(&wire.discount_percent));
    let payment_terms = field::text(&wire.payment_terms, MAX_PAYMENT_TERMS);
    let payment_terms = violations.check("terms.payment_terms", payment_terms);
    let special_terms = field::optional_text(&wire.special_terms, MAX_SPECIAL_TERMS);
    let special_terms = violations.check("terms.special_terms", special_terms);
    Some(Terms {
        currency: currency?,
        items: items?,
        discount_percent: discount_percent?,
        payment_terms: payment_terms?,
        special_terms: special_terms?.unwrap_or_default(),
    })
}

fn items(wire: &[pb::KeyAccountItem], violations: &mut Violations) -> Option<Vec<Item>> {
    let path = "terms.items";
    if wire.is_empty() {
        violations.add(path, "REQUIRED", "is required");
        return None;
    }
    at_most(path, wire.len(), MAX_PLAN_ITEMS, violations)?;
    let (mut items, mut codes) = (Vec::new(), HashSet::new());
    for (index, wire) in wire.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let code = violations.check(&format!("{path}.code"), code(&wire.code));
        if code.as_ref().is_some_and(|code| !codes.insert(code.clone())) {
            violations.add(&format!("{path}.code"), "DUPLICATE", "comes twice");
        }
        let display_name = field::text(&wire.display_name, LONGEST_NAME);
        let display_name = violations.check(&format!("{path}.display_name"), display_name);
        let quantity = from_1(&format!("{path}.quantity"), wire.quantity, MAX_QUANTITY, violations);
        let unit_price = violations.check(&format!("{path}.unit_price"), amount(&wire.unit_price));
        let discount = percent(&wire.discount_percent);
        let discount = violations.check(&format!("{path}.discount_percent"), discount);
        let read = || {
            let (code, display_name, quantity) = (code?, display_name?, quantity?);
            Some(Item { code, display_name, quantity, unit_price: unit_price?, discount_percent: discount? })
        };
        items.extend(read());
    }
    Some(items)
}

/// Reads a change of members with its proof.
pub fn change(
    request: &pb::RequestMemberChangeRequest,
    violations: &mut Violations,
) -> Option<(Wanted, Proof)> {
    let wanted = wanted(request, violations);
    let evidence = violations.check("evidence", field::name(&request.evidence));
    let sha256 = violations.check("sha256", sha256(&request.sha256));
    let reason = violations.check("reason", field::text(&request.reason, LONGEST_TEXT));
    Some((wanted?, Proof { evidence: evidence?, sha256: sha256?, reason: reason? }))
}

fn wanted(request: &pb::RequestMemberChangeRequest, violations: &mut Violations) -> Option<Wanted> {
    let kind = match pb::MemberChangeKind::try_from(request.kind) {
        Ok(pb::MemberChangeKind::Unspecified) => Err(field::InvalidEnum::Unspecified),
        Ok(kind) => Ok(kind),
        Err(_) => Err(field::InvalidEnum::Unknown(request.kind)),
    };
    let kind = violations.check("kind", kind)?;
    let none = |field: &str, value: &str, violations: &mut Violations| {
        if !value.is_empty() {
            violations.add(field, "NOT_TAKEN", "is not taken by a change of this kind");
        }
    };
    if kind == pb::MemberChangeKind::Add {
        none("member", &request.member, violations);
    }
    if matches!(kind, pb::MemberChangeKind::Rename | pb::MemberChangeKind::Remove) {
        none("customer", &request.customer, violations);
    }
    if kind == pb::MemberChangeKind::Remove {
        none("display_name", &request.display_name, violations);
    }
    let member = |violations: &mut Violations| violations.check("member", field::name(&request.member));
    let customer = |violations: &mut Violations| violations.check("customer", field::name(&request.customer));
    let name = |violations: &mut Violations| {
        violations.check("display_name", field::text(&request.display_name, LONGEST_NAME))
    };
    match kind {
        pb::MemberChangeKind::Unspecified => None,
        pb::MemberChangeKind::Add => {
            let (customer, display_name) = (customer(violations), name(violations));
            Some(Wanted::Add { customer: customer?, display_name: display_name? })
        }
        pb::MemberChangeKind::Rename => {
            let (member, display_name) = (member(violations), name(violations));
            Some(Wanted::Rename { member: member?, display_name: display_name? })
        }
        pb::MemberChangeKind::Replace => {
            let (member, customer, name) = (member(violations), customer(violations), name(violations));
            Some(Wanted::Replace { member: member?, customer: customer?, display_name: name? })
        }
        pb::MemberChangeKind::Remove => Some(Wanted::Remove { member: member(violations)? }),
    }
}

/// Reads the filter of a list of key accounts.
pub fn filter(request: &pb::ListKeyAccountsRequest, violations: &mut Violations) -> Option<KeyAccountFilter> {
    let name = pb::KeyAccountState::as_str_name;
    let state = field::optional_word::<pb::KeyAccountState, _>(request.state, "KEY_ACCOUNT_STATE_", name);
    let state = violations.check("state", state);
    let customer = violations.check("customer", field::optional(&request.customer, field::name));
    Some(KeyAccountFilter { state: state?, customer: customer? })
}

/// Reads the filter of a list of changes of members.
pub fn change_filter(
    request: &pb::ListMemberChangesRequest,
    violations: &mut Violations,
) -> Option<MemberChangeFilter> {
    let key_account = violations.check("key_account", field::optional(&request.key_account, field::name));
    let name = pb::MemberChangeState::as_str_name;
    let state = field::optional_word::<pb::MemberChangeState, _>(request.state, "MEMBER_CHANGE_STATE_", name);
    let state = violations.check("state", state);
    Some(MemberChangeFilter { key_account: key_account?, state: state? })
}

/// Reads the filter of a list of sights of prices.
pub fn sight_filter(
    request: &pb::ListPriceSightsRequest,
    violations: &mut Violations,
) -> Option<PriceSightFilter> {
    let key_account = violations.check("key_account", field::optional(&request.key_account, field::name));
    let actor = violations.check("actor", field::optional(&request.actor, str::parse::<Actor>));
    let start = violations.check("start_time", time::optional_timestamp(request.start_time.as_ref()));
    let end = violations.check("end_time", time::optional_timestamp(request.end_time.as_ref()));
    Some(PriceSightFilter { key_account: key_account?, actor: actor?, start: start?, end: end? })
}
