//! Random customers, random filters: who is in a segment is who the model says (CU-15). The model is written from the meaning of the
//! fields in `segment.proto` alone and knows neither the parser nor the SQL.

use std::fmt::Write;

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use kexiang_core::{
    AgreementId, CaseId, ContactId, CustomerId, FollowUpId, PromiseId, TaskId, Timestamp, WorkOrderId,
};
use kexiang_customer_records::domain::profile::own_field_token;
use proptest::{
    prelude::any,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use sqlx::{PgConnection, types::Uuid};

use crate::center::{Center, START};

const CUSTOMERS: usize = 60;
const FILTERS: usize = 120;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().copied().filter(|_| self.below(3) == 0).collect()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| make(self))
    }

    /// Whole days around the beginning, so that bounds are met exactly.
    fn day(&mut self, from: i64, to: i64) -> Timestamp {
        let spread = usize::try_from(to - from + 1).unwrap();
        START + SignedDuration::from_hours(24 * (from + i64::try_from(self.below(spread)).unwrap()))
    }
}

struct Case {
    kind: &'static str,
    category: &'static str,
    at: Timestamp,
    open: bool,
    orders: Vec<(Option<Timestamp>, i32)>,
    /// Answer, completed; at different times.
    visits: Vec<(&'static str, Timestamp)>,
    promises: Vec<(&'static str, Option<Timestamp>)>,
}

struct Agreement {
    kind: &'static str,
    state: &'static str,
    units: i32,
    expires: Option<Timestamp>,
}

struct Person {
    id: CustomerId,
    kind: &'static str,
    created: Timestamp,
    profile: bool,
    tags: Vec<&'static str>,
    tiers: Vec<&'static str>,
    source: &'static str,
    own: Option<&'static str>,
    phone: bool,
    state: Option<&'static str>,
    owner: &'static str,
    site: Option<&'static str>,
    since: Timestamp,
    until: Timestamp,
    contacts: Vec<Timestamp>,
    cases: Vec<Case>,
    follow_ups: Vec<Timestamp>,
    agreements: Vec<Agreement>,
}

const KINDS: &[&str] = &["PERSON", "HOUSEHOLD", "ORGANISATION"];
const CODES: &[&str] = &["a", "b", "c"];
const ANSWERS: &[&str] = &["", "NEUTRAL", "SATISFIED"];
const CASE_KINDS: &[&str] = &["COMPLAINT", "FAULT"];
const STATES: &[&str] = &["DRAFT", "FILED"];

fn case(dice: &mut Dice) -> Case {
    let mut visits = Vec::new();
    for _ in 0..dice.below(3) {
        // To the second different: of two visits at once none is the last.
        let later = SignedDuration::from_secs(i64::try_from(dice.below(1_000_000)).unwrap());
        visits.push((dice.one(ANSWERS), dice.day(-30, 0) + later));
    }
    Case {
        kind: dice.one(CASE_KINDS),
        category: dice.one(CODES),
        at: dice.day(-60, 0),
        open: dice.below(2) == 0,
        orders: (0..dice.below(3))
            .map(|_| (dice.maybe(|d| d.day(-60, 0)), i32::try_from(dice.below(3)).unwrap()))
            .collect(),
        visits,
        promises: (0..dice.below(3))
            .map(|_| (dice.one(&["OPEN", "KEPT", "MISSED", "KEPT_LATE"]), dice.maybe(|d| d.day(-60, 5))))
            .collect(),
    }
}

fn person(dice: &mut Dice) -> Person {
    let profile = dice.below(4) > 0;
    let agreement = |dice: &mut Dice| Agreement {
        kind: dice.one(CODES),
        state: dice.one(STATES),
        units: i32::try_from(dice.below(4)).unwrap(),
        expires: dice.maybe(|dice| dice.day(-10, 40)),
    };
    Person {
        id: CustomerId::at(START),
        kind: dice.one(KINDS),
        created: dice.day(-60, 0),
        profile,
        tags: if profile { dice.some(CODES) } else { Vec::new() },
        tiers: if profile { dice.some(CODES) } else { Vec::new() },
        source: if profile { dice.one(&["", "a", "b"]) } else { "" },
        own: dice.maybe(|dice| dice.one(CODES)).filter(|_| profile),
        phone: dice.below(2) == 0,
        state: dice.maybe(|dice| dice.one(&["OWNED", "POOLED", "LEAD"])),
        owner: dice.one(CODES),
        site: dice.maybe(|dice| dice.one(CODES)),
        since: dice.day(-30, 0),
        until: dice.day(1, 30),
        contacts: (0..dice.below(4)).map(|_| dice.day(-60, 0)).collect(),
        cases: (0..dice.below(4)).map(|_| case(dice)).collect(),
        follow_ups: (0..dice.below(3)).map(|_| dice.day(-60, 0)).collect(),
        agreements: (0..dice.below(3)).map(|_| agreement(dice)).collect(),
    }
}

async fn insert(conn: &mut PgConnection, person: &Person, token: impl Fn(&str) -> i64, number: usize) {
    let id = person.id.uuid();
    let mut run = async |query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>| {
        query.execute(&mut *conn).await.unwrap();
    };
    let sql = "insert into customer_records.customers (customer_id, kind, sealed_name, created_at, updated_at, version)
               values ($1, $2, '\\x00', $3, $3, 1)";
    run(sqlx::query(sql).bind(id).bind(person.kind).bind(person.created.to_sqlx())).await;
    if person.profile {
        let own: Vec<i64> = person.own.iter().map(|value| token(value)).collect();
        let sql = "insert into customer_records.customer_profiles values ($1, '\\x00', $2, $3, '{}', $4, $5, $6, 1)";
        let query = sqlx::query(sql).bind(id).bind(&person.tiers).bind(&person.tags).bind(person.source);
        run(query.bind(own).bind(START.to_sqlx())).await;
    }
    if person.phone {
        let sql = "insert into customer_records.contact_points (customer_id, kind, match_key, sealed_value, position, identifying)
                   values ($1, 'PHONE', $2, '\\x00', 0, true)";
        run(sqlx::query(sql).bind(id).bind(id.as_bytes().to_vec())).await;
    }
    if let Some(state) = person.state {
        let owned = state == "OWNED";
        let at = |at: Timestamp| owned.then(|| at.to_sqlx());
        let sql = "insert into customer_records.ownerships (customer_id, state, site_id, agent_id, basis, started_at, renewed_at,
                       until_at, warns_at, fires_at, since_at, updated_at)
                   values ($1, $2, $3, $4, $5, $6, $6, $7, $7, $7, $8, $8)";
        let query = sqlx::query(sql).bind(id).bind(state).bind(person.site);
        let query = query.bind(owned.then_some(person.owner)).bind(owned.then_some("CLAIM"));
        run(query.bind(at(person.since)).bind(at(person.until)).bind(person.since.to_sqlx())).await;
    }
    for at in &person.contacts {
        let sql = "insert into customer_records.contact_links values ($1, $2, $3, null)";
        run(sqlx::query(sql).bind(ContactId::at(START).uuid()).bind(id).bind(at.to_sqlx())).await;
    }
    for case in &person.cases {
        let case_id: Uuid = CaseId::at(START).uuid();
        let sql = "insert into customer_records.case_links values ($1, $2, $3, 'C-1', $4, $5, $6)";
        let query =
            sqlx::query(sql).bind(case_id).bind(id).bind(ContactId::at(START).uuid()).bind(case.category);
        run(query.bind(case.at.to_sqlx()).bind(case.open)).await;
        let sql = "insert into customer_records.case_kinds values ($1, $2)";
        run(sqlx::query(sql).bind(case_id).bind(case.kind)).await;
        for (at, rework) in &case.orders {
            let sql = "insert into customer_records.viewed_orders values ($1, $2, 1, 'COMPLETED', '', '', $3, $4, null)";
            let query = sqlx::query(sql).bind(WorkOrderId::at(START).uuid()).bind(case_id).bind(rework);
            run(query.bind(at.map(ToSqlx::to_sqlx))).await;
        }
        for (answer, at) in &case.visits {
            let sql = "insert into customer_records.viewed_visits values ($1, $2, 'RETURN_VISIT', 'DONE', null, 0, $3, $4)";
            let query = sqlx::query(sql).bind(TaskId::at(START).uuid()).bind(case_id).bind(*answer);
            run(query.bind(at.to_sqlx())).await;
        }
        for (state, due) in &case.promises {
            let sql =
                "insert into customer_records.viewed_promises values ($1, $2, 'CALLBACK', $3, '', $4, null)";
            let query = sqlx::query(sql).bind(PromiseId::at(START).uuid()).bind(case_id).bind(*state);
            run(query.bind(due.map(ToSqlx::to_sqlx))).await;
        }
    }
    for (index, at) in person.follow_ups.iter().enumerate() {
        let sql = "insert into customer_records.follow_ups (follow_up_id, site_id, follow_up_number, customer_id, agent_id, way,
                       followed_at, recorded_at) values ($1, 'main', $2, $3, 'x', 'PHONE', $4, $4)";
        let number = i64::try_from(number * 10 + index).unwrap();
        let query = sqlx::query(sql).bind(FollowUpId::at(START).uuid()).bind(number).bind(id);
        run(query.bind(at.to_sqlx())).await;
    }
    for agreement in &person.agreements {
        let sql = "insert into customer_records.agreements values ($1, $2, $3, $4, $5, 'CNY', $6, null, $7, 1, '{}')";
        let query = sqlx::query(sql).bind(AgreementId::at(START).uuid()).bind(id).bind(agreement.kind);
        let query =
            query.bind(agreement.state).bind(agreement.units).bind(agreement.expires.map(ToSqlx::to_sqlx));
        run(query.bind(START.to_sqlx())).await;
    }
}

