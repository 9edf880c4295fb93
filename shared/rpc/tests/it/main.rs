//! The layers around every call, trust in issuers whose keys change or can't be had, and how serving ends, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod center;
mod ending;
mod issuer;
mod keys;
mod layers;
mod oidc;
