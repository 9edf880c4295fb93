//! Stories of intake over the wire: real PostgreSQL, logs of dispatch and customer records written by hand.
//!
//! | to see | read |
//! |---|---|
//! | the service with all around it, and its verbs | `desk.rs`, `verb.rs`, `news.rs`; what is sent and refused: `wire.rs` |
//! | gapless registers under load and kills | `registers.rs` |
//! | what a contact keeps and what is refused | `acceptance.rs` |
//! | repeated requests, outages, neighbours in one batch | `repeating.rs`, `outage.rs`, `neighbours.rs` |
//! | the way of a case to its archive | `way.rs`, `steps.rs`, `etags.rs`, `joining.rs`, `identification.rs` |
//! | the knowledge base: writing it, reviewing it | `shelf.rs` (its verbs), `articles.rs`, `article_review.rs`, `article_expiry.rs` |
//! | finding in it, citing it | `article_search.rs`, `article_messages.rs`, `article_speed.rs`, `article_desk.rs` |
//! | automatic acceptance | `talk.rs` (its verbs), `dialogue_answers.rs`, `dialogue_proof.rs`, `dialogue_turns.rs`, `dialogue_ends.rs`, `dialogue_messages.rs` |
//! | bringing cases over, lists, events, probes | `import.rs`, `paging.rs`, `events.rs`, `probes.rs`, `stopping.rs` |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod acceptance;
mod article_desk;
mod article_expiry;
mod article_messages;
mod article_review;
mod article_search;
mod article_speed;
mod articles;
mod desk;
mod dialogue_answers;
mod dialogue_ends;
mod dialogue_messages;
mod dialogue_proof;
mod dialogue_turns;
mod etags;
mod events;
mod feed;
mod identification;
mod import;
mod joining;
mod neighbours;
mod news;
mod outage;
mod paging;
mod probes;
mod recognitions;
mod registers;
mod repeating;
mod reports;
mod shelf;
mod steps;
mod stopping;
mod talk;
mod verb;
mod way;
mod wire;
