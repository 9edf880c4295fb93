//! Whatever is said: no panic, no personal data without proof, and an end.

use kexiang_core::{SiteId, id::ArticleId};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::*;
use crate::domain::{dialogue::outcome::Reading, knowledge::VersionId};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const CODE: u64 = 123_456;

fn dialogue(phone: Option<&str>) -> Dialogue {
    let opening = Opening {
        site: SiteId::parse("main").unwrap(),
        channel: Channel::Messaging,
        language: Spoken::Zh,
        phone: phone.map(|phone| PhoneNumber::from_stored(phone.to_owned())),
        district: None,
    };
    let by = Actor::Service("menu".parse().unwrap());
    Dialogue::open(DialogueId::at(NOW), opening, by, [1; 16], NOW)
}

fn reading() -> Reading {
    let version = VersionId { article: ArticleId::at(NOW), number: 1 };
    Reading { version, title: "题".to_owned(), body: "文".repeat(400) }
}

/// Says something, and answers what is asked as the world might; tells what was asked.
fn say(dialogue: &mut Dialogue, input: &str, found: usize) -> Vec<Ask> {
    let moment = Moment { turn: dialogue.shown.turn, region: "CN", now: NOW };
    let mut moved = machine::advance(&mut dialogue.memory, input, &moment);
    let mut asked = Vec::new();
    loop {
        let ask = match moved {
            Move::Say(says) => {
                dialogue.say(&says, NOW);
                return asked;
            }
            Move::Ask(ask) => ask,
        };
        asked.push(ask.clone());
        let finding = match ask {
            Ask::Search { .. } | Ask::Newest { .. } => Finding::Articles(vec![reading(); found]),
            Ask::Read { .. } => Finding::Article((found > 0).then(reading)),
            Ask::Feedback { helped, .. } => Finding::FeedbackKept { helped },
            Ask::SendCode { phone } => {
                let mut proof = dialogue.memory.proof.clone();
                proof.send(&Code::from_random(CODE), &phone, dialogue.shown.turn, NOW);
                Finding::CodeSent(proof)
            }
            Ask::Personal { want: Want::CaseStatus { .. }, .. } => Finding::Cases(Vec::new()),
            Ask::Personal { .. } if found == 0 => Finding::RecordsDown,
            Ask::Personal { .. } => Finding::Customer(None),
            Ask::End(ending) => Finding::Ended { number: None, ending },
        };
        moved = machine::learn(&mut dialogue.memory, finding);
    }
}

fn over(dialogue: &Dialogue) -> bool {
    dialogue.shown.state != DialogueState::Open
}

