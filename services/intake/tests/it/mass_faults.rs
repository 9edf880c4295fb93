//! Many reports of one district become one incident, which is worked once; every reporter is informed and visited (IN-16).

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_core::{CaseId, IncidentId, Role};
use kexiang_proto::{
    intake_v1::{
        Case, CaseState, CloseIncidentRequest, CreateIncidentRequest, DissolveIncidentRequest,
        GetIncidentRequest, Incident, IncidentState, InformIncidentReportersRequest, JoinIncidentRequest,
        LeaveIncidentRequest, ListIncidentsRequest, ResolveIncidentRequest,
        inform_incident_reporters_response::Outcome,
    },
    type_v1::{Channel, Satisfaction},
};
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START},
    reports::REPORT,
    together::GRID,
    verb::Verb,
    wire::{refused, request_id, violations},
};

impl Desk {
    async fn join(&self, incident: &Incident, case: &Case) -> Result<Incident, Status> {
        let (name, case) = (incident.name.clone(), case.name.clone());
        let request = JoinIncidentRequest { name, case, ..Default::default() };
        self.incidents().join_incident(request).await.map(tonic::Response::into_inner)
    }

    async fn leave(&self, incident: &Incident, case: &Case) -> Result<Incident, Status> {
        let (name, case, reason) = (incident.name.clone(), case.name.clone(), "another cable".to_owned());
        let request = LeaveIncidentRequest { name, case, reason, ..Default::default() };
        self.incidents().leave_incident(request).await.map(tonic::Response::into_inner)
    }

