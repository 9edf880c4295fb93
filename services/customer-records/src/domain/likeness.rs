//! Who may be one (CU-8): names and addresses compared whatever their script.
//!
//! A text is folded: compatibility forms are one (full and half width), letters are lower case, Chinese characters are
//! spelt in pinyin without tones, so that 王小明, 王小明 in full width, "Wang Xiaoming", "XIAOMING WANG" and 張三 / 张三 meet. What two
//! scripts make equal is a hint and never a decision: people decide.

use std::collections::BTreeSet;

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

use super::{contact_point::ContactPointKind, customer::Customer};
use kexiang_core::vocabulary::UnknownWord;

/// From here on two customers are proposed.
pub const PROPOSED_FROM: i32 = 60;
/// From here on two names are nearly the same: one letter in six or seven.
const SIMILAR: f64 = 0.85;
/// The points that customers of different kinds lose.
const OTHER_KIND: i32 = 20;

/// Why two customers may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LikenessReason {
    /// Somebody came with a contact point of each.
    ContactPoints,
    /// The same address.
    SameAddress,
    /// The same name.
    SameName,
    /// Nearly the same name.
    SimilarName,
}

impl LikenessReason {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContactPoints => "CONTACT_POINTS",
            Self::SameAddress => "SAME_ADDRESS",
            Self::SameName => "SAME_NAME",
            Self::SimilarName => "SIMILAR_NAME",
        }
    }

    /// What it counts.
    #[must_use]
    pub const fn points(self) -> i32 {
        match self {
            Self::ContactPoints => 60,
            Self::SameAddress | Self::SameName => 40,
            Self::SimilarName => 25,
        }
    }
}

impl std::str::FromStr for LikenessReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::ContactPoints, Self::SameAddress, Self::SameName, Self::SimilarName]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// How like two customers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// 0 to 100.
    pub score: i32,
    /// By weight.
    pub reasons: Vec<LikenessReason>,
}

impl Likeness {
    /// Of two customers by name and address; `together` when somebody came with a contact point of each.
    #[must_use]
    pub fn of(one: &Customer, other: &Customer, together: bool) -> Self {
        let mut reasons = Vec::new();
        if together {
            reasons.push(LikenessReason::ContactPoints);
        }
        if !address_keys(one).is_disjoint(&address_keys(other)) {
            reasons.push(LikenessReason::SameAddress);
        }
        let (name, other_name) = (name_key(&one.display_name), name_key(&other.display_name));
        if !name.is_empty() && name == other_name {
            reasons.push(LikenessReason::SameName);
        } else if is_similar(&name, &other_name) {
            reasons.push(LikenessReason::SimilarName);
        }
        let points: i32 = reasons.iter().map(|reason| reason.points()).sum();
        let lost = if one.kind == other.kind { 0 } else { OTHER_KIND };
        Self { score: (points.min(100) - lost).max(0), reasons }
    }

    /// Whether people are to look at it.
    #[must_use]
    pub const fn is_proposed(&self) -> bool {
        self.score >= PROPOSED_FROM
    }
}

/// Whether two names are the same or nearly so, whatever their script.
#[must_use]
pub fn is_similar_name(one: &str, other: &str) -> bool {
    is_similar(&name_key(one), &name_key(other))
}

fn is_similar(key: &str, other: &str) -> bool {
    strsim::normalized_damerau_levenshtein(key, other) >= SIMILAR
}

/// The folded addresses of a customer.
#[must_use]
pub fn address_keys(customer: &Customer) -> BTreeSet<String> {
    let addresses = customer.contact_points.iter().filter(|point| point.kind() == ContactPointKind::Address);
    addresses.map(|point| words(point.value()).concat()).filter(|key| !key.is_empty()).collect()
}

/// A folded name: its words in the order of the alphabet, so that the family name may come first or last.
fn name_key(name: &str) -> String {
    let folded: String = name.nfkc().collect();
    let hanzi: Vec<&str> = folded.as_str().to_pinyin().flatten().map(pinyin::Pinyin::plain).collect();
    let mut parts = words(&folded);
    if let [family, given @ ..] = &hanzi[..]
        && folded.chars().filter(|c| c.is_alphanumeric()).count() == hanzi.len()
    {
        parts = vec![(*family).to_owned(), given.concat()];
    }
    parts.sort();
    parts.concat()
}

/// The words of a text in lower-case Latin letters and digits, each Chinese character spelt.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text.nfkc().flat_map(char::to_lowercase) {
        if let Some(spelt) = letter.to_pinyin() {
            words.push(spelt.plain().to_owned());
            words.push(String::new());
        } else if letter.is_alphanumeric() {
            if let Some(word) = words.last_mut() {
                word.push(letter);
            }
        } else {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use kexiang_core::{CustomerKind, Timestamp};

    use super::*;
    use crate::domain::{contact_point::ContactPoint, customer::CustomerProfile};

    fn person(name: &str, address: &str) -> Customer {
        let profile = CustomerProfile {
            outlet_kind: None,
            kind: CustomerKind::Person,
            display_name: name.to_owned(),
            contact_points: vec![ContactPoint::address(address).unwrap()],
        };
        Customer::new(profile, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_name_is_one_in_every_script_width_and_order() {
        for same in
            ["Wang Xiaoming", "WANG XIAOMING", "Xiaoming Wang", "Ｗａｎｇ　Ｘｉａｏｍｉｎｇ", "王 小明"]
        {
            assert_eq!(name_key(same), name_key("王小明"), "{same}");
        }
        assert_eq!(name_key("張三"), name_key("张三"));
        assert_ne!(name_key("李小明"), name_key("王小明"));
    }

    #[test]
    fn same_name_and_address_are_proposed_and_a_name_alone_is_not() {
        let one = person("王小明", "翠湖路５号");

        let same = Likeness::of(&one, &person("Wang Xiaoming", "翠湖路 5 号"), false);
        let namesake = Likeness::of(&one, &person("Wang Xiaoming", "12 Green Road"), false);
        let wife = Likeness::of(&one, &person("李娜", "翠湖路5号"), false);

        assert_eq!(same.reasons, [LikenessReason::SameAddress, LikenessReason::SameName]);
        assert!(same.is_proposed() && !namesake.is_proposed() && !wife.is_proposed());
    }
}
