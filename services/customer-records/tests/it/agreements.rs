//! Agreements: life, documents, stages, payments, announcements (CU-12).

use kexiang_core::{AgreementId, CustomerId, Role};
use kexiang_proto::{
    customers_v1::{
        AgreementState, ApproveAgreementRequest, ChangeAgreementRequest, CloseAgreementRequest,
        DefineAgreementKindRequest, GetAgreementRequest, Installment, InstallmentState,
        ListAgreementsRequest, OpenAgreementRequest, ReachAgreementStageRequest, RecordRefundRequest,
        RenewAgreementRequest, SubmitAgreementRequest,
    },
    rpc::PreconditionFailure,
};
use kexiang_rpc::{refusal, time::to_wire};
use tonic::Code;

use crate::{
    agreement::{content, day, loan},
    center::{Center, START},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn states(agreement: &kexiang_proto::customers_v1::Agreement) -> Vec<InstallmentState> {
    agreement.installments.iter().map(Installment::state).collect()
}

#[tokio::test]
async fn an_agreement_goes_from_the_draft_to_the_files() {
    let center = Center::open().await;

    let opened = center.open_loan().await;
    let filed = center.bring_into_force(&opened.name).await;

    assert_eq!((opened.state(), opened.edition, opened.etag.as_str()), (AgreementState::Draft, 1, "1"));
    assert_eq!(opened.missing_documents, ["identity", "copy"]);
    assert_eq!((filed.state(), filed.file_time), (AgreementState::Filed, Some(to_wire(START))));
    assert_eq!(
        (filed.drafters.as_slice(), filed.reviewer.as_str()),
        (&["agents/li.ming".to_owned()][..], "agents/chen.jie")
    );
    assert_eq!(filed.documents[0].sha256, "ab".repeat(32));
    assert_eq!(center.agreement(&opened.name).await, filed);
    let told = center.told_of_agreement(&opened.name).await;
    let types: Vec<_> = told.iter().map(|(event_type, ..)| event_type.as_str()).collect();
    let documents = ["document_attached", "document_attached"];
    assert_eq!(types[..1], ["opened"]);
    assert_eq!(types[1..3], documents);
    assert_eq!(types[3..], ["submitted", "approved", "signed", "filed"]);
}

#[tokio::test]
async fn signing_and_filing_wait_for_the_documents_of_the_checklist() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    center.review(&name).await;

    let unsigned = center.try_sign(&name).await.unwrap_err();
    center.attach(&name, "identity").await;
    center.try_sign(&name).await.unwrap();
    let unfiled = center.try_file(&name).await.unwrap_err();

    let missing = |status| {
        let failure: PreconditionFailure = refusal::detail(status).unwrap();
        failure.violations.into_iter().map(|violation| violation.subject).collect::<Vec<_>>()
    };
    assert_eq!(refused(&unsigned), (Code::FailedPrecondition, "DOCUMENTS_MISSING".into()));
    assert_eq!((missing(&unsigned), missing(&unfiled)), (vec!["identity".into()], vec!["copy".to_owned()]));
}

