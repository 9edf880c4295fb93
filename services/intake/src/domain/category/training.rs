//! Training: cases are taken in batches, a classifier is calibrated and measured on cases that it never saw, and the one for use
//! is learnt from all.
//!
//! | share of the cases, by a hash of their ids | for |
//! |---|---|
//! | 2 of 10 | measuring |
//! | 1 of 10 | calibrating |
//! | 7 of 10 | learning, of the measured classifier |
//!
//! Invariants: the same cases give the same model and the same figures, in whatever order and batches they come; memory is
//! bounded by [`MOST_CASES`] × the words of [`LONGEST_DESCRIPTION`] characters.

use std::collections::BTreeMap;

use kexiang_core::CaseId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    ClosedCase,
    classifier::{Classifier, Lexicon, Text},
    words::{self, Bag},
};

/// Cases that a model learns from at most: the newest.
pub const MOST_CASES: usize = 20_000;
/// Cases that are needed at least.
pub const FEWEST_CASES: usize = 50;
/// Cases of a category that are needed at least; categories with fewer are left out.
pub const FEWEST_OF_CATEGORY: usize = 5;
/// Categories that are needed at least.
const FEWEST_CATEGORIES: usize = 2;
/// Characters of a description that are read.
pub const LONGEST_DESCRIPTION: usize = 1_000;
/// A word of the title counts as often as so many in the description.
const TITLE_WEIGHT: u32 = 2;
/// Categories whose mistakes are told.
const TOLD_CATEGORIES: usize = 10;
/// Mistakes told of one category.
const TOLD_MISTAKES: usize = 3;

/// What is known about a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Cases that it learnt from.
    pub case_count: usize,
    /// Cases of categories with too few.
    pub rare_case_count: usize,
    /// Whether there were more than [`MOST_CASES`].
    pub capped: bool,
    /// Categories that it tells apart.
    pub category_count: usize,
    /// Words that it knows.
    pub word_count: usize,
    /// Held-out cases.
    pub held_out_count: usize,
    /// Share of them whose category is the first suggestion.
    pub top_one_accuracy: f64,
    /// Share of them whose category is among the first three.
    pub top_three_accuracy: f64,
    /// Mean confidence of the first suggestion.
    pub mean_confidence: f64,
    /// Of the largest categories of the held-out cases.
    pub confusions: Vec<Confusion>,
}

/// What the cases of one category were taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// The category that they have.
    pub category: String,
    /// How many.
    pub case_count: usize,
    /// How many were suggested it first.
    pub right_count: usize,
    /// What the others were taken for, most often first.
    pub mistakes: Vec<(String, usize)>,
}

/// There is too little to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFewCases {
    /// Cases of categories with enough of them.
    pub cases: usize,
    /// Those categories.
    pub categories: usize,
}

/// Cases to learn from.
#[derive(Debug, Default)]
pub struct Collection {
    lexicon: Lexicon,
    cases: Vec<Collected>,
    capped: bool,
}

/// A case, its text counted.
#[derive(Debug)]
struct Collected {
    id: CaseId,
    category: String,
    words: Vec<(u32, u32)>,
}

/// The words of a case: those of the title count more.
fn bag_of(title: &str, description: &str) -> Bag {
    let mut bag = Bag::new();
    words::count(title, TITLE_WEIGHT, &mut bag);
    let cut = description.char_indices().nth(LONGEST_DESCRIPTION).map_or(description.len(), |(at, _)| at);
    words::count(&description[..cut], 1, &mut bag);
    bag
}

impl Collection {
    /// Takes a batch, newest first; false when no further one is wanted.
    pub fn take(&mut self, batch: &[ClosedCase]) -> bool {
        for case in batch {
            if self.cases.len() == MOST_CASES {
                self.capped = true;
                return false;
            }
            let words = self.lexicon.number(bag_of(&case.title, &case.description));
            self.cases.push(Collected { id: case.id, category: case.category.clone(), words });
        }
        true
    }

