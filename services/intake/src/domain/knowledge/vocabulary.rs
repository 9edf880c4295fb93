//! The words for what an article is for and where it and its versions stand.

use std::str::FromStr;

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// What an article is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArticleKind {
    /// An answer to a question that customers ask.
    Answer,
    /// A rule of the house or of the law.
    Policy,
    /// Something new on offer.
    NewProduct,
    /// Something that holds for a while.
    Notice,
    /// What people ask a center for besides.
    Convenience,
}

impl ArticleKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Answer, Self::Policy, Self::NewProduct, Self::Notice, Self::Convenience];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "ANSWER",
            Self::Policy => "POLICY",
            Self::NewProduct => "NEW_PRODUCT",
            Self::Notice => "NOTICE",
            Self::Convenience => "CONVENIENCE",
        }
    }
}

impl FromStr for ArticleKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// Where an article stands. The table of its moves is at [`super::article`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArticleState {
    /// Nothing was published; the first version is written.
    Draft,
    /// Nothing was published; the first version is reviewed.
    InReview,
    /// A version is served.
    Published,
    /// The validity of the published version is over.
    Expired,
    /// Taken out. Final.
    Retired,
}

impl ArticleState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Draft, Self::InReview, Self::Published, Self::Expired, Self::Retired];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::InReview => "IN_REVIEW",
            Self::Published => "PUBLISHED",
            Self::Expired => "EXPIRED",
            Self::Retired => "RETIRED",
        }
    }
}

impl FromStr for ArticleState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VersionState {
    /// Being written.
    Draft,
    /// Waits for its reviewer.
    InReview,
    /// Is the one that is served.
    Published,
    /// Was served.
    Replaced,
}

impl VersionState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Draft, Self::InReview, Self::Published, Self::Replaced];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::InReview => "IN_REVIEW",
            Self::Published => "PUBLISHED",
            Self::Replaced => "REPLACED",
        }
    }
}

impl FromStr for VersionState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}
