//! What a refused use case of dialogues and messages is on the wire.

use kexiang_core::id::DialogueId;
use kexiang_proto::intake_v1::DialogueErrorReason;
use kexiang_rpc::{Refusal, Violations};
use tonic::{Code, Status};

use super::DOMAIN;
use crate::app::dialogue::DialogueError;

/// The refusal of a use case, on its way out.
pub(in crate::grpc) fn status(error: DialogueError) -> Status {
    match error {
        DialogueError::TurnPassed { dialogue, turn } => turn_passed(dialogue, turn).into(),
        DialogueError::TurnAhead { dialogue, .. } => {
            let mut violations = Violations::default();
            violations.add("turn", "INVALID_VALUE", format!("{} has not come to it", dialogue.name()));
            Refusal::invalid(DOMAIN, violations).into()
        }
        DialogueError::Over { dialogue } => {
            Refusal::state(DOMAIN, &dialogue.name(), "an open dialogue is needed").into()
        }
        DialogueError::LeaseLost { message } => {
            let needed = "a message that is leased under this lease is needed";
            precondition(DialogueErrorReason::LeaseLost, "LEASE", &message.name(), needed)
                .about("message", &message.name())
                .into()
        }
        DialogueError::Knowledge(error) => super::knowledge::status(error),
        DialogueError::App(error) => super::status(error),
    }
}

fn turn_passed(dialogue: DialogueId, turn: i32) -> Refusal {
    let needed = "another input was heard in this turn: get the dialogue";
    precondition(DialogueErrorReason::TurnPassed, "TURN", &dialogue.name(), needed)
        .about("dialogue", &dialogue.name())
        .about("turn", &turn.to_string())
}

fn precondition(reason: DialogueErrorReason, kind: &str, subject: &str, needed: &str) -> Refusal {
    let name = reason.as_str_name();
    let name = name.strip_prefix("DIALOGUE_ERROR_REASON_").unwrap_or(name);
    Refusal::new(Code::FailedPrecondition, DOMAIN, name, needed).with_precondition(kind, subject, needed)
}
