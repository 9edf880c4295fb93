//! Languages of articles: BCP 47 tags of the families `zh` and `en`, the two that the search knows how to cut into words.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A well-formed tag in its usual spelling: `zh-Hans-CN`, `en-GB`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Language(String);

/// Why a text is no language of an article.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a BCP 47 tag of the families zh and en, such as zh-CN or en")]
pub struct InvalidLanguage;

impl Language {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;

    /// Language, then at most one script, at most one region, and variants, in this order (RFC 5646, section 2.1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut subtags = text.split('-').peekable();
        let language = subtags.next().map(str::to_ascii_lowercase);
        let mut tag = language.filter(|tag| tag == "zh" || tag == "en").ok_or(InvalidLanguage)?;
        if let Some(script) = subtags.next_if(|subtag| is_script(subtag)) {
            let (first, rest) = script.split_at(1);
            tag = format!("{tag}-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
        }
        if let Some(region) = subtags.next_if(|subtag| is_region(subtag)) {
            tag = format!("{tag}-{}", region.to_ascii_uppercase());
        }
        for variant in subtags {
            if !is_variant(variant) {
                return Err(InvalidLanguage);
            }
            tag = format!("{tag}-{}", variant.to_ascii_lowercase());
        }
        if tag.len() > 35 { Err(InvalidLanguage) } else { Ok(Self(tag)) }
    }
}

fn is_script(subtag: &str) -> bool {
    subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_region(subtag: &str) -> bool {
    let letters = subtag.len() == 2 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters || (subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_variant(subtag: &str) -> bool {
    let alphanumeric = subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let short = subtag.len() == 4 && subtag.starts_with(|first: char| first.is_ascii_digit());
    alphanumeric && (short || (5..=8).contains(&subtag.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_both_families_are_taken_in_their_usual_spelling() {
        for (text, tag) in [
            ("zh", "zh"),
            ("ZH-hans-cn", "zh-Hans-CN"),
            ("en-gb", "en-GB"),
            ("en-001", "en-001"),
            ("en-GB-oxendict", "en-GB-oxendict"),
        ] {
            assert_eq!(text.parse::<Language>().unwrap().as_str(), tag);
        }
    }

    #[test]
    fn other_families_and_malformed_tags_are_refused() {
        for text in ["", "fr", "zh-", "-zh", "zh_CN", "english", "zh-C", "zh-CN-Hans", "en-%", "zh-一二"] {
            assert_eq!(text.parse::<Language>(), Err(InvalidLanguage), "{text}");
        }
    }
}
