//! Making tokens: the key that `kexiang up` makes for itself, and the tokens that services show each other.
//!
//! Tokens are JWTs signed with Ed25519. An operator's OIDC issuer takes the place of [`Issuer`] for people; services may
//! go on with tokens of their own key.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use kexiang_core::{Clock, Role};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The issuer named in tokens of an own key.
pub const OWN_ISSUER: &str = "https://kexiang.local";
/// The audience of all tokens of the product.
pub const AUDIENCE: &str = "kexiang";

/// A key or token can't be made.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The key is no Ed25519 key in PKCS#8 PEM, or signing failed.
    #[error("the signing key is not usable: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// A token file can't be read.
    #[error("the token file {path} can't be read: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: String,
    /// Made by.
    pub iss: String,
    /// Made for.
    pub aud: serde_json::Value,
    /// Good until, in seconds since 1970.
    pub exp: i64,
    /// Good from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Made at.
    #[serde(default)]
    pub iat: i64,
    /// Roles of GW-3; words that are none are of other applications and count for nothing here.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A signing key and what it signs.
#[derive(Clone)]
pub struct Issuer {
    key: Arc<EncodingKey>,
    jwk: Jwk,
}

impl Issuer {
    /// A new key as PKCS#8 PEM, for a file that only its owner can read.
    #[must_use]
    pub fn generate_pem() -> String {
        // PKCS#8 of Ed25519 is a fixed head and the 32 bytes of the key (RFC 8410).
        const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let der = [HEAD.as_slice(), &rand::random::<[u8; 32]>()].concat();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
    }

    /// Takes a key.
    ///
    /// # Errors
    /// [`TokenError::Key`].
    pub fn from_pem(pem: &str) -> Result<Self, TokenError> {
        let key = EncodingKey::from_ed_pem(pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
        Ok(Self { key: Arc::new(key), jwk })
    }

    /// The public half, as services check tokens with.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk.clone()] }
    }

    /// A token for `subject`, good for `ttl` from `now` on.
    ///
    /// # Errors
    /// [`TokenError::Key`].
    pub fn issue(
        &self,
        subject: &str,
        roles: &[Role],
        ttl: Duration,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        let claims = Claims {
            sub: subject.to_owned(),
            iss: OWN_ISSUER.to_owned(),
            aud: AUDIENCE.into(),
            exp: now.as_second().saturating_add_unsigned(ttl.as_secs()),
            nbf: None,
            iat: now.as_second(),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
        };
        let header = Header { kid: self.jwk.common.key_id.clone(), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

/// Where a service gets the token that it shows to others.
#[derive(Clone)]
pub enum TokenSource {
    /// A file that the operator renews; read at every call, so that a new token needs no restart.
    File(PathBuf),
    /// An own key: a fresh token every half hour.
    Issuer(Arc<IssuedToken>),
}

/// The current token of a service with an own key.
pub struct IssuedToken {
    issuer: Issuer,
    clock: Clock,
    service: &'static str,
    current: Mutex<Option<(Timestamp, String)>>,
}

impl TokenSource {
    const TTL: Duration = Duration::from_hours(1);
    const RENEW_AFTER_SECONDS: i64 = 30 * 60;

    /// Tokens for `service`, signed with an own key.
    #[must_use]
    pub fn issued(issuer: Issuer, clock: Clock, service: &'static str) -> Self {
        Self::Issuer(Arc::new(IssuedToken { issuer, clock, service, current: Mutex::new(None) }))
    }

    /// Tokens from a file.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    /// The token to show now.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn token(&self) -> Result<String, TokenError> {
        match self {
            Self::File(path) => std::fs::read_to_string(path)
                .map(|text| text.trim().to_owned())
                .map_err(|source| TokenError::File { path: path.clone(), source }),
            Self::Issuer(issued) => issued.token(),
        }
    }
}

impl IssuedToken {
    fn token(&self) -> Result<String, TokenError> {
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, token)) = current.as_ref() {
            let age = now.as_second() - made_at.as_second();
            if (0..TokenSource::RENEW_AFTER_SECONDS).contains(&age) {
                return Ok(token.clone());
            }
        }
        let token = self.issuer.issue(self.service, &[Role::Service], TokenSource::TTL, now)?;
        *current = Some((now, token.clone()));
        Ok(token)
    }
}
