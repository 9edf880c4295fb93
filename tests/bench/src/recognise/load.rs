//! The callers: each has one call in flight, over a few shared connections, and asks for another customer every time.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, ensure};
use kexiang_core::{Clock, Role};
use kexiang_proto::{
    customers_v1::{
        self as records, ContactPoint, contact_point,
        customer_records_service_client::CustomerRecordsServiceClient,
    },
    intake_v1::{
        self as intake, caller_recognition::Source, recognition_service_client::RecognitionServiceClient,
    },
};
use kexiang_rpc::token::Issuer;
use serde::Serialize;
use tokio::task::JoinSet;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::{
    fill::{KNOWN, KNOWN_CASES, customer_name, known, phone},
    names,
    services::Services,
};
use crate::figures::Latencies;

/// Good for longer than any run.
const TOKEN_TTL: Duration = Duration::from_hours(24);
/// As front ends set it.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest that a service may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Customers on a page of a search, and entries of each list of a view.
const PAGE: usize = 50;
const SHOWN: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Intake: RecogniseCaller, which asks customer records.
    IntakeRecogniseCaller,
    /// Customer records: RecogniseCaller.
    RecordsRecogniseCaller,
    /// Customer records: ListCustomers with a phone (CU-17).
    RecordsFindByPhone,
    /// Customer records: SearchCustomers with two characters of a name (CU-2).
    RecordsSearchBeginning,
    /// Customer records: SearchCustomers with the initials of a reading.
    RecordsSearchInitials,
    /// Customer records: SearchCustomers with a typing error in a name in Latin letters.
    RecordsSearchMistyped,
    /// Customer records: GetCustomerView of somebody with 1,000 timeline entries (CU-16).
    RecordsView,
}

impl Question {
    pub const ALL: [Self; 7] = [
        Self::IntakeRecogniseCaller,
        Self::RecordsRecogniseCaller,
        Self::RecordsFindByPhone,
        Self::RecordsSearchBeginning,
        Self::RecordsSearchInitials,
        Self::RecordsSearchMistyped,
        Self::RecordsView,
    ];
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntakeRecogniseCaller => "intake RecogniseCaller",
            Self::RecordsRecogniseCaller => "customer records RecogniseCaller",
            Self::RecordsFindByPhone => "customer records ListCustomers by phone",
            Self::RecordsSearchBeginning => "customer records SearchCustomers by two characters",
            Self::RecordsSearchInitials => "customer records SearchCustomers by initials",
            Self::RecordsSearchMistyped => "customer records SearchCustomers with a typing error",
            Self::RecordsView => "customer records GetCustomerView",
        })
    }
}

/// Callers of both services.
pub struct Load {
    bearer: MetadataValue<Ascii>,
    connections: Vec<(Channel, Channel)>,
    customers: u32,
}

/// What callers heard in one turn.
pub struct Turn {
    pub heard: Heard,
    pub per_second: f64,
}

/// What one or more callers heard.
pub struct Heard {
    pub latencies: Latencies,
    /// Answers of intake for which customer records were too slow.
    pub degraded: u64,
}

impl Load {
    /// Connects to both services, as soon as they listen.
    pub async fn connect(
        services: &Services,
        issuer: &Issuer,
        connections: u16,
        customers: u32,
    ) -> anyhow::Result<Self> {
        let token = issuer.issue("agent-1", &[Role::Agent], TOKEN_TTL, Clock::system().now())?;
        let mut channels = Vec::new();
        for _ in 0..connections {
            channels.push((connect(&services.intake).await?, connect(&services.customer_records).await?));
        }
        Ok(Self { bearer: format!("Bearer {token}").parse()?, connections: channels, customers })
    }

    /// Lets so many callers ask for `length`; the last calls are waited for.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
    pub async fn turn(&self, question: Question, callers: u16, length: Duration) -> anyhow::Result<Turn> {
        let mut running = JoinSet::new();
        let start = Instant::now();
        for (nr, (intake, records)) in (0..callers).zip(self.connections.iter().cycle()) {
            let caller = Caller {
                bearer: self.bearer.clone(),
                intake: RecognitionServiceClient::new(intake.clone()),
                records: CustomerRecordsServiceClient::new(records.clone()),
                customers: self.customers,
                // Any odd beginning will do; callers must not ask for the same.
                draw: u64::from(nr) * 2_654_435_761 + 1,
            };
            running.spawn(caller.ask_until(question, start + length));
        }
        let mut heard = Heard { latencies: Latencies::new()?, degraded: 0 };
        while let Some(caller) = running.join_next().await {
            let caller = caller.map_err(|panic| anyhow!("a caller failed: {panic}"))??;
            heard.latencies.add(&caller.latencies)?;
            heard.degraded += caller.degraded;
        }
        let per_second = heard.latencies.count() as f64 / start.elapsed().as_secs_f64();
        Ok(Turn { heard, per_second })
    }
}

struct Caller {
    bearer: MetadataValue<Ascii>,
    intake: RecognitionServiceClient<Channel>,
    records: CustomerRecordsServiceClient<Channel>,
    customers: u32,
    draw: u64,
}

