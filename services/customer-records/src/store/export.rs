//! Everything that is kept about a customer, as rows of JSON: the one list of it. Who keeps something of a customer adds a line;
//! what is sealed is opened by the use case.

use kexiang_core::CustomerId;
use serde_json::Value;
use sqlx::PgConnection;

/// Kind of row, and what gives the rows of the customer `$1` as `jsonb`.
const PARTS: [(&str, &str); 8] = [
    (
        "contact",
        "select to_jsonb(x) from (select contact_id, contact_at, case_id from customer_records.contact_links
         where customer_id = $1 order by contact_at, contact_id) x",
    ),
    (
        "case",
        "select to_jsonb(x) from (select case_id, number, category, accepted_at, open from customer_records.case_links
         where customer_id = $1 order by accepted_at, case_id) x",
    ),
    (
        "timeline_entry",
        "select to_jsonb(x) from (
             select e.occurred_at, e.event_type, e.subject, e.case_id, e.contact_id, e.site_id
             from customer_records.contact_links l join customer_records.timeline_entries e on e.contact_id = l.contact_id
             where l.customer_id = $1
             union all
             select e.occurred_at, e.event_type, e.subject, e.case_id, e.contact_id, e.site_id
             from customer_records.case_links l
             join customer_records.timeline_entries e on e.case_id = l.case_id and e.contact_id is null
             where l.customer_id = $1
             order by 1, 3) x",
    ),
    (
        "relationship",
        "select to_jsonb(x) from (select relationship_id, customer_id, kind, related_id, created_at, ended_at
         from customer_records.relationships where $1 in (customer_id, related_id) order by relationship_id) x",
    ),
    (
        "follow_up",
        "select to_jsonb(f) from customer_records.follow_ups f where customer_id = $1 order by 1",
    ),
    (
        "agreement",
        "select to_jsonb(a) from customer_records.agreements a where customer_id = $1 order by agreement_id",
    ),
    (
        "import_row",
        "select to_jsonb(x) from (select source, imported_at from customer_records.import_rows
         where customer_id = $1 order by source, imported_at) x",
    ),
    (
        "unmasking",
        "select to_jsonb(x) from (select unmasked_at, purpose, fields from customer_records.unmaskings
         where customer_id = $1 order by unmasking_id) x",
    ),
];

/// All rows, each with its kind.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.export", skip_all)]
pub async fn rows(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<(&'static str, Value)>> {
    let mut rows = Vec::new();
    for (kind, sql) in PARTS {
        let part: Vec<Value> = sqlx::query_scalar(sql).bind(id.uuid()).fetch_all(&mut *conn).await?;
        rows.extend(part.into_iter().map(|row| (kind, row)));
    }
    Ok(rows)
}
