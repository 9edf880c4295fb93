//! A running service with everything around it, and the verbs of the stories.

use std::time::Duration;

use kexiang_core::{Clock, CustomerKind, ManualClock, Role, Timestamp};
use kexiang_customer_records::{Config, SCHEMA, run};
use kexiang_pg::Pool;
use kexiang_proto::{
    customers_v1::{
        CreateCustomerRequest, Customer, GetCustomerRequest, ListCustomersRequest,
        ListTimelineEntriesRequest, RecogniseCallerRequest, Recognition, TimelineEntry, contact_point::Kind,
        customer_records_service_client::CustomerRecordsServiceClient,
        field_schema_service_client::FieldSchemaServiceClient, profile_service_client::ProfileServiceClient,
        relationship_service_client::RelationshipServiceClient,
    },
    event_v1::{Event, StreamEventsRequest, event_feed_service_client::EventFeedServiceClient},
    type_v1,
};
use kexiang_rpc::{
    Deps,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use kexiang_testkit::TestDatabase;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::{fakes::Fake, wire::point};

/// When all stories begin: 2026-11-22 08:00:00 UTC.
pub const START: Timestamp = Timestamp::constant(1_795_334_400, 0);

/// A running service.
pub struct Center {
    pub intake: Fake,
    pub dispatch: Fake,
    pub clock: Clock,
    pub hand: ManualClock,
    pub channel: Channel,
    bearer: Bearer,
    supervisor: Bearer,
    pub pool: Pool,
    issuer: Issuer,
    replica: (Config, Deps),
    shutdown: CancellationToken,
    _database: TestDatabase,
    _shutdown: DropGuard,
}

/// Shows a token with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<tonic::metadata::Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Relationships = RelationshipServiceClient<InterceptedService<Channel, Bearer>>;
type Client = CustomerRecordsServiceClient<InterceptedService<Channel, Bearer>>;

impl Center {
    /// Starts the service and its neighbours.
    pub async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start(TestDatabase::create(&[&SCHEMA]).await, change).await
    }

    /// Starts them on what lies in this database.
    pub async fn open_on(database: TestDatabase) -> Self {
        Self::start(database, |_| ()).await
    }

    async fn start(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let (clock, hand) = Clock::manual(START);
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let (intake, intake_address) = Fake::start("intake").await;
        let (dispatch, dispatch_address) = Fake::start("dispatch").await;
        let mut config = Config {
            database_url: database.url(SCHEMA.role),
            database_connections: 8,
            intake_address,
            dispatch_address,
            key_file: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/keys_of_the_tests.toml").into(),
            retention_idle_days: None,
            time_zone: "Asia/Shanghai".to_owned(),
            limits: Limits::default(),
        };
        change(&mut config);
        let deps = Deps {
            clock: clock.clone(),
            verifier: Verifier::of_issuer(&issuer, clock.clone()),
            tokens: TokenSource::issued(issuer.clone(), clock.clone(), "customer-records"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let replica = (config.clone(), deps.clone());
        tokio::spawn(run(config, deps, listener, shutdown.clone()));

        let year = Duration::from_secs(365 * 24 * 3600);
        let token = issuer.issue("li.ming", &[Role::Agent, Role::Administrator], year, START).unwrap();
        let supervisor = issuer.issue("chen.jie", &[Role::Supervisor], year, START).unwrap();
        Self {
            supervisor: Bearer(format!("Bearer {supervisor}").parse().unwrap()),
            intake,
            dispatch,
            clock,
            hand,
            channel: Channel::from_shared(address).unwrap().connect_lazy(),
            bearer: Bearer(format!("Bearer {token}").parse().unwrap()),
            shutdown: shutdown.clone(),
            pool: database.pool(SCHEMA.role).await,
            issuer,
            replica,
            _database: database,
            _shutdown: shutdown.drop_guard(),
        }
    }

    /// The same center, spoken to by somebody with these roles.
    pub fn as_role(&self, subject: &str, roles: &[Role]) -> (Channel, Bearer) {
        let year = Duration::from_secs(365 * 24 * 3600);
        let token = self.issuer.issue(subject, roles, year, START).unwrap();
        (self.channel.clone(), Bearer(format!("Bearer {token}").parse().unwrap()))
    }

    /// Starts one more replica over the same database.
    pub async fn replica(&self) -> DropGuard {
        self.replica_with_keys(&self.replica.0.key_file).await
    }

    /// The same with the keys of this file.
    pub async fn replica_with_keys(&self, file: &std::path::Path) -> DropGuard {
        let (config, deps) = self.replica.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let config = Config { key_file: file.to_owned(), ..config };
        tokio::spawn(run(config, deps, listener, shutdown.clone()));
        shutdown.drop_guard()
    }

    /// Speaks to the service as an agent.
    pub fn client(&self) -> Client {
        CustomerRecordsServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The token of somebody with these roles.
    pub fn bearer_of(&self, subject: &str, roles: &[Role]) -> Bearer {
        self.as_role(subject, roles).1
    }

    /// Starts another replica over the same database; it ends with the story.
    pub async fn start_replica(&self) {
        let (config, deps) = self.replica.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tokio::spawn(run(config, deps, listener, self.shutdown.clone()));
    }

    /// Speaks to RelationshipService as an agent.
    pub fn relationships(&self) -> Relationships {
        RelationshipServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The same as a supervisor.
    pub fn supervisor(&self) -> Relationships {
        RelationshipServiceClient::with_interceptor(self.channel.clone(), self.supervisor.clone())
    }

    /// Speaks to ProfileService.
    pub fn profiles(&self) -> ProfileServiceClient<InterceptedService<Channel, Bearer>> {
        ProfileServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Speaks to FieldSchemaService.
    pub fn field_schemas(&self) -> FieldSchemaServiceClient<InterceptedService<Channel, Bearer>> {
        FieldSchemaServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Waits until all that intake and dispatch told is taken in.
    pub async fn settle(&self) {
        let wanted = [
            ("customer_records.intake", self.intake.position()),
            ("customer_records.dispatch", self.dispatch.position()),
            ("customer_records.view.intake", self.intake.position()),
            ("customer_records.view.dispatch", self.dispatch.position()),
            ("customer_records.case_kinds", self.intake.position()),
        ];
        let cursors = "select consumer, position from customer_records.consumer_cursors";
        for _ in 0..1_000 {
            let positions: Vec<(String, String)> =
                sqlx::query_as(cursors).fetch_all(&self.pool).await.unwrap();
            let reached = |(consumer, position): &(&str, String)| {
                position == "0" || positions.iter().any(|row| row.0 == *consumer && row.1 == *position)
            };
            if wanted.iter().all(reached) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not taken in within 10 s");
    }

    /// Waits until a transaction waits for another one.
    pub async fn until_somebody_waits(&self) {
        let waiting = "select exists (select from pg_locks where locktype = 'transactionid' and not granted)";
        for _ in 0..1_000 {
            if sqlx::query_scalar(waiting).fetch_one(&self.pool).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody waits within 10 s");
    }

    /// Makes the consumers read everything again from the beginning.
    pub async fn forget_cursors(&self) {
        sqlx::query("update customer_records.consumer_cursors set position = ''")
            .execute(&self.pool)
            .await
            .unwrap();
        self.intake.hang_up();
        self.dispatch.hang_up();
    }

    /// What this service told so far. The feed waits for transactions of the whole server, so also of other stories.
    pub async fn told(&self) -> Vec<Event> {
        let written: i64 = sqlx::query_scalar("select count(*) from customer_records.event_log")
            .fetch_one(&self.pool)
            .await
            .unwrap();
        let written = usize::try_from(written).unwrap();
        let mut client = EventFeedServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone());
        let mut feed = client.stream_events(StreamEventsRequest::default()).await.unwrap().into_inner();
        let mut events = Vec::new();
        loop {
            let batch = feed.message().await.unwrap().unwrap();
            events.extend(batch.events);
            if events.len() >= written {
                return events;
            }
        }
    }

    /// Creates a customer, or tells why not.
    pub async fn try_create(
        &self,
        name: &str,
        kind: CustomerKind,
        points: &[(Kind, &str)],
    ) -> Result<Customer, Status> {
        let customer = Customer {
            display_name: name.to_owned(),
            kind: type_v1::CustomerKind::from_str_name(&format!("CUSTOMER_KIND_{kind}")).unwrap().into(),
            contact_points: points.iter().map(|(kind, value)| point(*kind, value)).collect(),
            ..Customer::default()
        };
        let request = CreateCustomerRequest { customer: Some(customer), ..CreateCustomerRequest::default() };
        self.client().create_customer(request).await.map(tonic::Response::into_inner)
    }

    /// Creates a person.
    pub async fn create(&self, name: &str, points: &[(Kind, &str)]) -> Customer {
        self.try_create(name, CustomerKind::Person, points).await.unwrap()
    }

    /// Gets a customer.
    pub async fn get(&self, name: &str) -> Customer {
        let request = GetCustomerRequest { name: name.to_owned() };
        self.client().get_customer(request).await.unwrap().into_inner()
    }

    /// All customers, newest first.
    pub async fn all_customers(&self) -> Vec<Customer> {
        let request = ListCustomersRequest { page_size: 1_000, ..ListCustomersRequest::default() };
        self.client().list_customers(request).await.unwrap().into_inner().customers
    }

    /// Names of customers with a contact point.
    pub async fn list_by(&self, kind: Kind, value: &str) -> Vec<String> {
        let request = ListCustomersRequest {
            contact_point: Some(point(kind, value)),
            ..ListCustomersRequest::default()
        };
        let customers = self.client().list_customers(request).await.unwrap().into_inner().customers;
        customers.into_iter().map(|customer| customer.name).collect()
    }

    /// Recognises a caller.
    pub async fn recognise(&self, phone: &str) -> Recognition {
        let request = RecogniseCallerRequest { phone: phone.to_owned(), phone_region: String::new() };
        self.client().recognise_caller(request).await.unwrap().into_inner()
    }

    /// The customer with this phone.
    pub async fn customer_of_phone(&self, phone: &str) -> Customer {
        self.recognise(phone).await.customer.unwrap()
    }

    /// What happened with the customer with this phone.
    pub async fn timeline_of(&self, phone: &str) -> Vec<TimelineEntry> {
        let parent = self.customer_of_phone(phone).await.name;
        let request = ListTimelineEntriesRequest { parent, ..ListTimelineEntriesRequest::default() };
        self.client().list_timeline_entries(request).await.unwrap().into_inner().timeline_entries
    }
}
