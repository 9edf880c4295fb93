//! Every channel by which customers come leads to the same register and the same kind of case, and is kept (IN-1).
//!
//! | channel | its way in |
//! |---|---|
//! | hotline, grid's own phone | the telephony system reports the call, an agent completes its contact |
//! | phone menu, messaging, web form | a front end leads a dialogue |
//! | e-mail, walk-in, staff on the move | an agent, or a service in their name, accepts it |
//! | lead | a service accepts many in one stream |
//! | partner system | a service brings cases over with their numbers there |

use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, AcceptCasesRequest, CallEvent, CallEventKind, Caller, Contact, ContactFacts,
        ImportCasesRequest, RegisterContactRequest, StartDialogueRequest,
        bulk_service_client::BulkServiceClient, intake_service_client::IntakeServiceClient,
    },
    type_v1::{Channel, Kind},
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::Desk,
    talk::opening,
    telephony::{at, event, outcomes, report, words},
    wire::{MAIN, acceptance, caller, case, contact, item, request_id, violations},
};

const ALL: [Channel; 10] = [
    Channel::Hotline,
    Channel::GridPhone,
    Channel::PhoneMenu,
    Channel::Messaging,
    Channel::WebForm,
    Channel::Email,
    Channel::WalkIn,
    Channel::FieldStaff,
    Channel::Lead,
    Channel::Partner,
];

impl Desk {
    /// Somebody comes by that channel, in the way that it has; the contact's name.
    async fn comes_by(&self, channel: Channel) -> String {
        match channel {
            Channel::Hotline | Channel::GridPhone => self.comes_by_call(channel).await,
            Channel::PhoneMenu | Channel::Messaging | Channel::WebForm => {
                self.comes_by_dialogue(channel).await
            }
            Channel::Email | Channel::WalkIn | Channel::FieldStaff => self.is_accepted(channel).await,
            Channel::Lead => self.comes_in_a_stream(channel).await,
            Channel::Partner => self.is_brought_over(channel).await,
            Channel::Unspecified => unreachable!(),
        }
    }

    async fn comes_by_call(&self, channel: Channel) -> String {
        let id = channel.as_str_name();
        let rings = CallEvent { channel: channel.into(), ..event(id, id, CallEventKind::Answered, 0) };
        let call = self.reported(vec![rings]).await;
        self.accept(AcceptCaseRequest { contact: Some(words(&call.name)), ..acceptance() }).await.contact
    }

    async fn comes_by_dialogue(&self, channel: Channel) -> String {
        let mut talk = self.talk_as(StartDialogueRequest { channel: channel.into(), ..opening() }).await;
        talk.say_all(&["8", "1", "昨晚起没有拨号音", "湖滨路5号"]).await;
        talk.dialogue.contact
    }

    async fn is_accepted(&self, channel: Channel) -> String {
        let written = Caller { phone: String::new(), ..caller() };
        let caller = if channel == Channel::Email { written } else { caller() };
        let contact = Contact { channel: channel.into(), caller: Some(caller), ..contact() };
        self.accept(AcceptCaseRequest { contact: Some(contact), ..acceptance() }).await.contact
    }

    async fn comes_in_a_stream(&self, channel: Channel) -> String {
        let contact = Contact { channel: channel.into(), ..contact() };
        let request = AcceptCaseRequest {
            contact: Some(contact),
            case: Some(case(Kind::Lead)),
            request_id: request_id(),
        };
        let service = self.bearer_with("leads", &[Role::Service]);
        let mut leads = BulkServiceClient::with_interceptor(self.channel.clone(), service);
        let items = tokio_stream::iter([AcceptCasesRequest { item: 1, request: Some(request) }]);
        let mut results = leads.accept_cases(items).await.unwrap().into_inner();
        let result = results.message().await.unwrap().unwrap().result.unwrap().result.unwrap();
        match result {
            kexiang_proto::intake_v1::accept_case_result::Result::Case(case) => case.contact,
            kexiang_proto::intake_v1::accept_case_result::Result::Refusal(refusal) => panic!("{refusal:?}"),
        }
    }

