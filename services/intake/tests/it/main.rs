//! Stories of intake over the wire: real PostgreSQL, logs of dispatch and customer records written by hand.
//!
//! | to see | read |
//! |---|---|
//! | the service with all around it, and its verbs | `desk.rs`, `verb.rs`, `news.rs`; what is sent and refused: `wire.rs` |
//! | gapless registers under load and kills; one statement for a batch | `registers.rs`, `one_statement.rs` |
//! | what a contact keeps and what is refused; every channel | `acceptance.rs`, `channels.rs` |
//! | repeated requests, outages, neighbours in one batch | `repeating.rs`, `outage.rs`, `neighbours.rs` |
//! | the way of a case to its archive | `way.rs`, `steps.rs`, `etags.rs`, `joining.rs`, `identification.rs` |
//! | many at once | `bulk.rs` |
//! | category trees, bound sites, suggestions | `category_trees.rs`, `category_binding.rs`, `category_suggestion.rs`, `category_desk.rs` |
//! | evidence: in one call, in several, links, what is removed | `evidence_uploads.rs`, `evidence_refusals.rs`, `evidence_chunks.rs`, `evidence_links.rs`, `evidence_cleaning.rs` |
//! | promises and their alarms, and what is done with them here | `promises.rs`, `promise_alarms.rs`, `promise_closing.rs`, `promise.rs` |
//! | who is calling, when customer records answer and when they don't | `recognition.rs`, `records.rs` |
//! | the knowledge base: writing it, reviewing it | `shelf.rs` (its verbs), `articles.rs`, `article_review.rs`, `article_expiry.rs` |
//! | finding in it, citing it | `article_search.rs`, `article_messages.rs`, `article_speed.rs`, `article_desk.rs` |
//! | the life of calls, their contacts, agents' states | `telephony.rs`, `calls.rs`, `completing_calls.rs`, `agent_states.rs`, `bank_day.rs` |
//! | published numbers | `published_numbers.rs` |
//! | who is responsible, who is told, what waits | `handovers.rs`, `notices.rs`, `complaints.rs`, `holds.rs`, `holds_together.rs`, `held_cases.rs` |
//! | cases that share their work | `duplicates.rs`, `mass_faults.rs`, `reporters_told.rs`; their words: `together.rs` |
//! | automatic acceptance | `talk.rs` (its verbs), `dialogue_answers.rs`, `dialogue_cases.rs`, `dialogue_proof.rs`, `dialogue_turns.rs`, `dialogue_ends.rs`, `dialogue_messages.rs` |
//! | who is responsible, who is told, what waits | `handovers.rs`, `notices.rs`, `complaints.rs`, `holds.rs` |
//! | cases that share their work | `duplicates.rs`, `mass_faults.rs`; their words: `together.rs` |
//! | automatic acceptance | `talk.rs` (its verbs), `dialogue_answers.rs`, `dialogue_proof.rs`, `dialogue_turns.rs`, `dialogue_ends.rs`, `dialogue_messages.rs` |
//! | erased customers | `erasures.rs` |
//! | bringing cases over, lists, events, probes | `import.rs`, `paging.rs`, `events.rs`, `probes.rs`, `stopping.rs` |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod acceptance;
mod agent_states;
mod article_desk;
mod article_expiry;
mod article_messages;
mod article_review;
mod article_search;
mod article_speed;
mod articles;
mod bank_day;
mod bulk;
mod calls;
mod category_binding;
mod category_desk;
mod category_suggestion;
mod category_trees;
mod channels;
mod complaints;
mod completing_calls;
mod desk;
mod dialogue_answers;
mod dialogue_cases;
mod dialogue_ends;
mod dialogue_messages;
mod dialogue_proof;
mod dialogue_turns;
mod duplicates;
mod erasures;
mod etags;
mod events;
mod evidence;
mod evidence_chunks;
mod evidence_cleaning;
mod evidence_folder;
mod evidence_links;
mod evidence_refusals;
mod evidence_uploads;
mod feed;
mod handovers;
mod held_cases;
mod holds;
mod holds_together;
mod identification;
mod import;
mod joining;
mod mass_faults;
mod neighbours;
mod news;
mod notices;
mod one_statement;
mod outage;
mod paging;
mod probes;
mod promise;
mod promise_alarms;
mod promise_closing;
mod promises;
mod published_numbers;
mod recognition;
mod records;
mod registers;
mod repeating;
mod reporters_told;
mod reports;
mod shelf;
mod steps;
mod stopping;
mod talk;
mod telephony;
mod together;
mod verb;
mod way;
mod wire;
