//! Intake in full, between two logs written by hand: own database, own port, a clock that the test moves.

use std::time::Duration;

use kexiang_core::{CaseId, Clock, ManualClock, Role, Timestamp};
use kexiang_intake::{Config, PromiseSettings, RecognitionSettings, SCHEMA, SERVICE, run};
use kexiang_pg::Pool;
use kexiang_proto::intake_v1::{
    AcceptCaseRequest, Case, Contact, CreateSiteRequest, GetCaseRequest, GetContactRequest,
    ListContactsRequest, Site, intake_service_client::IntakeServiceClient,
};
use kexiang_rpc::{
    Deps,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use kexiang_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::{evidence_folder::EvidenceFolder, feed::FakeFeed, wire::MAIN};

/// When all stories begin: 2026-11-22 08:00:00 UTC, 16:00 in Shanghai.
pub const START: Timestamp = Timestamp::constant(1_795_334_400, 0);
/// Longest that a test waits for what has to happen.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The largest file that is taken as evidence here, in bytes.
pub const LARGEST_EVIDENCE: i64 = 3 * 1024 * 1024;
/// The agent of most stories.
pub const AGENT: &str = "li.na";

/// Intake and all around it.
pub struct Desk {
    pub dispatch: FakeFeed,
    pub customer_records: FakeFeed,
    pub hand: ManualClock,
    pub channel: Channel,
    issuer: Issuer,
    pool: Pool,
    served: JoinHandle<anyhow::Result<()>>,
    shutdown: DropGuard,
    database: Option<TestDatabase>,
    pub evidence: EvidenceFolder,
}

/// Shows a token with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Client = IntakeServiceClient<InterceptedService<Channel, Bearer>>;

impl Desk {
    /// Opens on a database of its own, with the site `main`.
    pub async fn open() -> Self {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let service = Self::over(&database_url(&database), 8).await;
        let desk = Self { database: Some(database), ..service };
        desk.create_site("main").await;
        desk
    }

    /// A service over a database that belongs to somebody else.
    pub async fn over(database_url: &str, database_connections: u32) -> Self {
        Self::with_evidence(database_url, database_connections, EvidenceFolder::new()).await
    }

    async fn with_evidence(database_url: &str, database_connections: u32, evidence: EvidenceFolder) -> Self {
        let (clock, hand) = Clock::manual(START);
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let (dispatch, dispatch_address) = FakeFeed::serve().await;
        let (customer_records, customer_records_address) = FakeFeed::serve().await;
        let config = Config {
            database_url: database_url.to_owned(),
            database_connections,
            dispatch_address,
            customer_records_address,
            evidence_store: evidence.address(),
            evidence_max_bytes: LARGEST_EVIDENCE,
            evidence_link_base: String::new(),
            promises: PromiseSettings::default(),
            recognition: RecognitionSettings { recognition_limit_ms: 1_500 },
            following: Default::default(),
            limits: Limits::default(),
        };
        let deps = Deps {
            clock: clock.clone(),
            verifier: Verifier::of_issuer(&issuer, clock.clone()),
            tokens: TokenSource::issued(issuer.clone(), clock, SERVICE),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        Self {
            dispatch,
            customer_records,
            hand,
            channel: Channel::from_shared(address).unwrap().connect_lazy(),
            issuer,
            pool: kexiang_pg::connect(database_url, "test", 4).unwrap(),
            served: tokio::spawn(run(config, deps, listener, shutdown.clone())),
            shutdown: shutdown.drop_guard(),
            database: None,
            evidence,
        }
    }

    /// Another replica over the same database.
    pub async fn replica(&self, database_connections: u32) -> Self {
        let url = database_url(self.database());
        Self::with_evidence(&url, database_connections, self.evidence.clone()).await
    }

    fn database(&self) -> &TestDatabase {
        self.database.as_ref().unwrap()
    }

    /// The tables, as intake sees them.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Speaks to the service as [`AGENT`].
    pub fn client(&self) -> Client {
        self.client_of(AGENT)
    }

    /// The same as somebody else.
    pub fn client_of(&self, subject: &str) -> Client {
        IntakeServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject))
    }

    /// The token of somebody who may do everything here.
    pub fn bearer(&self, subject: &str) -> Bearer {
        self.bearer_with(subject, &[Role::Agent, Role::Supervisor, Role::Administrator])
    }

    /// The token of somebody with these roles.
    pub fn bearer_with(&self, subject: &str, roles: &[Role]) -> Bearer {
        let longer_than_any_story = Duration::from_secs(90 * 24 * 3600);
        let token = self.issuer.issue(subject, roles, longer_than_any_story, START).unwrap();
        Bearer(format!("Bearer {token}").parse().unwrap())
    }

    /// Ends all sessions of the service at the database, as an administrator may; gives how many there were.
    pub async fn kill_sessions(&self) -> i64 {
        let mut admin = PgConnection::connect(&self.database().admin_url()).await.unwrap();
        let kill = "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and application_name = 'kexiang-intake') as killed";
        let killed = sqlx::query_scalar(kill).fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        killed
    }

    /// Stops the service as an operator does, and waits until it has stopped.
    pub async fn stop(self) {
        drop(self.shutdown);
        timeout(PATIENCE, self.served).await.expect("the service stops").unwrap().unwrap();
    }

    /// Creates a site in China; gives its name.
    pub async fn create_site(&self, id: &str) -> String {
        let site = Site {
            display_name: id.to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            phone_region: "CN".to_owned(),
            ..Site::default()
        };
        let request = CreateSiteRequest { site_id: id.to_owned(), site: Some(site), ..Default::default() };
        self.client().create_site(request).await.unwrap().into_inner().name
    }

    /// Accepts a case, or tells why not.
    pub async fn try_accept(&self, request: AcceptCaseRequest) -> Result<Case, Status> {
        self.client().accept_case(request).await.map(tonic::Response::into_inner)
    }

    /// Accepts a case.
    pub async fn accept(&self, request: AcceptCaseRequest) -> Case {
        self.try_accept(request).await.unwrap()
    }

    /// Gets a case.
    pub async fn case(&self, name: &str) -> Case {
        let request = GetCaseRequest { name: name.to_owned() };
        self.client().get_case(request).await.unwrap().into_inner()
    }

    /// Gets a contact.
    pub async fn contact(&self, name: &str) -> Contact {
        let request = GetContactRequest { name: name.to_owned() };
        self.client().get_contact(request).await.unwrap().into_inner()
    }

    /// A site's public register, or an agent's personal one.
    pub async fn register(&self, site: &str, agent: &str) -> Vec<Contact> {
        let mut request = ListContactsRequest {
            site: site.to_owned(),
            agent: agent.to_owned(),
            page_size: 1_000,
            ..Default::default()
        };
        let mut contacts = Vec::new();
        loop {
            let page = match self.client().list_contacts(request.clone()).await {
                Ok(page) => page.into_inner(),
                // A session that was killed a moment ago refuses once.
                Err(status) if status.code() == Code::Unavailable => continue,
                Err(status) => panic!("{status:?}"),
            };
            contacts.extend(page.contacts);
            if page.next_page_token.is_empty() {
                return contacts;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The numbers in the public register of the main site.
    pub async fn numbers(&self) -> Vec<i64> {
        self.register(MAIN, "").await.into_iter().map(|contact| contact.register_number).collect()
    }
}

fn database_url(database: &TestDatabase) -> String {
    database.url(SCHEMA.role)
}

/// A name of a case that is nowhere.
pub fn unknown_case() -> String {
    CaseId::at(START).name()
}
