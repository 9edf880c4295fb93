//! Where the parts of a running Kexiang listen: written by `kexiang up`, read by everybody who calls it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where a running Kexiang listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// JSON, gRPC-Web and gRPC of all services.
    pub gateway: String,
    /// gRPC of intake.
    pub intake: String,
    /// gRPC of dispatch.
    pub dispatch: String,
    /// gRPC of customer records.
    pub customer_records: String,
    /// gRPC of reporting.
    pub reporting: String,
    /// Process id of `kexiang up`; 0 when unknown.
    #[serde(default)]
    pub process: u32,
}

impl Endpoints {
    /// All services behind one gateway.
    #[must_use]
    pub fn behind_gateway(url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let (intake, dispatch, customer_records, reporting) =
            (url.clone(), url.clone(), url.clone(), url.clone());
        Self { gateway: url, intake, dispatch, customer_records, reporting, process: 0 }
    }

    /// Each service at its own address; the gateway at the address people can use.
    #[must_use]
    pub fn of_listeners(gateway: SocketAddr, services: [SocketAddr; 4], process: u32) -> Self {
        let [intake, dispatch, customer_records, reporting] =
            services.map(|address| format!("http://{address}"));
        Self {
            gateway: format!("http://{}", reachable(gateway)),
            intake,
            dispatch,
            customer_records,
            reporting,
            process,
        }
    }
}

/// An address to call: the loopback for a listener on all interfaces.
fn reachable(listening: SocketAddr) -> SocketAddr {
    match listening {
        SocketAddr::V4(address) if address.ip().is_unspecified() => ([127, 0, 0, 1], address.port()).into(),
        SocketAddr::V6(address) if address.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, address.port()).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_interfaces_is_called_at_the_loopback() {
        assert_eq!(reachable(([0, 0, 0, 0], 80).into()), ([127, 0, 0, 1], 80).into());
        assert_eq!(reachable(([10, 0, 0, 1], 80).into()), ([10, 0, 0, 1], 80).into());
    }
}
