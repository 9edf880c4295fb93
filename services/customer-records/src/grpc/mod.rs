//! The wire: handlers read the request, call the use case, write the answer. Nothing is decided here.

mod convert;
mod feed;
mod follow_ups;
mod handlers;
mod ownership;
mod status;
mod update;

use kexiang_events::FeedService;
use kexiang_proto::{
    customers_v1::{
        customer_records_service_server::CustomerRecordsServiceServer,
        follow_up_service_server::FollowUpServiceServer, ownership_service_server::OwnershipServiceServer,
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
    let ownerships = OwnershipServiceServer::new(ownership::Ownerships::new(app.clone()));
    let server = server.add(ownerships.max_decoding_message_size(MAX_MESSAGE_BYTES));
    let follow_ups = FollowUpServiceServer::new(follow_ups::FollowUps::new(app.clone()));
    let server = server.add(follow_ups.max_decoding_message_size(MAX_MESSAGE_BYTES));
    server.add(records.max_decoding_message_size(MAX_MESSAGE_BYTES)).add(EventFeedServiceServer::new(feed))
}
