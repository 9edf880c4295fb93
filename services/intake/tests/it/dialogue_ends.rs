//! How dialogues end: with a person who knows all that was said, or in silence; and each is a contact in the register (IN-3, IN-4, IN-8).

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        DialogueFacts, DialogueState, Handling, StartDialogueRequest,
        dialogue_service_client::DialogueServiceClient,
    },
    type_v1::Kind,
};
use tokio::time::timeout;
use tonic::Code;

use crate::{
    desk::{AGENT, Desk, PATIENCE},
    talk::opening,
    wire::{PHONE_E164, refused, request_id},
};

/// Waits until the dialogue is a contact.
async fn registered(desk: &Desk, name: &str) {
    let reached = async {
        while desk.dialogue(name).await.contact.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the dialogue is registered");
}

#[tokio::test]
async fn a_person_gets_everything_that_was_said() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say_all(&["4", "我的发票丢了"]).await;
    assert_eq!(talk.dialogue.state(), DialogueState::HandedOver, "nothing is found");

    let case = desk.case(&talk.dialogue.case).await;

    assert_eq!((case.handling(), case.kind()), (Handling::Desk, Kind::Consultation));
    assert_eq!(case.title, "我的发票丢了");
    let lines: Vec<_> = case.description.lines().collect();
    assert_eq!(lines[0], "自助服务：您好，这里是客户响应中心。");
    assert_eq!(lines.last().unwrap(), &"来电人：我的发票丢了");
    assert!(talk.prompt().contains(&case.number), "{}", talk.prompt());
    let contact = desk.contact(&talk.dialogue.contact).await;
    assert_eq!((contact.need.as_str(), contact.caller.unwrap().phone.as_str()), ("我的发票丢了", PHONE_E164));
}

#[tokio::test]
async fn two_inputs_that_fit_nothing_lead_to_a_person() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;

    let first = talk.say("##").await;
    talk.say("").await;

    assert!(first.contains("没有听清"), "{first}");
    assert_eq!(talk.dialogue.state(), DialogueState::HandedOver);
    let contact = desk.contact(&talk.dialogue.contact).await;
    assert_eq!(contact.need, "未说明来意");
}

#[tokio::test]
async fn handing_over_is_done_once_and_an_ended_dialogue_takes_nothing_more() {
    let desk = Desk::open().await;
    let talk = desk.talk().await;
    let id = request_id();

    let handed = talk.try_hand_over(&id).await.unwrap();
    let again = talk.try_hand_over(&id).await.unwrap();
    let other = talk.try_hand_over("").await.unwrap_err();
    let mut over = desk.talk().await;
    over.dialogue = handed.clone();
    let said = desk.try_say(over.input("1")).await.unwrap_err();

    assert_eq!(handed, again);
    assert_eq!(handed.state(), DialogueState::HandedOver);
    for refusal in [other, said] {
        assert_eq!(refused(&refusal), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_dialogue_in_silence_is_abandoned_after_ten_minutes_and_is_one_contact() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let mut talks = Vec::new();
    for _ in 0..4 {
        let mut talk = desk.talk().await;
        talk.say("4").await;
        talks.push(talk);
    }
    desk.hand.advance(SignedDuration::from_mins(9));
    replica.hand.advance(SignedDuration::from_mins(9));
    let mut lively = desk.talk().await;
    lively.say("4").await;

    desk.hand.advance(SignedDuration::from_mins(1));
    replica.hand.advance(SignedDuration::from_mins(1));
    for talk in &talks {
        registered(&desk, &talk.dialogue.name).await;
    }
    replica.stop().await;

    for talk in &talks {
        let dialogue = desk.dialogue(&talk.dialogue.name).await;
        assert_eq!(dialogue.state(), DialogueState::Abandoned);
        assert_eq!(desk.contact(&dialogue.contact).await.need, "政策 / policies");
        let refusal = desk.try_say(talk.input("退费")).await.unwrap_err();
        assert_eq!(refused(&refusal), (Code::FailedPrecondition, "TURN_PASSED".to_owned()));
    }
    assert_eq!(desk.dialogue(&lively.dialogue.name).await.state(), DialogueState::Open);
    assert_eq!(desk.numbers().await, [1, 2, 3, 4]);
    let told = desk.told().await;
    assert_eq!(told.iter().filter(|event| event.r#type == "dialogue.abandoned").count(), 4);
}

#[tokio::test]
async fn the_worker_goes_on_with_what_was_heard_and_never_answered() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say("8").await;
    sqlx::query("update intake.dialogue_turns set input = '0', input_hash = '\\x00', input_at = prompt_at where number = 2")
        .execute(desk.pool())
        .await
        .unwrap();

    desk.hand.advance(SignedDuration::from_mins(10));
    registered(&desk, &talk.dialogue.name).await;

    let dialogue = desk.dialogue(&talk.dialogue.name).await;
    assert_eq!(dialogue.state(), DialogueState::HandedOver);
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn each_end_is_told_with_ids_and_codes_alone() {
    let desk = Desk::open().await;
    let mut handed = desk.talk_as(StartDialogueRequest { language: "en".to_owned(), ..opening() }).await;
    handed.say("Zhao's lost invoice").await;
    let mut reported = desk.talk().await;
    reported.say_all(&["8", "3", "周末也开门"]).await;

    let events = desk.told().await;

    let of = |name: &str| events.iter().filter(|event| event.subject == name).collect::<Vec<_>>();
    let types: Vec<_> = of(&handed.dialogue.name).iter().map(|event| event.r#type.clone()).collect();
    assert_eq!(types, ["dialogue.started", "dialogue.handed_over"]);
    let last = of(&reported.dialogue.name).pop().unwrap();
    assert_eq!(last.r#type, "dialogue.case_accepted");
    let facts: DialogueFacts = last.data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(
        (facts.case, facts.contact),
        (reported.dialogue.case.clone(), reported.dialogue.contact.clone())
    );
    let log: String = sqlx::query_scalar("select string_agg(data::text, ' ') from intake.event_log")
        .fetch_one(desk.pool())
        .await
        .unwrap();
    for personal in ["invoice", "周末", "13800138000"] {
        assert!(!log.contains(personal), "{personal} is told");
    }
}

#[tokio::test]
async fn who_does_not_talk_with_customers_reads_no_dialogue() {
    let desk = Desk::open().await;
    let allowed = [Role::Agent, Role::Supervisor, Role::Administrator, Role::Service];
    for role in Role::ALL {
        let bearer = desk.bearer_with(AGENT, &[role]);
        let mut client = DialogueServiceClient::with_interceptor(desk.channel.clone(), bearer);

        let answer = client.start_dialogue(opening()).await;

        let denied = answer.is_err_and(|status| status.code() == Code::PermissionDenied);
        assert_eq!(denied, !allowed.contains(&role), "{role}");
    }
}

#[tokio::test]
async fn a_front_end_that_saw_an_older_step_does_not_hand_over() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say("4").await;
    let request = kexiang_proto::intake_v1::HandOverDialogueRequest {
        name: talk.dialogue.name.clone(),
        etag: "1".to_owned(),
        ..Default::default()
    };

    let refusal = desk.speaker().hand_over_dialogue(request).await.unwrap_err();

    assert_eq!(refused(&refusal), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(desk.dialogue(&talk.dialogue.name).await.state(), DialogueState::Open);
}
