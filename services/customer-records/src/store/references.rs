//! Everything that names a customer: the one list of what goes along in a merge, and what does not.
//!
//! A new table with a customer in it: add it to [`REFERENCES`] (rows that go along and come back, by a `uuid` key of one
//! column), or to [`EXCEPTIONS`] with the reason. A test fails for a column that stands in neither.

use kexiang_core::CustomerId;
use kexiang_pg::sql_text;
use sqlx::PgConnection;
use uuid::Uuid;

/// A table whose rows name a customer in `customer_id`.
pub struct Reference {
    /// Its name.
    pub table: &'static str,
    /// Its primary key, a `uuid`.
    pub key: &'static str,
}

/// What goes along. Contacts first: the cases that they opened go with them.
pub const REFERENCES: &[Reference] = &[
    Reference { table: CONTACT_LINKS, key: "contact_id" },
    Reference { table: "case_links", key: "case_id" },
    Reference { table: "agreements", key: "agreement_id" },
    Reference { table: "key_account_members", key: "member_id" },
    Reference { table: "member_changes", key: "member_change_id" },
    Reference { table: "key_account_checks", key: "key_account_check_id" },
];

/// What does not, and why: table, column, reason.
#[cfg(test)]
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("customers", "customer_id", "who they are: the loser keeps its row, and points at the survivor"),
    ("contact_points", "customer_id", "merged by rule and sealed anew: domain/merge.rs"),
    ("subject_keys", "customer_id", "everybody has a key of their own, also when merged"),
    ("likeness_checks", "customer_id", "work to do; of losers none"),
    ("address_tokens", "customer_id", "made from contact points; of losers none"),
    ("name_tokens", "customer_id", "made from names; losers are not found by theirs"),
    ("customer_profiles", "customer_id", "sealed by everybody's own key; the survivor's counts"),
    ("relationships", "customer_id", "of the loser: they rest with it and come back with it"),
    ("same_customer_rulings", "customer_id", "of the loser: they rest with it and come back with it"),
    ("same_customer_members", "customer_id", "computed from relationships and rulings"),
    ("ownerships", "customer_id", "one lease per customer; the survivor's counts"),
    ("ownership_entries", "customer_id", "the register is never rewritten"),
    ("ownership_disputes", "customer_id", "the register is never rewritten"),
    ("follow_ups", "customer_id", "the register is never rewritten"),
    ("conduct_checks", "customer_id", "work to do about follow-ups of then"),
    ("conduct_findings", "customer_id", "what was found about follow-ups of then"),
    ("import_rows", "customer_id", "whose row it was; read through who answers for them now"),
    ("hand_in_files", "customer_id", "a monthly list of then, of who was a customer then"),
    ("customer_handover_items", "customer_id", "who is merged is dropped from a handover"),
    ("unmaskings", "customer_id", "append-only: whose data was seen"),
    ("legal_holds", "customer_id", "a hold is of one subject"),
    ("erasures", "customer_id", "a receipt of one subject"),
];

/// Whose contacts they are; the table on which cases hang.
pub const CONTACT_LINKS: &str = "contact_links";

/// Moves at most `limit` rows from the loser to the survivor, remembering whose they were. `group` is the loser and who is merged
/// into it. The keys of the moved rows.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.reference.move", skip_all, fields(table = reference.table))]
pub async fn move_rows(
    conn: &mut PgConnection,
    reference: &Reference,
    (loser, survivor): (CustomerId, CustomerId),
    group: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    let Reference { table, key } = reference;
    let sql = format!(
        "with moved as (
             update customer_records.{table} set customer_id = $2
             where {key} in (select {key} from customer_records.{table} where customer_id = $1 limit $4 for update)
             returning {key} as row_id)
         insert into customer_records.moved_rows as known (table_name, row_id, origin_id)
         select '{table}', row_id, $1 from moved
         -- A row that came along earlier keeps its first origin; anything else is of a merge long undone.
         on conflict (table_name, row_id) do update
             set origin_id = case when known.origin_id = any($3) then known.origin_id else excluded.origin_id end
         returning row_id"
    );
    let moved: Vec<Uuid> = sqlx::query_scalar(sql_text(sql))
        .bind(loser.uuid())
        .bind(survivor.uuid())
        .bind(group)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    follow(conn, table, &moved, (loser, survivor)).await?;
    Ok(moved)
}

