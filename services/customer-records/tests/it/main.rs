//! Customer records over the wire: a real server on a database of its own, with stand-ins for intake and dispatch.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agreement;
mod agreements;
mod center;
mod creating;
mod fakes;
mod identification;
mod key_account;
mod key_account_members;
mod key_account_plans;
mod key_account_prices;
mod key_accounts;
mod listing;
mod phone_examples;
mod recognition;
mod timeline;
mod updating;
mod wire;