    async fn incident(&self, name: &str) -> Incident {
        let request = GetIncidentRequest { name: name.to_owned() };
        self.incidents().get_incident(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn five_reports_within_half_an_hour_are_one_incident_and_later_ones_join_it() {
    let desk = Desk::open().await;
    let mut reports = vec![desk.report_fault(GRID).await];
    for _ in 0..4 {
        desk.hand.advance(SignedDuration::from_secs(450));
        reports.push(desk.report_fault(GRID).await);
    }
    desk.incident_of(5).await;
    desk.hand.advance(SignedDuration::from_hours(2));
    reports.push(desk.report_fault(GRID).await);

    let incident = desk.incident_of(6).await;

    let names: Vec<_> = reports.iter().map(|case| case.name.clone()).collect();
    assert_eq!((incident.state(), incident.detected), (IncidentState::Open, true));
    assert_eq!((incident.district.as_str(), &incident.lead_case), (GRID, &names[0]));
    assert_eq!(incident.first_report_time, reports[0].accept_time);
    assert_eq!(incident.last_report_time, reports[5].accept_time);
    assert_eq!(desk.incident_cases(&incident).await, names);
    for name in &names {
        let case = desk.case(name).await;
        let lead = if *name == names[0] { "" } else { names[0].as_str() };
        assert_eq!((case.incident.as_str(), case.lead_case.as_str()), (incident.name.as_str(), lead));
        assert_eq!(desk.types_told_of(name).await, ["case.accepted", "case.joined"]);
    }
    assert_eq!(desk.types_told_of(&incident.name).await, ["incident.opened"]);
}

#[tokio::test]
async fn too_few_too_far_apart_or_elsewhere_is_no_mass_fault() {
    let desk = Desk::open().await;
    for _ in 0..5 {
        desk.report_fault(GRID).await;
        desk.report_fault("").await;
        desk.hand.advance(SignedDuration::from_secs(451));
    }
    for _ in 0..3 {
        desk.report_fault("grid-08").await;
    }

    desk.all_reports_taken_in().await;

    assert_eq!(desk.all_incidents().await.len(), 0);
}

#[tokio::test]
async fn sixty_four_reports_at_once_at_two_replicas_are_one_incident_with_all_of_them() {
    let desk = Desk::open().await;
    let replica = desk.replica(8).await;

    let places = (0..64).map(|nr| if nr % 2 == 0 { &desk } else { &replica });
    let reports = join_all(places.map(|place| place.report_fault(GRID))).await;
    let incident = desk.incident_of(64).await;

    let mut names: Vec<_> = reports.into_iter().map(|case| case.name).collect();
    names.sort();
    assert_eq!(desk.incident_cases(&incident).await, names);
    let leads = sqlx::query_scalar::<_, i64>("select count(distinct lead_case_id) from intake.cases");
    assert_eq!(leads.fetch_one(desk.pool()).await.unwrap(), 1);
    replica.stop().await;
}

#[tokio::test]
async fn an_incident_is_worked_once_and_every_reporter_is_informed_and_visited() {
    let desk = Desk::open().await;
    let reports = desk.reports(5).await;
    let incident = desk.incident_of(5).await;
    desk.dispatched(&reports[0].name, 1).await;
    desk.completed(&reports[0].name, 1).await;

    let resolved = desk.incident(&incident.name).await;
    let inform = InformIncidentReportersRequest {
        name: incident.name.clone(),
        channel: Channel::Messaging.into(),
        note: "the cable is spliced".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    desk.act(Verb::Inform, &reports[4].name).await;
    let told = desk.incidents().inform_incident_reporters(inform.clone()).await.unwrap().into_inner();
    let again = desk.incidents().inform_incident_reporters(inform).await.unwrap().into_inner();
    let close = CloseIncidentRequest { name: incident.name.clone(), ..Default::default() };
    let early = desk.incidents().close_incident(close.clone()).await.unwrap_err();
    for report in &reports {
        desk.visited(&report.name, 1, Some(Satisfaction::Satisfied)).await;
    }
    let closed = desk.incidents().close_incident(close).await.unwrap().into_inner();

    assert_eq!((resolved.state(), resolved.resolution.as_str()), (IncidentState::Resolved, REPORT));
    assert_eq!(told, again);
    let outcomes: Vec<_> =
        told.results.iter().map(|result| (result.case.clone(), result.outcome())).collect();
    for (nr, (name, outcome)) in outcomes.iter().enumerate() {
        assert_eq!(*name, reports[nr].name);
        assert_eq!(*outcome, if nr == 4 { Outcome::NotResolved } else { Outcome::Informed });
    }
    assert_eq!(refused(&early), (Code::FailedPrecondition, "INCIDENT_HAS_OPEN_CASES".to_owned()));
    assert_eq!(closed.state(), IncidentState::Closed);
    for report in &reports {
        let case = desk.case(&report.name).await;
        assert_eq!((case.state(), case.resolution.as_str()), (CaseState::Closed, REPORT));
    }
    let told = ["incident.opened", "incident.resolved", "incident.closed"];
    assert_eq!(desk.types_told_of(&incident.name).await, told);
}

#[tokio::test]
async fn an_order_made_just_before_its_case_joined_moves_nothing_but_what_it_completed_is_done() {
    let desk = Desk::open().await;
    let reports = desk.reports(3).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1], &reports[2]]).await;

    desk.dispatched(&reports[1].name, 1).await;
    let follows = desk.case(&reports[1].name).await;
    desk.dispatched(&reports[2].name, 1).await;
    desk.completed(&reports[2].name, 1).await;
    let done = desk.case(&reports[2].name).await;
    let left = desk.leave(&incident, &reports[1]).await.unwrap();
    let alone = desk.case(&reports[1].name).await;
    desk.dispatched(&reports[1].name, 1).await;

    assert_eq!((follows.state(), &follows.lead_case), (CaseState::Received, &reports[0].name));
    assert_eq!((done.state(), done.resolution.as_str()), (CaseState::Resolved, REPORT));
    assert_eq!((alone.state(), left.state()), (CaseState::Received, IncidentState::Open));
    assert_eq!(
        desk.case(&reports[1].name).await.state(),
        CaseState::Dispatched,
        "by itself it has work again"
    );
    let told = ["case.accepted", "case.joined", "case.left", "case.dispatched"];
    assert_eq!(desk.types_told_of(&reports[1].name).await, told);
}

#[tokio::test]
async fn who_leaves_stands_where_it_stood_and_is_not_taken_in_again() {
    let desk = Desk::open().await;
    let reports = desk.reports(5).await;
    let incident = desk.incident_of(5).await;

    desk.leave(&incident, &reports[2]).await.unwrap();
    let left = desk.case(&reports[2].name).await;
    let not_in = desk.leave(&incident, &reports[2]).await.unwrap_err();
    desk.report_fault(GRID).await;
    let incident = desk.incident_of(5).await;
    desk.join(&incident, &reports[2]).await.unwrap();

    assert_eq!(
        (left.state(), left.incident.as_str(), left.lead_case.as_str()),
        (CaseState::Received, "", "")
    );
    assert_eq!(left.reason, "another cable");
    assert_eq!(refused(&not_in), (Code::FailedPrecondition, "NOT_IN_INCIDENT".to_owned()));
    assert_eq!(desk.incident_of(6).await.lead_case, reports[0].name);
    assert_eq!(
        desk.types_told_of(&reports[2].name).await,
        ["case.accepted", "case.joined", "case.left", "case.joined"]
    );
}

#[tokio::test]
async fn the_next_one_leads_when_the_lead_leaves_or_is_withdrawn_and_nobody_left_is_the_end() {
    let desk = Desk::open().await;
    let reports = desk.reports(3).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1], &reports[2]]).await;

    desk.leave(&incident, &reports[0]).await.unwrap();
    let second_leads = desk.incident(&incident.name).await;
    let follower = desk.case(&reports[2].name).await;
    desk.act(Verb::Withdraw, &reports[1].name).await;
    let third_leads = desk.incident(&incident.name).await;
    desk.act(Verb::Withdraw, &reports[2].name).await;
    let dissolved = desk.incident(&incident.name).await;

    assert_eq!((&second_leads.lead_case, second_leads.report_count), (&reports[1].name, 2));
    assert_eq!(follower.lead_case, reports[1].name);
    assert_eq!((&third_leads.lead_case, third_leads.report_count), (&reports[2].name, 1));
    assert_eq!((dissolved.state(), dissolved.report_count), (IncidentState::Dissolved, 0));
    assert_eq!(desk.case(&reports[1].name).await.incident, "", "the withdrawn have left");
    let told = ["case.accepted", "case.joined", "case.lead_changed", "case.withdrawn"];
    assert_eq!(desk.types_told_of(&reports[1].name).await, told);
}

