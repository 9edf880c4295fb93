//! Categories of cases (IN-7): a versioned tree per pack, and the model that suggests from its codes.
//!
//! | from | what happens | to |
//! |---|---|---|
//! | nothing | a version is drafted, whole | DRAFT, with the next number |
//! | DRAFT, newer than the version in force | published | PUBLISHED, in force |
//!
//! Invariants: the categories of a version never change; the version in force holds every code that was ever published, as
//! active or retired, because each publication holds all codes of the one before: the codes of old cases stay valid.
//!
//! | to see | read |
//! |---|---|
//! | what is wrong with a draft | [`draft`] |
//! | words of a text | [`words`] |
//! | the classifier, and how it is trained, calibrated and measured | [`classifier`], [`training`] |

pub mod classifier;
pub mod draft;
pub mod facts;
pub mod training;
pub mod words;

use std::{collections::HashMap, str::FromStr};

use kexiang_core::{CaseId, CategoryTreeId, Kind, Severity, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

/// One category of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Unique in the version.
    pub code: String,
    /// The one above it.
    pub parent: Option<String>,
    /// The codes from the top down to itself.
    pub path: Vec<String>,
    /// In Chinese; one of both names is there.
    pub display_name_zh: Option<String>,
    /// In English.
    pub display_name_en: Option<String>,
    /// Empty for all kinds.
    pub kinds: Vec<Kind>,
    /// No new case takes it.
    pub retired: bool,
    /// Offered to who accepts a case.
    pub default_severity: Option<Severity>,
}

/// A tree; its etag is `revision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryTree {
    /// Its pack.
    pub id: CategoryTreeId,
    /// For people.
    pub display_name: String,
    /// The version in force.
    pub current_version: Option<i32>,
    /// The version drafted last; 0 for none.
    pub latest_version: i32,
    /// Grows with every change.
    pub revision: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// A version of a tree, without its categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeVersion {
    /// Which tree.
    pub tree: CategoryTreeId,
    /// From 1.
    pub version: i32,
    /// What it changes.
    pub note: Option<String>,
    /// How many categories it has.
    pub category_count: i32,
    /// How many of them are retired.
    pub retired_count: i32,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// By whom.
    pub drafted_by: String,
    /// When and by whom it was published; `None` for a draft.
    pub published: Option<(Timestamp, String)>,
}

/// Which tree a site is bound to; its etag is `revision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Which site.
    pub site: SiteId,
    /// Which tree; `None` while unbound.
    pub tree: Option<CategoryTreeId>,
    /// Grows with every change; 0 when never bound.
    pub revision: i64,
    /// When and by whom it was changed; `None` when never bound.
    pub bound: Option<(Timestamp, String)>,
}

/// A version of a tree under which a case was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Which tree.
    pub tree: CategoryTreeId,
    /// Which version.
    pub version: i32,
}

/// The codes in force at a site that is bound to a tree: code → retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    /// The version in force.
    pub edition: Edition,
    /// Whether each is retired.
    pub retired: HashMap<String, bool>,
}

/// Whether a site takes a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The site is not bound: it takes any.
    Unbound,
    /// It is in the tree.
    Active(Edition),
    /// It is in the tree, retired.
    Retired(Edition),
    /// It is not in the tree.
    Unknown,
}

impl Codes {
    /// Whether `code` is taken.
    #[must_use]
    pub fn standing(&self, code: &str) -> Standing {
        match self.retired.get(code) {
            None => Standing::Unknown,
            Some(true) => Standing::Retired(self.edition.clone()),
            Some(false) => Standing::Active(self.edition.clone()),
        }
    }
}

/// Why a tree can't be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is published already.
    #[error("a draft is needed")]
    NotDraft,
    /// A newer version is in force.
    #[error("a draft that is newer than version {0} is needed")]
    NotNewer(i32),
}

impl CategoryTree {
    /// Counts a new draft; gives its number.
    pub fn draft(&mut self, now: Timestamp) -> i32 {
        self.latest_version += 1;
        self.revision += 1;
        self.updated_at = now;
        self.latest_version
    }

    /// Puts a draft in force.
    ///
    /// # Errors
    /// [`PublishError`]; then nothing is changed.
    pub fn publish(
        &mut self,
        version: &mut TreeVersion,
        by: String,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        if version.published.is_some() {
            return Err(PublishError::NotDraft);
        }
        if let Some(current) = self.current_version.filter(|current| *current > version.version) {
            return Err(PublishError::NotNewer(current));
        }
        version.published = Some((now, by));
        self.current_version = Some(version.version);
        self.revision += 1;
        self.updated_at = now;
        Ok(())
    }
}

/// What a model is of: the cases of a site, or of all sites bound to a tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A site.
    Site(SiteId),
    /// A tree.
    Tree(CategoryTreeId),
}

/// A text names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must have the form sites/{{id}} or categoryTrees/{{id}}")]
pub struct InvalidScope;

impl Scope {
    /// `sites/{site}` or `categoryTrees/{tree}`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Site(site) => site.name(),
            Self::Tree(tree) => tree.name(),
        }
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some(("sites", id)) => SiteId::parse(id).map(Self::Site).map_err(|_| InvalidScope),
            Some(("categoryTrees", id)) => {
                CategoryTreeId::parse(id).map(Self::Tree).map_err(|_| InvalidScope)
            }
            _ => Err(InvalidScope),
        }
    }
}

/// What a model learns from a closed case. Holds what customers said: never logged, never kept.
#[derive(Clone)]
pub struct ClosedCase {
    /// Which.
    pub id: CaseId,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// Its category.
    pub category: String,
    /// Its title.
    pub title: String,
    /// The beginning of its description.
    pub description: String,
}
