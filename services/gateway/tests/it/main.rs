//! The gateway over real sockets, in front of fake services that speak the generated traits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod door;
mod download;
mod edge;
mod errors;
mod fake;
mod fake_evidence;
mod grpc;
mod json;
mod stream;
mod world;
