//! Misspelt English words. What no article has is compared with known words that are like it; near enough is a
//! Damerau–Levenshtein distance (a letter too many, too few, wrong, or two that changed places) of 1, and of 2 from
//! eight letters on: in shorter words two wrong letters make another word.
//!
//! Known words are looked up by their trigrams, those of `^^word$`. One mistake touches at most four trigrams in a
//! row, so a word of n letters keeps n − 3 of its n + 1, and half of these are its first or its last ones
//! ([`Probe`]). Two mistakes in eight letters or more leave at least one of all. So none is missed.

use super::words::is_english;

/// Shorter words are not corrected: nearly everything is near.
const SHORTEST: usize = 4;
/// From this length on two mistakes are forgiven.
const LONG: usize = 8;
/// Misspelt words of one query that are corrected, the first ones: each costs a look-up.
pub const MOST_CORRECTIONS: usize = 8;
/// A misspelt word stands for so many known ones at most.
const TAKEN_FOR: usize = 3;

/// A known word that a misspelt one may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The word.
    pub word: String,
    /// What is indexed for it.
    pub lexeme: String,
    /// Articles that have it.
    pub articles: i64,
}

/// Whether a word takes part: plain letters, four or more.
#[must_use]
pub fn may_be_misspelt(word: &str) -> bool {
    is_english(word) && word.len() >= SHORTEST
}

/// How far a misspelling may be away.
#[must_use]
pub const fn tolerance(word: &str) -> usize {
    if word.len() >= LONG { 2 } else { 1 }
}

/// Which trigrams words at a distance of 1 have: all of the first ones, or all of the last ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The first ones.
    pub first: Vec<String>,
    /// The last ones.
    pub last: Vec<String>,
}

/// The probe of a word that may be misspelt.
#[must_use]
pub fn probe(word: &str) -> Probe {
    let trigrams = in_order(word);
    let half = trigrams.len().saturating_sub(4).div_ceil(2).max(1);
    let first = trigrams.iter().take(half).cloned().collect();
    let last = trigrams.iter().rev().take(half).cloned().collect();
    Probe { first, last }
}

fn in_order(word: &str) -> Vec<String> {
    let padded: Vec<char> = format!("^^{word}$").chars().collect();
    padded.windows(3).map(|three| three.iter().collect()).collect()
}

/// The trigrams of a word, each once.
#[must_use]
pub fn trigrams(word: &str) -> Vec<String> {
    let mut trigrams = in_order(word);
    trigrams.sort();
    trigrams.dedup();
    trigrams
}

/// The known words that a misspelt one stands for: the nearest, among them those that most articles have.
#[must_use]
pub fn nearest(word: &str, known: Vec<Known>) -> Vec<Known> {
    let mut near: Vec<_> = known
        .into_iter()
        .filter(|known| known.word.len().abs_diff(word.len()) <= tolerance(word))
        .map(|known| (strsim::damerau_levenshtein(word, &known.word), known))
        .filter(|(distance, _)| *distance <= tolerance(word))
        .collect();
    near.sort_by(|(one, a), (two, b)| (one, -a.articles, &a.word).cmp(&(two, -b.articles, &b.word)));
    let best = near.first().map_or(0, |(distance, _)| *distance);
    let near = near.into_iter().take_while(|(distance, _)| *distance == best);
    near.map(|(_, known)| known).take(TAKEN_FOR).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(word: &str, articles: i64) -> Known {
        Known { word: word.into(), lexeme: word.into(), articles }
    }

    #[test]
    fn the_nearest_words_are_taken_and_among_them_the_commonest() {
        let words = vec![known("router", 2), known("routes", 9), known("rooter", 3), known("outer", 50)];

        let near: Vec<_> = nearest("rouetr", words).into_iter().map(|known| known.word).collect();

        assert_eq!(near, ["router"]);
    }

    #[test]
    fn short_words_forgive_one_mistake_and_long_ones_two() {
        assert!(nearest("liine", vec![known("line", 1)]).len() == 1);
        assert!(nearest("liinee", vec![known("line", 1)]).is_empty());
        assert!(nearest("brodbant", vec![known("broadband", 1)]).len() == 1);
        assert!(!may_be_misspelt("dsl") && !may_be_misspelt("wr841n") && !may_be_misspelt("宽带网络"));
    }

    /// One mistake in a word.
    fn mistake(word: &str, kind: u8, place: usize, letter: char) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let at = place % letters.len();
        match kind {
            0 => letters.insert(at, letter),
            1 => letters[at] = letter,
            2 => drop(letters.remove(at)),
            _ => letters.swap(at, (at + 1) % word.len().max(at + 1)),
        }
        letters.into_iter().collect()
    }

    proptest! {
        #[test]
        fn a_misspelt_word_shares_a_trigram_with_what_it_stands_for(
            word in "[a-z]{4,16}", kind in 0..4_u8, more in 0..4_u8, place in 0..16_usize, letter in proptest::char::range('a', 'z'),
        ) {
            let mut wrong = mistake(&word, kind, place, letter);
            if wrong.len() >= LONG && more < 3 {
                wrong = mistake(&wrong, more, place * 7, letter);
            }
            let near = strsim::damerau_levenshtein(&wrong, &word) <= tolerance(&wrong);
            prop_assume!(near && may_be_misspelt(&wrong));

            let known = trigrams(&word);
            let has = |probe: &[String]| probe.iter().all(|trigram| known.contains(trigram));
            let Probe { first, last } = probe(&wrong);
            prop_assert!(
                strsim::damerau_levenshtein(&wrong, &word) != 1 || has(&first) || has(&last),
                "{} and {}", wrong, word
            );
            let shared = trigrams(&wrong).iter().any(|trigram| trigrams(&word).contains(trigram));

            prop_assert!(shared, "{} and {}", wrong, word);
        }
    }
}
