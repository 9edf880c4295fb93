//! The wire: handlers read the request, call the use case, write the answer. Nothing is decided here.

mod agreements;
mod archives;
mod convert;
mod feed;
mod hand_ins;
mod handlers;
mod status;
mod update;

use kexiang_events::FeedService;
use kexiang_proto::{
    customers_v1::{
        agreement_service_server::AgreementServiceServer, archive_service_server::ArchiveServiceServer,
        customer_records_service_server::CustomerRecordsServiceServer,
        hand_in_service_server::HandInServiceServer,
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
    let agreements = AgreementServiceServer::new(agreements::Agreements::new(app.clone()));
    let archives = ArchiveServiceServer::new(archives::Archives::new(app.clone()));
    let hand_ins = HandInServiceServer::new(hand_ins::HandIns::new(app.clone()));
    server
        .add(archives.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(hand_ins.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(agreements.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(records.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed))
}
