//! Each service's database role can touch its own schema and nothing else.

use kexiang::database::SCHEMAS;
use kexiang_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

async fn refusal(connection: &mut PgConnection, sql: String) -> String {
    let refused = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await;
    let error = refused.err().unwrap_or_else(|| panic!("not refused: {sql}"));
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
}

#[tokio::test]
async fn a_service_role_is_refused_everywhere_but_in_its_own_schema() {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let database = TestDatabase::create(&SCHEMAS).await;

    for own in SCHEMAS {
        let mut connection = PgConnection::connect(&database.url(own.role)).await.unwrap();
        let mine = format!("select count(*) from {}.consumer_cursors", own.name);
        sqlx::raw_sql(AssertSqlSafe(mine)).execute(&mut connection).await.unwrap();
        let mut attempts = vec![
            "create table public.stray (id int)".to_owned(),
            "create schema stray".to_owned(),
            "create role stray".to_owned(),
            "create database stray".to_owned(),
            "select pg_read_file('/etc/hostname')".to_owned(),
        ];
        for other in SCHEMAS.iter().filter(|other| other.name != own.name) {
            attempts.push(format!("select * from {}.consumer_cursors", other.name));
            attempts.push(format!("delete from {}.consumer_cursors", other.name));
            attempts.push(format!("create table {}.stray (id int)", other.name));
            attempts.push(format!("set role {}", other.role));
        }
        for attempt in attempts {
            assert_eq!(
                refusal(&mut connection, attempt.clone()).await,
                INSUFFICIENT_PRIVILEGE,
                "{}: {attempt}",
                own.role
            );
        }
    }
}
