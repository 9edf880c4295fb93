//! Periods of days: how ownership is counted.
//!
//! A period of n days from something ends with the n-th day after the day on which it happened, at 24:00, in the time zone of the
//! site. The day itself is not counted and the last day counts whole: Art. 201 and 203 of the Civil Code of the PRC (期间的计算).
//! The rule of Art. 203 that a last day on a holiday moves to the next working day is left out: customers are followed up on
//! holidays too. Days are civil days, so a day of 23 or 25 hours is one day.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

/// When a period of `days` from `from` is over: the first moment that is not in it. At the end of time it stays there.
#[must_use]
pub fn end_of(from: Timestamp, days: i32, zone: &TimeZone) -> Timestamp {
    start_of(day_after(from.to_zoned(zone.clone()).date(), i64::from(days) + 1), zone)
}

/// When the end of a period is announced: the beginning of the day `days` days before its last day ends.
#[must_use]
pub fn announced(until: Timestamp, days: i32, zone: &TimeZone) -> Timestamp {
    let end = until.to_zoned(zone.clone());
    let days_before = end.datetime().checked_sub(Span::new().days(days));
    days_before.and_then(|at| at.to_zoned(zone.clone())).map_or(until, |at| at.timestamp()).min(until)
}

/// Until when the previous owner can't claim a customer whose ownership ended at `ended_at`; at once when there are no days.
#[must_use]
pub fn cooled_off(ended_at: Timestamp, days: i32, zone: &TimeZone) -> Timestamp {
    if days == 0 { ended_at } else { end_of(ended_at, days, zone) }
}

/// The day that `at` is on, as its first moment and the first moment after it.
#[must_use]
pub fn day_of(at: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let day = at.to_zoned(zone.clone()).date();
    (start_of(day, zone), start_of(day_after(day, 1), zone))
}

fn day_after(day: Date, days: i64) -> Date {
    Span::new().try_days(days).and_then(|days| day.checked_add(days)).unwrap_or(Date::MAX)
}

fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn thirty_days_end_with_the_thirtieth_day_after_the_day_it_happened() {
        let end = end_of(at("2026-11-22T08:00:00+08:00"), 30, &shanghai());

        assert_eq!(end, at("2026-12-23T00:00:00+08:00"), "22 December is the last day");
        assert_eq!(end_of(at("2026-11-22T23:59:59+08:00"), 30, &shanghai()), end);
        assert_eq!(end_of(at("2026-11-23T00:00:00+08:00"), 30, &shanghai()), at("2026-12-24T00:00:00+08:00"));
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let late = at("2026-11-22T20:00:00Z");

        assert_eq!(end_of(late, 1, &shanghai()), at("2026-11-25T00:00:00+08:00"));
        assert_eq!(end_of(late, 1, &TimeZone::UTC), at("2026-11-24T00:00:00Z"));
    }

    #[test]
    fn a_day_with_a_change_of_the_clock_is_one_day() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();

        assert_eq!(end_of(at("2026-03-28T10:00:00+01:00"), 1, &berlin), at("2026-03-30T00:00:00+02:00"));
        let (start, end) = day_of(at("2026-03-29T10:00:00+02:00"), &berlin);
        assert_eq!(end.duration_since(start).as_hours(), 23);
    }

    #[test]
    fn an_end_is_announced_days_before_and_never_after() {
        let until = at("2026-12-23T00:00:00+08:00");

        assert_eq!(announced(until, 3, &shanghai()), at("2026-12-20T00:00:00+08:00"));
        assert_eq!(announced(until, 0, &shanghai()), until);
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        assert_eq!(end_of(at("9999-12-29T00:00:00Z"), 3_650, &TimeZone::UTC), Timestamp::MAX);
    }
}
