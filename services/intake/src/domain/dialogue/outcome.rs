//! What is told of what was found, and what becomes of a dialogue in register and case: nothing is typed twice.

use kexiang_core::{CustomerKind, Kind, Severity, Timestamp};

use super::{
    Dialogue, Turn,
    exchange::Ending,
    machine::first,
    prompts::{Line, categories},
    stage::Stage,
    step::Say,
};
use crate::domain::{Caller, Handling, NewCase, NewContact, Purpose, Timing, knowledge::VersionId};

/// Characters of an article's body that are told.
const BODY: usize = 300;
/// Characters of a case's description.
const DESCRIPTION: usize = 10_000;
/// Characters of a case's title.
const TITLE: usize = 300;

/// An article to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What is cited.
    pub version: VersionId,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
}

impl Reading {
    /// Title and beginning of the body.
    #[must_use]
    pub fn say(self) -> Say {
        let more = if self.body.chars().count() > BODY { "…" } else { "" };
        let body = first(&self.body, BODY) + more;
        Say { line: Line::Article, args: vec![self.title, body], citation: Some(self.version) }
    }
}

/// What is told of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Line by line.
    pub says: Vec<Say>,
}

/// Where a case stands, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseLine {
    /// The number that people say.
    pub number: String,
    /// Where it stands, in the caller's language.
    pub state: String,
    /// The day of its last change at its site.
    pub changed_on: String,
}

impl CaseLine {
    /// Number, state and last change: no note of anybody.
    #[must_use]
    pub fn say(self) -> Say {
        Say::with(Line::CaseStands, vec![self.number, self.state, self.changed_on])
    }
}

/// The contact that the dialogue is, whatever its end.
#[must_use]
pub fn contact(dialogue: &Dialogue) -> NewContact {
    let (memory, language) = (&dialogue.memory, dialogue.language);
    let word = |line: Line| line.text(language, &[]);
    NewContact {
        call: None,
        site: dialogue.site.clone(),
        contact_at: dialogue.created_at,
        channel: dialogue.channel,
        purpose: Purpose::Customer,
        caller: Caller {
            display_name: memory.name.clone().unwrap_or_else(|| word(Line::NoName)),
            phone: memory.phone.clone(),
            phone_declined: memory.phone.is_none(),
            email: None,
            address: memory.address.clone(),
            kind: CustomerKind::Person,
        },
        need: need(dialogue),
        heard_from: None,
        first_visit: false,
        appointment: false,
        timing: Timing::default(),
        called_number: None,
    }
}

fn need(dialogue: &Dialogue) -> String {
    let memory = &dialogue.memory;
    let matter = match &memory.stage {
        Stage::Gather { matter, .. } => matter.clone(),
        _ => None,
    };
    let said = matter.or_else(|| memory.need.clone()).or_else(|| memory.topic.clone());
    said.unwrap_or_else(|| Line::NoNeed.text(dialogue.language, &[]))
}

/// The case that the dialogue becomes, if any, with everything that was said; under the first of its category codes, unchecked.
#[must_use]
pub fn case(dialogue: &Dialogue, ending: &Ending, turns: &[Turn]) -> Option<NewCase> {
    let (kind, handling) = match ending {
        Ending::Answered => return None,
        Ending::Person => (Kind::Consultation, Handling::Desk),
        Ending::Report { kind } => (*kind, Handling::Dispatch),
    };
    Some(NewCase {
        category_edition: None,
        kind,
        category: categories(kind)[0].to_owned(),
        title: first(&need(dialogue), TITLE),
        description: Some(transcript(dialogue, turns)),
        district: dialogue.memory.district.clone(),
        address: dialogue.memory.address.clone(),
        severity: Severity::Normal,
        handling,
        external_reference: None,
        history: None,
    })
}

/// What was said, oldest first; where it is too long the oldest is left out, and said where it is.
fn transcript(dialogue: &Dialogue, turns: &[Turn]) -> String {
    let language = dialogue.language;
    let cut = Line::TranscriptCut.text(language, &[dialogue.id.name()]);
    let mut left = DESCRIPTION - cut.chars().count() - 1;
    let mut lines = Vec::new();
    let spoken = turns.iter().rev().flat_map(|turn| {
        let caller =
            turn.input.as_ref().map(|input| Line::CallerSaid.text(language, std::slice::from_ref(input)));
        let service = Line::ServiceSaid.text(language, std::slice::from_ref(&turn.shown.step.prompt));
        caller.into_iter().chain([service])
    });
    for line in spoken {
        let length = line.chars().count() + 1;
        if length > left {
            lines.push(cut);
            break;
        }
        left -= length;
        lines.push(line);
    }
    lines.reverse();
    lines.join("\n")
}

/// A day, as people write it.
#[must_use]
pub fn day(at: Timestamp, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d").to_string()
}
