//! Several writes as one statement.

use kexiang_pg::{Pool, Statement};
use kexiang_testkit::TestDatabase;

use crate::fixture::alpha;

async fn notes(pool: &Pool) -> Vec<String> {
    sqlx::query_scalar("select note from alpha.notes").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn rows_are_written_in_their_order() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let mut statement = Statement::default();
    statement.insert("alpha.notes", &["b", "a", "c"]).column("note", "text", |note| *note).add_in_order();

    statement.execute(&mut pool.acquire().await.unwrap(), "select").await.unwrap();

    assert_eq!(notes(&pool).await, ["b", "a", "c"]);
}

#[tokio::test]
async fn what_fails_in_the_end_leaves_nothing_behind() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let mut statement = Statement::default();
    statement.insert("alpha.notes", &["first"]).column("note", "text", |note| *note).add();
    let zero = statement.bind(0_i32);
    statement.part("divisor", &format!("select {zero}::int as number"));

    let failed = statement
        .execute(&mut pool.acquire().await.unwrap(), "select 1 / (select number from divisor)")
        .await
        .unwrap_err();

    assert_eq!(failed.as_database_error().unwrap().code().unwrap(), "22012", "division by zero");
    assert!(notes(&pool).await.is_empty());
}

#[tokio::test]
async fn one_refused_part_refuses_all() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    let mut statement = Statement::default();
    statement.insert("alpha.notes", &["good"]).column("note", "text", |note| *note).add();
    statement.insert("alpha.notes", &[None::<&str>]).column("note", "text", |note| *note).add();

    statement.execute(&mut pool.acquire().await.unwrap(), "select").await.unwrap_err();

    assert!(notes(&pool).await.is_empty());
}
