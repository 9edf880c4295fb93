//! Customer records over the wire: a real server on a database of its own, with stand-ins for intake and dispatch.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agreement;
mod agreements;
mod archive;
mod archive_keeping;
mod archives;
mod center;
mod conduct;
mod contact_points;
mod creating;
mod disputes;
mod erasures;
mod fakes;
mod follow_ups;
mod hand_ins;
mod handover_desk;
mod handover_refusals;
mod handovers;
mod identification;
mod key_account;
mod key_account_members;
mod key_account_plans;
mod key_account_prices;
mod key_accounts;
mod listing;
mod merge_desk;
mod merge_histories;
mod merge_proposals;
mod merged_ownership;
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
