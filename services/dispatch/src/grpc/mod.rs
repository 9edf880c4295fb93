//! The wire: the services of `kexiang.dispatch.v1` and the feed's facts. Handlers are short scripts: read the caller and the
//! request, run one use case, write the answer. Generated types and gRPC codes go no deeper than this room.

mod convert;
mod feed;
mod org;
mod presence;
mod rotation;
mod service;
mod status;

use kexiang_events::FeedService;
use kexiang_proto::{
    dispatch_v1::{
        dispatch_service_server::DispatchServiceServer, org_service_server::OrgServiceServer,
        presence_service_server::PresenceServiceServer, rotation_service_server::RotationServiceServer,
    },
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
    server
        .add(dispatch.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed))
        .add(OrgServiceServer::new(org::Org::new(app.clone())))
        .add(PresenceServiceServer::new(presence::Presences::new(app.clone())))
        .add(RotationServiceServer::new(rotation::Rotations::new(app.clone())))
}
