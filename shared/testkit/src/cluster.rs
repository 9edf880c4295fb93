//! The server of this test process, and the migrated templates in it.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hasher,
    process,
    str::FromStr,
};

use kexiang_pg::{
    RoleGrant, Schema, migrate,
    private::{Options, PrivateServer},
    provision, role_url, sql_text,
};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use crate::scratch;

/// Roles belong to the whole server and are shared by all its test databases; the password matters only on a foreign one.
const PASSWORD: &str = "kexiang-test";
/// Advisory lock of those who make a template on one server: "kxtempla".
const TEMPLATE_LOCK: i64 = 0x6b78_7465_6d70_6c61;

/// A server that test databases live in.
#[derive(Debug)]
pub struct Cluster {
    admin_url: String,
    /// Stopped by its watchdog when the process ends: statics are never dropped.
    _server: Option<PrivateServer>,
    /// Finished templates by what is in them. Copying one is serial: two copies at once only slow each other down.
    templates: Mutex<HashMap<u64, String>>,
}

impl Cluster {
    /// The one of this process, started when first asked for.
    pub async fn shared() -> &'static Self {
        static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
        CLUSTER.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test has no command line to take the address from")]
        if let Ok(admin_url) = std::env::var("KEXIANG_TEST_ADMIN_URL") {
            return Self { admin_url, _server: None, templates: Mutex::default() };
        }
        let home = scratch::directory().join(format!("kexiang-test-{}-{}", process::id(), short_id()));
        let server =
            PrivateServer::start(Options::scratch(&home)).await.unwrap_or_else(|error| panic!("{error}"));
        Self { admin_url: server.admin_url(), _server: Some(server), templates: Mutex::default() }
    }

    /// A new database with `schemas`, provisioned and migrated; gives its name.
    pub async fn create_database(&self, schemas: &[&Schema]) -> String {
        let name = format!("test_{}", short_id());
        let mut templates = self.templates.lock().await;
        let template = match templates.entry(fingerprint(schemas)) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(missing) => {
                let made = self.template(*missing.key(), schemas).await;
                missing.insert(made)
            }
        };
        let mut admin = self.admin().await;
        execute(&mut admin, format!("create database {name} template {template}")).await;
        drop(templates);
        // A copy has all but the rights of the database itself: who may connect.
        execute(&mut admin, format!("revoke all on database {name} from public")).await;
        for schema in schemas {
            execute(&mut admin, format!("grant connect on database {name} to {}", schema.role)).await;
        }
        admin.close().await.ok();
        name
    }

    /// The template of that fingerprint, made unless an earlier process has. It gets its name when it is whole, so one whose
    /// maker was killed is never taken for finished.
    async fn template(&self, key: u64, schemas: &[&Schema]) -> String {
        let template = format!("test_template_{key:016x}");
        let unfinished = format!("{template}_unfinished");
        let mut admin = self.admin().await;
        execute(&mut admin, format!("select pg_advisory_lock({TEMPLATE_LOCK})")).await;
        let present = "select exists (select from pg_database where datname = $1)";
        let present = sqlx::query_scalar::<_, bool>(present).bind(&template).fetch_one(&mut admin).await;
        if !present.expect("looking for a template") {
            execute(&mut admin, format!("drop database if exists {unfinished} with (force)")).await;
            self.provision(&unfinished, schemas).await;
            for schema in schemas {
                migrate(&self.url(schema.role, &unfinished), schema).await.expect("migrations of a template");
            }
            execute(&mut admin, format!("alter database {unfinished} rename to {template}")).await;
        }
        template
    }

    async fn provision(&self, database: &str, schemas: &[&Schema]) {
        let grants: Vec<RoleGrant<'_>> =
            schemas.iter().map(|schema| RoleGrant { schema, password: Some(PASSWORD.to_owned()) }).collect();
        provision(&self.admin_url, database, &grants).await.expect("provisioning of a test database");
    }

    /// The administrator of the server.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// The administrator, in one database.
    pub fn admin_url_of(&self, database: &str) -> String {
        let options = PgConnectOptions::from_str(&self.admin_url).expect("an administrator's address");
        options.database(database).to_url_lossy().to_string()
    }

    /// A role, in one database.
    pub fn url(&self, role: &str, database: &str) -> String {
        role_url(&self.admin_url, role, Some(PASSWORD), database).expect("an administrator's address")
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url)
            .await
            .expect("a connection for the administrator of the test server")
    }
}

/// Ends every session of the database and removes it. Best effort: it goes with the server at the latest.
pub async fn drop_database(admin_url: &str, name: &str) -> sqlx::Result<()> {
    let mut admin = PgConnection::connect(admin_url).await?;
    sqlx::raw_sql(sql_text(format!("drop database if exists {name} with (force)")))
        .execute(&mut admin)
        .await?;
    admin.close().await
}

async fn execute(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sql_text(sql.clone()))
        .execute(admin)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn short_id() -> String {
    Uuid::new_v4().simple().to_string().split_off(16)
}

/// Changes with the schemas, their roles and any byte of their migrations. The same in every process of one build.
fn fingerprint(schemas: &[&Schema]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for schema in schemas {
        hasher.write(schema.name.as_bytes());
        hasher.write(schema.role.as_bytes());
        for migration in schema.migrator.iter() {
            hasher.write_i64(migration.version);
            hasher.write(&migration.checksum);
        }
    }
    hasher.finish()
}
