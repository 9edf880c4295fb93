//! What every request needs: the contract, the routes, the channels, the limits. Read-only after start.

use std::sync::Arc;

use anyhow::Context as _;
use axum::response::Response;
use prost::bytes::Bytes;
use prost_reflect::DescriptorPool;
use tokio_util::sync::CancellationToken;

use kexiang_rpc::{places::Places, trust::Verifier};

use crate::{DOMAIN, answer, backend::Channels, config::Config, failure::Failure, openapi, routes::Routes};

/// Shared by all requests.
pub struct Gateway {
    /// The contract, with comments and HTTP options.
    pub pool: DescriptorPool,
    /// Which request is which RPC.
    pub routes: Routes,
    /// The services.
    pub channels: Channels,
    /// How many calls at once.
    pub places: Places,
    /// Whose tokens are let in; `None` leaves tokens to the services alone.
    pub verifier: Option<Verifier>,
    /// `/openapi.json`, ready to send.
    pub openapi: Bytes,
    /// The settings.
    pub config: Config,
    /// Ends streams that would never end.
    pub shutdown: CancellationToken,
}

impl Gateway {
    /// Reads the contract and prepares the channels; calls nobody.
    ///
    /// # Errors
    /// When the contract cannot be served or TLS cannot be set up.
    pub fn new(
        config: Config,
        verifier: Option<Verifier>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let pool = DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).context("the descriptor set")?;
        let routes = Routes::of(&pool).context("the HTTP mapping of the contract")?;
        let channels = Channels::connect_lazy(&config.backends).context("the channels to the services")?;
        let openapi =
            serde_json::to_vec(&openapi::document(&pool, &routes)).context("the OpenAPI document")?.into();
        let places = Places::new(DOMAIN, config.max_concurrent_calls, config.max_concurrent_streams);
        Ok(Arc::new(Self { pool, routes, channels, places, verifier, openapi, config, shutdown }))
    }

    /// A failure as an HTTP response.
    #[must_use]
    pub fn refuse(&self, failure: &Failure) -> Response {
        answer::response(failure, &self.pool)
    }
}
