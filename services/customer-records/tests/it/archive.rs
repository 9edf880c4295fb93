//! The archive in the words of the stories.

use kexiang_core::{EvidenceId, Role};
use kexiang_proto::customers_v1::{
    ApproveDestructionRequest, ArchiveContent, ArchiveEntry, ArchiveEntryFacts, ArchiveFieldValue,
    AssessSupplierRequest, AssessmentResult, ConfidentialityLevel, CreateArchiveEntryRequest,
    DraftArchiveVersionRequest, GetArchiveEntryRequest, LendArchiveEntryRequest, OpenHandInRequest,
    ProposeDestructionRequest, RecordQuoteRequest, RetireArchiveEntryRequest, ReturnArchiveEntryRequest,
    SupplierQuote, archive_service_client::ArchiveServiceClient, hand_in_service_client::HandInServiceClient,
};
use kexiang_rpc::time::to_wire;
use tonic::{Response, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    agreement::day,
    center::{Bearer, Center, START},
};

pub type Client = ArchiveServiceClient<InterceptedService<Channel, Bearer>>;
pub type HandInClient = HandInServiceClient<InterceptedService<Channel, Bearer>>;

/// A field with these values.
pub fn field(code: &str, values: &[&str]) -> ArchiveFieldValue {
    ArchiveFieldValue { code: code.to_owned(), values: values.iter().map(ToString::to_string).collect() }
}

/// What an entry of a provided kind says at least.
pub fn content(kind: &str) -> ArchiveContent {
    let firm = ["name", "address", "person"].map(|code| field(code, &["某某"]));
    let trade = [field("phones", &["010-8529 6000"]), field("products", &["beer", "water"])];
    let fields = match kind {
        "dealer" | "sub_dealer" => {
            let more = [field("delivery_address", &["仓库"]), field("territory", &["north"])];
            [&firm[..], &trade[..], &more[..]].concat()
        }
        "supplier" => [&firm[..], &trade[..]].concat(),
        "contract" => vec![field("number", &["1"]), field("party", &["p"])],
        _ => vec![field("number", &["1"])],
    };
    let level = ConfidentialityLevel::Internal.into();
    ArchiveContent { title: kind.to_owned(), level, fields, ..ArchiveContent::default() }
}

/// The request that creates an entry of a provided kind.
pub fn creation(kind: &str) -> CreateArchiveEntryRequest {
    let content = Some(content(kind));
    CreateArchiveEntryRequest { kind: format!("archiveKinds/{kind}"), content, ..Default::default() }
}

impl Center {
    /// Speaks with the archive as who keeps it: an agent who is administrator too.
    pub fn archive(&self) -> Client {
        self.archive_as("li.ming", &[Role::Agent, Role::Administrator])
    }

    /// Speaks with the archive as somebody else.
    pub fn archive_as(&self, subject: &str, roles: &[Role]) -> Client {
        ArchiveServiceClient::with_interceptor(self.channel.clone(), self.bearer_of(subject, roles))
    }