    async fn is_brought_over(&self, channel: Channel) -> String {
        let brought = item(1, "P-2026-1");
        let contact = Contact {
            channel: channel.into(),
            contact_time: Some(to_wire(at(0))),
            ..brought.contact.clone().unwrap()
        };
        let results = self.bring_over(vec![ImportCasesRequest { contact: Some(contact), ..brought }]).await;
        self.case(&results[0].case).await.contact
    }
}

#[tokio::test]
async fn whoever_comes_by_whatever_channel_is_in_the_register_with_it() {
    let desk = Desk::open().await;
    let mut names = Vec::new();
    for channel in ALL {
        names.push(desk.comes_by(channel).await);
    }

    let register = desk.register(MAIN, "").await;

    let channels: Vec<_> = register.iter().map(Contact::channel).collect();
    assert_eq!(channels, ALL, "each once, in order of arrival");
    assert_eq!(
        register.iter().map(|contact| contact.register_number).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(register.iter().map(|contact| contact.name.clone()).collect::<Vec<_>>(), names);
    let told = desk.told().await;
    for contact in &register {
        let channel = contact.channel();
        assert_eq!(
            (contact.site.as_str(), contact.contact_time),
            (MAIN, Some(to_wire(at(0)))),
            "{channel:?}"
        );
        let opened = desk.case(&contact.case).await;
        assert_eq!((opened.channel(), &opened.contact), (channel, &contact.name), "it leads to a case");
        let counted: Vec<_> = told
            .iter()
            .filter(|event| event.r#type == "contact.registered" && event.subject == contact.name)
            .map(|event| event.data.as_ref().unwrap().to_msg::<ContactFacts>().unwrap().channel())
            .collect();
        assert_eq!(counted, [channel], "reports count it once");
    }
}

#[tokio::test]
async fn a_channel_that_is_none_or_not_of_this_way_is_refused() {
    let desk = Desk::open().await;
    let by = |channel: i32| Contact { channel, ..contact() };
    let mut agent = desk.client();
    let service = desk.bearer_with("partner", &[Role::Service]);
    let mut partner = IntakeServiceClient::with_interceptor(desk.channel.clone(), service);

    for channel in [0, 99, -1] {
        let accepted = desk
            .try_accept(AcceptCaseRequest { contact: Some(by(channel)), ..acceptance() })
            .await
            .unwrap_err();
        let registered = agent
            .register_contact(RegisterContactRequest { contact: Some(by(channel)), ..Default::default() })
            .await
            .unwrap_err();
        let begun = desk.try_start(StartDialogueRequest { channel, ..opening() }).await.unwrap_err();
        let wrong = item(1, "P-1");
        let contact = Contact { channel, ..wrong.contact.clone().unwrap() };
        let items = tokio_stream::iter([ImportCasesRequest { contact: Some(contact), ..wrong }]);
        let imported =
            partner.import_cases(items).await.unwrap().into_inner().message().await.unwrap().unwrap();

        assert_eq!(violations(&accepted), ["contact.channel"], "{channel}");
        assert_eq!(violations(&registered), ["contact.channel"], "{channel}");
        assert_eq!(violations(&begun), ["channel"], "{channel}");
        assert_eq!(imported.refusals[0].field, "contact.channel", "{channel}");
    }
    let walks_in =
        CallEvent { channel: Channel::WalkIn.into(), ..event("1", "c1", CallEventKind::Offered, 0) };
    let called = desk.try_report(report(vec![walks_in])).await.unwrap();
    let by_hotline = StartDialogueRequest { channel: Channel::Hotline.into(), ..opening() };
    let spoken = desk.try_start(by_hotline).await.unwrap_err();

    assert_eq!(violations(&spoken), ["channel"], "an agent speaks at the hotline");
    assert_eq!(outcomes(&called), [kexiang_proto::intake_v1::report_call_events_response::Outcome::Refused]);
    assert!(desk.register(MAIN, "").await.is_empty(), "what is refused takes no number");
}
