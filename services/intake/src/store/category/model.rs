//! Models, and the closed cases that they learn from.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, SiteId, Timestamp};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    domain::category::{
        ClosedCase, Scope,
        training::{LONGEST_DESCRIPTION, Report},
    },
    store::word,
};

/// What is known about a model.
#[derive(Debug, Clone)]
pub struct ModelCard {
    /// What it is of.
    pub scope: Scope,
    /// Grows with every training; the etag.
    pub revision: i64,
    /// Counts and accuracy.
    pub report: Report,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// By whom.
    pub trained_by: String,
}

/// The model of a scope, without its bytes.
#[tracing::instrument(name = "db.category_model.find", skip_all)]
pub async fn find(connection: &mut PgConnection, scope: &Scope) -> sqlx::Result<Option<ModelCard>> {
    let row: Option<ModelRow> = sqlx::query_as(
        "select scope, revision, report, trained_at, trained_by from intake.category_models where scope = $1",
    )
    .bind(scope.name())
    .fetch_optional(connection)
    .await?;
    row.map(ModelCard::try_from).transpose()
}

/// The revision of the model of a scope.
#[tracing::instrument(name = "db.category_model.revision", skip_all)]
pub async fn revision(connection: &mut PgConnection, scope: &Scope) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select revision from intake.category_models where scope = $1")
        .bind(scope.name())
        .fetch_optional(connection)
        .await
}

/// The model itself, with its revision.
#[tracing::instrument(name = "db.category_model.load", skip_all)]
pub async fn load(connection: &mut PgConnection, scope: &Scope) -> sqlx::Result<Option<(i64, Vec<u8>)>> {
    sqlx::query_as("select revision, model from intake.category_models where scope = $1")
        .bind(scope.name())
        .fetch_optional(connection)
        .await
}

/// Saves a model over the one before it. `etag` is the revision that it is to replace, 0 for none; gives the new revision, or
/// `None` when another one is there.
#[tracing::instrument(name = "db.category_model.save", skip_all)]
pub async fn save(
    connection: &mut PgConnection,
    card: &ModelCard,
    model: &[u8],
    etag: Option<i64>,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "insert into intake.category_models as m (scope, revision, model, report, trained_at, trained_by, checked_at)
         select $1, 1, $2, $3, $4, $5, $4
         where $6::bigint is null or $6 = coalesce((select revision from intake.category_models where scope = $1), 0)
         on conflict on constraint category_models_pkey do update
             set revision = m.revision + 1, model = $2, report = $3, trained_at = $4, trained_by = $5, checked_at = $4
             where $6::bigint is null or m.revision = $6
         returning revision",
    )
    .bind(card.scope.name())
    .bind(model)
    .bind(Json(&card.report))
    .bind(card.trained_at.to_sqlx())
    .bind(&card.trained_by)
    .bind(etag)
    .fetch_optional(connection)
    .await
}

/// Takes a model that nobody looked after since `before`, and says that this was done now: of any number of replicas one gets it.
#[tracing::instrument(name = "db.category_model.claim_due", skip_all)]
pub async fn claim_due(
    connection: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Option<ModelCard>> {
    let row: Option<ModelRow> = sqlx::query_as(
        "update intake.category_models as m set checked_at = $2
         from (select scope from intake.category_models where checked_at <= $1
               order by checked_at limit 1 for update skip locked) as due
         where m.scope = due.scope
         returning m.scope, m.revision, m.report, m.trained_at, m.trained_by",
    )
    .bind(before.to_sqlx())
    .bind(now.to_sqlx())
    .fetch_optional(connection)
    .await?;
    row.map(ModelCard::try_from).transpose()
}

/// How many cases of these sites were closed after `since`, counting `enough` at most.
#[tracing::instrument(name = "db.case.count_closed", skip_all)]
pub async fn count_closed(
    connection: &mut PgConnection,
    sites: &[SiteId],
    since: Timestamp,
    enough: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from (
             select from intake.cases
             where site_id = any($1) and state in ('CLOSED', 'ARCHIVED') and closed_at > $2 limit $3) as closed",
    )
    .bind(sites.iter().map(SiteId::as_str).collect::<Vec<_>>())
    .bind(since.to_sqlx())
    .bind(enough)
    .fetch_one(connection)
    .await
}

/// Closed cases of these sites before `before`, those closed last first. Each site gives its own newest by its index.
#[tracing::instrument(name = "db.case.list_closed", skip_all)]
pub async fn list_closed(
    connection: &mut PgConnection,
    sites: &[SiteId],
    before: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> sqlx::Result<Vec<ClosedCase>> {
    let (at, id) = before.map(|(at, id)| (at.to_sqlx(), id.uuid())).unzip();
    let rows: Vec<ClosedRow> = sqlx::query_as(
        "select c.* from unnest($1::text[]) as s (site_id)
         cross join lateral (
             select case_id, closed_at, category, title, left(description, $5) as description from intake.cases
             where site_id = s.site_id and state in ('CLOSED', 'ARCHIVED')
               and ($2::timestamptz is null or (closed_at, case_id) < ($2, $3::uuid))
             order by closed_at desc, case_id desc limit $4) as c
         order by c.closed_at desc, c.case_id desc limit $4",
    )
    .bind(sites.iter().map(SiteId::as_str).collect::<Vec<_>>())
    .bind(at)
    .bind(id)
    .bind(limit)
    .bind(i32::try_from(LONGEST_DESCRIPTION).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(ClosedCase::from).collect())
}

#[derive(FromRow)]
struct ModelRow {
    scope: String,
    revision: i64,
    report: Json<Report>,
    trained_at: SqlTimestamp,
    trained_by: String,
}

impl TryFrom<ModelRow> for ModelCard {
    type Error = sqlx::Error;
    fn try_from(row: ModelRow) -> Result<Self, Self::Error> {
        Ok(Self {
            scope: word("scope", &row.scope)?,
            revision: row.revision,
            report: row.report.0,
            trained_at: row.trained_at.to_jiff(),
            trained_by: row.trained_by,
        })
    }
}

#[derive(FromRow)]
struct ClosedRow {
    case_id: Uuid,
    closed_at: SqlTimestamp,
    category: String,
    title: String,
    description: Option<String>,
}

impl From<ClosedRow> for ClosedCase {
    fn from(row: ClosedRow) -> Self {
        Self {
            id: CaseId::from_uuid(row.case_id),
            closed_at: row.closed_at.to_jiff(),
            category: row.category,
            title: row.title,
            description: row.description.unwrap_or_default(),
        }
    }
}