#[tokio::test]
async fn nobody_reviews_what_they_wrote_and_agents_review_nothing() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    let early = ApproveAgreementRequest { name: name.clone(), ..Default::default() };
    let early = center.reviewer().approve_agreement(early).await.unwrap_err();
    let submit = SubmitAgreementRequest { name: name.clone(), ..Default::default() };
    center.agreements().submit_agreement(submit).await.unwrap();

    let approve = ApproveAgreementRequest { name, ..Default::default() };
    let own = center.agreements().approve_agreement(approve.clone()).await.unwrap_err();
    let mut agent = center.agreements_as("wang.wei", &[Role::Agent]);
    let agent = agent.approve_agreement(approve).await.unwrap_err();

    assert_eq!(refused(&early), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    assert_eq!(refused(&own), (Code::PermissionDenied, "REVIEWER_IS_DRAFTER".into()));
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn all_wrong_fields_are_reported_at_once() {
    let center = Center::open().await;
    let mut written = content();
    written.title = " ".into();
    written.units = -1;
    written.installments[0].amount = "1e3".into();
    written.installments[1].due_time = None;
    let request = OpenAgreementRequest {
        customer: "customers/x".into(),
        kind: "kinds/loan".into(),
        currency_code: "XYZ".into(),
        content: Some(written),
        request_id: "once".into(),
    };
    let mut kind = loan();
    kind.display_name = String::new();
    kind.documents[0].needed_for = 9;
    kind.documents.push(kind.documents[1].clone());
    kind.stages[1] = "applied".into();
    kind.expiry_notice_days = -1;
    let define =
        DefineAgreementKindRequest { code: "a b".into(), agreement_kind: Some(kind), ..Default::default() };

    let opened = center.agreements().open_agreement(request).await.unwrap_err();
    let defined = center.agreements().define_agreement_kind(define).await.unwrap_err();

    assert_eq!(
        violations(&opened),
        [
            "request_id",
            "customer",
            "kind",
            "currency_code",
            "content.title",
            "content.units",
            "content.installments[0].amount",
            "content.installments[1].due_time",
        ]
    );
    assert_eq!(
        violations(&defined),
        [
            "code",
            "agreement_kind.display_name",
            "agreement_kind.documents[0].needed_for",
            "agreement_kind.documents[2].code",
            "agreement_kind.stages[1]",
            "agreement_kind.expiry_notice_days",
        ]
    );
    assert!(center.told().await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_no_currency_has_more_decimals_than_it_has() {
    let center = Center::open().await;
    let request = center.loan_request().await;
    let nobody = OpenAgreementRequest { customer: CustomerId::at(START).name(), ..request.clone() };
    let nothing = OpenAgreementRequest { kind: "agreementKinds/lease".into(), ..request };
    let unknown = GetAgreementRequest { name: AgreementId::at(START).name() };

    let mut yen = OpenAgreementRequest { currency_code: "JPY".into(), ..center.loan_request().await };
    yen.content.as_mut().unwrap().installments[0].amount = "100".into();
    let yen = center.agreements().open_agreement(yen).await.unwrap_err();

    let refusals = [
        center.agreements().open_agreement(nobody).await.unwrap_err(),
        center.agreements().open_agreement(nothing).await.unwrap_err(),
        center.agreements().get_agreement(unknown).await.unwrap_err(),
    ];

    assert_eq!(violations(&yen), ["content.installments[1].amount"], "yen have no decimals");
    for status in refusals {
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".into()));
    }
}

#[tokio::test]
async fn money_covers_what_is_due_first_and_more_than_is_outstanding_is_refused() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;

    let first = center.pay(&name, "120.25").await.unwrap();
    let too_much = center.pay(&name, "30.26").await.unwrap_err();
    let too_fine = center.pay(&name, "0.001").await.unwrap_err();
    center.hand.set(day(20));
    let late = center.agreement(&name).await;
    let all = center.pay(&name, "30.25").await.unwrap();

    use InstallmentState::{Overdue, Partial, Received};
    assert_eq!((states(&first), states(&late)), (vec![Received, Partial], vec![Received, Overdue]));
    assert_eq!(states(&all), [Received, Received]);
    let parts: Vec<_> =
        first.payments[0].parts.iter().map(|part| (part.installment, part.amount.as_str())).collect();
    assert_eq!(parts, [(1, "100.00"), (2, "20.25")]);
    assert_eq!(refused(&too_much), (Code::FailedPrecondition, "OVERPAYMENT".into()));
    assert_eq!(violations(&too_fine), ["amount"]);
}

#[tokio::test]
async fn money_goes_back_from_what_is_due_last_and_never_more_than_came() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    center.pay(&name, "150.50").await.unwrap();

    let refunded = center.refund(&name, "60.00").await.unwrap();
    let too_much = center.refund(&name, "90.51").await.unwrap_err();
    let mut agent = center.agreements_as("li.ming", &[Role::Agent]);
    let agent = agent.record_refund(RecordRefundRequest::default()).await.unwrap_err();

    assert_eq!(states(&refunded), [InstallmentState::Received, InstallmentState::Refunded]);
    let refunds: Vec<_> = refunded.installments.iter().map(|item| item.refunded.as_str()).collect();
    assert_eq!(refunds, ["9.50", "50.50"]);
    assert_eq!(refused(&too_much), (Code::FailedPrecondition, "REFUND_TOO_LARGE".into()));
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn of_two_who_pay_all_at_once_one_is_refused() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;

    let (one, other) = tokio::join!(center.pay(&name, "150.50"), center.pay(&name, "150.50"));

    assert!(one.is_ok() != other.is_ok());
    assert_eq!(center.agreement(&name).await.payments.len(), 1);
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_an_old_etag_is_refused() {
    // IN-14
    let center = Center::open().await;
    let request = OpenAgreementRequest { request_id: REQUEST_ID.into(), ..center.loan_request().await };
    let other = OpenAgreementRequest { currency_code: "EUR".into(), ..request.clone() };

    let first = center.agreements().open_agreement(request.clone()).await.unwrap().into_inner();
    let again = center.agreements().open_agreement(request).await.unwrap().into_inner();
    let other = center.agreements().open_agreement(other).await.unwrap_err();
    center.pay(&first.name, "1.00").await.unwrap();
    let submit =
        SubmitAgreementRequest { name: first.name.clone(), etag: first.etag.clone(), ..Default::default() };
    let stale = center.agreements().submit_agreement(submit).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(refused(&other), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
}

#[tokio::test]
async fn stages_are_reached_in_their_order() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    center.hand.set(day(2));
    let reach = |stage: &str, at| ReachAgreementStageRequest {
        name: name.clone(),
        stage: stage.into(),
        reach_time: Some(to_wire(at)),
        ..Default::default()
    };

    let skipped = center.agreements().reach_agreement_stage(reach("mortgage", day(1))).await.unwrap_err();
    center.agreements().reach_agreement_stage(reach("applied", day(1))).await.unwrap();
    let before = center.agreements().reach_agreement_stage(reach("approved", START)).await.unwrap_err();
    let future = center.agreements().reach_agreement_stage(reach("approved", day(3))).await.unwrap_err();
    let reached = center.agreements().reach_agreement_stage(reach("approved", day(2))).await.unwrap();

    assert_eq!(refused(&skipped), (Code::FailedPrecondition, "STAGE_OUT_OF_ORDER".into()));
    assert_eq!(
        (violations(&before), violations(&future)),
        (vec!["reach_time".into()], vec!["reach_time".into()])
    );
    let times: Vec<_> = reached.into_inner().stages.into_iter().map(|stage| stage.reach_time).collect();
    assert_eq!(times, [Some(to_wire(day(1))), Some(to_wire(day(2))), None, None]);
}

#[tokio::test]
async fn a_change_of_what_is_filed_makes_a_new_edition_and_keeps_the_old_one() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    center.bring_into_force(&name).await;
    center.pay(&name, "100.00").await.unwrap();
    let mut written = content();
    written.title = "Second".into();
    written.installments.truncate(1);
    written.installments[0].amount = "70".into();
    let change = ChangeAgreementRequest {
        name: name.clone(),
        content: Some(written),
        reason: "more".into(),
        ..Default::default()
    };

    let changed = center.agreements().change_agreement(change).await.unwrap().into_inner();
    center.review(&name).await;
    center.try_sign(&name).await.unwrap();
    let filed = center.try_file(&name).await.unwrap();

    assert_eq!((changed.state(), changed.edition), (AgreementState::Draft, 2));
    let old = &changed.previous_editions[0];
    assert_eq!((old.edition, old.title.as_str(), old.change_reason.as_str()), (1, "住房贷款", "more"));
    assert_eq!(old.reviewer, "agents/chen.jie");
    let amounts: Vec<_> = changed.installments.iter().map(|item| item.amount.as_str()).collect();
    assert_eq!(amounts, ["100.00", "70.00"], "what was paid stays");
    assert_eq!((filed.state(), filed.edition, filed.title.as_str()), (AgreementState::Filed, 2, "Second"));
}

#[tokio::test]
async fn a_renewal_supersedes_the_old_agreement_when_it_comes_into_force() {
    let center = Center::open().await;
    let old = center.open_loan().await.name;
    center.bring_into_force(&old).await;
    let renew = RenewAgreementRequest { name: old.clone(), content: Some(content()), ..Default::default() };

    let given_up = center.agreements().renew_agreement(renew.clone()).await.unwrap().into_inner();
    let twice = center.agreements().renew_agreement(renew.clone()).await.unwrap_err();
    let close = CloseAgreementRequest { name: given_up.name, reason: "no".into(), ..Default::default() };
    center.reviewer().close_agreement(close).await.unwrap();
    let renewal = center.agreements().renew_agreement(renew).await.unwrap().into_inner();
    let meanwhile = center.agreement(&old).await;
    center.bring_into_force(&renewal.name).await;

    assert_eq!(refused(&twice), (Code::FailedPrecondition, "RENEWAL_UNDER_WAY".into()));
    assert_eq!((renewal.renews.as_str(), meanwhile.state()), (old.as_str(), AgreementState::Filed));
    let superseded = center.agreement(&old).await;
    assert_eq!((superseded.state(), superseded.renewed_by), (AgreementState::Renewed, renewal.name));
}

#[tokio::test]
async fn expiry_and_payments_are_announced_once_by_two_replicas() {
    let center = Center::open().await;
    center.start_replica().await;
    let name = center.open_loan().await.name;
    center.bring_into_force(&name).await;

    center.hand.set(day(8));
    center.until_told("agreement.payment_announced", 1).await;
    center.pay(&name, "100.00").await.unwrap();
    for (at, event_type, times) in [
        (18, "agreement.payment_announced", 2),
        (20, "agreement.payment_missed", 1),
        (25, "agreement.expiry_announced", 1),
        (30, "agreement.expired", 1),
    ] {
        center.hand.set(day(at));
        center.until_told(event_type, times).await;
    }

    let told = center.told_of_agreement(&name).await;
    let told: Vec<_> =
        told[7..].iter().map(|(event, installment, late)| (event.as_str(), *installment, *late)).collect();
    assert_eq!(
        told,
        [
            ("payment_announced", 1, false),
            ("payment_received", 0, false),
            ("payment_announced", 2, false),
            ("payment_missed", 2, false),
            ("expiry_announced", 0, false),
            ("expired", 0, false),
        ]
    );
    assert!(center.agreement(&name).await.expired);
}

#[tokio::test]
async fn what_came_due_while_nobody_looked_is_announced_late() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    center.bring_into_force(&name).await;

    center.hand.set(day(31));
    center.until_told("agreement.expired", 1).await;

    let told = center.told_of_agreement(&name).await;
    let told: Vec<_> =
        told[7..].iter().map(|(event, number, late)| (event.as_str(), *number, *late)).collect();
    assert_eq!(
        told,
        [
            ("payment_announced", 1, true),
            ("payment_missed", 1, true),
            ("payment_announced", 2, true),
            ("payment_missed", 2, true),
            ("expiry_announced", 0, true),
            ("expired", 0, true),
        ]
    );
}

