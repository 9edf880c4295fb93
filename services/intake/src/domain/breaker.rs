//! Not asking for a while what failed several times in a row: who is down or slow is not waited for at every call.
//!
//! | state | a caller comes | the answer | goes to |
//! |---|---|---|---|
//! | ASKING, n failures in a row | is let through | good | ASKING, 0 |
//! | ASKING, n failures in a row | is let through | failed | ASKING, n + 1; RESTING once that is [`FAILURES`] |
//! | RESTING until t | before t: is sent away | | RESTING until t |
//! | RESTING until t | at t or later: one is let through | | RESTING until now + [`REST`], so that others are sent away |
//! | RESTING | | good | ASKING, 0 |
//! | RESTING | | failed | RESTING until now + [`REST`] |
//!
//! The one who is let through to try may vanish without an answer: that costs another rest and nothing else. A clock that is put
//! back never makes a rest longer than [`REST`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use kexiang_core::Timestamp;

/// Failures in a row until it rests.
pub const FAILURES: u32 = 3;
/// How long it rests.
pub const REST: SignedDuration = SignedDuration::from_secs(5);

/// A breaker, shared by all callers of one process.
#[derive(Debug)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Clone, Copy)]
enum State {
    Asking { failures: u32 },
    Resting { until: Timestamp },
}

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::Asking { failures: 0 }))
    }
}

impl Breaker {
    /// Whether the caller may ask now.
    pub fn lets_through(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        match *state {
            State::Asking { .. } => true,
            State::Resting { until } if now < until && until <= end_of_rest(now) => false,
            State::Resting { .. } => {
                *state = State::Resting { until: end_of_rest(now) };
                true
            }
        }
    }

    /// The answer was good.
    pub fn answered(&self) {
        *self.state() = State::Asking { failures: 0 };
    }

    /// There was no good answer. Whether it rests now and did not before.
    pub fn failed(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let (next, is_news) = match *state {
            State::Asking { failures } if failures + 1 < FAILURES => {
                (State::Asking { failures: failures + 1 }, false)
            }
            State::Asking { .. } => (State::Resting { until: end_of_rest(now) }, true),
            State::Resting { .. } => (State::Resting { until: end_of_rest(now) }, false),
        };
        *state = next;
        is_news
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end_of_rest(now: Timestamp) -> Timestamp {
    now.checked_add(REST).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn resting() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed(at(0));
        }
        breaker
    }

    #[test]
    fn it_rests_after_three_failures_in_a_row_and_not_before() {
        let breaker = Breaker::default();

        let news = [breaker.failed(at(0)), breaker.failed(at(0))];
        breaker.answered();
        let after_an_answer = [breaker.failed(at(0)), breaker.failed(at(0))];
        assert!(breaker.lets_through(at(0)));
        let third = breaker.failed(at(0));

        assert_eq!((news, after_an_answer, third), ([false; 2], [false; 2], true));
        assert!(!breaker.lets_through(at(0)));
    }

    #[test]
    fn after_its_rest_one_tries_and_the_others_wait_for_the_outcome() {
        let breaker = resting();

        assert!(!breaker.lets_through(at(4)));
        assert_eq!([breaker.lets_through(at(5)), breaker.lets_through(at(5))], [true, false]);
        breaker.answered();

        assert!(breaker.lets_through(at(5)));
    }

    #[test]
    fn a_failed_try_rests_again() {
        let breaker = resting();

        assert!(breaker.lets_through(at(5)));
        assert!(!breaker.failed(at(6)), "it rested before");

        assert!(!breaker.lets_through(at(10)));
        assert!(breaker.lets_through(at(11)));
    }

    #[test]
    fn one_who_tried_and_vanished_is_followed_by_another() {
        let breaker = resting();

        assert!(breaker.lets_through(at(5)));

        assert!(!breaker.lets_through(at(9)));
        assert!(breaker.lets_through(at(10)));
    }

    #[test]
    fn a_clock_put_back_does_not_rest_for_years() {
        let breaker = resting();

        assert!(breaker.lets_through(at(-1_000_000)));
    }
}
