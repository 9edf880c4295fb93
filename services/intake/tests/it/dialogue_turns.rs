//! A turn is answered once, however often it is sent and whoever sends it (IN-8, IN-14).

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{
        ContinueDialogueRequest, DialogueState, GetDialogueRequest, ListDialogueTurnsRequest,
        StartDialogueRequest,
    },
    type_v1::Channel,
};
use tonic::Code;

use crate::{
    desk::{Desk, START},
    talk::opening,
    wire::{refused, request_id, violations},
};

fn unknown() -> String {
    kexiang_core::id::DialogueId::at(START).name()
}

#[tokio::test]
async fn a_dialogue_begins_once_per_request_id() {
    let desk = Desk::open().await;
    let request = StartDialogueRequest { request_id: request_id(), ..opening() };

    let first = desk.try_start(request.clone()).await.unwrap();
    let again = desk.try_start(request.clone()).await.unwrap();
    let other = StartDialogueRequest { language: "en".to_owned(), ..request };
    let reused = desk.try_start(other).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn the_same_turn_twice_has_the_same_answer_and_sends_one_code() {
    let desk = Desk::open().await;
    let talk = desk.talk().await;
    let request = talk.input("1");

    let first = desk.try_say(request.clone()).await.unwrap();
    let again = desk.try_say(request).await.unwrap();

    assert_eq!(first, again);
    assert_eq!(desk.lease().await.len(), 1);
}

#[tokio::test]
async fn an_old_turn_repeated_has_its_old_answer_and_another_input_in_it_is_refused() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    let (first, other) = (talk.input("8"), talk.input("4"));
    talk.say("8").await;
    let answer = talk.dialogue.clone();
    talk.say("1").await;

    let repeated = desk.try_say(first).await.unwrap();
    let stale = desk.try_say(other).await.unwrap_err();

    assert_eq!(repeated, answer);
    assert_eq!(refused(&stale), (Code::FailedPrecondition, "TURN_PASSED".to_owned()));
    assert_eq!(desk.dialogue(&talk.dialogue.name).await, talk.dialogue, "nothing moved");
}

#[tokio::test]
async fn of_two_inputs_at_once_one_is_heard() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let talk = desk.talk().await;

    let answers = join_all([desk.try_say(talk.input("8")), desk.try_say(talk.input("4"))]).await;

    let refusals: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(refused).collect();
    assert_eq!(refusals, [(Code::FailedPrecondition, "TURN_PASSED".to_owned())]);
    assert_eq!(desk.dialogue(&talk.dialogue.name).await.turn, 2);
    replica.stop().await;
}

#[tokio::test]
async fn the_same_report_sent_at_once_to_two_replicas_is_one_case() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let mut talk = desk.talk().await;
    talk.say_all(&["8", "3", "多开一个窗口"]).await;
    assert_eq!(talk.dialogue.state(), DialogueState::CaseAccepted);
    let mut report = desk.talk().await;
    report.say_all(&["8", "3"]).await;
    let request = report.input("周末也开门");
    let mut elsewhere = replica.speaker();

    let (here, there) = tokio::join!(desk.try_say(request.clone()), elsewhere.continue_dialogue(request));

    assert_eq!(here.unwrap(), there.unwrap().into_inner());
    assert_eq!(desk.numbers().await, [1, 2]);
    replica.stop().await;
}

