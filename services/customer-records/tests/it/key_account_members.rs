//! Members of key accounts change their names, come and go with proof and approval (CU-11).

use kexiang_core::{MemberChangeId, Role};
use kexiang_proto::customers_v1::{
    ApproveMemberChangeRequest, GetMemberChangeRequest, KeyAccount, ListMemberChangesRequest, MemberChange,
    MemberChangeKind, MemberChangeState, RejectMemberChangeRequest, RequestMemberChangeRequest,
};
use tonic::{Code, Status};

use crate::{
    center::{Center, START},
    key_account::change,
    wire::{refused, violations},
};

fn unmet(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn approval(change: &MemberChange) -> ApproveMemberChangeRequest {
    ApproveMemberChangeRequest { name: change.name.clone(), ..Default::default() }
}

async fn ask(center: &Center, request: RequestMemberChangeRequest) -> Result<MemberChange, Status> {
    center.planner().request_member_change(request).await.map(tonic::Response::into_inner)
}

async fn names(center: &Center, account: &KeyAccount) -> Vec<String> {
    let account = center.key_account(center.planner(), &account.name).await;
    account.members.into_iter().map(|member| member.display_name).collect()
}

#[tokio::test]
async fn a_name_changes_with_proof_when_somebody_else_approves() {
    let center = Center::open().await;
    let (customer, account, _) = center.proposed().await;

    let asked = center.rename(&account, "Wang Fen").await.unwrap();
    let before = names(&center, &account).await;
    let approved = center.approver().approve_member_change(approval(&asked)).await.unwrap().into_inner();
    let after = center.key_account(center.planner(), &account.name).await;

    assert_eq!((asked.state(), asked.kind()), (MemberChangeState::Pending, MemberChangeKind::Rename));
    assert_eq!((asked.sha256.as_str(), asked.requester.as_str()), (&*"ab".repeat(32), "agents/li.ming"));
    assert_eq!(before, ["Wang Fang"]);
    assert_eq!(
        (approved.state(), approved.decider.as_str()),
        (MemberChangeState::Approved, "agents/chen.jie")
    );
    assert_eq!((after.members.len(), after.members[0].display_name.as_str()), (1, "Wang Fen"));
    assert_eq!(after.members[0].customer, customer);
    let history = "select display_name from customer_records.key_account_members where left_at is not null";
    let history: Vec<String> = sqlx::query_scalar(history).fetch_all(&center.pool).await.unwrap();
    assert_eq!(history, ["Wang Fang"], "who was a member under which name stays known");
    let told = center.told_of_key_account(&account.name).await;
    let last: Vec<_> =
        told[2..].iter().map(|(of, facts)| (of.as_str(), facts.member_change.as_str())).collect();
    let name = asked.name.as_str();
    assert_eq!(last, [("member_change_requested", name), ("member_change_approved", name)]);
}

#[tokio::test]
async fn who_asks_does_not_decide_and_agents_decide_nothing() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    let asked = center.rename(&account, "Wang Fen").await.unwrap();

    let mut same = center.key_accounts_as("li.ming", &[Role::Agent, Role::Supervisor]);
    let own = same.approve_member_change(approval(&asked)).await.unwrap_err();
    let agent = center.planner().approve_member_change(approval(&asked)).await.unwrap_err();
    let second = center.rename(&account, "Wang Feng").await.unwrap_err();
    let stale = ApproveMemberChangeRequest { etag: "7".into(), ..approval(&asked) };
    let stale = center.approver().approve_member_change(stale).await.unwrap_err();
    let reject = |reason: &str| RejectMemberChangeRequest {
        name: asked.name.clone(),
        reason: reason.into(),
        ..Default::default()
    };
    let silent = center.approver().reject_member_change(reject(" ")).await.unwrap_err();
    let rejected = center.approver().reject_member_change(reject("no proof")).await.unwrap().into_inner();
    let late = center.approver().approve_member_change(approval(&asked)).await.unwrap_err();

    assert_eq!(refused(&own), (Code::PermissionDenied, "APPROVER_IS_DRAFTER".into()));
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(refused(&second), unmet("CHANGE_PENDING"));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(violations(&silent), ["reason"]);
    assert_eq!(
        (rejected.state(), rejected.reject_reason.as_str()),
        (MemberChangeState::Rejected, "no proof")
    );
    assert_eq!(refused(&late), unmet("STATE_NOT_ALLOWED"));
    assert_eq!(names(&center, &account).await, ["Wang Fang"]);
}

