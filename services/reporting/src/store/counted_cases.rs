//! The cases behind a figure (RE-2), page by page.

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, UnitId};
use sqlx::{PgConnection, types::Uuid};

use super::decode;
use crate::domain::figures::{CountedBy, CountedCase, ListPlace};

#[derive(sqlx::FromRow)]
struct CountedCaseRow {
    case_id: Uuid,
    number: String,
    channel: String,
    kind: String,
    category: String,
    unit_id: Option<String>,
    state: String,
    accepted_at: jiff_sqlx::Timestamp,
    resolved_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<CountedCaseRow> for CountedCase {
    type Error = sqlx::Error;
    fn try_from(row: CountedCaseRow) -> sqlx::Result<Self> {
        Ok(Self {
            case: CaseId::from_uuid(row.case_id),
            number: row.number,
            channel: row.channel.parse().map_err(decode)?,
            kind: row.kind.parse().map_err(decode)?,
            category: row.category,
            unit: row.unit_id.map(|unit| UnitId::parse(&unit)).transpose().map_err(decode)?,
            state: row.state.parse().map_err(decode)?,
            accepted_at: row.accepted_at.to_jiff(),
            resolved_at: row.resolved_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

/// At most `limit` of the cases that `by` counts, by acceptance and id, after the place `after`.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.counted_case.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    by: &CountedBy,
    after: Option<ListPlace>,
    limit: i64,
) -> sqlx::Result<Vec<CountedCase>> {
    let (dimension, key) = by.row.as_ref().map(|(dimension, key)| (dimension.as_str(), key.as_str())).unzip();
    let rows: Vec<CountedCaseRow> = sqlx::query_as(LIST)
        .bind(by.site.as_str())
        .bind(by.period.first().map(ToSqlx::to_sqlx))
        .bind(by.period.last().map(ToSqlx::to_sqlx))
        .bind(by.figure.as_str())
        .bind(dimension)
        .bind(key)
        .bind(after.map(|place| place.accepted_at.to_sqlx()))
        .bind(after.map(|place| place.case.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(CountedCase::try_from).collect()
}

const LIST: &str = "
with span as (
    select coalesce($2::date, '-infinity') as first, coalesce($3::date, 'infinity') as last
)
select case_id, number, channel, kind, category, unit_id, state, accepted_at, resolved_at
from reporting.case_facts as facts, span
where site_id = $1
  and ($4 = 'RECEIVED' and received_on between span.first and span.last
       or $4 = 'RESOLVED' and resolved_on between span.first and span.last)
  and ($5::text is null or reporting.key_of(facts, $5) = $6)
  and ($7::timestamptz is null or (accepted_at, case_id) > ($7, $8))
order by accepted_at, case_id
limit $9";
