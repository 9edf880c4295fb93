//! Dialogues with callers over self-service channels (IN-8), without any IO.
//!
//! | state | what ends it |
//! |---|---|
//! | OPEN | one of the others, for good |
//! | ANSWERED | the caller says that this was all: a contact without case |
//! | HANDED_OVER | the caller asks for a person; 2 inputs in a row that fit nothing; nothing is found; codes are used up; turn 100: a case for the desk |
//! | CASE_ACCEPTED | a report is complete: a case for dispatch |
//! | ABANDONED | nothing heard for 10 minutes: a contact without case |
//!
//! Within OPEN the stage moves:
//!
//! | stage | input | next |
//! |---|---|---|
//! | menu, offer, more | 1–3 | proof, then the answer → more |
//! | | 4–7 | topic |
//! | | 8 | report |
//! | | a case number | proof, then its state → more |
//! | | other words | searched → reading |
//! | topic | words, or 1 for the newest | reading |
//! | reading | 1 it helped → more; 2 it did not | the next article, or a person |
//! | phone | a phone | code |
//! | code | the code | the answer → more |
//! | report, gather | kind, then matter, name, phone, address as the kind needs | a case |
//! | any | 0 | a person |
//! | any but the menu | 9 | menu |
//!
//! Invariants: personal data is asked for with a [`ProvenPhone`] alone, which only [`Proof`] makes, of a right code; a dialogue ends
//! after 2 failed inputs in a row, 3 codes of 3 attempts, or 100 turns, whichever comes first.
//!
//! A turn is heard in one transaction (its input is kept and no other is taken), answered without any, and settled in a second one.
//! Killed before the first, nothing happened. Killed after it, the front end repeats the turn, or the worker goes on after 10 minutes with
//! the kept input: feedback, code, contact and case are made once, under keys of dialogue and turn. Killed after the second, the repeated turn
//! finds its answer.
//!
//! | to see | read |
//! |---|---|
//! | what an input leads to | [`machine`], in the words of [`stage`] and [`exchange`] |
//! | one-time codes | [`proof`] |
//! | all that is said, in both languages | [`prompts`] |
//! | keys and words of each stage | [`step`] |
//! | what becomes of it in register and case | [`outcome`] |

pub mod exchange;
pub mod machine;
pub mod outcome;
pub mod prompts;
pub mod proof;
pub mod stage;
pub mod step;

use jiff::SignedDuration;
use kexiang_core::{
    Actor, CaseId, Channel, ContactId, PhoneNumber, SiteId, Timestamp, id::DialogueId,
    vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};

pub use self::{
    exchange::{Ask, Ending, Finding, Moment, Move},
    prompts::{Line, Spoken, categories},
    proof::{Code, Proof, ProvenPhone},
    stage::{Stage, Want},
    step::{Say, Step},
};

/// Without any input for so long a dialogue is abandoned.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(10);

/// Where a dialogue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DialogueState {
    /// The caller is being asked.
    Open,
    /// The caller has what they asked for.
    Answered,
    /// A person goes on.
    HandedOver,
    /// What the caller reported is a case.
    CaseAccepted,
    /// Nothing was heard any more.
    Abandoned,
}

impl DialogueState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Answered, Self::HandedOver, Self::CaseAccepted, Self::Abandoned];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Answered => "ANSWERED",
            Self::HandedOver => "HANDED_OVER",
            Self::CaseAccepted => "CASE_ACCEPTED",
            Self::Abandoned => "ABANDONED",
        }
    }

    /// The event that tells that it is so.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Open => "dialogue.started",
            Self::Answered => "dialogue.answered",
            Self::HandedOver => "dialogue.handed_over",
            Self::CaseAccepted => "dialogue.case_accepted",
            Self::Abandoned => "dialogue.abandoned",
        }
    }
}

