//! A foreign OIDC issuer: discovery and keys over HTTP, tokens under keys that it changes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet},
};
use kexiang_rpc::token::Claims;
use tokio::net::TcpListener;

/// A key made for these tests alone.
const P256: &str = include_str!("p256_of_the_tests.pem");

#[derive(Clone)]
pub struct OidcIssuer {
    pub url: String,
    pub asked: Arc<AtomicU32>,
    /// While false, keys are not given out.
    pub is_up: Arc<AtomicBool>,
    /// How long the issuer takes to give its keys out.
    pub delay: Duration,
    kid: Arc<Mutex<String>>,
}

impl OidcIssuer {
    pub async fn serve() -> Self {
        Self::slow(Duration::ZERO).await
    }

    pub async fn slow(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self {
            url: url.clone(),
            asked: Arc::default(),
            is_up: Arc::new(true.into()),
            delay,
            kid: Arc::new(Mutex::new("one".into())),
        };
        let keys = issuer.clone();
        let discovery = format!(r#"{{"issuer":"{url}","jwks_uri":"{url}/keys"}}"#);
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(|| async move { discovery }))
            .route("/keys", get(|| async move { keys.answer().await }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    async fn answer(&self) -> Result<String, StatusCode> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.delay).await;
        if self.is_up.load(Ordering::Relaxed) { Ok(self.jwks()) } else { Err(StatusCode::BAD_GATEWAY) }
    }

    fn jwks(&self) -> String {
        let key = EncodingKey::from_ec_pem(P256.as_bytes()).unwrap();
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.kid.lock().unwrap().clone());
        serde_json::to_string(&JwkSet { keys: vec![jwk] }).unwrap()
    }

    /// From now on keys and tokens have this id.
    pub fn rotate_to(&self, kid: &str) {
        *self.kid.lock().unwrap() = kid.to_owned();
    }

    pub fn token(&self, audience: &str, now: i64) -> String {
        let claims = Claims {
            sub: "li.na".into(),
            iss: self.url.clone(),
            aud: serde_json::json!([audience, "other"]),
            exp: now + 600,
            nbf: Some(now),
            iat: now,
            roles: vec!["service".into(), "of-another-application".into()],
        };
        let header = Header { kid: Some(self.kid.lock().unwrap().clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_pem(P256.as_bytes()).unwrap()).unwrap()
    }
}
