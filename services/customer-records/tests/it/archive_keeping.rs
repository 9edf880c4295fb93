//! What the archive keeps, lends and destroys: retention, two who decide, one borrower at a time, overdue told once (CU-13).

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    ArchiveEntryState, DefineRetentionClassRequest, LendArchiveEntryRequest, ListArchiveLoansRequest,
    ListDueArchiveEntriesRequest, RejectDestructionRequest, RestoreArchiveEntryRequest, RetentionClass,
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    agreement::day,
    center::Center,
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

impl Center {
    /// Makes what is retired from now on due after two days.
    async fn keep_two_days(&self) {
        let class = RetentionClass { display_name: "Brief".into(), period_days: 2, ..Default::default() };
        let request = DefineRetentionClassRequest {
            code: "long".into(),
            retention_class: Some(class),
            ..Default::default()
        };
        self.archive().define_retention_class(request).await.unwrap();
    }

    async fn due(&self, page_size: i32, page_token: String) -> (Vec<String>, String) {
        let request = ListDueArchiveEntriesRequest { page_size, page_token };
        let page = self.archive().list_due_archive_entries(request).await.unwrap().into_inner();
        (page.archive_entries.into_iter().map(|entry| entry.name).collect(), page.next_page_token)
    }
}

#[tokio::test]
async fn what_is_due_is_destroyed_by_two_and_leaves_a_receipt() {
    let center = Center::open().await;
    center.keep_two_days().await;
    let name = center.archived("contract").await.name;
    let retired = center.retire(&name).await;

    let early = center.propose(&name).await.unwrap_err();
    center.hand.set(day(2));
    center.until_told("archive_entry.retention_ended", 1).await;
    let (due, _) = center.due(10, String::new()).await;
    let proposed = center.propose(&name).await.unwrap();
    let own = center.approve_as("li.ming", &name).await.unwrap_err();
    let destroyed = center.approve_as("zhao.yi", &name).await.unwrap();
    let again = center.approve_as("zhao.yi", &name).await.unwrap_err();

    assert_eq!(retired.retention_end_time, Some(to_wire(day(2))));
    assert_eq!(refused(&early), (Code::FailedPrecondition, "RETAINED".into()));
    assert_eq!(
        (due.as_slice(), proposed.state()),
        (&[name.clone()][..], ArchiveEntryState::DestructionProposed)
    );
    assert_eq!(refused(&own), (Code::PermissionDenied, "APPROVER_IS_PROPOSER".into()));
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    let receipt = destroyed.receipt.clone().unwrap();
    assert_eq!((receipt.proposer.as_str(), receipt.approver.as_str()), ("agents/li.ming", "agents/zhao.yi"));
    assert_eq!((receipt.sha256.len(), receipt.retention_class.as_str()), (64, "retentionClasses/long"));
    let left = destroyed.content.as_ref().unwrap();
    assert!(left.title.is_empty() && left.fields.is_empty());
    assert_eq!(center.entry(&name).await, destroyed);
    let told = center.told_types(&name).await;
    assert_eq!(told, ["created", "retired", "retention_ended", "destruction_proposed", "destroyed"]);
    assert!(center.due(10, String::new()).await.0.is_empty());
}