    /// Trains, calibrates and measures.
    ///
    /// # Errors
    /// [`TooFewCases`].
    pub fn train(self) -> Result<(Classifier, Report), TooFewCases> {
        let Self { lexicon, cases, capped } = self;
        let all_count = cases.len();
        let mut counts = BTreeMap::<String, usize>::new();
        for case in &cases {
            *counts.entry(case.category.clone()).or_default() += 1;
        }
        counts.retain(|_, count| *count >= FEWEST_OF_CATEGORY);
        let categories: Vec<String> = counts.into_keys().collect();
        let number = |code: &String| u32::try_from(categories.binary_search(code).ok()?).ok();
        let text = |Collected { id, category, words }| {
            Some(Text { id: id.uuid().as_u128(), category: number(&category)?, words })
        };
        let texts: Vec<Text> = cases.into_iter().filter_map(text).collect();
        if texts.len() < FEWEST_CASES || categories.len() < FEWEST_CATEGORIES {
            return Err(TooFewCases { cases: texts.len(), categories: categories.len() });
        }
        let measured = Measured::new(&categories, &lexicon, &texts);
        let all: Vec<_> = texts.iter().collect();
        let model = Classifier::learn(&categories, &lexicon, &all).calibrated_as(&measured.classifier);
        let report = Report {
            case_count: texts.len(),
            rare_case_count: all_count - texts.len(),
            capped,
            category_count: categories.len(),
            word_count: model.word_count(),
            ..measured.report(&categories)
        };
        Ok((model, report))
    }
}

/// A classifier that never saw the cases that it is measured on.
struct Measured {
    classifier: Classifier,
    /// The right category, and what was suggested.
    answers: Vec<(u32, Vec<(u32, f64)>)>,
}

impl Measured {
    fn new(categories: &[String], lexicon: &Lexicon, texts: &[Text]) -> Self {
        let (mut learnt, mut calibrating, mut held_out) = (Vec::new(), Vec::new(), Vec::new());
        for text in texts {
            match bucket(text.id) {
                0 | 1 => held_out.push(text),
                2 => calibrating.push(text),
                _ => learnt.push(text),
            }
        }
        // The order of calibration is part of its result's last bits.
        calibrating.sort_by_key(|text| text.id);
        held_out.sort_by_key(|text| text.id);
        let names = lexicon.names();
        let mut classifier = Classifier::learn(categories, lexicon, &learnt);
        let bag =
            |text: &Text| text.words.iter().map(|(word, n)| (names[*word as usize].to_owned(), *n)).collect();
        let samples: Vec<(u32, Bag)> =
            calibrating.into_iter().map(|text| (text.category, bag(text))).collect();
        classifier.calibrate(&samples);
        let answer = |text: &Text| (text.category, classifier.probabilities(&bag(text)));
        let answers = held_out.into_iter().map(answer).collect();
        Self { classifier, answers }
    }

    fn report(&self, categories: &[String]) -> Report {
        let count = self.answers.len();
        let share = |n: usize| ratio(n as f64, count);
        let among = |first: usize| {
            let hit = |(right, suggested): &&(u32, Vec<(u32, f64)>)| {
                suggested.iter().take(first).any(|(category, _)| category == right)
            };
            share(self.answers.iter().filter(hit).count())
        };
        let confidence: f64 =
            self.answers.iter().filter_map(|(_, suggested)| suggested.first()).map(|(_, p)| p).sum();
        Report {
            held_out_count: count,
            top_one_accuracy: among(1),
            top_three_accuracy: among(3),
            mean_confidence: ratio(confidence, count),
            confusions: self.confusions(categories),
            ..Report::default()
        }
    }

    fn confusions(&self, categories: &[String]) -> Vec<Confusion> {
        let mut by_category = BTreeMap::<u32, BTreeMap<u32, usize>>::new();
        let mut sizes = BTreeMap::<u32, usize>::new();
        for (right, suggested) in &self.answers {
            *sizes.entry(*right).or_default() += 1;
            if let Some((first, _)) = suggested.first() {
                *by_category.entry(*right).or_default().entry(*first).or_default() += 1;
            }
        }
        let mut largest: Vec<_> = sizes.into_iter().collect();
        largest.sort_by_key(|(category, size)| (std::cmp::Reverse(*size), *category));
        largest.truncate(TOLD_CATEGORIES);
        let name = |category: u32| categories[category as usize].clone();
        let confusion = |(category, case_count): (u32, usize)| {
            let mut taken_for = by_category.remove(&category).unwrap_or_default();
            let right_count = taken_for.remove(&category).unwrap_or_default();
            let mut mistakes: Vec<_> = taken_for.into_iter().collect();
            mistakes.sort_by_key(|(other, count)| (std::cmp::Reverse(*count), *other));
            mistakes.truncate(TOLD_MISTAKES);
            let mistakes = mistakes.into_iter().map(|(other, count)| (name(other), count)).collect();
            Confusion { category: name(category), case_count, right_count, mistakes }
        };
        largest.into_iter().map(confusion).collect()
    }
}

/// Six decimals: what is kept as JSON reads back the same.
fn ratio(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { (sum / count as f64 * 1e6).round() / 1e6 }
}

/// 0 to 9, by the case's id alone: a case stays on its side from training to training.
fn bucket(id: u128) -> u8 {
    let hash = Sha256::digest(id.to_be_bytes());
    u8::try_from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests;
