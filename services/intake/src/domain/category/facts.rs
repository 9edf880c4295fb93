//! What the events of categories tell.

use kexiang_core::{CategoryTreeId, SiteId};
use serde::{Deserialize, Serialize};

/// Facts of a tree and the version that the event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryTreeFacts {
    /// Which.
    pub tree: CategoryTreeId,
    /// Which version; 0 when the tree was created.
    pub version: i32,
    /// Its categories.
    pub category_count: i32,
    /// The retired ones of them.
    pub retired_count: i32,
}

/// Facts of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingFacts {
    /// Which site.
    pub site: SiteId,
    /// Which tree; `None` when unbound.
    pub tree: Option<CategoryTreeId>,
}

/// Facts of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryModelFacts {
    /// `sites/{site}` or `categoryTrees/{tree}`.
    pub scope: String,
    /// Cases that it was trained on.
    pub case_count: i32,
    /// Categories that it tells apart.
    pub category_count: i32,
    /// Held-out cases.
    pub held_out_count: i32,
    /// Accuracy of the first suggestion on them.
    pub top_one_accuracy: f64,
}
