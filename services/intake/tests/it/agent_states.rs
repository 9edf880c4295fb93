//! What agents do, second by second: what they say, what their calls imply, also out of order (IN-4, IN-5).

use jiff::SignedDuration;
use kexiang_proto::intake_v1::{
    AgentState, AgentStateInterval, AwayReason, CallEventKind, GetDeskLoadRequest, ListAgentStatesRequest,
    SetAgentStateRequest,
};
use kexiang_rpc::time::to_wire;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START},
    telephony::{ANSWERER, answered, at, count, event},
    wire::{MAIN, refused, request_id, violations},
};

const LI_NA: &str = "li.na";
const REASONS: [AwayReason; 2] = [AwayReason::Break, AwayReason::OtherDuty];

async fn say(desk: &Desk, agent: &str, request: SetAgentStateRequest) -> Result<AgentStateInterval, Status> {
    desk.desks(agent).set_agent_state(request).await.map(tonic::Response::into_inner)
}

fn said(state: AgentState, reason: AwayReason) -> SetAgentStateRequest {
    SetAgentStateRequest {
        site: MAIN.into(),
        state: state.into(),
        away_reason: reason.into(),
        request_id: String::new(),
    }
}

fn available() -> SetAgentStateRequest {
    said(AgentState::Available, AwayReason::Unspecified)
}

/// States with their starts, in seconds since the stories began.
fn starts(intervals: &[AgentStateInterval]) -> Vec<(AgentState, i64)> {
    let start = |interval: &AgentStateInterval| interval.start_time.unwrap().seconds - START.as_second();
    intervals.iter().map(|interval| (interval.state(), start(interval))).collect()
}

fn assert_seamless(intervals: &[AgentStateInterval]) {
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].end_time, pair[1].start_time);
    }
}

#[tokio::test]
async fn what_an_agent_says_lasts_until_they_say_something_else() {
    let desk = Desk::open().await;
    let first = say(&desk, LI_NA, available()).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(60));
    let still = say(&desk, LI_NA, available()).await.unwrap();
    say(&desk, LI_NA, said(AgentState::Away, AwayReason::Training)).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(40));
    say(&desk, LI_NA, said(AgentState::SignedOut, AwayReason::Unspecified)).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(100));

    let intervals = desk.states(ANSWERER, at(-10), at(1_000)).await;

    use AgentState::{Available, Away, SignedOut};
    assert_eq!(first, still);
    assert_eq!(starts(&intervals), [(SignedOut, -10), (Available, 0), (Away, 60), (SignedOut, 100)]);
    assert_seamless(&intervals);
    assert_eq!(intervals[2].away_reason(), AwayReason::Training);
    assert_eq!((intervals[0].site.as_str(), intervals[1].site.as_str()), ("", MAIN));
    assert_eq!(intervals[3].end_time, Some(to_wire(at(200))), "cut at now");
}

#[tokio::test]
async fn calls_cover_what_the_agent_said_in_whatever_order_their_events_come() {
    let desk = Desk::open().await;
    say(&desk, LI_NA, available()).await.unwrap();
    desk.hand.advance(SignedDuration::from_hours(1));
    let mut events = answered("c1", 100);
    let second = answered("c2", 1_000);
    events.extend(second);
    events.reverse();

    for event in events {
        desk.report(vec![event]).await;
        assert_seamless(&desk.states(ANSWERER, at(0), at(3_000)).await);
    }

    let intervals = desk.states(ANSWERER, at(0), at(3_000)).await;
    use AgentState::{Available, Ringing, Talking, WrapUp};
    let expected = [
        (Available, 0),
        (Ringing, 125),
        (Talking, 131),
        (WrapUp, 191),
        (Available, 221),
        (Ringing, 1_025),
        (Talking, 1_031),
        (WrapUp, 1_091),
        (Available, 1_121),
    ];
    assert_eq!(starts(&intervals), expected);
    assert!(intervals[2].call.starts_with("calls/"));
    let part = desk.states(ANSWERER, at(150), at(200)).await;
    assert_eq!(starts(&part), [(Talking, 150), (WrapUp, 191)]);
}

#[tokio::test]
async fn a_call_whose_end_was_never_reported_holds_the_agent_until_their_next_act() {
    let desk = Desk::open().await;
    say(&desk, LI_NA, available()).await.unwrap();
    desk.hand.advance(SignedDuration::from_hours(1));
    desk.report(vec![event("1", "lost", CallEventKind::Answered, 10)]).await;
    desk.report(answered("c2", 500)).await;

    let intervals = desk.states(ANSWERER, at(0), at(2_000)).await;
    let later = desk.states(ANSWERER, at(700), at(800)).await;

    use AgentState::{Available, Ringing, Talking, WrapUp};
    let expected =
        [(Available, 0), (Talking, 10), (Ringing, 525), (Talking, 531), (WrapUp, 591), (Available, 621)];
    assert_eq!(starts(&intervals), expected);
    assert_eq!(starts(&later), [(Available, 700)], "a part shows the same as the whole");
}

