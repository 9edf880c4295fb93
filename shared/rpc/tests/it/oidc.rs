//! GW-3: people sign in with an OIDC issuer of the operator's choice.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use kexiang_core::{Clock, ManualClock};
use kexiang_rpc::{
    refusal::reason,
    server::Limits,
    token::Issuer,
    trust::{TrustError, TrustSettings, Verifier},
};

use crate::{
    center::{Center, QUICK, asking},
    issuer::OidcIssuer,
};

pub async fn center(issuer: &OidcIssuer) -> (Center, Clock, ManualClock) {
    let settings = TrustSettings {
        jwks_file: None,
        oidc_issuer: Some(issuer.url.clone()),
        oidc_audience: "kexiang".into(),
        oidc_jwks_url: None,
    };
    let (clock, hand) = Clock::manual("2026-11-22T08:00:00Z".parse().unwrap());
    let verifier = Verifier::from_settings(&settings, clock.clone()).unwrap();
    let own = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    (Center::open_with(Limits::default(), own, clock.clone(), verifier).await, clock, hand)
}

pub async fn outcome(center: &Center, token: String) -> String {
    match center.client_with(token).stream_events(asking(QUICK)).await {
        Ok(_) => "let in".to_owned(),
        Err(refused) => reason(&refused),
    }
}

#[tokio::test]
async fn tokens_of_the_issuer_for_this_audience_are_taken_and_its_keys_asked_once() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, _) = center(&issuer).await;
    let now = clock.now().as_second();

    assert_eq!(outcome(&center, issuer.token("kexiang", now)).await, "let in");
    assert_eq!(outcome(&center, issuer.token("kexiang", now + 1)).await, "let in");
    assert_eq!(outcome(&center, issuer.token("another", now)).await, "TOKEN_INVALID");
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_new_key_of_the_issuer_is_found_without_a_restart() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, hand) = center(&issuer).await;
    assert_eq!(outcome(&center, issuer.token("kexiang", clock.now().as_second())).await, "let in");

    issuer.rotate_to("two");
    let too_soon = outcome(&center, issuer.token("kexiang", clock.now().as_second())).await;
    hand.advance(SignedDuration::from_secs(31));
    let later = outcome(&center, issuer.token("kexiang", clock.now().as_second())).await;

    assert_eq!(
        (too_soon.as_str(), later.as_str()),
        ("TOKEN_INVALID", "let in"),
        "asked at most once in 30 s"
    );
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, hand) = center(&issuer).await;
    let token = issuer.token("kexiang", clock.now().as_second());
    assert_eq!(outcome(&center, token.clone()).await, "let in");

    hand.advance(SignedDuration::from_mins(12));

    assert_eq!(outcome(&center, token).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn tokens_of_the_centers_own_issuer_are_not_taken_where_it_is_not_trusted() {
    let issuer = OidcIssuer::serve().await;
    let (center, ..) = center(&issuer).await;

    let refused = center.client().stream_events(asking(QUICK)).await.unwrap_err();

    assert_eq!(reason(&refused), "TOKEN_INVALID");
}

#[test]
fn trusting_nobody_is_refused_at_the_start() {
    let settings = TrustSettings {
        jwks_file: None,
        oidc_issuer: None,
        oidc_audience: "kexiang".into(),
        oidc_jwks_url: None,
    };

    assert!(matches!(Verifier::from_settings(&settings, Clock::system()), Err(TrustError::NobodyTrusted)));
}
