//! The accepting agent stays first responsible until another one accepts, and nothing else changes it (IN-11).

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_core::{HandoverId, Role};
use kexiang_proto::{
    intake_v1::{
        AcceptHandoverRequest, Case, CaseFacts, CaseState, DeclineHandoverRequest, GetHandoverRequest,
        Handling, Handover, HandoverState, HoldCaseRequest, HoldReason, InformIncidentReportersRequest,
        ListHandoversRequest, NoticeKind, OfferHandoverRequest, WithdrawHandoverRequest,
        handover_service_client::HandoverServiceClient,
    },
    type_v1::Kind,
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{Bearer, Desk, START, unknown_case},
    verb::Verb,
    wire::{refused, request_id, violations},
};

const LI_NA: &str = "agents/li.na";
const SUN_YU: &str = "agents/sun.yu";

type Client = HandoverServiceClient<InterceptedService<Channel, Bearer>>;

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "NOT_PARTY_OF_HANDOVER".to_owned())
}

impl Desk {
    /// An agent without any other role.
    fn agent(&self, subject: &str) -> Client {
        HandoverServiceClient::with_interceptor(
            self.channel.clone(),
            self.bearer_with(subject, &[Role::Agent]),
        )
    }

    async fn try_offer(&self, by: &str, case: &str, to: &str) -> Result<Handover, Status> {
        self.agent(by).offer_handover(offer(case, to)).await.map(tonic::Response::into_inner)
    }

    /// Li Na offers her case to Sun Yu, a second after what came before.
    async fn offered(&self, case: &str) -> Handover {
        self.hand.advance(SignedDuration::from_secs(1));
        self.try_offer("li.na", case, SUN_YU).await.unwrap()
    }

    async fn try_accept_handover(&self, by: &str, handover: &Handover) -> Result<Handover, Status> {
        let request = AcceptHandoverRequest { name: handover.name.clone(), ..Default::default() };
        self.agent(by).accept_handover(request).await.map(tonic::Response::into_inner)
    }

    async fn try_withdraw_handover(&self, by: &str, handover: &Handover) -> Result<Handover, Status> {
        let request = WithdrawHandoverRequest { name: handover.name.clone(), ..Default::default() };
        self.agent(by).withdraw_handover(request).await.map(tonic::Response::into_inner)
    }

    async fn try_decline_handover(&self, by: &str, handover: &Handover) -> Result<Handover, Status> {
        let (name, reason) = (handover.name.clone(), "on leave from tomorrow".to_owned());
        let request = DeclineHandoverRequest { name, reason, ..Default::default() };
        self.agent(by).decline_handover(request).await.map(tonic::Response::into_inner)
    }

    async fn handover(&self, name: &str) -> Handover {
        let request = GetHandoverRequest { name: name.to_owned() };
        self.agent("li.na").get_handover(request).await.unwrap().into_inner()
    }

    async fn handovers(&self, request: ListHandoversRequest) -> Vec<Handover> {
        self.agent("li.na").list_handovers(request).await.unwrap().into_inner().handovers
    }
}

fn offer(case: &str, to: &str) -> OfferHandoverRequest {
    let (case, to_agent, reason) = (case.to_owned(), to.to_owned(), "the shift ends".to_owned());
    OfferHandoverRequest {
        handover: Some(Handover { case, to_agent, reason, ..Handover::default() }),
        ..OfferHandoverRequest::default()
    }
}

#[tokio::test]
async fn the_responsibility_passes_when_the_new_agent_accepts() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;

    let offered = desk.offered(&case.name).await;
    let while_offered = desk.case(&case.name).await;
    let accepted = desk.try_accept_handover("sun.yu", &offered).await.unwrap();
    let after = desk.case(&case.name).await;

    assert_eq!((offered.state(), offered.reason.as_str()), (HandoverState::Offered, "the shift ends"));
    assert_eq!((offered.from_agent.as_str(), offered.offered_by_agent.as_str()), (LI_NA, LI_NA));
    assert_eq!(while_offered, case, "an offer alone changes nothing");
    assert_eq!((accepted.state(), accepted.end_time), (HandoverState::Accepted, offered.offer_time));
    assert_eq!((after.first_responsible_agent.as_str(), after.state()), (SUN_YU, case.state()));
    assert_ne!(after.etag, case.etag);
    assert_eq!(desk.handover(&offered.name).await, accepted);
}

