//! Between the wire and the domain. Reading collects all violations of a request with their paths; writing can't fail.

mod facts;
pub(super) mod lists;
pub(super) mod requests;
mod resources;
mod words;
