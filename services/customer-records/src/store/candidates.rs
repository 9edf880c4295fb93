//! Customers whom the contact points of a batch may find, in one statement for the whole batch.

use std::collections::{BTreeMap, HashMap};

use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{contact_points::match_key, inconsistent};
use crate::domain::{contact_point::ContactPointKey, identification::Candidate, vault::KeyRing};

#[derive(FromRow)]
struct CandidateRow {
    customer_id: Uuid,
    customer_kind: String,
    version: i64,
    had: i64,
    kind: String,
    match_key: Vec<u8>,
    identifying: bool,
}

/// All customers whom one of these contact points identifies, each with those of them that they have.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.candidate.find", skip_all)]
pub async fn find(
    conn: &mut PgConnection,
    ring: &KeyRing,
    keys: &[ContactPointKey],
) -> sqlx::Result<Vec<Candidate>> {
    let wanted: HashMap<(&str, Vec<u8>), &ContactPointKey> =
        keys.iter().map(|key| ((key.kind.as_str(), match_key(ring, key).to_vec()), key)).collect();
    let rows: Vec<CandidateRow> = sqlx::query_as(
        "with wanted as (select * from unnest($1::text[], $2::bytea[]) as wanted (kind, match_key)),
         found as (
             select distinct p.customer_id
             from wanted
             join customer_records.contact_points p
               on p.identifying and p.kind = wanted.kind and p.match_key = wanted.match_key
         )
         select c.customer_id, c.kind as customer_kind, c.version,
                (select count(*) from customer_records.contact_points a where a.customer_id = c.customer_id) as had,
                p.kind, p.match_key, p.identifying
         from found
         join customer_records.customers c using (customer_id)
         join customer_records.contact_points p using (customer_id)
         join wanted on p.kind = wanted.kind and p.match_key = wanted.match_key",
    )
    .bind(wanted.keys().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind(wanted.keys().map(|(_, digest)| digest.as_slice()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;

    let mut candidates: BTreeMap<Uuid, Candidate> = BTreeMap::new();
    for row in rows {
        let kind = row.customer_kind.parse().map_err(inconsistent)?;
        // Joined with what was asked for, so it is there.
        let Some(key) = wanted.get(&(row.kind.as_str(), row.match_key)) else { continue };
        candidates
            .entry(row.customer_id)
            .or_insert_with(|| Candidate {
                customer_id: CustomerId::from_uuid(row.customer_id),
                kind,
                version: row.version,
                had: usize::try_from(row.had).unwrap_or_default(),
                contact_points: Vec::new(),
            })
            .contact_points
            .push(((*key).clone(), row.identifying));
    }
    Ok(candidates.into_values().collect())
}
