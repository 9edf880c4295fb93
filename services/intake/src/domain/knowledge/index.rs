//! How an article becomes what PostgreSQL searches: the text of a `tsvector` with weights and positions, made here so that
//! PostgreSQL neither cuts nor stems anything, and the vocabulary that its words belong to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{Content, typo, words};

/// PostgreSQL keeps no position beyond.
const LAST_POSITION: u32 = 16_383;
/// Between title, keywords and body, so that words of two of them do not count as near.
const GAP: u32 = 20;

/// What is kept of an article for the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Lexemes of title (A) and keywords (B), as the text of a `tsvector`.
    pub title_words: String,
    /// Lexemes of title (A), keywords (B) and body (C), as the text of a `tsvector`.
    pub words: String,
    /// Its words, each once.
    pub vocabulary: Vec<Entry>,
}

/// A word of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Folded.
    pub word: String,
    /// What is indexed for it.
    pub lexeme: String,
    /// How misspelt words find it; `None` for words that are not corrected to.
    pub trigrams: Option<Vec<String>>,
}

/// Makes what is kept of an article for the search.
#[must_use]
pub fn index(content: &Content) -> Indexed {
    let mut vector = Vector::default();
    vector.add('A', &content.title);
    for keyword in &content.keywords {
        vector.add('B', keyword);
    }
    let title_words = vector.text();
    vector.add('C', &content.body);
    Indexed { title_words, words: vector.text(), vocabulary: vector.vocabulary.into_iter().collect() }
}

/// A lexeme in the quotes of `tsvector` and `tsquery`.
#[must_use]
pub fn quoted(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

#[derive(Default)]
struct Vector {
    places: BTreeMap<String, Vec<(u32, char)>>,
    vocabulary: BTreeSet<Entry>,
    position: u32,
}

impl Vector {
    fn add(&mut self, weight: char, text: &str) {
        for word in words::cut(text) {
            self.position = (self.position + 1).min(LAST_POSITION);
            for part in word.parts {
                self.learn(part.clone(), part.clone());
                self.place(part, weight);
            }
            self.learn(word.text, word.lexeme.clone());
            self.place(word.lexeme, weight);
        }
        self.position = (self.position + GAP).min(LAST_POSITION);
    }

    fn place(&mut self, lexeme: String, weight: char) {
        let places = self.places.entry(lexeme).or_default();
        if places.last().is_none_or(|(last, _)| *last != self.position) {
            places.push((self.position, weight));
        }
    }

    fn learn(&mut self, word: String, lexeme: String) {
        let trigrams = typo::may_be_misspelt(&word).then(|| typo::trigrams(&word));
        self.vocabulary.insert(Entry { word, lexeme, trigrams });
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (lexeme, places) in &self.places {
            let places: Vec<_> =
                places.iter().map(|(position, weight)| format!("{position}{weight}")).collect();
            // Writing to a String does not fail.
            let _ = write!(text, "{}:{} ", quoted(lexeme), places.join(","));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::ArticleKind;

    fn content(title: &str, keywords: &[&str], body: &str) -> Content {
        Content {
            site: None,
            kind: ArticleKind::Answer,
            category: "x".into(),
            language: "zh".parse().unwrap(),
            title: title.into(),
            body: body.into(),
            keywords: keywords.iter().map(ToString::to_string).collect(),
            valid_from_at: None,
            valid_until_at: None,
        }
    }

    #[test]
    fn title_keywords_and_body_have_their_weights_and_stand_apart() {
        let indexed = index(&content("宽带故障", &["router"], "宽带 routers"));

        assert_eq!(indexed.title_words, "'router':23B '宽带':1A '故障':2A ");
        assert_eq!(indexed.words, "'router':23B,45C '宽带':1A,44C '故障':2A ");
        let words: Vec<_> = indexed.vocabulary.iter().map(|entry| entry.word.as_str()).collect();
        assert_eq!(words, ["router", "routers", "宽带", "故障"]);
    }

    #[test]
    fn what_would_end_a_quote_does_not() {
        assert_eq!(quoted("don't"), "'don''t'");
        assert_eq!(quoted("a\\"), "'a\\\\'");
    }

    #[test]
    fn positions_end_where_postgresql_ends_them() {
        let indexed = index(&content("t", &[], &"drum ".repeat(20_000)));

        assert!(indexed.words.contains("16383C") && !indexed.words.contains("16384C"));
    }
}
