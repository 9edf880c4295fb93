//! Several agents at one service, or at several replicas of it, and the verbs of the stories about ownership.

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_core::{Clock, ContactId, EventId, ManualClock, Role, Timestamp};
use kexiang_customer_records::{Config, SCHEMA, run};
use kexiang_pg::Pool;
use kexiang_proto::{
    customers_v1::{
        ClaimCustomerRequest, CreateCustomerRequest, Customer, FollowUp, FollowUpWay, GetOwnershipRequest,
        Ownership, OwnershipFacts, RecordFollowUpRequest,
        customer_handover_service_client::CustomerHandoverServiceClient,
        customer_records_service_client::CustomerRecordsServiceClient,
        follow_up_service_client::FollowUpServiceClient, merge_service_client::MergeServiceClient,
        ownership_service_client::OwnershipServiceClient,
    },
    event_v1::{Event, StreamEventsRequest, event_feed_service_client::EventFeedServiceClient},
    intake_v1::{CallFacts, ContactFacts, Purpose, Site},
    type_v1::Channel as Way,
};
use kexiang_rpc::{
    Deps,
    server::Limits,
    time,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use kexiang_testkit::TestDatabase;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::{center::START, fakes::Fake};

/// How often it is looked, every 10 ms, whether something has happened.
const PATIENCE: u32 = 2_000;

/// Shows a token with every call.
#[derive(Clone)]
pub struct Token(MetadataValue<tonic::metadata::Ascii>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Token>;

/// Somebody at the desk.
#[derive(Clone)]
pub struct Person {
    /// `agents/{agent}`.
    pub name: String,
    line: Line,
}

impl Person {
    pub fn ownerships(&self) -> OwnershipServiceClient<Line> {
        OwnershipServiceClient::new(self.line.clone())
    }

    pub fn follow_ups(&self) -> FollowUpServiceClient<Line> {
        FollowUpServiceClient::new(self.line.clone())
    }

    pub fn merges(&self) -> MergeServiceClient<Line> {
        MergeServiceClient::new(self.line.clone())
    }

    pub fn handovers(&self) -> CustomerHandoverServiceClient<Line> {
        CustomerHandoverServiceClient::new(self.line.clone())
    }

    /// Claims a customer from the pool, or tells why not.
    pub async fn claim(&self, customer: &str) -> Result<Ownership, Status> {
        let request = ClaimCustomerRequest { name: format!("{customer}/ownership"), ..Default::default() };
        self.ownerships().claim_customer(request).await.map(Response::into_inner)
    }

    /// Writes down that a customer was called now, or tells why not.
    pub async fn follow_up(&self, customer: &str) -> Result<FollowUp, Status> {
        self.record(FollowUp {
            customer: customer.to_owned(),
            way: FollowUpWay::Phone.into(),
            content: "wants two rooms".to_owned(),
            ..FollowUp::default()
        })
        .await
    }

    /// Writes a follow-up down, or tells why not.
    pub async fn record(&self, follow_up: FollowUp) -> Result<FollowUp, Status> {
        let request = RecordFollowUpRequest { follow_up: Some(follow_up), ..Default::default() };
        self.follow_ups().record_follow_up(request).await.map(Response::into_inner)
    }

    /// Whose a customer is.
    pub async fn ownership(&self, customer: &str) -> Ownership {
        let request = GetOwnershipRequest { name: format!("{customer}/ownership") };
        self.ownerships().get_ownership(request).await.unwrap().into_inner()
    }
}

/// The desk: one database, its neighbours, and replicas of the service.
pub struct OwnershipDesk {
    pub intake: Fake,
    _dispatch: Fake,
    clock: Clock,
    pub hand: ManualClock,
    pub pool: Pool,
    issuer: Issuer,
    channels: Vec<Channel>,
    registered: std::cell::Cell<i64>,
    _database: TestDatabase,
    _shutdown: DropGuard,
}

impl OwnershipDesk {
    /// With one replica.
    pub async fn open() -> Self {
        Self::with_replicas(1).await
    }

    /// With several replicas on one database.
    pub async fn with_replicas(replicas: usize) -> Self {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let (clock, hand) = Clock::manual(START);
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let (intake, intake_address) = Fake::start("intake").await;
        let (dispatch, dispatch_address) = Fake::start("dispatch").await;
        let shutdown = CancellationToken::new();
        let mut channels = Vec::new();
        for _ in 0..replicas {
            let config = Config {
                database_url: database.url(SCHEMA.role),
                database_connections: 8,
                intake_address: intake_address.clone(),
                dispatch_address: dispatch_address.clone(),
                time_zone: "Asia/Shanghai".to_owned(),
                key_file: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/keys_of_the_tests.toml").into(),
                retention_idle_days: None,
                limits: Limits::default(),
            };
            let deps = Deps {
                clock: clock.clone(),
                verifier: Verifier::of_issuer(&issuer, clock.clone()),
                tokens: TokenSource::issued(issuer.clone(), clock.clone(), "customer-records"),
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(run(config, deps, listener, shutdown.clone()));
            channels.push(Channel::from_shared(address).unwrap().connect_lazy());
        }
        let pool = database.pool(SCHEMA.role).await;
        Self {
            intake,
            _dispatch: dispatch,
            clock,
            hand,
            pool,
            issuer,
            channels,
            registered: std::cell::Cell::new(0),
            _database: database,
            _shutdown: shutdown.drop_guard(),
        }
    }

    /// Somebody with these roles, at one of the replicas.
    pub fn person(&self, id: &str, roles: &[Role]) -> Person {
        let year = Duration::from_secs(365 * 24 * 3600);
        let token = self.issuer.issue(id, roles, year, START).unwrap();
        let token = Token(format!("Bearer {token}").parse().unwrap());
        let channel = self.channels[id.len() % self.channels.len()].clone();
        Person { name: format!("agents/{id}"), line: InterceptedService::new(channel, token) }
    }

    pub fn agent(&self, id: &str) -> Person {
        self.person(id, &[Role::Agent])
    }

    pub fn supervisor(&self) -> Person {
        self.person("the.boss", &[Role::Supervisor])
    }

    pub fn administrator(&self) -> Person {
        self.person("root", &[Role::Administrator])
    }

    /// A customer who came in by nobody.
    pub async fn customer(&self, name: &str) -> String {
        let mut client = CustomerRecordsServiceClient::new(self.administrator().line);
        let customer = Customer { display_name: name.to_owned(), ..Customer::default() };
        let request = CreateCustomerRequest { customer: Some(customer), ..Default::default() };
        client.create_customer(request).await.unwrap().into_inner().name
    }

    /// The next contact of the register, now, not told yet.
    pub fn contact(&self, customer: &str, agent: &str) -> ContactFacts {
        self.registered.set(self.registered.get() + 1);
        let now = self.now();
        ContactFacts {
            contact: ContactId::at(now).name(),
            site: "sites/main".to_owned(),
            register_number: self.registered.get(),
            contact_time: Some(time::to_wire(now)),
            channel: Way::WalkIn.into(),
            purpose: Purpose::Customer.into(),
            agent: agent.to_owned(),
            customer: customer.to_owned(),
            ..ContactFacts::default()
        }
    }

    /// Tells of contacts in one batch, and waits until they are taken in.
    pub async fn tell(&self, contacts: &[ContactFacts]) {
        let event =
            |facts: &ContactFacts| self.intake.event("contact.registered", &facts.contact, self.now(), facts);
        self.intake.tell(contacts.iter().map(event).collect());
        self.settle().await;
    }

    /// An agent receives a customer, now.
    pub async fn receive(&self, customer: &str, agent: &Person) -> ContactFacts {
        let contact = self.contact(customer, &agent.name);
        self.tell(std::slice::from_ref(&contact)).await;
        contact
    }

    /// A web lead comes in, registered by a service.
    pub async fn lead(&self, customer: &str) {
        let lead = ContactFacts { channel: Way::Lead.into(), ..self.contact(customer, "") };
        self.tell(&[lead]).await;
    }

    /// An agent answers the call of a contact.
    pub async fn answer(&self, contact: &ContactFacts, agent: &Person, at: Timestamp) {
        let facts =
            CallFacts { contact: contact.contact.clone(), agent: agent.name.clone(), ..CallFacts::default() };
        let event = Event {
            time: Some(time::to_wire(at)),
            id: EventId::at(at).to_string(),
            ..self.intake.event("call.answered", "calls/1", at, &facts)
        };
        self.intake.tell(vec![event]);
        self.settle().await;
    }

    /// Tells the zone of the site.
    pub async fn open_site(&self, zone: &str) {
        let site = Site { name: "sites/main".to_owned(), time_zone: zone.to_owned(), ..Site::default() };
        self.intake.tell(vec![self.intake.event("site.created", "sites/main", self.now(), &site)]);
        self.settle().await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets days go by.
    pub fn days(&self, days: i64) {
        self.hand.advance(SignedDuration::from_hours(24 * days));
    }

    /// Lets minutes go by.
    pub fn minutes(&self, minutes: i64) {
        self.hand.advance(SignedDuration::from_mins(minutes));
    }

    /// Waits until all that intake told is taken in.
    pub async fn settle(&self) {
        let wanted = self.intake.position();
        let cursor = "select count(*) from customer_records.consumer_cursors
                      where consumer = 'customer_records.intake' and position = $1";
        for _ in 0..PATIENCE {
            let reached: i64 = sqlx::query_scalar(cursor).bind(&wanted).fetch_one(&self.pool).await.unwrap();
            if reached == 1 || wanted == "0" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not taken in");
    }

    /// Makes the consumer read everything again from the beginning.
    pub async fn read_again(&self) {
        let forget = "update customer_records.consumer_cursors set position = ''";
        sqlx::query(forget).execute(&self.pool).await.unwrap();
        self.intake.hang_up();
        self.settle().await;
    }

    /// Waits until events of this type are told.
    pub async fn until_told(&self, event_type: &str, times: i64) {
        for _ in 0..PATIENCE {
            if self.count(event_type).await >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{event_type} was not told {times} times");
    }

    /// Waits until nothing is due any more.
    pub async fn until_nothing_is_due(&self) {
        let due = "select (select count(*) from customer_records.ownerships where fires_at <= $1)
                        + (select count(*) from customer_records.conduct_checks where not checked and due_at <= $1)";
        for _ in 0..PATIENCE {
            let now = jiff_sqlx::ToSqlx::to_sqlx(self.now());
            let left: i64 = sqlx::query_scalar(due).bind(now).fetch_one(&self.pool).await.unwrap();
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("something is still due");
    }

    /// How many events of this type are written.
    pub async fn count(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("select count(*) from customer_records.event_log where event_type = $1")
            .bind(event_type)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// What the feed told of these types so far, in order.
    pub async fn told(&self, types: &[&str]) -> Vec<Event> {
        let mut wanted: i64 = 0;
        for event_type in types {
            wanted += self.count(event_type).await;
        }
        let service = self.person("gateway", &[Role::Service]);
        let request = StreamEventsRequest {
            types: types.iter().map(ToString::to_string).collect(),
            ..StreamEventsRequest::default()
        };
        let mut client = EventFeedServiceClient::new(service.line);
        let mut feed = client.stream_events(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while events.len() < usize::try_from(wanted).unwrap() {
            events.extend(feed.message().await.unwrap().unwrap().events);
        }
        events
    }

    /// The facts of the ownership events of these types, each with its type.
    pub async fn facts(&self, types: &[&str]) -> Vec<(String, OwnershipFacts)> {
        let events = self.told(types).await;
        let facts = |event: Event| (event.r#type.clone(), event.data.unwrap().to_msg().unwrap());
        events.into_iter().map(facts).collect()
    }
}

/// A time on the wire.
pub fn wire(text: &str) -> Option<prost_types::Timestamp> {
    Some(time::to_wire(text.parse().unwrap()))
}