#[tokio::test]
async fn members_join_are_replaced_and_leave_under_contract() {
    let center = Center::open().await;
    let (_, account, agreement) = center.proposed().await;
    let [second, third] = center.customers(["Second", "Third"]).await;
    center.file_units(&second, 2).await;
    center.plan(&account.name).await;
    center.link(&account.name, &agreement).await.unwrap();
    let approve = async |asked: MemberChange| {
        center.approver().approve_member_change(approval(&asked)).await.map(tonic::Response::into_inner)
    };
    let add = RequestMemberChangeRequest {
        customer: second.clone(),
        display_name: "Second".into(),
        ..change(&account, MemberChangeKind::Add)
    };

    approve(ask(&center, add.clone()).await.unwrap()).await.unwrap();
    let joined = center.key_account(center.planner(), &account.name).await;
    let again = approve(ask(&center, add).await.unwrap()).await.unwrap_err();
    let of_second = |joined: &KeyAccount| {
        let found = joined.members.iter().find(|member| member.customer == second);
        found.map(|member| member.name.clone()).unwrap_or_default()
    };
    let replace = RequestMemberChangeRequest {
        member: of_second(&joined),
        customer: third.clone(),
        display_name: "Third".into(),
        ..change(&account, MemberChangeKind::Replace)
    };
    approve(ask(&center, replace.clone()).await.unwrap()).await.unwrap();
    let replaced = center.key_account(center.planner(), &account.name).await;
    let gone = ask(&center, replace).await.unwrap_err();
    for _ in 0..2 {
        let now = center.key_account(center.planner(), &account.name).await;
        let remove = RequestMemberChangeRequest {
            member: now.members.last().unwrap().name.clone(),
            ..change(&account, MemberChangeKind::Remove)
        };
        let done = approve(ask(&center, remove).await.unwrap()).await;
        assert_eq!(done.is_ok(), now.members.len() == 2, "the last one stays");
    }

    assert_eq!((joined.members.len(), joined.units), (2, 12));
    assert_eq!(refused(&again), unmet("MEMBER_ELSEWHERE"));
    assert_eq!((replaced.members.len(), replaced.units), (2, 10));
    assert_eq!(refused(&gone), unmet("MEMBER_LEFT"));
    let contract = center.key_account(center.planner(), &account.name).await.contract.unwrap();
    assert_eq!(contract.members.len(), 1, "the contract lists its members of now");
}

#[tokio::test]
async fn of_two_decisions_at_once_one_wins() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    let asked = center.rename(&account, "Wang Fen").await.unwrap();
    let (mut one, mut other) = (center.approver(), center.key_accounts_as("sun.li", &[Role::Manager]));
    let reject =
        RejectMemberChangeRequest { name: asked.name.clone(), reason: "no".into(), ..Default::default() };

    let (approved, rejected) =
        tokio::join!(one.approve_member_change(approval(&asked)), other.reject_member_change(reject));

    assert!(approved.is_ok() != rejected.is_ok());
    let lost = approved.err().or(rejected.err()).unwrap();
    assert_eq!(refused(&lost), unmet("STATE_NOT_ALLOWED"));
}

#[tokio::test]
async fn all_wrong_fields_of_a_change_are_reported_at_once() {
    let center = Center::open().await;
    let (customer, account, _) = center.proposed().await;
    let wrong = |kind: i32| RequestMemberChangeRequest {
        key_account: "x".into(),
        kind,
        member: "x".into(),
        customer: "x".into(),
        display_name: String::new(),
        evidence: "x".into(),
        sha256: "zz".into(),
        reason: String::new(),
        request_id: "x".into(),
    };
    let surplus = RequestMemberChangeRequest {
        member: account.members[0].name.clone(),
        customer,
        display_name: "A".into(),
        ..change(&account, MemberChangeKind::Remove)
    };
    let proof = ["evidence", "sha256", "reason"];

    let mut refusals = Vec::new();
    for kind in [0, 1, 2, 3, 9] {
        refusals.push(violations(&ask(&center, wrong(kind)).await.unwrap_err()));
    }
    let surplus = ask(&center, surplus).await.unwrap_err();

    let expected: [&[&str]; 5] = [
        &["kind"],
        &["member", "customer", "display_name"],
        &["customer", "member", "display_name"],
        &["member", "customer", "display_name"],
        &["kind"],
    ];
    for (refusal, fields) in refusals.iter().zip(expected) {
        assert_eq!(*refusal, [&["request_id", "key_account"], fields, &proof].concat());
    }
    assert_eq!(violations(&surplus), ["customer", "display_name"]);
}

#[tokio::test]
async fn changes_are_listed_page_by_page_and_got_by_name() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    let mut asked = Vec::new();
    for customer in center.customers(["A", "B", "C"]).await {
        center.hand.advance(jiff::SignedDuration::from_millis(1));
        let add = RequestMemberChangeRequest {
            customer,
            display_name: "N".into(),
            ..change(&account, MemberChangeKind::Add)
        };
        asked.push(ask(&center, add).await.unwrap());
    }
    asked[0] = center.approver().approve_member_change(approval(&asked[0])).await.unwrap().into_inner();
    let list = async |state: MemberChangeState, page_token: String| {
        let request = ListMemberChangesRequest {
            key_account: account.name.clone(),
            state: state.into(),
            page_size: 1,
            page_token,
        };
        center.planner().list_member_changes(request).await.unwrap().into_inner()
    };

    let first = list(MemberChangeState::Pending, String::new()).await;
    let second = list(MemberChangeState::Pending, first.next_page_token).await;
    let approved = list(MemberChangeState::Approved, String::new()).await;
    let get = GetMemberChangeRequest { name: asked[0].name.clone() };
    let got = center.planner().get_member_change(get).await.unwrap().into_inner();
    let get = GetMemberChangeRequest { name: MemberChangeId::at(START).name() };
    let unknown = center.planner().get_member_change(get).await.unwrap_err();

    assert_eq!((&first.member_changes[0], &second.member_changes[0]), (&asked[2], &asked[1]));
    assert_eq!((second.next_page_token.as_str(), &approved.member_changes), ("", &vec![asked[0].clone()]));
    assert_eq!(got, asked[0]);
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".into()));
}
