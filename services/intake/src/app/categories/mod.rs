//! Category trees, the sites bound to them, and the models that suggest categories (IN-7).
//!
//! | to see | read |
//! |---|---|
//! | drafting, publishing, reading trees | [`trees`] |
//! | binding sites, and the check of every acceptance | [`bindings`], [`memory`] |
//! | training, suggesting, training again | [`models`], [`training`] |

pub mod bindings;
mod error;
pub(super) mod memory;
pub mod models;
pub mod training;
pub mod trees;

pub use self::error::CategoryError;
