//! IN-16 end to end: five reports of one grid become one incident, worked once; every reporter is informed and visited.

use kexiang_core::Role;
use serde_json::{Value, json};

use crate::center::{Center, Person, case, contact};

async fn report(desk: &Person) -> String {
    let mut fault = case("KIND_FAULT");
    fault["district"] = json!("grid-07");
    let accepted =
        desk.post("/v1/cases", json!({"contact": contact("0871-63512345"), "case": fault})).await.ok();
    accepted["name"].as_str().unwrap().to_owned()
}

/// The order of a case in that state, once it is there.
async fn order_of(person: &Person, case: &str, state: &str) -> String {
    let found = |body: &Value| {
        let orders = body["workOrders"].as_array()?;
        let order = orders.iter().find(|order| order["state"] == state)?;
        order["name"].as_str().map(str::to_owned)
    };
    person.until(&format!("/v1/workOrders?case={case}"), found).await
}

#[tokio::test]
async fn a_mass_fault_is_worked_once_and_every_reporter_is_informed_and_visited() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let technician = center.person("wang.wu", Role::Technician);
    let supervisor = center.person("zhao.liu", Role::Supervisor);

    // Five reports, one incident; the lead's order is the work of all.
    let mut reports = Vec::new();
    for _ in 0..5 {
        reports.push(report(&desk).await);
        center.advance(1);
    }
    let five = |body: &Value| {
        body["incidents"].as_array()?.first().filter(|found| found["reportCount"] == 5).cloned()
    };
    let incident = desk.until("/v1/incidents?site=sites/main", five).await;
    let name = incident["name"].as_str().unwrap().to_owned();
    assert_eq!(incident["leadCase"], json!(reports[0]));
    for follower in &reports[1..] {
        order_of(&technician, follower, "WORK_ORDER_STATE_CANCELLED").await;
    }

    // One of them is another matter: it gets work of its own again.
    let apart = reports.pop().unwrap();
    let leave = json!({"case": apart, "reason": "另一根电缆"});
    desk.post(&format!("/v1/{name}:leave"), leave).await.ok();
    order_of(&technician, &apart, "WORK_ORDER_STATE_ASSIGNED").await;

    // Worked once, all are resolved.
    let order = order_of(&technician, &reports[0], "WORK_ORDER_STATE_ASSIGNED").await;
    technician.post(&format!("/v1/{order}:accept"), json!({})).await.ok();
    technician.post(&format!("/v1/{order}:start"), json!({})).await.ok();
    let proof = json!({"report": "换了一段电缆", "evidence": ["photo/1"]});
    technician.post(&format!("/v1/{order}:finish"), json!({"proof": proof})).await.ok();
    supervisor.post(&format!("/v1/{order}:verify"), json!({})).await.ok();
    desk.until_state(&name, "INCIDENT_STATE_RESOLVED").await;
    for case in &reports {
        assert_eq!(desk.until_state(case, "CASE_STATE_RESOLVED").await["resolution"], "换了一段电缆");
    }

    // Every reporter is informed in one go, and visited.
    let inform = json!({"channel": "CHANNEL_MESSAGING", "note": "修好了"});
    let told = desk.post(&format!("/v1/{name}:informReporters"), inform).await.ok();
    assert_eq!(told["results"].as_array().unwrap().len(), 4);
    for case in &reports {
        let first = |body: &Value| body["tasks"][0]["name"].as_str().map(str::to_owned);
        let task = desk.until(&format!("/v1/tasks?case={case}"), first).await;
        let visit = json!({"satisfaction": "SATISFACTION_SATISFIED"});
        desk.post(&format!("/v1/{task}:recordReturnVisit"), visit).await.ok();
        desk.until_state(case, "CASE_STATE_CLOSED").await;
    }
    let closed = supervisor.post(&format!("/v1/{name}:close"), json!({})).await.ok();
    assert_eq!(closed["state"], "INCIDENT_STATE_CLOSED");
    desk.until_state(&apart, "CASE_STATE_DISPATCHED").await;
    center.close().await;
}
