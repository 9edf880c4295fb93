//! A complaint needs name, phone, address and matter, and the responsible staff are told at once (IN-13).

use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Caller, Case, CaseState, Contact, Handling, ImportCasesRequest, NoticeKind,
    },
    type_v1::{Channel, Kind},
};

use crate::{
    desk::Desk,
    verb::Verb,
    wire::{self, ADDRESS, caller, case, contact, request_id, violations},
};

const SUPERVISOR: &str = "roles/supervisor";

fn complaint(caller: Caller, address: &str) -> AcceptCaseRequest {
    AcceptCaseRequest {
        contact: Some(Contact { caller: Some(caller), ..contact() }),
        case: Some(Case { address: address.to_owned(), ..case(Kind::Complaint) }),
        ..AcceptCaseRequest::default()
    }
}

#[tokio::test]
async fn all_that_a_complaint_lacks_is_named_at_once() {
    let desk = Desk::open().await;
    let declines = Caller {
        display_name: "Zhao".to_owned(),
        phone_declined: true,
        email: "zhao@example.cn".to_owned(),
        ..Caller::default()
    };
    let writes = AcceptCaseRequest {
        contact: Some(Contact {
            channel: Channel::Email.into(),
            caller: Some(Caller { phone_declined: false, ..declines.clone() }),
            ..contact()
        }),
        ..complaint(Caller::default(), " ")
    };
    let nothing = AcceptCaseRequest {
        contact: Some(Contact { need: String::new(), caller: Some(Caller::default()), ..contact() }),
        ..complaint(Caller::default(), "")
    };

    let declined = desk.try_accept(complaint(declines, "")).await.unwrap_err();
    let written = desk.try_accept(writes).await.unwrap_err();
    let nothing = desk.try_accept(nothing).await.unwrap_err();

    assert_eq!(violations(&declined), ["contact.caller.phone_declined", "case.address"]);
    assert_eq!(violations(&written), ["contact.caller.phone", "case.address"]);
    let mut all = violations(&nothing);
    all.sort();
    let mut expected =
        ["case.address", "contact.caller.display_name", "contact.caller.phone", "contact.need"].to_vec();
    expected.sort_unstable();
    assert_eq!(all, expected, "each path once");
    assert!(desk.numbers().await.is_empty(), "nothing is half written");
}

#[tokio::test]
async fn the_address_of_the_place_or_of_the_caller_will_do() {
    let desk = Desk::open().await;
    let without = Caller { address: String::new(), ..caller() };

    let of_the_place = desk.try_accept(complaint(without.clone(), ADDRESS)).await;
    let of_the_caller = desk.try_accept(complaint(caller(), "")).await;
    let other_kind = AcceptCaseRequest {
        case: Some(Case { address: String::new(), ..case(Kind::Fault) }),
        contact: Some(Contact {
            caller: Some(Caller { phone: String::new(), phone_declined: true, ..without }),
            ..contact()
        }),
        ..AcceptCaseRequest::default()
    };
    let other_kind = desk.try_accept(other_kind).await;

    assert!(of_the_place.is_ok() && of_the_caller.is_ok());
    assert!(other_kind.is_ok(), "of other cases no more is asked");
}

#[tokio::test]
async fn a_complaint_brought_over_is_as_it_was_there_and_tells_nobody() {
    let desk = Desk::open().await;
    let item = wire::item(1, "A-1");
    let bare = Caller { phone: String::new(), phone_declined: true, address: String::new(), ..caller() };
    let history = ImportCasesRequest {
        contact: Some(Contact { caller: Some(bare), ..item.contact.clone().unwrap() }),
        case: Some(Case {
            kind: Kind::Complaint.into(),
            address: String::new(),
            ..item.case.clone().unwrap()
        }),
        ..item
    };

    let mut results =
        desk.client().import_cases(tokio_stream::iter(vec![history])).await.unwrap().into_inner();
    let result = results.message().await.unwrap().unwrap();

    assert!(result.refusals.is_empty(), "{result:?}");
    assert!(desk.notices_of("li.na", &[Role::Supervisor]).await.is_empty());
}

#[tokio::test]
async fn the_first_responsible_agent_and_the_supervisors_are_told_at_once_and_once() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { request_id: request_id(), ..complaint(caller(), ADDRESS) };

    let accepted = desk.accept(request.clone()).await;
    desk.accept(request).await;
    desk.received(Kind::Fault, Handling::Dispatch).await;

    let of_supervisor = desk.notices_of("he.jun", &[Role::Supervisor]).await;
    let of_agent = desk.notices_of("li.na", &[Role::Agent]).await;
    assert_eq!(of_supervisor.len(), 1, "one notice, and none of the fault");
    assert_eq!((of_supervisor[0].recipient.as_str(), &of_supervisor[0].case), (SUPERVISOR, &accepted.name));
    assert_eq!(of_supervisor[0].kind(), NoticeKind::ComplaintAccepted);
    assert_eq!(of_supervisor[0].create_time, accepted.accept_time);
    assert_eq!(of_agent.len(), 1);
    assert_eq!(of_agent[0].recipient, "agents/li.na");
    let told = desk.told().await;
    let told = told.iter().filter(|event| event.r#type == "notice.created" && event.actor == "agents/li.na");
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn the_unit_is_told_once_it_is_known() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Complaint, Handling::Dispatch).await;
    let fault = desk.received(Kind::Fault, Handling::Dispatch).await;
    let before = desk.notices_for("units/lines").await;

    desk.dispatched(&name, 1).await;
    desk.dispatched(&name, 1).await;
    desk.dispatched(&fault.name, 1).await;
    let told = desk.notices_for("units/lines").await;

    assert!(before.is_empty());
    assert_eq!(told.len(), 1, "routed twice, told once");
    assert_eq!((told[0].kind(), &told[0].case), (NoticeKind::ComplaintDispatched, &name));
}

#[tokio::test]
async fn a_complaint_taken_up_again_is_told_to_its_unit_again() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Closed, Kind::Complaint).await;

    desk.act(Verb::Reopen, &name).await;
    desk.dispatched(&name, 2).await;

    assert_eq!(desk.notices_for("units/lines").await.len(), 2);
}