#[tokio::test]
async fn a_turn_that_was_heard_before_a_kill_is_answered_when_it_comes_again() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say_all(&["8", "3"]).await;
    // As a kill leaves it: the input is kept, the answer is not.
    let request = talk.input("周末也开门");
    let answer = desk.try_say(request.clone()).await.unwrap();
    let undo = [
        "delete from intake.dialogue_turns where number = 4",
        "update intake.dialogues as d set state = 'OPEN', turn = 3, shown = t.shown, contact_id = null,
             memory = jsonb_set(d.memory, '{stage}', '{\"Gather\": {\"kind\": \"SUGGESTION\", \"field\": \"Matter\", \"matter\": null}}')
         from intake.dialogue_turns as t where t.dialogue_id = d.dialogue_id and t.number = 3",
    ];
    for sql in undo {
        sqlx::query(sql).execute(desk.pool()).await.unwrap();
    }

    let again = desk.try_say(request).await.unwrap();

    assert_eq!((again.case, again.contact), (answer.case, answer.contact), "one case");
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_request_id_is_one_input_and_the_etag_one_step() {
    let desk = Desk::open().await;
    let talk = desk.talk().await;
    let request =
        ContinueDialogueRequest { request_id: request_id(), etag: "1".to_owned(), ..talk.input("8") };
    let first = desk.try_say(request.clone()).await.unwrap();
    let again = desk.try_say(request.clone()).await.unwrap();

    let reused = desk.try_say(ContinueDialogueRequest { turn: 2, input: "1".to_owned(), ..request }).await;
    let stale = ContinueDialogueRequest { turn: 2, etag: "1".to_owned(), ..talk.input("1") };
    let mismatch = desk.try_say(stale).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(refused(&reused.unwrap_err()), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(refused(&mismatch), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let desk = Desk::open().await;
    let talk = desk.talk().await;
    let start = StartDialogueRequest {
        site: "main".to_owned(),
        channel: Channel::Hotline.into(),
        phone: "abc".to_owned(),
        language: "fr".to_owned(),
        request_id: "1".to_owned(),
        ..StartDialogueRequest::default()
    };
    let say = ContinueDialogueRequest {
        name: "dialogues/1".to_owned(),
        turn: 0,
        input: "字".repeat(1_001),
        etag: "x".to_owned(),
        request_id: "1".to_owned(),
    };
    let list = ListDialogueTurnsRequest { dialogue: "x".to_owned(), page_size: -1, ..Default::default() };

    let started = desk.try_start(start).await.unwrap_err();
    let said = desk.try_say(say).await.unwrap_err();
    let listed = desk.speaker().list_dialogue_turns(list).await.unwrap_err();
    let ahead = desk.try_say(ContinueDialogueRequest { turn: 2, ..talk.input("1") }).await.unwrap_err();

    assert_eq!(violations(&started), ["request_id", "site", "channel", "phone", "language"]);
    assert_eq!(violations(&said), ["request_id", "name", "etag", "input", "turn"]);
    assert_eq!(violations(&listed), ["dialogue", "page_size"]);
    assert_eq!(violations(&ahead), ["turn"]);
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let desk = Desk::open().await;
    let nowhere = StartDialogueRequest { site: "sites/nowhere".to_owned(), ..opening() };
    let say = ContinueDialogueRequest { name: unknown(), turn: 1, ..Default::default() };
    let list = ListDialogueTurnsRequest { dialogue: unknown(), ..Default::default() };

    let refusals = [
        desk.try_start(nowhere).await.unwrap_err(),
        desk.try_say(say).await.unwrap_err(),
        desk.speaker().get_dialogue(GetDialogueRequest { name: unknown() }).await.unwrap_err(),
        desk.speaker().list_dialogue_turns(list).await.unwrap_err(),
    ];

    for refusal in refusals {
        assert_eq!(refused(&refusal), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn turns_are_listed_page_by_page_with_all_that_was_said() {
    let desk = Desk::open().await;
    let mut talk = desk.talk().await;
    talk.say_all(&["8", "9", "4"]).await;
    let mut request =
        ListDialogueTurnsRequest { dialogue: talk.dialogue.name.clone(), page_size: 3, ..Default::default() };

    let first = desk.speaker().list_dialogue_turns(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = desk.speaker().list_dialogue_turns(request).await.unwrap().into_inner();

    let turns: Vec<_> = first.turns.iter().chain(&second.turns).collect();
    let said: Vec<_> = turns.iter().map(|turn| (turn.turn, turn.input.as_str())).collect();
    assert_eq!(said, [(1, "8"), (2, "9"), (3, "4"), (4, "")]);
    assert_eq!(turns[3].prompt, talk.prompt());
    assert_eq!(second.next_page_token, "");
}
