//! Dispatch in full beside a log of intake written by hand: own database, own port, a clock that the test moves.

use std::{sync::Arc, time::Duration};

use kexiang_core::{Clock, ManualClock, Role};
use kexiang_dispatch::{Config, SCHEMA, SERVICE};
use kexiang_pg::Pool;
use kexiang_proto::{
    dispatch_v1::{
        AcceptWorkOrderRequest, Agent, Assignment, CreateAgentRequest, CreateRouteRequest, CreateUnitRequest,
        FinishWorkOrderRequest, GetAgentRequest, ListAssignmentsRequest, ListTasksRequest,
        ListWorkOrdersRequest, Proof, Route, SignInRequest, StartWorkOrderRequest, Task, Unit, WorkOrder,
        dispatch_service_client::DispatchServiceClient, org_service_client::OrgServiceClient,
        presence_service_client::PresenceServiceClient, rotation_service_client::RotationServiceClient,
    },
    event_v1::{Event, StreamEventsRequest, event_feed_service_client::EventFeedServiceClient},
    intake_v1::CaseFacts,
};
use kexiang_rpc::{
    Deps,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use kexiang_testkit::TestDatabase;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use crate::{
    bearer::{Bearer, Client},
    case_facts::opening,
    fake_intake::FakeIntake,
};

/// Longest that a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Dispatch and all around it.
pub struct Center {
    pub intake: FakeIntake,
    pub clock: ManualClock,
    pub pool: Pool,
    time: Clock,
    issuer: Issuer,
    channel: Channel,
    config: Config,
    _shutdown: DropGuard,
    _database: Arc<TestDatabase>,
}

impl Center {
    /// Opens with nothing set up.
    pub async fn open() -> Self {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let (time, clock) = Clock::manual(opening());
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let (intake, intake_address) = FakeIntake::serve().await;
        let deps = Deps {
            clock: time.clone(),
            verifier: Verifier::of_issuer(&issuer, time.clone()),
            tokens: TokenSource::issued(issuer.clone(), time.clone(), SERVICE),
        };
        let database_url = database.url(SCHEMA.role);
        let config =
            Config { database_url, database_connections: 8, intake_address, limits: Limits::default() };
        let (channel, shutdown) = serve(config.clone(), deps).await;
        let (pool, _database) = (database.pool(SCHEMA.role).await, Arc::new(database));
        Self { intake, clock, pool, time, issuer, channel, config, _shutdown: shutdown, _database }
    }

    /// Ends the process and starts another one on the same database.
    pub async fn reopen(self) -> Self {
        let deps = Deps {
            clock: self.time.clone(),
            verifier: Verifier::of_issuer(&self.issuer, self.time.clone()),
            tokens: TokenSource::issued(self.issuer.clone(), self.time.clone(), SERVICE),
        };
        let (channel, _shutdown) = serve(self.config.clone(), deps).await;
        Self { channel, _shutdown, ..self }
    }

    /// Opens with the unit `grid-1`, a line that sends everything of the site `main` there, and these agents of it, each with
    /// a capacity and signed in.
    pub async fn open_with(agents: &[(&str, i32)]) -> Self {
        let center = Self::open().await;
        center.create_unit("grid-1").await;
        center.create_route(Route::default(), "grid-1").await;
        for (agent, capacity) in agents {
            center.create_agent(agent, "grid-1", *capacity).await;
            center.sign_in(agent).await;
        }
        center
    }

    /// A client with a token of this subject and roles.
    pub fn client(&self, subject: &str, roles: &[Role]) -> Client {
        DispatchServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject, roles))
    }

    /// The rotation at a desk, with a token of this subject and roles.
    pub fn rotation(
        &self,
        subject: &str,
        roles: &[Role],
    ) -> RotationServiceClient<InterceptedService<Channel, Bearer>> {
        RotationServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject, roles))
    }

    /// Presence, with a token of this subject and roles.
    pub fn presence(
        &self,
        subject: &str,
        roles: &[Role],
    ) -> PresenceServiceClient<InterceptedService<Channel, Bearer>> {
        PresenceServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject, roles))
    }

    /// The org, as an administrator.
    pub fn org(&self) -> OrgServiceClient<InterceptedService<Channel, Bearer>> {
        let bearer = self.bearer("root", &[Role::Administrator]);
        OrgServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    fn bearer(&self, subject: &str, roles: &[Role]) -> Bearer {
        Bearer(self.issuer.issue(subject, roles, Duration::from_hours(24 * 30), self.time.now()).unwrap())
    }

    pub fn administrator(&self) -> Client {
        self.client("root", &[Role::Administrator])
    }

    pub fn dispatcher(&self) -> Client {
        self.client("chen.jie", &[Role::Dispatcher])
    }

    /// A technician.
    pub fn agent(&self, id: &str) -> Client {
        self.client(id, &[Role::Technician])
    }

    /// Somebody at the desk.
    pub fn desk(&self) -> Client {
        self.client("li.na", &[Role::Agent])
    }

    pub async fn create_unit(&self, id: &str) -> Unit {
        let unit = Some(Unit { display_name: format!("Unit {id}"), ..Unit::default() });
        let request = CreateUnitRequest { unit_id: id.to_owned(), unit, ..Default::default() };
        self.administrator().create_unit(request).await.unwrap().into_inner()
    }

    pub async fn create_agent(&self, id: &str, unit: &str, capacity: i32) -> Agent {
        let (display_name, unit) = (id.to_owned(), format!("units/{unit}"));
        let agent = Some(Agent { display_name, unit, capacity, ..Agent::default() });
        let request = CreateAgentRequest { agent_id: id.to_owned(), agent, ..Default::default() };
        self.administrator().create_agent(request).await.unwrap().into_inner()
    }

    /// A line of the site `main` with the conditions of `route`.
    pub async fn create_route(&self, route: Route, unit: &str) -> Route {
        let route = Some(Route { site: "sites/main".to_owned(), unit: format!("units/{unit}"), ..route });
        let request = CreateRouteRequest { route, ..Default::default() };
        self.administrator().create_route(request).await.unwrap().into_inner()
    }

    pub async fn sign_in(&self, agent: &str) -> Agent {
        let request = SignInRequest { name: format!("agents/{agent}"), ..Default::default() };
        self.agent(agent).sign_in(request).await.unwrap().into_inner()
    }

    pub async fn get_agent(&self, agent: &str) -> Agent {
        let request = GetAgentRequest { name: format!("agents/{agent}") };
        self.dispatcher().get_agent(request).await.unwrap().into_inner()
    }

    /// Intake tells these events in one batch; returns when dispatch has taken them in.
    pub async fn take_in(&self, events: Vec<Event>) {
        self.intake.tell(events);
        let end = self.intake.end();
        self.eventually("the events are taken in", async || self.position().await == end).await;
    }

    async fn position(&self) -> String {
        let position = "select position from dispatch.consumer_cursors where consumer = 'dispatch.intake'";
        sqlx::query_scalar(position).fetch_optional(&self.pool).await.unwrap().unwrap_or_default()
    }

    /// Waits until it is so.
    pub async fn eventually(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let so = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("in time: {what}"));
    }

    /// All work orders, newest first, by pages of 1,000.
    pub async fn orders(&self, mut filter: ListWorkOrdersRequest) -> Vec<WorkOrder> {
        let mut orders = Vec::new();
        filter.page_size = 1_000;
        loop {
            let page = self.dispatcher().list_work_orders(filter.clone()).await.unwrap().into_inner();
            orders.extend(page.work_orders);
            if page.next_page_token.is_empty() {
                return orders;
            }
            filter.page_token = page.next_page_token;
        }
    }

    /// The newest work order of a case.
    pub async fn order_of(&self, case: &CaseFacts) -> WorkOrder {
        let filter = ListWorkOrdersRequest { case: case.case.clone(), ..Default::default() };
        let mut orders = self.orders(filter).await;
        orders.sort_by_key(|order| order.attempt);
        orders.pop().expect("the case has a work order")
    }

    /// The decisions about an order, newest first.
    pub async fn assignments(&self, order: &WorkOrder) -> Vec<Assignment> {
        let request = ListAssignmentsRequest { parent: order.name.clone(), ..Default::default() };
        self.dispatcher().list_assignments(request).await.unwrap().into_inner().assignments
    }

    pub async fn tasks(&self) -> Vec<Task> {
        self.desk().list_tasks(ListTasksRequest::default()).await.unwrap().into_inner().tasks
    }

    /// Its agent accepts, starts and finishes an order.
    pub async fn do_work(&self, order: &WorkOrder) -> WorkOrder {
        let mut agent = self.agent(order.agent.strip_prefix("agents/").unwrap());
        let name = || order.name.clone();
        agent.accept_work_order(AcceptWorkOrderRequest { name: name(), ..Default::default() }).await.unwrap();
        agent.start_work_order(StartWorkOrderRequest { name: name(), ..Default::default() }).await.unwrap();
        let request = FinishWorkOrderRequest { name: name(), proof: Some(proof()), ..Default::default() };
        agent.finish_work_order(request).await.unwrap().into_inner()
    }

    /// All that dispatch has told so far. Its feed is held back by transactions anywhere on the server, so it is read until
    /// all is there.
    pub async fn told(&self) -> Vec<Event> {
        let count = sqlx::query_scalar("select count(*) from dispatch.event_log");
        let count: i64 = count.fetch_one(&self.pool).await.unwrap();
        let bearer = self.bearer("reporting", &[Role::Service]);
        let mut feed = EventFeedServiceClient::with_interceptor(self.channel.clone(), bearer);
        let mut batches = feed.stream_events(StreamEventsRequest::default()).await.unwrap().into_inner();
        let mut events = Vec::new();
        let read = async {
            while events.len() < usize::try_from(count).unwrap() {
                events.extend(batches.message().await.unwrap().unwrap().events);
            }
        };
        timeout(PATIENCE, read).await.expect("the feed tells all");
        events
    }

    /// The types of what dispatch has told of one resource.
    pub async fn told_of(&self, subject: &str) -> Vec<String> {
        let of_subject = |event: Event| (event.subject == subject).then_some(event.r#type);
        self.told().await.into_iter().filter_map(of_subject).collect()
    }

    /// Agents whose kept counter is not what a recount gives: id, kept, counted.
    pub async fn miscounted(&self) -> Vec<(String, i32, i64)> {
        let recount = "select a.agent_id, a.open_orders, count(w.work_order_id) from dispatch.agents a
             left join dispatch.work_orders w
               on w.agent_id = a.agent_id and w.state in ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')
             group by a.agent_id having a.open_orders <> count(w.work_order_id)";
        sqlx::query_as(recount).fetch_all(&self.pool).await.unwrap()
    }
}

/// Dispatch as one more process; ends when the guard goes.
async fn serve(config: Config, deps: Deps) -> (Channel, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    tokio::spawn(kexiang_dispatch::run(config, deps, listener, shutdown.clone()));
    (Endpoint::from_shared(address).unwrap().connect_lazy(), shutdown.drop_guard())
}

/// What shows that the work is done.
pub fn proof() -> Proof {
    Proof { report: "splice renewed".to_owned(), evidence: vec!["photos/1.jpg".to_owned()] }
}
