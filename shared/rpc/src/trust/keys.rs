//! The keys of an issuer as of one moment, and the tokens that were found good under them.
//!
//! Both live and end together: new keys are a new [`Keys`] with an empty memory, so a key that was taken back is nowhere
//! good any more, not even through a check that was under way. Forgetting costs one check of a signature.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use jsonwebtoken::{DecodingKey, jwk::JwkSet};

use crate::caller::Caller;

/// Good tokens remembered at most; a full memory is emptied.
const REMEMBERED: usize = 10_000;
/// A good token is checked anew after so many seconds.
const REMEMBERED_SECONDS: i64 = 5 * 60;

pub(super) struct Keys {
    pub(super) set: JwkSet,
    /// SHA-256 of a good token → whose it is, and until when that is taken for known.
    good: RwLock<HashMap<[u8; 32], (Caller, i64)>>,
}

impl Keys {
    pub(super) fn new(set: JwkSet) -> Self {
        Self { set, good: RwLock::default() }
    }

    /// The key with this id; a token without one is of the first.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<DecodingKey> {
        let jwk = match kid {
            Some(kid) => self.set.find(kid)?,
            None => self.set.keys.first()?,
        };
        DecodingKey::from_jwk(jwk).ok()
    }

    pub(super) fn recall(&self, fingerprint: &[u8; 32], now: i64) -> Option<Caller> {
        let good = self.good.read().unwrap_or_else(PoisonError::into_inner);
        good.get(fingerprint).filter(|(_, until)| now < *until).map(|(caller, _)| caller.clone())
    }

    pub(super) fn remember(&self, fingerprint: [u8; 32], caller: Caller, exp: i64, now: i64) {
        let mut good = self.good.write().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= REMEMBERED {
            good.clear();
        }
        good.insert(fingerprint, (caller, exp.min(now.saturating_add(REMEMBERED_SECONDS))));
    }
}