/// A filter: its text, and whom it holds.
type Holds = Box<dyn Fn(&Person) -> bool>;

fn compare<T: PartialOrd>(operator: &str, one: &T, other: &T) -> bool {
    match operator {
        "=" => one == other,
        "!=" => one != other,
        "<" => one < other,
        "<=" => one <= other,
        ">" => one > other,
        _ => one >= other,
    }
}

const OPERATORS: &[&str] = &["=", "!=", "<", "<=", ">", ">="];

fn number(dice: &mut Dice, field: &str, value: impl Fn(&Person) -> i64 + 'static) -> (String, Holds) {
    let (operator, bound) = (dice.one(OPERATORS), i64::try_from(dice.below(4)).unwrap());
    (format!("{field} {operator} {bound}"), Box::new(move |person| compare(operator, &value(person), &bound)))
}

fn moment(
    dice: &mut Dice,
    field: &str,
    value: impl Fn(&Person) -> Option<Timestamp> + 'static,
) -> (String, Holds) {
    if dice.below(5) == 0 {
        return (format!("{field}:*"), Box::new(move |person| value(person).is_some()));
    }
    let (operator, bound) = (dice.one(OPERATORS), dice.day(-40, 40));
    let days = bound.duration_since(START).as_hours() / 24;
    let text = match dice.below(3) {
        0 => format!("\"{bound}\""),
        1 => bound.to_string(),
        _ if days < 0 => format!("{} days ago", -days),
        _ => format!("{days} days ahead"),
    };
    let holds = move |person: &Person| match value(person) {
        Some(at) => compare(operator, &at, &bound),
        None => operator == "!=",
    };
    (format!("{field} {operator} {text}"), Box::new(holds))
}

