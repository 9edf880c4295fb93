//! A consumer is exactly once in effect, wherever it is killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kexiang_events::{Handler, HandlerError, Subscription, consume};
use kexiang_proto::event_v1::Event;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::{
    feed::Served,
    foundation::{ROLE, SCHEMA_NAME, append},
};

/// Writes down every event, and dies now and then.
struct Diary {
    calls: Arc<AtomicU32>,
    /// Fails every so many calls, before, in or after the writing.
    fails_every: u32,
}

impl Diary {
    fn fail_at(&self, place: u32) -> Result<(), HandlerError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call % self.fails_every == place { Err(HandlerError::other("killed here")) } else { Ok(()) }
    }
}

impl Handler for Diary {
    type Input = Vec<String>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        self.fail_at(0)?;
        Ok(events.into_iter().map(|event| event.subject).collect())
    }

    async fn apply(&self, connection: &mut PgConnection, subjects: Self::Input) -> Result<(), HandlerError> {
        self.fail_at(1)?;
        for subject in subjects {
            sqlx::query("insert into events_test.diary (subject) values ($1)")
                .bind(subject)
                .execute(&mut *connection)
                .await?;
        }
        self.fail_at(2)
    }
}

fn subscription(served: &Served, pool: &PgPool) -> Subscription {
    Subscription {
        consumer: "diary.test",
        schema: SCHEMA_NAME,
        pool: pool.clone(),
        source: served.peer.clone(),
        types: &[],
        clock: served.clock.clone(),
    }
}

async fn diary(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select subject from events_test.diary order by entry").fetch_all(pool).await.unwrap()
}

async fn filled(pool: &PgPool, entries: usize) -> Vec<String> {
    for _ in 0..2_000 {
        let diary = diary(pool).await;
        if diary.len() >= entries {
            return diary;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    diary(pool).await
}

async fn world() -> (Served, PgPool) {
    let served = Served::start().await;
    let pool = served.ground.database.pool(ROLE).await;
    sqlx::raw_sql("create table events_test.diary (entry bigserial primary key, subject text)")
        .execute(&pool)
        .await
        .unwrap();
    (served, pool)
}

#[tokio::test]
async fn failing_and_replicated_consumers_write_every_event_once_and_in_order() {
    let (served, pool) = world().await;
    let mut connection = served.ground.connect().await;
    let stop = CancellationToken::new();
    let calls = Arc::new(AtomicU32::new(1));
    let replicas: Vec<_> = (0..3)
        .map(|_| {
            let diary = Diary { calls: Arc::clone(&calls), fails_every: 5 };
            tokio::spawn(consume(subscription(&served, &pool), diary, stop.clone()))
        })
        .collect();

    for nr in 0..30 {
        append(&served.ground.log, &mut connection, &format!("things/{nr:02}"), nr).await;
        served.ground.log.wake();
    }
    let written = filled(&pool, 30).await;
    stop.cancel();
    for replica in replicas {
        replica.await.unwrap();
    }

    assert_eq!(written, (0..30).map(|nr| format!("things/{nr:02}")).collect::<Vec<_>>());
    served.stop().await;
}

#[tokio::test]
async fn a_consumer_killed_again_and_again_loses_and_doubles_nothing() {
    let (served, pool) = world().await;
    let mut connection = served.ground.connect().await;

    for nr in 0..40 {
        append(&served.ground.log, &mut connection, &format!("things/{nr:02}"), nr).await;
        let diary = Diary { calls: Arc::default(), fails_every: u32::MAX };
        let consumer = tokio::spawn(consume(subscription(&served, &pool), diary, CancellationToken::new()));
        // Killed wherever it happens to be, a little later each time.
        tokio::time::sleep(Duration::from_millis(nr.unsigned_abs())).await;
        consumer.abort();
    }
    let diary = Diary { calls: Arc::default(), fails_every: u32::MAX };
    let consumer = tokio::spawn(consume(subscription(&served, &pool), diary, CancellationToken::new()));
    let written = filled(&pool, 40).await;
    consumer.abort();

    assert_eq!(written, (0..40).map(|nr| format!("things/{nr:02}")).collect::<Vec<_>>());
    served.stop().await;
}
