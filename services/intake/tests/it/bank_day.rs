//! One real day of a bank's call center, replayed shuffled and with repetitions: what intake says of it equals a recount of
//! the file (IN-3, IN-4, IN-5). Skipped where the file is not there.

use std::{collections::BTreeSet, path::Path};

use jiff::SignedDuration;
use kexiang_core::Timestamp;
use kexiang_proto::intake_v1::{
    AgentState, CallEvent, CallEventKind, CallOutcome, ListCallsRequest, report_call_events_response::Outcome,
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::{Desk, START},
    telephony::{count, report},
    wire::MAIN,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bank_calls_one_day.csv");
/// Seconds after which a time of day that seems to lie before another is of the next day.
const HALF_DAY: i64 = 12 * 3600;
/// Instants at which the load is compared.
const INSTANTS: i64 = 300;

/// A call of the file, in seconds of its day.
#[derive(Debug)]
struct Row {
    entry: i64,
    /// Start and end of the queue, for those who queued.
    queue: Option<(i64, i64)>,
    /// Who served, from when to when.
    served: Option<(String, i64, i64)>,
    /// When it was over.
    end: i64,
}

fn seconds(time: &str) -> i64 {
    time.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
}

/// The same time on the day on which it is not long before `earlier`.
fn after(earlier: i64, time: i64) -> i64 {
    if time + HALF_DAY < earlier { time + 24 * 3600 } else { time }
}

fn read(line: &str) -> Row {
    let cells: Vec<&str> = line.trim().split(',').collect();
    let entry = seconds(cells[3]);
    let menu_end = after(entry, seconds(cells[4]));
    let queued = cells[6] != cells[7] || cells[6] != "0:00:00";
    let queue = queued.then(|| {
        let start = after(menu_end, seconds(cells[6]));
        (start, after(start, seconds(cells[7])))
    });
    let left = queue.map_or(menu_end, |(_, exit)| exit);
    let served = (cells[9] == "AGENT").then(|| {
        let exit = after(left, seconds(cells[11]));
        // Clocks of queue and desk differ by seconds: nobody talks before leaving the queue, or after the end.
        let start = after(left, seconds(cells[10])).max(left).min(exit.max(left));
        (format!("bank.{}", cells[13].to_lowercase()), start, exit.max(left))
    });
    // The clock of the menu differs too: a few calls leave it before they came in.
    let entry = entry.min(left).min(queue.map_or(left, |(start, _)| start));
    let end = served.as_ref().map_or(left, |(_, _, exit)| *exit);
    Row { entry, queue, served, end }
}

fn day() -> Timestamp {
    START - SignedDuration::from_hours(48)
}

fn instant(second: i64) -> Timestamp {
    day() + SignedDuration::from_secs(second)
}

fn events(nr: usize, row: &Row) -> Vec<CallEvent> {
    let event = |kind: CallEventKind, second: i64, agent: &str| CallEvent {
        event_id: format!("{nr}-{}", kind.as_str_name()),
        call_id: format!("call-{nr}"),
        kind: kind.into(),
        event_time: Some(to_wire(instant(second))),
        agent: if agent.is_empty() { String::new() } else { format!("agents/{agent}") },
        ..CallEvent::default()
    };
    let mut events = vec![event(CallEventKind::Offered, row.entry, "")];
    events.extend(row.queue.map(|(start, _)| event(CallEventKind::Queued, start, "")));
    match (&row.served, row.queue) {
        (Some((agent, start, exit)), queue) => {
            events.extend(queue.map(|(_, left)| event(CallEventKind::Ringing, left, agent)));
            events.push(event(CallEventKind::Answered, *start, agent));
            events.push(event(CallEventKind::Ended, *exit, ""));
            events.push(event(CallEventKind::WrappedUp, *exit, agent));
        }
        (None, _) => events.push(event(CallEventKind::Abandoned, row.end, "")),
    }
    events
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// All events, every third twice, in disorder.
fn disordered(rows: &[Row], dice: &mut Dice) -> Vec<CallEvent> {
    let once: Vec<_> = rows.iter().enumerate().flat_map(|(nr, row)| events(nr, row)).collect();
    let twice = once.iter().step_by(3).cloned().collect::<Vec<_>>();
    let mut all: Vec<_> = once.into_iter().chain(twice).collect();
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last + 1));
    }
    all
}

/// How many calls wait and how many agents talk, counted in the file.
fn recount(rows: &[Row], second: i64) -> (usize, usize) {
    let within = |from: i64, until: i64| from <= second && second < until;
    let waiting = rows.iter().filter(|row| row.queue.is_some_and(|(start, exit)| within(start, exit)));
    let talking =
        rows.iter().filter_map(|row| row.served.as_ref().filter(|served| within(served.1, served.2)));
    let agents: BTreeSet<&str> = talking.map(|served| served.0.as_str()).collect();
    (waiting.count(), agents.len())
}

#[tokio::test]
async fn a_real_day_in_disorder_equals_its_recount() {
    if !Path::new(FILE).exists() {
        println!("skipped: there is no {FILE}");
        return;
    }
    let rows: Vec<Row> = std::fs::read_to_string(FILE).unwrap().lines().skip(1).map(read).collect();
    let desk = Desk::open().await;
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);

    let told = disordered(&rows, &mut dice);
    let mut accepted = 0;
    for batch in told.chunks(1_000) {
        let results = desk.try_report(report(batch.to_vec())).await.unwrap();
        assert!(results.iter().all(|result| result.outcome() != Outcome::Refused));
        accepted += results.iter().filter(|result| result.outcome() == Outcome::Accepted).count();
    }

    let events: usize = rows.iter().enumerate().map(|(nr, row)| events(nr, row).len()).sum();
    assert_eq!(accepted, events, "each event is kept once");
    let calls = desk.list(ListCallsRequest { site: MAIN.into(), ..Default::default() }).await;
    assert_eq!(calls.len(), rows.len());
    let with = |outcome: CallOutcome| calls.iter().filter(|call| call.outcome() == outcome).count();
    let served = rows.iter().filter(|row| row.served.is_some()).count();
    assert_eq!((with(CallOutcome::Answered), with(CallOutcome::Abandoned)), (served, rows.len() - served));
    let (mut waited, mut expected) = (0, 0);
    for call in &calls {
        let row = &rows[call.call_id.strip_prefix("call-").unwrap().parse::<usize>().unwrap()];
        let wait = row.queue.map(|(start, exit)| exit - start);
        let measured = call.wait_duration.map(|wait| wait.seconds);
        assert_eq!(measured, wait, "{row:?}");
        assert_eq!(
            call.talk_duration.map(|talk| talk.seconds),
            row.served.as_ref().map(|s| s.2 - s.1),
            "{row:?}"
        );
        assert!(call.anomalies.is_empty(), "{row:?}: {:?}", call.anomalies);
        waited += measured.unwrap_or(0);
        expected += wait.unwrap_or(0);
    }
    assert_eq!(waited, expected);
    let numbers = desk.numbers().await;
    assert_eq!(numbers, (1..=i64::try_from(rows.len()).unwrap()).collect::<Vec<_>>(), "gapless");

    for _ in 0..INSTANTS {
        let second = i64::try_from(dice.below(24 * 3600)).unwrap();
        let load = desk.load(instant(second)).await;
        let found = (load.calls_waiting, count(&load, AgentState::Talking));
        let (waiting, talking) = recount(&rows, second);
        assert_eq!((i64::from(found.0), i64::from(found.1)), (waiting as i64, talking as i64), "at {second}");
    }
}
