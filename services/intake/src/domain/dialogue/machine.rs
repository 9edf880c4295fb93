//! What an input leads to: pure. [`advance`] takes an input and says something, or asks for something to be found or done;
//! [`learn`] takes what came of it.

use kexiang_core::{Kind, PhoneNumber, Timestamp};

use super::{
    DialogueState, Memory,
    exchange::{Ask, Ending, Finding, Moment, Move},
    outcome::CaseLine,
    prompts::{Choice, Line, Spoken},
    proof::{Attempt, Code},
    stage::{Field, Stage, Want},
    step::{Say, chosen},
};
use crate::domain::knowledge::{ArticleKind, VersionId};

/// So many inputs in a row that fit nothing lead to a person.
pub const MISSES: u8 = 2;
/// The last turn that is heard.
pub const LAST_TURN: i32 = 100;
/// Stands for a code.
const MASK: &str = "******";

const PERSON: Move = Move::Ask(Ask::End(Ending::Person));

/// Takes an input.
pub fn advance(memory: &mut Memory, input: &str, moment: &Moment<'_>) -> Move {
    let input = input.trim();
    let safe = kept(memory, input);
    keep_need(memory, &safe);
    if moment.turn >= LAST_TURN || input == "0" {
        return PERSON;
    }
    let moved = match chosen(&memory.stage, input) {
        Some(choice) => choose(memory, choice).ok_or(Line::NotUnderstood),
        None => hear(memory, (input, &safe), moment),
    };
    match moved {
        Ok(moved) => {
            memory.misses = 0;
            moved
        }
        Err(line) => miss(memory, line),
    }
}

/// What is kept of an input: never what may be a code.
#[must_use]
pub fn kept(memory: &Memory, input: &str) -> String {
    let no_code = !memory.proof.was_sent() || chosen(&memory.stage, input).is_some();
    if no_code || case_number(input).is_some() {
        return input.to_owned();
    }
    let of_code = matches!(memory.stage, Stage::Code { .. }) && input.chars().any(char::is_numeric);
    if of_code || Code::read(input).is_some() {
        return MASK.to_owned();
    }
    // Six digits within words.
    let (mut kept, mut digits) = (String::with_capacity(input.len()), String::new());
    for character in input.chars().map(Some).chain([None]) {
        if let Some(digit) = character.filter(|character| character.is_numeric()) {
            digits.push(digit);
            continue;
        }
        kept.push_str(if digits.chars().count() == MASK.len() { MASK } else { &digits });
        digits.clear();
        kept.extend(character);
    }
    kept
}

fn miss(memory: &mut Memory, line: Line) -> Move {
    memory.misses += 1;
    if memory.misses >= MISSES { PERSON } else { Move::Say(vec![Say::plain(line)]) }
}

fn has_words(input: &str) -> bool {
    input.chars().any(char::is_alphabetic)
}

/// Keeps what the caller wants: their first words where these say it, and the first thing they chose.
fn keep_need(memory: &mut Memory, input: &str) {
    match chosen(&memory.stage, input) {
        Some(Choice::Person | Choice::Menu | Choice::Done) => {}
        Some(choice) => {
            let both = || format!("{} / {}", choice.word(Spoken::Zh), choice.word(Spoken::En));
            memory.topic.get_or_insert_with(both);
        }
        None => {
            let says_it = matches!(
                memory.stage,
                Stage::Menu
                    | Stage::More
                    | Stage::Offer
                    | Stage::Topic { .. }
                    | Stage::Gather { field: Field::Matter, .. }
            );
            if says_it && has_words(input) {
                memory.need.get_or_insert_with(|| input.to_owned());
            }
        }
    }
}

fn go(memory: &mut Memory, stage: Stage) -> Move {
    memory.stage = stage;
    Move::Say(Vec::new())
}

