//! Finding customers by name (CU-2, CU-17): what a name is found by, and how well it fits.
//!
//! Names lie sealed, so they are found by *words*: every text somebody may type is worked out when the name is written, and only
//! keyed tokens of them are kept. A query asks for one token, or for several together; the few candidates are then opened and
//! ranked here. Fields keep the words of different meaning apart:
//!
//! | field | words of 王小明 | words of John Smith |
//! |---|---|---|
//! | `name.whole` | 王小明, wangxiaoming | john smith |
//! | `name.prefix` | 王, 王小, 王小明, wa … wangxiaoming, wx, wxm | jo, joh, john, sm … smith |
//! | `name.fuzzy` | wangxiaoming with one letter less | john, smith, each also with one letter less |
//!
//! Two words that differ by one letter more, less, changed, or two neighbours swapped, have a shortened form in common: that is
//! the tolerance to typing errors, one a word, in words of [`FUZZY_FROM`] letters or more. Unlike trigrams, such tokens are
//! rare, so that the candidates stay few among 10 million names.
//!
//! Characters with several readings are found by each of them that people use in names ([`READINGS`]).

use std::collections::BTreeSet;

use pinyin::ToPinyin;
use strsim::damerau_levenshtein;
use unicode_normalization::UnicodeNormalization;

use super::vault::BlindKey;

/// Words with fewer letters must be typed right.
pub const FUZZY_FROM: usize = 4;
/// Longer beginnings are not kept: who types on gets the candidates of the beginning, and the ranking does the rest.
pub const LONGEST_PREFIX: usize = 16;
/// Words of a name that are found; the rest only ranks.
pub const MOST_WORDS: usize = 6;
/// Fewest Latin letters of a query; of Chinese, one character is enough.
pub const SHORTEST_LATIN: usize = 2;
/// Readings of a whole name that are kept.
const MOST_READINGS: usize = 4;

/// The name, or one of its readings, as a whole.
const WHOLE: &str = "name.whole";
/// What it begins with.
const PREFIX: &str = "name.prefix";
/// Words with one letter less.
const FUZZY: &str = "name.fuzzy";

/// Readings that people use in names beside or before the usual one: surnames, and characters that given names read two ways.
const READINGS: &[(char, &[&str])] = &[
    ('单', &["shan", "dan"]),
    ('曾', &["zeng", "ceng"]),
    ('解', &["xie", "jie"]),
    ('仇', &["qiu", "chou"]),
    ('区', &["ou", "qu"]),
    ('查', &["zha", "cha"]),
    ('任', &["ren"]),
    ('盖', &["ge", "gai"]),
    ('朴', &["piao", "pu"]),
    ('翟', &["zhai", "di"]),
    ('乐', &["le", "yue"]),
    ('缪', &["miao", "mou"]),
    ('员', &["yun", "yuan"]),
    ('种', &["chong", "zhong"]),
    ('召', &["shao", "zhao"]),
    ('折', &["she", "zhe"]),
    ('繁', &["po", "fan"]),
    ('秘', &["bi", "mi"]),
    ('覃', &["qin", "tan"]),
    ('洗', &["xian", "xi"]),
    ('尉', &["wei", "yu"]),
    ('万', &["wan", "mo"]),
    ('俟', &["qi", "si"]),
    ('澹', &["tan", "dan"]),
    ('长', &["chang", "zhang"]),
    ('行', &["xing", "hang"]),
    ('朝', &["chao", "zhao"]),
    ('重', &["zhong", "chong"]),
    ('晟', &["sheng", "cheng"]),
    ('茜', &["qian", "xi"]),
    ('柏', &["bai", "bo"]),
    ('盛', &["sheng", "cheng"]),
    ('石', &["shi", "dan"]),
    ('沈', &["shen", "chen"]),
    ('葛', &["ge"]),
    ('吕', &["lv", "lu"]),
    ('女', &["nv", "nu"]),
    ('绿', &["lv", "lu"]),
];

/// How well a name fits a query; the greater, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Fit {
    /// With typing errors: the more, the worse.
    Fuzzy(std::cmp::Reverse<u32>),
    /// By the initials of its reading.
    Initials,
    /// It, its reading, or its words begin so.
    Prefix,
    /// It, or its reading, as a whole.
    Whole,
}

