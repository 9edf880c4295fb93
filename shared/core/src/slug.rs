//! Ids that people choose: sites, units and agents.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A chosen id is not of its form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

/// What a chosen id is of, and its form.
pub trait SlugMarker: 'static {
    /// The collection in resource names, such as `sites`.
    const COLLECTION: &'static str;
    /// The type's name in errors, such as `Site`.
    const TYPE: &'static str;
    /// The form in words.
    const FORM: &'static str;
    /// Whether `text` has the form.
    fn fits(text: &str) -> bool;
}

/// The chosen id of one thing of the kind that `M` marks.
pub struct Slug<M>(String, PhantomData<fn() -> M>);

impl<M: SlugMarker> Slug<M> {
    /// The collection in resource names.
    pub const COLLECTION: &'static str = M::COLLECTION;
    /// The type's name in errors.
    pub const TYPE: &'static str = M::TYPE;

    /// Takes a text of the right form.
    ///
    /// # Errors
    /// [`InvalidId`] says the form.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if M::fits(text) { Ok(Self(text.to_owned(), PhantomData)) } else { Err(InvalidId(M::FORM)) }
    }

    /// Its resource name, such as `sites/main`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", M::COLLECTION, self.0)
    }
}

impl<M> Slug<M> {
    /// The text, for SQL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<M> Clone for Slug<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}
impl<M> PartialEq for Slug<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<M> Eq for Slug<M> {}
impl<M> PartialOrd for Slug<M> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<M> Ord for Slug<M> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<M> std::hash::Hash for Slug<M> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<M> fmt::Display for Slug<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<M: SlugMarker> fmt::Debug for Slug<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", M::COLLECTION, self.0)
    }
}
impl<M: SlugMarker> FromStr for Slug<M> {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
impl<M> Serialize for Slug<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, M: SlugMarker> Deserialize<'de> for Slug<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The markers of all chosen ids.
pub mod of {
    use super::SlugMarker;

    /// Marks [`super::SiteId`].
    pub enum Site {}
    /// Marks [`super::UnitId`].
    pub enum Unit {}
    /// Marks [`super::AgentId`].
    pub enum Agent {}
    /// Marks [`super::CategoryTreeId`].
    pub enum CategoryTree {}

    const SHORT_FORM: &str = "must be 1–40 of a–z, 0–9 and hyphen, starting with a letter";

    fn short(text: &str) -> bool {
        (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }

    impl SlugMarker for Site {
        const COLLECTION: &'static str = "sites";
        const TYPE: &'static str = "Site";
        const FORM: &'static str = SHORT_FORM;
        fn fits(text: &str) -> bool {
            short(text)
        }
    }
    impl SlugMarker for CategoryTree {
        const COLLECTION: &'static str = "categoryTrees";
        const TYPE: &'static str = "CategoryTree";
        const FORM: &'static str = SHORT_FORM;
        fn fits(text: &str) -> bool {
            short(text)
        }
    }
    impl SlugMarker for Unit {
        const COLLECTION: &'static str = "units";
        const TYPE: &'static str = "Unit";
        const FORM: &'static str = SHORT_FORM;
        fn fits(text: &str) -> bool {
            short(text)
        }
    }
    impl SlugMarker for Agent {
        const COLLECTION: &'static str = "agents";
        const TYPE: &'static str = "Agent";
        const FORM: &'static str = "must be 1–128 letters, digits and . _ - @";
        fn fits(text: &str) -> bool {
            (1..=128).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b))
        }
    }
}

/// A site 网点/案场/中心.
pub type SiteId = Slug<of::Site>;
/// An org unit 组织单元.
pub type UnitId = Slug<of::Unit>;
/// Somebody who works here: the subject of their token.
pub type AgentId = Slug<of::Agent>;
/// The category tree of a pack, such as `telecom`.
pub type CategoryTreeId = Slug<of::CategoryTree>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_form_are_refused() {
        for text in ["", "Main", "1st", "a_b", "a b", "é", &"a".repeat(41)] {
            assert!(SiteId::parse(text).is_err(), "{text}");
        }
        assert!(AgentId::parse("li.na@kunming").is_ok());
        assert!(AgentId::parse("li na").is_err());
    }
}
