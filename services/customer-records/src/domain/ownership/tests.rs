//! Ownership against a plain model of CU-4 and CU-5: whatever is done, in whatever order, with the timer or without, both agree
//! whose the customers are, until when, and who may claim them.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kexiang_core::{AgentId, ContactId, CustomerId, FollowUpId, OwnershipRuleId};
use proptest::prelude::*;

use super::{
    Ownership, Reception,
    policy::{DEFAULT, Policy, Rule, Selector, Terms},
    transition::{Load, OwnershipError},
};

const LEASE: i64 = 5;
const COOL_OFF: i64 = 2;
const DAILY: i64 = 2;
const HELD: i64 = 2;

#[derive(Debug, Clone)]
enum Step {
    /// Hours go by, and the timer runs or not.
    Wait(i64, bool),
    /// A contact of a customer with an agent, told so many hours after it came in.
    Contact(usize, usize, i64),
    /// A follow-up, so many hours ago.
    FollowUp(usize, usize, i64),
    Claim(usize, usize),
    Release(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (customer, agent) = (0..3_usize, 0..3_usize);
    prop_oneof![
        3 => (1..60_i64, any::<bool>()).prop_map(|(hours, timer)| Step::Wait(hours, timer)),
        2 => (customer.clone(), agent.clone(), 0..80_i64).prop_map(|(c, a, ago)| Step::Contact(c, a, ago)),
        2 => (customer.clone(), agent.clone(), 0..60_i64).prop_map(|(c, a, ago)| Step::FollowUp(c, a, ago)),
        3 => (customer.clone(), agent.clone()).prop_map(|(c, a)| Step::Claim(c, a)),
        1 => (customer, agent).prop_map(|(c, a)| Step::Release(c, a)),
    ]
}

/// What the model knows of a customer; times are hours, ends are days.
#[derive(Debug, Clone, Default)]
struct Model {
    owner: Option<(usize, i64)>,
    ended: Option<(usize, i64)>,
    leases: i32,
}

impl Model {
    fn settle(&mut self, hour: i64) {
        if let Some((agent, day)) = self.owner.filter(|(_, day)| day * 24 <= hour) {
            self.ended = Some((agent, day * 24));
            self.owner = None;
        }
    }

    fn begin(&mut self, agent: usize, hour: i64) {
        self.owner = Some((agent, hour / 24 + LEASE + 1));
        self.leases += 1;
    }

    fn refuses(&self, agent: usize, held: i64, claimed: i64, hour: i64) -> Option<&'static str> {
        if self.owner.is_some() {
            return Some("owned");
        }
        let cools = |(previous, at): (usize, i64)| previous == agent && hour < (at / 24 + COOL_OFF + 1) * 24;
        if self.ended.is_some_and(cools) {
            return Some("cooling");
        }
        if claimed >= DAILY {
            return Some("daily");
        }
        (held >= HELD).then_some("held")
    }
}

fn time(hour: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
}

fn agent(n: usize) -> AgentId {
    format!("agent-{n}").parse().unwrap()
}

fn policy() -> Policy {
    let number = |days: i64| i32::try_from(days).unwrap();
    let terms = Terms {
        lease_days: number(LEASE),
        warning_days: 1,
        daily_claims: number(DAILY),
        held_limit: number(HELD),
        cool_off_days: number(COOL_OFF),
        ..DEFAULT
    };
    let selector = Selector { site: None, tier: None, under_agreement: None };
    let rule =
        Rule { rule_id: OwnershipRuleId::at(time(0)), selector, terms, updated_at: time(0), version: 1 };
    Policy { rules: vec![rule], zones: HashMap::new(), default_zone: TimeZone::UTC }
}

fn contact(n: usize, hour: i64) -> Reception {
    Reception {
        contact_id: ContactId::at(time(hour)),
        site: "main".parse().unwrap(),
        register_number: 1,
        contact_at: time(hour),
        channel: "WALK_IN".to_owned(),
        agent: Some(agent(n)),
        answered: false,
    }
}

const fn word(error: &OwnershipError) -> &'static str {
    match error {
        OwnershipError::OwnedByAnother(_) => "owned",
        OwnershipError::CoolingOff(_) => "cooling",
        OwnershipError::DailyClaims(_) => "daily",
        OwnershipError::HeldLimit(_) => "held",
        _ => "another",
    }
}

proptest! {
    #[test]
    fn the_lease_agrees_with_a_plain_model(steps in prop::collection::vec(step(), 1..120)) {
        let policy = policy();
        let mut hour = 10_000;
        let mut leases: Vec<_> = (0..3).map(|_| Ownership::pooled(CustomerId::at(time(0)), None, time(hour))).collect();
        let mut models = vec![Model::default(); 3];
        let mut claims: Vec<(usize, i64)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(hours, timer) => {
                    hour += hours;
                    if timer {
                        for lease in &mut leases {
                            lease.advance(time(hour));
                        }
                    }
                }
                Step::Contact(c, a, ago) => {
                    models[c].settle(hour);
                    let late = models[c].ended.is_some_and(|(_, at)| hour - ago < at);
                    if models[c].owner.is_none() && !late {
                        models[c].begin(a, hour - ago);
                    }
                    leases[c].advance(time(hour));
                    leases[c].receive(&contact(a, hour - ago), &policy, time(hour));
                }
                Step::FollowUp(c, a, ago) => {
                    models[c].settle(hour);
                    if let Some((_, day)) = models[c].owner.as_mut().filter(|(owner, _)| *owner == a) {
                        *day = (*day).max((hour - ago) / 24 + LEASE + 1);
                    }
                    leases[c].advance(time(hour));
                    let id = FollowUpId::at(time(hour));
                    leases[c].renew(&agent(a), time(hour - ago), id, &policy, time(hour));
                }
                Step::Claim(c, a) => {
                    models.iter_mut().for_each(|model| model.settle(hour));
                    let held = models.iter().filter(|model| model.owner.is_some_and(|(owner, _)| owner == a)).count();
                    let held = i64::try_from(held).unwrap();
                    let today = claims.iter().filter(|(by, at)| *by == a && at / 24 == hour / 24).count();
                    let claimed_today = i64::try_from(today).unwrap();
                    let refused = models[c].refuses(a, held, claimed_today, hour);
                    if refused.is_none() {
                        models[c].begin(a, hour);
                        claims.push((a, hour));
                    }
                    leases[c].advance(time(hour));
                    let claim = leases[c].claim(&agent(a), Load { held, claimed_today }, &policy, time(hour));
                    prop_assert_eq!(claim.as_ref().err().map(word), refused);
                }
                Step::Release(c, a) => {
                    models[c].settle(hour);
                    leases[c].advance(time(hour));
                    if models[c].owner.is_some_and(|(owner, _)| owner == a) {
                        models[c].owner = None;
                        models[c].ended = Some((a, hour));
                        prop_assert!(leases[c].release("no time".to_owned(), time(hour)).is_ok());
                    }
                }
            }
            for (lease, model) in leases.iter().zip(&models) {
                let (mut lease, mut model) = (lease.clone(), model.clone());
                model.settle(hour);
                lease.advance(time(hour));
                let found = lease.lease().map(|lease| (lease.agent.clone(), lease.until_at));
                prop_assert_eq!(found, model.owner.map(|(owner, day)| (agent(owner), time(day * 24))));
                prop_assert_eq!(lease.lease_number, model.leases);
                let previous = lease.previous.map(|previous| (previous.agent, previous.ended_at));
                prop_assert_eq!(previous, model.ended.map(|(owner, at)| (agent(owner), time(at))));
            }
        }
    }
}