#[tokio::test]
async fn an_incident_resolved_by_hand_resolves_all_and_calls_the_work_back() {
    let desk = Desk::open().await;
    let reports = desk.reports(2).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1]]).await;
    desk.dispatched(&reports[0].name, 1).await;

    let (name, resolution) = (incident.name.clone(), "power is back".to_owned());
    let resolve = ResolveIncidentRequest { name, resolution, ..Default::default() };
    let resolved = desk.incidents().resolve_incident(resolve.clone()).await.unwrap().into_inner();
    let again = desk.incidents().resolve_incident(resolve).await.unwrap_err();
    let reopened = desk.act(Verb::Reopen, &reports[0].name).await;

    assert_eq!((resolved.state(), resolved.resolution.as_str()), (IncidentState::Resolved, "power is back"));
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    let told = [
        "case.accepted",
        "case.joined",
        "case.dispatched",
        "case.resolved",
        "case.recalled",
        "case.reopened",
    ];
    assert_eq!(desk.types_told_of(&reports[0].name).await, told);
    assert_eq!(desk.types_told_of(&reports[1].name).await, ["case.accepted", "case.joined", "case.resolved"]);
    assert_eq!(reopened.state(), CaseState::Received);
    assert_eq!(
        desk.case(&reports[1].name).await.state(),
        CaseState::Resolved,
        "reopening concerns the lead alone"
    );
}

#[tokio::test]
async fn a_dissolved_incident_lets_everybody_go_their_own_way() {
    let desk = Desk::open().await;
    let reports = desk.reports(5).await;
    let incident = desk.incident_of(5).await;

    let (name, reason) = (incident.name.clone(), "five houses, five troubles".to_owned());
    let dissolve =
        DissolveIncidentRequest { name, reason, etag: incident.etag.clone(), ..Default::default() };
    let dissolved = desk.incidents().dissolve_incident(dissolve).await.unwrap().into_inner();
    desk.reports(4).await;
    desk.all_reports_taken_in().await;

    assert_eq!((dissolved.state(), dissolved.report_count), (IncidentState::Dissolved, 0));
    for report in &reports {
        let case = desk.case(&report.name).await;
        assert_eq!((case.state(), case.incident.as_str()), (CaseState::Received, ""));
    }
    assert_eq!(desk.all_incidents().await.len(), 1, "who left does not count again");
}

