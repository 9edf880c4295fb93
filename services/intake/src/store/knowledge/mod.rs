//! The SQL of the knowledge base.
//!
//! | table | read |
//! |---|---|
//! | articles, article_versions | [`article`], [`version`] |
//! | article_search, and what is found there | [`search`] |
//! | article_words, article_vocabularies | [`vocabulary`] |
//! | article_feedback, citations | [`feedback`], [`citation`] |

pub mod article;
pub mod citation;
pub mod feedback;
pub mod search;
pub mod version;
pub mod vocabulary;