#[tokio::test]
async fn a_handover_is_told_with_both_agents_and_without_its_words() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;
    let offered = desk.offered(&case.name).await;
    desk.try_accept_handover("sun.yu", &offered).await.unwrap();

    let told = desk.told().await;

    let types: Vec<_> =
        told.iter().filter(|event| event.subject == offered.name).map(|event| &event.r#type).collect();
    assert_eq!(types, ["handover.offered", "handover.accepted"]);
    let passed = told.iter().find(|event| event.r#type == "case.handed_over").unwrap();
    let facts: CaseFacts = passed.data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((passed.subject.as_str(), passed.actor.as_str()), (case.name.as_str(), SUN_YU));
    assert_eq!(facts.previous_first_responsible_agent, LI_NA);
    assert_eq!(facts.first_responsible_agent, SUN_YU);
    assert!(!format!("{told:?}").contains("shift"));
}

#[tokio::test]
async fn the_new_agent_gets_a_notice() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;

    desk.offered(&case.name).await;

    let notices = desk.notices_of("sun.yu", &[Role::Agent]).await;
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].kind(), notices[0].case.as_str()), (NoticeKind::HandoverOffered, &*case.name));
}

#[tokio::test]
async fn declined_or_taken_back_everything_stays_and_another_may_be_offered() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;

    let first = desk.offered(&case.name).await;
    let declined = desk.try_decline_handover("sun.yu", &first).await.unwrap();
    let second = desk.offered(&case.name).await;
    let withdrawn = desk.try_withdraw_handover("li.na", &second).await.unwrap();
    let third = desk.offered(&case.name).await;

    assert_eq!(declined.state(), HandoverState::Declined);
    assert_eq!(declined.decline_reason, "on leave from tomorrow");
    assert_eq!(withdrawn.state(), HandoverState::Withdrawn);
    assert_eq!(desk.case(&case.name).await, case);
    let history = ListHandoversRequest { case: case.name.clone(), ..Default::default() };
    assert_eq!(desk.handovers(history).await, [third.clone(), withdrawn, declined], "the history is kept");
    let inbox = ListHandoversRequest {
        to_agent: SUN_YU.to_owned(),
        state: HandoverState::Offered.into(),
        ..Default::default()
    };
    assert_eq!(desk.handovers(inbox).await, [third]);
}

#[tokio::test]
async fn a_handover_that_has_ended_stays_ended() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;
    let offered = desk.offered(&case.name).await;
    desk.try_withdraw_handover("li.na", &offered).await.unwrap();

    let accepted = desk.try_accept_handover("sun.yu", &offered).await.unwrap_err();
    let declined = desk.try_decline_handover("sun.yu", &offered).await.unwrap_err();
    let withdrawn = desk.try_withdraw_handover("li.na", &offered).await.unwrap_err();

    for status in [accepted, declined, withdrawn] {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
    assert_eq!(desk.case(&case.name).await.first_responsible_agent, LI_NA);
}

#[tokio::test]
async fn only_the_parties_and_supervisors_have_a_say() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;

    let strange_offer = desk.try_offer("he.jun", &case.name, "agents/he.jun").await.unwrap_err();
    let offered = desk.offered(&case.name).await;
    let accepted_by_another = desk.try_accept_handover("he.jun", &offered).await.unwrap_err();
    let accepted_by_the_old = desk.try_accept_handover("li.na", &offered).await.unwrap_err();
    let declined_by_the_old = desk.try_decline_handover("li.na", &offered).await.unwrap_err();
    let withdrawn_by_the_new = desk.try_withdraw_handover("sun.yu", &offered).await.unwrap_err();
    let supervisor = desk.bearer_with("he.jun", &[Role::Supervisor]);
    let mut supervisor = HandoverServiceClient::with_interceptor(desk.channel.clone(), supervisor);
    let request = WithdrawHandoverRequest { name: offered.name.clone(), ..Default::default() };
    let withdrawn = supervisor.withdraw_handover(request).await.unwrap().into_inner();
    let for_the_absent = supervisor.offer_handover(offer(&case.name, SUN_YU)).await.unwrap().into_inner();

    for status in
        [strange_offer, accepted_by_another, accepted_by_the_old, declined_by_the_old, withdrawn_by_the_new]
    {
        assert_eq!(refused(&status), denied());
    }
    assert_eq!(withdrawn.state(), HandoverState::Withdrawn);
    assert_eq!(for_the_absent.from_agent, LI_NA);
    assert_eq!(for_the_absent.offered_by_agent, "agents/he.jun");
}