#[tokio::test]
async fn what_does_not_belong_together_is_refused() {
    let desk = Desk::open().await;
    let reports = desk.reports(3).await;
    let incident = desk.open_incident(&[&reports[0]]).await;
    let create = |cases: Vec<String>, category: &str| CreateIncidentRequest {
        district: GRID.to_owned(),
        category: category.to_owned(),
        cases,
        ..Default::default()
    };
    let mut incidents = desk.incidents();
    desk.act(Verb::Withdraw, &reports[2].name).await;

    let open =
        incidents.create_incident(create(vec![reports[1].name.clone()], "line.dead")).await.unwrap_err();
    let taken = incidents.create_incident(create(vec![reports[0].name.clone()], "other")).await.unwrap_err();
    let unknown =
        incidents.create_incident(create(vec![CaseId::at(START).name()], "other")).await.unwrap_err();
    let over = desk.join(&incident, &reports[2]).await.unwrap_err();
    let stale = JoinIncidentRequest {
        name: incident.name.clone(),
        case: reports[1].name.clone(),
        etag: "99".to_owned(),
        ..Default::default()
    };
    let stale = incidents.join_incident(stale).await.unwrap_err();
    let nowhere = GetIncidentRequest { name: IncidentId::at(START).name() };
    let nowhere = incidents.get_incident(nowhere).await.unwrap_err();

    assert_eq!(refused(&open), (Code::AlreadyExists, "INCIDENT_ALREADY_OPEN".to_owned()));
    assert_eq!(refused(&taken), (Code::FailedPrecondition, "CASE_FOLLOWS_ANOTHER".to_owned()));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(refused(&over), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
    // The second report may have joined by itself meanwhile: it came within the window.
    let names: Vec<_> = desk.all_incidents().await.into_iter().map(|incident| incident.name).collect();
    assert_eq!(names, [incident.name]);
}

#[tokio::test]
async fn all_violations_are_reported_at_once() {
    let desk = Desk::open().await;
    let mut incidents = desk.incidents();
    let create = CreateIncidentRequest { cases: vec!["1".into(), "cases/2".into()], ..Default::default() };
    let leave = LeaveIncidentRequest { name: "incidents/1".into(), etag: "?".into(), ..Default::default() };
    let list = ListIncidentsRequest { site: "main".into(), state: 99, page_size: -1, ..Default::default() };
    let inform = InformIncidentReportersRequest { note: "长".repeat(4_001), ..Default::default() };

    let create = incidents.create_incident(create).await.unwrap_err();
    let leave = incidents.leave_incident(leave).await.unwrap_err();
    let list = incidents.list_incidents(list).await.unwrap_err();
    let inform = incidents.inform_incident_reporters(inform).await.unwrap_err();

    assert_eq!(violations(&create), ["district", "category", "cases[0]", "cases[1]"]);
    assert_eq!(violations(&leave), ["name", "etag", "case", "reason"]);
    assert_eq!(violations(&list), ["site", "state", "page_size"]);
    assert_eq!(violations(&inform), ["name", "channel", "note"]);
}

#[tokio::test]
async fn reports_and_requests_that_come_again_change_nothing() {
    let desk = Desk::open().await;
    let reports = desk.reports(5).await;
    let detected = desk.incident_of(5).await;
    let create = CreateIncidentRequest {
        district: "grid-09".to_owned(),
        category: "line.dead".to_owned(),
        cases: vec![desk.report_fault("grid-09").await.name],
        request_id: request_id(),
    };
    let created = desk.incidents().create_incident(create.clone()).await.unwrap().into_inner();

    sqlx::query("update intake.consumer_cursors set position = '' where consumer = 'intake.mass_faults'")
        .execute(desk.pool())
        .await
        .unwrap();
    let again = desk.incidents().create_incident(create).await.unwrap().into_inner();
    desk.all_reports_taken_in().await;

    assert_eq!(again, created);
    assert_eq!(desk.incident(&detected.name).await, detected);
    assert_eq!(desk.all_incidents().await.len(), 2);
    for report in &reports {
        assert_eq!(desk.types_told_of(&report.name).await, ["case.accepted", "case.joined"]);
    }
}

#[tokio::test]
async fn who_only_does_the_work_reads_incidents_and_decides_nothing() {
    let desk = Desk::open().await;
    let report = desk.report_fault(GRID).await;
    let incident = desk.open_incident(&[&report]).await;
    let mut technician = desk.incidents_of(Role::Technician);
    let join = JoinIncidentRequest { name: incident.name.clone(), case: report.name, ..Default::default() };

    let read = technician.get_incident(GetIncidentRequest { name: incident.name.clone() }).await.unwrap();
    let refusal = technician.join_incident(join).await.unwrap_err();

    assert_eq!(read.into_inner(), incident);
    assert_eq!(refused(&refusal), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
}
