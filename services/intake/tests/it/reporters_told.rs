//! The reporters of a resolved incident are really told: by a message where one reaches them, by a call where none does (IN-16).

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Caller, Case, CaseState, Contact, Incident, InformIncidentReportersRequest,
        InformIncidentReportersResponse, LeaseMessagesRequest, MessageChannel, MessageFacts, NoticeKind,
        OutboundMessage, ResolveIncidentRequest, inform_incident_reporters_response::Outcome,
    },
    type_v1::{Channel, Kind},
};

use crate::{
    desk::Desk,
    together::GRID,
    wire::{EMAIL, PHONE_E164, acceptance, caller, case, contact, request_id},
};

impl Desk {
    /// A fault of the grid, reported by somebody who can be reached like this; a second goes by.
    async fn report_of(&self, caller: Caller, channel: Channel) -> Case {
        let fault = Case { district: GRID.to_owned(), ..case(Kind::Fault) };
        let contact = Contact { caller: Some(caller), channel: channel.into(), ..contact() };
        let request = AcceptCaseRequest { contact: Some(contact), case: Some(fault), ..acceptance() };
        let reported = self.accept(request).await;
        self.hand.advance(SignedDuration::from_secs(1));
        reported
    }

    /// An incident of these cases that was resolved by hand.
    async fn resolved_incident(&self, cases: &[&Case]) -> Incident {
        let name = self.open_incident(cases).await.name;
        let resolve = ResolveIncidentRequest { name, resolution: "spliced".to_owned(), ..Default::default() };
        self.incidents().resolve_incident(resolve).await.unwrap().into_inner()
    }

    async fn inform(&self, request: InformIncidentReportersRequest) -> InformIncidentReportersResponse {
        self.incidents().inform_incident_reporters(request).await.unwrap().into_inner()
    }

    async fn lease_of(&self, channel: MessageChannel) -> Vec<OutboundMessage> {
        let request =
            LeaseMessagesRequest { channel: channel.into(), max_messages: 100, ..Default::default() };
        self.adapter().lease_messages(request).await.unwrap().into_inner().messages
    }

    /// The cases that Li Na is asked to call back about.
    async fn callbacks(&self) -> Vec<String> {
        let notices = self.notices_of("li.na", &[Role::Agent]).await;
        let callbacks = notices.into_iter().filter(|notice| notice.kind() == NoticeKind::CallbackNeeded);
        callbacks.map(|notice| notice.case).collect()
    }
}

fn declined() -> Caller {
    Caller { phone: String::new(), email: String::new(), phone_declined: true, ..caller() }
}

fn inform(incident: &Incident, channel: Channel) -> InformIncidentReportersRequest {
    InformIncidentReportersRequest {
        name: incident.name.clone(),
        channel: channel.into(),
        note: "the cable is spliced".to_owned(),
        request_id: request_id(),
        ..Default::default()
    }
}

fn outcomes(told: &InformIncidentReportersResponse) -> Vec<(String, Outcome)> {
    told.results.iter().map(|result| (result.case.clone(), result.outcome())).collect()
}

#[tokio::test]
async fn who_left_a_phone_gets_one_message_and_who_did_not_is_to_be_called() {
    let desk = Desk::open().await;
    let (reached, silent) =
        (desk.report_of(caller(), Channel::Hotline).await, desk.report_of(declined(), Channel::WalkIn).await);
    let incident = desk.resolved_incident(&[&reached, &silent]).await;
    let request = inform(&incident, Channel::Messaging);

    let told = desk.inform(request.clone()).await;
    let again = desk.inform(request).await;
    let messages = desk.lease_of(MessageChannel::Sms).await;

    assert_eq!(told, again);
    let expected = [(reached.name.clone(), Outcome::Informed), (silent.name.clone(), Outcome::Unreachable)];
    assert_eq!(outcomes(&told), expected);
    assert_eq!(messages.len(), 1, "one, however often it is asked for");
    assert_eq!(messages[0].recipient, PHONE_E164);
    assert_eq!(messages[0].body, format!("【客响】受理单{}：the cable is spliced", reached.number));
    let (informed, waits) = (desk.case(&reached.name).await, desk.case(&silent.name).await);
    assert_eq!((informed.state(), informed.inform_channel()), (CaseState::Informed, Channel::Messaging));
    assert_eq!(waits.state(), CaseState::Resolved);
    assert_eq!(desk.callbacks().await, [silent.name]);
    let created = desk.told().await.into_iter().find(|event| event.r#type == "message.created").unwrap();
    let facts: MessageFacts = created.data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.case, facts.dialogue.as_str()), (reached.name, ""));
    assert!(!format!("{created:?}").contains("8613800138000"));
}