/// A choice; `None` where the stage does not offer it.
fn choose(memory: &mut Memory, choice: Choice) -> Option<Move> {
    let at = memory.stage.clone();
    Some(match (choice, at) {
        (Choice::Person, _) => PERSON,
        (Choice::Menu, _) => go(memory, Stage::Menu),
        (Choice::Done, _) => Move::Ask(Ask::End(Ending::Answered)),
        (Choice::OwnData, _) => personal(memory, Want::OwnData),
        (Choice::Business, _) => personal(memory, Want::Business),
        (Choice::CaseStatus, _) => personal(memory, Want::CaseStatus { number: None }),
        (Choice::Policies, _) => go(memory, Stage::Topic { kind: ArticleKind::Policy }),
        (Choice::NewProducts, _) => go(memory, Stage::Topic { kind: ArticleKind::NewProduct }),
        (Choice::Notices, _) => go(memory, Stage::Topic { kind: ArticleKind::Notice }),
        (Choice::Convenience, _) => go(memory, Stage::Topic { kind: ArticleKind::Convenience }),
        (Choice::Report, _) => go(memory, Stage::Report),
        (Choice::Fault, _) => gather(memory, Kind::Fault, None),
        (Choice::Complaint, _) => gather(memory, Kind::Complaint, None),
        (Choice::Suggestion, _) => gather(memory, Kind::Suggestion, None),
        (Choice::Newest, Stage::Topic { kind }) => Move::Ask(Ask::Newest { kind }),
        (Choice::Yes, Stage::Reading { versions, at }) => feedback(&versions, at, true)?,
        (Choice::No, Stage::Reading { versions, at }) => feedback(&versions, at, false)?,
        (Choice::NewCode, Stage::Code { want }) => {
            memory.proof.void();
            personal(memory, want)
        }
        (Choice::OtherPhone, Stage::Code { want }) => {
            memory.proof.void();
            memory.phone = None;
            go(memory, Stage::Phone { want })
        }
        (Choice::Newest | Choice::Yes | Choice::No | Choice::NewCode | Choice::OtherPhone, _) => return None,
    })
}

fn feedback(versions: &[VersionId], at: usize, helped: bool) -> Option<Move> {
    let version = *versions.get(at)?;
    Some(Move::Ask(Ask::Feedback { version, helped }))
}

/// An input that is no option, and what may be kept of it; where it fits nothing, what is said about that.
fn hear(memory: &mut Memory, (input, safe): (&str, &str), moment: &Moment<'_>) -> Result<Move, Line> {
    let unfit = Line::NotUnderstood;
    let search = |kinds| {
        let search = || Move::Ask(Ask::Search { query: input.to_owned(), kinds });
        has_words(input).then(search).ok_or(unfit)
    };
    match memory.stage.clone() {
        Stage::Menu | Stage::More | Stage::Offer => match case_number(input) {
            Some(number) => Ok(personal(memory, Want::CaseStatus { number: Some(number) })),
            None => search(Vec::new()),
        },
        Stage::Topic { kind } => search(vec![kind]),
        Stage::Phone { want } => {
            memory.phone = Some(read_phone(input, moment).ok_or(unfit)?);
            Ok(personal(memory, want))
        }
        Stage::Code { want } => try_code(memory, input, want, moment.now),
        Stage::Gather { kind, field, matter } => {
            let matter = put(memory, field, matter, if field == Field::Phone { input } else { safe }, moment)
                .ok_or(unfit)?;
            Ok(gather(memory, kind, Some(matter)))
        }
        Stage::Report | Stage::Reading { .. } | Stage::Over { .. } => Err(unfit),
    }
}

fn read_phone(input: &str, moment: &Moment<'_>) -> Option<PhoneNumber> {
    PhoneNumber::parse(input.trim_end_matches('#'), moment.region).ok()
}

fn try_code(memory: &mut Memory, input: &str, want: Want, now: Timestamp) -> Result<Move, Line> {
    let code = Code::read(input).ok_or(Line::NotUnderstood)?;
    match memory.proof.attempt(&code, now) {
        Attempt::Right(phone) => Ok(Move::Ask(Ask::Personal { want, phone })),
        Attempt::Wrong(0) | Attempt::Over if !memory.proof.may_send() => Ok(PERSON),
        Attempt::Wrong(0) => Ok(Move::Say(vec![Say::plain(Line::CodeOver)])),
        Attempt::Wrong(left) => Ok(Move::Say(vec![Say::with(Line::CodeWrong, vec![left.to_string()])])),
        Attempt::Over => Err(Line::CodeOver),
    }
}

/// `C-20261122-000042` in any case, and nothing else.
fn case_number(input: &str) -> Option<String> {
    let (prefix, rest) = input.split_once('-')?;
    let (day, number) = rest.split_once('-')?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = prefix.eq_ignore_ascii_case("c")
        && day.len() == 8
        && (6..=18).contains(&number.len())
        && all_digits(day)
        && all_digits(number);
    fits.then(|| format!("C-{day}-{number}"))
}

