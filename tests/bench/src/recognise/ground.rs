//! One private PostgreSQL with the schemas of intake and customer records in one database, as in production.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::Context;
use kexiang_core::Clock;
use kexiang_events::partition;
use kexiang_pg::{
    RoleGrant, Schema,
    private::{Options, PrivateServer},
    sql_text,
};
use sqlx::{Connection, PgConnection};

const DATABASE: &str = "kexiang_bench_recognise";
const SCHEMAS: [&Schema; 2] = [&kexiang_intake::SCHEMA, &kexiang_customer_records::SCHEMA];

/// A running server with the database, empty at first. It stops when dropped, and a temporary directory goes with it.
pub struct Ground {
    server: PrivateServer,
    // After the server: it is removed when the server has stopped.
    directory: Directory,
}

struct Directory {
    path: PathBuf,
    temporary: bool,
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.temporary {
            // It may be missing when the server could not start.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

impl Ground {
    /// Starts the server in `dir`, or in a temporary directory, and makes the database anew.
    pub async fn prepare(dir: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = || std::env::temp_dir().join(format!("kexiang-bench-recognise-{}", process::id()));
        let path = std::path::absolute(dir.map_or_else(temporary, Path::to_owned))?;
        let directory = Directory { path, temporary: dir.is_none() };
        fs::create_dir_all(&directory.path)
            .with_context(|| format!("{} can't be made", directory.path.display()))?;
        let server = PrivateServer::start(Options::durable(&directory.path)).await?;
        let ground = Self { server, directory };
        ground.make().await.context("the database can't be made")?;
        Ok(ground)
    }

    async fn make(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(&self.server.admin_url()).await?;
        let drop = sql_text(format!("drop database if exists {DATABASE} with (force)"));
        sqlx::raw_sql(drop).execute(&mut admin).await?;
        admin.close().await?;
        let grants = SCHEMAS.map(|schema| RoleGrant { schema, password: None });
        kexiang_pg::provision(&self.server.admin_url(), DATABASE, &grants).await?;
        for schema in SCHEMAS {
            let url = self.url(schema);
            kexiang_pg::migrate(&url, schema).await?;
            let pool = kexiang_pg::connect(&url, "kexiang-bench", 1)?;
            partition::ensure_partitions(&pool, schema.name, Clock::system().now()).await?;
            pool.close().await;
        }
        Ok(())
    }

    /// The address of the database as a schema's own role.
    pub fn url(&self, schema: &Schema) -> String {
        self.server.url(schema.role, DATABASE)
    }

    /// Makes a file of keys for this run alone: what the bench fills in is sealed by them.
    pub fn make_key_file(&self) -> anyhow::Result<PathBuf> {
        let path = self.directory.path.join("keys.toml");
        fs::write(&path, kexiang_customer_records::domain::vault::KeyRing::new_file()?.as_bytes())?;
        Ok(path)
    }

    /// The size of the database.
    pub async fn megabytes(&self) -> anyhow::Result<i64> {
        let mut connection = PgConnection::connect(&self.url(&kexiang_intake::SCHEMA)).await?;
        let size = sqlx::query_scalar("select pg_database_size(current_database()) / 1000000");
        Ok(size.fetch_one(&mut connection).await?)
    }
}
