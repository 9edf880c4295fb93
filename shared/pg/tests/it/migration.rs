//! Pending migrations, and migrating.

use kexiang_pg::{Schema, migrate, pending_migrations};
use kexiang_testkit::TestDatabase;

use crate::fixture::{alpha, alpha_migrator, beta};

#[tokio::test]
async fn without_a_ledger_everything_is_pending_and_looking_makes_none() {
    let (alpha, empty) = (alpha().await, Schema { name: "alpha", role: "kexiang_test_alpha", ..beta() });
    let database = TestDatabase::create(&[]).await;
    let grant = kexiang_pg::RoleGrant { schema: &empty, password: Some("kexiang-test".to_owned()) };
    kexiang_pg::provision(&database.admin_url(), database.name(), &[grant]).await.unwrap();
    let pool = database.pool(alpha.role).await;

    assert!(pending_migrations(&pool, &alpha).await.unwrap());

    let ledger = sqlx::query_scalar::<_, bool>("select to_regclass('alpha._sqlx_migrations') is null");
    assert!(ledger.fetch_one(&pool).await.unwrap(), "looking must not make the ledger");
}

#[tokio::test]
async fn a_migration_of_a_newer_release_is_pending_until_it_is_applied() {
    let older = Schema { migrator: alpha_migrator(1).await, ..alpha().await };
    let newer = alpha().await;
    let database = TestDatabase::create(&[&older]).await;
    let pool = database.pool(newer.role).await;
    assert!(!pending_migrations(&pool, &older).await.unwrap());
    assert!(pending_migrations(&pool, &newer).await.unwrap());

    migrate(&database.url(newer.role), &newer).await.unwrap();

    assert!(!pending_migrations(&pool, &newer).await.unwrap());
    assert!(!pending_migrations(&pool, &older).await.unwrap(), "an older copy goes on beside a newer one");
}

#[tokio::test]
async fn an_edited_migration_counts_as_pending() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let edit = "update alpha._sqlx_migrations set checksum = 'edited' where version = 2";
    sqlx::query(edit).execute(&pool).await.unwrap();

    assert!(pending_migrations(&pool, &alpha).await.unwrap());
    assert!(migrate(&database.url(alpha.role), &alpha).await.is_err());
}

#[tokio::test]
async fn copies_which_migrate_at_once_take_turns() {
    let older = Schema { migrator: alpha_migrator(1).await, ..alpha().await };
    let newer = alpha().await;
    let database = TestDatabase::create(&[&older]).await;
    let url = database.url(newer.role);

    let (one, two, three) = tokio::join!(migrate(&url, &newer), migrate(&url, &newer), migrate(&url, &newer));

    for done in [one, two, three] {
        done.unwrap();
    }
}
