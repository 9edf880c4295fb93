//! The callers: each has one call in flight, over a few shared connections. A call that is not OK ends the run.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use kexiang_core::{Clock, Role};
use kexiang_proto::intake_v1::{CreateSiteRequest, Site, intake_service_client::IntakeServiceClient};
use kexiang_rpc::token::Issuer;
use tokio::task::JoinSet;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use crate::{
    figures::{Latencies, Turn},
    payload,
};

pub type Client = IntakeServiceClient<Channel>;
pub type Bearer = MetadataValue<Ascii>;

/// Good for longer than any run.
const TOKEN_TTL: Duration = Duration::from_hours(24);
/// As front ends set it.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Callers of one intake.
pub struct Load {
    issuer: Issuer,
    clients: Vec<Client>,
}

impl Load {
    /// Connects.
    pub async fn connect(uri: &str, issuer: Issuer, connections: u16) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..connections {
            let channel = Endpoint::from_shared(uri.to_owned())?.tcp_nodelay(true).connect().await;
            clients.push(Client::new(channel.context("intake does not answer")?));
        }
        Ok(Self { issuer, clients })
    }

    /// Creates the sites `site-0`, `site-1` …
    pub async fn create_sites(&self, count: u16) -> anyhow::Result<()> {
        let bearer = self.bearer("setup", Role::Administrator)?;
        let mut client = self.client()?;
        for nr in 0..count {
            let site = Site {
                display_name: format!("锦绣花园客服中心{nr}"),
                time_zone: "Asia/Shanghai".to_owned(),
                ..Site::default()
            };
            let request =
                CreateSiteRequest { site_id: site_id(nr), site: Some(site), request_id: String::new() };
            client.create_site(with(&bearer, request)).await.context("CreateSite")?;
        }
        Ok(())
    }

    /// Lets so many callers accept cases at so many sites for `length`; the last calls are waited for.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
    pub async fn turn(&self, callers: u16, sites: u16, length: Duration) -> anyhow::Result<Turn> {
        let mut running = JoinSet::new();
        let start = Instant::now();
        for (nr, client) in (0..callers).zip(self.clients.iter().cycle()) {
            let bearer = self.bearer(&format!("agent-{nr}"), Role::Agent)?;
            running.spawn(call_until(start + length, client.clone(), bearer, site_id(nr % sites)));
        }
        let mut latencies = Latencies::new()?;
        while let Some(caller) = running.join_next().await {
            latencies.add(&caller.map_err(|panic| anyhow!("a caller failed: {panic}"))??)?;
        }
        let per_second = latencies.count() as f64 / start.elapsed().as_secs_f64();
        Ok(Turn { per_second, latencies })
    }

    /// The first connection.
    pub fn client(&self) -> anyhow::Result<Client> {
        self.clients.first().context("no connection").cloned()
    }

    /// A token.
    pub fn bearer(&self, subject: &str, role: Role) -> anyhow::Result<Bearer> {
        let token = self.issuer.issue(subject, &[role], TOKEN_TTL, Clock::system().now())?;
        Ok(format!("Bearer {token}").parse()?)
    }
}

async fn call_until(
    end: Instant,
    mut client: Client,
    bearer: Bearer,
    site: String,
) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::new()?;
    while Instant::now() < end {
        let request = with(&bearer, payload::accept_case(&site));
        let start = Instant::now();
        client.accept_case(request).await.context("AcceptCase was refused")?;
        latencies.record(start.elapsed());
    }
    Ok(latencies)
}

/// A call with this token.
pub fn with<M>(bearer: &Bearer, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request.set_timeout(CALL_TIMEOUT);
    request
}

/// The site with this number.
pub fn site_id(nr: u16) -> String {
    format!("site-{nr}")
}