/// Gives at most `limit` rows back from the survivor to the loser: those that were of the `group` before. The keys of the moved rows.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.reference.give_back", skip_all, fields(table = reference.table))]
pub async fn give_back(
    conn: &mut PgConnection,
    reference: &Reference,
    (loser, survivor): (CustomerId, CustomerId),
    group: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    let Reference { table, key } = reference;
    let sql = format!(
        "with home as (
             select m.row_id from customer_records.moved_rows m
             join customer_records.{table} r on r.{key} = m.row_id
             where m.table_name = '{table}' and m.origin_id = any($3) and r.customer_id = $2
             limit $4 for update of r),
         back as (
             update customer_records.{table} r set customer_id = $1 from home where r.{key} = home.row_id),
         forgotten as (
             delete from customer_records.moved_rows m using home
             where m.table_name = '{table}' and m.row_id = home.row_id and m.origin_id = $1)
         select row_id from home"
    );
    let moved: Vec<Uuid> = sqlx::query_scalar(sql_text(sql))
        .bind(loser.uuid())
        .bind(survivor.uuid())
        .bind(group)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    follow(conn, table, &moved, (survivor, loser)).await?;
    Ok(moved)
}

/// The cases that these contacts opened go with them.
async fn follow(
    conn: &mut PgConnection,
    table: &str,
    contacts: &[Uuid],
    (from, to): (CustomerId, CustomerId),
) -> sqlx::Result<()> {
    if table != CONTACT_LINKS || contacts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update customer_records.case_links set customer_id = $3 where contact_id = any($1) and customer_id = $2",
    )
    .bind(contacts)
    .bind(from.uuid())
    .bind(to.uuid())
    .execute(conn)
    .await?;
    Ok(())
}

/// How many rows of each table name the customer.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.reference.count", skip_all)]
pub async fn count(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<(&'static str, i64)>> {
    let mut counts = Vec::new();
    for Reference { table, .. } in REFERENCES {
        let sql = format!("select count(*) from customer_records.{table} where customer_id = $1");
        counts.push((*table, sqlx::query_scalar(sql_text(sql)).bind(id.uuid()).fetch_one(&mut *conn).await?));
    }
    Ok(counts)
}

/// Remembers whose rows were that come with the survivor from the start.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.reference.note_origins", skip_all)]
pub async fn note_origins(
    conn: &mut PgConnection,
    table: &str,
    origins: &[(Uuid, CustomerId)],
) -> sqlx::Result<()> {
    if origins.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into customer_records.moved_rows (table_name, row_id, origin_id)
         select $1, * from unnest($2::uuid[], $3::uuid[]) on conflict do nothing",
    )
    .bind(table)
    .bind(origins.iter().map(|(row, _)| *row).collect::<Vec<_>>())
    .bind(origins.iter().map(|(_, origin)| origin.uuid()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kexiang_testkit::TestDatabase;

    use super::*;
    use crate::SCHEMA;

    #[tokio::test]
    async fn every_column_that_names_a_customer_is_listed() {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let pool = database.pool(SCHEMA.role).await;
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select c.table_name::text, c.column_name::text from information_schema.columns c
             join information_schema.tables t using (table_schema, table_name)
             where c.table_schema = 'customer_records' and t.table_type = 'BASE TABLE'
               and (c.column_name = 'customer_id' or c.column_name like '%\\_customer\\_id')",
        )
        .fetch_all(&pool)
        .await
        .unwrap();

        let listed = REFERENCES.iter().map(|reference| (reference.table, "customer_id"));
        let excepted = EXCEPTIONS.iter().map(|(table, column, _)| (*table, *column));
        let listed: BTreeSet<_> = listed.chain(excepted).collect();
        let found: BTreeSet<_> =
            columns.iter().map(|(table, column)| (table.as_str(), column.as_str())).collect();
        assert_eq!(found, listed);
    }
}
