//! The wire: handlers read the request, call the use case, write the answer. Nothing is decided here.

mod convert;
mod feed;
mod field_schemas;
mod handlers;
mod profiles;
mod relationships;
mod search;
mod status;
mod update;
mod view;

use kexiang_events::FeedService;
use kexiang_proto::{
    customers_v1::{
        customer_records_service_server::CustomerRecordsServiceServer,
        field_schema_service_server::FieldSchemaServiceServer, profile_service_server::ProfileServiceServer,
        relationship_service_server::RelationshipServiceServer,
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
    let relationships = RelationshipServiceServer::new(relationships::Relationships::new(app.clone()));
    server
        .add(records.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(relationships)
        .add(ProfileServiceServer::new(profiles::Profiles::new(app.clone())))
        .add(FieldSchemaServiceServer::new(field_schemas::FieldSchemas::new(app.clone())))
        .add(EventFeedServiceServer::new(feed))
}
