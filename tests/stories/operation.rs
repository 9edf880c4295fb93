//! Operation: OP-2 probes, and what happens when something is asked that the services are not there for.

use kexiang_core::Role;
use serde_json::json;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::center::{Center, case, contact};

async fn status_of(address: &str, service: &str) -> ServingStatus {
    let channel = tonic::transport::Endpoint::from_shared(address.to_owned()).unwrap().connect_lazy();
    let mut health = HealthClient::new(channel);
    for _ in 0..1_000 {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.map(|answer| answer.into_inner().status());
        if matches!(status, Ok(ServingStatus::Serving)) {
            return ServingStatus::Serving;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    ServingStatus::NotServing
}

#[tokio::test]
async fn every_service_says_that_it_serves_without_a_token() {
    let center = Center::open().await;
    let ends = center.endpoints().clone();

    for (address, service) in [
        (&ends.intake, "kexiang.intake.v1.IntakeService"),
        (&ends.dispatch, "kexiang.dispatch.v1.DispatchService"),
        (&ends.customer_records, "kexiang.customers.v1.CustomerRecordsService"),
        (&ends.reporting, "kexiang.reporting.v1.ReportingService"),
    ] {
        assert_eq!(status_of(address, service).await, ServingStatus::Serving, "{service}");
        assert_eq!(status_of(address, "").await, ServingStatus::Serving);
    }
    let nobody = center.person("x", Role::Customer);
    nobody.until("/readyz", |body| (!body.is_null()).then_some(())).await;
    center.close().await;
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_stop_and_a_start() {
    // IN-14: graceful shutdown finishes what it accepted.
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let callers: Vec<_> = (0..32)
        .map(|caller| {
            let desk = desk.clone();
            let contact = contact(&format!("138880000{caller:02}"));
            tokio::spawn(async move {
                desk.post("/v1/cases", json!({"contact": contact, "case": case("KIND_FAULT")})).await
            })
        })
        .collect();

    let mut accepted = Vec::new();
    for caller in callers {
        accepted.push(caller.await.unwrap().ok()["name"].as_str().unwrap().to_owned());
    }
    let center = center.restart().await;
    let desk = center.person("li.na", Role::Agent);

    for case in accepted {
        desk.get(&format!("/v1/{case}")).await.ok();
    }
    center.close().await;
}
