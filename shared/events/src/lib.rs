//! The event log of a service: written with the change it tells, read by others without a gap.
//!
//! # Promises of the feed
//! - **(a) Nothing is skipped** under concurrent commits.
//! - **(b) The events of one subject come in the order in which it changed.**
//!
//! A cursor on the sequence number breaks (a): a lower number may commit later. So every row keeps its transaction id, and
//! readers take *windows* of transaction ids below the oldest running transaction (`pg_snapshot_xmin`), where nothing can
//! appear any more, and never go back. That alone breaks (b): a transaction that drew its id early may change the
//! subject last. So inside a window rows go by sequence number, which is drawn while the subject is locked, and a window's
//! upper end is drawn down until no event inside it has an older event of its subject outside ([`window`]).
//!
//! A position is the upper end of the last window; one beyond the oldest running transaction was never given out here. A long writing transaction anywhere on the server holds the feed back;
//! `event_lag_seconds` shows it. Transaction ids are those of one PostgreSQL cluster: positions do not survive a move to
//! another cluster by dump and restore.
//!
//! # Consumers
//! The cursor moves in the transaction that stores the effects ([`consumer`]): exactly once in effect, whatever is killed.

pub mod consumer;
pub mod feed;
pub mod log;
pub mod partition;
mod received;
pub mod window;

pub use consumer::{Handler, HandlerError, Subscription, consume};
pub use feed::FeedService;
pub use log::{Draft, EventLog, StoredEvent};
pub use received::Received;
