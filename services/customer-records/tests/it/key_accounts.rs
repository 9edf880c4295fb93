//! Key accounts: thresholds, proposals alone and as a group (CU-11).

use kexiang_core::{CustomerId, KeyAccountId};
use kexiang_proto::customers_v1::{
    AddKeyAccountMemberRequest, CloseAgreementRequest, DefineKeyAccountThresholdRequest,
    DismissKeyAccountRequest, GetKeyAccountRequest, GetKeyAccountThresholdRequest, KeyAccount,
    KeyAccountState, KeyAccountThreshold, ListKeyAccountThresholdsRequest, ListKeyAccountsRequest,
    OpenKeyAccountRequest, RemoveKeyAccountMemberRequest, WriteKeyAccountPlanRequest,
};
use kexiang_rpc::refusal;
use tonic::Code;

use crate::{
    center::{Center, START},
    key_account::{member, terms},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn unmet(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn types(told: &[(String, kexiang_proto::customers_v1::KeyAccountFacts)]) -> Vec<&str> {
    told.iter().map(|(event_type, _)| event_type.as_str()).collect()
}

#[tokio::test]
async fn ten_units_of_filed_agreements_propose_a_customer_once() {
    let center = Center::open().await;
    let [customer] = center.customers(["Wang Fang"]).await;

    center.file_units(&customer, 6).await;
    center.ready_to_file(&customer, 50).await;
    let after_six = center.key_accounts_of(&customer).await;
    center.file_units(&customer, 4).await;
    center.file_units(&customer, 1).await;
    let accounts = center.key_accounts_of(&customer).await;

    assert!(after_six.is_empty(), "what is only signed does not count");
    let [account] = &accounts[..] else { panic!("one is proposed: {accounts:?}") };
    assert_eq!((account.state(), account.units), (KeyAccountState::Proposed, 11));
    assert_eq!(account.threshold, "keyAccountThresholds/default");
    assert_eq!(
        (account.members[0].customer.as_str(), account.members[0].display_name.as_str()),
        (customer.as_str(), "Wang Fang")
    );
    let told = center.told_of_key_account(&account.name).await;
    assert_eq!(types(&told), ["opened", "proposed", "recounted"]);
    assert_eq!((told[1].1.units, told[1].1.members), (10, 1));
}

#[tokio::test]
async fn customers_together_reach_the_threshold_as_a_group() {
    let center = Center::open().await;
    let [a, b, c] = center.customers(["A", "B", "C"]).await;
    center.file_units(&a, 4).await;

    let opened = center.try_open(&[&a, &b]).await.unwrap();
    center.file_units(&b, 5).await;
    let nine = center.key_account(center.planner(), &opened.name).await;
    center.file_units(&c, 1).await;
    let request = AddKeyAccountMemberRequest {
        name: opened.name.clone(),
        member: Some(member(&c, "C")),
        ..Default::default()
    };
    let ten = center.planner().add_key_account_member(request).await.unwrap().into_inner();

    assert_eq!((opened.state(), opened.units), (KeyAccountState::Candidate, 4));
    assert_eq!((nine.state(), nine.units, nine.threshold.as_str()), (KeyAccountState::Candidate, 9, ""));
    assert_eq!((ten.state(), ten.units, ten.members.len()), (KeyAccountState::Proposed, 10, 3));
    let told = center.told_of_key_account(&opened.name).await;
    assert_eq!(types(&told), ["opened", "recounted", "recounted", "member_added", "proposed"]);
}

#[tokio::test]
async fn of_two_agreements_filed_at_once_one_proposes() {
    let center = Center::open().await;
    let [customer] = center.customers(["Wang Fang"]).await;
    let first = center.ready_to_file(&customer, 5).await.name;
    let second = center.ready_to_file(&customer, 5).await.name;

    let (one, other) = tokio::join!(center.try_file(&first), center.try_file(&second));
    let accounts = center.key_accounts_of(&customer).await;

    assert!(one.is_ok() && other.is_ok());
    assert_eq!(accounts.iter().map(|account| account.units).collect::<Vec<_>>(), [10]);
}

#[tokio::test]
async fn what_was_dismissed_is_proposed_again_only_with_more_units() {
    let center = Center::open().await;
    let (customer, account, agreement) = center.proposed().await;
    let dismiss =
        DismissKeyAccountRequest { name: account.name, reason: "one-off".into(), ..Default::default() };
    let dismissed = center.approver().dismiss_key_account(dismiss).await.unwrap().into_inner();

    let close = CloseAgreementRequest { name: agreement, reason: "sold".into(), ..Default::default() };
    center.reviewer().close_agreement(close).await.unwrap();
    center.file_units(&customer, 10).await;
    let as_many = center.key_accounts_of(&customer).await.len();
    center.file_units(&customer, 1).await;
    let more = center.key_accounts_of(&customer).await;

    assert_eq!((dismissed.state(), dismissed.close_reason.as_str()), (KeyAccountState::Dismissed, "one-off"));
    assert_eq!(as_many, 1);
    let states: Vec<_> = more.iter().map(KeyAccount::state).collect();
    assert!(states.contains(&KeyAccountState::Proposed) && states.len() == 2);
}

#[tokio::test]
async fn thresholds_are_data() {
    let center = Center::open().await;
    let [customer] = center.customers(["Wang Fang"]).await;
    let define = |code: &str, threshold, etag: &str| DefineKeyAccountThresholdRequest {
        code: code.to_owned(),
        threshold: Some(threshold),
        etag: etag.to_owned(),
        ..Default::default()
    };
    let loans = KeyAccountThreshold {
        units: 3,
        group_units: 8,
        agreement_kinds: vec!["agreementKinds/loan".into()],
        ..Default::default()
    };
    let leases =
        KeyAccountThreshold { agreement_kinds: vec!["agreementKinds/lease".into()], ..loans.clone() };
    let off = KeyAccountThreshold { inactive: true, ..loans.clone() };
    let mut keeper = center.keeper();

    let unknown = keeper.define_key_account_threshold(define("leases", leases, "")).await.unwrap_err();
    let stale = keeper.define_key_account_threshold(define("default", off.clone(), "7")).await.unwrap_err();
    let agent = center.planner().define_key_account_threshold(define("loans", loans.clone(), "")).await;
    let defined = keeper.define_key_account_threshold(define("loans", loans, "")).await.unwrap().into_inner();
    keeper.define_key_account_threshold(define("default", off, "1")).await.unwrap();
    center.file_units(&customer, 3).await;

    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(refused(&agent.unwrap_err()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    let get = GetKeyAccountThresholdRequest { name: "keyAccountThresholds/loans".into() };
    assert_eq!(center.planner().get_key_account_threshold(get).await.unwrap().into_inner(), defined);
    let list = ListKeyAccountThresholdsRequest { page_size: 1, ..Default::default() };
    let first = center.planner().list_key_account_thresholds(list).await.unwrap().into_inner();
    let list = ListKeyAccountThresholdsRequest { page_size: 1, page_token: first.next_page_token };
    let second = center.planner().list_key_account_thresholds(list).await.unwrap().into_inner();
    let names = [&first.thresholds[0], &second.thresholds[0]].map(|threshold| threshold.name.as_str());
    assert_eq!(names, ["keyAccountThresholds/default", "keyAccountThresholds/loans"]);
    let proposed = center.key_accounts_of(&customer).await;
    assert_eq!((proposed.len(), proposed[0].threshold.as_str()), (1, "keyAccountThresholds/loans"));
}

#[tokio::test]
async fn a_lower_threshold_proposes_those_who_reach_it_already_once() {
    let center = Center::open().await;
    center.start_replica().await;
    let [a, b, c] = center.customers(["A", "B", "C"]).await;
    center.file_units(&a, 5).await;
    center.file_units(&b, 4).await;
    center.file_units(&c, 1).await;
    let group = center.try_open(&[&b, &c]).await.unwrap();
    let five = KeyAccountThreshold { units: 5, group_units: 5, ..Default::default() };
    let define = DefineKeyAccountThresholdRequest {
        code: "default".into(),
        threshold: Some(five),
        ..Default::default()
    };

    center.keeper().define_key_account_threshold(define.clone()).await.unwrap();
    center.keeper().define_key_account_threshold(define).await.unwrap();
    center.until_told("key_account.proposed", 2).await;
    center.until_no_checks().await;

    let alone = center.key_accounts_of(&a).await;
    assert_eq!((alone.len(), alone[0].state(), alone[0].units), (1, KeyAccountState::Proposed, 5));
    let group = center.key_account(center.planner(), &group.name).await;
    assert_eq!((group.state(), group.units), (KeyAccountState::Proposed, 5));
    let told = center.told().await;
    assert_eq!(told.iter().filter(|event| event.r#type == "key_account.proposed").count(), 2);
}

#[tokio::test]
async fn all_wrong_fields_are_reported_at_once() {
    let center = Center::open().await;
    let twice = CustomerId::at(START).name();
    let open = OpenKeyAccountRequest {
        title: " ".into(),
        members: vec![member("customers/x", ""), member(&twice, "A"), member(&twice, "B")],
        request_id: "once".into(),
    };
    let mut wrong = terms();
    wrong.currency_code = "XYZ".into();
    wrong.items[0].quantity = 0;
    wrong.items[0].unit_price = "1e3".into();
    wrong.items[0].discount_percent = "100.01".into();
    wrong.items[1].code = "home".into();
    wrong.items[1].display_name = String::new();
    wrong.discount_percent = "-1".into();
    wrong.payment_terms = String::new();
    let write = WriteKeyAccountPlanRequest {
        name: "keyAccounts/1".into(),
        terms: Some(wrong),
        etag: "x".into(),
        ..Default::default()
    };
    let threshold = KeyAccountThreshold {
        group_units: 1_000_001,
        agreement_kinds: vec!["loan".into(), "agreementKinds/a".into(), "agreementKinds/a".into()],
        ..Default::default()
    };
    let define = DefineKeyAccountThresholdRequest {
        code: "a b".into(),
        threshold: Some(threshold),
        ..Default::default()
    };
    let list =
        ListKeyAccountsRequest { state: 99, customer: "x".into(), page_size: -1, page_token: "x".into() };

    let opened = center.planner().open_key_account(open).await.unwrap_err();
    let written = center.planner().write_key_account_plan(write).await.unwrap_err();
    let defined = center.keeper().define_key_account_threshold(define).await.unwrap_err();
    let listed = center.planner().list_key_accounts(list).await.unwrap_err();
    let empty = center.planner().open_key_account(OpenKeyAccountRequest::default()).await.unwrap_err();

    assert_eq!(
        violations(&opened),
        ["request_id", "title", "members[0].customer", "members[0].display_name", "members[2].customer"]
    );
    assert_eq!(
        violations(&written),
        [
            "name",
            "etag",
            "terms.currency_code",
            "terms.items[0].quantity",
            "terms.items[0].unit_price",
            "terms.items[0].discount_percent",
            "terms.items[1].code",
            "terms.items[1].display_name",
            "terms.discount_percent",
            "terms.payment_terms",
        ]
    );
    assert_eq!(
        violations(&defined),
        [
            "code",
            "threshold.units",
            "threshold.group_units",
            "threshold.agreement_kinds[0]",
            "threshold.agreement_kinds[2]",
        ]
    );
    assert_eq!(violations(&listed), ["state", "customer", "page_size", "page_token"]);
    assert_eq!(violations(&empty), ["title", "members"]);
    assert!(center.told().await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_a_customer_is_in_one_key_account() {
    let center = Center::open().await;
    let [a, b] = center.customers(["A", "B"]).await;
    let first = center.try_open(&[&a]).await.unwrap();

    let nobody = center.try_open(&[&CustomerId::at(START).name()]).await.unwrap_err();
    let elsewhere = center.try_open(&[&b, &a]).await.unwrap_err();
    let get = GetKeyAccountRequest { name: KeyAccountId::at(START).name() };
    let unknown = center.planner().get_key_account(get).await.unwrap_err();
    let add = AddKeyAccountMemberRequest {
        name: first.name.clone(),
        member: Some(member(&a, "A")),
        ..Default::default()
    };
    let again = center.planner().add_key_account_member(add).await.unwrap_err();
    let remove = RemoveKeyAccountMemberRequest {
        name: first.name.clone(),
        member: first.members[0].name.clone(),
        ..Default::default()
    };
    let last = center.planner().remove_key_account_member(remove).await.unwrap_err();

    assert_eq!(refused(&nobody), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(
        [refused(&elsewhere), refused(&again)],
        [unmet("MEMBER_ELSEWHERE"), unmet("MEMBER_ELSEWHERE")]
    );
    let info: kexiang_proto::rpc::ErrorInfo = refusal::detail(&elsewhere).unwrap();
    assert_eq!(info.metadata["key_account"], first.name);
    assert_eq!(refused(&last), unmet("LAST_MEMBER"));
}

#[tokio::test]
async fn two_groups_opened_at_once_share_no_customer() {
    let center = Center::open().await;
    let [a, b, c] = center.customers(["A", "B", "C"]).await;

    let (first, second) = ([&*a, &*b], [&*b, &*c]);
    let (one, other) = tokio::join!(center.try_open(&first), center.try_open(&second));

    assert!(one.is_ok() != other.is_ok());
    let refusal = one.err().or(other.err()).unwrap();
    assert_eq!(refused(&refusal), unmet("MEMBER_ELSEWHERE"));
    assert_eq!(center.key_accounts_of(&b).await.len(), 1);
}

#[tokio::test]
async fn the_same_request_twice_is_done_once_and_an_old_etag_changes_nothing() {
    let center = Center::open().await;
    let [a] = center.customers(["A"]).await;
    let open = OpenKeyAccountRequest {
        title: "Group".into(),
        members: vec![member(&a, "A")],
        request_id: REQUEST_ID.into(),
    };
    let opened = center.planner().open_key_account(open.clone()).await.unwrap().into_inner();
    let again = center.planner().open_key_account(open.clone()).await.unwrap().into_inner();
    let reused = OpenKeyAccountRequest { title: "Other".into(), ..open };
    let reused = center.planner().open_key_account(reused).await.unwrap_err();
    let dismiss = |etag: &str, request_id: &str| DismissKeyAccountRequest {
        name: opened.name.clone(),
        reason: "r".into(),
        etag: etag.into(),
        request_id: request_id.into(),
    };

    let stale = center.approver().dismiss_key_account(dismiss("9", "")).await.unwrap_err();
    let dismissed =
        center.approver().dismiss_key_account(dismiss("1", REQUEST_ID)).await.unwrap().into_inner();
    let repeated =
        center.approver().dismiss_key_account(dismiss("1", REQUEST_ID)).await.unwrap().into_inner();
    let twice = center.approver().dismiss_key_account(dismiss("", "")).await.unwrap_err();
    let agent = center.planner().dismiss_key_account(dismiss("", "")).await.unwrap_err();

    assert_eq!((&opened, dismissed.etag.as_str()), (&again, "2"));
    assert_eq!(dismissed, repeated);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(refused(&twice), unmet("STATE_NOT_ALLOWED"));
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(types(&center.told_of_key_account(&opened.name).await), ["opened", "dismissed"]);
}

#[tokio::test]
async fn key_accounts_are_listed_by_state_and_member_page_by_page() {
    let center = Center::open().await;
    let mut names = Vec::new();
    for customer in center.customers(["A", "B", "C"]).await {
        names.push(center.try_open(&[&customer]).await.unwrap().name);
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    let list = async |page_token: String| {
        let request = ListKeyAccountsRequest {
            state: KeyAccountState::Candidate.into(),
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let page = center.planner().list_key_accounts(request).await.unwrap().into_inner();
        (page.key_accounts.into_iter().map(|found| found.name).collect::<Vec<_>>(), page.next_page_token)
    };

    let (first, page_token) = list(String::new()).await;
    let (second, end) = list(page_token).await;

    names.reverse();
    assert_eq!(([first, second].concat(), end.as_str()), (names, ""));
}