#[tokio::test]
async fn a_proposal_may_be_rejected_and_what_is_retired_restored() {
    let center = Center::open().await;
    center.keep_two_days().await;
    let name = center.archived("contract").await.name;
    center.retire(&name).await;
    center.hand.set(day(3));
    center.propose(&name).await.unwrap();
    let reject =
        RejectDestructionRequest { name: name.clone(), reason: "lawsuit".into(), ..Default::default() };
    let restore = RestoreArchiveEntryRequest { name: name.clone(), ..Default::default() };

    let early = center.archive().restore_archive_entry(restore.clone()).await.unwrap_err();
    let rejected = center.archive().reject_destruction(reject).await.unwrap().into_inner();
    let restored = center.archive().restore_archive_entry(restore).await.unwrap().into_inner();

    assert_eq!(refused(&early), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    assert_eq!(
        (rejected.state(), rejected.destruction_reason.as_str()),
        (ArchiveEntryState::Retired, "lawsuit")
    );
    assert_eq!((restored.state(), restored.retention_end_time), (ArchiveEntryState::Active, None));
}

#[tokio::test]
async fn what_is_kept_forever_is_never_due() {
    let center = Center::open().await;
    center.keep_two_days().await;
    let (brief, forever) =
        (center.archived("contract").await.name, center.archived("contract_template").await.name);
    center.retire(&brief).await;
    let retired = center.retire(&forever).await;

    center.hand.set(day(300));

    let refusal = center.propose(&forever).await.unwrap_err();
    assert_eq!((retired.retention_end_time, refused(&refusal).1.as_str()), (None, "RETAINED"));
    assert_eq!(center.due(10, String::new()).await.0, [brief]);
}

#[tokio::test]
async fn the_longest_due_comes_first_page_by_page() {
    let center = Center::open().await;
    center.keep_two_days().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(center.archived("contract").await.name);
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    names.swap(0, 2);
    for name in &names {
        center.retire(name).await;
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    center.hand.set(day(9));

    let (first, token) = center.due(2, String::new()).await;
    let (second, end) = center.due(2, token).await;

    assert_eq!(([first, second].concat(), end.as_str()), (names, ""));
}

#[tokio::test]
async fn of_two_who_want_to_borrow_at_once_one_gets_it() {
    let center = Center::open().await;
    let name = center.archived("contract").await.name;

    let (one, other) = tokio::join!(center.lend(&name, "wang.wei", 3), center.lend(&name, "li.na", 3));

    let (lent, refusal) = match (one, other) {
        (Ok(lent), Err(refusal)) | (Err(refusal), Ok(lent)) => (lent, refusal),
        both => panic!("one borrows: {both:?}"),
    };
    assert_eq!(refused(&refusal), (Code::FailedPrecondition, "LENT".into()));
    assert_eq!(center.entry(&name).await, lent);
    let loans = center.archive().list_archive_loans(ListArchiveLoansRequest::default()).await.unwrap();
    assert_eq!(loans.into_inner().archive_loans, [lent.loan.unwrap()]);
}

#[tokio::test]
async fn what_is_lent_comes_back_and_is_not_destroyed_meanwhile() {
    let center = Center::open().await;
    center.keep_two_days().await;
    let name = center.archived("contract").await.name;
    let nobody = center.take_back(&name).await.unwrap_err();
    center.lend(&name, "wang.wei", 30).await.unwrap();
    center.retire(&name).await;
    center.hand.set(day(3));

    let lent = center.propose(&name).await.unwrap_err();
    let back = center.take_back(&name).await.unwrap();
    let next = center.lend(&name, "li.na", 40).await.unwrap();
    center.take_back(&name).await.unwrap();
    center.propose(&name).await.unwrap();
    let doomed = center.lend(&name, "li.na", 40).await.unwrap_err();

    assert_eq!(refused(&nobody), (Code::FailedPrecondition, "NOT_LENT".into()));
    assert_eq!(refused(&lent), (Code::FailedPrecondition, "LENT".into()));
    assert_eq!(back.loan.clone().unwrap().return_time, Some(to_wire(day(3))));
    assert_ne!(back.loan.unwrap().name, next.loan.unwrap().name);
    assert_eq!(refused(&doomed), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    let of_wei = ListArchiveLoansRequest { borrower: "agents/wang.wei".into(), ..Default::default() };
    let of_wei = center.archive().list_archive_loans(of_wei).await.unwrap().into_inner().archive_loans;
    let open = ListArchiveLoansRequest { open: true, ..Default::default() };
    let open = center.archive().list_archive_loans(open).await.unwrap().into_inner().archive_loans;
    assert_eq!((of_wei.len(), open.len()), (1, 0));
}

#[tokio::test]
async fn an_overdue_loan_is_told_once_by_two_replicas() {
    let center = Center::open().await;
    center.start_replica().await;
    let (late, punctual) = (center.archived("contract").await.name, center.archived("contract").await.name);
    center.lend(&late, "wang.wei", 3).await.unwrap();
    center.lend(&punctual, "wang.wei", 3).await.unwrap();
    center.take_back(&punctual).await.unwrap();

    center.hand.set(day(4));
    center.until_told("archive_entry.return_missed", 1).await;
    let back = center.take_back(&late).await.unwrap();

    assert!(back.loan.as_ref().unwrap().overdue);
    let told = center.told_of_entry(&late).await;
    let types: Vec<_> = told.iter().map(|(event_type, _)| event_type.as_str()).collect();
    assert_eq!(types, ["created", "lent", "return_missed", "returned"]);
    let facts = &told[2].1;
    assert_eq!(
        (facts.borrower.as_str(), facts.loan.clone(), facts.late),
        ("agents/wang.wei", back.loan.unwrap().name, true)
    );
    assert_eq!(center.told_types(&punctual).await, ["created", "lent", "returned"]);
    let overdue = ListArchiveLoansRequest { overdue: true, ..Default::default() };
    let overdue = center.archive().list_archive_loans(overdue).await.unwrap().into_inner().archive_loans;
    assert_eq!(overdue.iter().map(|loan| loan.entry.as_str()).collect::<Vec<_>>(), [late]);
}

#[tokio::test]
async fn a_loan_asked_for_twice_is_made_once_and_all_that_is_wrong_is_told() {
    let center = Center::open().await;
    let name = center.archived("contract").await.name;
    let request = LendArchiveEntryRequest {
        name,
        borrower: "agents/wang.wei".into(),
        due_time: Some(to_wire(day(1))),
        etag: String::new(),
        request_id: REQUEST_ID.into(),
    };
    let wrong = LendArchiveEntryRequest {
        name: "x".into(),
        borrower: "wei".into(),
        due_time: Some(to_wire(day(0))),
        etag: "e".into(),
        request_id: "r".into(),
    };

    let once = center.archive().lend_archive_entry(request.clone()).await.unwrap().into_inner();
    let twice = center.archive().lend_archive_entry(request.clone()).await.unwrap().into_inner();
    let stale = LendArchiveEntryRequest { etag: "1".into(), request_id: String::new(), ..request };
    let stale = center.archive().lend_archive_entry(stale).await.unwrap_err();
    let wrong = center.archive().lend_archive_entry(wrong).await.unwrap_err();
    let mut department = center.archive_as("d", &[Role::Department]);
    let department = department.lend_archive_entry(LendArchiveEntryRequest::default()).await.unwrap_err();

    assert_eq!(twice, once);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(violations(&wrong), ["request_id", "name", "etag", "borrower", "due_time"]);
    assert_eq!(refused(&department), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
}
