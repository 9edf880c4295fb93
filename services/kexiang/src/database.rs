//! The databases of the four services on one PostgreSQL server: made, migrated, and their addresses.

use anyhow::Context;
use kexiang_pg::{RoleGrant, Schema, private::PrivateServer};

/// Name of the database.
pub const DATABASE: &str = "kexiang";

/// The four schemas, in the order of [`Databases::addresses`].
pub const SCHEMAS: [&Schema; 4] = [
    &kexiang_intake::SCHEMA,
    &kexiang_dispatch::SCHEMA,
    &kexiang_customer_records::SCHEMA,
    &kexiang_reporting::SCHEMA,
];

/// Address of each service's database, as the service's own role. They hold passwords.
#[derive(Clone)]
pub struct Databases {
    /// As `kexiang_intake`.
    pub intake: String,
    /// As `kexiang_dispatch`.
    pub dispatch: String,
    /// As `kexiang_customer_records`.
    pub customer_records: String,
    /// As `kexiang_reporting`.
    pub reporting: String,
}

impl Databases {
    /// Addresses in the order of [`SCHEMAS`].
    #[must_use]
    pub fn new([intake, dispatch, customer_records, reporting]: [String; 4]) -> Self {
        Self { intake, dispatch, customer_records, reporting }
    }

    /// Makes database, roles and schemas on a private server, which knows who is who without passwords, and migrates
    /// them.
    ///
    /// # Errors
    /// Names the step that failed.
    pub async fn on_private(server: &PrivateServer) -> anyhow::Result<Self> {
        provision(&server.admin_url(), DATABASE, &[None, None, None, None]).await?;
        let databases = Self::new(SCHEMAS.map(|schema| server.url(schema.role, DATABASE)));
        databases.migrate().await?;
        Ok(databases)
    }

    /// Makes database, roles with these passwords and schemas on the server of `admin_url`, and migrates them.
    /// Without a password a role keeps the one it has, and this server must let it in without.
    ///
    /// # Errors
    /// Names the step that failed.
    pub async fn on_server(
        admin_url: &str,
        database: &str,
        passwords: &[Option<String>; 4],
    ) -> anyhow::Result<Self> {
        provision(admin_url, database, passwords).await?;
        let mut addresses = Vec::with_capacity(SCHEMAS.len());
        for (schema, password) in SCHEMAS.iter().zip(passwords) {
            addresses.push(kexiang_pg::role_url(admin_url, schema.role, password.as_deref(), database)?);
        }
        let addresses = addresses.try_into().map_err(|_| anyhow::anyhow!("there are not four schemas"))?;
        let databases = Self::new(addresses);
        databases.migrate().await?;
        Ok(databases)
    }

    fn addresses(&self) -> [&str; 4] {
        [&self.intake, &self.dispatch, &self.customer_records, &self.reporting]
    }

    async fn migrate(&self) -> anyhow::Result<()> {
        for (schema, address) in SCHEMAS.iter().zip(self.addresses()) {
            kexiang_pg::migrate(address, schema)
                .await
                .with_context(|| format!("schema {} can't be migrated", schema.name))?;
        }
        Ok(())
    }
}

async fn provision(admin_url: &str, database: &str, passwords: &[Option<String>; 4]) -> anyhow::Result<()> {
    let grants: Vec<_> = SCHEMAS
        .iter()
        .zip(passwords)
        .map(|(schema, password)| RoleGrant { schema, password: password.clone() })
        .collect();
    kexiang_pg::provision(admin_url, database, &grants).await.context("the database can't be prepared")
}
