//! What an administrator prepares, and what roles can do afterwards.

use kexiang_pg::{RoleGrant, Schema, provision};
use kexiang_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};

use crate::fixture::{alpha, beta};

fn grant(schema: &Schema) -> RoleGrant<'_> {
    RoleGrant { schema, password: None }
}

async fn refusal(connection: &mut PgConnection, sql: &'static str) -> Option<String> {
    match sqlx::query(sql).execute(connection).await {
        Ok(_) => None,
        Err(error) => Some(error.as_database_error().unwrap().code().unwrap().into_owned()),
    }
}

#[tokio::test]
async fn provisioning_again_changes_nothing() {
    let alpha = alpha().await;
    let database = TestDatabase::create(&[&alpha]).await;
    let pool = database.pool(alpha.role).await;
    sqlx::query("insert into alpha.notes values ('kept')").execute(&pool).await.unwrap();

    provision(&database.admin_url(), database.name(), &[grant(&alpha)]).await.unwrap();

    let kept: String = sqlx::query_scalar("select note from alpha.notes").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, "kept");
}

#[tokio::test]
async fn processes_which_provision_at_once_take_turns() {
    let database = TestDatabase::create(&[]).await;
    let (admin_url, name) = (database.admin_url(), format!("{}_together", database.name()));
    let schema = Schema { role: "kexiang_test_together", ..beta() };
    let grants = [grant(&schema)];
    let run = || provision(&admin_url, &name, &grants);

    let (one, two, three) = tokio::join!(run(), run(), run());

    for done in [one, two, three] {
        done.unwrap();
    }
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    sqlx::raw_sql(kexiang_pg::sql_text(format!("drop database {name}"))).execute(&mut admin).await.unwrap();
}

#[tokio::test]
async fn a_role_cannot_touch_another_schema() {
    let (alpha, beta) = (alpha().await, beta());
    let database = TestDatabase::create(&[&alpha, &beta]).await;
    let mut connection = PgConnection::connect(&database.url(beta.role)).await.unwrap();

    assert_eq!(refusal(&mut connection, "create table beta.own (id int)").await, None);
    for sql in [
        "select * from alpha.notes",
        "insert into alpha.notes values ('x')",
        "create table alpha.foreign_table (id int)",
        "drop schema alpha cascade",
        "create table public.common (id int)",
        "create schema gamma",
        "create role kexiang_test_made",
        "set role kexiang_test_alpha",
        "create temporary table t (id int)",
    ] {
        assert_eq!(refusal(&mut connection, sql).await.as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn a_role_that_was_given_power_loses_it() {
    let schema = Schema { role: "kexiang_test_powerful", ..beta() };
    let database = TestDatabase::create(&[&schema]).await;
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    sqlx::query("alter role kexiang_test_powerful superuser createdb createrole")
        .execute(&mut admin)
        .await
        .unwrap();

    provision(&database.admin_url(), database.name(), &[grant(&schema)]).await.unwrap();

    let power = "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = 'kexiang_test_powerful'";
    assert!(!sqlx::query_scalar::<_, bool>(power).fetch_one(&mut admin).await.unwrap());
}

#[tokio::test]
async fn an_administrator_without_superuser_rights_can_provision() {
    let database = TestDatabase::create(&[]).await;
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let make = "do $$ begin
                    if not exists (select from pg_roles where rolname = 'kexiang_test_manager') then
                        create role kexiang_test_manager login createdb createrole;
                    end if;
                end $$";
    sqlx::raw_sql(make).execute(&mut admin).await.unwrap();
    sqlx::raw_sql("alter role kexiang_test_manager password 'kexiang-test'")
        .execute(&mut admin)
        .await
        .unwrap();
    let name = format!("{}_managed", database.name());
    let schema = Schema { role: "kexiang_test_managed", ..beta() };
    let manager =
        kexiang_pg::role_url(&database.admin_url(), "kexiang_test_manager", Some("kexiang-test"), "postgres")
            .unwrap();

    let grants = [RoleGrant { schema: &schema, password: Some("it's \\ secret".to_owned()) }];
    let first = provision(&manager, &name, &grants).await;
    let again = provision(&manager, &name, &grants).await;

    sqlx::raw_sql(kexiang_pg::sql_text(format!("drop database if exists {name} with (force)")))
        .execute(&mut admin)
        .await
        .unwrap();
    first.unwrap();
    again.unwrap();
}
