//! Reporting in full, between two logs written by hand: own database, own port, a clock that the test moves.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use kexiang_core::{Clock, ManualClock};
use kexiang_pg::Pool;
use kexiang_proto::reporting_v1::{
    CountedCase, DayReport, GetBreakdownRequest, GetBreakdownResponse, GetDayReportRequest,
    GetWallboardRequest, ListCountedCasesRequest, Wallboard, WatchWallboardRequest,
    reporting_service_client::ReportingServiceClient,
};
use kexiang_reporting::{Config, SCHEMA, SERVICE};
use kexiang_rpc::{
    Deps, Peer,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use kexiang_testkit::TestDatabase;
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use crate::{facts::at, feed::FakeFeed};

/// Longest that a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// What live counts say: by subject, site and state.
pub type Counts = BTreeMap<(String, String, String), i64>;

/// Reporting and all around it.
pub struct Center {
    pub intake: FakeFeed,
    pub dispatch: FakeFeed,
    pub clock: ManualClock,
    time: Clock,
    pool: Pool,
    client: ReportingServiceClient<Peer>,
    shutdown: CancellationToken,
    served: Mutex<Option<JoinHandle<anyhow::Result<()>>>>,
    _database: TestDatabase,
}

impl Center {
    /// Opens at 2026-11-22, 16:00 in Kunming, with empty logs.
    pub async fn open() -> Self {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let (time, clock) = Clock::manual(at("2026-11-22T08:00:00Z"));
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let tokens = TokenSource::issued(issuer.clone(), time.clone(), SERVICE);
        let (intake, intake_address) = FakeFeed::serve().await;
        let (dispatch, dispatch_address) = FakeFeed::serve().await;
        let config = Config {
            database_url: database.url(SCHEMA.role),
            database_connections: 8,
            intake_address,
            dispatch_address,
            limits: Limits::default(),
        };
        let verifier = Verifier::of_issuer(&issuer, time.clone());
        let deps = Deps { clock: time.clone(), verifier, tokens: tokens.clone() };
        let pool = database.pool(SCHEMA.role).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(kexiang_reporting::run(config, deps, listener, shutdown.clone()));
        let client = ReportingServiceClient::new(Peer::connect_lazy(&address, tokens).unwrap());
        let served = Mutex::new(Some(served));
        Self { intake, dispatch, clock, time, pool, client, shutdown, served, _database: database }
    }

    pub fn client(&self) -> ReportingServiceClient<Peer> {
        self.client.clone()
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Waits until both cursors stand at the ends of their logs.
    pub async fn all_taken_in(&self) {
        let reached = async {
            while self.position("reporting.intake").await != self.intake.end()
                || self.position("reporting.dispatch").await != self.dispatch.end()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("all events are taken in");
    }

    /// The cursor of a consumer; `0` before it has taken in anything.
    async fn position(&self, consumer: &str) -> String {
        let position =
            sqlx::query_scalar("select position from reporting.consumer_cursors where consumer = $1");
        let position: Option<String> = position.bind(consumer).fetch_optional(&self.pool).await.unwrap();
        position.unwrap_or_else(|| "0".to_owned())
    }

    pub async fn day_report(&self, site: &str, date: &str) -> DayReport {
        let request = GetDayReportRequest { site: format!("sites/{site}"), date: date.to_owned() };
        self.client().get_day_report(request).await.unwrap().into_inner()
    }

    pub async fn breakdown(&self, request: GetBreakdownRequest) -> GetBreakdownResponse {
        self.client().get_breakdown(request).await.unwrap().into_inner()
    }

    /// All pages of a list.
    pub async fn counted_cases(&self, mut request: ListCountedCasesRequest) -> Vec<CountedCase> {
        let mut cases = Vec::new();
        loop {
            let page = self.client().list_counted_cases(request.clone()).await.unwrap().into_inner();
            cases.extend(page.counted_cases);
            if page.next_page_token.is_empty() {
                return cases;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The wallboard of a site, or of all when `site` is empty.
    pub async fn wallboard(&self, site: &str) -> Wallboard {
        let request = GetWallboardRequest { site: name(site) };
        self.client().get_wallboard(request).await.unwrap().into_inner()
    }

    pub async fn watch(&self, site: &str) -> Streaming<Wallboard> {
        let request = WatchWallboardRequest { site: name(site) };
        self.client().watch_wallboard(request).await.unwrap().into_inner()
    }

    /// The counts that are kept for the wallboard, without those that have fallen to 0.
    pub async fn kept_counts(&self) -> Counts {
        self.counts("select subject, site_id, state, count from reporting.live_counts where count <> 0").await
    }

    /// The same counted anew from the facts.
    pub async fn recount(&self) -> Counts {
        self.counts(
            "select 'CASE', site_id, state, count(*) from reporting.case_facts group by site_id, state
             union all
             select 'WORK_ORDER', site_id, state, count(*) from reporting.work_order_facts group by site_id, state",
        )
        .await
    }

    async fn counts(&self, sql: &'static str) -> Counts {
        let rows: Vec<(String, String, String, i64)> =
            sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        rows.into_iter().map(|(subject, site, state, count)| ((subject, site, state), count)).collect()
    }

    /// The first resolution of the only case.
    pub async fn first_resolved_at(&self) -> Timestamp {
        let first = sqlx::query_scalar("select first_resolved_at from reporting.case_facts");
        let first: jiff_sqlx::Timestamp = first.fetch_one(&self.pool).await.unwrap();
        first.to_jiff()
    }

    /// Empties all tables of the schema, cursors too, in one transaction.
    pub async fn forget_everything(&self) {
        sqlx::query(
            "truncate reporting.sites, reporting.case_facts, reporting.work_order_facts, reporting.task_facts,
                 reporting.agent_presence, reporting.live_counts, reporting.contact_facts,
                 reporting.desk_resolutions, reporting.held_cases, reporting.consumer_cursors",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// Stops the service as an operator does, and waits until it has stopped.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        let served = self.served.lock().await.take().unwrap();
        timeout(PATIENCE, served).await.expect("the service stops").unwrap().unwrap();
    }
}

fn name(site: &str) -> String {
    if site.is_empty() { String::new() } else { format!("sites/{site}") }
}
