//! Profiles. The one place that reads and writes `sealed_details`: everything personal of them.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

use super::{
    inconsistent,
    subject_keys::{self, SubjectKeys, of},
};
use crate::domain::{
    profile::{Marks, Profile},
    vault::KeyRing,
};

/// What sealed details are; part of the seal.
const DETAILS: &str = "customer_profiles.sealed_details";

#[derive(FromRow)]
struct ProfileRow {
    customer_id: Uuid,
    sealed_details: Vec<u8>,
    tiers: Vec<String>,
    tags: Vec<String>,
    risk_flags: Vec<String>,
    source: String,
    updated_at: Timestamp,
    version: i64,
}

impl ProfileRow {
    fn open(self, keys: &SubjectKeys) -> sqlx::Result<Profile> {
        let customer_id = CustomerId::from_uuid(self.customer_id);
        let details = of(keys, customer_id)?.open(DETAILS, &self.sealed_details).map_err(inconsistent)?;
        let ProfileRow { tiers, tags, risk_flags, source, .. } = self;
        Ok(Profile {
            customer_id,
            details: serde_json::from_slice(&details).map_err(inconsistent)?,
            marks: Marks { tiers, tags, risk_flags, source },
            updated_at: Some(self.updated_at.to_jiff()),
            version: self.version,
        })
    }
}

async fn open(conn: &mut PgConnection, ring: &KeyRing, rows: Vec<ProfileRow>) -> sqlx::Result<Vec<Profile>> {
    let ids: Vec<CustomerId> = rows.iter().map(|row| CustomerId::from_uuid(row.customer_id)).collect();
    let keys = subject_keys::open(conn, ring, &ids).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
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
pub async fn find(conn: &mut PgConnection, ring: &KeyRing, id: CustomerId) -> sqlx::Result<Option<Profile>> {
    let row: Option<ProfileRow> =
        sqlx::query_as("select * from customer_records.customer_profiles where customer_id = $1")
            .bind(id.uuid())
            .fetch_optional(&mut *conn)
            .await?;
    Ok(open(conn, ring, row.into_iter().collect()).await?.pop())
}

/// Writes a profile, whose customer is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.profile.save", skip_all)]
pub async fn save(conn: &mut PgConnection, ring: &KeyRing, profile: &Profile) -> sqlx::Result<()> {
    let keys = subject_keys::open(conn, ring, &[profile.customer_id]).await?;
    let details = serde_json::to_vec(&profile.details).map_err(inconsistent)?;
    let details = of(&keys, profile.customer_id)?.seal(DETAILS, &details).map_err(inconsistent)?;
    sqlx::query(
        "insert into customer_records.customer_profiles
             (customer_id, sealed_details, tiers, tags, risk_flags, source, own_field_tokens, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (customer_id) do update
             set sealed_details = excluded.sealed_details, tiers = excluded.tiers, tags = excluded.tags,
                 risk_flags = excluded.risk_flags, source = excluded.source,
                 own_field_tokens = excluded.own_field_tokens, updated_at = excluded.updated_at, version = excluded.version",
    )
    .bind(profile.customer_id.uuid())
    .bind(details)
    .bind(&profile.marks.tiers)
    .bind(&profile.marks.tags)
    .bind(&profile.marks.risk_flags)
    .bind(&profile.marks.source)
    .bind(profile.own_field_tokens(ring.blind()))
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
    ring: &KeyRing,
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
    let rows: Vec<ProfileRow> = select.build_query_as().fetch_all(&mut *conn).await?;
    open(conn, ring, rows).await
}
