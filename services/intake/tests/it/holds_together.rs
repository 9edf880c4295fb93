//! A case on hold is not joined, parted or linked by people before it is resumed; what follows a lead goes where it goes and stays
//! on hold (IN-15, IN-16, IN-18).

use kexiang_proto::{
    intake_v1::{
        Case, CaseState, CreateIncidentRequest, DissolveIncidentRequest, HoldCaseRequest, HoldReason,
        Incident, IncidentState, JoinIncidentRequest, LeaveIncidentRequest, ResolveIncidentRequest,
        ResumeCaseRequest,
    },
    type_v1::Kind,
};
use tonic::{Code, Status};

use crate::{
    desk::Desk,
    together::GRID,
    wire::{preconditions, refused},
};

impl Desk {
    async fn put_on_hold(&self, case: &Case) {
        let (name, reason) = (case.name.clone(), HoldReason::Parts.into());
        self.client().hold_case(HoldCaseRequest { name, reason, ..Default::default() }).await.unwrap();
    }

    async fn resume(&self, case: &Case) {
        let request = ResumeCaseRequest { name: case.name.clone(), ..Default::default() };
        self.client().resume_case(request).await.unwrap();
    }

    async fn try_join(&self, incident: &Incident, case: &Case) -> Result<Incident, Status> {
        let (name, case) = (incident.name.clone(), case.name.clone());
        let request = JoinIncidentRequest { name, case, ..Default::default() };
        self.incidents().join_incident(request).await.map(tonic::Response::into_inner)
    }

    async fn try_leave(&self, incident: &Incident, case: &Case) -> Result<Incident, Status> {
        let (name, case, reason) = (incident.name.clone(), case.name.clone(), "another cable".to_owned());
        let request = LeaveIncidentRequest { name, case, reason, ..Default::default() };
        self.incidents().leave_incident(request).await.map(tonic::Response::into_inner)
    }

    async fn try_resolve(&self, incident: &Incident) -> Result<Incident, Status> {
        let (name, resolution) = (incident.name.clone(), "power is back".to_owned());
        let request = ResolveIncidentRequest { name, resolution, ..Default::default() };
        self.incidents().resolve_incident(request).await.map(tonic::Response::into_inner)
    }
}

fn is_on_hold(status: &Status, case: &Case) {
    assert_eq!(refused(status), (Code::FailedPrecondition, "CASE_ON_HOLD".to_owned()));
    assert_eq!(preconditions(status), [("HOLD".to_owned(), case.name.clone())]);
}

#[tokio::test]
async fn a_case_on_hold_neither_joins_nor_leaves_an_incident_until_it_is_resumed() {
    let desk = Desk::open().await;
    // Of another district: the detector takes the reports of its own in by itself.
    let reports = [desk.report_fault("grid-07").await, desk.report_fault("grid-08").await];
    let incident = desk.open_incident(&[&reports[0]]).await;
    desk.put_on_hold(&reports[1]).await;

    let joins = desk.try_join(&incident, &reports[1]).await.unwrap_err();
    let untouched = desk.case(&reports[1].name).await;
    desk.resume(&reports[1]).await;
    desk.try_join(&incident, &reports[1]).await.unwrap();
    desk.put_on_hold(&reports[1]).await;
    let leaves = desk.try_leave(&incident, &reports[1]).await.unwrap_err();
    desk.resume(&reports[1]).await;
    let left = desk.try_leave(&incident, &reports[1]).await.unwrap();

    is_on_hold(&joins, &reports[1]);
    is_on_hold(&leaves, &reports[1]);
    assert_eq!((untouched.incident.as_str(), untouched.hold_reason()), ("", HoldReason::Parts));
    assert_eq!(left.report_count, 1);
}

#[tokio::test]
async fn no_incident_is_made_of_a_case_on_hold() {
    let desk = Desk::open().await;
    let reports = desk.reports(2).await;
    desk.put_on_hold(&reports[1]).await;
    let create = CreateIncidentRequest {
        district: GRID.to_owned(),
        category: "line.dead".to_owned(),
        cases: reports.iter().map(|case| case.name.clone()).collect(),
        ..Default::default()
    };

    let refusal = desk.incidents().create_incident(create).await.unwrap_err();

    is_on_hold(&refusal, &reports[1]);
    assert!(desk.all_incidents().await.is_empty());
    assert_eq!(desk.case(&reports[0].name).await.incident, "");
}

#[tokio::test]
async fn an_incident_waits_for_its_lead_and_takes_a_follower_along_on_hold() {
    let desk = Desk::open().await;
    let reports = desk.reports(2).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1]]).await;
    desk.put_on_hold(&reports[0]).await;
    desk.put_on_hold(&reports[1]).await;

    let waits = desk.try_resolve(&incident).await.unwrap_err();
    desk.resume(&reports[0]).await;
    let resolved = desk.try_resolve(&incident).await.unwrap();

    is_on_hold(&waits, &reports[0]);
    assert_eq!(resolved.state(), IncidentState::Resolved);
    let follower = desk.case(&reports[1].name).await;
    assert_eq!((follower.state(), follower.hold_reason()), (CaseState::Resolved, HoldReason::Parts));
}

#[tokio::test]
async fn what_was_no_incident_ends_for_all_and_holds_stay() {
    let desk = Desk::open().await;
    let reports = desk.reports(2).await;
    let incident = desk.open_incident(&[&reports[0], &reports[1]]).await;
    desk.put_on_hold(&reports[1]).await;

    let (name, reason) = (incident.name.clone(), "two troubles".to_owned());
    let request = DissolveIncidentRequest { name, reason, ..Default::default() };
    desk.incidents().dissolve_incident(request).await.unwrap();

    let freed = desk.case(&reports[1].name).await;
    assert_eq!((freed.incident.as_str(), freed.hold_reason()), ("", HoldReason::Parts));
    assert_eq!((freed.state(), freed.kind()), (CaseState::Received, Kind::Fault));
}

#[tokio::test]
async fn a_duplicate_on_hold_is_neither_linked_nor_unlinked_until_it_is_resumed() {
    let desk = Desk::open().await;
    let (later, earlier, proposal) = desk.alike().await;
    desk.put_on_hold(&later).await;
    desk.put_on_hold(&earlier).await;

    let links = desk.link_duplicate(&proposal).await.unwrap_err();
    desk.resume(&later).await;
    let linked = desk.link_duplicate(&proposal).await.unwrap();
    desk.put_on_hold(&later).await;
    let unlinks = desk.unlink(&linked).await.unwrap_err();
    desk.resume(&later).await;
    desk.unlink(&linked).await.unwrap();

    is_on_hold(&links, &later);
    is_on_hold(&unlinks, &later);
    assert_eq!(desk.case(&earlier.name).await.hold_reason(), HoldReason::Parts, "the earlier one may wait");
}
