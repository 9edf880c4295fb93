//! Stories of intake over the wire: real PostgreSQL, logs of dispatch and customer records written by hand.
//!
//! | to see | read |
//! |---|---|
//! | the service with all around it, and its verbs | `desk.rs`, `verb.rs`, `news.rs`; what is sent and refused: `wire.rs` |
//! | gapless registers under load and kills | `registers.rs` |
//! | what a contact keeps and what is refused | `acceptance.rs` |
//! | repeated requests, outages, neighbours in one batch | `repeating.rs`, `outage.rs`, `neighbours.rs` |
//! | the way of a case to its archive | `way.rs`, `steps.rs`, `etags.rs`, `joining.rs`, `identification.rs` |
//! | cases that share their work | `duplicates.rs`, `mass_faults.rs`; their words: `together.rs` |
//! | bringing cases over, lists, events, probes | `import.rs`, `paging.rs`, `events.rs`, `probes.rs`, `stopping.rs` |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod acceptance;
mod desk;
mod duplicates;
mod etags;
mod events;
mod feed;
mod identification;
mod import;
mod joining;
mod mass_faults;
mod neighbours;
mod news;
mod outage;
mod paging;
mod probes;
mod registers;
mod repeating;
mod reports;
mod steps;
mod stopping;
mod together;
mod verb;
mod way;
mod wire;
