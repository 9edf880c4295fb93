use proptest::prelude::*;

use super::*;

fn bag(words: &[u8]) -> Bag {
    let mut bag = Bag::new();
    for word in words {
        *bag.entry(format!("w{}", word % 20)).or_default() += 1;
    }
    bag
}

fn categories() -> Vec<String> {
    ["a", "b", "c"].map(String::from).to_vec()
}

/// Learns from samples of category and words, with ids by place.
fn learn(samples: &[(usize, u8, Vec<u8>)]) -> Classifier {
    let mut lexicon = Lexicon::default();
    let text = |(id, category, words): &(usize, u8, Vec<u8>)| Text {
        id: *id as u128,
        category: u32::from(category % 3),
        words: lexicon.number(bag(words)),
    };
    let texts: Vec<_> = samples.iter().map(text).collect();
    let all: Vec<_> = texts.iter().collect();
    Classifier::learn(&categories(), &lexicon, &all)
}

fn samples() -> impl Strategy<Value = Vec<(usize, u8, Vec<u8>)>> {
    let sample = (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..12));
    proptest::collection::vec(sample, 0..40).prop_map(|all| {
        all.into_iter().enumerate().map(|(id, (category, words))| (id, category, words)).collect()
    })
}

proptest! {
    #[test]
    fn probabilities_sum_up_to_one_or_there_are_none(
        samples in samples(),
        asked in proptest::collection::vec(any::<u8>(), 0..12),
        calibrating in proptest::collection::vec((0_u32..3, proptest::collection::vec(any::<u8>(), 0..12)), 0..10),
    ) {
        let mut classifier = learn(&samples);
        let calibrating: Vec<_> = calibrating.iter().map(|(category, words)| (*category, bag(words))).collect();
        classifier.calibrate(&calibrating);

        let found = classifier.probabilities(&bag(&asked));

        let sum: f64 = found.iter().map(|(_, probability)| probability).sum();
        prop_assert!(found.is_empty() || (sum - 1.0).abs() < 1e-9, "{sum}");
        prop_assert!(found.iter().all(|(_, probability)| (0.0..=1.0).contains(probability)));
        prop_assert!(found.windows(2).all(|two| two[0].1 >= two[1].1));
    }

    #[test]
    fn the_order_of_training_does_not_matter(
        (samples, shuffled) in samples().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
    ) {
        prop_assert_eq!(learn(&samples), learn(&shuffled));
    }

    #[test]
    fn what_is_kept_reads_back(samples in samples(), asked in proptest::collection::vec(any::<u8>(), 1..12)) {
        let classifier = learn(&samples);

        let read = Classifier::decode(&classifier.encode().unwrap()).unwrap();

        let (before, after) = (classifier.probabilities(&bag(&asked)), read.probabilities(&bag(&asked)));
        prop_assert_eq!(before.len(), after.len());
        let mut after: Vec<_> = after;
        after.sort_by_key(|(category, _)| *category);
        for (category, probability) in before {
            prop_assert!((after[category as usize].1 - probability).abs() < 1e-9);
        }
    }
}

/// Category 0 speaks of words 0–4, 1 of 5–9, 2 of 10–14; all of 15.
fn clear() -> Vec<(usize, u8, Vec<u8>)> {
    (0..30_u8)
        .map(|nr| {
            let own = (nr % 3) * 5;
            (usize::from(nr), nr % 3, vec![own + nr % 5, own + (nr + 1) % 5, 15])
        })
        .collect()
}

#[test]
fn words_of_a_category_speak_for_it() {
    let mut classifier = learn(&clear());
    classifier
        .calibrate(&clear().iter().map(|(_, c, words)| (u32::from(*c), bag(words))).collect::<Vec<_>>());

    let suggested = classifier.suggest(&bag(&[5, 6, 15]));

    assert_eq!(suggested[0].category, "b");
    assert!(suggested[0].confidence > 0.6, "{suggested:?}");
    let spoke: Vec<_> = suggested[0].words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(spoke.len(), 3);
    assert!(spoke[..2].contains(&"w5") && spoke[..2].contains(&"w6"), "{spoke:?}");
}

#[test]
fn unseen_words_change_nothing_and_alone_say_nothing() {
    let classifier = learn(&clear());
    let mut with_unseen = bag(&[5, 6]);
    with_unseen.insert("never-seen".into(), 7);

    assert_eq!(classifier.suggest(&with_unseen), classifier.suggest(&bag(&[5, 6])));
    let mut unseen = Bag::new();
    unseen.insert("never-seen".into(), 7);
    assert_eq!(classifier.suggest(&unseen), []);
}

#[test]
fn calibration_is_modest_where_words_say_nothing() {
    let mut classifier = learn(&clear());
    let sure: Vec<_> = clear().iter().map(|(_, c, words)| (u32::from(*c), bag(words))).collect();
    classifier.calibrate(&sure);
    let confident = classifier.probabilities(&bag(&[5, 6]))[0].1;
    // The same texts with categories that go round: words say nothing about them.
    let unsure: Vec<_> =
        clear().iter().map(|(id, _, words)| (u32::try_from(id / 3 % 3).unwrap(), bag(words))).collect();
    classifier.calibrate(&unsure);
    let modest = classifier.probabilities(&bag(&[5, 6]))[0].1;

    assert!(confident > 0.6 && modest < 0.5, "{confident} {modest}");
}
