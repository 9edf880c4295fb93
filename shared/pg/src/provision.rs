//! What an administrator prepares once: the database, a role per service, and the schemas which the roles own.
//!
//! Every step may be repeated, and processes that provision at once take turns by an advisory lock. Killed in the middle, the
//! next run does the rest. Works for a superuser, and for a role with CREATEDB and CREATEROLE, as managed servers give.

use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::{Schema, address, sql_text};

/// Advisory lock of those who provision: "kxprovis". Locks belong to a database: who shares a server shares the admin address.
const PROVISION_LOCK: i64 = 0x6b78_7072_6f76_6973;

/// A schema to be provisioned.
#[derive(Debug, Clone)]
pub struct RoleGrant<'a> {
    /// The schema and the role which will own it.
    pub schema: &'a Schema,
    /// The role's new password. `None` leaves the one it has; a new role then has none, for a server that trusts it.
    pub password: Option<String>,
}

/// Why the database is not ready.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The administrator's address does not work.
    #[error("the administrator cannot connect to the database server: {0}")]
    Connect(#[source] sqlx::Error),
    /// A step failed; those before it stay done.
    #[error("cannot {step}: {source}")]
    Step {
        /// What was tried.
        step: String,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// Makes `database` with the roles and schemas of `grants`, or what of it is missing. Afterwards each role can log in,
/// has no rights over the server, and can use its own schema alone; PUBLIC can neither connect nor use `public`.
///
/// # Errors
/// [`ProvisionError`], naming the step.
pub async fn provision(
    admin_url: &str,
    database: &str,
    grants: &[RoleGrant<'_>],
) -> Result<(), ProvisionError> {
    let mut server = Admin::connect(admin_url).await?;
    server.run("wait for others who provision", format!("select pg_advisory_lock({PROVISION_LOCK})")).await?;
    server.make_database(database).await?;
    for grant in grants {
        server.make_role(grant).await?;
    }
    let options = address::quiet(admin_url).map_err(ProvisionError::Connect)?;
    let mut inside =
        Admin { connection: options.database(database).connect().await.map_err(ProvisionError::Connect)? };
    inside.close_to_public(database).await?;
    for grant in grants {
        inside.make_schema(database, grant.schema).await?;
    }
    for admin in [inside, server] {
        // Nothing hangs on a polite good-bye; the lock goes with the connection.
        admin.connection.close().await.ok();
    }
    Ok(())
}

struct Admin {
    connection: PgConnection,
}

impl Admin {
    async fn connect(url: &str) -> Result<Self, ProvisionError> {
        let options = address::quiet(url).map_err(ProvisionError::Connect)?;
        Ok(Self { connection: options.connect().await.map_err(ProvisionError::Connect)? })
    }

    async fn make_database(&mut self, database: &str) -> Result<(), ProvisionError> {
        let step = format!("create database {database}");
        if !self.ask(&step, "select exists (select from pg_database where datname = $1)", database).await? {
            self.run(
                &step,
                format!("create database {} encoding 'UTF8' template template0", quoted(database)),
            )
            .await?;
        }
        Ok(())
    }

    async fn make_role(&mut self, grant: &RoleGrant<'_>) -> Result<(), ProvisionError> {
        let role = grant.schema.role;
        let step = format!("create role {role}");
        if !self.ask(&step, "select exists (select from pg_roles where rolname = $1)", role).await? {
            self.run(&step, format!("create role {} login", quoted(role))).await?;
        }
        let powerful = "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls or not rolcanlogin
                        from pg_roles where rolname = $1";
        if self.ask(&step, powerful, role).await? {
            let lower = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
            self.run(
                &format!("take rights over the server from role {role}"),
                format!("alter role {} {lower}", quoted(role)),
            )
            .await?;
        }
        if let Some(password) = &grant.password {
            let alter = format!("alter role {} password {}", quoted(role), literal(password));
            self.run(&format!("set the password of role {role}"), alter).await?;
        }
        self.join(role).await
    }

    /// Only a superuser may make a schema for a role it does not belong to.
    async fn join(&mut self, role: &str) -> Result<(), ProvisionError> {
        let step = format!("become a member of role {role}");
        let outsider = "select not rolsuper and rolname <> $1 from pg_roles where rolname = current_user";
        if self.ask(&step, outsider, role).await? {
            self.run(&step, format!("grant {} to current_user", quoted(role))).await?;
        }
        Ok(())
    }

    async fn close_to_public(&mut self, database: &str) -> Result<(), ProvisionError> {
        let revoke = format!("revoke all on database {} from public", quoted(database));
        self.run("close the database to PUBLIC", revoke).await?;
        self.run("close schema public to PUBLIC", "revoke all on schema public from public".to_owned()).await
    }

    async fn make_schema(&mut self, database: &str, schema: &Schema) -> Result<(), ProvisionError> {
        let (name, role) = (quoted(schema.name), quoted(schema.role));
        let step = format!("create schema {} for role {}", schema.name, schema.role);
        for sql in [
            format!("create schema if not exists {name} authorization {role}"),
            format!("alter schema {name} owner to {role}"),
            format!("grant connect on database {} to {role}", quoted(database)),
        ] {
            self.run(&step, sql).await?;
        }
        Ok(())
    }

    async fn ask(&mut self, step: &str, sql: &'static str, name: &str) -> Result<bool, ProvisionError> {
        let answer = sqlx::query_scalar(sql).bind(name).fetch_one(&mut self.connection).await;
        answer.map_err(|source| ProvisionError::Step { step: step.to_owned(), source })
    }

    async fn run(&mut self, step: &str, sql: String) -> Result<(), ProvisionError> {
        let done = sqlx::raw_sql(sql_text(sql)).execute(&mut self.connection).await;
        done.map(drop).map_err(|source| ProvisionError::Step { step: step.to_owned(), source })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A literal that reads the same whatever `standard_conforming_strings` says.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_cannot_leave_their_quotes() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal(r"it's \'"), r"E'it''s \\'''");
    }
}
