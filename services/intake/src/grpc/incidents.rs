//! IncidentService.

use std::collections::BTreeSet;

use kexiang_core::{CaseId, Channel, IncidentId};
use kexiang_proto::{
    intake_v1::{
        self as pb,
        incident_service_server::IncidentService,
        inform_incident_reporters_response::{self as informed, Outcome},
    },
    type_v1 as words,
};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN,
    convert::{optional_name, optional_time},
    status::{following_status, status},
};
use crate::{
    app::{
        App,
        incidents::{IncidentVerb, ReportedIncident},
        informing::{Informed, News},
    },
    domain::IncidentState,
};

/// Cases that an incident is made of by hand, at most.
const MAX_CASES: usize = 500;

type Answer<T> = Result<Response<T>, Status>;

/// IncidentService over the use cases.
#[derive(Clone)]
pub struct Incidents {
    app: App,
}

impl Incidents {
    /// Serves these use cases.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl IncidentService for Incidents {
    async fn get_incident(&self, request: Request<pb::GetIncidentRequest>) -> Answer<pb::Incident> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = violations.into_result(DOMAIN, id)?;
        let found = self.app.get_incident(id).await.map_err(status)?;
        Ok(Response::new(incident(found)))
    }

    async fn list_incidents(
        &self,
        request: Request<pb::ListIncidentsRequest>,
    ) -> Answer<pb::ListIncidentsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let site = violations.check("site", field::optional(&request.site, field::slug_name));
        let state = field::optional_word::<pb::IncidentState, IncidentState>(
            request.state,
            "INCIDENT_STATE_",
            pb::IncidentState::as_str_name,
        );
        let state = violations.check("state", state);
        let bound_to =
            pb::ListIncidentsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let ((site, state), page) = violations.into_result(DOMAIN, site.zip(state).zip(page))?;
        let found = self.app.list_incidents(site.as_ref(), state, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |found| found.incident.id);
        let incidents = found.into_iter().map(incident).collect();
        Ok(Response::new(pb::ListIncidentsResponse { incidents, next_page_token }))
    }

    async fn list_incident_cases(
        &self,
        request: Request<pb::ListIncidentCasesRequest>,
    ) -> Answer<pb::ListIncidentCasesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.name));
        let bound_to =
            pb::ListIncidentCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (id, page) = violations.into_result(DOMAIN, id.zip(page))?;
        let found = self.app.list_incident_cases(id, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |case| *case);
        let cases = found.into_iter().map(CaseId::name).collect();
        Ok(Response::new(pb::ListIncidentCasesResponse { cases, next_page_token }))
    }

    async fn create_incident(&self, request: Request<pb::CreateIncidentRequest>) -> Answer<pb::Incident> {
        let mut violations = Violations::default();
        let call = call(&request, "CreateIncident", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let district = violations.check("district", field::text(&request.district, 100));
        let category = violations.check("category", field::text(&request.category, 200));
        let cases = read_cases(&request.cases, &mut violations);
        let read = || Some((call?, district?, category?, cases?));
        let (call, district, category, cases) = violations.into_result(DOMAIN, read())?;
        let opened = self.app.create_incident(&call, district, category, &cases).await;
        Ok(Response::new(incident(opened.map_err(following_status)?)))
    }

    async fn join_incident(&self, request: Request<pb::JoinIncidentRequest>) -> Answer<pb::Incident> {
        let pb::JoinIncidentRequest { name, case, etag, request_id } = request.get_ref();
        let target = Target { method: "JoinIncident", name, etag, request_id };
        let read =
            |violations: &mut Violations| violations.check("case", field::name(case)).map(IncidentVerb::Join);
        change(&self.app, &request, target, read).await
    }

    async fn leave_incident(&self, request: Request<pb::LeaveIncidentRequest>) -> Answer<pb::Incident> {
        let pb::LeaveIncidentRequest { name, case, reason, etag, request_id } = request.get_ref();
        let target = Target { method: "LeaveIncident", name, etag, request_id };
        let read = |violations: &mut Violations| {
            let case = violations.check("case", field::name(case));
            let reason = violations.check("reason", field::text(reason, 1_000));
            Some(IncidentVerb::Leave { case: case?, reason: reason? })
        };
        change(&self.app, &request, target, read).await
    }

    async fn resolve_incident(&self, request: Request<pb::ResolveIncidentRequest>) -> Answer<pb::Incident> {
        let pb::ResolveIncidentRequest { name, resolution, etag, request_id } = request.get_ref();
        let target = Target { method: "ResolveIncident", name, etag, request_id };
        let read = |violations: &mut Violations| {
            let resolution = violations.check("resolution", field::text(resolution, 10_000))?;
            Some(IncidentVerb::Resolve { resolution })
        };
        change(&self.app, &request, target, read).await
    }

    async fn inform_incident_reporters(
        &self,
        request: Request<pb::InformIncidentReportersRequest>,
    ) -> Answer<pb::InformIncidentReportersResponse> {
        let mut violations = Violations::default();
        let call = call(&request, "InformIncidentReporters", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id: Option<IncidentId> = violations.check("name", field::name(&request.name));
        let channel =
            field::word::<words::Channel, Channel>(request.channel, "CHANNEL_", words::Channel::as_str_name);
        let channel = violations.check("channel", channel);
        let note = violations.check("note", field::optional_text(&request.note, 4_000));
        let etag = violations.check("etag", field::etag(&request.etag));
        let read = || Some((call?, id?, channel?, note?, etag?));
        let (call, id, channel, note, etag) = violations.into_result(DOMAIN, read())?;
        let told = self.app.inform_incident_reporters(&call, id, etag, News { channel, note }).await;
        Ok(Response::new(results(told.map_err(following_status)?)))
    }

    async fn close_incident(&self, request: Request<pb::CloseIncidentRequest>) -> Answer<pb::Incident> {
        let pb::CloseIncidentRequest { name, etag, request_id } = request.get_ref();
        let target = Target { method: "CloseIncident", name, etag, request_id };
        change(&self.app, &request, target, |_| Some(IncidentVerb::Close)).await
    }

    async fn dissolve_incident(&self, request: Request<pb::DissolveIncidentRequest>) -> Answer<pb::Incident> {
        let pb::DissolveIncidentRequest { name, reason, etag, request_id } = request.get_ref();
        let target = Target { method: "DissolveIncident", name, etag, request_id };
        let read = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, 1_000))?;
            Some(IncidentVerb::Dissolve { reason })
        };
        change(&self.app, &request, target, read).await
    }
}