/// What a name is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Folded {
    /// Full-width, accents and case folded; words by single spaces; Chinese without spaces.
    text: String,
    /// Readings of a name with Chinese characters: whole and initials.
    readings: Vec<(String, String)>,
}

/// A query by name.
#[derive(Clone, PartialEq, Eq)]
pub struct NameQuery {
    folded: Folded,
}

/// A query has too few letters to find anybody by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least one Chinese character, or {SHORTEST_LATIN} letters or digits")]
pub struct QueryTooShort;

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

fn fold(text: &str) -> Folded {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let is_mark = |c: &char| matches!(c, '\u{300}'..='\u{36F}');
    let folded: String = text
        .nfkd()
        .filter(|c| !is_mark(c))
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect::<String>()
        .nfc()
        .collect();
    let mut words = folded.split_whitespace();
    let text =
        if folded.contains(is_han) { words.collect() } else { words.by_ref().collect::<Vec<_>>().join(" ") };
    let readings = readings(&text);
    Folded { text, readings }
}

/// Readings of a text with Chinese characters, the most usual first; none of a text without.
fn readings(text: &str) -> Vec<(String, String)> {
    if !text.contains(is_han) {
        return Vec::new();
    }
    let mut readings = vec![(String::new(), String::new())];
    for c in text.chars() {
        let of_names = READINGS.iter().find(|(known, _)| *known == c).map(|(_, readings)| readings.to_vec());
        let own = c.to_string();
        let syllables: Vec<&str> =
            of_names.unwrap_or_else(|| vec![c.to_pinyin().map_or(own.as_str(), |usual| usual.plain())]);
        let longer = readings.iter().flat_map(|(whole, initials)| {
            syllables.iter().map(move |syllable| {
                let initial: String = syllable.chars().take(1).collect();
                (format!("{whole}{syllable}"), format!("{initials}{initial}"))
            })
        });
        let mut longer: Vec<_> = longer.collect();
        longer.truncate(MOST_READINGS);
        readings = longer;
    }
    readings.iter_mut().for_each(|(whole, _)| *whole = whole.replace('ü', "v"));
    readings
}

fn prefixes(word: &str, from: usize) -> impl Iterator<Item = String> + '_ {
    let length = word.chars().count().min(LONGEST_PREFIX);
    (from..=length).map(|take| word.chars().take(take).collect())
}

/// The word itself and with every one letter left out.
fn shortened(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < FUZZY_FROM {
        return Vec::new();
    }
    let without = |left_out: usize| {
        letters.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, c)| *c).collect()
    };
    let mut all: Vec<String> = (0..letters.len()).map(without).collect();
    all.push(word.to_owned());
    all
}

impl Folded {
    /// What may be typed with errors: Latin words, else readings.
    fn words(&self) -> Vec<&str> {
        if self.readings.is_empty() {
            self.text.split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).collect()
        } else {
            self.readings.iter().map(|(whole, _)| whole.as_str()).collect()
        }
    }
}

/// The tokens that a name is found by, sorted.
#[must_use]
pub fn tokens(name: &str, key: &BlindKey) -> Vec<i64> {
    let folded = fold(name);
    let mut words: BTreeSet<(&str, String)> = BTreeSet::new();
    words.insert((WHOLE, folded.text.clone()));
    if folded.readings.is_empty() {
        for word in folded.words() {
            words.extend(
                prefixes(word, SHORTEST_LATIN.min(word.chars().count())).map(|prefix| (PREFIX, prefix)),
            );
        }
    } else {
        words.extend(prefixes(&folded.text, 1).map(|prefix| (PREFIX, prefix)));
        for (whole, initials) in &folded.readings {
            words.insert((WHOLE, whole.clone()));
            words.extend(prefixes(whole, SHORTEST_LATIN).map(|prefix| (PREFIX, prefix)));
            words.extend(prefixes(initials, SHORTEST_LATIN).map(|prefix| (PREFIX, prefix)));
        }
    }
    for word in folded.words() {
        words.extend(shortened(word).into_iter().map(|word| (FUZZY, word)));
    }
    let tokens: BTreeSet<i64> = words.iter().map(|(field, word)| key.token(field, word)).collect();
    tokens.into_iter().collect()
}

