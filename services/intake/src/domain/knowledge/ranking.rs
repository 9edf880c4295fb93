//! Why a hit stands where it stands: text, usefulness and freshness in one number, whose parts are shown.
//!
//! total = text × coverage × (0.5 + usefulness) × (0.8 + 0.2 × freshness)
//!
//! - usefulness is the Bayesian average of the feedback, (helped + 2) / (helped + not helped + 4): without any voice 0.5, where the factor is
//!   1; a single voice moves it by a tenth, many move it towards their share.
//! - freshness halves every 180 days since the publishing. Its factor stays within 0.8 to 1: what is old but right is not buried.
//!
//! When too many articles match, their [`standing`] decides which are ranked. It combines the same two without the
//! time that passes: log2(usefulness factor) + age in half lives, negated, differs between two articles by the same
//! amount at any time. So it can be kept in a column and is written again only with feedback.

use kexiang_core::Timestamp;

const HALF_LIFE_DAYS: f64 = 180.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What is known of a hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// ts_rank_cd, 0 to 1.
    pub text: f64,
    /// Share of the query's words by rarity, 0 to 1.
    pub coverage: f64,
    /// How often it helped.
    pub helped: i64,
    /// How often it did not.
    pub not_helped: i64,
    /// When it was published.
    pub published_at: Timestamp,
}

/// The parts of a score and what they make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// What hits are sorted by.
    pub total: f64,
    /// As the evidence.
    pub text: f64,
    /// As the evidence.
    pub coverage: f64,
    /// 0 to 1.
    pub usefulness: f64,
    /// 0 to 1.
    pub freshness: f64,
}

/// Scores a hit.
#[must_use]
pub fn score(evidence: &Evidence, now: Timestamp) -> Score {
    let Evidence { text, coverage, helped, not_helped, published_at } = *evidence;
    let usefulness = usefulness(helped, not_helped);
    let freshness = 0.5_f64.powf(days(published_at, now).max(0.0) / HALF_LIFE_DAYS);
    let total = text * coverage * (0.5 + usefulness) * (0.8 + 0.2 * freshness);
    Score { total, text, coverage, usefulness, freshness }
}

/// The Bayesian average of feedback, 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of people's voices")]
pub fn usefulness(helped: i64, not_helped: i64) -> f64 {
    (helped as f64 + 2.0) / (helped as f64 + not_helped as f64 + 4.0)
}

/// The order by usefulness and freshness that time does not change; higher is better.
#[must_use]
pub fn standing(helped: i64, not_helped: i64, published_at: Timestamp) -> f64 {
    (0.5 + usefulness(helped, not_helped)).log2() + days(Timestamp::UNIX_EPOCH, published_at) / HALF_LIFE_DAYS
}

/// How much a word weighs in the coverage, by its rarity.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of articles")]
pub fn rarity(all_articles: i64, articles: i64) -> f64 {
    (all_articles.max(1) as f64 / articles.max(1) as f64).ln_1p()
}

fn days(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / SECONDS_PER_DAY
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_334_400, 0);

    fn evidence(helped: i64, not_helped: i64, age_days: i64) -> Evidence {
        let published_at = NOW - SignedDuration::from_hours(24 * age_days);
        Evidence { text: 0.5, coverage: 1.0, helped, not_helped, published_at }
    }

    #[test]
    fn without_feedback_and_age_the_text_alone_counts() {
        let score = score(&evidence(0, 0, 0), NOW);

        assert!((score.total - 0.5).abs() < 1e-9);
    }

    #[test]
    fn few_voices_move_little_and_many_move_to_their_share() {
        assert!((usefulness(1, 0) - 0.6).abs() < 1e-9);
        assert!(usefulness(900, 100) > 0.89 && usefulness(900, 100) < 0.9);
    }

    #[test]
    fn freshness_halves_in_half_a_year() {
        assert!((score(&evidence(0, 0, 180), NOW).freshness - 0.5).abs() < 1e-9);
        assert!((score(&evidence(0, 0, -1), NOW).freshness - 1.0).abs() < 1e-9, "not published yet");
    }

    proptest! {
        #[test]
        fn a_better_part_never_makes_a_worse_score(helped in 0..1_000_i64, not_helped in 0..1_000_i64, age in 0..5_000_i64) {
            let total = |evidence| score(&evidence, NOW).total;
            let base = evidence(helped, not_helped, age);

            prop_assert!(total(evidence(helped + 1, not_helped, age)) > total(base));
            prop_assert!(total(evidence(helped, not_helped + 1, age)) < total(base));
            prop_assert!(total(evidence(helped, not_helped, age + 1)) < total(base));
            let nearer = Evidence { text: 0.6, ..base };
            prop_assert!(total(nearer) > total(base));
            prop_assert!(standing(helped + 1, not_helped, NOW) > standing(helped, not_helped, NOW));
        }
    }
}
