//! The HTTP face of the services: one address for front ends, and none of the business.
//!
//! The gateway owns no data and no rule. It knows the contract alone, as descriptors, and is driven by them: a method
//! that gets a `google.api.http` option has its JSON face and its page in the OpenAPI document at the next start, without
//! a line here. Told whom to trust, it lets good tokens in alone; else it checks that there is one. What a token allows, every
//! service checks itself.
//!
//! | to see | read |
//! |---|---|
//! | what it can be told | `config` |
//! | what answers on the port, the layers | `server` |
//! | who comes in: load, tokens | `door` |
//! | which request is which RPC | `routes`, `template` |
//! | an HTTP request as a message: body, query, path | `bind`, `query`, `fields` |
//! | canonical JSON, and what is wrong with it | `json` |
//! | a JSON call from end to end | `transcode`, `call` |
//! | streams as server-sent events | `sse` |
//! | bytes as they are: downloads | `raw` |
//! | gRPC and gRPC-Web | `passthrough` |
//! | errors: HTTP codes, Status JSON | `failure`, `answer` |
//! | the OpenAPI document | `openapi` |
//! | probes | `health` |
//! | spans and metrics | `observe` |
//!
//! Nothing is kept between requests, so any number of gateways may run, and a killed one loses nothing but the calls it
//! was waiting for; those repeat with the same `request_id`.

use kexiang_rpc::trust::Verifier;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

mod answer;
mod backend;
mod bind;
mod call;
mod config;
mod door;
mod failure;
mod fields;
mod gateway;
mod health;
mod json;
mod observe;
mod openapi;
mod passthrough;
mod query;
mod raw;
mod routes;
mod server;
mod sse;
mod template;
mod transcode;

pub use config::{Backends, Config};

/// The gateway's name in logs and metrics.
pub const SERVICE: &str = "gateway";

/// The domain of the gateway's own refusals, in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "gateway.kexiang";

/// Serves HTTP/1.1 and HTTP/2 without TLS on `listener` until `shutdown`, then finishes the requests under way, for as
/// long as the settings allow. Server-sent events end at once. The services need not be there yet. Without a `verifier`
/// tokens are left to the services.
///
/// # Errors
/// When the contract cannot be served, a service's address cannot be used, or the listener fails.
pub async fn run(
    config: Config,
    verifier: Option<Verifier>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let drain = config.drain();
    let router = server::router(&gateway::Gateway::new(config, verifier, shutdown.clone())?);
    Ok(kexiang_rpc::serve::serve(listener, router, drain, shutdown).await?)
}