#[tokio::test]
async fn by_mail_the_address_counts_and_without_words_the_message_has_its_own() {
    let desk = Desk::open().await;
    let mailed = desk.report_of(Caller { phone: String::new(), ..caller() }, Channel::Email).await;
    let incident = desk.resolved_incident(&[&mailed]).await;

    let told = desk
        .inform(InformIncidentReportersRequest { note: String::new(), ..inform(&incident, Channel::Email) })
        .await;

    assert_eq!(outcomes(&told), [(mailed.name, Outcome::Informed)]);
    let messages = desk.lease_of(MessageChannel::Email).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].recipient, EMAIL);
    assert!(messages[0].body.contains("您报告的故障已处理"), "{}", messages[0].body);
}

#[tokio::test]
async fn who_is_told_by_a_person_gets_no_message() {
    let desk = Desk::open().await;
    let (reached, silent) =
        (desk.report_of(caller(), Channel::Hotline).await, desk.report_of(declined(), Channel::WalkIn).await);
    let incident = desk.resolved_incident(&[&reached, &silent]).await;

    let told = desk.inform(inform(&incident, Channel::Hotline)).await;

    assert_eq!(outcomes(&told), [(reached.name, Outcome::Informed), (silent.name, Outcome::Informed)]);
    assert!(desk.lease_of(MessageChannel::Sms).await.is_empty());
    assert!(desk.callbacks().await.is_empty());
}

#[tokio::test]
async fn a_message_that_never_went_out_asks_for_a_call() {
    let desk = Desk::open().await;
    let reports =
        [desk.report_of(caller(), Channel::Hotline).await, desk.report_of(caller(), Channel::Hotline).await];
    let incident = desk.resolved_incident(&[&reports[0], &reports[1]]).await;
    desk.inform(inform(&incident, Channel::Messaging)).await;
    let messages = desk.lease_of(MessageChannel::Sms).await;
    let of_first = messages.iter().find(|message| message.body.contains(&reports[0].number)).unwrap();

    desk.try_report_message(of_first, "NO_SUBSCRIBER").await.unwrap();
    let after_failure = desk.callbacks().await;
    desk.hand.advance(SignedDuration::from_hours(24));
    desk.eventually("both are to be called", async || desk.callbacks().await.len() == 2).await;

    assert_eq!(after_failure, [reports[0].name.clone()]);
    let bodies =
        sqlx::query_scalar::<_, i64>("select count(*) from intake.outbound_messages where body is not null");
    assert_eq!(bodies.fetch_one(desk.pool()).await.unwrap(), 0);
}

#[tokio::test]
async fn news_of_cases_take_no_codes_from_a_phone() {
    let desk = Desk::open().await;
    let mut reports = Vec::new();
    for _ in 0..6 {
        reports.push(desk.report_of(caller(), Channel::Hotline).await);
    }
    let incident = desk.resolved_incident(&reports.iter().collect::<Vec<_>>()).await;
    desk.inform(inform(&incident, Channel::Messaging)).await;
    for message in desk.lease_of(MessageChannel::Sms).await {
        desk.try_report_message(&message, "").await.unwrap();
    }
    let mut talk = desk.talk().await;
    talk.say("1").await;

    let prompt = talk.prove().await;

    assert!(talk.dialogue.proven, "{prompt}");
}
