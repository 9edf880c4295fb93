//! Repeated requests (IN-14).

use kexiang_core::{Call, RequestKey, Timestamp};
use kexiang_pg::{Claim, Idempotency, IdempotencyError, Pool};
use kexiang_testkit::TestDatabase;
use uuid::Uuid;

use crate::fixture::alpha;

const KEYS: Idempotency = Idempotency::new("alpha");

fn call(request_id: Uuid, payload: u8) -> Call {
    let key = RequestKey { method: "AcceptCase", request_id, request_hash: [payload; 32] };
    Call { request: Some(key), ..Call::of_service("dispatch").unwrap() }
}

/// A use case: writes a note and answers with it.
async fn note(pool: &Pool, call: &Call, text: &str) -> Result<Claim<String>, IdempotencyError> {
    let mut transaction = pool.begin().await?;
    let claim = KEYS.claim(&mut transaction, call, Timestamp::UNIX_EPOCH).await?;
    if claim == Claim::New {
        sqlx::query("insert into alpha.notes values ($1)").bind(text).execute(&mut *transaction).await?;
        KEYS.save(&mut transaction, call, &text).await?;
    }
    transaction.commit().await?;
    Ok(claim)
}

async fn notes(pool: &Pool) -> Vec<String> {
    sqlx::query_scalar("select note from alpha.notes order by note").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let request = call(Uuid::from_u128(1), 7);

    assert_eq!(note(&pool, &request, "first").await.unwrap(), Claim::New);
    assert_eq!(note(&pool, &request, "second").await.unwrap(), Claim::Replay("first".to_owned()));

    assert_eq!(notes(&pool).await, ["first"]);
}

#[tokio::test]
async fn a_request_id_with_another_payload_is_refused() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    note(&pool, &call(Uuid::from_u128(1), 7), "first").await.unwrap();

    let other = note(&pool, &call(Uuid::from_u128(1), 8), "second").await;

    assert!(matches!(other, Err(IdempotencyError::RequestIdReused)), "{other:?}");
    assert_eq!(notes(&pool).await, ["first"]);
}

#[tokio::test]
async fn calls_without_request_id_and_of_other_actors_are_new() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let first = call(Uuid::from_u128(1), 7);
    let other_actor = Call { request: first.request, ..Call::of_service("reporting").unwrap() };
    let keyless = Call { request: None, ..first.clone() };

    for (call, text) in [(&first, "a"), (&other_actor, "b"), (&keyless, "c"), (&keyless, "d")] {
        assert_eq!(note(&pool, call, text).await.unwrap(), Claim::New, "{text}");
    }

    assert_eq!(notes(&pool).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_twin_waits_for_the_first_and_gets_its_answer() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let request = call(Uuid::from_u128(1), 7);
    let mut first = pool.begin().await.unwrap();
    assert_eq!(KEYS.claim::<String>(&mut first, &request, Timestamp::UNIX_EPOCH).await.unwrap(), Claim::New);

    let twin = tokio::spawn({
        let (pool, request) = (pool.clone(), request.clone());
        async move { note(&pool, &request, "twin").await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!twin.is_finished(), "the twin has to wait");
    KEYS.save(&mut first, &request, &"first").await.unwrap();
    first.commit().await.unwrap();

    assert_eq!(twin.await.unwrap().unwrap(), Claim::Replay("first".to_owned()));
}

#[tokio::test]
async fn a_twin_of_one_that_failed_does_the_work() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let request = call(Uuid::from_u128(1), 7);
    let mut first = pool.begin().await.unwrap();
    KEYS.claim::<String>(&mut first, &request, Timestamp::UNIX_EPOCH).await.unwrap();

    let (_, twin) = tokio::join!(first.rollback(), note(&pool, &request, "twin"));

    assert_eq!(twin.unwrap(), Claim::New);
    assert_eq!(notes(&pool).await, ["twin"]);
}

#[tokio::test]
async fn of_many_twins_at_once_one_does_the_work() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let request = call(Uuid::from_u128(1), 7);

    let twins: Vec<_> = (0..20)
        .map(|number| {
            let (pool, request) = (pool.clone(), request.clone());
            tokio::spawn(async move { note(&pool, &request, &number.to_string()).await })
        })
        .collect();
    let mut new = 0;
    for twin in twins {
        new += usize::from(twin.await.unwrap().unwrap() == Claim::New);
    }

    assert_eq!((new, notes(&pool).await.len()), (1, 1));
}