impl NameQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// [`QueryTooShort`].
    pub fn parse(text: &str) -> Result<Self, QueryTooShort> {
        let folded = fold(text);
        let letters = folded.text.chars().filter(|c| *c != ' ').count();
        if letters >= SHORTEST_LATIN || folded.text.contains(is_han) {
            return Ok(Self { folded });
        }
        Err(QueryTooShort)
    }

    /// The token of names that are as typed, as a whole.
    #[must_use]
    pub fn whole(&self, key: &BlindKey) -> i64 {
        key.token(WHOLE, &self.folded.text)
    }

    /// Tokens of names that begin as typed: all of them together.
    #[must_use]
    pub fn prefix(&self, key: &BlindKey) -> Vec<i64> {
        let beginning = |word: &str| word.chars().take(LONGEST_PREFIX).collect::<String>();
        let words: Vec<&str> =
            if self.folded.readings.is_empty() { self.folded.words() } else { vec![&self.folded.text] };
        words.iter().map(|word| key.token(PREFIX, &beginning(word))).collect()
    }

    /// The same typed in one word where the name has its reading so, such as `wang xiaoming`; `None` when it is one word.
    #[must_use]
    pub fn joined(&self, key: &BlindKey) -> Option<i64> {
        let joined: String = self.folded.text.split(' ').collect();
        let beginning: String = joined.chars().take(LONGEST_PREFIX).collect();
        (joined != self.folded.text).then(|| key.token(PREFIX, &beginning))
    }

    /// Groups of tokens of names that are nearly as typed: of every group at least one. Empty when too short to guess.
    #[must_use]
    pub fn fuzzy(&self, key: &BlindKey) -> Vec<Vec<i64>> {
        let group =
            |word: &str| shortened(word).iter().map(|word| key.token(FUZZY, word)).collect::<Vec<_>>();
        let words = self.folded.words();
        // Of a query in Chinese any reading will do.
        if self.folded.readings.is_empty() {
            words.into_iter().map(group).filter(|tokens| !tokens.is_empty()).collect()
        } else {
            let all: Vec<i64> = words.into_iter().flat_map(group).collect();
            if all.is_empty() { Vec::new() } else { vec![all] }
        }
    }

    /// How well `name` fits; `None` when it does not: two texts may have a token in common by chance.
    #[must_use]
    pub fn fit(&self, name: &str) -> Option<Fit> {
        let (name, query) = (fold(name), &self.folded.text);
        let joined: String = query.split(' ').collect();
        let reads = |fits: &dyn Fn(&str) -> bool| name.readings.iter().any(|(whole, _)| fits(whole));
        if name.text == *query || reads(&|whole| whole == joined) {
            return Some(Fit::Whole);
        }
        let words = name.words();
        let begins = |part: &str| words.iter().any(|word| word.starts_with(part));
        let latin = self.folded.readings.is_empty();
        if name.text.starts_with(query.as_str())
            || reads(&|whole| whole.starts_with(&joined))
            || (latin && query.split(' ').all(begins))
        {
            return Some(Fit::Prefix);
        }
        if name.readings.iter().any(|(_, initials)| initials.starts_with(&joined)) {
            return Some(Fit::Initials);
        }
        self.errors(&name).map(|errors| Fit::Fuzzy(std::cmp::Reverse(errors)))
    }

    /// Typing errors of the nearest words, at most one a word; `None` when it is more.
    fn errors(&self, name: &Folded) -> Option<u32> {
        let nearest = |typed: &str| {
            let one = |word: &&str| damerau_levenshtein(typed, word);
            let errors = name.words().iter().map(one).min()?;
            (errors == 0 || (errors == 1 && typed.chars().count() >= FUZZY_FROM)).then_some(errors)
        };
        let of_words = |typed: Vec<&str>| typed.into_iter().map(nearest).sum::<Option<usize>>();
        let joined: String = self.folded.text.split(' ').collect();
        let errors = if self.folded.readings.is_empty() {
            of_words(self.folded.words()).or_else(|| nearest(&joined))
        } else {
            self.folded.words().into_iter().filter_map(nearest).min()
        };
        errors.and_then(|errors| u32::try_from(errors).ok())
    }
}

#[cfg(test)]
mod tests;
