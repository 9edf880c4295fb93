//! The classifier: weight-normalised complement naive Bayes on sparse counts (Rennie, Shih, Teevan, Karger: "Tackling the poor
//! assumptions of naive Bayes text classifiers", ICML 2003), with probabilities calibrated by one temperature (Guo and others:
//! "On calibration of modern neural networks", ICML 2017).
//!
//! Own code, for want of a crate that fits: linfa and smartcore take dense matrices, which a vocabulary of tens of thousands of
//! words times thousands of cases does not allow. Sparse here: a word keeps counts of the categories that it came in.
//!
//! # Formulas
//! - weight of word `w` in a text: `ln(1 + count) · ln((1 + texts) / texts with w)`, then scaled to length 1;
//! - `n(c, w)`: sum of the weights of `w` over the training texts of category `c`; `n(w)` over all;
//! - `m(c, w) = −ln((n(w) − n(c, w) + α) / (Σn − n(c) + α·V))`, divided by its mean over all words: categories with many
//!   texts don't win by that alone;
//! - score of `c` for a text: `Σ weight · m(c, w)`; probability: softmax of `sharpness · score`.
//!
//! # Invariants
//! - The order of the training texts does not matter to the last bit: they are summed in the order of their ids, words in the
//!   order of their text.
//! - Probabilities are finite and sum up to 1, or there are none: a text without a known word says nothing.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Read, Write},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

use super::words::{self, Bag};

/// Words that came in fewer texts are not learnt.
const FEWEST_TEXTS: u32 = 2;
/// Words learnt at most: those in most texts.
const MOST_WORDS: usize = 100_000;
/// α.
const SMOOTHING: f64 = 0.1;
/// Words told per suggestion at most.
const TOLD_WORDS: usize = 5;

/// A text to learn from: words by number, and the number of its category.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Orders the texts.
    pub id: u128,
    /// Its category.
    pub category: u32,
    /// Word and count.
    pub words: Vec<(u32, u32)>,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    categories: Vec<String>,
    /// By text.
    words: Vec<Word>,
    /// `ln(Σn − n(c) + α·V)` of each category.
    complements: Vec<f64>,
    /// The mean of `m(c, ·)` of each category.
    means: Vec<f64>,
    sharpness: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    text: String,
    /// `ln((1 + texts) / texts with it)`.
    rarity: f64,
    /// `ln(n(w) + α)`.
    base: f64,
    /// `ln(n(w) − n(c, w) + α)` of the categories that it came in.
    of: Vec<(u32, f64)>,
}

/// What a text may be about.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The category.
    pub category: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Words that spoke for it with their share, the strongest first.
    pub words: Vec<(String, f64)>,
}

/// The words of the texts to learn from, once each.
#[derive(Debug, Default)]
pub struct Lexicon {
    numbers: HashMap<String, u32>,
}

impl Lexicon {
    /// The words of a bag by number.
    pub fn number(&mut self, bag: Bag) -> Vec<(u32, u32)> {
        let mut number = |word: String| {
            let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            *self.numbers.entry(word).or_insert(next)
        };
        bag.into_iter().map(|(word, count)| (number(word), count)).collect()
    }

    /// The words by number.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = vec![""; self.numbers.len()];
        for (word, number) in &self.numbers {
            names[*number as usize] = word;
        }
        names
    }
}

impl Classifier {
    /// Learns from `texts`, whose category numbers are places in `categories`.
    #[must_use]
    pub fn learn(categories: &[String], lexicon: &Lexicon, texts: &[&Text]) -> Self {
        let mut texts = texts.to_vec();
        texts.sort_by_key(|text| text.id);
        let (mut words, places) = learnt_words(lexicon, &texts);
        let mut sums = vec![BTreeMap::<u32, f64>::new(); words.len()];
        let mut of_category = vec![0.0; categories.len()];
        for text in &texts {
            let found = text.words.iter().filter_map(|(word, n)| Some((*places.get(word)?, *n))).collect();
            for (place, weight) in weigh(&words, found) {
                *sums[place].entry(text.category).or_default() += weight;
                of_category[text.category as usize] += weight;
            }
        }
        let total: f64 = of_category.iter().sum();
        let size = words.len() as f64;
        let complements: Vec<f64> = of_category
            .iter()
            .map(|own| (total - own).max(0.0) + SMOOTHING * size.max(1.0))
            .map(f64::ln)
            .collect();
        for (word, sums) in words.iter_mut().zip(sums) {
            let all: f64 = sums.values().sum();
            word.base = (all + SMOOTHING).ln();
            let rest = |own: f64| ((all - own).max(0.0) + SMOOTHING).ln();
            word.of = sums.into_iter().map(|(category, own)| (category, rest(own))).collect();
        }
        let means = means(&words, &complements);
        Self { categories: categories.to_vec(), words, complements, means, sharpness: 1.0 }
    }

