//! Checking tokens: signature by the keys of a trusted issuer, then issuer, audience, time and subject.
//!
//! Where keys come from and how they are renewed without a restart is in `issuer`; how long a good token is remembered, in
//! `keys`. While keys can't be had nobody's token is called bad: the answer is UNAVAILABLE, with a time to come back.

mod issuer;
mod keys;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::jwk::JwkSet;
use kexiang_core::{Actor, AgentId, Clock, Role, Roles};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    caller::Caller,
    refusal::Refusal,
    token::{AUDIENCE, Claims, Issuer},
};
use issuer::TrustedIssuer;

/// Clocks of issuer and service may differ by this much.
const LEEWAY_SECONDS: i64 = 60;

/// The settings of trust: whose tokens are taken.
#[derive(Debug, Clone, clap::Args)]
pub struct TrustSettings {
    /// File with the JWKS of the center's own key (public half); looked at again every 30 s.
    #[arg(long, env = "KEXIANG_JWKS_FILE")]
    pub jwks_file: Option<PathBuf>,
    /// OIDC issuer whose tokens are taken too, such as https://id.example.com/realms/center.
    #[arg(long, env = "KEXIANG_OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,
    /// Audience that the OIDC issuer's tokens must name.
    #[arg(long, env = "KEXIANG_OIDC_AUDIENCE", default_value = AUDIENCE)]
    pub oidc_audience: String,
    /// Address of the OIDC issuer's keys; found by discovery when empty.
    #[arg(long, env = "KEXIANG_OIDC_JWKS_URL")]
    pub oidc_jwks_url: Option<String>,
}

/// Why keys can't be had.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Neither an own key nor an issuer is configured: nobody could ever call.
    #[error("nobody is trusted: set KEXIANG_JWKS_FILE or KEXIANG_OIDC_ISSUER")]
    NobodyTrusted,
    /// The file with the keys can't be read.
    #[error("the JWKS file {path} can't be read: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Why a token is not taken. The words go to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadToken {
    /// Not a JWT, or one without what is needed.
    #[error("is malformed")]
    Malformed,
    /// Signed by nobody trusted.
    #[error("is not signed by a trusted issuer")]
    Untrusted,
    /// Too old.
    #[error("has expired")]
    Expired,
    /// For later.
    #[error("is not valid yet")]
    NotYetValid,
    /// For somebody else.
    #[error("is for another audience")]
    OtherAudience,
    /// Its subject can't be an agent's id.
    #[error("has a subject that is no agent id")]
    Subject,
}

/// Why it is not known whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unverified {
    /// It is a bad one.
    #[error("the token {0}")]
    Bad(#[from] BadToken),
    /// Its issuer is trusted, but the issuer's keys can't be had now.
    #[error("the keys of the token's issuer can't be had")]
    NoKeys,
}

/// Checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    clock: Clock,
    issuers: Arc<[Arc<TrustedIssuer>]>,
}

impl Verifier {
    /// Trusts the center's own key alone.
    #[must_use]
    pub fn of_issuer(issuer: &Issuer, clock: Clock) -> Self {
        let own = TrustedIssuer::own(issuer.jwks(), None, clock.clone());
        Self { clock, issuers: Arc::new([Arc::new(own)]) }
    }

    /// Trusts whom the settings name.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn from_settings(settings: &TrustSettings, clock: Clock) -> Result<Self, TrustError> {
        let mut issuers = Vec::new();
        if let Some(path) = &settings.jwks_file {
            issuers.push(TrustedIssuer::own(read_jwks(path)?, Some(path.clone()), clock.clone()));
        }
        if let Some(issuer) = &settings.oidc_issuer {
            let (audience, jwks_url) = (settings.oidc_audience.clone(), settings.oidc_jwks_url.clone());
            issuers.push(TrustedIssuer::oidc(issuer.clone(), audience, jwks_url, clock.clone()));
        }
        if issuers.is_empty() {
            return Err(TrustError::NobodyTrusted);
        }
        Ok(Self { clock, issuers: issuers.into_iter().map(Arc::new).collect() })
    }

    /// The same for a process that may leave tokens to others: `None` when the settings name nobody.
    ///
    /// # Errors
    /// [`TrustError::File`].
    pub fn if_configured(settings: &TrustSettings, clock: Clock) -> Result<Option<Self>, TrustError> {
        match Self::from_settings(settings, clock) {
            Err(TrustError::NobodyTrusted) => Ok(None),
            verifier => verifier.map(Some),
        }
    }

    /// Finds out who calls, by the bearer token in the headers. Refusals are of `domain`.
    ///
    /// # Errors
    /// UNAUTHENTICATED; UNAVAILABLE while the keys of the token's issuer can't be had.
    pub async fn identify(&self, domain: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|header| header.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| Refusal::token_missing(domain))?;
        self.verify(token).await.map_err(|why| match why {
            Unverified::Bad(why) => Refusal::token_invalid(domain, &why.to_string()),
            Unverified::NoKeys => Refusal::unavailable(domain),
        })
    }

    /// Finds out whose token it is.
    ///
    /// # Errors
    /// [`Unverified`].
    pub async fn verify(&self, token: &str) -> Result<Caller, Unverified> {
        let now = self.clock.now().as_second();
        let fingerprint: [u8; 32] = Sha256::digest(token).into();
        for issuer in self.issuers.iter() {
            issuer.keep_fresh();
            if let Some(caller) = issuer.keys().recall(&fingerprint, now) {
                return Ok(caller);
            }
        }
        let (claims, keys) = self.issuer_of(token)?.check_signature(token).await?;
        check_time(&claims, now)?;
        let caller = caller_of(&claims)?;
        keys.remember(fingerprint, caller.clone(), claims.exp, now);
        Ok(caller)
    }

    fn issuer_of(&self, token: &str) -> Result<&Arc<TrustedIssuer>, BadToken> {
        // Read without checking, only to find whose key to check with.
        let claims: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| BadToken::Malformed)?;
        self.issuers.iter().find(|issuer| issuer.name == claims.iss).ok_or(BadToken::Untrusted)
    }
}

fn check_time(claims: &Claims, now: i64) -> Result<(), BadToken> {
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(BadToken::Expired);
    }
    if claims.nbf.is_some_and(|nbf| now < nbf.saturating_sub(LEEWAY_SECONDS)) {
        return Err(BadToken::NotYetValid);
    }
    Ok(())
}

fn caller_of(claims: &Claims) -> Result<Caller, BadToken> {
    let subject = AgentId::parse(&claims.sub).map_err(|_| BadToken::Subject)?;
    let roles: Roles = claims.roles.iter().filter_map(|role| role.parse().ok()).collect();
    let actor = if roles.contains(Role::Service) { Actor::Service(subject) } else { Actor::Agent(subject) };
    Ok(Caller { actor, roles })
}

fn read_jwks(path: &Path) -> Result<JwkSet, TrustError> {
    let unreadable = |why: String| TrustError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
}
