//! Published numbers choose site, language and default category (IN-2).

use kexiang_proto::intake_v1::{
    AcceptCaseRequest, CallEvent, CallEventKind, Case, Contact, CreatePublishedNumberRequest,
    DeletePublishedNumberRequest, GetPublishedNumberRequest, ListPublishedNumbersRequest, PublishedNumber,
    ReportCallEventsRequest, UpdatePublishedNumberRequest,
};
use kexiang_proto::type_v1::{Channel, Kind};
use kexiang_rpc::time::to_wire;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START},
    telephony::{event, report, words},
    wire::{MAIN, acceptance, case, contact_at, refused, registration, request_id, violations},
};

const HOTLINE: &str = "10086";

fn number() -> PublishedNumber {
    PublishedNumber {
        number: HOTLINE.into(),
        site: MAIN.into(),
        language: "zh-CN".into(),
        default_category: "enquiry.general".into(),
        display_name: "Hotline".into(),
        ..PublishedNumber::default()
    }
}

async fn update(desk: &Desk, number: PublishedNumber, paths: &[&str]) -> Result<PublishedNumber, Status> {
    let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
    let update_mask = (!paths.is_empty()).then_some(FieldMask { paths });
    let request =
        UpdatePublishedNumberRequest { published_number: Some(number), update_mask, ..Default::default() };
    desk.desks("admin").update_published_number(request).await.map(tonic::Response::into_inner)
}

