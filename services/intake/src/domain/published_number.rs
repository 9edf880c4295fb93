//! Published numbers: what customers dial, and what it chooses for them (IN-2).

use kexiang_core::{Channel, PublishedNumberId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

/// A published number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedNumber {
    /// Its id.
    pub id: PublishedNumberId,
    /// E.164 or a short code; see [`dialled`].
    pub number: String,
    /// Whose it is.
    pub site: SiteId,
    /// BCP 47.
    pub language: Option<String>,
    /// Category of cases that name none.
    pub default_category: Option<String>,
    /// For people.
    pub display_name: String,
    /// Of its calls: the hotline or a grid phone.
    pub channel: Channel,
    /// Published.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Taken out of use.
    pub deleted_at: Option<Timestamp>,
    /// Grows with every change; the etag.
    pub version: i64,
}

/// What to change; `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberChange {
    /// The site.
    pub site: Option<SiteId>,
    /// The language, or none.
    pub language: Option<Option<String>>,
    /// The category, or none.
    pub default_category: Option<Option<String>>,
    /// The name.
    pub display_name: Option<String>,
    /// The channel.
    pub channel: Option<Channel>,
}

/// The text is no number that is dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a number in E.164, such as +861085296000, or a short code of 3 to 8 digits")]
pub struct InvalidDialled;

/// How a dialled number is written: without blanks, hyphens and brackets.
#[must_use]
pub fn dialled(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !"-()（）".contains(*letter)).collect()
}

impl PublishedNumber {
    /// Reads a number to be published.
    ///
    /// # Errors
    /// [`InvalidDialled`].
    pub fn parse(text: &str) -> Result<String, InvalidDialled> {
        let number = dialled(text);
        let (digits, lengths) = match number.strip_prefix('+') {
            Some(digits) => (digits, 7..=15),
            None => (number.as_str(), 3..=8),
        };
        let valid = lengths.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if valid { Ok(number) } else { Err(InvalidDialled) }
    }

    /// Changes it.
    pub fn change(&mut self, change: NumberChange, now: Timestamp) {
        let NumberChange { site, language, default_category, display_name, channel } = change;
        self.site = site.unwrap_or_else(|| self.site.clone());
        self.language = language.unwrap_or_else(|| self.language.clone());
        self.default_category = default_category.unwrap_or_else(|| self.default_category.clone());
        self.display_name = display_name.unwrap_or_else(|| self.display_name.clone());
        self.channel = channel.unwrap_or(self.channel);
        self.touch(now);
    }

    /// Takes it out of use.
    pub fn delete(&mut self, now: Timestamp) {
        self.deleted_at = Some(now);
        self.touch(now);
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_e164_or_as_short_codes() {
        let read = |text| PublishedNumber::parse(text);

        assert_eq!(read("+86 (10) 8529-6000").as_deref(), Ok("+861085296000"));
        assert_eq!(read(" 10086 ").as_deref(), Ok("10086"));
        for text in ["", "10", "123456789", "+123", "+1234567890123456", "100a6", "１００８６", "++8610085"]
        {
            assert_eq!(read(text), Err(InvalidDialled), "{text}");
        }
    }
}