#[tokio::test]
async fn the_load_of_a_desk_is_known_at_any_instant_of_the_past() {
    let desk = Desk::open().await;
    say(&desk, LI_NA, available()).await.unwrap();
    say(&desk, "wang.wei", said(AgentState::Away, AwayReason::Break)).await.unwrap();
    desk.hand.advance(SignedDuration::from_hours(30));
    let waiting = |id: &str, second| event(id, id, CallEventKind::Queued, second);
    desk.report(answered("c1", 100)).await;
    desk.report(vec![waiting("q1", 110), waiting("q2", 120)]).await;

    let waits = async |second| desk.load(at(second)).await.calls_waiting;
    use AgentState::{Available, Away, Talking};
    assert_eq!((waits(104).await, waits(105).await, waits(112).await), (0, 1, 2));
    assert_eq!((waits(125).await, waits(124).await), (2, 3));
    assert_eq!(waits(24 * 3600 + 115).await, 1, "who waits a day without a sign of life waits no more");
    let talking = desk.load(at(140)).await;
    assert_eq!((count(&talking, Talking), count(&talking, Available), count(&talking, Away)), (1, 0, 1));
    let after = desk.load(at(221)).await;
    assert_eq!((count(&after, Talking), count(&after, Available)), (0, 1));
    assert_eq!(desk.load(at(-1)).await.agents, []);
}

#[tokio::test]
async fn the_agents_of_a_site_are_listed_page_by_page() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    for agent in ["a", "b"] {
        say(&desk, agent, available()).await.unwrap();
    }
    say(&desk, "c", SetAgentStateRequest { site: east, ..available() }).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(100));
    let mut request = ListAgentStatesRequest {
        site: MAIN.into(),
        from_time: Some(to_wire(at(-10))),
        until_time: Some(to_wire(at(50))),
        page_size: 3,
        ..Default::default()
    };

    let first = desk.desks("boss").list_agent_states(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = desk.desks("boss").list_agent_states(request).await.unwrap().into_inner();

    let all: Vec<_> = first.intervals.iter().chain(&second.intervals).collect();
    let agents: Vec<_> = all.iter().map(|interval| interval.agent.as_str()).collect();
    assert_eq!(agents, ["agents/a", "agents/a", "agents/b", "agents/b"]);
    assert_eq!((first.intervals.len(), second.next_page_token.as_str()), (3, ""));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_all_that_is_wrong() {
    let desk = Desk::open().await;
    let nothing = SetAgentStateRequest { request_id: "1".into(), ..Default::default() };

    let of_nothing = say(&desk, LI_NA, nothing).await.unwrap_err();
    let talking = say(&desk, LI_NA, said(AgentState::Talking, AwayReason::Unspecified)).await.unwrap_err();
    let why = say(&desk, LI_NA, said(AgentState::Away, AwayReason::Unspecified)).await.unwrap_err();
    let why_not = say(&desk, LI_NA, said(AgentState::Available, AwayReason::Break)).await.unwrap_err();
    let nowhere = SetAgentStateRequest { site: "sites/nowhere".into(), ..available() };
    let nowhere = say(&desk, LI_NA, nowhere).await.unwrap_err();
    let list = desk.desks("x").list_agent_states(ListAgentStatesRequest::default()).await.unwrap_err();
    let long = ListAgentStatesRequest {
        agent: ANSWERER.into(),
        site: MAIN.into(),
        from_time: Some(to_wire(at(0))),
        until_time: Some(to_wire(at(32 * 24 * 3600))),
        ..Default::default()
    };
    let long = desk.desks("x").list_agent_states(long).await.unwrap_err();
    let future = GetDeskLoadRequest { site: "main".into(), time: Some(to_wire(at(1))) };
    let future = desk.desks("x").get_desk_load(future).await.unwrap_err();

    assert_eq!(violations(&of_nothing), ["request_id", "site", "state"]);
    assert_eq!((violations(&talking), violations(&why)), (vec!["state".into()], vec!["away_reason".into()]));
    assert_eq!(violations(&why_not), ["away_reason"]);
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&list), ["agent", "from_time", "until_time"]);
    assert_eq!(violations(&long), ["site", "until_time"]);
    assert_eq!(violations(&future), ["site", "time"]);
}

#[tokio::test]
async fn a_state_is_set_once_per_request_and_told() {
    let desk = Desk::open().await;
    let request = SetAgentStateRequest { request_id: request_id(), ..available() };
    let first = say(&desk, LI_NA, request.clone()).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(5));
    say(&desk, LI_NA, said(AgentState::Away, AwayReason::Unwell)).await.unwrap();

    let again = say(&desk, LI_NA, request).await.unwrap();

    assert_eq!(again, first);
    let told = desk.told().await;
    let of_agent = told.iter().filter(|event| event.subject == ANSWERER);
    let states: Vec<_> = of_agent
        .map(|event| {
            let facts: AgentStateInterval = event.data.as_ref().unwrap().to_msg().unwrap();
            (event.r#type.as_str(), facts.state())
        })
        .collect();
    assert_eq!(states, [("agent_state.set", AgentState::Available), ("agent_state.set", AgentState::Away)]);
}

#[tokio::test]
async fn many_words_at_once_leave_no_gap_and_no_overlap() {
    let desk = Desk::open().await;
    let replica = desk.replica(8).await;
    for second in 0..8 {
        let one = said(AgentState::Away, REASONS[second % 2]);
        let (first, second) = tokio::join!(say(&desk, LI_NA, one), say(&replica, LI_NA, available()));
        first.unwrap();
        second.unwrap();
        desk.hand.advance(SignedDuration::from_secs(1));
        replica.hand.advance(SignedDuration::from_secs(1));
    }

    let intervals = desk.states(ANSWERER, at(-1), at(100)).await;

    assert_seamless(&intervals);
    let open: i64 = sqlx::query_scalar("select count(*) from intake.desk_spans where until_at is null")
        .fetch_one(desk.pool())
        .await
        .unwrap();
    assert_eq!(open, 1);
}
