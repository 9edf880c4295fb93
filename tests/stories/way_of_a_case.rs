//! The way of a case, end to end: IN-3, IN-4, IN-6, IN-14, IN-17, DI-6, DI-7, DI-12, DI-19, CU-1, CU-2, CU-16, RE-1, RE-2, RE-3.

use kexiang_core::Role;
use serde_json::{Value, json};

use crate::center::{Center, Person, case, contact};

const PHONE: &str = "0871-63512345";

async fn accept(desk: &Person, kind: &str) -> Value {
    desk.post("/v1/cases", json!({"contact": contact(PHONE), "case": case(kind)})).await.ok()
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap().to_owned()
}

async fn order_of(person: &Person, case: &str, state: &str) -> Value {
    let found = |body: &Value| {
        let orders = body["workOrders"].as_array()?;
        orders.iter().find(|order| order["state"] == state).cloned()
    };
    person.until(&format!("/v1/workOrders?case={case}"), found).await
}

/// The technician does an order up to its finish, with proof.
async fn work(technician: &Person, order: &str) {
    technician.post(&format!("/v1/{order}:accept"), json!({})).await.ok();
    technician.post(&format!("/v1/{order}:start"), json!({})).await.ok();
    let proof = json!({"report": "换了一段线", "evidence": ["photo/1"]});
    technician.post(&format!("/v1/{order}:finish"), json!({"proof": proof})).await.ok();
}

#[tokio::test]
async fn a_fault_goes_from_the_first_ring_to_the_day_report() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let technician = center.person("wang.wu", Role::Technician);
    let supervisor = center.person("zhao.liu", Role::Supervisor);

    // IN-3, IN-4: a contact with its number, and its case.
    let accepted = accept(&desk, "KIND_FAULT").await;
    let case = name(&accepted);
    assert_eq!(accepted["number"], "C-20261122-000001");
    assert_eq!(accepted["firstResponsibleAgent"], "agents/li.na");
    let register = desk.get("/v1/contacts?site=sites/main").await.ok();
    assert_eq!(register["contacts"][0]["registerNumber"], "1");

    // DI-7, DI-6: routed, assigned, explained.
    let order = order_of(&technician, &case, "WORK_ORDER_STATE_ASSIGNED").await;
    let order_name = name(&order);
    assert_eq!(
        (order["unit"].as_str(), order["agent"].as_str()),
        (Some("units/city"), Some("agents/wang.wu"))
    );
    let assignments = supervisor.get(&format!("/v1/{order_name}/assignments")).await.ok();
    let candidate = &assignments["assignments"][0]["candidates"][0];
    assert_eq!(candidate["outcome"], "OUTCOME_CHOSEN");
    assert!(!candidate["explanation"].as_str().unwrap().is_empty());
    desk.until_state(&case, "CASE_STATE_DISPATCHED").await;

    // IN-17: nobody skips a step.
    let skipped = desk.post(&format!("/v1/{case}:close"), json!({})).await;
    assert_eq!((skipped.code, skipped.reason()), (400, "STATE_NOT_ALLOWED"));

    // DI-12: worked, proven, verified by another person.
    work(&technician, &order_name).await;
    let own = technician.post(&format!("/v1/{order_name}:verify"), json!({})).await;
    assert_eq!(own.reason(), "OWN_WORK");
    center.advance(90);
    supervisor.post(&format!("/v1/{order_name}:verify"), json!({})).await.ok();
    let resolved = desk.until_state(&case, "CASE_STATE_RESOLVED").await;
    assert_eq!(
        (resolved["resolution"].as_str(), resolved["unit"].as_str()),
        (Some("换了一段线"), Some("units/city"))
    );

    // IN-17, DI-19: informed, then visited before it closes.
    desk.post(&format!("/v1/{case}:inform"), json!({"channel": "CHANNEL_HOTLINE"})).await.ok();
    let early = desk.post(&format!("/v1/{case}:close"), json!({})).await;
    assert_eq!(early.reason(), "RETURN_VISIT_REQUIRED");
    let first = |body: &Value| body["tasks"][0]["name"].as_str().map(str::to_owned);
    let task = desk.until(&format!("/v1/tasks?case={case}"), first).await;
    let visit = json!({"satisfaction": "SATISFACTION_SATISFIED", "words": "很快"});
    desk.post(&format!("/v1/{task}:recordReturnVisit"), visit).await.ok();
    let closed = desk.until_state(&case, "CASE_STATE_CLOSED").await;
    assert_eq!(closed["satisfaction"], "SATISFACTION_SATISFIED");
    supervisor.post(&format!("/v1/{case}:archive"), json!({})).await.ok();

    the_customer_is_known(&desk, &case).await;
    the_figures_show_it(&supervisor).await;
    center.close().await;
}

