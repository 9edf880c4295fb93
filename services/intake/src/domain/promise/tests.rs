//! Random commands and moves of the clock, beside a reference that knows only times (IN-12).

use jiff::SignedDuration;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;

const RULE: EscalationRule = EscalationRule { lead_minutes: 15, share_percent: 20 };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn agent(name: &str) -> AgentId {
    AgentId::parse(name).unwrap()
}

fn made(due_after: i64) -> Promise {
    let new = NewPromise {
        case: CaseId::at(at(0)),
        kind: PromiseKind::Callback,
        due_at: at(due_after),
        owner: agent("li.na"),
        note: None,
    };
    new.make(PromiseId::at(at(0)), SiteId::parse("main").unwrap(), Actor::Agent(agent("li.na")), RULE, at(0))
}

/// What happens at a time: commands by their parameters, or a visit of the timer.
#[derive(Debug, Clone)]
enum Step {
    Timer,
    Keep { contacted_before: i64 },
    Reassign { to: u8 },
    Reschedule { due_after: i64 },
    Withdraw,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|_| Step::Timer),
        1 => (-5..4_000_i64).prop_map(|contacted_before| Step::Keep { contacted_before }),
        2 => (0..3_u8).prop_map(|to| Step::Reassign { to }),
        2 => (-60..9_000_i64).prop_map(|due_after| Step::Reschedule { due_after }),
        1 => any::<bool>().prop_map(|_| Step::Withdraw),
    ]
}

/// The reference: it never hears of timers, and tells what must be true from due times alone.
#[derive(Debug)]
struct Reference {
    due: i64,
    set_at: i64,
    owner: u8,
    end: Option<(PromiseState, i64)>,
    missed: bool,
    alarms: Vec<(&'static str, i64)>,
    told: usize,
}

impl Reference {
    fn due_soon(&self) -> i64 {
        // Whole seconds are enough here: spans of the test are multiples of five seconds.
        self.due - ((self.due - self.set_at) / 5).min(15 * 60)
    }

    fn pass(&mut self, now: i64) {
        if self.end.is_some() {
            return;
        }
        for alarm in [("promise.due_soon", self.due_soon()), ("promise.missed", self.due)] {
            if alarm.1 <= now && !self.alarms[self.told..].contains(&alarm) {
                self.alarms.push(alarm);
            }
        }
        self.missed = self.due <= now;
    }

    fn state(&self) -> PromiseState {
        match self.end {
            Some((end, _)) => end,
            None if self.missed => PromiseState::Missed,
            None => PromiseState::Open,
        }
    }

