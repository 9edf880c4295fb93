//! The use cases of the knowledge base (IN-9).
//!
//! | to see | read |
//! |---|---|
//! | writing, reviewing, retiring; lists | [`articles`] |
//! | finding: from a query to ranked articles | [`search`] |
//! | feedback and citations | [`desk`] |
//! | telling what expired | [`expiry`] |
//! | what is kept of an article for the search | `indexing` |
//!
//! Each change is one transaction that locks the article first: article, versions, what is found of it, and the event
//! change together, so a kill between any two lines leaves all as before. The vocabulary's counts are changed in the
//! same transaction, under a lock of their own that comes last.

pub mod articles;
pub mod desk;
mod error;
pub mod expiry;
mod indexing;
pub mod search;

pub use self::{
    error::KnowledgeError,
    search::{ArticleSearch, Found, Hit},
};
use super::AppError;

/// Does work that blocks or takes long, such as cutting texts into words, off the threads that serve calls.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    // It fails when the runtime ends, or when the work panics, which is logged there.
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Stopping)
}
