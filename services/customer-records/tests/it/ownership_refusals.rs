//! What ownership refuses (CU-4, CU-5): bad input, all of it at once, and what rules forbid.

use kexiang_core::CustomerId;
use kexiang_proto::customers_v1::{
    DeleteOwnershipRuleRequest, GetOwnershipRequest, ListOwnershipRulesRequest, ListPoolRequest,
    OwnershipRule, RecordReferralRequest, ReferralKind, ReleaseOwnershipRequest, SetOwnershipRuleRequest,
    SetOwnershipTermsRequest, TransferOwnershipRequest,
};
use tonic::Code;

use crate::{
    center::START,
    ownership_desk::OwnershipDesk,
    wire::{refused, violations},
};

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let desk = OwnershipDesk::open().await;
    let (boss, root) = (desk.supervisor(), desk.administrator());

    let transfer = TransferOwnershipRequest {
        name: "customers/li-na".into(),
        agent: "li na".into(),
        etag: "x".into(),
        request_id: "1".into(),
        ..Default::default()
    };
    let transfer = boss.ownerships().transfer_ownership(transfer).await.unwrap_err();
    let rule = OwnershipRule {
        site: "sites/Main".into(),
        tier: "very important".into(),
        agreement: 9,
        lease_days: 0,
        warning_days: -1,
        daily_claims: 10_001,
        new_customer_follow_ups: 101,
        ..Default::default()
    };
    let rule = SetOwnershipRuleRequest { rule: Some(rule), ..Default::default() };
    let rule = root.ownerships().set_ownership_rule(rule).await.unwrap_err();
    let pool = ListPoolRequest { tier: "VIP".into(), page_size: -1, ..Default::default() };
    let pool = boss.ownerships().list_pool(pool).await.unwrap_err();

    assert_eq!(violations(&transfer), ["request_id", "name", "etag", "agent", "reason"]);
    assert_eq!(
        violations(&rule),
        [
            "rule.site",
            "rule.tier",
            "rule.agreement",
            "rule.lease_days",
            "rule.warning_days",
            "rule.daily_claims",
            "rule.new_customer_follow_ups"
        ]
    );
    assert_eq!(violations(&pool), ["site", "page_size"]);
}

#[tokio::test]
async fn nobody_but_the_owner_and_supervisors_gives_a_customer_back() {
    let desk = OwnershipDesk::open().await;
    let (li, wang, boss) = (desk.agent("li"), desk.agent("wang"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    let release = |etag: &str| ReleaseOwnershipRequest {
        name: format!("{customer}/ownership"),
        reason: "asked for another".into(),
        etag: etag.into(),
        ..Default::default()
    };

    let by_another = wang.ownerships().release_ownership(release("")).await.unwrap_err();
    let stale = li.ownerships().release_ownership(release("1")).await.unwrap_err();
    boss.ownerships().release_ownership(release("2")).await.unwrap();
    let twice = boss.ownerships().release_ownership(release("")).await.unwrap_err();

    assert_eq!(refused(&by_another), (Code::PermissionDenied, "NOT_THE_OWNER".to_owned()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(desk.count("ownership.released").await, 1);
}

#[tokio::test]
async fn nobodys_ownership_and_referrals_that_say_nothing_are_refused() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");
    let nobody = CustomerId::at(START).name();
    let (referrer, customer) = (desk.customer("Old friend").await, desk.customer("Chen").await);
    let refer = |referrer: &str| RecordReferralRequest {
        name: format!("{customer}/ownership"),
        kind: ReferralKind::Referral.into(),
        referrer: referrer.to_owned(),
        ..Default::default()
    };

    let get = GetOwnershipRequest { name: format!("{nobody}/ownership") };
    let missing = li.ownerships().get_ownership(get).await.unwrap_err();
    let claimed = li.claim(&nobody).await.unwrap_err();
    let itself = li.ownerships().record_referral(refer(&customer)).await.unwrap_err();
    let unowned = li.ownerships().record_referral(refer(&referrer)).await.unwrap_err();
    let unknown = li.ownerships().record_referral(refer(&nobody)).await.unwrap_err();

    assert_eq!(missing.code(), Code::NotFound);
    assert_eq!(claimed.code(), Code::NotFound);
    assert_eq!(violations(&itself), ["referrer"]);
    assert_eq!(refused(&unowned), (Code::FailedPrecondition, "NO_RECEPTION".to_owned()));
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn agents_change_no_terms_and_a_rule_is_replaced_by_its_version() {
    let desk = OwnershipDesk::open().await;
    let (li, root) = (desk.agent("li"), desk.administrator());
    let customer = desk.customer("Chen").await;
    let set = |lease_days: i32, etag: &str| {
        let rule = OwnershipRule {
            site: "sites/main".into(),
            lease_days,
            etag: etag.into(),
            ..OwnershipRule::default()
        };
        SetOwnershipRuleRequest { rule: Some(rule), ..Default::default() }
    };

    let terms = SetOwnershipTermsRequest { name: format!("{customer}/ownership"), ..Default::default() };
    let by_agent = li.ownerships().set_ownership_terms(terms).await.unwrap_err();
    let first = root.ownerships().set_ownership_rule(set(10, "")).await.unwrap().into_inner();
    let stale = root.ownerships().set_ownership_rule(set(20, "7")).await.unwrap_err();
    let second = root.ownerships().set_ownership_rule(set(20, &first.etag)).await.unwrap().into_inner();
    let list = || ListOwnershipRulesRequest::default();
    let listed = li.ownerships().list_ownership_rules(list()).await.unwrap().into_inner().rules;
    let delete = DeleteOwnershipRuleRequest { name: first.name.clone(), ..Default::default() };
    root.ownerships().delete_ownership_rule(delete.clone()).await.unwrap();
    let gone = root.ownerships().delete_ownership_rule(delete).await.unwrap_err();

    assert_eq!(refused(&by_agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!((&second.name, second.lease_days), (&first.name, 20));
    assert_eq!(listed, [second]);
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(desk.told(&["ownership_rule.set", "ownership_rule.deleted"]).await.len(), 3);
}
