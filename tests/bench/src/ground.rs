//! The ground both sides stand on: one private PostgreSQL, durable as in production, with two databases of the same make.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    str::FromStr,
};

use anyhow::{Context, ensure};
use kexiang_core::Clock;
use kexiang_events::partition;
use kexiang_intake::SCHEMA;
use kexiang_pg::{
    RoleGrant,
    private::{Options, PrivateServer},
    sql_text,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// The database of Kexiang.
pub const KEXIANG: &str = "kexiang_bench";
/// The database of pgbench.
pub const PGBENCH: &str = "kexiang_bench_pgbench";

/// A running server with both databases, empty at first. It stops when dropped, and a temporary directory goes with it.
pub struct Ground {
    server: PrivateServer,
    admin: PgConnection,
    // After the server: it is removed when the server has stopped.
    directory: Directory,
}

/// Where everything lies.
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

/// What the server says about itself.
pub struct Settings {
    pub version: String,
    pub fsync: String,
    pub synchronous_commit: String,
}

impl Ground {
    /// Starts the server in `dir`, or in a temporary directory, and makes both databases anew.
    pub async fn prepare(dir: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = || std::env::temp_dir().join(format!("kexiang-bench-{}", process::id()));
        let path = std::path::absolute(dir.map_or_else(temporary, Path::to_owned))?;
        let directory = Directory { path, temporary: dir.is_none() };
        fs::create_dir_all(&directory.path)
            .with_context(|| format!("{} can't be made", directory.path.display()))?;
        let server = PrivateServer::start(Options::durable(&directory.path)).await?;
        let admin = PgConnection::connect(&server.admin_url()).await?;
        let mut ground = Self { server, admin, directory };
        for database in [KEXIANG, PGBENCH] {
            ground.make(database).await.with_context(|| format!("database {database} can't be made"))?;
        }
        Ok(ground)
    }

    async fn make(&mut self, database: &str) -> anyhow::Result<()> {
        let drop = sql_text(format!("drop database if exists {database} with (force)"));
        sqlx::raw_sql(drop).execute(&mut self.admin).await?;
        let grant = RoleGrant { schema: &SCHEMA, password: None };
        kexiang_pg::provision(&self.server.admin_url(), database, &[grant]).await?;
        let url = self.url(database);
        kexiang_pg::migrate(&url, &SCHEMA).await?;
        let pool = kexiang_pg::connect(&url, "kexiang-bench", 1)?;
        partition::ensure_partitions(&pool, SCHEMA.name, Clock::system().now()).await?;
        pool.close().await;
        Ok(())
    }

    /// The address of a database as intake's role.
    pub fn url(&self, database: &str) -> String {
        self.server.url(SCHEMA.role, database)
    }

    /// A directory for files of a turn.
    pub fn scratch(&self) -> PathBuf {
        self.directory.path.join("turn")
    }

    /// The server's own pgbench, so that both are of one version.
    pub async fn pgbench(&mut self) -> anyhow::Result<PathBuf> {
        let bindir = "select setting from pg_config where name = 'BINDIR'";
        let bindir: String = sqlx::query_scalar(bindir).fetch_one(&mut self.admin).await?;
        let program = Path::new(&bindir).join("pgbench");
        ensure!(
            program.is_file(),
            "{} is missing; it comes with PostgreSQL's server or contrib package",
            program.display()
        );
        Ok(program)
    }

    /// What figures depend on. Commits that would not outlive a loss of power are not worth measuring.
    pub async fn settings(&mut self) -> anyhow::Result<Settings> {
        let query = "select current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')";
        let (version, fsync, synchronous_commit) =
            sqlx::query_as::<_, (String, String, String)>(query).fetch_one(&mut self.admin).await?;
        ensure!(fsync == "on" && synchronous_commit == "on", "commits are not durable on this server");
        Ok(Settings { version, fsync, synchronous_commit })
    }

    /// Writes all that waits to be written, so that no turn pays for the one before.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        sqlx::raw_sql("checkpoint").execute(&mut self.admin).await?;
        Ok(())
    }

    /// Does what autovacuum would do some minutes later, so that it does not do it while something is measured.
    pub async fn vacuum(&mut self, database: &str) -> anyhow::Result<()> {
        let options = PgConnectOptions::from_str(&self.server.admin_url())?.database(database);
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::raw_sql("vacuum (analyze)").execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
