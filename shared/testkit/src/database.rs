//! A database of one test.

use std::{thread, time::Duration};

use kexiang_pg::{Pool, Schema, connect};

use crate::cluster::{Cluster, drop_database};

/// Connections of a test's pool.
const MAX_CONNECTIONS: u32 = 8;
/// How long the removal of a database may hold a test up.
const REMOVAL: Duration = Duration::from_secs(10);

/// A database which belongs to one test; it is removed when this is dropped, sessions or not.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: &'static Cluster,
    name: String,
}

impl TestDatabase {
    /// A fresh database with `schemas`, their roles and their migrations.
    ///
    /// # Panics
    /// When there is no PostgreSQL, or a migration fails: the test cannot run.
    pub async fn create(schemas: &[&Schema]) -> Self {
        let cluster = Cluster::shared().await;
        Self { cluster, name: cluster.create_database(schemas).await }
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address for a schema's role, as its service gets it.
    #[must_use]
    pub fn url(&self, role: &str) -> String {
        self.cluster.url(role, &self.name)
    }

    /// The address for the administrator of the server, in this database.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.cluster.admin_url_of(&self.name)
    }

    /// Connections for a schema's role; for this test alone, since they live in its runtime.
    ///
    /// # Panics
    /// When the address is none.
    #[expect(clippy::unused_async, reason = "a pool may only be made inside a runtime")]
    pub async fn pool(&self, role: &str) -> Pool {
        connect(&self.url(role), "test", MAX_CONNECTIONS).expect("the address of a test database")
    }
}

impl Drop for TestDatabase {
    /// From a thread with a runtime of its own: the test's is busy with this very drop.
    fn drop(&mut self) {
        let (admin_url, name) = (self.cluster.admin_url().to_owned(), self.name.clone());
        let removal = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                tokio::time::timeout(REMOVAL, drop_database(&admin_url, &name)).await
            })??;
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        });
        // Best effort: what stays goes with the server, or is found by its name on a foreign one.
        removal.join().ok();
    }
}
