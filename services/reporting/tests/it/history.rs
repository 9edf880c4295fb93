//! Random lives of cases, told as intake tells them.

use jiff::{SignedDuration, Timestamp};
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{CaseFacts, CaseState},
    type_v1::{Channel, Kind},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::facts::{TestCase, at};

/// Some cases and how they went.
#[derive(Debug, Clone)]
pub struct History(Vec<Life>);

#[derive(Debug, Clone)]
struct Life {
    accepted_after: i64,
    channel: Channel,
    kind: Kind,
    category: &'static str,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    after: i64,
    to: CaseState,
    unit: &'static str,
}

/// Some cases of four days.
pub fn history() -> impl Strategy<Value = History> {
    vec(life(), 1..20).prop_map(History)
}

fn life() -> impl Strategy<Value = Life> {
    let channel = select(vec![Channel::Hotline, Channel::Email, Channel::WalkIn]);
    let kind = select(vec![Kind::Complaint, Kind::Fault]);
    let category = select(vec!["billing", "water", "噪音"]);
    (0..3 * 86_400_i64, channel, kind, category, vec(step(), 0..6)).prop_map(
        |(accepted_after, channel, kind, category, steps)| Life {
            accepted_after,
            channel,
            kind,
            category,
            steps,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    use CaseState::{Closed, Dispatched, Informed, Received, Resolved, Withdrawn};
    let to = select(vec![Dispatched, Resolved, Resolved, Informed, Closed, Received, Withdrawn]);
    (0..86_400_i64, to, select(vec!["north", "south"])).prop_map(|(after, to, unit)| Step { after, to, unit })
}

impl History {
    /// The events of all cases at a site, the first ones of all, then the second ones …
    pub fn events(&self, site: &str) -> (Vec<Event>, Vec<CaseFacts>) {
        let lives: Vec<Vec<TestCase>> = self.0.iter().map(|life| life.stages(site)).collect();
        let longest = lives.iter().map(Vec::len).max().unwrap_or_default();
        let events = (0..longest)
            .flat_map(|n| lives.iter().filter_map(move |stages| stages.get(n)))
            .map(|case| case.event("case.resolved"))
            .collect();
        let last = lives.iter().filter_map(|stages| stages.last()).map(|case| case.0.clone()).collect();
        (events, last)
    }
}

impl Life {
    fn stages(&self, site: &str) -> Vec<TestCase> {
        let mut now: Timestamp = at("2026-11-20T16:00:00Z") + SignedDuration::from_secs(self.accepted_after);
        let accepted =
            TestCase::accepted(now).of_site(site, "Asia/Shanghai").on(self.channel, self.kind, self.category);
        let mut stages = vec![accepted];
        for step in &self.steps {
            now += SignedDuration::from_secs(step.after);
            let case = stages.last().unwrap().clone();
            stages.push(match step.to {
                CaseState::Dispatched => case.with_unit(step.unit).in_state(step.to),
                CaseState::Resolved => case.resolved(now),
                CaseState::Received => case.reopened(),
                other => case.in_state(other),
            });
        }
        stages
    }
}
