//! What happens while the database or another service is gone, and afterwards (IN-14).

use std::{env, fs, path::PathBuf};

use kexiang_intake::SCHEMA;
use kexiang_pg::{
    RoleGrant, migrate,
    private::{Options, PrivateServer},
    provision,
};
use kexiang_proto::{
    intake_v1::{AcceptCaseRequest, CaseState, GetCaseRequest},
    rpc::RetryInfo,
    type_v1::Kind,
};
use kexiang_rpc::refusal;
use tonic::{Code, Status};
use tonic_health::ServingStatus;

use crate::{
    desk::Desk,
    reports::REPORT,
    verb::Verb,
    wire::{acceptance, item, refused, request_id},
};

const DATABASE: &str = "kexiang";

/// A directory that goes with the test.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        Self(env::temp_dir().join(format!("kexiang-outage-{}", uuid::Uuid::new_v4().simple())))
    }

    async fn start(&self) -> PrivateServer {
        PrivateServer::start(Options::durable(&self.0)).await.unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Why an import of one item ends: an outage is no item's own refusal.
async fn import_error(desk: &Desk) -> Status {
    let items = tokio_stream::once(item(1, "A-1"));
    let mut results = desk.client().import_cases(items).await.unwrap().into_inner();
    results.message().await.unwrap_err()
}

#[tokio::test]
async fn without_its_database_intake_says_so_and_goes_on_when_it_returns() {
    let home = Home::new();
    let server = home.start().await;
    let database_url = server.url(SCHEMA.role, DATABASE);
    let grant = RoleGrant { schema: &SCHEMA, password: None };
    provision(&server.admin_url(), DATABASE, &[grant]).await.unwrap();
    migrate(&database_url, &SCHEMA).await.unwrap();
    let desk = Desk::over(&database_url, 8).await;
    desk.create_site("main").await;
    let before = desk.accept(acceptance()).await;
    let request = AcceptCaseRequest { request_id: request_id(), ..acceptance() };

    server.stop().await;

    let mut client = desk.client();
    let reading = client.get_case(GetCaseRequest { name: before.name.clone() });
    let started_without = Desk::over(&database_url, 8).await;
    let (accepting, reading, importing) =
        tokio::join!(desk.try_accept(request.clone()), reading, import_error(&started_without));
    for status in [accepting.unwrap_err(), reading.unwrap_err(), importing] {
        assert_eq!(refused(&status), (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned()));
        assert!(refusal::detail::<RetryInfo>(&status).unwrap().retry_delay.is_some());
    }
    desk.until_health_is(ServingStatus::NotServing).await;

    let _server = home.start().await;

    desk.until_health_is(ServingStatus::Serving).await;
    let after = desk.accept(request).await;
    assert_eq!(desk.case(&before.name).await, before);
    assert_eq!(after.number, "C-20261122-000002");
    assert_eq!(desk.numbers().await, [1, 2]);
}

#[tokio::test]
async fn while_other_services_are_down_cases_are_accepted_and_go_on_when_those_return() {
    let desk = Desk::open().await;
    desk.dispatch.go_down();
    desk.customer_records.go_down();

    let case = desk.accept(acceptance()).await;
    desk.dispatch.come_back();
    desk.customer_records.come_back();
    desk.dispatched(&case.name, 1).await;

    assert_eq!(desk.case(&case.name).await.state(), CaseState::Dispatched);
}

#[tokio::test]
async fn while_dispatch_can_t_tell_what_was_done_the_case_waits_for_it() {
    let desk = Desk::open().await;
    let case = desk.case_in(CaseState::Dispatched, Kind::Fault).await;
    desk.dispatch.reports.refuse(2);

    desk.completed(&case.name, 1).await;

    let resolved = desk.case(&case.name).await;
    assert_eq!((resolved.state(), resolved.resolution.as_str()), (CaseState::Resolved, REPORT));
    assert_eq!(desk.dispatch.reports.refusals(), 0);
}

/// A pool of one connection, and nothing in memory: who waited for a second connection would wait for itself.
#[tokio::test]
async fn a_verb_needs_no_more_than_one_connection() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let cold = desk.replica(1).await;

    let withdrawn = cold.act(Verb::Withdraw, &case.name).await;

    assert_eq!(withdrawn.state(), CaseState::Withdrawn);
}
