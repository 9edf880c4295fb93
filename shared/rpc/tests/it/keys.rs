//! Keys that can't be had yet, that are taken back, that change in a file.

use std::{sync::atomic::Ordering, time::Duration};

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_core::{Clock, Role};
use kexiang_proto::rpc::RetryInfo;
use kexiang_rpc::{
    refusal::{detail, reason},
    token::Issuer,
    trust::{BadToken, TrustSettings, Unverified, Verifier},
};
use tonic::Code;

use crate::{
    center::{QUICK, asking},
    issuer::OidcIssuer,
    oidc::{center, outcome},
};

#[tokio::test]
async fn calls_that_come_while_keys_are_fetched_wait_for_them_together() {
    let issuer = OidcIssuer::slow(Duration::from_millis(200)).await;
    let (center, clock, _) = center(&issuer).await;
    let now = clock.now().as_second();

    let calls = (0..8).map(|nr| outcome(&center, issuer.token("kexiang", now + nr)));

    assert_eq!(join_all(calls).await, ["let in"; 8]);
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn while_keys_cannot_be_had_no_token_is_called_bad() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, hand) = center(&issuer).await;
    let token = issuer.token("kexiang", clock.now().as_second());
    issuer.is_up.store(false, Ordering::Relaxed);

    let refused = center.client_with(token.clone()).stream_events(asking(QUICK)).await.unwrap_err();
    outcome(&center, token.clone()).await;

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "TEMPORARILY_UNAVAILABLE"));
    assert!(detail::<RetryInfo>(&refused).is_some());
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1, "a rush of calls is no rush at the issuer");
    issuer.is_up.store(true, Ordering::Relaxed);
    hand.advance(SignedDuration::from_secs(6));
    assert_eq!(outcome(&center, token).await, "let in");
}

#[tokio::test]
async fn a_key_that_was_taken_back_takes_its_tokens_along() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, hand) = center(&issuer).await;
    let old = issuer.token("kexiang", clock.now().as_second());
    assert_eq!(outcome(&center, old.clone()).await, "let in");

    issuer.rotate_to("two");
    hand.advance(SignedDuration::from_secs(31));
    assert_eq!(outcome(&center, old.clone()).await, "let in", "nobody knows yet");
    let new = issuer.token("kexiang", clock.now().as_second());

    assert_eq!(outcome(&center, new).await, "let in");
    assert_eq!(outcome(&center, old).await, "TOKEN_INVALID", "though it was found good before");
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_noticed_without_a_new_one_too() {
    let issuer = OidcIssuer::serve().await;
    let (center, clock, hand) = center(&issuer).await;
    let old = issuer.token("kexiang", clock.now().as_second());
    assert_eq!(outcome(&center, old.clone()).await, "let in");

    issuer.rotate_to("two");
    hand.advance(SignedDuration::from_mins(5));

    for _ in 0..1_000 {
        if outcome(&center, old.clone()).await == "TOKEN_INVALID" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the old key stayed good");
}

#[tokio::test]
async fn the_file_with_the_own_key_is_read_again() {
    let new_key = || Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let (old, new) = (new_key(), new_key());
    let file = std::env::temp_dir().join(format!("kexiang-jwks-{}.json", uuid::Uuid::new_v4()));
    let write =
        |issuer: &Issuer| std::fs::write(&file, serde_json::to_string(&issuer.jwks()).unwrap()).unwrap();
    let settings = TrustSettings {
        jwks_file: Some(file.clone()),
        oidc_issuer: None,
        oidc_audience: "kexiang".into(),
        oidc_jwks_url: None,
    };
    let (clock, hand) = Clock::manual("2026-11-22T08:00:00Z".parse().unwrap());
    let token = |issuer: &Issuer| {
        issuer.issue("li.na", &[Role::Agent], Duration::from_hours(1), clock.now()).unwrap()
    };
    write(&old);
    let verifier = Verifier::from_settings(&settings, clock.clone()).unwrap();
    assert!(verifier.verify(&token(&old)).await.is_ok());
    write(&new);

    let too_soon = verifier.verify(&token(&new)).await.unwrap_err();
    hand.advance(SignedDuration::from_secs(31));

    assert_eq!(too_soon, Unverified::Bad(BadToken::Untrusted), "read at most once in 30 s");
    assert!(verifier.verify(&token(&new)).await.is_ok());
    assert_eq!(verifier.verify(&token(&old)).await.unwrap_err(), Unverified::Bad(BadToken::Untrusted));
    std::fs::remove_file(&file).unwrap();
    hand.advance(SignedDuration::from_secs(31));
    assert!(verifier.verify(&token(&new)).await.is_ok(), "what was had stays while the file is away");
}