/// The answer where the phone is proven, else the next step of the proof.
fn personal(memory: &mut Memory, want: Want) -> Move {
    if let Some(phone) = memory.proof.given() {
        return Move::Ask(Ask::Personal { want, phone: phone.clone() });
    }
    let Some(phone) = memory.phone.clone() else {
        memory.stage = Stage::Phone { want };
        return Move::Say(Vec::new());
    };
    if !memory.proof.may_send() {
        return PERSON;
    }
    memory.stage = Stage::Code { want };
    Move::Ask(Ask::SendCode { phone })
}

/// Keeps a field of a report; gives the matter.
fn put(
    memory: &mut Memory,
    field: Field,
    matter: Option<String>,
    input: &str,
    moment: &Moment<'_>,
) -> Option<String> {
    if input.is_empty() {
        return None;
    }
    match field {
        Field::Matter => return has_words(input).then(|| input.to_owned()),
        Field::Name => memory.name = Some(first(input, 200)),
        Field::Phone => memory.phone = Some(read_phone(input, moment)?),
        Field::Address => memory.address = Some(first(input, 500)),
    }
    matter
}

/// The first characters of a text.
#[must_use]
pub fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// Asks for the next field that is not known yet, or accepts the report.
fn gather(memory: &mut Memory, kind: Kind, matter: Option<String>) -> Move {
    let name = (kind == Kind::Complaint && memory.name.is_none()).then_some(Field::Name);
    let phone = memory.phone.is_none().then_some(Field::Phone);
    let address = (kind != Kind::Suggestion && memory.address.is_none()).then_some(Field::Address);
    let next = if matter.is_none() { Some(Field::Matter) } else { name.or(phone).or(address) };
    let complete = next.is_none();
    memory.stage = Stage::Gather { kind, field: next.unwrap_or(Field::Matter), matter };
    if complete { Move::Ask(Ask::End(Ending::Report { kind })) } else { Move::Say(Vec::new()) }
}

/// Takes what came of an [`Ask`].
pub fn learn(memory: &mut Memory, finding: Finding) -> Move {
    let (stage, says) = match finding {
        Finding::Articles(found) => {
            let versions = found.iter().map(|reading| reading.version).collect();
            let Some(best) = found.into_iter().next() else { return PERSON };
            (Stage::Reading { versions, at: 0 }, vec![best.say()])
        }
        Finding::FeedbackKept { helped: true } => (Stage::More, vec![Say::plain(Line::ThankYou)]),
        Finding::FeedbackKept { helped: false } | Finding::Article(None) => return next_article(memory),
        Finding::Article(Some(reading)) => return Move::Say(vec![reading.say()]),
        Finding::CodeSent(proof) => {
            memory.proof = proof;
            return Move::Say(vec![Say::plain(Line::CodeSent)]);
        }
        Finding::TooManyCodes => return PERSON,
        Finding::Customer(None) => (Stage::Offer, vec![Say::plain(Line::CustomerUnknown)]),
        Finding::Customer(Some(account)) => (Stage::More, account.says),
        Finding::RecordsDown => (Stage::Offer, vec![Say::plain(Line::RecordsDown)]),
        Finding::Cases(cases) if cases.is_empty() => (Stage::Offer, vec![Say::plain(Line::NoCases)]),
        Finding::Cases(cases) => (Stage::More, cases.into_iter().map(CaseLine::say).collect()),
        Finding::Ended { number, ending } => {
            let (state, line) = match ending {
                Ending::Answered => (DialogueState::Answered, Line::Goodbye),
                Ending::Person => (DialogueState::HandedOver, Line::HandedOver),
                Ending::Report { .. } => (DialogueState::CaseAccepted, Line::CaseAccepted),
            };
            (Stage::Over { state }, vec![Say::with(line, number.into_iter().collect())])
        }
    };
    memory.stage = stage;
    Move::Say(says)
}

fn next_article(memory: &mut Memory) -> Move {
    let Stage::Reading { versions, at } = &mut memory.stage else { return PERSON };
    *at += 1;
    match versions.get(*at) {
        Some(version) => Move::Ask(Ask::Read { version: *version }),
        None => PERSON,
    }
}
