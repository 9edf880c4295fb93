//! The four services behind the gateway and the channels to them.
//!
//! Channels connect at the first call and again after every loss, so the gateway starts and runs while services are
//! down: their methods answer UNAVAILABLE until they are back.

use std::time::Duration;

use http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::config::Backends;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `kexiang.intake`.
    Intake,
    /// `kexiang.dispatch`.
    Dispatch,
    /// `kexiang.customers`.
    CustomerRecords,
    /// `kexiang.reporting`.
    Reporting,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Dispatch, Self::CustomerRecords, Self::Reporting];

    /// Which service serves a proto package, such as `kexiang.intake.v1`. The event feeds have none: they are for services.
    #[must_use]
    pub fn of_package(package: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| {
            package.strip_prefix(backend.package()).is_some_and(|version| version.starts_with('.'))
        })
    }

    /// The service's name, as in `/readyz`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Dispatch => "dispatch",
            Self::CustomerRecords => "customer-records",
            Self::Reporting => "reporting",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Intake => "kexiang.intake",
            Self::Dispatch => "kexiang.dispatch",
            Self::CustomerRecords => "kexiang.customers",
            Self::Reporting => "kexiang.reporting",
        }
    }
}

/// One channel per service; clones share the connections.
#[derive(Clone, Debug)]
pub struct Channels {
    intake: Channel,
    dispatch: Channel,
    customer_records: Channel,
    reporting: Channel,
}

impl Channels {
    /// Channels that connect when first used. Must run inside a Tokio runtime.
    ///
    /// # Errors
    /// When TLS cannot be set up for an `https` address.
    pub fn connect_lazy(backends: &Backends) -> Result<Self, tonic::transport::Error> {
        Ok(Self {
            intake: channel(&backends.intake)?,
            dispatch: channel(&backends.dispatch)?,
            customer_records: channel(&backends.customer_records)?,
            reporting: channel(&backends.reporting)?,
        })
    }

    /// The channel to one service.
    #[must_use]
    pub fn to(&self, backend: Backend) -> Channel {
        match backend {
            Backend::Intake => self.intake.clone(),
            Backend::Dispatch => self.dispatch.clone(),
            Backend::CustomerRecords => self.customer_records.clone(),
            Backend::Reporting => self.reporting.clone(),
        }
    }
}

fn channel(uri: &Uri) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::new(uri.clone())?;
    // Pings find a peer that vanished without closing, also while a stream is silent.
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .connect_lazy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_lead_to_their_service_and_event_feeds_to_none() {
        assert_eq!(Backend::of_package("kexiang.intake.v1"), Some(Backend::Intake));
        assert_eq!(Backend::of_package("kexiang.customers.v1"), Some(Backend::CustomerRecords));
        assert_eq!(Backend::of_package("kexiang.event.v1"), None);
        assert_eq!(Backend::of_package("kexiang.intakes.v1"), None);
        assert_eq!(Backend::of_package("grpc.health.v1"), None);
    }
}