    /// How many words it knows.
    #[must_use]
    pub fn word_count(&self) -> usize {
        self.words.len()
    }

    /// The categories with their probabilities, the most likely first; empty when no word is known.
    #[must_use]
    pub fn probabilities(&self, bag: &Bag) -> Vec<(u32, f64)> {
        let weights = self.weights(bag);
        if weights.is_empty() {
            return Vec::new();
        }
        let scores = self.scores(&weights);
        let mut probabilities: Vec<_> = (0..).zip(softmax(&scores, self.sharpness)).collect();
        probabilities.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        probabilities
    }

    /// Suggestions for a text, the most likely first.
    #[must_use]
    pub fn suggest(&self, bag: &Bag) -> Vec<Suggestion> {
        let weights = self.weights(bag);
        let suggestion = |(category, confidence): (u32, f64)| Suggestion {
            category: self.categories[category as usize].clone(),
            confidence,
            words: self.spoken(category, &weights),
        };
        self.probabilities(bag).into_iter().map(suggestion).collect()
    }

    /// Chooses the sharpness under which the texts' own categories are likeliest. Targets are softened as by Platt (1999), so
    /// that few texts, all right, do not make it sure of everything.
    pub fn calibrate(&mut self, texts: &[(u32, Bag)]) {
        let scored: Vec<_> = texts
            .iter()
            .map(|(category, bag)| (*category as usize, self.weights(bag)))
            .filter(|(_, weights)| !weights.is_empty())
            .map(|(category, weights)| (category, self.scores(&weights)))
            .collect();
        if scored.is_empty() {
            return;
        }
        // The loss has one minimum in the sharpness, so thirds of an interval lead to it.
        let (mut low, mut high) = (0.01_f64.ln(), 1_000.0_f64.ln());
        for _ in 0..60 {
            let third = (high - low) / 3.0;
            if loss(&scored, (low + third).exp()) <= loss(&scored, (high - third).exp()) {
                high -= third;
            } else {
                low += third;
            }
        }
        self.sharpness = f64::midpoint(low, high).exp();
    }

    /// The same with the sharpness of another one.
    #[must_use]
    pub fn calibrated_as(self, other: &Self) -> Self {
        Self { sharpness: other.sharpness, ..self }
    }

    /// As it is kept: JSON, gzip.
    ///
    /// # Errors
    /// Of the writer, which is memory.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let json = serde_json::to_vec(self)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&json).and_then(|()| gzip.finish()).map_err(serde_json::Error::io)
    }

    /// Reads what [`Classifier::encode`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut json = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut json).map_err(serde_json::Error::io)?;
        serde_json::from_slice(&json)
    }

    fn weights(&self, bag: &Bag) -> Vec<(usize, f64)> {
        let place = |text: &String| self.words.binary_search_by(|word| word.text.cmp(text)).ok();
        let found = bag.iter().filter_map(|(text, count)| Some((place(text)?, *count))).collect();
        weigh(&self.words, found)
    }

    /// `Σ weight · m(c, w)`; what is the same for all categories is computed once.
    fn scores(&self, weights: &[(usize, f64)]) -> Vec<f64> {
        let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let base: f64 = weights.iter().map(|(place, weight)| weight * self.words[*place].base).sum();
        let mut scores: Vec<f64> =
            self.complements.iter().map(|complement| sum * complement - base).collect();
        for (place, weight) in weights {
            let word = &self.words[*place];
            for (category, rest) in &word.of {
                scores[*category as usize] += weight * (word.base - rest);
            }
        }
        scores.iter().zip(&self.means).map(|(score, mean)| score / mean).collect()
    }

    /// What the category's own texts gave to its score, by word; pairs of characters only where no word spoke.
    fn spoken(&self, category: u32, weights: &[(usize, f64)]) -> Vec<(String, f64)> {
        let gift = |(place, weight): &(usize, f64)| {
            let word = &self.words[*place];
            let (_, rest) = word.of.iter().find(|(of, _)| *of == category)?;
            Some((word.text.as_str(), weight * (word.base - rest)))
        };
        let mut gifts: Vec<_> = weights.iter().filter_map(gift).filter(|(_, gift)| *gift > 0.0).collect();
        let all: f64 = gifts.iter().map(|(_, gift)| gift).sum();
        if gifts.iter().any(|(word, _)| words::is_word(word)) {
            gifts.retain(|(word, _)| words::is_word(word));
        }
        gifts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        gifts.truncate(TOLD_WORDS);
        gifts.into_iter().map(|(word, gift)| (words::shown(word).to_owned(), gift / all)).collect()
    }
}