#[tokio::test]
async fn agreements_are_listed_by_customer_kind_state_and_expiry_page_by_page() {
    let center = Center::open().await;
    let request = center.loan_request().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(center.agreements().open_agreement(request.clone()).await.unwrap().into_inner().name);
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    let submit = SubmitAgreementRequest { name: names[0].clone(), ..Default::default() };
    center.agreements().submit_agreement(submit).await.unwrap();
    let list = async |request: ListAgreementsRequest| {
        let page = center.agreements().list_agreements(request).await.unwrap().into_inner();
        (page.agreements.into_iter().map(|found| found.name).collect::<Vec<_>>(), page.next_page_token)
    };
    let all = ListAgreementsRequest {
        customer: request.customer,
        kind: request.kind,
        expire_before_time: Some(to_wire(day(31))),
        page_size: 2,
        ..Default::default()
    };

    let (first, page_token) = list(all.clone()).await;
    let (second, end) = list(ListAgreementsRequest { page_token, ..all.clone() }).await;
    let (drafts, _) =
        list(ListAgreementsRequest { state: AgreementState::Draft.into(), ..all.clone() }).await;
    let soon = ListAgreementsRequest { expire_before_time: Some(to_wire(day(30))), ..all };
    let (soon, _) = list(soon).await;

    names.reverse();
    assert_eq!([first, second].concat(), names);
    assert_eq!((end.as_str(), drafts.as_slice(), soon.len()), ("", &names[..2], 0));
}

#[tokio::test]
async fn an_agreement_keeps_what_its_kind_asked_for_when_it_was_opened() {
    let center = Center::open().await;
    let name = center.open_loan().await.name;
    let mut kind = loan();
    kind.documents.clear();
    let define = |etag: &str| DefineAgreementKindRequest {
        code: "loan".into(),
        agreement_kind: Some(kind.clone()),
        etag: etag.into(),
        ..Default::default()
    };

    let stale = center.agreements().define_agreement_kind(define("7")).await.unwrap_err();
    let defined = center.agreements().define_agreement_kind(define("1")).await.unwrap().into_inner();

    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!((defined.etag.as_str(), defined.documents.len()), ("2", 0));
    assert_eq!(center.agreement(&name).await.missing_documents, ["identity", "copy"]);
}