/// CU-1, CU-2, CU-16, IN-6: the caller became a customer, found by phone, with all that happened.
async fn the_customer_is_known(desk: &Person, case: &str) {
    let identified = |body: &Value| body["customer"].as_str().map(str::to_owned);
    let customer = desk.until(&format!("/v1/{case}"), identified).await;
    let recognised = desk.get("/v1/customers:recognise?phone=%2B8687163512345").await.ok();
    assert_eq!(
        (&recognised["customer"]["name"], &recognised["frequency"]),
        (&json!(customer), &json!("CALLER_FREQUENCY_SECOND"))
    );

    let story = |body: &Value| {
        let entries = body["timelineEntries"].as_array()?;
        let types: Vec<_> =
            entries.iter().rev().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect();
        types.contains(&"case.archived".to_owned()).then_some(types)
    };
    let types = desk.until(&format!("/v1/{customer}/timelineEntries?pageSize=1000"), story).await;
    let steps = [
        "contact.registered",
        "case.accepted",
        "work_order.finished",
        "work_order.completed",
        "case.resolved",
        "case.informed",
        "task.done",
        "case.closed",
        "case.archived",
    ];
    let places: Vec<_> = steps.iter().map(|step| types.iter().position(|known| known == step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{steps:?} in {types:?}");
}

/// RE-1, RE-2, RE-3: the day shows it, with its definitions and the rows behind.
async fn the_figures_show_it(supervisor: &Person) {
    let counted = |body: &Value| (body["total"]["resolved"] == "1").then(|| body.clone());
    let report = supervisor.until("/v1/sites/main/dayReports/2026-11-22", counted).await;
    assert_eq!(report["total"]["received"], "1");
    assert_eq!(report["total"]["resolveSecondsMedian"], 5400.0);
    assert_eq!(report["timeZone"], "Asia/Shanghai");
    assert!(report["definitions"].as_array().is_some_and(|definitions| !definitions.is_empty()));
    let kinds =
        report["breakdowns"].as_array().unwrap().iter().find(|part| part["dimension"] == "DIMENSION_KIND");
    assert_eq!(kinds.unwrap()["rows"][0]["key"], "FAULT");

    let rows = "/v1/sites/main/countedCases?startDate=2026-11-22&endDate=2026-11-22&figure=FIGURE_RESOLVED";
    let rows = supervisor.get(rows).await.ok();
    assert_eq!(rows["countedCases"][0]["number"], "C-20261122-000001");
    let archived = |body: &Value| {
        let cases = body["cases"].as_array()?;
        cases
            .iter()
            .any(|count| count["state"] == "CASE_STATE_ARCHIVED" && count["count"] == "1")
            .then_some(())
    };
    supervisor.until("/v1/wallboard?site=sites/main", archived).await;
}

#[tokio::test]
async fn the_same_request_twice_is_one_case_and_another_payload_is_refused() {
    // IN-14
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let request_id = "6f2b1a34-9c51-4f0e-8a77-0f8f3f0f9a01";
    let request = json!({"contact": contact(PHONE), "case": case("KIND_FAULT"), "requestId": request_id});
    let other = json!({"contact": contact(PHONE), "case": case("KIND_COMPLAINT"), "requestId": request_id});

    let first = desk.post("/v1/cases", request.clone()).await.ok();
    let second = desk.post("/v1/cases", request).await.ok();
    let refused = desk.post("/v1/cases", other).await;

    assert_eq!(first, second);
    assert_eq!((refused.code, refused.reason()), (400, "REQUEST_ID_REUSED"));
    let cases = desk.get("/v1/cases?site=sites/main").await.ok();
    assert_eq!(cases["cases"].as_array().unwrap().len(), 1);
    center.close().await;
}

#[tokio::test]
async fn work_waits_for_somebody_who_is_there_and_is_taken_back_with_the_case() {
    // DI-2, IN-17
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let technician = center.person("wang.wu", Role::Technician);
    technician.post("/v1/agents/wang.wu:signOut", json!({})).await.ok();

    let waiting = name(&accept(&desk, "KIND_FAULT").await);
    let withdrawn = name(&accept(&desk, "KIND_FAULT").await);
    order_of(&technician, &waiting, "WORK_ORDER_STATE_QUEUED").await;
    order_of(&technician, &withdrawn, "WORK_ORDER_STATE_QUEUED").await;
    desk.until_state(&withdrawn, "CASE_STATE_DISPATCHED").await;
    desk.post(&format!("/v1/{withdrawn}:withdraw"), json!({"reason": "自己好了"})).await.ok();
    order_of(&technician, &withdrawn, "WORK_ORDER_STATE_CANCELLED").await;
    technician.post("/v1/agents/wang.wu:signIn", json!({})).await.ok();

    let order = order_of(&technician, &waiting, "WORK_ORDER_STATE_ASSIGNED").await;
    assert_eq!(order["agent"], "agents/wang.wu");
    center.close().await;
}

#[tokio::test]
async fn the_desk_resolves_what_it_kept_without_any_work_order() {
    // IN-10
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let mut kept = case("KIND_CONSULTATION");
    kept["handling"] = json!("HANDLING_DESK");

    let accepted = desk.post("/v1/cases", json!({"contact": contact(PHONE), "case": kept})).await.ok();
    let case = name(&accepted);
    desk.post(&format!("/v1/{case}:resolve"), json!({"resolution": "营业时间是 9 点到 18 点"})).await.ok();
    desk.post(&format!("/v1/{case}:inform"), json!({"channel": "CHANNEL_HOTLINE"})).await.ok();
    let closed = desk.post(&format!("/v1/{case}:close"), json!({})).await.ok();

    assert_eq!((&closed["state"], &closed["resolvedAtDesk"]), (&json!("CASE_STATE_CLOSED"), &json!(true)));
    let marker = name(&accept(&desk, "KIND_FAULT").await);
    order_of(&desk, &marker, "WORK_ORDER_STATE_ASSIGNED").await;
    let orders = desk.get(&format!("/v1/workOrders?case={case}")).await.ok();
    assert!(orders["workOrders"].as_array().is_none_or(Vec::is_empty), "{orders:#}");
    center.close().await;
}
