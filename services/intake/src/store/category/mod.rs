//! Category trees, bindings, editions of cases, models.

pub mod binding;
pub mod model;
pub mod tree;
