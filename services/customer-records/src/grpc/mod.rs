//! The wire: handlers read the request, call the use case, write the answer. Nothing is decided here.
//!
//! | to see | read |
//! |---|---|
//! | customers, finding them, the view 360° | [`handlers`], [`search`], [`view`], [`update`] |
//! | profiles, own fields of packs | [`profiles`], [`field_schemas`] |
//! | relationships, the same customer | [`relationships`] |
//! | merging and un-merging | [`merges`] |
//! | ownership, the pool, disputes | [`ownership`] |
//! | follow-ups | [`follow_ups`] |
//! | agreements, key accounts | [`agreements`], [`key_accounts`] |
//! | handovers of customers | [`handovers`] |
//! | segments | [`segments`] |
//! | customers from files and to files | [`imports`] |
//! | archives, monthly hand-ins | [`archives`], [`hand_ins`] |
//! | unmasking, export, erasure, legal holds | [`privacy`] |
//! | to the wire: answers, events, refusals | [`convert`], [`feed`], [`status`] |

mod agreements;
mod archives;
mod convert;
mod feed;
mod field_schemas;
mod follow_ups;
mod hand_ins;
mod handlers;
mod handovers;
mod imports;
mod key_accounts;
mod merge_convert;
mod merge_facts;
mod merges;
mod ownership;
mod privacy;
mod profiles;
mod relationships;
mod search;
mod segments;
mod status;
mod update;
mod view;

use kexiang_events::FeedService;
use kexiang_proto::{
    customers_v1::{
        agreement_service_server::AgreementServiceServer, archive_service_server::ArchiveServiceServer,
        customer_handover_service_server::CustomerHandoverServiceServer,
        customer_records_service_server::CustomerRecordsServiceServer,
        field_schema_service_server::FieldSchemaServiceServer,
        follow_up_service_server::FollowUpServiceServer, hand_in_service_server::HandInServiceServer,
        import_service_server::ImportServiceServer, key_account_service_server::KeyAccountServiceServer,
        merge_service_server::MergeServiceServer, ownership_service_server::OwnershipServiceServer,
        privacy_service_server::PrivacyServiceServer, profile_service_server::ProfileServiceServer,
        relationship_service_server::RelationshipServiceServer, segment_service_server::SegmentServiceServer,
    },
    event_v1::event_feed_service_server::EventFeedServiceServer,
};
use kexiang_rpc::server::{MAX_MESSAGE_BYTES, Server};

use crate::{Parts, SERVICE};

pub use feed::to_any;
pub use handlers::CustomerRecords;
pub use status::DOMAIN;

/// Adds all services of customer records.
pub(crate) fn add_services(server: Server, parts: &Parts) -> Server {
    let Parts { pool, log, app, shutdown, .. } = parts;
    let feed = FeedService::new(pool.clone(), log.clone(), SERVICE, DOMAIN, to_any, shutdown.clone());
    let records = CustomerRecordsServiceServer::new(CustomerRecords::new(app.clone()));
    let profiles = ProfileServiceServer::new(profiles::Profiles::new(app.clone()));
    let field_schemas = FieldSchemaServiceServer::new(field_schemas::FieldSchemas::new(app.clone()));
    let relationships = RelationshipServiceServer::new(relationships::Relationships::new(app.clone()));
    let merges = MergeServiceServer::new(merges::Merges::new(app.clone()));
    let ownerships = OwnershipServiceServer::new(ownership::Ownerships::new(app.clone()));
    let follow_ups = FollowUpServiceServer::new(follow_ups::FollowUps::new(app.clone()));
    let handovers = CustomerHandoverServiceServer::new(handovers::Handovers::new(app.clone()));
    let agreements = AgreementServiceServer::new(agreements::Agreements::new(app.clone()));
    let imports = ImportServiceServer::new(imports::Imports::new(app.clone(), shutdown.clone()));
    let privacy = PrivacyServiceServer::new(privacy::Privacy::new(app.clone()));
    let key_accounts = KeyAccountServiceServer::new(key_accounts::KeyAccounts::new(app.clone()));
    let archives = ArchiveServiceServer::new(archives::Archives::new(app.clone()));
    let segments = SegmentServiceServer::new(segments::Segments::new(app.clone()));
    let hand_ins = HandInServiceServer::new(hand_ins::HandIns::new(app.clone()));
    server
        .add(archives.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(hand_ins.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(key_accounts.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(records.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(profiles.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(field_schemas.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(relationships.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(merges.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(ownerships.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(follow_ups.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(handovers.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(agreements.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(imports.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(privacy.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(segments.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed))
}