#[tokio::test]
async fn one_is_open_at_a_time_and_none_to_who_has_it() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;

    let to_herself = desk.try_offer("li.na", &case.name, LI_NA).await.unwrap_err();
    let offers = join_all((0..6).map(|_| desk.try_offer("li.na", &case.name, SUN_YU))).await;
    let nowhere = desk.try_offer("li.na", &unknown_case(), SUN_YU).await.unwrap_err();

    assert_eq!(refused(&to_herself), (Code::FailedPrecondition, "ALREADY_RESPONSIBLE".to_owned()));
    assert_eq!(offers.iter().filter(|offer| offer.is_ok()).count(), 1);
    for status in offers.into_iter().filter_map(Result::err) {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "HANDOVER_OPEN".to_owned()));
    }
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn of_two_acceptances_at_once_one_wins() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    for _ in 0..5 {
        let case = desk.received(Kind::Fault, Handling::Dispatch).await;
        let offered = desk.offered(&case.name).await;

        let (here, there, withdrawn) = tokio::join!(
            desk.try_accept_handover("sun.yu", &offered),
            replica.try_accept_handover("sun.yu", &offered),
            replica.try_withdraw_handover("li.na", &offered),
        );

        let ended: Vec<_> =
            [&here, &there, &withdrawn].into_iter().filter_map(|end| end.as_ref().ok()).collect();
        assert_eq!(ended.len(), 1);
        let passed = ended[0].state() == HandoverState::Accepted;
        let responsible = desk.case(&case.name).await.first_responsible_agent;
        assert_eq!(responsible, if passed { SUN_YU } else { LI_NA });
    }
}

#[tokio::test]
async fn answering_the_customer_cancels_the_open_handover() {
    let desk = Desk::open().await;
    for (state, verb) in [(CaseState::Resolved, Verb::Inform), (CaseState::Dispatched, Verb::Withdraw)] {
        let Case { name, .. } = desk.case_in(state, Kind::Fault).await;
        let offered = desk.offered(&name).await;

        desk.act(verb, &name).await;
        let accepted = desk.try_accept_handover("sun.yu", &offered).await.unwrap_err();
        let again = desk.try_offer("li.na", &name, SUN_YU).await.unwrap_err();

        assert_eq!(desk.handover(&offered.name).await.state(), HandoverState::Cancelled);
        assert_eq!(refused(&accepted), (Code::FailedPrecondition, "CASE_ANSWERED".to_owned()));
        assert_eq!(refused(&again), (Code::FailedPrecondition, "CASE_ANSWERED".to_owned()));
        assert_eq!(desk.case(&name).await.first_responsible_agent, LI_NA);
    }
}

#[tokio::test]
async fn a_case_told_through_its_incident_is_handed_over_to_nobody_any_more() {
    let desk = Desk::open().await;
    let reports = desk.reports(2).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1]]).await;
    let offered = [desk.offered(&reports[0].name).await, desk.offered(&reports[1].name).await];
    desk.dispatched(&reports[0].name, 1).await;
    desk.completed(&reports[0].name, 1).await;

    let inform = InformIncidentReportersRequest {
        name: incident.name,
        channel: kexiang_proto::type_v1::Channel::Hotline.into(),
        ..Default::default()
    };
    desk.incidents().inform_incident_reporters(inform).await.unwrap();

    for (report, offered) in reports.iter().zip(&offered) {
        let accepted = desk.try_accept_handover("sun.yu", offered).await.unwrap_err();
        assert_eq!(refused(&accepted), (Code::FailedPrecondition, "CASE_ANSWERED".to_owned()));
        assert_eq!(desk.handover(&offered.name).await.state(), HandoverState::Cancelled);
        assert_eq!(desk.case(&report.name).await.first_responsible_agent, LI_NA);
    }
}

