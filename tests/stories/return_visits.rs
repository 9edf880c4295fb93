//! Return visits: DI-19, and what their answers do to the case (IN-17).

use kexiang_core::Role;
use serde_json::{Value, json};

use crate::center::{Center, Person, case, contact};

/// A complaint that was worked, verified and told to the customer, and its open return visit.
async fn informed_complaint(center: &Center, desk: &Person) -> (String, String) {
    let technician = center.person("wang.wu", Role::Technician);
    let supervisor = center.person("zhao.liu", Role::Supervisor);
    let accepted =
        desk.post("/v1/cases", json!({"contact": contact("13888000001"), "case": case("KIND_COMPLAINT")}));
    let case = accepted.await.ok()["name"].as_str().unwrap().to_owned();
    work_and_inform(desk, &technician, &supervisor, &case, 1).await;
    let task = open_task(desk, &case).await;
    (case, task)
}

async fn work_and_inform(desk: &Person, technician: &Person, supervisor: &Person, case: &str, attempt: i64) {
    let assigned = |body: &Value| {
        let orders = body["workOrders"].as_array()?;
        let order = orders
            .iter()
            .find(|order| order["attempt"] == attempt && order["state"] == "WORK_ORDER_STATE_ASSIGNED");
        Some(order?["name"].as_str()?.to_owned())
    };
    let order = technician.until(&format!("/v1/workOrders?case={case}"), assigned).await;
    for step in ["accept", "start"] {
        technician.post(&format!("/v1/{order}:{step}"), json!({})).await.ok();
    }
    let proof = json!({"report": "处理了", "evidence": ["photo/1"]});
    technician.post(&format!("/v1/{order}:finish"), json!({"proof": proof})).await.ok();
    supervisor.post(&format!("/v1/{order}:verify"), json!({})).await.ok();
    desk.until_state(case, "CASE_STATE_RESOLVED").await;
    desk.post(&format!("/v1/{case}:inform"), json!({"channel": "CHANNEL_HOTLINE"})).await.ok();
}

async fn open_task(desk: &Person, case: &str) -> String {
    let open = |body: &Value| {
        let task = body["tasks"].as_array()?.iter().find(|task| task["state"] == "TASK_STATE_OPEN")?;
        Some(task["name"].as_str()?.to_owned())
    };
    desk.until(&format!("/v1/tasks?case={case}"), open).await
}

#[tokio::test]
async fn a_return_visit_opens_by_itself_due_in_three_days() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);

    let (_, task) = informed_complaint(&center, &desk).await;

    let task = desk.get(&format!("/v1/{task}")).await.ok();
    assert_eq!((&task["kind"], &task["agent"]), (&json!("TASK_KIND_RETURN_VISIT"), &json!("agents/li.na")));
    assert_eq!(task["dueTime"], "2026-11-25T08:00:00Z");
    center.close().await;
}

#[tokio::test]
async fn a_dissatisfied_customer_gets_the_case_reopened_and_worked_again() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let (case, task) = informed_complaint(&center, &desk).await;

    let answer = json!({"satisfaction": "SATISFACTION_DISSATISFIED", "words": "还是不通"});
    desk.post(&format!("/v1/{task}:recordReturnVisit"), answer).await.ok();
    let technician = center.person("wang.wu", Role::Technician);
    let supervisor = center.person("zhao.liu", Role::Supervisor);
    work_and_inform(&desk, &technician, &supervisor, &case, 2).await;
    let second = open_task(&desk, &case).await;
    let answer = json!({"satisfaction": "SATISFACTION_VERY_SATISFIED"});
    desk.post(&format!("/v1/{second}:recordReturnVisit"), answer).await.ok();

    let closed = desk.until_state(&case, "CASE_STATE_CLOSED").await;
    assert_eq!(
        (&closed["reopenCount"], &closed["satisfaction"]),
        (&json!(1), &json!("SATISFACTION_VERY_SATISFIED"))
    );
    center.close().await;
}

#[tokio::test]
async fn three_attempts_that_reach_nobody_let_the_case_close() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let (case, task) = informed_complaint(&center, &desk).await;

    for _ in 0..3 {
        desk.post(&format!("/v1/{task}:recordReturnVisit"), json!({"notReached": true})).await.ok();
    }
    let fourth = desk.post(&format!("/v1/{task}:recordReturnVisit"), json!({"notReached": true})).await;

    assert_eq!(fourth.reason(), "STATE_NOT_ALLOWED");
    let closed = desk.until_state(&case, "CASE_STATE_CLOSED").await;
    assert!(
        closed.get("satisfaction").is_none_or(|answer| answer == "SATISFACTION_UNSPECIFIED"),
        "{closed:#}"
    );
    center.close().await;
}