/// What people say and press, but never the right code.
fn input() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..10_u8).prop_map(|key| key.to_string()),
        2 => Just("13800138000".to_owned()),
        2 => Just("654321".to_owned()),
        1 => Just(String::new()),
        1 => Just("c-20261122-000042".to_owned()),
        2 => "[一-龥a-zA-Z{} ]{1,40}",
        1 => any::<String>(),
    ]
    .prop_filter("never the right code", |input| Code::read(input) != Some(Code::from_random(CODE)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn without_the_right_code_nothing_personal_is_asked_and_every_dialogue_ends(
        phone in any::<bool>(), inputs in proptest::collection::vec((input(), 0..3_usize), 1..130)
    ) {
        let mut dialogue = dialogue(phone.then_some("+8613800138000"));

        for (input, found) in &inputs {
            if over(&dialogue) {
                break;
            }
            let asked = say(&mut dialogue, input, *found);
            prop_assert!(!asked.iter().any(|ask| matches!(ask, Ask::Personal { .. })), "{asked:?}");
            prop_assert!(!dialogue.shown.proven);
            prop_assert_eq!(over(&dialogue), asked.iter().any(|ask| matches!(ask, Ask::End(_))));
        }

        prop_assert!(over(&dialogue) || dialogue.shown.turn <= machine::LAST_TURN);
        // From wherever it stands, two inputs that fit nothing end it.
        for _ in 0..machine::MISSES {
            if !over(&dialogue) {
                say(&mut dialogue, "", 0);
            }
        }
        prop_assert!(over(&dialogue));
    }

    #[test]
    fn guessing_codes_ends_after_nine_attempts(guesses in proptest::collection::vec(0..100_000_u64, 9)) {
        let mut dialogue = dialogue(Some("+8613800138000"));
        say(&mut dialogue, "1", 0);

        for (nr, guess) in guesses.iter().enumerate() {
            if nr > 0 && nr % 3 == 0 {
                say(&mut dialogue, "1", 0);
            }
            prop_assert!(!over(&dialogue));
            say(&mut dialogue, Code::from_random(*guess).reveal(), 0);
        }

        prop_assert_eq!(dialogue.shown.state, DialogueState::HandedOver);
    }
}

#[test]
fn the_right_code_opens_what_was_asked_for() {
    let mut dialogue = dialogue(None);
    say(&mut dialogue, "1", 1);
    say(&mut dialogue, "138 0013 8000", 1);

    let kept = machine::kept(&dialogue.memory, "123 456");
    let asked = say(&mut dialogue, "123 456", 1);

    assert_eq!(kept, "******");
    let kept = ["我的验证码是123456。", "c-20261122-000042", "13800138000", "9"];
    let kept = kept.map(|input| machine::kept(&dialogue.memory, input));
    assert_eq!(kept, ["我的验证码是******。", "c-20261122-000042", "13800138000", "9"]);
    assert!(matches!(&asked[..], [Ask::Personal { want: Want::OwnData, phone }]
        if phone.phone().as_str() == "+8613800138000"));
}

#[test]
fn a_complaint_is_asked_for_everything_that_it_needs_once() {
    let mut dialogue = dialogue(None);
    let mut prompts = Vec::new();
    let mut asked = Vec::new();

    for input in ["8", "2", "收费不对", "张三", "13800138000", "湖滨路5号"] {
        asked = say(&mut dialogue, input, 0);
        prompts.push(dialogue.shown.step.prompt.clone());
    }

    assert_eq!(asked, [Ask::End(Ending::Report { kind: kexiang_core::Kind::Complaint })]);
    let questions = [Line::AskMatter, Line::AskName, Line::AskGatherPhone, Line::AskAddress];
    assert_eq!(prompts[1..5], questions.map(|line| line.text(Spoken::Zh, &[])));
    assert_eq!(dialogue.shown.state, DialogueState::CaseAccepted);
}

#[test]
fn a_case_has_what_was_said_last_where_there_is_too_much_for_its_description() {
    let dialogue = dialogue(None);
    let turn = |nr: i32| {
        let mut shown = dialogue.shown.clone();
        shown.turn = nr;
        shown.step.prompt = "问".repeat(400);
        Turn { shown, input: Some(format!("{nr} {}", "答".repeat(100))), input_at: Some(NOW) }
    };
    let turns: Vec<_> = (1..=99).map(turn).collect();

    let long = outcome::case(&dialogue, &Ending::Person, &turns).unwrap().description.unwrap();
    let short = outcome::case(&dialogue, &Ending::Person, &turns[..2]).unwrap().description.unwrap();

    assert!((9_000..=10_000).contains(&long.chars().count()), "{}", long.chars().count());
    assert!(long.lines().next().unwrap().contains(&dialogue.id.name()), "it says where the rest is");
    assert!(long.lines().last().unwrap().starts_with("来电人：99 "));
    assert_eq!(short.lines().count(), 4);
}

#[test]
fn what_is_filled_in_is_not_filled_in_again() {
    let args = ["{1}".to_owned(), "{".to_owned()];

    assert_eq!(Line::Article.text(Spoken::En, &args), "{1}: {");
}
