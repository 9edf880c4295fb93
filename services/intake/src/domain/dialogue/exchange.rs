//! What the machine asks of the world, and what comes back.

use kexiang_core::{Kind, PhoneNumber, Timestamp};

use super::{
    outcome::{Account, CaseLine, Reading},
    proof::{Proof, ProvenPhone},
    stage::Want,
    step::Say,
};
use crate::domain::knowledge::{ArticleKind, VersionId};

/// How a dialogue ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Answered: a contact without case.
    Answered,
    /// A person goes on: a case for the desk.
    Person,
    /// A report: a case for dispatch.
    Report {
        /// Which kind.
        kind: Kind,
    },
}

/// What is to be found or done.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Find articles with these words.
    Search {
        /// The words.
        query: String,
        /// Of which kinds; of all when empty.
        kinds: Vec<ArticleKind>,
    },
    /// Find the newest articles of a kind.
    Newest {
        /// Which.
        kind: ArticleKind,
    },
    /// Read an article that was found.
    Read {
        /// Which.
        version: VersionId,
    },
    /// Keep whether it helped.
    Feedback {
        /// Which.
        version: VersionId,
        /// Whether.
        helped: bool,
    },
    /// Send a code.
    SendCode {
        /// Where.
        phone: PhoneNumber,
    },
    /// Look up what is personal.
    Personal {
        /// What.
        want: Want,
        /// Whose.
        phone: ProvenPhone,
    },
    /// Register the contact, with its case if any.
    End(Ending),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Articles, best first.
    Articles(Vec<Reading>),
    /// The article, if it is still there.
    Article(Option<Reading>),
    /// Kept whether it helped.
    FeedbackKept {
        /// Whether.
        helped: bool,
    },
    /// A code was sent: the proof that knows it.
    CodeSent(Proof),
    /// No more codes.
    TooManyCodes,
    /// What customer records knows of the phone.
    Customer(Option<Account>),
    /// Customer records can't be reached in time.
    RecordsDown,
    /// Cases, newest first.
    Cases(Vec<CaseLine>),
    /// It is over.
    Ended {
        /// The number of its case.
        number: Option<String>,
        /// How.
        ending: Ending,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// Say this, then the question of the stage.
    Say(Vec<Say>),
    /// Find out, then [`learn`].
    Ask(Ask),
}

/// What a move needs to know besides.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The turn that is answered.
    pub turn: i32,
    /// How phones in local form are read.
    pub region: &'a str,
    /// Now.
    pub now: Timestamp,
}
