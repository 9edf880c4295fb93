//! Customers whom the contact points of a batch may find, in one statement for the whole batch.

use std::collections::BTreeMap;

use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::{contact_point::ContactPointKey, identification::Candidate};

#[derive(FromRow)]
struct CandidateRow {
    customer_id: Uuid,
    customer_kind: String,
    version: i64,
    kind: String,
    match_key: String,
    identifying: bool,
}

/// All customers whom one of these contact points identifies, each with all its contact points.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.candidate.find", skip_all)]
pub async fn find(conn: &mut PgConnection, keys: &[ContactPointKey]) -> sqlx::Result<Vec<Candidate>> {
    let rows: Vec<CandidateRow> = sqlx::query_as(
        "with found as (
             select distinct p.customer_id
             from unnest($1::text[], $2::text[]) as wanted (kind, match_key)
             join customer_records.contact_points p
               on p.identifying and p.kind = wanted.kind and p.match_key = wanted.match_key
         )
         select c.customer_id, c.kind as customer_kind, c.version, p.kind, p.match_key, p.identifying
         from found
         join customer_records.customers c using (customer_id)
         join customer_records.contact_points p using (customer_id)",
    )
    .bind(keys.iter().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;

    let mut candidates: BTreeMap<Uuid, Candidate> = BTreeMap::new();
    for row in rows {
        let kind = row.customer_kind.parse().map_err(inconsistent)?;
        let key = ContactPointKey { kind: row.kind.parse().map_err(inconsistent)?, text: row.match_key };
        candidates
            .entry(row.customer_id)
            .or_insert_with(|| Candidate {
                customer_id: CustomerId::from_uuid(row.customer_id),
                kind,
                version: row.version,
                contact_points: Vec::new(),
            })
            .contact_points
            .push((key, row.identifying));
    }
    Ok(candidates.into_values().collect())
}
