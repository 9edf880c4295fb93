//! The states of an article, by example and by random histories.

use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_795_334_400, 0);

fn actor(nr: u8) -> Actor {
    format!("agents/a{nr}").parse().unwrap()
}

fn content() -> Content {
    Content {
        site: None,
        kind: ArticleKind::Answer,
        category: "line.dead".into(),
        language: "zh".parse().unwrap(),
        title: "title".into(),
        body: "body".into(),
        keywords: vec![],
        valid_from_at: None,
        valid_until_at: None,
    }
}

fn article() -> Article {
    Article::create(ArticleId::at(NOW), content(), actor(1), NOW)
}

fn published() -> Article {
    let mut article = article();
    article.apply(&Move::Submit, &actor(1), NOW).unwrap();
    article.apply(&Move::Approve, &actor(2), NOW).unwrap();
    article
}

fn titled(title: &str) -> ContentChange {
    ContentChange { title: Some(title.to_owned()), ..ContentChange::default() }
}

#[test]
fn who_wrote_on_a_version_does_not_approve_it() {
    let mut article = article();
    article.edit(titled("better"), &actor(2), NOW).unwrap();
    article.apply(&Move::Submit, &actor(3), NOW).unwrap();

    for author in [1, 2] {
        let refused = article.apply(&Move::Approve, &actor(author), NOW);
        assert_eq!(refused, Err(MoveError::ReviewerIsAuthor { number: 1 }));
    }
    assert_eq!(article.apply(&Move::Approve, &actor(3), NOW), Ok(None));
}

#[test]
fn the_published_version_stays_until_the_next_one_is_approved() {
    let mut article = published();

    article.edit(titled("second"), &actor(3), NOW).unwrap();
    article.apply(&Move::Submit, &actor(3), NOW).unwrap();
    let before = (article.state, article.served().unwrap().number);
    let replaced = article.apply(&Move::Approve, &actor(1), NOW).unwrap().unwrap();

    assert_eq!(before, (ArticleState::Published, 1));
    assert_eq!((replaced.number, replaced.state), (1, VersionState::Replaced));
    assert_eq!(article.served().unwrap().content.title, "second");
    assert_eq!(article.draft, None);
}

#[test]
fn expiry_is_seen_at_once_and_kept_once() {
    let mut article = article();
    let until = NOW + SignedDuration::from_hours(1);
    let change = ContentChange { valid_until_at: Some(Some(until)), ..ContentChange::default() };
    article.edit(change, &actor(1), NOW).unwrap();
    article.apply(&Move::Submit, &actor(1), NOW).unwrap();
    article.apply(&Move::Approve, &actor(2), NOW).unwrap();

    assert!(!article.expire(until - SignedDuration::from_micros(1)));
    assert_eq!(article.state_at(until), ArticleState::Expired);
    assert!(article.expire(until));
    assert!(!article.expire(until));
}

#[test]
fn what_is_over_is_not_published() {
    let mut article = article();
    let change = ContentChange { valid_until_at: Some(Some(NOW)), ..ContentChange::default() };
    article.edit(change, &actor(1), NOW).unwrap();
    article.apply(&Move::Submit, &actor(1), NOW).unwrap();

    let refused = article.apply(&Move::Approve, &actor(2), NOW);

    assert_eq!(refused, Err(MoveError::ValidityOver { number: 1 }));
}

#[derive(Debug, Clone)]
enum Step {
    Edit(u8, u8),
    Move(u8, u8),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_u8, 0..4_u8).prop_map(|(who, title)| Step::Edit(who, title)),
        (0..3_u8, 0..20_u8).prop_map(|(who, verb)| Step::Move(who, verb)),
        Just(Step::Wait),
    ]
}

fn verb(nr: u8) -> Move {
    match nr {
        0..8 => Move::Submit,
        8..16 => Move::Approve,
        16..19 => Move::Reject { reason: "no".into() },
        _ => Move::Retire { reason: "old".into() },
    }
}

fn check(before: &Article, after: &Article, now: Timestamp) {
    if let Some(version) = &after.published {
        assert_eq!(version.state, VersionState::Published);
        assert!(!version.authors.contains(version.reviewer.as_ref().unwrap()), "four eyes");
        assert!(version.number <= after.last_number);
        if let Some(earlier) = before.published.as_ref().filter(|earlier| earlier.number == version.number) {
            assert_eq!(earlier, version, "what is published does not change");
        }
    }
    if let Some(draft) = &after.draft {
        assert!(matches!(draft.state, VersionState::Draft | VersionState::InReview));
        assert_eq!(draft.number, after.last_number);
    }
    assert_eq!(
        after.published.is_none(),
        matches!(after.state, ArticleState::Draft | ArticleState::InReview)
            || (after.state == ArticleState::Retired && after.published.is_none())
    );
    assert!(before.state != ArticleState::Retired || before == after, "retired is final");
    assert!(after.version >= before.version && (after.version > before.version || before == after));
    assert!(after.state_at(now) == ArticleState::Expired || after.state == after.state_at(now));
}

proptest! {
    #[test]
    fn no_history_breaks_the_invariants(steps in vec(step(), 0..40)) {
        let (mut article, mut now) = (article(), NOW);
        for step in steps {
            let before = article.clone();
            match step {
                Step::Edit(who, title) => {
                    let until = now + SignedDuration::from_hours(i64::from(title) * 3);
                    let valid_until_at = Some((title > 1).then_some(until));
                    let change = ContentChange { valid_until_at, ..titled(&title.to_string()) };
                    article.edit(change, &actor(who), now).ok();
                }
                Step::Move(who, nr) => {
                    if article.apply(&verb(nr), &actor(who), now).is_err() {
                        prop_assert_eq!(&article, &before);
                    }
                }
                Step::Wait => {
                    now += SignedDuration::from_hours(5);
                    article.expire(now);
                    prop_assert!(!article.expire(now));
                }
            }
            check(&before, &article, now);
        }
    }
}