/// However an offer outlived the answer: the state of the case is looked at again when it is accepted.
#[tokio::test]
async fn an_offer_that_outlived_the_answer_passes_nothing_on_but_can_be_taken_back() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Resolved, Kind::Fault).await;
    let offered = desk.offered(&name).await;
    let told = "update intake.cases set state = 'INFORMED' where case_id = $1::uuid";
    sqlx::query(told).bind(name.trim_start_matches("cases/")).execute(desk.pool()).await.unwrap();

    let accepted = desk.try_accept_handover("sun.yu", &offered).await.unwrap_err();
    let taken_back = desk.try_withdraw_handover("li.na", &offered).await.unwrap();

    assert_eq!(refused(&accepted), (Code::FailedPrecondition, "CASE_ANSWERED".to_owned()));
    assert_eq!(taken_back.state(), HandoverState::Withdrawn);
    assert_eq!(desk.case(&name).await.first_responsible_agent, LI_NA);
}

#[tokio::test]
async fn a_reopened_case_can_be_handed_over_again_and_so_can_one_on_hold() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Closed, Kind::Complaint).await;
    desk.act(Verb::Reopen, &name).await;
    let hold = HoldCaseRequest {
        name: name.clone(),
        reason: HoldReason::Parts.into(),
        ..HoldCaseRequest::default()
    };
    desk.client().hold_case(hold).await.unwrap();

    let offered = desk.offered(&name).await;
    desk.try_accept_handover("sun.yu", &offered).await.unwrap();

    let case = desk.case(&name).await;
    assert_eq!((case.first_responsible_agent.as_str(), case.hold_reason()), (SUN_YU, HoldReason::Parts));
}

#[tokio::test]
async fn a_repeated_request_is_one_handover_and_a_stale_etag_is_refused() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;
    let request = OfferHandoverRequest { request_id: request_id(), ..offer(&case.name, SUN_YU) };

    let first = desk.agent("li.na").offer_handover(request.clone()).await.unwrap().into_inner();
    let second = desk.agent("li.na").offer_handover(request).await.unwrap().into_inner();
    let stale =
        AcceptHandoverRequest { name: first.name.clone(), etag: "7".to_owned(), ..Default::default() };
    let stale = desk.agent("sun.yu").accept_handover(stale).await.unwrap_err();
    let seen = AcceptHandoverRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        request_id: request_id(),
    };
    let accepted = desk.agent("sun.yu").accept_handover(seen.clone()).await.unwrap().into_inner();
    let again = desk.agent("sun.yu").accept_handover(seen).await.unwrap().into_inner();

    assert_eq!(second, first);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(again, accepted);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_handover_is_reported_at_once() {
    let desk = Desk::open().await;
    let mut agent = desk.agent("li.na");
    let bad = OfferHandoverRequest {
        handover: Some(Handover { case: "cases/1".to_owned(), ..Handover::default() }),
        request_id: "?".to_owned(),
    };
    let nowhere = AcceptHandoverRequest { name: HandoverId::at(START).name(), ..Default::default() };
    let list =
        ListHandoversRequest { state: 99, page_size: -1, page_token: "?".to_owned(), ..Default::default() };

    let bad = agent.offer_handover(bad).await.unwrap_err();
    let none = agent.offer_handover(OfferHandoverRequest::default()).await.unwrap_err();
    let declined = agent.decline_handover(DeclineHandoverRequest::default()).await.unwrap_err();
    let nowhere = agent.accept_handover(nowhere).await.unwrap_err();
    let list = agent.list_handovers(list).await.unwrap_err();

    assert_eq!(violations(&bad), ["request_id", "handover.case", "handover.to_agent", "handover.reason"]);
    assert_eq!(violations(&none), ["handover"]);
    assert_eq!(violations(&declined), ["name", "reason"]);
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&list), ["case", "state", "page_size", "page_token"]);
}

#[tokio::test]
async fn handovers_page_through_the_history_of_a_case() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;
    let mut names = Vec::new();
    for _ in 0..5 {
        let offered = desk.offered(&case.name).await;
        desk.try_withdraw_handover("li.na", &offered).await.unwrap();
        names.insert(0, offered.name);
    }

    let mut listed = Vec::new();
    let mut request = ListHandoversRequest { case: case.name, page_size: 2, ..Default::default() };
    loop {
        let page = desk.agent("li.na").list_handovers(request.clone()).await.unwrap().into_inner();
        listed.extend(page.handovers.into_iter().map(|handover| handover.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    assert_eq!(listed, names);
}
