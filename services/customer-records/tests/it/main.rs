//! Customer records over the wire: a real server on a database of its own, with stand-ins for intake and dispatch.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agreement;
mod agreements;
mod center;
mod creating;
mod erasures;
mod exports;
mod fakes;
mod identification;
mod import_desk;
mod import_refusals;
mod import_speed;
mod imports;
mod listing;
mod merge_desk;
mod merge_histories;
mod merge_proposals;
mod merging;
mod ownership;
mod ownership_desk;
mod ownership_refusals;
mod phone_examples;
mod pool;
mod privacy;
mod profiles;
mod recognition;
mod relationships;
mod sealing;
mod search;
mod timeline;
mod updating;
mod view;
mod wire;
