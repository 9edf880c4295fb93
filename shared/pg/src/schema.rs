//! A service's place in the database, and the only way to put its name into SQL.

use sqlx::{AssertSqlSafe, migrate::Migrator};

/// One service's schema: owned by one role, filled by one set of migrations.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The schema, such as `intake`; lower-case letters, digits and `_`, so that it needs no quotes.
    pub name: &'static str,
    /// The role which owns it and as which the service logs in, such as `kexiang_intake`.
    pub role: &'static str,
    /// Its migrations; their ledger is `<name>._sqlx_migrations`, by `table-name` in the crate's `sqlx.toml`.
    pub migrator: &'static Migrator,
}

/// SQL whose only variable part is a schema's name, which is a constant of the program: never a value that came from outside.
#[must_use]
pub const fn sql_text(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