/// What every verb names.
struct Target<'a> {
    method: &'static str,
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

async fn change<M: prost::Message>(
    app: &App,
    request: &Request<M>,
    target: Target<'_>,
    verb: impl FnOnce(&mut Violations) -> Option<IncidentVerb>,
) -> Answer<pb::Incident> {
    let mut violations = Violations::default();
    let call = call(request, target.method, target.request_id, &mut violations)?;
    let id = violations.check("name", field::name(target.name));
    let etag = violations.check("etag", field::etag(target.etag));
    let verb = verb(&mut violations);
    let read = || Some((call?, id?, etag?, verb?));
    let (call, id, etag, verb) = violations.into_result(DOMAIN, read())?;
    let changed = app.change_incident(&call, id, etag, verb).await.map_err(following_status)?;
    Ok(Response::new(incident(changed)))
}

fn read_cases(names: &[String], violations: &mut Violations) -> Option<BTreeSet<CaseId>> {
    if names.is_empty() {
        violations.add("cases", "REQUIRED", "is required");
    }
    if names.len() > MAX_CASES {
        violations.add("cases", "TOO_MANY", format!("must have at most {MAX_CASES} items"));
        return None;
    }
    let read = |(nr, name): (usize, &String)| violations.check(&format!("cases[{nr}]"), field::name(name));
    let cases: Vec<Option<CaseId>> = names.iter().enumerate().map(read).collect();
    cases.into_iter().collect()
}

fn results(told: Informed) -> pb::InformIncidentReportersResponse {
    let result =
        |case: CaseId, outcome: Outcome| informed::Result { case: case.name(), outcome: outcome.into() };
    let informed = told.informed.into_iter().map(|case| result(case, Outcome::Informed));
    let others = told.others.into_iter().map(|case| result(case, Outcome::NotResolved));
    let unreachable = told.unreachable.into_iter().map(|case| result(case, Outcome::Unreachable));
    let mut results: Vec<_> = informed.chain(unreachable).chain(others).collect();
    results.sort_by(|one, other| one.case.cmp(&other.case));
    pb::InformIncidentReportersResponse { results, has_more: told.has_more }
}

fn incident(found: ReportedIncident) -> pb::Incident {
    let ReportedIncident { incident, reports } = found;
    pb::Incident {
        name: incident.id.name(),
        site: incident.site.name(),
        district: incident.district,
        category: incident.category,
        state: state(incident.state),
        lead_case: optional_name(incident.lead),
        report_count: i32::try_from(reports.count).unwrap_or(i32::MAX),
        first_report_time: optional_time(reports.first_at),
        last_report_time: optional_time(reports.last_at),
        detected: incident.detected,
        resolution: incident.resolution.unwrap_or_default(),
        reason: incident.reason.unwrap_or_default(),
        create_time: Some(time::to_wire(incident.created_at)),
        resolve_time: optional_time(incident.resolved_at),
        end_time: optional_time(incident.ended_at),
        update_time: Some(time::to_wire(incident.updated_at)),
        etag: incident.version.to_string(),
    }
}

pub(super) fn state(word: IncidentState) -> i32 {
    pb::IncidentState::from_str_name(&format!("INCIDENT_STATE_{}", word.as_str())).unwrap_or_default().into()
}