impl std::str::FromStr for DialogueState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// What a dialogue knows. Personal data: never in events or logs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Where in the conversation.
    pub stage: Stage,
    /// Inputs in a row that fitted nothing.
    pub misses: u8,
    /// As the channel knows it, or the caller said.
    pub phone: Option<PhoneNumber>,
    /// As said.
    pub name: Option<String>,
    /// As said.
    pub address: Option<String>,
    /// What the caller wants, in their first words.
    pub need: Option<String>,
    /// The first thing that they chose.
    pub topic: Option<String>,
    /// Grid or district of the caller, as the front end knows it.
    #[serde(default)]
    pub district: Option<String>,
    /// Whether they are who they say.
    pub proof: Proof,
}

/// What the front end gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The number of the step.
    pub turn: i32,
    /// Where the dialogue stands.
    pub state: DialogueState,
    /// What is said.
    pub step: Step,
    /// The phone is proven.
    pub proven: bool,
    /// The case that it became.
    pub case: Option<CaseId>,
    /// The contact that it is.
    pub contact: Option<ContactId>,
    /// When it was said.
    pub said_at: Timestamp,
}

/// A dialogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialogue {
    /// Its id.
    pub id: DialogueId,
    /// Where.
    pub site: SiteId,
    /// How.
    pub channel: Channel,
    /// In which language.
    pub language: Spoken,
    /// The front end.
    pub started_by: Actor,
    /// What it knows.
    pub memory: Memory,
    /// What the front end sees.
    pub shown: Shown,
    /// The last time that something was heard.
    pub heard_at: Timestamp,
    /// Begun.
    pub created_at: Timestamp,
}

/// What was said in one turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// By the service.
    pub shown: Shown,
    /// By the caller upon it, but for one-time codes.
    pub input: Option<String>,
    /// When.
    pub input_at: Option<Timestamp>,
}

/// Facts of a dialogue: no word of the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialogueFacts {
    /// Which.
    pub dialogue: DialogueId,
    /// Where.
    pub site: SiteId,
    /// How.
    pub channel: Channel,
    /// In which language.
    pub language: Spoken,
    /// Where it stands.
    pub state: DialogueState,
    /// How many steps so far.
    pub turn: i32,
    /// The case that it became.
    pub case: Option<CaseId>,
    /// The contact that it is.
    pub contact: Option<ContactId>,
}

/// A dialogue to be begun.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Where.
    pub site: SiteId,
    /// How.
    pub channel: Channel,
    /// In which language.
    pub language: Spoken,
    /// As the channel knows it.
    pub phone: Option<PhoneNumber>,
    /// Grid or district, as the front end knows it.
    pub district: Option<String>,
}

impl Dialogue {
    /// Begins at the menu.
    #[must_use]
    pub fn open(id: DialogueId, opening: Opening, by: Actor, salt: [u8; 16], now: Timestamp) -> Self {
        let memory = Memory {
            stage: Stage::Menu,
            misses: 0,
            phone: opening.phone,
            name: None,
            address: None,
            need: None,
            topic: None,
            district: opening.district,
            proof: Proof::new(salt),
        };
        let step = Step::new(&memory.stage, opening.language, &[Say::plain(Line::Welcome)]);
        let shown = Shown {
            turn: 1,
            state: DialogueState::Open,
            step,
            proven: false,
            case: None,
            contact: None,
            said_at: now,
        };
        let Opening { site, channel, language, .. } = opening;
        Self { id, site, channel, language, started_by: by, memory, shown, heard_at: now, created_at: now }
    }

    /// Says the next step.
    pub fn say(&mut self, says: &[Say], now: Timestamp) {
        self.shown.turn += 1;
        self.shown.state = self.memory.stage.state();
        self.shown.step = Step::new(&self.memory.stage, self.language, says);
        self.shown.proven = self.memory.proof.is_given();
        self.shown.said_at = now;
    }

    /// Keeps that nothing was heard any more.
    pub fn abandon(&mut self, now: Timestamp) {
        self.memory.stage = Stage::Over { state: DialogueState::Abandoned };
        self.say(&[Say::plain(Line::Abandoned)], now);
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> DialogueFacts {
        DialogueFacts {
            dialogue: self.id,
            site: self.site.clone(),
            channel: self.channel,
            language: self.language,
            state: self.shown.state,
            turn: self.shown.turn,
            case: self.shown.case,
            contact: self.shown.contact,
        }
    }
}

#[cfg(test)]
mod tests;
