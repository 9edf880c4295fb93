//! Profiles. The one place that reads and writes `details`: everything personal of them.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::domain::{
    profile::{Details, Marks, Profile},
    vault::BlindKey,
};

#[derive(FromRow)]
struct ProfileRow {
    customer_id: Uuid,
    details: Json<Details>,
    tiers: Vec<String>,
    tags: Vec<String>,
    risk_flags: Vec<String>,
    source: String,
    updated_at: Timestamp,
    version: i64,
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        let ProfileRow { tiers, tags, risk_flags, source, .. } = row;
        Self {
            customer_id: CustomerId::from_uuid(row.customer_id),
            details: row.details.0,
            marks: Marks { tiers, tags, risk_flags, source },
            updated_at: Some(row.updated_at.to_jiff()),
            version: row.version,
        }
    }
}

/// What profiles are looked for by; all of it together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// Has this tier.
    pub tier: Option<String>,
    /// Has this tag.
    pub tag: Option<String>,
    /// Has this risk flag.
    pub risk_flag: Option<String>,
    /// Comes from there.
    pub source: Option<String>,
    /// Has an own field with this token.
    pub own_field: Option<i64>,
}

/// The profile of a customer; `None` when never written.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.profile.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Option<Profile>> {
    let row: Option<ProfileRow> =
        sqlx::query_as("select * from customer_records.customer_profiles where customer_id = $1")
            .bind(id.uuid())
            .fetch_optional(conn)
            .await?;
    Ok(row.map(Profile::from))
}

/// Writes a profile, whose customer is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.profile.save", skip_all)]
pub async fn save(conn: &mut PgConnection, key: &BlindKey, profile: &Profile) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.customer_profiles
             (customer_id, details, tiers, tags, risk_flags, source, own_field_tokens, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (customer_id) do update
             set details = excluded.details, tiers = excluded.tiers, tags = excluded.tags,
                 risk_flags = excluded.risk_flags, source = excluded.source,
                 own_field_tokens = excluded.own_field_tokens, updated_at = excluded.updated_at, version = excluded.version",
    )
    .bind(profile.customer_id.uuid())
    .bind(Json(&profile.details))
    .bind(&profile.marks.tiers)
    .bind(&profile.marks.tags)
    .bind(&profile.marks.risk_flags)
    .bind(&profile.marks.source)
    .bind(profile.own_field_tokens(key))
    .bind(profile.updated_at.map(ToSqlx::to_sqlx))
    .bind(profile.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Profiles with all of the filter, of customers older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.profile.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &ProfileFilter,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<Profile>> {
    let mut select =
        QueryBuilder::new("select * from customer_records.customer_profiles where customer_id < ");
    select.push_bind(after.map_or(Uuid::max(), CustomerId::uuid));
    let lists = [("tiers", &filter.tier), ("tags", &filter.tag), ("risk_flags", &filter.risk_flag)];
    for (column, wanted) in lists {
        if let Some(code) = wanted {
            select.push(" and ").push(column).push(" @> ").push_bind(vec![code.clone()]);
        }
    }
    if let Some(source) = &filter.source {
        select.push(" and source = ").push_bind(source.clone());
    }
    if let Some(token) = filter.own_field {
        select.push(" and own_field_tokens @> ").push_bind(vec![token]);
    }
    select.push(" order by customer_id desc limit ").push_bind(limit);
    let rows: Vec<ProfileRow> = select.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(Profile::from).collect())
}
