//! A filter as SQL. What the caller wrote is in parameters alone: the text of the statement depends on which fields and
//! operators there are, never on a value, nor on how many values one test has.
//!
//! Tests of one customer `c` by its indexes, as `exists` where one row is enough: PostgreSQL begins with what a test finds when
//! that is little. No test is ever null, so NOT is the whole rest.
//!
//! Numbers and last times of a history have two forms, [`Form`]: looked up customer by customer, which is cheap where the rest of a
//! filter leaves few and for batches of members, which end early; or grouped once for all, which counts 300,000 customers by
//! their contacts of 30 days in 0.4 s instead of 2.3 s. A count takes the form that PostgreSQL expects to be cheaper. Grouped,
//! who has no history has no group: whether 0 fits decides if those are sought who fit, or those who don't.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::{Postgres, QueryBuilder};

use super::figure::{Figure, narrow, number_figure, time_figure};
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

/// How histories are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Customer by customer.
    ByCustomer,
    /// All customers at once.
    Grouped,
}

/// What a filter is asked with.
pub struct Ask<'a> {
    /// How histories are looked at.
    pub form: Form,
    /// Makes digests and tokens of what lies sealed.
    pub ring: &'a KeyRing,
    /// What is `ago` and `ahead`.
    pub now: Timestamp,
}

/// What ends a group.
const GROUP_ENDS: &str = ") h where h.customer_id = c.customer_id)";

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
            Test::Number(field, scope, order, number) => self.number(sql, *field, scope, (*order, *number)),
            Test::Time(field, scope, order, moment) => {
                let at = moment.resolve(self.now).to_sqlx();
                if let Some(figure) = time_figure(*field).filter(|_| self.form == Form::Grouped) {
                    self.begin_group(sql, &figure, |_| ());
                    sql.push(sign(*order)).push_bind(at).push(GROUP_ENDS);
                    return;
                }
                sql.push("coalesce(");
                self.time(sql, *field, scope);
                sql.push(sign(*order)).push_bind(at).push(", false)");
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

    /// A number, never null, compared.
    fn number(&self, sql: &mut Sql, field: NumberField, scope: &Scope, (order, number): (Order, i64)) {
        let Some(figure) = number_figure(field) else {
            sql.push(
                "greatest(1, (select count(*) from customer_records.same_customer_members m
                              join customer_records.same_customer_members g using (representative_id)
                              where m.customer_id = c.customer_id))",
            );
            sql.push(sign(order)).push_bind(number);
            return;
        };
        let narrow = |sql: &mut Sql| {
            narrow(sql, field, scope);
            self.since(sql, figure.at, scope);
        };
        match self.form {
            Form::ByCustomer => {
                self.begin_customer(sql, &figure, narrow);
                sql.push(sign(order)).push_bind(number);
            }
            Form::Grouped => {
                let nothing_fits = fits(0, order, number);
                if nothing_fits {
                    sql.push("not ");
                }
                self.begin_group(sql, &figure, narrow);
                sql.push(if nothing_fits { opposite(order) } else { sign(order) });
                sql.push_bind(number).push(GROUP_ENDS);
            }
        }
    }

    /// The figure of `c`.
    fn begin_customer(&self, sql: &mut Sql, figure: &Figure, narrow: impl FnOnce(&mut Sql)) {
        let Figure { what, owner, from, .. } = figure;
        sql.push("(select ").push(what).push(from).push(" and ").push(owner).push(" = c.customer_id");
        narrow(sql);
        sql.push(")");
    }

    /// Those whose figure compares; open for the comparison and [`GROUP_ENDS`].
    fn begin_group(&self, sql: &mut Sql, figure: &Figure, narrow: impl FnOnce(&mut Sql)) {
        let Figure { what, owner, from, .. } = figure;
        sql.push("exists (select from (select ").push(owner).push(" as customer_id").push(from);
        sql.push(" and ").push(owner).push(" is not null");
        narrow(sql);
        sql.push(" group by ").push(owner).push(" having ").push(what);
    }

    /// Nothing when all days count.
    fn since(&self, sql: &mut Sql, column: &'static str, scope: &Scope) {
        let Some(days) = scope.days else { return };
        let since = self.now.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MIN);
        sql.push(" and ").push(column).push(" > ").push_bind(since.to_sqlx());
    }

    /// A time, null when there is none.
    fn time(&self, sql: &mut Sql, field: TimeField, scope: &Scope) {
        if let Some(figure) = time_figure(field) {
            return self.begin_customer(sql, &figure, |_| ());
        }
        sql.push(match field {
            // The two histories are figures.
            TimeField::Created | TimeField::LastContact | TimeField::LastFollowUp => "c.created_at",
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

const fn fits(one: i64, order: Order, other: i64) -> bool {
    match order {
        Order::Equal => one == other,
        Order::Less => one < other,
        Order::LessOrEqual => one <= other,
        Order::Greater => one > other,
        Order::GreaterOrEqual => one >= other,
    }
}

const fn opposite(order: Order) -> &'static str {
    match order {
        Order::Equal => " <> ",
        Order::Less => " >= ",
        Order::LessOrEqual => " > ",
        Order::Greater => " <= ",
        Order::GreaterOrEqual => " < ",
    }
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

    fn compiled(filter: &str, form: Form) -> String {
        let filter =
            Filter::parse(filter, Purpose::Unsaved).map_err(|problems| format!("{filter}: {problems:?}"));
        let ring = KeyRing::parse(KEYS).unwrap();
        let mut sql = QueryBuilder::new("");
        Ask { form, ring: &ring, now: Timestamp::UNIX_EPOCH }.push(&mut sql, &filter.unwrap().node);
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
            let (there, here) = (everywhere(&text, number.into()), everywhere("a", 1));
            prop_assert_eq!(compiled(&there, Form::ByCustomer), compiled(&here, Form::ByCustomer));
            // Whether 0 fits chooses between two texts.
            let (there, here) = (everywhere(&text, i64::from(number.unsigned_abs())), everywhere("a", 1));
            prop_assert_eq!(compiled(&there, Form::Grouped), compiled(&here, Form::Grouped));
        }

        #[test]
        fn how_many_values_there_are_does_not_either(texts in prop::collection::vec("[a-z'; -]{1,9}", 1..20)) {
            let list: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            let many = format!("source IN ({})", list.join(", "));
            prop_assert_eq!(compiled(&many, Form::Grouped), compiled("source = a", Form::Grouped));
        }
    }

    #[test]
    fn points_are_in_parameters_as_digests() {
        let sql = compiled("phone = \"+8613800138000\" OR email IN (\"a@b.cn\", \"c@d.cn\")", Form::Grouped);

        assert!(!sql.contains("138") && !sql.contains('@') && sql.contains("match_key = any($2)"), "{sql}");
    }
}