impl Caller {
    async fn ask_until(mut self, question: Question, end: Instant) -> anyhow::Result<Heard> {
        let mut heard = Heard { latencies: Latencies::new()?, degraded: 0 };
        while Instant::now() < end {
            let nr = self.next_customer(question);
            let start = Instant::now();
            let found = self.ask(question, nr).await?;
            heard.latencies.record(start.elapsed());
            match found {
                Some(found) => {
                    ensure!(found == customer_name(nr), "{question} for customer {nr} found {found:?}");
                }
                None => heard.degraded += 1,
            }
        }
        Ok(heard)
    }

    /// The customer that was found; `None` when intake answered without customer records.
    async fn ask(&mut self, question: Question, nr: u32) -> anyhow::Result<Option<String>> {
        let phone = phone(nr);
        match question {
            Question::IntakeRecogniseCaller => {
                let category = String::new();
                let request =
                    intake::RecogniseCallerRequest { site: "sites/main".to_owned(), phone, category };
                let answer = self.intake.recognise_caller(with(&self.bearer, request)).await?.into_inner();
                if answer.source() == Source::Degraded {
                    return Ok(None);
                }
                Ok(Some(answer.customer.map(|customer| customer.customer).unwrap_or_default()))
            }
            Question::RecordsRecogniseCaller => {
                let request = records::RecogniseCallerRequest { phone, phone_region: String::new() };
                let answer = self.records.recognise_caller(with(&self.bearer, request)).await?.into_inner();
                Ok(Some(answer.customer.map(|customer| customer.name).unwrap_or_default()))
            }
            Question::RecordsFindByPhone => {
                let contact_point = ContactPoint {
                    kind: contact_point::Kind::Phone.into(),
                    value: phone,
                    ..Default::default()
                };
                let contact_point = Some(contact_point);
                let request = records::ListCustomersRequest { contact_point, ..Default::default() };
                let answer = self.records.list_customers(with(&self.bearer, request)).await?.into_inner();
                Ok(Some(answer.customers.into_iter().next().map(|found| found.name).unwrap_or_default()))
            }
            Question::RecordsSearchBeginning => {
                let typed = names::beginning(nr);
                self.search(nr, &typed, |name| name.starts_with(&typed)).await.map(Some)
            }
            Question::RecordsSearchInitials => {
                let typed = names::initials(nr);
                let fits = |name: &str| names::initials_of(name).as_ref() == Some(&typed);
                self.search(nr, &typed, fits).await.map(Some)
            }
            Question::RecordsSearchMistyped => {
                let meant = names::name(nr);
                self.search(nr, &names::mistyped(nr), |name| name == meant).await.map(Some)
            }
            Question::RecordsView => self.view(nr).await.map(Some),
        }
    }

    /// Types a part of a name: all who are found must fit, and the one meant is among them when all are told.
    async fn search(&mut self, nr: u32, typed: &str, fits: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let request = records::SearchCustomersRequest { query: typed.to_owned(), ..Default::default() };
        let answer = self.records.search_customers(with(&self.bearer, request)).await?.into_inner();
        let wrong = answer.customers.iter().find(|found| !fits(&found.display_name));
        ensure!(wrong.is_none(), "{typed} for customer {nr} found {:?}", wrong.map(|found| &found.name));
        let meant = customer_name(nr);
        let all_told = answer.next_page_token.is_empty() && !answer.incomplete;
        let is_told = answer.customers.iter().any(|found| found.name == meant);
        let full = answer.customers.len() == PAGE;
        ensure!(is_told || (!all_told && full), "{typed} does not find customer {nr}");
        Ok(meant)
    }

    /// Asks for everything about a customer: each list must be full.
    async fn view(&mut self, nr: u32) -> anyhow::Result<String> {
        let request = records::GetCustomerViewRequest { name: customer_name(nr) };
        let view = self.records.get_customer_view(with(&self.bearer, request)).await?.into_inner();
        let lists = [view.timeline_entries.len(), view.orders.len(), view.visits.len(), view.promises.len()];
        ensure!(lists == [SHOWN; 4], "the view of customer {nr} shows {lists:?}");
        let cases = KNOWN_CASES + u32::from(nr.is_multiple_of(20));
        ensure!(view.case_count == i64::from(cases), "customer {nr} has {} cases", view.case_count);
        Ok(view.customer.map(|customer| customer.name).unwrap_or_default())
    }

    /// A customer whom the question can be asked for.
    fn next_customer(&mut self, question: Question) -> u32 {
        let nr = self.drawn(self.customers);
        match question {
            Question::RecordsSearchBeginning | Question::RecordsSearchInitials if names::is_latin(nr) => {
                nr - 1
            }
            // The nine of its ten, which may be the one before the first.
            Question::RecordsSearchMistyped => (nr / 10 * 10).max(10) - 1,
            Question::RecordsView => known(self.drawn(KNOWN), self.customers),
            _ => nr,
        }
    }

    /// Knuth's linear congruential generator: even enough to draw customers. From 1 to `most`.
    fn drawn(&mut self, most: u32) -> u32 {
        self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.draw >> 33) % u64::from(most)).unwrap_or_default() + 1
    }
}

async fn connect(uri: &str) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(uri.to_owned())?.tcp_nodelay(true).connect_timeout(PATIENCE);
    endpoint.connect().await.with_context(|| format!("{uri} does not answer"))
}

fn with<M>(bearer: &MetadataValue<Ascii>, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request.set_timeout(CALL_TIMEOUT);
    request
}
