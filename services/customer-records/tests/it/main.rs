//! Customer records over the wire: a real server on a database of its own, with stand-ins for intake and dispatch.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agreement;
mod agreements;
mod archive;
mod archive_keeping;
mod archives;
mod center;
mod creating;
mod fakes;
mod hand_ins;
mod identification;
mod listing;
mod phone_examples;
mod recognition;
mod timeline;
mod updating;
mod wire;
