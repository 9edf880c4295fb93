//! DialogueService and MessageService: each method is one line here, and stands where its scripts are.
//!
//! | to see | read |
//! |---|---|
//! | dialogues | [`dialogues`] |
//! | messages and their adapters | [`messages`] |
//! | to the wire | [`convert`] |

mod convert;
mod dialogues;
mod messages;

use kexiang_proto::intake_v1::{
    self as pb, dialogue_service_server::DialogueService, message_service_server::MessageService,
};
use tonic::{Request, Response, Status};

pub(super) use convert::{facts, message_facts};

use crate::app::dialogue::Dialogues;

type Answer<T> = Result<Response<T>, Status>;

/// Both services over the use cases.
#[derive(Clone)]
pub struct SelfService {
    dialogues: Dialogues,
}

impl SelfService {
    /// Serves these use cases.
    #[must_use]
    pub fn new(dialogues: Dialogues) -> Self {
        Self { dialogues }
    }
}

#[tonic::async_trait]
impl DialogueService for SelfService {
    async fn start_dialogue(&self, request: Request<pb::StartDialogueRequest>) -> Answer<pb::Dialogue> {
        dialogues::start_dialogue(&self.dialogues, request).await.map(Response::new)
    }

    async fn get_dialogue(&self, request: Request<pb::GetDialogueRequest>) -> Answer<pb::Dialogue> {
        dialogues::get_dialogue(&self.dialogues, request).await.map(Response::new)
    }

    async fn continue_dialogue(&self, request: Request<pb::ContinueDialogueRequest>) -> Answer<pb::Dialogue> {
        dialogues::continue_dialogue(&self.dialogues, request).await.map(Response::new)
    }

    async fn hand_over_dialogue(
        &self,
        request: Request<pb::HandOverDialogueRequest>,
    ) -> Answer<pb::Dialogue> {
        dialogues::hand_over_dialogue(&self.dialogues, request).await.map(Response::new)
    }

    async fn list_dialogue_turns(
        &self,
        request: Request<pb::ListDialogueTurnsRequest>,
    ) -> Answer<pb::ListDialogueTurnsResponse> {
        dialogues::list_dialogue_turns(&self.dialogues, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl MessageService for SelfService {
    async fn lease_messages(
        &self,
        request: Request<pb::LeaseMessagesRequest>,
    ) -> Answer<pb::LeaseMessagesResponse> {
        messages::lease_messages(&self.dialogues, request).await.map(Response::new)
    }

    async fn report_message_delivery(
        &self,
        request: Request<pb::ReportMessageDeliveryRequest>,
    ) -> Answer<pb::OutboundMessage> {
        messages::report_message_delivery(&self.dialogues, request).await.map(Response::new)
    }
}