    /// Speaks of hand-ins as who leads.
    pub fn hand_ins(&self) -> HandInClient {
        let bearer = self.bearer_of("chen.jie", &[Role::Supervisor]);
        HandInServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// Creates an entry of a provided kind.
    pub async fn archived(&self, kind: &str) -> ArchiveEntry {
        self.archive().create_archive_entry(creation(kind)).await.unwrap().into_inner()
    }

    /// Gets an entry.
    pub async fn entry(&self, name: &str) -> ArchiveEntry {
        let request = GetArchiveEntryRequest { name: name.to_owned() };
        self.archive().get_archive_entry(request).await.unwrap().into_inner()
    }

    /// Adds a version.
    pub async fn draft_version(&self, name: &str) -> Result<ArchiveEntry, Status> {
        let request = DraftArchiveVersionRequest {
            name: name.to_owned(),
            evidence: EvidenceId::at(START).name(),
            sha256: "AB".repeat(32),
            ..Default::default()
        };
        self.archive().draft_archive_version(request).await.map(Response::into_inner)
    }

    /// Takes an entry out of use.
    pub async fn retire(&self, name: &str) -> ArchiveEntry {
        let request =
            RetireArchiveEntryRequest { name: name.to_owned(), reason: "old".into(), ..Default::default() };
        self.archive().retire_archive_entry(request).await.unwrap().into_inner()
    }

    /// Proposes to destroy an entry.
    pub async fn propose(&self, name: &str) -> Result<ArchiveEntry, Status> {
        let request =
            ProposeDestructionRequest { name: name.to_owned(), reason: "due".into(), ..Default::default() };
        self.archive().propose_destruction(request).await.map(Response::into_inner)
    }

    /// Approves that an entry is destroyed.
    pub async fn approve_as(&self, subject: &str, name: &str) -> Result<ArchiveEntry, Status> {
        let request = ApproveDestructionRequest { name: name.to_owned(), ..Default::default() };
        let mut client = self.archive_as(subject, &[Role::Manager, Role::Administrator]);
        client.approve_destruction(request).await.map(Response::into_inner)
    }

    /// Lends an entry until a day.
    pub async fn lend(&self, name: &str, borrower: &str, until: i64) -> Result<ArchiveEntry, Status> {
        let request = LendArchiveEntryRequest {
            name: name.to_owned(),
            borrower: format!("agents/{borrower}"),
            due_time: Some(to_wire(day(until))),
            ..Default::default()
        };
        self.archive().lend_archive_entry(request).await.map(Response::into_inner)
    }

    /// Takes an entry back.
    pub async fn take_back(&self, name: &str) -> Result<ArchiveEntry, Status> {
        let request = ReturnArchiveEntryRequest { name: name.to_owned(), ..Default::default() };
        self.archive().return_archive_entry(request).await.map(Response::into_inner)
    }

    /// Records an assessment, good until a day.
    pub async fn assess(
        &self,
        name: &str,
        result: AssessmentResult,
        until: i64,
    ) -> Result<ArchiveEntry, Status> {
        let request = AssessSupplierRequest {
            name: name.to_owned(),
            result: result.into(),
            assess_time: Some(to_wire(self.clock.now())),
            expire_time: Some(to_wire(day(until))),
            ..Default::default()
        };
        self.archive().assess_supplier(request).await.map(Response::into_inner)
    }

    /// Records a quote.
    pub async fn quote(&self, supplier: &str) -> Result<SupplierQuote, Status> {
        let request = RecordQuoteRequest {
            supplier: supplier.to_owned(),
            subject: "1000 crates".into(),
            amount: "12.5".into(),
            currency_code: "CNY".into(),
            ..Default::default()
        };
        self.archive().record_quote(request).await.map(Response::into_inner)
    }

    /// Opens a hand-in of `wang.wei` for November, due on day 10.
    pub async fn hand_in_request(&self, customers: &[String]) -> OpenHandInRequest {
        OpenHandInRequest {
            agent: "agents/wang.wei".into(),
            month: "2026-11".into(),
            due_time: Some(to_wire(day(10))),
            customers: customers.to_vec(),
            ..Default::default()
        }
    }

    /// What was told of an entry.
    pub async fn told_of_entry(&self, name: &str) -> Vec<(String, ArchiveEntryFacts)> {
        let told = self.told().await.into_iter().filter(|event| event.subject == name);
        told.map(|event| {
            let facts = event.data.unwrap().to_msg().unwrap();
            (event.r#type.trim_start_matches("archive_entry.").to_owned(), facts)
        })
        .collect()
    }

    /// The types of what was told of an entry.
    pub async fn told_types(&self, name: &str) -> Vec<String> {
        self.told_of_entry(name).await.into_iter().map(|(event_type, _)| event_type).collect()
    }
}
