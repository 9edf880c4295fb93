//! What requests about ownership say, with all that is wrong.

use kexiang_core::{AgentId, CustomerId};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{
    Violations,
    field::{self, InvalidEnum},
    time,
};

use crate::{
    app::ownership::{
        Which,
        verbs::{OwnershipCommand, Referral},
    },
    domain::{
        dispute::DisputeState,
        ownership::policy::{Selector, Terms},
    },
};

/// Characters of reasons and grounds.
const LONGEST_TEXT: usize = 1_000;
const LONGEST_TIER: usize = 40;

/// The customer of an ownership's resource name.
pub(in crate::grpc) fn ownership_name(
    path: &str,
    name: &str,
    violations: &mut Violations,
) -> Option<CustomerId> {
    let customer = name.strip_suffix("/ownership").and_then(|customer| field::name(customer).ok());
    let form = "must have the form customers/{id}/ownership with a UUID";
    violations.check(path, customer.ok_or(form))
}

pub(super) fn reason(path: &str, text: &str, violations: &mut Violations) -> Option<String> {
    violations.check(path, field::text(text, LONGEST_TEXT))
}

/// A tier code that may be empty.
pub(super) fn tier(text: &str) -> Result<Option<String>, String> {
    let fits =
        text.len() <= LONGEST_TIER && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let form = || format!("must be 1–{LONGEST_TIER} letters, digits and . _ -");
    field::optional(text, |text| if fits { Ok(text.to_owned()) } else { Err(form()) })
}

pub(super) fn pool(request: &pb::ListPoolRequest, violations: &mut Violations) -> Option<Which> {
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    let tier = violations.check("tier", tier(&request.tier));
    let since = time::optional_timestamp(request.since_before_time.as_ref());
    let since = violations.check("since_before_time", since);
    if !request.tier.is_empty() && request.site.is_empty() {
        violations.add("site", "REQUIRED", "is required with a tier");
        return None;
    }
    let tier = tier?;
    Some(Which::Pool(site?.map(|site| (site, tier)), since?))
}

pub(super) fn referral(
    request: &pb::RecordReferralRequest,
    customer: Option<CustomerId>,
    violations: &mut Violations,
) -> Option<OwnershipCommand> {
    let kind = field::word(request.kind, "REFERRAL_KIND_", pb::ReferralKind::as_str_name);
    let kind = violations.check("kind", kind);
    let referrer = violations.check("referrer", field::name(&request.referrer));
    if referrer.is_some() && referrer == customer {
        violations.add("referrer", "INVALID_VALUE", "must be another customer");
    }
    let named = violations.check("named_agent", field::optional(&request.named_agent, field::slug_name));
    Some(OwnershipCommand::Refer(Referral { kind: kind?, referrer: referrer?, named: named? }))
}

pub(super) fn rule(
    wire: &pb::OwnershipRule,
    violations: &mut Violations,
) -> Option<(Selector, Terms, Option<i64>)> {
    let site = violations.check("rule.site", field::optional(&wire.site, field::slug_name));
    let tier = violations.check("rule.tier", tier(&wire.tier));
    let agreement = pb::ownership_rule::Agreement::try_from(wire.agreement);
    let agreement =
        violations.check("rule.agreement", agreement.map_err(|_| InvalidEnum::Unknown(wire.agreement)));
    let etag = violations.check("rule.etag", field::etag(&wire.etag));
    let terms = Terms {
        lease_days: wire.lease_days,
        warning_days: wire.warning_days,
        daily_claims: wire.daily_claims,
        held_limit: wire.held_limit,
        cool_off_days: wire.cool_off_days,
        new_customer_days: wire.new_customer_days,
        new_customer_follow_ups: wire.new_customer_follow_ups,
    };
    check_terms(&terms, violations);
    let under_agreement = match agreement? {
        pb::ownership_rule::Agreement::Unspecified => None,
        pb::ownership_rule::Agreement::Running => Some(true),
        pb::ownership_rule::Agreement::None => Some(false),
    };
    Some((Selector { site: site?, tier: tier?, under_agreement }, terms, etag?))
}

fn check_terms(terms: &Terms, violations: &mut Violations) {
    let ranges = [
        ("rule.lease_days", terms.lease_days, 1, 3_650),
        ("rule.warning_days", terms.warning_days, 0, terms.lease_days.clamp(1, 3_650) - 1),
        ("rule.daily_claims", terms.daily_claims, 0, 10_000),
        ("rule.held_limit", terms.held_limit, 0, 1_000_000),
        ("rule.cool_off_days", terms.cool_off_days, 0, 3_650),
        ("rule.new_customer_days", terms.new_customer_days, 0, 3_650),
        ("rule.new_customer_follow_ups", terms.new_customer_follow_ups, 0, 100),
    ];
    for (path, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            violations.add(path, "OUT_OF_RANGE", format!("must be {least} to {most}"));
        }
    }
}

pub(super) fn dispute(
    wire: &pb::OwnershipDispute,
    violations: &mut Violations,
) -> Option<(CustomerId, Option<AgentId>, String)> {
    let customer = violations.check("dispute.customer", field::name(&wire.customer));
    let claimant = violations.check("dispute.claimant", field::optional(&wire.claimant, field::slug_name));
    let grounds = reason("dispute.grounds", &wire.grounds, violations);
    Some((customer?, claimant?, grounds?))
}

pub(super) fn dispute_state(number: i32) -> Result<Option<DisputeState>, InvalidEnum> {
    let name = pb::OwnershipDisputeState::as_str_name;
    field::optional_word(number, "OWNERSHIP_DISPUTE_STATE_", name)
}
