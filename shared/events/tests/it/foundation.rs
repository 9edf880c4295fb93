//! A schema with nothing but the ground that every service stands on.

use std::{fs, path::Path};

use kexiang_core::{Actor, Call, Roles, Timestamp};
use kexiang_events::{
    Draft, EventLog,
    window::{Position, Reader},
};
use kexiang_pg::Schema;
use kexiang_testkit::TestDatabase;
use serde_json::json;
use sqlx::{
    Connection, PgConnection,
    migrate::{Migration, MigrationType, Migrator},
};

pub const SCHEMA_NAME: &str = "events_test";
pub const ROLE: &str = "events_test_role";

/// The foundation migration of a service, with the schema's name taken out.
fn foundation_of(service: &str, schema: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../services")
        .join(service)
        .join("migrations/20261122000001_foundation.sql");
    fs::read_to_string(path).unwrap().replace(&format!("{schema}."), "SCHEMA.")
}

#[test]
fn every_service_stands_on_the_same_foundation() {
    let intake = foundation_of("intake", "intake");

    assert_eq!(foundation_of("dispatch", "dispatch"), intake);
    assert_eq!(foundation_of("customer-records", "customer_records"), intake);
}

/// A database of its own with an empty log.
pub struct Ground {
    pub log: EventLog,
    pub database: TestDatabase,
}

impl Ground {
    pub async fn lay() -> Self {
        let sql = foundation_of("intake", "intake").replace("SCHEMA.", &format!("{SCHEMA_NAME}."));
        let migration = Migration::new(
            1,
            "foundation".into(),
            MigrationType::Simple,
            sqlx::SqlStr::from_static(sql.leak()),
            false,
        );
        let mut migrator = Migrator::with_migrations(vec![migration]);
        migrator.dangerous_set_table_name(format!("{SCHEMA_NAME}._sqlx_migrations"));
        let schema = Schema { name: SCHEMA_NAME, role: ROLE, migrator: Box::leak(Box::new(migrator)) };
        let database = TestDatabase::create(&[&schema]).await;
        Self { log: EventLog::new(SCHEMA_NAME), database }
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.database.url(ROLE)).await.unwrap()
    }

    /// Reads on from `position` until nothing more is given: subjects with their numbers, in order.
    pub async fn read_on(
        &self,
        connection: &mut PgConnection,
        position: &mut Position,
    ) -> Vec<(String, i64)> {
        let mut read = Vec::new();
        loop {
            let window = Reader::new(SCHEMA_NAME).next(connection, *position).await.unwrap();
            *position = window.end;
            read.extend(
                window.events.iter().map(|event| (event.subject.clone(), event.data["nr"].as_i64().unwrap())),
            );
            if window.caught_up {
                return read;
            }
        }
    }
}

/// Waits until no transaction older than `transaction_id` runs: tests of other databases on the same server run beside.
pub async fn horizon_reaches(connection: &mut PgConnection, transaction_id: i64) {
    for _ in 0..4_000 {
        let horizon: i64 = sqlx::query_scalar("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if horizon >= transaction_id {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("an older transaction keeps running");
}

/// Draws the transaction id of the open transaction.
pub async fn draw_id(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(connection).await.unwrap()
}

pub fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

pub fn call() -> Call {
    let actor: Actor = "agents/li.na".parse().unwrap();
    Call { actor, roles: Roles::default(), request: None, cause: None, traceparent: None }
}

/// Appends one event of `subject`; `nr` tells them apart.
pub async fn append(log: &EventLog, connection: &mut PgConnection, subject: &str, nr: i64) {
    let draft = Draft::new("thing.changed", subject.to_owned(), now(), &json!({ "nr": nr })).unwrap();
    log.append(connection, &call(), now(), &[draft]).await.unwrap();
}