    /// Whether the step is allowed at `now`; if so it is done.
    fn step(&mut self, step: &Step, now: i64) -> bool {
        let waiting = self.end.is_none();
        match *step {
            Step::Timer => true,
            Step::Keep { contacted_before } => {
                let contacted = (now - contacted_before).min(now);
                let allowed = waiting && contacted >= 0;
                let end = if self.missed { PromiseState::KeptLate } else { PromiseState::Kept };
                self.end = if allowed { Some((end, contacted)) } else { self.end };
                allowed
            }
            Step::Reassign { to } => {
                let allowed = waiting && to != self.owner;
                self.owner = if allowed { to } else { self.owner };
                allowed
            }
            Step::Reschedule { due_after } => {
                let due = now + due_after / 5 * 5;
                let allowed = waiting && !self.missed && due > now;
                if allowed {
                    (self.due, self.set_at, self.told) = (due, now, self.alarms.len());
                }
                allowed
            }
            Step::Withdraw => {
                self.end = if waiting { Some((PromiseState::Withdrawn, now)) } else { self.end };
                waiting
            }
        }
    }
}

fn owner(nr: u8) -> AgentId {
    agent(["li.na", "wang.wei", "zhao.lei"][usize::from(nr)])
}

fn command(step: &Step, now: i64) -> Option<Command> {
    let reason = || "asked".to_owned();
    match *step {
        Step::Timer => None,
        Step::Keep { contacted_before } => {
            Some(Command::Keep { contacted_at: Some(at(now - contacted_before)), note: None })
        }
        Step::Reassign { to } => Some(Command::Reassign { owner: owner(to), reason: reason() }),
        Step::Reschedule { due_after } => {
            Some(Command::Reschedule { due_at: at(now + due_after / 5 * 5), reason: reason() })
        }
        Step::Withdraw => Some(Command::Withdraw { reason: reason() }),
    }
}

proptest! {
    #[test]
    fn whenever_timers_come_a_promise_is_what_its_times_say(
        due_after in (1..2_000_i64).prop_map(|fifth| fifth * 5),
        history in proptest::collection::vec((0..3_000_i64, steps()), 0..40),
    ) {
        let mut promise = made(due_after);
        let mut reference = Reference {
            due: due_after, set_at: 0, owner: 0, end: None, missed: false, alarms: Vec::new(), told: 0,
        };
        let mut alarms = Vec::new();
        let mut now = 0;
        for (wait, step) in history {
            // Multiples of five seconds, so that a fifth of every span is whole.
            now += wait / 5 * 5;
            let version = promise.version;
            let rung = promise.advance(at(now));
            prop_assert_eq!(promise.version, version + i64::try_from(rung.len()).unwrap());
            prop_assert!(promise.advance(at(now)).is_empty(), "told once");
            for alarm in &rung {
                let late = at(now).as_second() - alarm.at.as_second() > 60;
                prop_assert_eq!(alarm.facts.late, late);
                prop_assert_eq!(alarm.facts.escalation_role.as_deref(), Some("supervisor"));
            }
            alarms.extend(rung.into_iter().map(|alarm| (alarm.event_type, alarm.at.as_second() - at(0).as_second())));
            reference.pass(now);
            let before = promise.clone();
            let by = Actor::Agent(agent("li.na"));
            let done = command(&step, now).is_none_or(|command| promise.apply(&command, &by, RULE, at(now)).is_ok());
            prop_assert_eq!(done, reference.step(&step, now), "{:?} at {}", step, now);
            if !done {
                prop_assert_eq!(&promise, &before, "a refused command changes nothing");
            }
            prop_assert_eq!(promise.state, reference.state());
            prop_assert_eq!(promise.due_at, at(reference.due));
            prop_assert_eq!(&promise.owner, &owner(reference.owner));
            prop_assert_eq!(promise.missed_at.is_some(), reference.missed);
            prop_assert_eq!(&alarms, &reference.alarms);
            prop_assert_eq!(promise.fires_at().is_some(), promise.state == PromiseState::Open);
            if let Some((PromiseState::Kept | PromiseState::KeptLate, contacted)) = reference.end {
                prop_assert_eq!(promise.lateness_seconds(), (contacted - reference.due).max(0));
            }
        }
    }
}

#[test]
fn a_promise_is_due_soon_a_quarter_of_an_hour_before_or_at_the_last_fifth_of_a_short_one() {
    let long = RULE.due_soon_at(at(0), at(3 * 3600));
    let short = RULE.due_soon_at(at(0), at(600));

    assert_eq!(long, at(3 * 3600) - SignedDuration::from_mins(15));
    assert_eq!(short, at(600) - SignedDuration::from_mins(2));
}

#[test]
fn what_is_recorded_after_its_due_time_is_late_however_early_the_customer_was_called() {
    let mut promise = made(600);

    promise.advance(at(700));
    let keep = Command::Keep { contacted_at: Some(at(500)), note: None };
    promise.apply(&keep, &Actor::Agent(agent("li.na")), RULE, at(700)).unwrap();

    assert_eq!((promise.state, promise.lateness_seconds()), (PromiseState::KeptLate, 0));
}

#[test]
fn times_at_the_ends_of_time_do_not_overflow() {
    let due = RULE.due_soon_at(Timestamp::MIN, Timestamp::MAX);

    assert!(due < Timestamp::MAX);
}
