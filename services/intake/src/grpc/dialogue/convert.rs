//! From the domain to the wire.

use kexiang_core::id::TypedId;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;

use crate::{
    domain::{
        dialogue::{Dialogue, DialogueFacts, DialogueState, Step, Turn},
        knowledge::VersionId,
        message::{MessageChannel, MessageFacts, MessageState, OutboundMessage},
    },
    grpc::convert::{channel, optional_time},
};

pub(super) fn dialogue(dialogue: Dialogue) -> pb::Dialogue {
    let shown = dialogue.shown;
    pb::Dialogue {
        name: dialogue.id.name(),
        site: dialogue.site.name(),
        channel: channel(dialogue.channel),
        language: dialogue.language.as_str().to_owned(),
        state: state(shown.state),
        step: Some(step(shown.step)),
        turn: shown.turn,
        proven: shown.proven,
        case: shown.case.map(TypedId::name).unwrap_or_default(),
        contact: shown.contact.map(TypedId::name).unwrap_or_default(),
        create_time: Some(time::to_wire(dialogue.created_at)),
        update_time: Some(time::to_wire(shown.said_at)),
        etag: shown.turn.to_string(),
        district: dialogue.memory.district.unwrap_or_default(),
    }
}

fn step(step: Step) -> pb::DialogueStep {
    let expected = format!("EXPECTED_INPUT_{}", step.expected.as_str());
    pb::DialogueStep {
        prompt: step.prompt,
        expected_input: pb::ExpectedInput::from_str_name(&expected).unwrap_or_default().into(),
        options: step.options.into_iter().map(|(key, word)| pb::DialogueOption { key, word }).collect(),
        article_version: step.citation.map(VersionId::name).unwrap_or_default(),
    }
}

pub(super) fn turn(turn: Turn) -> pb::DialogueTurn {
    pb::DialogueTurn {
        turn: turn.shown.turn,
        prompt: turn.shown.step.prompt,
        article_version: turn.shown.step.citation.map(VersionId::name).unwrap_or_default(),
        prompt_time: Some(time::to_wire(turn.shown.said_at)),
        input: turn.input.unwrap_or_default(),
        input_time: optional_time(turn.input_at),
    }
}

pub(super) fn message(message: OutboundMessage) -> pb::OutboundMessage {
    pb::OutboundMessage {
        name: message.id.name(),
        channel: message_channel(message.channel),
        recipient: message.recipient,
        body: message.body.unwrap_or_default(),
        state: message_state(message.state),
        lease: message.lease.map(|lease| lease.to_string()).unwrap_or_default(),
        lease_expire_time: optional_time(message.lease_expires_at),
        expire_time: Some(time::to_wire(message.expires_at)),
        create_time: Some(time::to_wire(message.created_at)),
    }
}

/// The facts of an event of a dialogue.
pub(in crate::grpc) fn facts(facts: &DialogueFacts) -> pb::DialogueFacts {
    pb::DialogueFacts {
        dialogue: facts.dialogue.name(),
        site: facts.site.name(),
        channel: channel(facts.channel),
        language: facts.language.as_str().to_owned(),
        state: state(facts.state),
        turn: facts.turn,
        case: facts.case.map(TypedId::name).unwrap_or_default(),
        contact: facts.contact.map(TypedId::name).unwrap_or_default(),
    }
}

/// The facts of an event of a message.
pub(in crate::grpc) fn message_facts(facts: &MessageFacts) -> pb::MessageFacts {
    pb::MessageFacts {
        message: facts.message.name(),
        channel: message_channel(facts.channel),
        state: message_state(facts.state),
        dialogue: facts.dialogue.map(TypedId::name).unwrap_or_default(),
        case: facts.case.map(TypedId::name).unwrap_or_default(),
    }
}

// The words of domain and wire are spelled alike; a word that the wire lacked would be a defect of the contract.

fn state(word: DialogueState) -> i32 {
    let name = format!("DIALOGUE_STATE_{}", word.as_str());
    pb::DialogueState::from_str_name(&name).unwrap_or_default().into()
}

fn message_channel(word: MessageChannel) -> i32 {
    let name = format!("MESSAGE_CHANNEL_{}", word.as_str());
    pb::MessageChannel::from_str_name(&name).unwrap_or_default().into()
}

fn message_state(word: MessageState) -> i32 {
    pb::MessageState::from_str_name(&format!("MESSAGE_STATE_{}", word.as_str())).unwrap_or_default().into()
}
