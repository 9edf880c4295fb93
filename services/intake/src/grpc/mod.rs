//! The gRPC face of intake. Handlers are short scripts: convert → one use case → convert; who may call was decided before
//! (`kexiang_rpc::policy`).
//!
//! | to see | read |
//! |---|---|
//! | all methods of the service | [`service`] |
//! | their scripts, by resource | [`sites`], [`contacts`], [`cases`], [`holds`], [`verbs`], [`import`], [`bulk`] |
//! | calls, published numbers, agents' states | [`calls`], [`desk`] |
//! | handovers, notices, complaints | [`handovers`], [`notices`], [`complaint`] |
//! | duplicates, incidents | [`duplicates`], [`incidents`] |
//! | promises, who is calling | [`promises`], [`recognition`] |
//! | category trees and suggestions | [`categories`] |
//! | the knowledge base | [`knowledge`] |
//! | automatic acceptance | [`dialogue`] |
//! | from the wire, with every violation | [`read`] |
//! | evidence, a service of its own | [`evidence`] |
//! | to the wire: answers, events, refusals | [`convert`], [`facts`], [`status`] |

mod bulk;
mod call_convert;
mod call_read;
mod calls;
mod cases;
mod categories;
mod complaint;
mod contacts;
mod convert;
mod desk;
mod dialogue;
mod duplicates;
mod evidence;
mod facts;
mod fill;
mod handovers;
mod holds;
mod import;
mod incidents;
mod knowledge;
mod notices;
mod promises;
mod published_numbers;
mod read;
mod recognition;
mod service;
mod sites;
mod status;
mod verbs;

use kexiang_events::FeedService;
use kexiang_proto::{
    event_v1::event_feed_service_server::EventFeedServiceServer,
    intake_v1::{
        bulk_service_server::BulkServiceServer, call_service_server::CallServiceServer,
        category_service_server::CategoryServiceServer, desk_service_server::DeskServiceServer,
        dialogue_service_server::DialogueServiceServer, duplicate_service_server::DuplicateServiceServer,
        evidence_service_server::EvidenceServiceServer, handover_service_server::HandoverServiceServer,
        incident_service_server::IncidentServiceServer, intake_service_server::IntakeServiceServer,
        knowledge_service_server::KnowledgeServiceServer, message_service_server::MessageServiceServer,
        notice_service_server::NoticeServiceServer, promise_service_server::PromiseServiceServer,
        recognition_service_server::RecognitionServiceServer,
    },
};
use kexiang_rpc::server::{MAX_MESSAGE_BYTES, Server};

use crate::{Parts, SERVICE, app::recognition::Recogniser};

use dialogue::SelfService;
pub use facts::to_any;
use promises::Promises;
use recognition::Recognitions;
pub use service::Intake;

/// The domain of refusals by intake.
pub const DOMAIN: &str = "intake.kexiang";

/// Adds all services of intake.
///
/// # Errors
/// When an address is none.
pub(crate) fn add_services(server: Server, parts: &Parts) -> anyhow::Result<Server> {
    let Parts { config, pool, log, app, evidence, dialogues, customer_records, shutdown, .. } = parts;
    let feed = FeedService::new(pool.clone(), log.clone(), SERVICE, DOMAIN, to_any, shutdown.clone());
    let intake = IntakeServiceServer::new(Intake::new(app.clone(), shutdown.clone()));
    let bulk = BulkServiceServer::new(bulk::Bulk::new(app.clone(), shutdown.clone()));
    let categories = CategoryServiceServer::new(categories::Categories::new(app.clone()));
    let evidence = EvidenceServiceServer::new(evidence::Evidence::new(evidence.clone(), shutdown.clone()));
    let promises = PromiseServiceServer::new(Promises::new(app.clone(), config.promises.rule()));
    let recogniser = Recogniser::new(app.clone(), customer_records.clone(), config.recognition.limit());
    let recognition = RecognitionServiceServer::new(Recognitions::new(recogniser));
    let knowledge = KnowledgeServiceServer::new(knowledge::Knowledge::new(app.clone()));
    let calls = CallServiceServer::new(calls::Calls::new(app.clone()));
    let desks = DeskServiceServer::new(desk::Desks::new(app.clone()));
    let handovers = HandoverServiceServer::new(handovers::Handovers::new(app.clone()));
    let notices = NoticeServiceServer::new(notices::Notices::new(app.clone(), shutdown.clone()));
    let incidents = IncidentServiceServer::new(incidents::Incidents::new(app.clone()));
    let duplicates = DuplicateServiceServer::new(duplicates::Duplicates::new(app.clone()));
    let self_service = SelfService::new(dialogues.clone());
    let dialogues = DialogueServiceServer::new(self_service.clone());
    let messages = MessageServiceServer::new(self_service);
    Ok(server
        .add(intake.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(bulk.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(categories.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(evidence.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(promises.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(recognition.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(knowledge.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(calls.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(desks.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(handovers.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(notices.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(incidents.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(duplicates.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(dialogues.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(messages.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed)))
}