fn text(
    dice: &mut Dice,
    field: &str,
    prefix: &str,
    of: &'static [&'static str],
    value: impl Fn(&Person) -> Option<&'static str> + 'static,
) -> (String, Holds) {
    let one = dice.one(of);
    match dice.below(3) {
        0 => (format!("{field} = {prefix}{one}"), Box::new(move |person| value(person) == Some(one))),
        1 => (format!("{field} != '{prefix}{one}'"), Box::new(move |person| value(person) != Some(one))),
        _ => {
            let other = dice.one(of);
            let text = format!("{field} IN ({prefix}{one}, \"{prefix}{other}\")");
            (text, Box::new(move |person| [Some(one), Some(other)].contains(&value(person))))
        }
    }
}

/// Perhaps the last so many days: what stands in parentheses, and from when.
fn window(dice: &mut Dice) -> (String, Timestamp) {
    match dice.below(3) {
        0 => (String::new(), Timestamp::MIN),
        way => {
            let days = i64::try_from(dice.below(50)).unwrap() + 1;
            let text = if way == 1 { days.to_string() } else { format!("days = {days}") };
            (text, START - SignedDuration::from_hours(days * 24))
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap()
}

fn of_cases(dice: &mut Dice) -> (String, Holds) {
    let (days, since) = window(dice);
    let kind = dice.maybe(|dice| dice.one(CASE_KINDS));
    let category = dice.maybe(|dice| dice.one(CODES));
    let open = dice.below(3) == 0;
    let mut arguments: Vec<String> = Vec::new();
    arguments.extend((!open && !days.is_empty()).then_some(days));
    arguments.extend(kind.map(|kind| format!("kind = {kind}")));
    arguments.extend(category.map(|category| format!("category = '{category}'")));
    let mut field = String::from(if open { "open_cases" } else { "case_count" });
    if !arguments.is_empty() {
        write!(field, "({})", arguments.join(", ")).unwrap();
    }
    number(dice, &field, move |person| {
        count(person.cases.iter().filter(|case| {
            kind.is_none_or(|kind| case.kind == kind)
                && category.is_none_or(|category| case.category == category)
                && if open { case.open } else { case.at > since }
        }))
    })
}

fn of_agreements(dice: &mut Dice) -> (String, Holds) {
    let (kind, state) = (dice.maybe(|dice| dice.one(CODES)), dice.maybe(|dice| dice.one(STATES)));
    let arguments: Vec<String> =
        [kind.map(|kind| format!("kind = {kind}")), state.map(|state| format!("state = {state}"))]
            .into_iter()
            .flatten()
            .collect();
    let fits = move |agreement: &&Agreement| {
        kind.is_none_or(|kind| agreement.kind == kind) && state.is_none_or(|state| agreement.state == state)
    };
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    if dice.below(2) == 0 {
        number(dice, &format!("agreement_count{arguments}"), move |p| count(p.agreements.iter().filter(fits)))
    } else {
        number(dice, &format!("agreement_units{arguments}"), move |p| {
            p.agreements.iter().filter(fits).map(|agreement| i64::from(agreement.units)).sum()
        })
    }
}

fn last_answer(person: &Person) -> Option<&'static str> {
    let visits = person.cases.iter().flat_map(|case| &case.visits);
    visits.filter(|(answer, _)| !answer.is_empty()).max_by_key(|(_, at)| *at).map(|(answer, _)| *answer)
}

fn leaf(dice: &mut Dice) -> (String, Holds) {
    let (days, since) = window(dice);
    let call = |field: &str| if days.is_empty() { field.to_owned() } else { format!("{field}({days})") };
    let within = move |at: Option<Timestamp>| since == Timestamp::MIN || at.is_some_and(|at| at > since);
    match dice.below(20) {
        0 => text(dice, "kind", "", KINDS, |p| Some(p.kind)),
        1 => moment(dice, "create_time", |p| Some(p.created)).no_star(),
        2 => {
            let code = dice.one(CODES);
            (format!("tags:{code}"), Box::new(move |p| p.tags.contains(&code)))
        }
        3 => {
            let (one, other) = (dice.one(CODES), dice.one(CODES));
            (
                format!("tiers IN ({one}, {other})"),
                Box::new(move |p| p.tiers.contains(&one) || p.tiers.contains(&other)),
            )
        }
        4 => text(dice, "source", "", CODES, |p| Some(p.source).filter(|source| !source.is_empty())),
        5 => text(dice, "own.colour", "", CODES, |p| p.own),
        6 => ("has_phone".to_owned(), Box::new(|p| p.phone)),
        7 => text(dice, "owner", "agents/", CODES, |p| Some(p.owner).filter(|_| p.state == Some("OWNED"))),
        8 => text(dice, "ownership_state", "", &["OWNED", "POOLED", "LEAD"], |p| p.state),
        9 => text(dice, "ownership_site", "sites/", CODES, |p| p.site.filter(|_| p.state.is_some())),
        10 => moment(dice, "ownership_until_time", |p| Some(p.until).filter(|_| p.state == Some("OWNED"))),
        11 => moment(dice, "pool_time", |p| Some(p.since).filter(|_| p.state == Some("POOLED"))),
        12 => number(dice, &call("contact_count"), move |p| {
            count(p.contacts.iter().filter(|at| within(Some(**at))))
        }),
        13 => moment(dice, "last_contact_time", |p| p.contacts.iter().max().copied()),
        14 => of_cases(dice),
        15 => number(dice, &call("rework_count"), move |p| {
            let orders = p.cases.iter().flat_map(|case| &case.orders);
            orders.filter(|(at, _)| within(*at)).map(|(_, rework)| i64::from(*rework)).sum()
        }),
        16 => text(dice, "last_satisfaction", "", &["NEUTRAL", "SATISFIED"], last_answer),
        17 => number(dice, &call("promises_missed"), move |p| {
            let promises = p.cases.iter().flat_map(|case| &case.promises);
            count(promises.filter(|(state, due)| ["MISSED", "KEPT_LATE"].contains(state) && within(*due)))
        }),
        18 => number(dice, &call("follow_up_count"), move |p| {
            count(p.follow_ups.iter().filter(|at| within(Some(**at))))
        }),
        _ if dice.below(2) == 0 => of_agreements(dice),
        _ => moment(dice, "next_agreement_expire_time", |p| {
            let filed = p.agreements.iter().filter(|agreement| agreement.state == "FILED");
            filed.filter_map(|agreement| agreement.expires).filter(|at| *at > START).min()
        }),
    }
}

/// What everybody has is not asked for.
trait NoStar {
    fn no_star(self) -> Self;
}

impl NoStar for (String, Holds) {
    fn no_star(self) -> Self {
        if self.0.ends_with(":*") {
            ("create_time > 100 days ago".to_owned(), Box::new(|_| true))
        } else {
            self
        }
    }
}

fn filter(dice: &mut Dice, depth: usize) -> (String, Holds) {
    match dice.below(if depth == 0 { 1 } else { 4 }) {
        0 => leaf(dice),
        1 => {
            let (text, holds) = filter(dice, depth - 1);
            (format!("NOT ({text})"), Box::new(move |person| !holds(person)))
        }
        way => {
            let parts: Vec<_> = (0..2 + dice.below(2)).map(|_| filter(dice, depth - 1)).collect();
            let word = if way == 2 { " AND " } else { "\n OR " };
            let texts: Vec<_> = parts.iter().map(|(text, _)| format!("({text})")).collect();
            let holds = move |person: &Person| {
                let mut parts = parts.iter();
                if way == 2 {
                    parts.all(|(_, holds)| holds(person))
                } else {
                    parts.any(|(_, holds)| holds(person))
                }
            };
            (texts.join(word), Box::new(holds))
        }
    }
}

#[tokio::test]
async fn who_is_in_a_segment_is_who_the_model_says() {
    let center = Center::open().await;
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/keys_of_the_tests.toml");
    let keys = kexiang_customer_records::read_keys(std::path::Path::new(keys)).unwrap();
    let seed = any::<u64>().new_tree(&mut TestRunner::default()).unwrap().current();
    let mut dice = Dice(seed);
    let mut people: Vec<Person> = (0..CUSTOMERS).map(|_| person(&mut dice)).collect();
    people.sort_by_key(|person| person.id);
    let mut tx = center.pool.begin().await.unwrap();
    for kind in CODES {
        let sql = "insert into customer_records.agreement_kinds values ($1, '{}', $2, 1)";
        sqlx::query(sql).bind(kind).bind(START.to_sqlx()).execute(&mut *tx).await.unwrap();
    }
    for (index, person) in people.iter().enumerate() {
        insert(&mut tx, person, |value| own_field_token(keys.blind(), "colour", value), index).await;
    }
    sqlx::query("delete from customer_records.likeness_checks").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let (mut nobody, mut everybody) = (0, 0);
    for _ in 0..FILTERS {
        let (text, holds) = filter(&mut dice, 3);
        let wanted: Vec<String> =
            people.iter().filter(|person| holds(person)).map(|person| person.id.name()).collect();
        nobody += usize::from(wanted.is_empty());
        everybody += usize::from(wanted.len() == CUSTOMERS);

        let members = center.members(&text).await;

        assert_eq!(members, wanted, "seed {seed}: {text}");
    }
    assert!(nobody + everybody < FILTERS / 2, "seed {seed}: the filters tell customers apart");
}
