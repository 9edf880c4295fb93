//! A filter as SQL. What the caller wrote is in parameters alone: the text of the statement depends on which fields and
//! operators there are, never on a value, nor on how many values one test has.
//!
//! Tests of one customer `c` by its indexes, as `exists` where one row is enough: PostgreSQL begins with what a test finds when
//! that is little. No test is ever null, so NOT is the whole rest.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::{Postgres, QueryBuilder};

use crate::{
    domain::{
        contact_point::ContactPoint,
        profile::own_field_token,
        segment::{
            Node, Order, Scope, Test,
            fields::{FlagField, ListField, NumberField, TextField, TimeField},
        },
        vault::KeyRing,
    },
    store::contact_points::match_key,
};

/// What a filter is asked with.
pub struct Ask<'a> {
    /// Makes digests and tokens of what lies sealed.
    pub ring: &'a KeyRing,
    /// What is `ago` and `ahead`.
    pub now: Timestamp,
}

type Sql = QueryBuilder<Postgres>;

impl Ask<'_> {
    /// Adds the condition on the customer `c`.
    pub fn push(&self, sql: &mut Sql, node: &Node) {
        match node {
            Node::All(parts) => self.push_all(sql, parts, " and "),
            Node::Any(parts) => self.push_all(sql, parts, " or "),
            Node::Not(part) => {
                sql.push("not (");
                self.push(sql, part);
                sql.push(")");
            }
            Node::Test(test) => self.test(sql, test),
        }
    }

    fn push_all(&self, sql: &mut Sql, parts: &[Node], word: &str) {
        for (index, part) in parts.iter().enumerate() {
            sql.push(if index == 0 { "(" } else { word });
            self.push(sql, part);
        }
        sql.push(")");
    }

    fn test(&self, sql: &mut Sql, test: &Test) {
        match test {
            Test::Text(field, texts) => text(sql, *field, Some(texts)),
            Test::HasText(field) => text(sql, *field, None),
            Test::List(field, codes) => {
                profile(sql, list_column(*field));
                sql.push(" && ").push_bind(codes.clone()).push(")");
            }
            Test::HasList(field) => {
                profile(sql, list_column(*field));
                sql.push(" <> '{}')");
            }
            Test::Number(field, scope, order, number) => {
                self.number(sql, *field, scope);
                sql.push(sign(*order)).push_bind(*number);
            }
            Test::Time(field, scope, order, moment) => {
                sql.push("coalesce(");
                self.time(sql, *field, scope);
                sql.push(sign(*order)).push_bind(moment.resolve(self.now).to_sqlx()).push(", false)");
            }
            Test::HasTime(field, scope) => {
                self.time(sql, *field, scope);
                sql.push(" is not null");
            }
            Test::Flag(FlagField::Has(kind)) => {
                sql.push("exists (select from customer_records.contact_points p where p.customer_id = c.customer_id and p.kind = ")
                    .push_bind(kind.as_str())
                    .push(")");
            }
            Test::Point(points) => self.points(sql, points),
            Test::Own(key, values) => {
                let token = |value: &String| own_field_token(self.ring.blind(), key, value);
                profile(sql, "own_field_tokens");
                sql.push(" && ").push_bind(values.iter().map(token).collect::<Vec<i64>>()).push(")");
            }
        }
    }

    /// All of one kind.
    fn points(&self, sql: &mut Sql, points: &[ContactPoint]) {
        let kind = points.first().map_or("", |point| point.kind().as_str());
        let digests: Vec<Vec<u8>> =
            points.iter().map(|point| match_key(self.ring, &point.key()).to_vec()).collect();
        sql.push("exists (select from customer_records.contact_points p where p.customer_id = c.customer_id and p.identifying and p.kind = ")
            .push_bind(kind)
            .push(" and p.match_key = any(")
            .push_bind(digests)
            .push("))");
    }

    /// A number, never null.
    fn number(&self, sql: &mut Sql, field: NumberField, scope: &Scope) {
        match field {
            NumberField::ContactCount => {
                sql.push("(select count(*) from customer_records.contact_links l where l.customer_id = c.customer_id");
                self.since(sql, "l.contact_at", scope);
                sql.push(")");
            }
            NumberField::CaseCount | NumberField::ComplaintCount | NumberField::OpenCases => {
                sql.push(
                    "(select count(*) from customer_records.case_links l where l.customer_id = c.customer_id",
                );
                if field == NumberField::OpenCases {
                    sql.push(" and l.open");
                }
                if let Some(category) = &scope.category {
                    sql.push(" and l.category = ").push_bind(category.clone());
                }
                let complaint = (field == NumberField::ComplaintCount).then(|| "COMPLAINT".to_owned());
                if let Some(kind) = complaint.or_else(|| scope.kind.clone()) {
                    sql.push(" and exists (select from customer_records.case_kinds k where k.case_id = l.case_id and k.kind = ")
                        .push_bind(kind)
                        .push(")");
                }
                self.since(sql, "l.accepted_at", scope);
                sql.push(")");
            }
            NumberField::OrderCount => {
                sql.push("(select count(*)");
                self.orders(sql, scope);
            }
            NumberField::ReworkCount => {
                sql.push("(select coalesce(sum(o.rework_count), 0)::bigint");
                self.orders(sql, scope);
            }
            NumberField::PromisesMissed => {
                sql.push(
                    "(select count(*) from customer_records.case_links l join customer_records.viewed_promises p using (case_id)
                      where l.customer_id = c.customer_id and p.state in ('MISSED', 'KEPT_LATE')",
                );
                self.since(sql, "p.due_at", scope);
                sql.push(")");
            }
            NumberField::FollowUpCount => {
                sql.push(
                    "(select count(*) from customer_records.follow_ups f where f.customer_id = c.customer_id",
                );
                self.since(sql, "f.followed_at", scope);
                sql.push(")");
            }
            NumberField::AgreementCount => agreements(sql, "count(*)", scope),
            NumberField::AgreementUnits => agreements(sql, "coalesce(sum(a.units), 0)::bigint", scope),
            NumberField::GroupSize => {
                sql.push(
                    "greatest(1, (select count(*) from customer_records.same_customer_members m
                                  join customer_records.same_customer_members g using (representative_id)
                                  where m.customer_id = c.customer_id))",
                );
            }
        }
    }

    fn orders(&self, sql: &mut Sql, scope: &Scope) {
        sql.push(
            " from customer_records.case_links l join customer_records.viewed_orders o using (case_id)
              where l.customer_id = c.customer_id",
        );
        self.since(sql, "o.created_at", scope);
        sql.push(")");
    }

    /// Nothing when all days count.
    fn since(&self, sql: &mut Sql, column: &'static str, scope: &Scope) {
        let Some(days) = scope.days else { return };
        let since = self.now.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MIN);
        sql.push(" and ").push(column).push(" > ").push_bind(since.to_sqlx());
    }

    /// A time, null when there is none.
    fn time(&self, sql: &mut Sql, field: TimeField, scope: &Scope) {
        sql.push(match field {
            TimeField::Created => "c.created_at",
            TimeField::LastContact => {
                "(select max(l.contact_at) from customer_records.contact_links l where l.customer_id = c.customer_id)"
            }
            TimeField::LastFollowUp => {
                "(select max(f.followed_at) from customer_records.follow_ups f where f.customer_id = c.customer_id)"
            }
            TimeField::OwnershipStart => {
                "(select o.started_at from customer_records.ownerships o where o.customer_id = c.customer_id)"
            }
            TimeField::OwnershipUntil => {
                "(select o.until_at from customer_records.ownerships o where o.customer_id = c.customer_id)"
            }
            TimeField::Pool => {
                "(select o.since_at from customer_records.ownerships o
                  where o.customer_id = c.customer_id and o.state = 'POOLED')"
            }
            TimeField::NextAgreementExpire => {
                "(select min(a.expires_at) from customer_records.agreements a
                  where a.customer_id = c.customer_id and a.state = 'FILED' and a.expires_at > "
            }
        });
        if field == TimeField::NextAgreementExpire {
            sql.push_bind(self.now.to_sqlx());
            if let Some(kind) = &scope.kind {
                sql.push(" and a.kind = ").push_bind(kind.clone());
            }
            sql.push(")");
        }
    }
}

