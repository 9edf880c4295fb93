//! Names of files as people may see them: without anything that means something to a file system, a shell or a terminal.

use serde::{Deserialize, Serialize};

const LONGEST: usize = 200;

/// A file name that is harmless to show and to save under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

/// Why a name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFileName {
    /// Nothing is left of it.
    #[error("must have at least one character that a file name can have")]
    Blank,
    /// Too long.
    #[error("must have at most {LONGEST} characters")]
    TooLong,
}

impl FileName {
    /// Takes folders, control characters, direction marks and what file systems reserve out of a name.
    ///
    /// # Errors
    /// [`InvalidFileName`].
    pub fn parse(text: &str) -> Result<Self, InvalidFileName> {
        let base = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let harmless = |c: &char| !(c.is_control() || turns_direction(*c) || r#"<>:"|?*"#.contains(*c));
        let clean: String = base.chars().filter(harmless).collect();
        // Hidden files begin with a dot, Windows drops dots and spaces at the end.
        let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
        match clean.chars().count() {
            0 => Err(InvalidFileName::Blank),
            1..=LONGEST => Ok(Self(clean.to_owned())),
            _ => Err(InvalidFileName::TooLong),
        }
    }

    /// A name that was parsed before.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks that are not seen, and can make `exe.gpj` look like `jpg.exe`.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_and_tricks_are_taken_out() {
        let name = |text| FileName::parse(text).map(|name| name.0);

        assert_eq!(name("现场照片.jpg").unwrap(), "现场照片.jpg");
        assert_eq!(name("../../etc/passwd").unwrap(), "passwd");
        assert_eq!(name(r"C:\Users\li\.photo .png. ").unwrap(), "photo .png");
        assert_eq!(name("invoice\u{202e}gpj.exe").unwrap(), "invoicegpj.exe");
        assert_eq!(name("a\r\nb\0.txt").unwrap(), "ab.txt");
        assert_eq!(name("folder/"), Err(InvalidFileName::Blank));
        assert_eq!(name(&"x".repeat(201)), Err(InvalidFileName::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(text in any::<String>()) {
            if let Ok(name) = FileName::parse(&text) {
                prop_assert_eq!(FileName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
