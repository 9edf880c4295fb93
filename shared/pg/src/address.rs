//! Addresses: the same server under another role or database.

use std::str::FromStr;

use sqlx::{ConnectOptions, postgres::PgConnectOptions};

/// The address under which `role` reaches `database` on the server of `admin_url`; the server's TLS settings are kept. No
/// password means that the server trusts the role, or learns who it is by other means (peer, certificate, `~/.pgpass`).
///
/// # Errors
/// [`sqlx::Error::Configuration`] when `admin_url` is not an address.
pub fn role_url(admin_url: &str, role: &str, password: Option<&str>, database: &str) -> sqlx::Result<String> {
    let options =
        PgConnectOptions::from_str(admin_url)?.username(role).password(password.unwrap_or_default());
    Ok(options.database(database).to_url_lossy().to_string())
}

/// What an administrator connects with: quiet, since its statements may hold passwords, and without notices such as
/// "relation already exists, skipping", which are the normal case of what is idempotent.
pub fn quiet(url: &str) -> sqlx::Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)?.application_name("kexiang provision");
    Ok(options.options([("client_min_messages", "warning")]).disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_role_keeps_server_and_tls() {
        let url = role_url(
            "postgres://root:secret@db.example:6432/postgres?sslmode=require",
            "kexiang_intake",
            Some("p@ss/w"),
            "kexiang",
        );

        let options = PgConnectOptions::from_str(&url.unwrap()).unwrap();

        assert_eq!((options.get_host(), options.get_port()), ("db.example", 6432));
        assert_eq!(options.get_username(), "kexiang_intake");
        assert_eq!(options.get_database(), Some("kexiang"));
        assert!(matches!(options.get_ssl_mode(), sqlx::postgres::PgSslMode::Require));
        assert!(options.to_url_lossy().as_str().contains("p%40ss%2Fw"));
    }

    #[test]
    fn the_administrators_password_never_goes_to_a_role() {
        let url = role_url("postgres://root:secret@db.example/postgres", "kexiang_intake", None, "kexiang")
            .unwrap();

        assert!(!url.contains("secret"), "{url}");
    }
}
