//! Dialogues in the stories: a caller, the front end between, and the adapter that sends codes.

use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        ContinueDialogueRequest, Dialogue, DialogueTurn, GetDialogueRequest, HandOverDialogueRequest,
        LeaseMessagesRequest, ListDialogueTurnsRequest, MessageChannel, OutboundMessage,
        ReportMessageDeliveryRequest, StartDialogueRequest, dialogue_service_client::DialogueServiceClient,
        message_service_client::MessageServiceClient,
    },
    type_v1,
};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{Bearer, Desk},
    wire::{MAIN, PHONE},
};

pub type Speaker = DialogueServiceClient<InterceptedService<Channel, Bearer>>;
pub type Adapter = MessageServiceClient<InterceptedService<Channel, Bearer>>;

/// A dialogue and where it stands.
pub struct Talk<'a> {
    pub desk: &'a Desk,
    pub dialogue: Dialogue,
}

/// A dialogue by messaging in Chinese, from the phone of most stories.
pub fn opening() -> StartDialogueRequest {
    StartDialogueRequest {
        site: MAIN.to_owned(),
        channel: type_v1::Channel::Messaging.into(),
        phone: PHONE.to_owned(),
        language: "zh".to_owned(),
        ..StartDialogueRequest::default()
    }
}

/// The six digits of a message.
pub fn code_of(message: &OutboundMessage) -> String {
    let digits: Vec<_> = message.body.split(|character: char| !character.is_ascii_digit()).collect();
    digits.into_iter().find(|digits| digits.len() == 6).expect("a code is in the message").to_owned()
}

/// Another code than this.
pub fn other_than(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

impl Desk {
    /// The front end: a service.
    pub fn speaker(&self) -> Speaker {
        let bearer = self.bearer_with("menu", &[Role::Service]);
        DialogueServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// The adapter of the SMS gateway.
    pub fn adapter(&self) -> Adapter {
        let bearer = self.bearer_with("sms", &[Role::Service]);
        MessageServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// Begins a dialogue, or tells why not.
    pub async fn try_start(&self, request: StartDialogueRequest) -> Result<Dialogue, Status> {
        self.speaker().start_dialogue(request).await.map(tonic::Response::into_inner)
    }

    /// Begins the dialogue of most stories.
    pub async fn talk(&self) -> Talk<'_> {
        self.talk_as(opening()).await
    }

    /// Begins another one.
    pub async fn talk_as(&self, request: StartDialogueRequest) -> Talk<'_> {
        Talk { desk: self, dialogue: self.try_start(request).await.unwrap() }
    }

    /// A dialogue in English.
    pub async fn talk_in_english(&self) -> Talk<'_> {
        self.talk_as(StartDialogueRequest { language: "en".to_owned(), ..opening() }).await
    }

    /// Continues a dialogue, or tells why not.
    pub async fn try_say(&self, request: ContinueDialogueRequest) -> Result<Dialogue, Status> {
        self.speaker().continue_dialogue(request).await.map(tonic::Response::into_inner)
    }

    /// What a dialogue is now.
    pub async fn dialogue(&self, name: &str) -> Dialogue {
        let request = GetDialogueRequest { name: name.to_owned() };
        self.speaker().get_dialogue(request).await.unwrap().into_inner()
    }

    /// Takes the messages that wait.
    pub async fn lease(&self) -> Vec<OutboundMessage> {
        let request = LeaseMessagesRequest { channel: MessageChannel::Sms.into(), ..Default::default() };
        self.adapter().lease_messages(request).await.unwrap().into_inner().messages
    }

    /// Tells what became of a message, or why that is refused.
    pub async fn try_report_message(
        &self,
        message: &OutboundMessage,
        failure: &str,
    ) -> Result<OutboundMessage, Status> {
        let request = ReportMessageDeliveryRequest {
            message: message.name.clone(),
            lease: message.lease.clone(),
            failure: failure.to_owned(),
            ..ReportMessageDeliveryRequest::default()
        };
        self.adapter().report_message_delivery(request).await.map(tonic::Response::into_inner)
    }

    /// Delivers the one message that waits; gives its code.
    pub async fn delivered_code(&self) -> String {
        let messages = self.lease().await;
        assert_eq!(messages.len(), 1, "one message waits");
        self.try_report_message(&messages[0], "").await.unwrap();
        code_of(&messages[0])
    }
}

impl Talk<'_> {
    /// What to send for this input now.
    pub fn input(&self, input: &str) -> ContinueDialogueRequest {
        ContinueDialogueRequest {
            name: self.dialogue.name.clone(),
            turn: self.dialogue.turn,
            input: input.to_owned(),
            ..ContinueDialogueRequest::default()
        }
    }

    /// Says something; gives what the service says then.
    pub async fn say(&mut self, input: &str) -> String {
        self.dialogue = self.desk.try_say(self.input(input)).await.unwrap();
        self.prompt()
    }

    /// The same with many; gives what the service says at last.
    pub async fn say_all(&mut self, inputs: &[&str]) -> String {
        for input in inputs {
            self.say(input).await;
        }
        self.prompt()
    }

    /// What the service says.
    pub fn prompt(&self) -> String {
        self.dialogue.step.as_ref().unwrap().prompt.clone()
    }

    /// Asks for a person by the verb.
    pub async fn try_hand_over(&self, request_id: &str) -> Result<Dialogue, Status> {
        let (name, request_id) = (self.dialogue.name.clone(), request_id.to_owned());
        let request = HandOverDialogueRequest { name, request_id, ..Default::default() };
        self.desk.speaker().hand_over_dialogue(request).await.map(tonic::Response::into_inner)
    }

    /// Proves the phone after something personal was asked for; gives the answer.
    pub async fn prove(&mut self) -> String {
        let code = self.desk.delivered_code().await;
        self.say(&code).await
    }

    /// All that was said.
    pub async fn turns(&self) -> Vec<DialogueTurn> {
        let request = ListDialogueTurnsRequest { dialogue: self.dialogue.name.clone(), ..Default::default() };
        self.desk.speaker().list_dialogue_turns(request).await.unwrap().into_inner().turns
    }
}