async fn delete(desk: &Desk, name: &str, etag: &str) -> Result<PublishedNumber, Status> {
    let request = DeletePublishedNumberRequest { name: name.into(), etag: etag.into(), ..Default::default() };
    desk.desks("admin").delete_published_number(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_number_is_published_got_and_listed() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;

    let main = desk.publish_number(number()).await;
    desk.hand.advance(jiff::SignedDuration::from_secs(1));
    let grid = PublishedNumber {
        number: "+86 (10) 8529-6000".into(),
        site: east.clone(),
        channel: Channel::GridPhone.into(),
        ..number()
    };
    let grid = desk.publish_number(grid).await;

    let expected = PublishedNumber {
        name: main.name.clone(),
        channel: Channel::Hotline.into(),
        create_time: Some(to_wire(START)),
        update_time: Some(to_wire(START)),
        etag: "1".into(),
        ..number()
    };
    assert_eq!(main, expected);
    assert_eq!(grid.number, "+861085296000");
    let request = GetPublishedNumberRequest { name: grid.name.clone() };
    assert_eq!(desk.desks("x").get_published_number(request).await.unwrap().into_inner(), grid);
    let all = ListPublishedNumbersRequest { page_size: 1, ..Default::default() };
    let first = desk.desks("x").list_published_numbers(all.clone()).await.unwrap().into_inner();
    let rest = ListPublishedNumbersRequest { page_token: first.next_page_token, ..all };
    let rest = desk.desks("x").list_published_numbers(rest).await.unwrap().into_inner();
    assert_eq!((first.published_numbers, rest.next_page_token.as_str()), (vec![main], ""));
    let of_east = ListPublishedNumbersRequest { site: east, ..Default::default() };
    let of_east = desk.desks("x").list_published_numbers(of_east).await.unwrap().into_inner();
    assert_eq!((of_east.published_numbers, rest.published_numbers), (vec![grid.clone()], vec![grid]));
}

#[tokio::test]
async fn a_number_is_published_once_and_anew_after_its_deletion() {
    let desk = Desk::open().await;
    let first = desk.publish_number(number()).await;
    let request = CreatePublishedNumberRequest { published_number: Some(number()), ..Default::default() };

    let twice = desk.desks("admin").create_published_number(request).await.unwrap_err();
    let deleted = delete(&desk, &first.name, &first.etag).await.unwrap();
    let second = desk.publish_number(number()).await;

    assert_eq!(refused(&twice), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    assert!(deleted.delete_time.is_some() && second.name != first.name);
    let again = delete(&desk, &first.name, "").await.unwrap_err();
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    let request = GetPublishedNumberRequest { name: first.name };
    assert_eq!(desk.desks("x").get_published_number(request).await.unwrap().into_inner(), deleted);
}

#[tokio::test]
async fn the_fields_of_the_mask_are_changed_and_a_stale_etag_is_refused() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let first = desk.publish_number(number()).await;
    let wanted = PublishedNumber {
        name: first.name.clone(),
        site: east.clone(),
        display_name: "Other".into(),
        etag: first.etag.clone(),
        ..PublishedNumber::default()
    };

    let moved = update(&desk, wanted.clone(), &["site", "language", "number"]).await.unwrap();
    let stale = update(&desk, wanted.clone(), &[]).await.unwrap_err();
    let unseen = PublishedNumber { etag: String::new(), ..wanted.clone() };
    let renamed = update(&desk, unseen, &[]).await.unwrap();

    assert_eq!((moved.site.as_str(), moved.language.as_str(), moved.etag.as_str()), (east.as_str(), "", "2"));
    assert_eq!((moved.display_name.as_str(), moved.number.as_str()), ("Hotline", HOTLINE));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(
        (renamed.display_name.as_str(), renamed.default_category.as_str()),
        ("Other", "enquiry.general")
    );
    let unknown = PublishedNumber { etag: "x".into(), site: "sites/".into(), ..wanted.clone() };
    let unknown = update(&desk, unknown, &["site", "tier"]).await.unwrap_err();
    assert_eq!(violations(&unknown), ["published_number.etag", "update_mask", "published_number.site"]);
    let nowhere = PublishedNumber { etag: String::new(), site: "sites/nowhere".into(), ..wanted };
    let nowhere = update(&desk, nowhere, &["site"]).await.unwrap_err();
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_number_is_told_at_once() {
    let desk = Desk::open().await;
    let wrong = PublishedNumber {
        number: "12".into(),
        site: "main".into(),
        language: "中文".into(),
        default_category: "x".repeat(201),
        display_name: " ".into(),
        channel: Channel::Email.into(),
        ..PublishedNumber::default()
    };
    let request = CreatePublishedNumberRequest { published_number: Some(wrong), request_id: "1".into() };

    let status = desk.desks("admin").create_published_number(request).await.unwrap_err();

    let fields = ["number", "site", "language", "default_category", "display_name", "channel"];
    let fields: Vec<_> = fields.iter().map(|field| format!("published_number.{field}")).collect();
    assert_eq!(violations(&status), [&["request_id".to_owned()], fields.as_slice()].concat());
}

#[tokio::test]
async fn the_same_request_publishes_once() {
    let desk = Desk::open().await;
    let request = CreatePublishedNumberRequest { published_number: Some(number()), request_id: request_id() };

    let first = desk.desks("admin").create_published_number(request.clone()).await.unwrap().into_inner();
    let second = desk.desks("admin").create_published_number(request).await.unwrap().into_inner();

    assert_eq!(first, second);
}

#[tokio::test]
async fn a_call_takes_site_channel_and_language_from_the_number_that_was_called() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let channel = Channel::GridPhone.into();
    desk.publish_number(PublishedNumber { site: east.clone(), channel, ..number() }).await;
    let offered = event("1", "c1", CallEventKind::Offered, 0);
    let published = CallEvent { called_number: "1 00-86".into(), ..offered.clone() };
    let told = CallEvent {
        event_id: "2".into(),
        call_id: "c2".into(),
        site: MAIN.into(),
        channel: Channel::Hotline.into(),
        ..published.clone()
    };
    let unknown = CallEvent { called_number: "10010".into(), event_id: "3".into(), ..offered };
    let no_site = ReportCallEventsRequest { site: String::new(), ..report(vec![published, told, unknown]) };

    let results = desk.try_report(no_site).await.unwrap();

    let (by_number, as_told) = (desk.call(&results[0].call).await, desk.call(&results[1].call).await);
    assert_eq!((by_number.site, by_number.language.as_str()), (east, "zh-CN"));
    assert_eq!(desk.contact(&by_number.contact).await.channel(), Channel::GridPhone);
    assert_eq!(
        (as_told.site.as_str(), desk.contact(&as_told.contact).await.channel()),
        (MAIN, Channel::Hotline)
    );
    assert_eq!(results[2].violations[0].field, "events[2].site");
}

#[tokio::test]
async fn a_contact_takes_the_site_and_a_case_the_category_of_the_number() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    desk.publish_number(PublishedNumber { site: east.clone(), ..number() }).await;
    let called = |site: &str| Contact { called_number: HOTLINE.into(), ..contact_at(site) };
    let open = Case { category: String::new(), ..case(Kind::Consultation) };
    let accepting =
        |contact, case| AcceptCaseRequest { contact: Some(contact), case: Some(case), ..acceptance() };

    let by_number = desk.accept(accepting(called(""), open.clone())).await;
    let named = desk.accept(accepting(called(MAIN), case(Kind::Fault))).await;
    let elsewhere = desk.accept(accepting(called(MAIN), open.clone())).await;
    let unknown = Contact { called_number: "10010".into(), ..contact_at("") };
    let unknown = desk.try_accept(accepting(unknown, open)).await.unwrap_err();
    let mut request = registration();
    request.contact = Some(called(""));
    let registered = desk.client().register_contact(request).await.unwrap().into_inner();

    assert_eq!((by_number.site.as_str(), by_number.category.as_str()), (east.as_str(), "enquiry.general"));
    assert_eq!((named.site.as_str(), named.category.as_str()), (MAIN, "line.dead"));
    assert_eq!((elsewhere.site.as_str(), elsewhere.category.as_str()), (MAIN, "enquiry.general"));
    assert_eq!(violations(&unknown), ["case.category", "contact.site"]);
    assert_eq!(registered.site, east);
}

#[tokio::test]
async fn the_case_of_a_call_takes_the_category_of_the_number_that_was_called() {
    let desk = Desk::open().await;
    desk.publish_number(number()).await;
    let offered = CallEvent { called_number: HOTLINE.into(), ..event("1", "c1", CallEventKind::Offered, 0) };
    let call = desk.reported(vec![offered]).await;
    let open = Case { category: String::new(), ..case(Kind::Consultation) };

    let request = AcceptCaseRequest { contact: Some(words(&call.name)), case: Some(open), ..acceptance() };
    let accepted = desk.accept(request).await;

    assert_eq!((accepted.category.as_str(), accepted.contact), ("enquiry.general", call.contact));
}

#[tokio::test]
async fn each_change_of_a_number_is_told() {
    let desk = Desk::open().await;
    let first = desk.publish_number(number()).await;
    let renamed = PublishedNumber { display_name: "Other".into(), ..first.clone() };
    update(&desk, renamed, &["display_name"]).await.unwrap();
    delete(&desk, &first.name, "").await.unwrap();

    let told: Vec<_> = desk.told().await.into_iter().filter(|event| event.subject == first.name).collect();

    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(types, ["published_number.created", "published_number.updated", "published_number.deleted"]);
    let last: PublishedNumber = told[1].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((last.display_name.as_str(), last.etag.as_str()), ("Other", "2"));
}
