//! An issuer that is trusted: checking under its keys, and having its keys as they are now.
//!
//! A file is read again every 30 s, an OIDC issuer asked every 5 min, beside the calls. A key id that is not known asks at
//! once, and the calls that need the answer wait for it together; so a new key is good at its first token, and however many
//! tokens name keys that there are not, the issuer is asked at most once in 30 s (5 s after it could not be had). What was
//! had stays good while its source is away.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{DecodingKey, Validation, errors::ErrorKind, jwk::JwkSet};
use kexiang_core::Clock;
use tokio::sync::Mutex;

use super::{BadToken, Unverified, keys::Keys, read_jwks};
use crate::token::{AUDIENCE, Claims, OWN_ISSUER};

/// For an unknown key id, keys are asked for at most once in so many seconds.
const ASK_AGAIN_SECONDS: i64 = 30;
/// The same after they could not be had.
const RETRY_SECONDS: i64 = 5;

type KeysError = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct TrustedIssuer {
    pub(super) name: String,
    audience: String,
    source: Source,
    clock: Clock,
    keys: RwLock<Arc<Keys>>,
    /// Held while keys are asked for: whoever needs them then waits here.
    asked: Mutex<Asked>,
}

/// Where keys come from.
#[derive(Clone)]
enum Source {
    /// This process has them.
    Own,
    File(PathBuf),
    Oidc {
        issuer: String,
        jwks_url: Option<String>,
    },
}

/// The last time that keys were asked for, and whether they were had.
struct Asked {
    at: i64,
    had: bool,
}

impl TrustedIssuer {
    /// The center's own key; with a file, as it stands there.
    pub(super) fn own(set: JwkSet, file: Option<PathBuf>, clock: Clock) -> Self {
        let asked = Asked { at: clock.now().as_second(), had: true };
        Self {
            name: OWN_ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            source: file.map_or(Source::Own, Source::File),
            clock,
            keys: RwLock::new(Arc::new(Keys::new(set))),
            asked: Mutex::new(asked),
        }
    }

    /// An OIDC issuer, not asked yet.
    pub(super) fn oidc(issuer: String, audience: String, jwks_url: Option<String>, clock: Clock) -> Self {
        Self {
            name: issuer.clone(),
            audience,
            source: Source::Oidc { issuer, jwks_url },
            clock,
            keys: RwLock::new(Arc::new(Keys::new(JwkSet { keys: Vec::new() }))),
            asked: Mutex::new(Asked { at: i64::MIN, had: false }),
        }
    }

    /// The keys as last had.
    pub(super) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has keys that are too old asked for, and waits for nothing.
    pub(super) fn keep_fresh(self: &Arc<Self>) {
        let now = self.clock.now().as_second();
        let Some(age) = self.source.freshness() else { return };
        if self.asked.try_lock().is_ok_and(|asked| asked.is_due(now, age)) {
            tokio::spawn(Arc::clone(self).ask(age));
        }
    }

    /// What a token says, when its signature is good, and the keys that it is good under. Time is not checked here.
    pub(super) async fn check_signature(
        self: &Arc<Self>,
        token: &str,
    ) -> Result<(Claims, Arc<Keys>), Unverified> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken::Malformed)?;
        let (keys, key) = self.find_key(header.kid.as_deref()).await?;
        // The algorithm is the key's, never the token's own choice among families.
        if key.family() != header.alg.family() {
            return Err(BadToken::Untrusted.into());
        }
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.audience]);
        validation.set_issuer(&[&self.name]);
        // Time is checked with the injected clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map(|data| data.claims);
        let claims = claims.map_err(|error| match error.kind() {
            ErrorKind::InvalidAudience => BadToken::OtherAudience,
            _ => BadToken::Untrusted,
        })?;
        Ok((claims, keys))
    }

    async fn find_key(self: &Arc<Self>, kid: Option<&str>) -> Result<(Arc<Keys>, DecodingKey), Unverified> {
        let known = || {
            let keys = self.keys();
            keys.find(kid).map(|key| (keys, key))
        };
        if let Some(found) = known() {
            return Ok(found);
        }
        // A task of its own: a caller who leaves stops no one else's answer.
        let had = tokio::spawn(Arc::clone(self).ask(ASK_AGAIN_SECONDS)).await.unwrap_or(false);
        let missing = if had { BadToken::Untrusted.into() } else { Unverified::NoKeys };
        known().ok_or(missing)
    }

    /// Asks for keys unless they are younger than `age`, and tells whether they could be had the last time. One asks at a
    /// time.
    async fn ask(self: Arc<Self>, age: i64) -> bool {
        let mut asked = self.asked.lock().await;
        if self.source.freshness().is_none() || !asked.is_due(self.clock.now().as_second(), age) {
            return asked.had;
        }
        let source = self.source.clone();
        let fetched = match tokio::task::spawn_blocking(move || source.fetch()).await {
            Ok(fetched) => fetched,
            Err(panic) => Err(panic.into()),
        };
        *asked = Asked { at: self.clock.now().as_second(), had: fetched.is_ok() };
        match fetched {
            Ok(set) => self.take(set),
            Err(error) => tracing::warn!(%error, issuer = self.name, "keys can't be had"),
        }
        asked.had
    }

    /// Other keys than before take their place, and the memory of good tokens goes with the old ones.
    fn take(&self, set: JwkSet) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.set != set {
            tracing::info!(issuer = self.name, keys = set.keys.len(), "new keys");
            *keys = Arc::new(Keys::new(set));
        }
    }
}

impl Asked {
    fn is_due(&self, now: i64, age: i64) -> bool {
        now.saturating_sub(self.at) >= if self.had { age } else { RETRY_SECONDS }
    }
}

impl Source {
    /// The age in seconds from which keys are asked for again without need; `None` for those that can't change.
    fn freshness(&self) -> Option<i64> {
        match self {
            Self::Own => None,
            Self::File(_) => Some(30),
            Self::Oidc { .. } => Some(5 * 60),
        }
    }

    fn fetch(&self) -> Result<JwkSet, KeysError> {
        match self {
            Self::Own => Err("an own key has no source".into()),
            Self::File(path) => Ok(read_jwks(path)?),
            Self::Oidc { issuer, jwks_url } => fetch_jwks(issuer, jwks_url.as_deref()),
        }
    }
}

/// Asks an OIDC issuer for its keys (OpenID Connect Discovery 1.0), within 5 s for each of the two calls.
fn fetch_jwks(issuer: &str, jwks_url: Option<&str>) -> Result<JwkSet, KeysError> {
    #[derive(serde::Deserialize)]
    struct Discovery {
        jwks_uri: String,
    }
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
    let get = |url: &str| agent.get(url).call().and_then(|mut answer| answer.body_mut().read_to_string());
    let url = match jwks_url {
        Some(url) => url.to_owned(),
        None => {
            let discovery =
                get(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
            serde_json::from_str::<Discovery>(&discovery)?.jwks_uri
        }
    };
    Ok(serde_json::from_str(&get(&url)?)?)
}
