//! Calls to a running Kexiang: the one of a data directory, or any by its gateway's address.
//!
//! Each call shows the token as it is in the file at that moment, so that a long import outlives a renewal.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use kexiang_proto::{
    customers_v1::customer_records_service_client::CustomerRecordsServiceClient,
    dispatch_v1::dispatch_service_client::DispatchServiceClient,
    intake_v1::intake_service_client::IntakeServiceClient,
    reporting_v1::reporting_service_client::ReportingServiceClient,
};
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use crate::{data_dir::DataDir, endpoints::Endpoints};

/// Messages are as large as the services take them.
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;

/// Which Kexiang to talk to.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Data directory of a running `kexiang up`
    #[arg(long, global = true, value_name = "DIR", env = "KEXIANG_DATA_DIR", default_value = "kexiang-data")]
    pub data_dir: PathBuf,
    /// Gateway of another Kexiang, instead of the one of the data directory
    #[arg(long, global = true, value_name = "URL", env = "KEXIANG_SERVER", requires = "token_file")]
    pub server: Option<String>,
    /// File with a bearer token for --server
    #[arg(long, global = true, value_name = "FILE", env = "KEXIANG_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// A channel that shows the token.
pub type Connection = InterceptedService<Channel, BearerToken>;

/// The four services.
#[derive(Clone)]
pub struct Client {
    /// The front desk.
    pub intake: IntakeServiceClient<Connection>,
    /// Units, agents, work orders.
    pub dispatch: DispatchServiceClient<Connection>,
    /// Customers.
    pub customer_records: CustomerRecordsServiceClient<Connection>,
    /// Figures.
    pub reporting: ReportingServiceClient<Connection>,
}

impl ServerArgs {
    /// Connects.
    ///
    /// # Errors
    /// When nothing runs there, with what to do.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        let dir = DataDir::at(&self.data_dir);
        let token_file = self.token_file.clone().unwrap_or_else(|| dir.admin_token());
        match &self.server {
            Some(server) => Client::connect(&Endpoints::behind_gateway(server), &token_file).await,
            None => Client::connect(&dir.endpoints()?, &token_file).await,
        }
    }
}

impl Client {
    /// Connects to services at known addresses; fails when one of them is not there.
    ///
    /// # Errors
    /// Names the address that can't be reached.
    pub async fn connect(endpoints: &Endpoints, token_file: &Path) -> anyhow::Result<Self> {
        let token = BearerToken { file: token_file.to_owned() };
        token.read()?;
        let connect =
            async |address: &str| anyhow::Ok(InterceptedService::new(channel(address).await?, token.clone()));
        Ok(Self {
            intake: IntakeServiceClient::new(connect(&endpoints.intake).await?)
                .max_decoding_message_size(MESSAGE_LIMIT),
            dispatch: DispatchServiceClient::new(connect(&endpoints.dispatch).await?),
            customer_records: CustomerRecordsServiceClient::new(connect(&endpoints.customer_records).await?),
            reporting: ReportingServiceClient::new(connect(&endpoints.reporting).await?)
                .max_decoding_message_size(MESSAGE_LIMIT),
        })
    }
}

/// Connects to an address without showing a token.
///
/// # Errors
/// Names the address that can't be reached.
pub async fn channel(address: &str) -> anyhow::Result<Channel> {
    let endpoint =
        Endpoint::from_shared(address.to_owned()).with_context(|| format!("`{address}` is no address"))?;
    let endpoint = if address.starts_with("https:") {
        endpoint.tls_config(ClientTlsConfig::new().with_webpki_roots())?
    } else {
        endpoint
    };
    let connecting = endpoint.connect_timeout(std::time::Duration::from_secs(5)).connect().await;
    connecting.with_context(|| {
        format!("nothing answers at {address}; is Kexiang running? `kexiang doctor` tells more")
    })
}

/// Adds the token of a file to every call.
#[derive(Debug, Clone)]
pub struct BearerToken {
    file: PathBuf,
}

impl BearerToken {
    fn read(&self) -> anyhow::Result<MetadataValue<tonic::metadata::Ascii>> {
        let path = self.file.display();
        let token = std::fs::read_to_string(&self.file)
            .with_context(|| format!("the token file {path} can't be read"))?;
        if token.trim().is_empty() {
            bail!("the token file {path} is empty");
        }
        format!("Bearer {}", token.trim())
            .parse()
            .with_context(|| format!("the token file {path} holds no token"))
    }
}

impl Interceptor for BearerToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.read().map_err(|error| Status::unauthenticated(format!("{error:#}")))?;
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}
