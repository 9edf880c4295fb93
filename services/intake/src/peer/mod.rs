//! What intake asks of other services while somebody waits: with a bounded time, and translated to intake's own words.

pub mod customer_records;

pub use customer_records::CustomerRecords;
