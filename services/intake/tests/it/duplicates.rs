//! Duplicates are proposed, linked by people without loss, and unlinked (IN-15).

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_core::{DuplicateProposalId, Role};
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Case, CaseFacts, CaseState, DismissDuplicateRequest, DuplicateProposalState,
        GetDuplicateProposalRequest, Handling, LinkDuplicateRequest, ListDuplicateProposalsRequest,
        UnlinkDuplicateRequest,
    },
    type_v1::Kind,
};
use tonic::Code;

use crate::{
    desk::{Desk, START},
    identification::identified,
    reports::REPORT,
    verb::{Under, Verb},
    wire::{acceptance, case, preconditions, refused, request_id, violations},
};

fn at(address: &str, district: &str, category: &str) -> AcceptCaseRequest {
    let (address, district) = (address.to_owned(), district.to_owned());
    let fault = Case { address, district, category: category.to_owned(), ..case(Kind::Fault) };
    AcceptCaseRequest { case: Some(fault), ..acceptance() }
}

#[tokio::test]
async fn the_same_matter_of_the_same_customer_within_a_day_is_proposed_and_nothing_else() {
    let desk = Desk::open().await;
    let first = desk.accept(at("锦绣花园5栋2单元 Flat 12A", "grid-07", "line.dead")).await;
    desk.hand.advance(SignedDuration::from_mins(90));
    let second = desk.accept(at("锦绣花园５栋２单元　ＦＬＡＴ１２ａ", "grid-07", "line.dead")).await;
    let elsewhere = desk.accept(at("锦绣花园6栋2单元", "grid-07", "line.dead")).await;
    let other_grid = desk.accept(at("锦绣花园5栋2单元 Flat 12A", "grid-08", "line.dead")).await;
    let other_matter = desk.accept(at("锦绣花园5栋2单元 Flat 12A", "grid-07", "line.slow")).await;
    let nowhere = [desk.accept(at("", "", "line.dead")).await, desk.accept(at("", "", "line.dead")).await];
    let of_another = desk.accept(at("锦绣花园5栋2单元 Flat 12A", "grid-07", "line.dead")).await;
    desk.hand.advance(SignedDuration::from_hours(24));
    let next_day = desk.accept(at("锦绣花园5栋2单元 Flat 12A", "grid-07", "line.dead")).await;

    let same = [&first, &second, &elsewhere, &other_grid, &other_matter, &nowhere[0], &nowhere[1], &next_day];
    let customer = desk.of_one_customer(&same).await;
    desk.of_one_customer(&[&of_another]).await;

    let proposals = desk.proposals().await;
    assert_eq!(proposals.len(), 2, "{proposals:?}");
    let (of_second, of_next_day) = (&proposals[1], &proposals[0]);
    let (of_second, of_next_day) =
        if of_second.case == second.name { (of_second, of_next_day) } else { (of_next_day, of_second) };
    assert_eq!((&of_second.case, &of_second.earlier_case), (&second.name, &first.name));
    assert_eq!(
        (&of_next_day.case, &of_next_day.earlier_case),
        (&next_day.name, &second.name),
        "24 hours, both ends"
    );
    assert_eq!(of_second.state(), DuplicateProposalState::Proposed);
    let reasons = of_second.reasons.as_ref().unwrap();
    assert_eq!((&reasons.customer, reasons.category.as_str()), (&customer, "line.dead"));
    assert_eq!(
        (reasons.district.as_str(), reasons.same_address, reasons.minutes_apart),
        ("grid-07", true, 90)
    );
    assert_eq!(desk.types_told_of(&of_second.name).await, ["duplicate_proposal.created"]);
    assert_eq!(desk.case(&second.name).await.state(), CaseState::Received, "nothing is linked by itself");
}

#[tokio::test]
async fn a_pair_is_proposed_once_in_whatever_order_its_customer_becomes_known() {
    let desk = Desk::open().await;
    let (earlier, later) = (desk.accept_then(1).await, desk.accept_then(1).await);
    let customer = desk.of_one_customer(&[&later]).await;

    desk.customer_records.tell(vec![identified(&earlier.contact, &customer)]);
    desk.all_taken_in().await;
    sqlx::query(
        "update intake.consumer_cursors set position = '' where consumer = 'intake.customer_records'",
    )
    .execute(desk.pool())
    .await
    .unwrap();
    desk.customer_records.go_down();
    desk.customer_records.come_back();
    desk.all_taken_in().await;

    let proposals = desk.proposals().await;
    assert_eq!(proposals.len(), 1);
    assert_eq!((&proposals[0].case, &proposals[0].earlier_case), (&later.name, &earlier.name));
}

