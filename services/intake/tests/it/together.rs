//! Cases that share their work, in the words of the stories: reports of a district, duplicates, incidents.

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Case, CreateIncidentRequest, DuplicateProposal, Incident, IncidentState,
        LinkDuplicateRequest, ListDuplicateProposalsRequest, ListIncidentCasesRequest, ListIncidentsRequest,
        UnlinkDuplicateRequest, duplicate_service_client::DuplicateServiceClient,
        incident_service_client::IncidentServiceClient,
    },
    type_v1::Kind,
};
use tokio::time::timeout;
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{AGENT, Bearer, Desk, PATIENCE},
    identification::{customer, identified},
    wire::{acceptance, case},
};

pub const GRID: &str = "grid-07";

type Authorised = InterceptedService<Channel, Bearer>;

impl Desk {
    pub fn incidents(&self) -> IncidentServiceClient<Authorised> {
        IncidentServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT))
    }

    pub fn duplicates(&self) -> DuplicateServiceClient<Authorised> {
        DuplicateServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT))
    }

    /// Incidents for somebody with this role alone.
    pub fn incidents_of(&self, role: Role) -> IncidentServiceClient<Authorised> {
        IncidentServiceClient::with_interceptor(self.channel.clone(), self.bearer_with("somebody", &[role]))
    }

    /// Duplicates for somebody with this role alone.
    pub fn duplicates_of(&self, role: Role) -> DuplicateServiceClient<Authorised> {
        DuplicateServiceClient::with_interceptor(self.channel.clone(), self.bearer_with("somebody", &[role]))
    }

    /// A fault of the main site in that district.
    pub async fn report_fault(&self, district: &str) -> Case {
        let fault = Case { district: district.to_owned(), ..case(Kind::Fault) };
        self.accept(AcceptCaseRequest { case: Some(fault), ..acceptance() }).await
    }

    /// So many faults of the grid, a second apart.
    pub async fn reports(&self, count: usize) -> Vec<Case> {
        let mut reports = Vec::new();
        for _ in 0..count {
            reports.push(self.report_fault(GRID).await);
            self.hand.advance(SignedDuration::from_secs(1));
        }
        reports
    }

    /// Accepts a fault; so many seconds go by.
    pub async fn accept_then(&self, seconds: i64) -> Case {
        let accepted = self.accept(acceptance()).await;
        self.hand.advance(SignedDuration::from_secs(seconds));
        accepted
    }

    /// Waits until it is so.
    pub async fn eventually(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let so = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("in time: {what}"));
    }

    /// Waits until intake has read all of its own log that has a report in it, by a report that opens nothing.
    pub async fn all_reports_taken_in(&self) {
        let written = "select max(transaction_id) from intake.event_log where event_type = 'case.accepted'";
        self.report_fault("elsewhere").await;
        let written: i64 = sqlx::query_scalar(written).fetch_one(self.pool()).await.unwrap();
        self.eventually("the reports are taken in", async || {
            let position =
                "select position from intake.consumer_cursors where consumer = 'intake.mass_faults'";
            let position: Option<String> =
                sqlx::query_scalar(position).fetch_optional(self.pool()).await.unwrap();
            position.is_some_and(|position| position.parse::<i64>().is_ok_and(|read| read > written))
        })
        .await;
    }

    /// All incidents, newest first.
    pub async fn all_incidents(&self) -> Vec<Incident> {
        let request = ListIncidentsRequest { page_size: 1_000, ..Default::default() };
        self.incidents().list_incidents(request).await.unwrap().into_inner().incidents
    }

    /// The one incident, once it has so many reports.
    pub async fn incident_of(&self, reports: i32) -> Incident {
        self.eventually("the incident is there", async || {
            self.all_incidents().await.iter().any(|incident| incident.report_count == reports)
        })
        .await;
        let mut incidents = self.all_incidents().await;
        assert_eq!(incidents.len(), 1);
        incidents.pop().unwrap()
    }

    pub async fn incident_cases(&self, incident: &Incident) -> Vec<String> {
        let name = incident.name.clone();
        let request = ListIncidentCasesRequest { name, page_size: 1_000, ..Default::default() };
        self.incidents().list_incident_cases(request).await.unwrap().into_inner().cases
    }

    /// An incident made by hand of these cases.
    pub async fn open_incident(&self, cases: &[&Case]) -> Incident {
        let request = CreateIncidentRequest {
            district: GRID.to_owned(),
            category: "line.dead".to_owned(),
            cases: cases.iter().map(|case| case.name.clone()).collect(),
            ..Default::default()
        };
        let incident = self.incidents().create_incident(request).await.unwrap().into_inner();
        assert_eq!(incident.state(), IncidentState::Open);
        incident
    }

    /// Customer records say that these cases are of one customer.
    pub async fn of_one_customer(&self, cases: &[&Case]) -> String {
        let customer = customer();
        let identified = cases.iter().map(|case| identified(&case.contact, &customer));
        self.customer_records.tell(identified.collect());
        self.all_taken_in().await;
        customer
    }

    /// All proposals, newest first.
    pub async fn proposals(&self) -> Vec<DuplicateProposal> {
        let request = ListDuplicateProposalsRequest::default();
        self.duplicates().list_duplicate_proposals(request).await.unwrap().into_inner().duplicate_proposals
    }

    /// Two cases of one customer, the later and the earlier one, and the proposal that they are one matter.
    pub async fn alike(&self) -> (Case, Case, DuplicateProposal) {
        let (earlier, later) = (self.accept_then(1).await, self.accept_then(1).await);
        self.of_one_customer(&[&earlier, &later]).await;
        let mut proposals = self.proposals().await;
        proposals.retain(|proposal| proposal.case == later.name);
        (later, earlier, proposals.pop().unwrap())
    }

    pub async fn link_duplicate(&self, proposal: &DuplicateProposal) -> Result<DuplicateProposal, Status> {
        let request = LinkDuplicateRequest { name: proposal.name.clone(), ..Default::default() };
        self.duplicates().link_duplicate(request).await.map(tonic::Response::into_inner)
    }

    pub async fn unlink(&self, proposal: &DuplicateProposal) -> Result<DuplicateProposal, Status> {
        let (name, reason) = (proposal.name.clone(), "another flat".to_owned());
        let request = UnlinkDuplicateRequest { name, reason, ..Default::default() };
        self.duplicates().unlink_duplicate(request).await.map(tonic::Response::into_inner)
    }
}
