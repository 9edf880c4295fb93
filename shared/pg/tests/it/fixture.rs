//! Two schemas that stand for two services.

use std::path::Path;

use kexiang_pg::Schema;
use sqlx::migrate::Migrator;

/// A schema with a memory of requests and a table of notes.
pub async fn alpha() -> Schema {
    Schema { name: "alpha", role: "kexiang_test_alpha", migrator: alpha_migrator(i64::MAX).await }
}

/// A schema with nothing in it yet.
pub fn beta() -> Schema {
    Schema {
        name: "beta",
        role: "kexiang_test_beta",
        migrator: ledger_in("beta", Migrator::with_migrations(Vec::new())),
    }
}

/// The migrations of alpha up to a version, as an earlier release had them.
pub async fn alpha_migrator(up_to: i64) -> &'static Migrator {
    let all =
        Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/migrations"))).await.unwrap();
    let some = all.iter().filter(|migration| migration.version <= up_to).cloned().collect();
    ledger_in("alpha", Migrator::with_migrations(some))
}

/// What `sqlx.toml` says in the crate of a service.
fn ledger_in(schema: &str, mut migrator: Migrator) -> &'static Migrator {
    migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
    Box::leak(Box::new(migrator))
}