/// One of these texts, or any when `texts` is none.
fn text(sql: &mut Sql, field: TextField, texts: Option<&Vec<String>>) {
    let (before, known, after) = match field {
        TextField::Kind => ("c.kind", " is not null", ""),
        TextField::Source => (
            "exists (select from customer_records.customer_profiles p where p.customer_id = c.customer_id and p.source",
            " <> ''",
            ")",
        ),
        TextField::Owner => (
            "exists (select from customer_records.ownerships o
             where o.customer_id = c.customer_id and o.state = 'OWNED' and o.agent_id",
            " is not null",
            ")",
        ),
        TextField::OwnershipState => (
            "exists (select from customer_records.ownerships o where o.customer_id = c.customer_id and o.state",
            " is not null",
            ")",
        ),
        TextField::OwnershipSite => (
            "exists (select from customer_records.ownerships o where o.customer_id = c.customer_id and o.site_id",
            " is not null",
            ")",
        ),
        TextField::LastSatisfaction => (
            "coalesce((select v.satisfaction
                       from customer_records.case_links l join customer_records.viewed_visits v using (case_id)
                       where l.customer_id = c.customer_id and v.satisfaction <> ''
                       order by v.completed_at desc nulls last, v.task_id desc limit 1)",
            " <> ''",
            ", false)",
        ),
    };
    sql.push(before);
    match texts {
        Some(texts) => sql.push(" = any(").push_bind(texts.clone()).push(")"),
        None => sql.push(known),
    };
    sql.push(after);
}

