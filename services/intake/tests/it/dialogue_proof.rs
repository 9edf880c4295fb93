//! What is personal is told to the one who has the phone (IN-8), and a code is seen by nobody but the adapter that sends it.

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::intake_v1::{
    DialogueState, LeaseMessagesRequest, MessageChannel, StartDialogueRequest,
    message_service_client::MessageServiceClient,
};
use tonic::Code;

use crate::{
    desk::{AGENT, Desk},
    dialogue_answers::known,
    talk::{code_of, opening, other_than},
    wire::{NAME, PHONE_E164, refused},
};

#[tokio::test]
async fn the_right_code_opens_own_data_and_is_told_as_proof() {
    let desk = Desk::open().await;
    desk.customer_records.records.be(known());
    let mut talk = desk.talk().await;

    let asked = talk.say("1").await;
    let answered = talk.prove().await;

    assert!(asked.contains("验证码已发送") && !asked.contains(NAME), "{asked}");
    assert!(answered.contains(NAME), "{answered}");
    assert!(talk.dialogue.proven);
    let types: Vec<_> = desk.told().await.into_iter().map(|event| event.r#type).collect();
    for event_type in ["dialogue.started", "message.created", "message.delivered", "dialogue.proven"] {
        assert_eq!(types.iter().filter(|told| *told == event_type).count(), 1, "{event_type}");
    }
}

#[tokio::test]
async fn wrong_codes_tell_nothing_and_after_three_the_right_one_is_worth_nothing() {
    let desk = Desk::open().await;
    desk.customer_records.records.be(known());
    let mut talk = desk.talk().await;
    talk.say("1").await;
    let code = desk.delivered_code().await;
    let wrong = other_than(&code);

    let first = talk.say(&wrong).await;
    let third = talk.say_all(&[&wrong, &wrong]).await;
    let late = talk.say(&code).await;

    assert!(first.contains("还可尝试2次"), "{first}");
    for prompt in [first, third, late] {
        assert!(!prompt.contains(NAME), "{prompt}");
    }
    assert!(!talk.dialogue.proven);
    let again = talk.say("1").await;
    assert!(again.contains("验证码已发送"), "{again}");
    assert!(talk.prove().await.contains(NAME), "a new code is worth something");
}

#[tokio::test]
async fn a_code_is_over_after_five_minutes() {
    let desk = Desk::open().await;
    desk.customer_records.records.be(known());
    let mut talk = desk.talk().await;
    talk.say("1").await;
    let code = desk.delivered_code().await;

    desk.hand.advance(SignedDuration::from_mins(5));
    let prompt = talk.say(&code).await;

    assert!(prompt.contains("已失效") && !prompt.contains(NAME), "{prompt}");
    assert!(!talk.dialogue.proven);
}

#[tokio::test]
async fn the_fourth_code_of_a_dialogue_is_a_person_instead() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;

    talk.say_all(&["1", "1", "1"]).await;
    let open = talk.dialogue.state();
    talk.say("1").await;

    assert_eq!((open, talk.dialogue.state()), (DialogueState::Open, DialogueState::HandedOver));
    assert_eq!(desk.lease().await.len(), 3);
}

#[tokio::test]
async fn the_sixth_code_of_a_phone_in_an_hour_is_a_person_instead_in_whatever_dialogue() {
    let desk = Desk::open().await;
    for _ in 0..5 {
        desk.talk().await.say("1").await;
    }
    let mut sixth = desk.talk().await;
    sixth.say("1").await;
    let mut other = desk.talk_as(StartDialogueRequest { phone: "13900139000".to_owned(), ..opening() }).await;
    other.say("1").await;
    desk.hand.advance(SignedDuration::from_hours(1));
    let mut later = desk.talk().await;
    later.say("1").await;

    assert_eq!(sixth.dialogue.state(), DialogueState::HandedOver);
    assert_eq!(other.dialogue.state(), DialogueState::Open, "another phone has its own");
    assert_eq!(later.dialogue.state(), DialogueState::Open, "an hour later there are new ones");
}

