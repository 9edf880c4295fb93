//! The words of a text, as models count them: Chinese words by jieba's dictionary, words in letters in lower case, and pairs of
//! neighbouring Chinese characters, which still speak where the dictionary does not know a word.

use std::{collections::BTreeMap, sync::LazyLock};

use jieba_rs::Jieba;

/// Loaded with the first text, once per process: some tenths of a second, off the async threads.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Marks a pair of characters among words.
const PAIR: char = '~';
/// Longer words are names of files, addresses and the like.
const LONGEST_WORD: usize = 32;

/// How often each word came.
pub type Bag = BTreeMap<String, u32>;

/// Whether this is a word and no pair of characters.
#[must_use]
pub fn is_word(word: &str) -> bool {
    !word.starts_with(PAIR)
}

/// A word or pair as people read it.
#[must_use]
pub fn shown(word: &str) -> &str {
    word.trim_start_matches(PAIR)
}

/// The words of a text.
#[must_use]
pub fn bag_of(text: &str) -> Bag {
    let mut bag = Bag::new();
    count(text, 1, &mut bag);
    bag
}

/// Counts the words of `text`, each as often as `times` says.
pub fn count(text: &str, times: u32, bag: &mut Bag) {
    let text = text.to_lowercase();
    for token in JIEBA.cut(&text, true) {
        if is_counted(token.word) {
            *bag.entry(token.word.to_owned()).or_default() += times;
        }
    }
    let mut before = None;
    for next in text.chars() {
        let next = is_han(next).then_some(next);
        if let (Some(first), Some(second)) = (before, next) {
            *bag.entry(String::from_iter([PAIR, first, second])).or_default() += times;
        }
        before = next;
    }
}

/// Two characters or more, with a letter: single characters and numbers say little.
fn is_counted(word: &str) -> bool {
    let length = word.chars().count();
    (2..=LONGEST_WORD).contains(&length)
        && word.chars().all(char::is_alphanumeric)
        && word.chars().any(char::is_alphabetic)
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_words_pairs_and_words_in_letters_are_counted() {
        let mut bag = Bag::new();

        count("宽带WiFi断线，wifi 很慢 12345", 1, &mut bag);

        assert_eq!(bag.get("宽带"), Some(&1));
        assert_eq!(bag.get("~宽带"), Some(&1));
        assert_eq!(bag.get("wifi"), Some(&2));
        assert_eq!(bag.get("12345"), None);
        assert_eq!(bag.get("~线很"), None, "a comma parts");
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let mut bag = Bag::new();

        count(" ，。!? 7", 3, &mut bag);

        assert_eq!(bag, Bag::new());
    }
}
