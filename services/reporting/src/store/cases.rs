//! Projection of cases: `reporting.case_facts`.

use std::collections::HashMap;

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, SiteId, UnitId};
use sqlx::{PgConnection, types::Uuid};

use super::decode;
use crate::domain::{
    counts::{Counted, Place},
    facts::CaseFacts,
};

/// Where these cases are counted now; those that are not known yet are absent.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.case.places", skip_all)]
pub async fn places(conn: &mut PgConnection, cases: &[CaseFacts]) -> sqlx::Result<HashMap<CaseId, Place>> {
    let ids: Vec<Uuid> = cases.iter().map(|facts| facts.case.uuid()).collect();
    let rows: Vec<(Uuid, String, String)> =
        sqlx::query_as("select case_id, site_id, state from reporting.case_facts where case_id = any($1)")
            .bind(ids)
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|(id, site, state)| {
            let state = state.parse().map_err(decode)?;
            let place = (SiteId::parse(&site).map_err(decode)?, Counted::Case(state));
            Ok((CaseId::from_uuid(id), place))
        })
        .collect()
}

/// Writes what is known of these cases now, each at most once in `cases`. The same facts again write nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.case.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, cases: &[CaseFacts]) -> sqlx::Result<()> {
    sqlx::query(UPSERT)
        .bind(column(cases, |c| c.case.uuid()))
        .bind(column(cases, |c| c.number.as_str()))
        .bind(column(cases, |c| c.site.as_str()))
        .bind(column(cases, |c| c.zone.name()))
        .bind(column(cases, |c| c.channel.as_str()))
        .bind(column(cases, |c| c.kind.as_str()))
        .bind(column(cases, |c| c.category.as_str()))
        .bind(column(cases, |c| c.unit.as_ref().map(UnitId::as_str)))
        .bind(column(cases, |c| c.state.as_str()))
        .bind(column(cases, |c| c.accepted_at.to_sqlx()))
        .bind(column(cases, |c| c.first_resolved_at.map(ToSqlx::to_sqlx)))
        .bind(column(cases, |c| c.resolved_at.map(ToSqlx::to_sqlx)))
        .bind(column(cases, |c| c.closed_at.map(ToSqlx::to_sqlx)))
        .bind(column(cases, |c| c.received_on().to_sqlx()))
        .bind(column(cases, |c| c.resolved_on().map(ToSqlx::to_sqlx)))
        .execute(conn)
        .await?;
    Ok(())
}

/// One column of a batch, for `unnest`.
fn column<'a, T>(cases: &'a [CaseFacts], value: impl Fn(&'a CaseFacts) -> T) -> Vec<T> {
    cases.iter().map(value).collect()
}

const UPSERT: &str = "
insert into reporting.case_facts (
    case_id, number, site_id, time_zone, channel, kind, category, unit_id, state,
    accepted_at, first_resolved_at, resolved_at, closed_at, received_on, resolved_on
)
select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::date[], $15::date[]
)
on conflict (case_id) do update set
    number = excluded.number,
    site_id = excluded.site_id,
    time_zone = excluded.time_zone,
    channel = excluded.channel,
    kind = excluded.kind,
    category = excluded.category,
    unit_id = excluded.unit_id,
    state = excluded.state,
    accepted_at = excluded.accepted_at,
    first_resolved_at = excluded.first_resolved_at,
    resolved_at = excluded.resolved_at,
    closed_at = excluded.closed_at,
    received_on = excluded.received_on,
    resolved_on = excluded.resolved_on
where case_facts.* is distinct from excluded.*";