#[tokio::test]
async fn codes_asked_for_at_once_in_many_dialogues_are_five() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let mut requests = Vec::new();
    for _ in 0..9 {
        requests.push(desk.talk().await.input("1"));
    }

    let here = join_all(requests.iter().step_by(2).map(|request| desk.try_say(request.clone())));
    let there = join_all(requests.iter().skip(1).step_by(2).map(|request| replica.try_say(request.clone())));
    let (here, there) = tokio::join!(here, there);

    let states = here.into_iter().chain(there).map(|answer| answer.unwrap().state());
    let open = states.filter(|state| *state == DialogueState::Open).count();
    assert_eq!((open, desk.lease().await.len()), (5, 5));
    replica.stop().await;
}

#[tokio::test]
async fn a_phone_that_the_channel_does_not_know_is_asked_for_and_another_one_may_be_given() {
    let desk = Desk::open().await;
    let mut talk = desk.talk_as(StartDialogueRequest { phone: String::new(), ..opening() }).await;

    let asked = talk.say("1").await;
    talk.say_all(&["13900139000", "2"]).await;
    desk.hand.advance(SignedDuration::from_secs(1));
    talk.say("138 0013 8000").await;

    assert!(asked.contains("电话号码"), "{asked}");
    let messages = desk.lease().await;
    let recipients: Vec<_> = messages.iter().map(|message| message.recipient.as_str()).collect();
    assert_eq!(recipients, ["+8613900139000", PHONE_E164]);
    talk.say(&code_of(&messages[0])).await;
    assert!(!talk.dialogue.proven, "the code of the other phone proves nothing");
}

/// Everything that is kept anywhere in the schema, as text, but for the bodies of messages.
async fn all_that_is_kept(desk: &Desk) -> String {
    let mut kept = String::new();
    for table in ["dialogues", "dialogue_turns", "event_log", "idempotency_keys", "contacts", "cases"] {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from intake.{table} as t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(desk.pool()).await.unwrap();
        kept.push_str(&text);
    }
    kept
}

#[tokio::test]
async fn a_code_stands_nowhere_but_in_the_message_and_is_wiped_from_there() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say("1").await;
    let message = desk.lease().await.remove(0);
    let code = code_of(&message);
    // The caller says it where it is not asked for too.
    talk.say_all(&["9", &code, "3", "9"]).await;
    talk.say_all(&["1", &code, "9"]).await;
    talk.say(&format!("验证码是{code}吗")).await;
    desk.try_report_message(&message, "").await.unwrap();

    let kept = all_that_is_kept(&desk).await;

    // Six digits within an id are none.
    let mut words = kept.split(|character: char| !character.is_ascii_alphanumeric());
    assert!(!words.any(|word| word == code), "a code is kept");
    let inputs: Vec<_> = talk.turns().await.into_iter().map(|turn| turn.input).collect();
    assert_eq!(inputs.iter().filter(|input| *input == "******").count(), 2, "{inputs:?}");
    let bodies: i64 =
        sqlx::query_scalar("select count(*) from intake.outbound_messages where body like '%' || $1 || '%'")
            .bind(&code)
            .fetch_one(desk.pool())
            .await
            .unwrap();
    assert_eq!(bodies, 0);
}

#[tokio::test]
async fn nobody_but_a_service_gets_messages() {
    let desk = Desk::open().await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Service) {
        let bearer = desk.bearer_with(AGENT, &[role]);
        let mut client = MessageServiceClient::with_interceptor(desk.channel.clone(), bearer);
        let request = LeaseMessagesRequest { channel: MessageChannel::Sms.into(), ..Default::default() };

        let refusal = client.lease_messages(request).await.unwrap_err();

        assert_eq!(refused(&refusal), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()), "{role}");
    }
}
