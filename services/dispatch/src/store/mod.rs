//! The SQL of dispatch: free functions over a connection, schema-qualified, one file per table. Nothing here decides.
//!
//! Many rows travel as one JSON parameter that `jsonb_populate_recordset` turns into rows of the table, so that a batch costs
//! as many statements as a single order, and, other than with `unnest`, one parameter instead of 29 and one place, the row's
//! struct, for the columns of a work order.
//!
//! Rows that a transaction means to change are locked `for no key update`, which lets foreign keys be checked meanwhile. Order
//! of locks in every transaction: routes, work orders by id, tasks by id, rotations by site, units by id, arrivals and turns of a locked rotation, queued orders of a locked unit (skipping
//! locked ones); agents change only under their unit's lock.

use std::str::FromStr;

use sqlx::{PgConnection, SqlSafeStr, types::Json};

pub mod agents;
pub mod assignments;
pub mod erasure;
pub mod org;
pub mod presence;
pub mod receptions;
pub mod rotations;
pub mod routes;
pub mod tasks;
pub mod units;
pub mod work_order_lists;
mod work_order_row;
pub mod work_orders;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL refused or is out of reach.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// A stored value is none that this version writes.
    #[error("{column} of {table} holds what no version of dispatch writes")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

// `AssertSqlSafe` in this room: the only variable part of a text is the table's constant list of columns.

/// Reads a word or id from a column.
fn read<T: FromStr>(table: &'static str, column: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent { table, column })
}

/// The same of a column that may be null.
fn read_optional<T: FromStr>(
    table: &'static str,
    column: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| read(table, column, text)).transpose()
}

/// Reads the words or ids of an array.
fn read_all<T: FromStr>(
    table: &'static str,
    column: &'static str,
    texts: &[String],
) -> Result<Vec<T>, StoreError> {
    texts.iter().map(|text| read(table, column, text)).collect()
}

/// Runs a statement whose one parameter is `rows`; every row must have had its effect.
async fn write_rows<R: serde::Serialize + Sync>(
    conn: &mut PgConnection,
    sql: impl SqlSafeStr,
    table: &'static str,
    rows: &[R],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let done = sqlx::query(sql).bind(Json(rows)).execute(conn).await?;
    if usize::try_from(done.rows_affected()) == Ok(rows.len()) {
        Ok(())
    } else {
        Err(StoreError::Inconsistent { table, column: "primary key" })
    }
}
