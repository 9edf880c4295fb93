//! A message has one adapter at a time, and its body goes when it is sent or of no use any more (IN-8).

use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_proto::intake_v1::{LeaseMessagesRequest, MessageChannel, MessageState};
use tokio::time::timeout;
use tonic::Code;

use crate::{
    desk::{Desk, PATIENCE},
    talk::opening,
    wire::{refused, request_id, violations},
};

/// Makes so many messages wait, each to its own phone.
async fn waiting(desk: &Desk, count: usize) {
    for nr in 0..count {
        let phone = format!("1380013{:04}", 8000 + nr);
        let mut talk =
            desk.talk_as(kexiang_proto::intake_v1::StartDialogueRequest { phone, ..opening() }).await;
        talk.say("1").await;
    }
}

fn lease() -> LeaseMessagesRequest {
    LeaseMessagesRequest { channel: MessageChannel::Sms.into(), ..Default::default() }
}

#[tokio::test]
async fn two_adapters_never_get_the_same_message() {
    let desk = Desk::open().await;
    waiting(&desk, 8).await;
    let mut adapters: Vec<_> = (0..4).map(|_| desk.adapter()).collect();
    let request = LeaseMessagesRequest { max_messages: 3, ..lease() };

    let taken = join_all(adapters.iter_mut().map(|adapter| adapter.lease_messages(request.clone()))).await;

    let mut names: Vec<_> = taken
        .into_iter()
        .flat_map(|taken| taken.unwrap().into_inner().messages)
        .map(|message| message.name)
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "each once");
    assert!(count >= 3);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_given_to_another_and_its_report_is_refused() {
    let desk = Desk::open().await;
    waiting(&desk, 1).await;
    let lost = desk.lease().await.remove(0);
    let nothing = desk.lease().await;
    desk.hand.advance(SignedDuration::from_mins(1));
    let held = desk.lease().await.remove(0);

    let refusal = desk.try_report_message(&lost, "").await.unwrap_err();
    let delivered = desk.try_report_message(&held, "").await.unwrap();
    let twice = desk.try_report_message(&held, "").await.unwrap_err();

    assert!(nothing.is_empty());
    assert_eq!((&lost.name, &lost.body), (&held.name, &held.body));
    assert_eq!(refused(&refusal), (Code::FailedPrecondition, "LEASE_LOST".to_owned()));
    assert_eq!((delivered.state(), delivered.body.as_str()), (MessageState::Delivered, ""));
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "LEASE_LOST".to_owned()));
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_is_wiped_and_told() {
    let desk = Desk::open().await;
    waiting(&desk, 1).await;
    let message = desk.lease().await.remove(0);

    let failed = desk.try_report_message(&message, "NO_SUBSCRIBER").await.unwrap();

    assert_eq!((failed.state(), failed.body.as_str()), (MessageState::Failed, ""));
    assert!(desk.told().await.iter().any(|event| event.r#type == "message.failed"));
}

#[tokio::test]
async fn what_nobody_sends_expires_and_is_wiped() {
    let desk = Desk::open().await;
    waiting(&desk, 2).await;
    desk.lease().await;

    desk.hand.advance(SignedDuration::from_mins(5));

    assert!(desk.lease().await.is_empty(), "of no use any more");
    let wiped = async {
        let left = "select count(*) from intake.outbound_messages where body is not null";
        while sqlx::query_scalar::<_, i64>(left).fetch_one(desk.pool()).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wiped).await.expect("the bodies are wiped");
    let told = desk.told().await;
    assert_eq!(told.iter().filter(|event| event.r#type == "message.expired").count(), 2);
}

#[tokio::test]
async fn a_repeated_lease_gives_the_same_messages() {
    let desk = Desk::open().await;
    waiting(&desk, 2).await;
    let request = LeaseMessagesRequest { max_messages: 1, request_id: request_id(), ..lease() };

    let first = desk.adapter().lease_messages(request.clone()).await.unwrap().into_inner();
    let again = desk.adapter().lease_messages(request).await.unwrap().into_inner();

    assert_eq!(first.messages.len(), 1);
    assert_eq!(first, again);
}

#[tokio::test]
async fn bad_leases_and_reports_are_refused_with_all_that_is_wrong() {
    let desk = Desk::open().await;
    let bad_lease =
        LeaseMessagesRequest { max_messages: 101, request_id: "1".to_owned(), ..Default::default() };
    let bad_report = kexiang_proto::intake_v1::ReportMessageDeliveryRequest {
        message: "x".to_owned(),
        lease: "x".to_owned(),
        failure: "f".repeat(201),
        request_id: "1".to_owned(),
    };

    let leased = desk.adapter().lease_messages(bad_lease).await.unwrap_err();
    let reported = desk.adapter().report_message_delivery(bad_report).await.unwrap_err();

    assert_eq!(violations(&leased), ["request_id", "channel", "max_messages"]);
    assert_eq!(violations(&reported), ["request_id", "message", "lease", "failure"]);
}
