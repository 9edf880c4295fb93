//! The wire: `kexiang.dispatch.v1.DispatchService` and the feed's facts. Handlers are short scripts: read the caller and the
//! request, run one use case, write the answer. Generated types and gRPC codes go no deeper than this room.

mod convert;
mod feed;
mod service;
mod status;

use kexiang_events::FeedService;
use kexiang_proto::{
    dispatch_v1::dispatch_service_server::DispatchServiceServer,
    event_v1::event_feed_service_server::EventFeedServiceServer,
};
use kexiang_rpc::server::{MAX_MESSAGE_BYTES, Server};

use crate::{Parts, SERVICE};

pub use feed::to_any;
pub use service::Dispatch;

/// The domain of all refusals.
pub const DOMAIN: &str = "dispatch.kexiang";

/// Adds all services of dispatch.
pub(crate) fn add_services(server: Server, parts: &Parts) -> Server {
    let Parts { pool, log, app, shutdown, .. } = parts;
    let feed = FeedService::new(pool.clone(), log.clone(), SERVICE, DOMAIN, to_any, shutdown.clone());
    let dispatch = DispatchServiceServer::new(Dispatch::new(app.clone()));
    server.add(dispatch.max_decoding_message_size(MAX_MESSAGE_BYTES)).add(EventFeedServiceServer::new(feed))
}
