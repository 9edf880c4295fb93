//! First-contact resolution: resolved at the desk, and the same matter did not come again within 7 days (IN-10, RE-2).

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use kexiang_core::{ContactId, CustomerId};
use kexiang_proto::{event_v1::Event, intake_v1::ContactFacts, reporting_v1::FirstContactResolution};
use kexiang_rpc::time::to_wire;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

use crate::{
    center::Center,
    facts::{TestCase, at},
    feed::event,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const WEEK: SignedDuration = SignedDuration::from_hours(168);
const DAY: &str = "2026-11-20";

/// Noon of [`DAY`] in Kunming.
fn noon() -> Timestamp {
    at("2026-11-20T04:00:00Z")
}

/// A case with the contact that opens it.
#[derive(Clone)]
struct Matter {
    case: TestCase,
    customer: CustomerId,
}

impl Matter {
    fn accepted(site: &str, accepted_at: Timestamp, customer: CustomerId, category: &str) -> Self {
        let mut case = TestCase::accepted(accepted_at).of_site(site, "Asia/Shanghai");
        case.0.category = category.to_owned();
        case.0.contact = ContactId::at(accepted_at).name();
        Self { case, customer }
    }

    /// The contact that opened it.
    fn opened(&self) -> Event {
        let accepted_at = kexiang_rpc::time::timestamp(&self.case.0.accept_time.unwrap()).unwrap();
        self.contact("contact.registered", &self.case.0.contact, accepted_at, Some(self.customer))
    }

    /// A further contact, of anybody, that joins it.
    fn joined(&self, contact_at: Timestamp, customer: Option<CustomerId>) -> Event {
        self.contact("contact.registered", &ContactId::at(contact_at).name(), contact_at, customer)
    }

    fn contact(&self, told: &str, contact: &str, at: Timestamp, customer: Option<CustomerId>) -> Event {
        let facts = ContactFacts {
            contact: contact.to_owned(),
            site: self.case.0.site.clone(),
            contact_time: Some(to_wire(at)),
            case: self.case.0.case.clone(),
            customer: customer.map(CustomerId::name).unwrap_or_default(),
            ..ContactFacts::default()
        };
        event(told, contact, at, &facts)
    }

    fn resolved(mut self, resolved_at: Timestamp, at_desk: bool) -> Self {
        self.case = self.case.resolved(resolved_at);
        self.case.0.resolved_at_desk = at_desk;
        self
    }

    fn reopened(mut self) -> Self {
        self.case = self.case.reopened();
        self.case.0.resolved_at_desk = false;
        self
    }

    fn told(&self, event_type: &str, time: Timestamp) -> Event {
        event(event_type, &self.case.0.case, time, &self.case.0)
    }
}

fn customer() -> CustomerId {
    CustomerId::at(noon())
}

async fn figure(center: &Center, site: &str) -> FirstContactResolution {
    center.all_taken_in().await;
    center.day_report(site, DAY).await.first_contact_resolution.unwrap()
}

/// Resolved, at the desk, for good.
fn counts(figure: FirstContactResolution) -> (i64, i64, i64) {
    (figure.resolved, figure.resolved_at_desk, figure.first_contact_resolved)
}

/// A matter resolved at the desk at noon; gives it with its events so far.
fn desk_matter(customer: CustomerId) -> (Matter, Vec<Event>) {
    let received = Matter::accepted("main", noon() - HOUR, customer, "billing");
    let resolved = received.clone().resolved(noon(), true);
    let told = vec![
        received.opened(),
        received.told("case.accepted", noon() - HOUR),
        resolved.told("case.resolved", noon()),
    ];
    (resolved, told)
}

#[tokio::test]
async fn what_the_desk_resolves_for_good_counts_against_all_that_is_resolved() {
    let center = Center::open().await;
    let (_, told) = desk_matter(customer());
    let worked = Matter::accepted("main", noon(), customer(), "billing").resolved(noon() + HOUR, false);
    let another_day =
        Matter::accepted("main", noon(), customer(), "billing").resolved(noon() + HOUR * 13, true);
    center.intake.tell(told);
    center.intake.tell(vec![
        worked.opened(),
        worked.told("case.resolved", noon() + HOUR),
        another_day.opened(),
        another_day.told("case.resolved", noon() + HOUR * 13),
    ]);

    let figure = figure(&center, "main").await;

    assert_eq!(counts(figure), (2, 1, 1));
    assert_eq!((figure.rate, figure.window_days), (Some(0.5), 7));
}

#[tokio::test]
async fn a_day_without_a_resolution_has_no_rate() {
    let center = Center::open().await;
    center.intake.tell(vec![TestCase::accepted(noon()).event("case.accepted")]);

    let figure = figure(&center, "main").await;

    assert_eq!((counts(figure), figure.rate), ((0, 0, 0), None));
}

#[tokio::test]
async fn a_reopening_within_the_week_takes_it_back_and_a_later_one_does_not() {
    for (after, for_good) in [(WEEK, 0), (WEEK + SignedDuration::from_secs(1), 1)] {
        let center = Center::open().await;
        let (matter, mut told) = desk_matter(customer());
        let reopened = matter.reopened();
        let again = reopened.clone().resolved(noon() + after + HOUR, false);
        told.push(reopened.told("case.reopened", noon() + after));
        told.push(again.told("case.resolved", noon() + after + HOUR));
        told.push(again.told("case.informed", noon() + after + HOUR * 2));
        center.intake.tell(told);

        let figure = figure(&center, "main").await;

        assert_eq!(counts(figure), (1, 1, for_good), "{after}");
    }
}

#[tokio::test]
async fn the_same_matter_again_takes_it_back() {
    let other_category = |customer, time| Matter::accepted("main", time, customer, "noise").opened_with(time);
    let same = |customer, time| Matter::accepted("other", time, customer, "billing").opened_with(time);
    let who = customer();
    let cases: Vec<(&str, Vec<Event>, i64)> = vec![
        ("of the same category, at another site", same(who, noon() + HOUR), 0),
        ("at the last moment", same(who, noon() + WEEK), 0),
        ("a moment later", same(who, noon() + WEEK + SignedDuration::from_secs(1)), 1),
        ("at the moment itself", same(who, noon()), 1),
        ("of another category", other_category(who, noon() + HOUR), 1),
        ("of another customer", same(customer(), noon() + HOUR), 1),
    ];
    for (what, again, for_good) in cases {
        let center = Center::open().await;
        center.intake.tell(desk_matter(who).1);
        center.intake.tell(again);

        assert_eq!(counts(figure(&center, "main").await), (1, 1, for_good), "{what}");
    }
}

impl Matter {
    fn opened_with(self, time: Timestamp) -> Vec<Event> {
        vec![self.opened(), self.told("case.accepted", time)]
    }
}

#[tokio::test]
async fn a_contact_that_joins_the_case_takes_it_back_whoever_it_is_of() {
    let center = Center::open().await;
    let (matter, told) = desk_matter(customer());
    center.intake.tell(told);
    let before = figure(&center, "main").await;

    center.intake.tell(vec![matter.joined(noon() + HOUR, None)]);
    let after = figure(&center, "main").await;

    assert_eq!((counts(before), counts(after)), ((1, 1, 1), (1, 1, 0)));
}

#[tokio::test]
async fn a_customer_who_is_known_later_counts_all_the_same() {
    let center = Center::open().await;
    let who = customer();
    let again = Matter::accepted("main", noon() + HOUR, who, "billing");
    let contact = again.case.0.contact.clone();
    center.intake.tell(desk_matter(who).1);
    center.intake.tell(vec![
        again.contact("contact.registered", &contact, noon() + HOUR, None),
        again.told("case.accepted", noon() + HOUR),
    ]);
    let before = figure(&center, "main").await;

    center.intake.tell(vec![again.contact("contact.identified", &contact, noon() + HOUR, Some(who))]);
    let after = figure(&center, "main").await;

    assert_eq!((counts(before), counts(after)), ((1, 1, 1), (1, 1, 0)));
}

#[tokio::test]
async fn the_figure_is_provisional_until_the_week_after_the_day_has_passed() {
    let center = Center::open().await;
    center.intake.tell(desk_matter(customer()).1);
    let end_of_day = at("2026-11-20T16:00:00Z");
    center.clock.set(end_of_day + WEEK - SignedDuration::from_secs(1));
    let before = figure(&center, "main").await;

    center.clock.set(end_of_day + WEEK);
    let after = figure(&center, "main").await;

    assert!(before.provisional && !after.provisional);
}

/// One matter of a random history, in hours.
#[derive(Debug, Clone)]
struct Life {
    accepted: i64,
    customer: usize,
    category: &'static str,
    resolved: Option<(i64, bool)>,
    reopened: Option<i64>,
    joined: Vec<(i64, usize)>,
}

fn life() -> impl Strategy<Value = Life> {
    (
        0..400_i64,
        0..3_usize,
        select(vec!["billing", "noise"]),
        proptest::option::weighted(0.8, (0..48_i64, proptest::bool::weighted(0.7))),
        proptest::option::weighted(0.3, 1..300_i64),
        vec((0..400_i64, 0..3_usize), 0..2),
    )
        .prop_map(|(accepted, customer, category, resolved, reopened, joined)| Life {
            accepted,
            customer,
            category,
            resolved,
            reopened,
            joined,
        })
}

impl Life {
    fn resolved_at(&self) -> Option<i64> {
        self.resolved.map(|(after, _)| self.accepted + after)
    }

    fn events(&self, site: &str, customers: &[CustomerId]) -> Vec<Event> {
        let time = |hour: i64| begin() + SignedDuration::from_hours(hour);
        let received = Matter::accepted(site, time(self.accepted), customers[self.customer], self.category);
        let mut told = received.clone().opened_with(time(self.accepted));
        for (hour, customer) in &self.joined {
            told.push(received.joined(time(self.accepted + hour), Some(customers[*customer])));
        }
        let Some((resolved_at, (_, at_desk))) = self.resolved_at().zip(self.resolved) else { return told };
        let resolved = received.resolved(time(resolved_at), at_desk);
        told.push(resolved.told("case.resolved", time(resolved_at)));
        if let Some(after) = self.reopened {
            told.push(resolved.clone().reopened().told("case.reopened", time(resolved_at + after)));
        }
        told
    }
}

fn begin() -> Timestamp {
    at("2026-11-15T16:00:00Z")
}

/// The definition reckoned anew over hours since [`begin`], a midnight in Kunming.
fn recount(lives: &[Life], day: i64) -> (i64, i64, i64) {
    let in_day = |life: &&Life| life.resolved_at().is_some_and(|hour| hour.div_euclid(24) == day);
    let at_desk = |life: &&Life| life.resolved.is_some_and(|(_, at_desk)| at_desk);
    let came_again = |life: &Life| {
        let resolved = life.resolved_at().unwrap();
        let in_window = |hour: i64| hour > resolved && hour <= resolved + 168;
        let reopened = life.reopened.is_some_and(|after| in_window(resolved + after));
        let joined = life.joined.iter().any(|(after, _)| in_window(life.accepted + after));
        let elsewhere = lives.iter().filter(|other| other.category == life.category).any(|other| {
            let opens = other.customer == life.customer && in_window(other.accepted);
            let mut joins = other.joined.iter();
            opens || joins.any(|(after, who)| *who == life.customer && in_window(other.accepted + after))
        });
        reopened || joined || elsewhere
    };
    let count = |found: Vec<&Life>| i64::try_from(found.len()).unwrap();
    let resolved: Vec<_> = lives.iter().filter(in_day).collect();
    let desk: Vec<_> = resolved.iter().copied().filter(at_desk).collect();
    let for_good: Vec<_> = desk.iter().copied().filter(|life| !came_again(life)).collect();
    (count(resolved), count(desk), count(for_good))
}

/// RE-2, RE-11: for random histories, told in any batches and twice, the figure of every day equals a recount.
#[test]
fn the_figure_equals_a_recount() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let center = runtime.block_on(Center::open());
    let sites = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(8) });

    let result = runner.run(&vec(life(), 1..25), |lives| {
        let site = format!("fcr-{}", sites.fetch_add(1, Ordering::Relaxed));
        let customers = [customer(), customer(), customer()];
        let events: Vec<Event> = lives.iter().flat_map(|life| life.events(&site, &customers)).collect();
        runtime.block_on(async {
            for batch in events.chunks(6) {
                center.intake.tell(batch.to_vec());
                center.intake.tell(batch.to_vec());
            }
            center.all_taken_in().await;
            for day in 0..18 {
                let date = at("2026-11-16T00:00:00Z") + SignedDuration::from_hours(24 * day);
                let date = date.strftime("%Y-%m-%d").to_string();
                let figure = center.day_report(&site, &date).await.first_contact_resolution.unwrap();
                assert_eq!(counts(figure), recount(&lives, day), "{date}");
            }
        });
        Ok(())
    });

    result.unwrap();
}