/// Open at the end: an operator with its value, and a parenthesis.
fn profile(sql: &mut Sql, column: &'static str) {
    sql.push(
        "exists (select from customer_records.customer_profiles p where p.customer_id = c.customer_id and p.",
    );
    sql.push(column);
}

const fn list_column(field: ListField) -> &'static str {
    match field {
        ListField::Tiers => "tiers",
        ListField::Tags => "tags",
        ListField::RiskFlags => "risk_flags",
    }
}

fn agreements(sql: &mut Sql, what: &'static str, scope: &Scope) {
    sql.push("(select ").push(what);
    sql.push(" from customer_records.agreements a where a.customer_id = c.customer_id");
    if let Some(kind) = &scope.kind {
        sql.push(" and a.kind = ").push_bind(kind.clone());
    }
    if let Some(state) = &scope.state {
        sql.push(" and a.state = ").push_bind(state.clone());
    }
    sql.push(")");
}

const fn sign(order: Order) -> &'static str {
    match order {
        Order::Equal => " = ",
        Order::Less => " < ",
        Order::LessOrEqual => " <= ",
        Order::Greater => " > ",
        Order::GreaterOrEqual => " >= ",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::segment::{Filter, Purpose};

    const KEYS: &str = include_str!("../../../tests/it/keys_of_the_tests.toml");

    fn compiled(filter: &str) -> String {
        let filter =
            Filter::parse(filter, Purpose::Unsaved).map_err(|problems| format!("{filter}: {problems:?}"));
        let ring = KeyRing::parse(KEYS).unwrap();
        let mut sql = QueryBuilder::new("");
        Ask { ring: &ring, now: Timestamp::UNIX_EPOCH }.push(&mut sql, &filter.unwrap().node);
        sql.into_string()
    }

    /// A filter with this text wherever a text may stand.
    fn everywhere(text: &str, number: i64) -> String {
        let text = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        format!(
            "source = {text} AND tags:{text} AND NOT tiers IN ({text}, {text}) AND own.a != {text} AND own.b:{text}
             AND case_count(days = 3, category = {text}, kind = FAULT) > {number}
             AND (agreement_units(kind = {text}) <= {number} OR next_agreement_expire_time({text}) < {days} days ago)",
            days = number.unsigned_abs()
        )
    }

    proptest! {
        #[test]
        fn what_is_compared_with_never_changes_the_statement(text in "[^\\x00]{1,40}", number in any::<i32>()) {
            prop_assert_eq!(compiled(&everywhere(&text, number.into())), compiled(&everywhere("a", 1)));
        }

        #[test]
        fn how_many_values_there_are_does_not_either(texts in prop::collection::vec("[a-z'; -]{1,9}", 1..20)) {
            let list: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            prop_assert_eq!(compiled(&format!("source IN ({})", list.join(", "))), compiled("source = a"));
        }
    }

    #[test]
    fn points_are_in_parameters_as_digests() {
        let sql = compiled("phone = \"+8613800138000\" OR email IN (\"a@b.cn\", \"c@d.cn\")");

        assert!(!sql.contains("138") && !sql.contains('@') && sql.contains("match_key = any($2)"), "{sql}");
    }
}
