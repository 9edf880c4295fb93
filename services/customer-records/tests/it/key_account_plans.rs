//! Special plans of key accounts and their contracts (CU-11).

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    ApproveKeyAccountPlanRequest, CloseAgreementRequest, CloseKeyAccountRequest, KeyAccount,
    KeyAccountPlanState, KeyAccountState, OpenAgreementRequest, ReturnKeyAccountPlanRequest,
    WriteKeyAccountPlanRequest,
};
use tonic::Code;

use crate::{
    agreement::content,
    center::Center,
    key_account::{no_agreement, terms},
    wire::refused,
};

fn unmet(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn a_special_plan_is_approved_by_a_supervisor_who_did_not_write_it() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    let name = account.name.as_str();
    let approve = || ApproveKeyAccountPlanRequest { name: name.to_owned(), ..Default::default() };

    let early = center.submit_plan(name).await.unwrap_err();
    let mut approver = center.approver();
    let write =
        WriteKeyAccountPlanRequest { name: name.to_owned(), terms: Some(terms()), ..Default::default() };
    approver.write_key_account_plan(write).await.unwrap();
    center.submit_plan(name).await.unwrap();
    let rewritten = center.write_plan(name).await.unwrap_err();
    let agent = center.planner().approve_key_account_plan(approve()).await.unwrap_err();
    let own = approver.approve_key_account_plan(approve()).await.unwrap_err();
    let mut other = center.key_accounts_as("sun.li", &[Role::Supervisor]);
    let give_back =
        ReturnKeyAccountPlanRequest { name: name.to_owned(), reason: "dear".into(), ..Default::default() };
    let returned = other.return_key_account_plan(give_back).await.unwrap().into_inner();
    center.submit_plan(name).await.unwrap();
    let approved = other.approve_key_account_plan(approve()).await.unwrap().into_inner();

    assert_eq!([refused(&early), refused(&rewritten)], [unmet("PLAN_STATE"), unmet("PLAN_STATE")]);
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(refused(&own), (Code::PermissionDenied, "APPROVER_IS_DRAFTER".into()));
    let returned = returned.pending_plan.unwrap();
    assert_eq!((returned.state(), returned.return_reason.as_str()), (KeyAccountPlanState::Draft, "dear"));
    let plan = approved.plan.as_ref().unwrap();
    assert_eq!((approved.state(), approved.pending_plan.is_none()), (KeyAccountState::Approved, true));
    assert_eq!((plan.edition, plan.state()), (1, KeyAccountPlanState::Approved));
    assert_eq!((plan.drafters.len(), plan.reviewer.as_str()), (2, "agents/sun.li"));
    let terms = plan.terms.as_ref().unwrap();
    let amounts: Vec<_> = terms.items.iter().map(|item| item.amount.as_str()).collect();
    assert_eq!(amounts, ["840.75", "0.33"]);
    assert_eq!(terms.total, "820.05", "841.08 less 2.5 % is 820.053");
}

#[tokio::test]
async fn no_plan_is_approved_when_the_units_reach_no_threshold_any_more() {
    let center = Center::open().await;
    let (_, account, agreement) = center.proposed().await;
    center.write_plan(&account.name).await.unwrap();
    center.submit_plan(&account.name).await.unwrap();
    let close = CloseAgreementRequest { name: agreement, reason: "sold".into(), ..Default::default() };
    center.reviewer().close_agreement(close).await.unwrap();

    let unqualified = center.approve_plan(&account.name).await.unwrap_err();
    let counted = center.key_account(center.planner(), &account.name).await;

    assert_eq!(refused(&unqualified), unmet("NOT_QUALIFIED"));
    assert_eq!((counted.units, counted.threshold.as_str()), (0, ""));
}

#[tokio::test]
async fn the_contract_lists_members_items_payment_discount_and_special_terms() {
    let center = Center::open().await;
    let (customer, account, agreement) = center.proposed().await;
    let name = account.name.as_str();
    let [stranger] = center.customers(["Stranger"]).await;
    let strange = center.file_units(&stranger, 1).await;
    let unfiled = center.ready_to_file(&customer, 1).await.name;
    let dollars = OpenAgreementRequest {
        customer,
        kind: "agreementKinds/loan".into(),
        currency_code: "USD".into(),
        content: Some(content()),
        ..Default::default()
    };
    let dollars = center.agreements().open_agreement(dollars).await.unwrap().into_inner().name;
    center.bring_into_force(&dollars).await;

    let early = center.link(name, &agreement).await.unwrap_err();
    center.plan(name).await;
    let mut unfit = Vec::new();
    for agreement in [&strange, &unfiled, &dollars] {
        unfit.push(refused(&center.link(name, agreement).await.unwrap_err()));
    }
    let nothing = center.link(name, &no_agreement()).await.unwrap_err();
    center.link(name, &agreement).await.unwrap();
    let active = center.key_account(center.approver(), name).await;

    assert_eq!(refused(&early), unmet("STATE_NOT_ALLOWED"));
    assert_eq!(unfit, vec![unmet("CONTRACT_UNFIT"); 3]);
    assert_eq!(refused(&nothing), (Code::NotFound, "NOT_FOUND".into()));
    let contract = active.contract.as_ref().unwrap();
    let listed = contract.terms.as_ref().unwrap();
    assert_eq!((active.state(), contract.agreement.as_str()), (KeyAccountState::Active, agreement.as_str()));
    assert_eq!((contract.members.as_slice(), contract.plan_edition), (active.members.as_slice(), 1));
    assert_eq!((listed.items.len(), listed.items[0].unit_price.as_str()), (2, "88.50"));
    assert_eq!((listed.discount_percent.as_str(), listed.total.as_str()), ("2.5", "820.05"));
    assert_eq!(
        (listed.payment_terms.as_str(), listed.special_terms.as_str()),
        ("half at once", "keys by May")
    );
    let told = center.told_of_key_account(name).await;
    let (last, facts) = told.last().unwrap();
    assert_eq!(
        (last.as_str(), facts.contract.as_str(), facts.plan_edition),
        ("contract_linked", &*agreement, 1)
    );
}

#[tokio::test]
async fn a_contract_keeps_the_plan_that_it_was_made_by_until_it_is_linked_anew() {
    let center = Center::open().await;
    let (_, account, agreement) = center.proposed().await;
    let name = account.name.as_str();
    center.plan(name).await;
    center.link(name, &agreement).await.unwrap();

    let planned = center.plan(name).await;
    let linked = center.link(name, &agreement).await.unwrap();
    let close = CloseKeyAccountRequest { name: name.to_owned(), reason: "over".into(), ..Default::default() };
    let closed = center.approver().close_key_account(close).await.unwrap().into_inner();
    let final_write = center.write_plan(name).await.unwrap_err();

    let edition = |account: &KeyAccount| account.contract.as_ref().unwrap().plan_edition;
    assert_eq!((planned.plan.as_ref().unwrap().edition, planned.previous_plans.len()), (2, 1));
    assert_eq!((edition(&planned), edition(&linked)), (1, 2));
    assert_eq!(closed.state(), KeyAccountState::Closed);
    assert_eq!(refused(&final_write), unmet("STATE_NOT_ALLOWED"));
}