/// The words to be learnt, by text, and their places by number.
fn learnt_words(lexicon: &Lexicon, texts: &[&Text]) -> (Vec<Word>, HashMap<u32, usize>) {
    let mut found = vec![0_u32; lexicon.numbers.len()];
    for (word, _) in texts.iter().flat_map(|text| &text.words) {
        found[*word as usize] += 1;
    }
    let often = |(_, number): &(&String, &u32)| found[**number as usize] >= FEWEST_TEXTS;
    let mut learnt: Vec<_> = lexicon.numbers.iter().filter(often).collect();
    learnt.sort_by(|a, b| found[*b.1 as usize].cmp(&found[*a.1 as usize]).then(a.0.cmp(b.0)));
    learnt.truncate(MOST_WORDS);
    learnt.sort_unstable();
    let places = learnt.iter().enumerate().map(|(place, (_, number))| (**number, place)).collect();
    let all = 1.0 + texts.len() as f64;
    let word = |(text, number): (&String, &u32)| Word {
        text: text.clone(),
        rarity: (all / f64::from(found[*number as usize])).ln(),
        base: 0.0,
        of: Vec::new(),
    };
    (learnt.into_iter().map(word).collect(), places)
}

/// Places and counts to weights of length 1, in the order of places.
fn weigh(words: &[Word], mut found: Vec<(usize, u32)>) -> Vec<(usize, f64)> {
    found.sort_unstable();
    let weight = |(place, count): (usize, u32)| (place, f64::from(count).ln_1p() * words[place].rarity);
    let mut weights: Vec<_> = found.into_iter().map(weight).filter(|(_, weight)| *weight > 0.0).collect();
    let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
    for (_, weight) in &mut weights {
        *weight /= length;
    }
    weights
}

/// The mean of `m(c, ·)` over all words, per category. `m` is never negative, for no word weighs more than all.
fn means(words: &[Word], complements: &[f64]) -> Vec<f64> {
    let base: f64 = words.iter().map(|word| word.base).sum();
    let size = words.len() as f64;
    let mut sums: Vec<f64> = complements.iter().map(|complement| size * complement - base).collect();
    for word in words {
        for (category, rest) in &word.of {
            sums[*category as usize] += word.base - rest;
        }
    }
    sums.into_iter().map(|sum| if sum > 0.0 { sum / size } else { 1.0 }).collect()
}

fn softmax(scores: &[f64], sharpness: f64) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| ((score - highest) * sharpness).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// Mean negative log likelihood of the softened targets.
fn loss(scored: &[(usize, Vec<f64>)], sharpness: f64) -> f64 {
    let soft = 1.0 / (scored.len() as f64 + 2.0);
    let one = |(category, scores): &(usize, Vec<f64>)| {
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|score| ((score - highest) * sharpness).exp()).sum();
        let likelihood = |score: f64| (score - highest) * sharpness - sum.ln();
        let mean = scores.iter().map(|score| likelihood(*score)).sum::<f64>() / scores.len() as f64;
        -(1.0 - soft) * likelihood(scores[*category]) - soft * mean
    };
    scored.iter().map(one).sum::<f64>() / scored.len() as f64
}

#[cfg(test)]
mod tests;
