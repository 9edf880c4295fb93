//! The one source of time. Nothing else reads the system clock (`clippy.toml` bans it).
//!
//! Times are whole microseconds, which is what PostgreSQL keeps: an answer given before the commit equals what is read
//! back after it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its hand is moved.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let hand = ManualClock(Arc::new(Mutex::new(whole_micros(start))));
        (Self(Source::Manual(hand.clone())), hand)
    }

    /// Now, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => whole_micros(system_now()),
            Source::Manual(hand) => hand.read(),
        }
    }
}

/// The hand of a manual clock; clones move the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// Puts the clock to `time`, also backwards.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = whole_micros(time);
    }

    /// Moves the clock by `span`; at the ends of time it stays where it is.
    pub fn advance(&self, span: SignedDuration) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = time.checked_add(span).map_or(*time, whole_micros);
    }

    fn read(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

/// Cuts what PostgreSQL would not keep.
#[must_use]
pub fn whole_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_until_it_is_moved() {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let (clock, hand) = Clock::manual(start);

        hand.advance(SignedDuration::from_mins(5));

        assert_eq!(clock.now(), start + SignedDuration::from_mins(5));
    }

    #[test]
    fn time_is_kept_in_whole_microseconds() {
        let (clock, _) = Clock::manual(Timestamp::from_nanosecond(1_234_567_891_234_567_891).unwrap());

        assert_eq!(clock.now().as_nanosecond(), 1_234_567_891_234_567_000);
    }
}
