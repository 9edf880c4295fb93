//! A telephony system that reports to intake, in few words.

use jiff::SignedDuration;
use kexiang_core::Timestamp;
use kexiang_proto::intake_v1::{
    AgentState, AgentStateInterval, Call, CallEvent, CallEventKind, Contact, DeskLoad, GetCallRequest,
    GetDeskLoadRequest, ListAgentStatesRequest, ListCallsRequest, PublishedNumber, ReportCallEventsRequest,
    call_service_client::CallServiceClient,
    desk_service_client::DeskServiceClient,
    report_call_events_response::{Outcome, Result as ReportResult},
};
use kexiang_rpc::time::to_wire;
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{Bearer, Desk, START},
    wire::{MAIN, PHONE, caller, contact},
};

/// The source of most reports.
pub const PBX: &str = "pbx-1";
/// The agent who answers.
pub const ANSWERER: &str = "agents/li.na";

pub type Calls = CallServiceClient<InterceptedService<Channel, Bearer>>;
pub type Desks = DeskServiceClient<InterceptedService<Channel, Bearer>>;

/// So many seconds after the stories begin.
pub fn at(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

/// An event of a call at the main site.
pub fn event(id: &str, call: &str, kind: CallEventKind, seconds: i64) -> CallEvent {
    let agent = match kind {
        CallEventKind::Ringing | CallEventKind::Answered | CallEventKind::Transferred => ANSWERER,
        _ => "",
    };
    CallEvent {
        event_id: id.to_owned(),
        call_id: call.to_owned(),
        kind: kind.into(),
        event_time: Some(to_wire(at(seconds))),
        agent: agent.to_owned(),
        ..CallEvent::default()
    }
}

/// The life of a call that is answered: 5 s to the queue, 20 s wait, 6 s ring, 60 s talk, 30 s wrap-up. `begin` in seconds.
pub fn answered(call: &str, begin: i64) -> Vec<CallEvent> {
    use CallEventKind::{Answered, Ended, Offered, Queued, Ringing, WrappedUp};
    let steps = [(Offered, 0), (Queued, 5), (Ringing, 25), (Answered, 31), (Ended, 91), (WrappedUp, 121)];
    let one = |(kind, after): (CallEventKind, i64)| {
        let phone = if kind == Offered { PHONE } else { "" };
        let id = format!("{call}-{}", kind.as_str_name());
        CallEvent { caller_phone: phone.to_owned(), ..event(&id, call, kind, begin + after) }
    };
    steps.into_iter().map(one).collect()
}

/// A report for the main site.
pub fn report(events: Vec<CallEvent>) -> ReportCallEventsRequest {
    ReportCallEventsRequest {
        source: PBX.to_owned(),
        site: MAIN.to_owned(),
        events,
        request_id: String::new(),
    }
}

/// What an agent says of the contact of a call.
pub fn words(call: &str) -> Contact {
    Contact { call: call.to_owned(), site: String::new(), ..contact() }
}

/// The same, with the phone left to the call.
pub fn words_without_phone(call: &str) -> Contact {
    let mut said = caller();
    said.phone = String::new();
    Contact { caller: Some(said), ..words(call) }
}

/// The outcomes of a report, in order.
pub fn outcomes(results: &[ReportResult]) -> Vec<Outcome> {
    results.iter().map(ReportResult::outcome).collect()
}

impl Desk {
    /// Speaks to CallService as somebody who may report.
    pub fn calls(&self) -> Calls {
        CallServiceClient::with_interceptor(self.channel.clone(), self.bearer("pbx"))
    }

    /// Speaks to DeskService as an agent.
    pub fn desks(&self, agent: &str) -> Desks {
        DeskServiceClient::with_interceptor(self.channel.clone(), self.bearer(agent))
    }

    /// Reports, or tells why not.
    pub async fn try_report(&self, request: ReportCallEventsRequest) -> Result<Vec<ReportResult>, Status> {
        let answer = self.calls().report_call_events(request).await;
        answer.map(|answer| answer.into_inner().results)
    }

    /// Reports events of the main site.
    pub async fn report(&self, events: Vec<CallEvent>) -> Vec<ReportResult> {
        self.try_report(report(events)).await.unwrap()
    }

    /// Reports events of one call and gets it.
    pub async fn reported(&self, events: Vec<CallEvent>) -> Call {
        let results = self.report(events).await;
        self.call(&results[0].call).await
    }

    /// Gets a call.
    pub async fn call(&self, name: &str) -> Call {
        self.calls().get_call(GetCallRequest { name: name.to_owned() }).await.unwrap().into_inner()
    }

    /// All calls that a filter finds, page by page.
    pub async fn list(&self, filter: ListCallsRequest) -> Vec<Call> {
        let mut request = ListCallsRequest { page_size: 1_000, ..filter };
        let mut calls = Vec::new();
        loop {
            let page = self.calls().list_calls(request.clone()).await.unwrap().into_inner();
            calls.extend(page.calls);
            if page.next_page_token.is_empty() {
                return calls;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Publishes a number of a site.
    pub async fn publish_number(&self, number: PublishedNumber) -> PublishedNumber {
        let request = kexiang_proto::intake_v1::CreatePublishedNumberRequest {
            published_number: Some(number),
            ..Default::default()
        };
        self.desks("administrator").create_published_number(request).await.unwrap().into_inner()
    }

    /// The intervals of an agent.
    pub async fn states(&self, agent: &str, from: Timestamp, until: Timestamp) -> Vec<AgentStateInterval> {
        let request = ListAgentStatesRequest {
            agent: agent.to_owned(),
            from_time: Some(to_wire(from)),
            until_time: Some(to_wire(until)),
            page_size: 1_000,
            ..Default::default()
        };
        self.desks("boss").list_agent_states(request).await.unwrap().into_inner().intervals
    }

    /// The load of the main site.
    pub async fn load(&self, instant: Timestamp) -> DeskLoad {
        let request = GetDeskLoadRequest { site: MAIN.to_owned(), time: Some(to_wire(instant)) };
        self.desks("boss").get_desk_load(request).await.unwrap().into_inner()
    }
}

/// How many agents are in that state.
pub fn count(load: &DeskLoad, state: AgentState) -> i32 {
    load.agents.iter().filter(|agents| agents.state() == state).map(|agents| agents.count).sum()
}
