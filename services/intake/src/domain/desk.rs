//! What agents do, second by second: what they said of themselves, covered by what their calls imply.
//!
//! # Invariants
//! - [`timeline`] gives intervals that follow each other without gap or overlap, from the start to the end of what was asked.
//! - It is a function of the set of spans: the order in which they were written changes nothing.

use std::collections::BTreeSet;

use kexiang_core::{AgentId, CallId, SiteId, Timestamp, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgentState {
    /// Waits for calls.
    Available,
    /// A call rings.
    Ringing,
    /// Talks.
    Talking,
    /// Has a call on hold.
    Holding,
    /// Works after a call.
    WrapUp,
    /// Takes no calls.
    Away,
    /// Not at work.
    SignedOut,
}

impl AgentState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Available,
        Self::Ringing,
        Self::Talking,
        Self::Holding,
        Self::WrapUp,
        Self::Away,
        Self::SignedOut,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Ringing => "RINGING",
            Self::Talking => "TALKING",
            Self::Holding => "HOLDING",
            Self::WrapUp => "WRAP_UP",
            Self::Away => "AWAY",
            Self::SignedOut => "SIGNED_OUT",
        }
    }

    /// What agents say of themselves; the others follow from calls.
    #[must_use]
    pub const fn is_said(self) -> bool {
        matches!(self, Self::Available | Self::Away | Self::SignedOut)
    }

    /// Which of two at the same time is shown: the higher.
    const fn weight(self) -> u8 {
        match self {
            Self::SignedOut | Self::Away | Self::Available => 0,
            Self::WrapUp => 1,
            Self::Ringing => 2,
            Self::Holding => 3,
            Self::Talking => 4,
        }
    }
}

impl std::str::FromStr for AgentState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why an agent is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AwayReason {
    /// 小休
    Break,
    /// 培训
    Training,
    /// 不适
    Unwell,
    /// 其他工作
    OtherDuty,
    /// 离岗
    Leaving,
}

impl AwayReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Break, Self::Training, Self::Unwell, Self::OtherDuty, Self::Leaving];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Break => "BREAK",
            Self::Training => "TRAINING",
            Self::Unwell => "UNWELL",
            Self::OtherDuty => "OTHER_DUTY",
            Self::Leaving => "LEAVING",
        }
    }
}

impl std::str::FromStr for AwayReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What went on at a desk for a while: an agent's own word, what a call implies for an agent, or a call that waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeskSpan {
    /// Where.
    pub site: SiteId,
    /// Whose; `None` for a waiting call.
    pub agent: Option<AgentId>,
    /// What they do; `None` for a waiting call.
    pub state: Option<AgentState>,
    /// Why, when away.
    pub away_reason: Option<AwayReason>,
    /// The call that implies it.
    pub call: Option<CallId>,
    /// Since.
    pub from: Timestamp,
    /// Until; `None` while it lasts.
    pub until: Option<Timestamp>,
}

impl DeskSpan {
    fn covers(&self, instant: Timestamp) -> bool {
        self.from <= instant && self.until.is_none_or(|until| instant < until)
    }

    /// Calls before words; of calls, the weightier state, then the later one.
    fn weight(&self) -> (bool, u8, Timestamp, Option<CallId>) {
        (self.call.is_some(), self.state.map_or(0, AgentState::weight), self.from, self.call)
    }
}

/// An agent in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateInterval {
    /// Who.
    pub agent: AgentId,
    /// Where; `None` before their first word.
    pub site: Option<SiteId>,
    /// What they do.
    pub state: AgentState,
    /// Why, when away.
    pub away_reason: Option<AwayReason>,
    /// The call that implies it.
    pub call: Option<CallId>,
    /// Since.
    pub from: Timestamp,
    /// Until; `None` while it lasts.
    pub until: Option<Timestamp>,
}

impl StateInterval {
    fn of(agent: &AgentId, shown: Option<&DeskSpan>, from: Timestamp, until: Timestamp) -> Self {
        Self {
            agent: agent.clone(),
            site: shown.map(|span| span.site.clone()),
            state: shown.and_then(|span| span.state).unwrap_or(AgentState::SignedOut),
            away_reason: shown.and_then(|span| span.away_reason),
            call: shown.and_then(|span| span.call),
            from,
            until: Some(until),
        }
    }

    fn goes_on(&self, next: &Self) -> bool {
        (&self.site, self.state, self.away_reason, self.call)
            == (&next.site, next.state, next.away_reason, next.call)
    }
}

/// What the agent does at this instant, of all that goes on then; `None` when nothing is known.
#[must_use]
pub fn shown<'a>(spans: impl IntoIterator<Item = &'a DeskSpan>, instant: Timestamp) -> Option<&'a DeskSpan> {
    let covering = spans.into_iter().filter(|span| span.covers(instant));
    covering.max_by(|one, other| one.weight().cmp(&other.weight()).then_with(|| one.cmp(other)))
}

