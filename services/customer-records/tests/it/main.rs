//! Customer records over the wire: a real server on a database of its own, with stand-ins for intake and dispatch.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod center;
mod creating;
mod fakes;
mod identification;
mod listing;
mod phone_examples;
mod profiles;
mod recognition;
mod relationships;
mod search;
mod timeline;
mod updating;
mod view;
mod wire;
