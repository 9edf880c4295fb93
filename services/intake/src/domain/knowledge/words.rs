//! How text becomes words, the same for what is indexed and what is asked.
//!
//! Every character is folded: compatibility forms (full width, half width, ligatures) to their plain ones, accents
//! off, lower case. Runs of Han characters are cut by jieba's dictionary, without guessing words that it does not
//! have, so that the same characters are cut alike here and there; a long word also gives the shorter ones within it
//! (jieba's search mode). Other letters and digits are words as they stand together; English ones are stemmed
//! (Snowball). Words that say nothing are left out. Traditional characters are not taken for simplified ones.
//!
//! The dictionary takes a tenth of a second and some tens of megabytes to load, once per process, when the first text
//! is cut: callers are to cut on a thread that may block.

use std::{collections::HashSet, sync::LazyLock};

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word is cut there: longer ones are no words of people, and PostgreSQL takes no lexeme above 2 kB.
const LONGEST_WORD: usize = 64;

static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Words in which nothing is asked.
static SILENT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a an and any are as at be been by can could did do does for from had has have he her his how i if in is it its me my of on or our
     please she should so that the their there these they this those to us was we were what when where which who why will with would you
     your
     的 了 和 是 在 我 你 您 他 她 它 我们 你们 他们 吗 呢 吧 啊 呀 嘛 哦 也 都 就 与 及 或 请 请问 这 那 有 个 一个 被 把 给 对 等 之 于 很
     你好 您好 谢谢 怎么 怎么办 如何 怎样 什么 为什么 多少 哪里 哪 何"
        .split_whitespace()
        .collect()
});

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    pub text: String,
    /// What is indexed and looked for: the stem of an English word, else the word.
    pub lexeme: String,
    /// The shorter words of the dictionary within it.
    pub parts: Vec<String>,
}

/// A character of a text, folded, and which character of the text it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// The folded character.
    pub char: char,
    /// The number of its character in the text.
    pub at: usize,
}

/// A run of folded characters that is cut in one way.
#[derive(Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// Han characters.
    Han(&'a [Folded]),
    /// Letters and digits of other scripts, with apostrophes between them.
    Letters(&'a [Folded]),
}

/// Folds a text character by character, so that every place in it is known afterwards.
#[must_use]
pub fn fold(text: &str) -> Vec<Folded> {
    let folded = |(at, char): (usize, char)| {
        let plain = std::iter::once(char).nfkd().filter(|char| !is_combining_mark(*char));
        plain.flat_map(char::to_lowercase).map(move |char| match char {
            '\u{2019}' => Folded { char: '\'', at },
            char => Folded { char, at },
        })
    };
    text.chars().enumerate().flat_map(folded).collect()
}

/// The runs of a folded text, in order; what lies between is no word.
#[must_use]
pub fn runs(folded: &[Folded]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.first() {
        let (han, letter) = (is_han(first.char), first.char.is_alphanumeric());
        let same = |next: &Folded| match (han, letter) {
            (true, _) => is_han(next.char),
            (_, true) => (next.char.is_alphanumeric() && !is_han(next.char)) || next.char == '\'',
            _ => !next.char.is_alphanumeric(),
        };
        let length = rest.iter().position(|next| !same(next)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length.max(1));
        match (han, letter) {
            (true, _) => runs.push(Run::Han(run)),
            (_, true) => runs.push(Run::Letters(run)),
            _ => {}
        }
        rest = after;
    }
    runs
}

/// The words of a text, in order, without silent ones.
#[must_use]
pub fn cut(text: &str) -> Vec<Word> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in runs(&folded) {
        match run {
            Run::Han(run) => words.extend(cut_han(&joined(run))),
            Run::Letters(run) => words.push(letters(&joined(run))),
        }
    }
    words.retain(|word| !word.text.is_empty() && !SILENT.contains(word.text.as_str()));
    words
}

/// The word that a run of letters and digits is.
#[must_use]
pub fn letters(run: &str) -> Word {
    let text: String = run.trim_matches('\'').chars().take(LONGEST_WORD).collect();
    let english = is_english(&text);
    let lexeme =
        if english { Stemmer::create(Algorithm::English).stem(&text).into_owned() } else { text.clone() };
    Word { lexeme: if lexeme.is_empty() { text.clone() } else { lexeme }, text, parts: Vec::new() }
}

/// The characters of a run as text.
#[must_use]
pub fn joined(run: &[Folded]) -> String {
    run.iter().map(|folded| folded.char).collect()
}

/// Whether it is a word of plain letters, which has a stem and may be misspelt.
#[must_use]
pub fn is_english(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'')
}

/// Every word of the dictionary in the run, each with the shorter ones within it: search mode tells them all, those
/// within a word before it.
fn cut_han(run: &str) -> Vec<Word> {
    let mut told = DICTIONARY.cut_for_search(run, false).into_iter();
    let word = |whole: jieba_rs::Token<'_>| {
        let within = told.by_ref().take_while(|token| (token.start, token.end) != (whole.start, whole.end));
        let parts = within.map(|token| token.word.to_owned()).collect();
        Word { text: whole.word.to_owned(), lexeme: whole.word.to_owned(), parts }
    };
    DICTIONARY.cut(run, false).into_iter().map(word).collect()
}

/// Han characters, as far as the dictionary knows any.
#[must_use]
pub fn is_han(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexemes(text: &str) -> Vec<String> {
        cut(text).into_iter().map(|word| word.lexeme).collect()
    }

    #[test]
    fn chinese_is_cut_into_words_and_the_words_within() {
        let words = cut("宽带网络的中国科学院");

        let told: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(told, ["宽带", "网络", "中国科学院"]);
        assert_eq!(words[2].parts, ["中国", "科学", "学院", "科学院"]);
    }

    #[test]
    fn english_is_stemmed_and_silent_words_are_left_out() {
        assert_eq!(lexemes("How do I change the Installations?"), ["chang", "instal"]);
        assert_eq!(lexemes("customer's customers’ Café"), ["custom", "custom", "cafe"]);
    }

    #[test]
    fn mixed_text_and_full_width_are_one_language_after_the_other() {
        assert_eq!(lexemes("ＷｉＦｉ６路由器Router重启"), lexemes("wifi6 路由器 router 重启"));
        assert_eq!(lexemes("5G套餐"), ["5g", "套餐"]);
    }

    #[test]
    fn the_same_characters_are_cut_alike_inside_a_text() {
        let inside = lexemes("由于您的宽带欠费,已停机");

        for word in lexemes("宽带欠费") {
            assert!(inside.contains(&word), "{word} in {inside:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cut_and_folding_again_changes_nothing(text in "\\PC{0,60}") {
            for word in cut(&text) {
                prop_assert!(!word.lexeme.is_empty() && word.text.chars().count() <= 64.max(text.chars().count()));
                let again: String = fold(&word.text).into_iter().map(|folded| folded.char).collect();
                prop_assert_eq!(again, word.text);
            }
            let folded = fold(&text);
            prop_assert!(folded.windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }
}