/// The agent's intervals in `[from, until)`, of their spans.
#[must_use]
pub fn timeline(
    agent: &AgentId,
    spans: &[DeskSpan],
    from: Timestamp,
    until: Timestamp,
) -> Vec<StateInterval> {
    let ends = spans.iter().flat_map(|span| [Some(span.from), span.until]).flatten();
    let mut cuts: BTreeSet<Timestamp> = ends.filter(|cut| from < *cut && *cut < until).collect();
    cuts.extend([from, until]);
    let cuts: Vec<_> = cuts.into_iter().collect();
    let mut begins: Vec<&DeskSpan> = spans.iter().collect();
    begins.sort_by_key(|span| std::cmp::Reverse(span.from));
    let mut going_on: Vec<&DeskSpan> = Vec::new();
    let mut intervals: Vec<StateInterval> = Vec::new();
    for cut in cuts.windows(2) {
        let [start, end] = *cut else { continue };
        while let Some(next) = begins.pop_if(|next| next.from <= start) {
            going_on.push(next);
        }
        going_on.retain(|span| span.covers(start));
        let next = StateInterval::of(agent, shown(going_on.iter().copied(), start), start, end);
        match intervals.last_mut() {
            Some(last) if last.goes_on(&next) => last.until = next.until,
            _ => intervals.push(next),
        }
    }
    intervals
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn agent() -> AgentId {
        AgentId::parse("li.na").unwrap()
    }

    fn span(state: AgentState, call: Option<u128>, from: i64, until: Option<i64>) -> DeskSpan {
        DeskSpan {
            site: SiteId::parse("main").unwrap(),
            agent: Some(agent()),
            state: Some(state),
            away_reason: None,
            call: call.map(|call| CallId::from_uuid(uuid::Uuid::from_u128(call))),
            from: at(from),
            until: until.map(at),
        }
    }

    fn states(spans: &[DeskSpan], from: i64, until: i64) -> Vec<(AgentState, i64)> {
        let intervals = timeline(&agent(), spans, at(from), at(until));
        let start = |interval: &StateInterval| interval.from.as_second() - 1_700_000_000;
        intervals.iter().map(|interval| (interval.state, start(interval))).collect()
    }

    #[test]
    fn a_call_covers_what_the_agent_said_and_uncovers_it_again() {
        use AgentState::{Available, Away, SignedOut, Talking, WrapUp};
        let spans = [
            span(Available, None, 10, Some(50)),
            span(Away, None, 50, None),
            span(Talking, Some(1), 20, Some(30)),
            span(WrapUp, Some(1), 30, Some(60)),
        ];

        let shown = states(&spans, 0, 100);

        assert_eq!(shown, [(SignedOut, 0), (Available, 10), (Talking, 20), (WrapUp, 30), (Away, 60)]);
    }

    #[test]
    fn of_two_calls_at_once_the_one_talked_on_is_shown() {
        use AgentState::{Available, Holding, Ringing, Talking};
        let spans = [
            span(Available, None, 0, None),
            span(Holding, Some(1), 5, Some(40)),
            span(Ringing, Some(2), 10, Some(15)),
            span(Talking, Some(2), 15, Some(25)),
        ];

        let shown = states(&spans, 0, 50);

        assert_eq!(shown, [(Available, 0), (Holding, 5), (Talking, 15), (Holding, 25), (Available, 40)]);
    }

    fn spans() -> impl Strategy<Value = Vec<DeskSpan>> {
        let one = (0..AgentState::ALL.len(), 0..4_u128, 0..40_i64, 0..20_i64);
        let one = one.prop_map(|(state, call, from, long)| {
            let until = (long > 0).then_some(from + long);
            span(AgentState::ALL[state], (call > 0).then_some(call), from, until)
        });
        proptest::collection::vec(one, 0..16)
    }

    proptest! {
        #[test]
        fn intervals_follow_each_other_without_gap_or_overlap(
            (spans, shuffled) in spans().prop_flat_map(|spans| (Just(spans.clone()), Just(spans).prop_shuffle())),
            from in 0..30_i64,
            long in 1..40_i64,
        ) {
            let intervals = timeline(&agent(), &spans, at(from), at(from + long));

            prop_assert_eq!(intervals.first().unwrap().from, at(from));
            prop_assert_eq!(intervals.last().unwrap().until, Some(at(from + long)));
            for pair in intervals.windows(2) {
                prop_assert_eq!(pair[0].until, Some(pair[1].from));
                prop_assert!(!pair[0].goes_on(&pair[1]), "what goes on is one interval");
            }
            for interval in &intervals {
                prop_assert!(Some(interval.from) < interval.until);
            }
            prop_assert_eq!(&timeline(&agent(), &shuffled, at(from), at(from + long)), &intervals);
        }

        #[test]
        fn a_part_of_the_time_shows_the_same_as_the_whole(spans in spans(), cut in 1..59_i64) {
            let at_instant = |intervals: &[StateInterval], instant: Timestamp| {
                intervals.iter().find(|found| found.from <= instant && found.until.is_some_and(|until| instant < until))
                    .map(|found| (found.state, found.call))
            };
            let whole = timeline(&agent(), &spans, at(0), at(60));
            let (before, after) = (timeline(&agent(), &spans, at(0), at(cut)), timeline(&agent(), &spans, at(cut), at(60)));

            for second in 0..60 {
                let part = if second < cut { &before } else { &after };
                prop_assert_eq!(at_instant(&whole, at(second)), at_instant(part, at(second)));
            }
        }
    }
}
