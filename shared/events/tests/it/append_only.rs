//! What is in the log stays in the log.

use sqlx::AssertSqlSafe;

use crate::foundation::{Ground, append};

#[tokio::test]
async fn events_are_never_updated_deleted_or_truncated() {
    let ground = Ground::lay().await;
    let mut connection = ground.connect().await;
    append(&ground.log, &mut connection, "things/a", 1).await;

    for change in [
        "update events_test.event_log set event_type = 'x'",
        "delete from events_test.event_log",
        "truncate events_test.event_log",
    ] {
        let refused = sqlx::query(AssertSqlSafe(change)).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn months_are_partitioned_ahead() {
    let ground = Ground::lay().await;
    let pool = ground.database.pool(crate::foundation::ROLE).await;
    let ensure =
        || kexiang_events::partition::ensure_partitions(&pool, "events_test", crate::foundation::now());

    ensure().await.unwrap();
    ensure().await.unwrap();
    let mut connection = ground.connect().await;
    append(&ground.log, &mut connection, "things/a", 1).await;

    let in_november: i64 = sqlx::query_scalar("select count(*) from events_test.event_log_2026_11")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(in_november, 1);
}