#[tokio::test]
async fn a_linked_duplicate_keeps_what_it_is_and_follows_the_earlier_case_to_its_resolution() {
    let desk = Desk::open().await;
    let (later, earlier, proposal) = desk.alike().await;
    desk.dispatched(&earlier.name, 1).await;

    let linked = desk.link_duplicate(&proposal).await.unwrap();
    let following = desk.case(&later.name).await;
    desk.completed(&earlier.name, 1).await;
    let resolved = desk.case(&later.name).await;

    assert_eq!((linked.state(), linked.decider.as_str()), (DuplicateProposalState::Linked, "agents/li.na"));
    assert_eq!((&following.duplicate_of, &following.lead_case), (&earlier.name, &earlier.name));
    assert_eq!((&following.number, &following.contact), (&later.number, &later.contact));
    assert_eq!((resolved.state(), resolved.resolution.as_str()), (CaseState::Resolved, REPORT));
    let told = ["case.accepted", "case.identified", "case.joined", "case.resolved"];
    assert_eq!(desk.types_told_of(&later.name).await, told);
    let joined = desk.told().await.into_iter().find(|event| event.r#type == "case.joined").unwrap();
    let facts: CaseFacts = joined.data.unwrap().to_msg().unwrap();
    assert_eq!(
        (facts.duplicate_of, facts.lead_case, facts.work_round),
        (earlier.name.clone(), earlier.name, 0)
    );
    desk.act(Verb::Inform, &later.name).await;
    assert_eq!(
        desk.unlink(&linked).await.unwrap_err().code(),
        Code::FailedPrecondition,
        "the customer was told"
    );
}

#[tokio::test]
async fn an_unlinked_case_stands_where_it_stood_before_and_after_the_earlier_one_was_resolved() {
    let desk = Desk::open().await;
    for resolve in [false, true] {
        let (later, earlier, proposal) = desk.alike().await;
        desk.dispatched(&earlier.name, 1).await;
        desk.dispatched(&later.name, 1).await;
        let before = desk.case(&later.name).await;
        let linked = desk.link_duplicate(&proposal).await.unwrap();
        if resolve {
            desk.completed(&earlier.name, 1).await;
        }

        let unlinked = desk.unlink(&linked).await.unwrap();

        let restored = desk.case(&later.name).await;
        let Case { etag, update_time, reason, .. } = restored.clone();
        assert_eq!(restored, Case { etag, update_time, reason, ..before });
        assert_eq!(
            (unlinked.state(), unlinked.reason.as_str()),
            (DuplicateProposalState::Dismissed, "another flat")
        );
        desk.completed(&later.name, 1).await;
        assert_eq!(desk.case(&later.name).await.state(), CaseState::Resolved);
    }
}

#[tokio::test]
async fn chains_are_refused_and_so_is_a_duplicate_of_what_is_over() {
    let desk = Desk::open().await;
    let (first, second, third) =
        (desk.accept_then(1).await, desk.accept_then(1).await, desk.accept_then(1).await);
    let customer = desk.of_one_customer(&[&second, &third]).await;
    let of_third = desk.proposals().await.pop().unwrap();
    desk.customer_records.tell(vec![identified(&first.contact, &customer)]);
    desk.all_taken_in().await;
    let mut proposals = desk.proposals().await;
    proposals.retain(|proposal| proposal.case == second.name);
    let of_second = proposals.pop().unwrap();

    desk.link_duplicate(&of_third).await.unwrap();
    let leads = desk.link_duplicate(&of_second).await.unwrap_err();
    desk.unlink(&of_third).await.unwrap();
    desk.link_duplicate(&of_second).await.unwrap();
    let follows = desk.link_duplicate(&of_third).await.unwrap_err();
    desk.act(Verb::Withdraw, &first.name).await;
    desk.unlink(&of_second).await.unwrap();
    let over = desk.link_duplicate(&of_second).await.unwrap_err();

    assert_eq!(refused(&leads), (Code::FailedPrecondition, "CASE_LEADS_OTHERS".to_owned()));
    assert_eq!(refused(&follows), (Code::FailedPrecondition, "CASE_FOLLOWS_ANOTHER".to_owned()));
    assert_eq!(preconditions(&follows), [("CASE".to_owned(), second.name.clone())]);
    assert_eq!(refused(&over), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(desk.case(&third.name).await.duplicate_of, "");
}

#[tokio::test]
async fn a_withdrawn_earlier_case_lets_its_duplicate_go_on_by_itself() {
    let desk = Desk::open().await;
    let (later, earlier, proposal) = desk.alike().await;
    desk.link_duplicate(&proposal).await.unwrap();

    desk.act(Verb::Withdraw, &earlier.name).await;

    let freed = desk.case(&later.name).await;
    assert_eq!((freed.state(), freed.lead_case.as_str()), (CaseState::Received, ""));
    assert_eq!(desk.types_told_of(&later.name).await.last().unwrap(), "case.lead_changed");
}

#[tokio::test]
async fn the_desk_does_not_work_on_a_case_that_follows_another_but_may_withdraw_it() {
    let desk = Desk::open().await;
    let earlier = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.hand.advance(SignedDuration::from_mins(1));
    let later = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.of_one_customer(&[&earlier, &later]).await;
    let proposal = desk.proposals().await.pop().unwrap();
    desk.link_duplicate(&proposal).await.unwrap();

    for verb in [Verb::Resolve, Verb::Dispatch] {
        let status = desk.try_act(verb, &later.name, Under::default()).await.unwrap_err();
        assert_eq!(refused(&status), (Code::FailedPrecondition, "CASE_FOLLOWS_ANOTHER".to_owned()));
    }
    desk.act(Verb::Withdraw, &later.name).await;
    desk.act(Verb::Resolve, &earlier.name).await;

    assert_eq!(desk.case(&later.name).await.state(), CaseState::Withdrawn);
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_wins() {
    let desk = Desk::open().await;
    let (later, earlier, proposal) = desk.alike().await;
    let request = LinkDuplicateRequest {
        name: proposal.name.clone(),
        etag: proposal.etag.clone(),
        ..LinkDuplicateRequest::default()
    };

    let link = || async { desk.duplicates().link_duplicate(request.clone()).await };
    let answers = join_all((0..8).map(|_| link())).await;

    let (linked, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(linked.len(), 1);
    for refusal in refusals {
        assert_eq!(refused(&refusal.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    }
    assert_eq!(desk.case(&later.name).await.duplicate_of, earlier.name);
}

#[tokio::test]
async fn the_same_request_twice_is_one_decision() {
    let desk = Desk::open().await;
    let (later, _, proposal) = desk.alike().await;
    let (name, request_id) = (proposal.name.clone(), request_id());
    let request = LinkDuplicateRequest { name, request_id, ..LinkDuplicateRequest::default() };

    let first = desk.duplicates().link_duplicate(request.clone()).await.unwrap().into_inner();
    let second = desk.duplicates().link_duplicate(request.clone()).await.unwrap().into_inner();
    let other = LinkDuplicateRequest { etag: "9".to_owned(), ..request };
    let reused = desk.duplicates().link_duplicate(other).await.unwrap_err();

    assert_eq!(first, second);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    let told = desk.types_told_of(&later.name).await;
    assert_eq!(told.iter().filter(|told| *told == "case.joined").count(), 1);
}

#[tokio::test]
async fn a_dismissed_proposal_is_listed_with_its_reason_and_bad_input_is_refused_at_once() {
    let desk = Desk::open().await;
    let (_, _, proposal) = desk.alike().await;
    let mut duplicates = desk.duplicates();
    let name = || proposal.name.clone();
    let dismiss =
        DismissDuplicateRequest { name: name(), reason: "two lines".to_owned(), ..Default::default() };
    let bad = UnlinkDuplicateRequest {
        name: "duplicateProposals/1".to_owned(),
        etag: "?".to_owned(),
        ..Default::default()
    };
    let bad_list = ListDuplicateProposalsRequest {
        site: "main".into(),
        state: 99,
        case: "1".into(),
        page_size: -1,
        ..Default::default()
    };
    let unknown = GetDuplicateProposalRequest { name: DuplicateProposalId::at(START).name() };

    let dismissed = duplicates.dismiss_duplicate(dismiss.clone()).await.unwrap().into_inner();
    let again = duplicates.dismiss_duplicate(dismiss.clone()).await.unwrap_err();
    let bad = duplicates.unlink_duplicate(bad).await.unwrap_err();
    let bad_list = duplicates.list_duplicate_proposals(bad_list).await.unwrap_err();
    let unknown = duplicates.get_duplicate_proposal(unknown).await.unwrap_err();
    let technician = desk.duplicates_of(Role::Technician).dismiss_duplicate(dismiss).await.unwrap_err();

    assert_eq!(
        (dismissed.state(), dismissed.reason.as_str()),
        (DuplicateProposalState::Dismissed, "two lines")
    );
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(violations(&bad), ["name", "etag", "reason"]);
    assert_eq!(violations(&bad_list), ["site", "state", "case", "page_size"]);
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(refused(&technician), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
}
