//! CU-14 over the whole: what a customer said lies in many tables of intake and dispatch, in customer records never in clear; after
//! the erasure it lies nowhere, the receipt says who did it when, and the figures are what they were.

use base64::{Engine, engine::general_purpose::STANDARD};
use kexiang_core::Role;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::center::{Center, Person};

/// In every text of the story, and in no other.
const MARK: &str = "Erasable";
const PHONE: &str = "13912340099";
const SEEDED: [&str; 3] = [MARK, "erasable@", PHONE];
const SCHEMAS: [&str; 4] = ["intake", "dispatch", "customer_records", "reporting"];

/// Tables of all schemas that show one of the texts, as `schema.table`; rows as text, bytes as bytes and in base64.
async fn scan(center: &Center, texts: &[&str]) -> Vec<String> {
    let mut admin = PgConnection::connect(&center.database.admin_url()).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text from information_schema.tables
         where table_schema = any($1) and table_type = 'BASE TABLE' order by 1, 2",
    )
    .bind(SCHEMAS.map(str::to_owned).to_vec())
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(tables.len() > 40, "all schemas are there");
    let mut found = Vec::new();
    for (schema, table) in tables {
        let sql = format!(
            "select exists (select from {schema}.{table} t, unnest($1::text[]) as mark
             where strpos(t::text, mark) > 0 or strpos(t::text, encode(convert_to(mark, 'UTF8'), 'hex')) > 0)"
        );
        let shows: bool =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(texts).fetch_one(&mut admin).await.unwrap();
        if shows {
            found.push(format!("{schema}.{table}"));
        }
    }
    admin.close().await.unwrap();
    found
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap().to_owned()
}

fn request_id(nr: u8) -> String {
    format!("7f2b1a34-9c51-4f0e-8a77-0f8f3f0f9a{nr:02}")
}

/// A case with words wherever words can be given; gives its name.
async fn seed(center: &Center) -> String {
    let desk = center.person("li.na", Role::Agent);
    let contact = json!({
        "site": "sites/main",
        "channel": "CHANNEL_HOTLINE",
        "caller": {"displayName": format!("Zhao {MARK}"), "phone": PHONE, "email": "erasable@example.com",
                   "address": format!("{MARK} Road 5")},
        "need": format!("{MARK} has no tone"),
        "heardFrom": format!("a friend of {MARK}"),
    });
    let case = json!({
        "kind": "KIND_FAULT", "category": "line.dead", "title": format!("{MARK}: no tone"),
        "description": format!("{MARK} calls from a neighbour's"), "address": format!("{MARK} Road 5"),
    });
    let accepted = json!({"contact": contact, "case": case, "requestId": request_id(1)});
    let case = name(&desk.post("/v1/cases", accepted).await.ok());
    let promise = json!({"case": case, "kind": "PROMISE_KIND_CALLBACK", "dueTime": "2026-11-23T08:00:00Z",
                         "note": format!("ask for {MARK}"), "requestId": request_id(2)});
    let promise = name(&desk.post("/v1/promises", promise).await.ok());
    let kept = json!({"note": format!("{MARK} was in"), "requestId": request_id(3)});
    desk.post(&format!("/v1/{promise}:keep"), kept).await.ok();
    attach(&desk, &case).await;
    talk(center).await;
    case
}

async fn attach(desk: &Person, case: &str) {
    let evidence = json!({"parent": case, "fileName": format!("{MARK}.jpg"), "mediaType": "image/jpeg"});
    let begun = desk.post("/v1/evidence:beginUpload", json!({"evidence": evidence})).await.ok();
    let evidence = name(&begun);
    let data = STANDARD.encode([b"\xff\xd8\xff\xe0".as_slice(), &[7; 500]].concat());
    desk.post(&format!("/v1/{evidence}:appendChunk"), json!({"offset": 0, "data": data})).await.ok();
    desk.post(&format!("/v1/{evidence}:finishUpload"), json!({})).await.ok();
}

/// A dialogue whose words no menu fits, so that it goes to a person and becomes a contact of the same customer; and a call.
async fn talk(center: &Center) {
    let front = center.person("chat", Role::Service);
    let opening =
        json!({"site": "sites/main", "channel": "CHANNEL_MESSAGING", "phone": PHONE, "language": "zh"});
    let dialogue = front.post("/v1/dialogues", opening).await.ok();
    let said =
        json!({"turn": dialogue["turn"], "input": format!("{MARK} is here"), "requestId": request_id(4)});
    let dialogue = name(&dialogue);
    front.post(&format!("/v1/{dialogue}:continue"), said).await.ok();

    let number = json!({"number": "10086", "site": "sites/main", "displayName": "热线"});
    center.administrator().post("/v1/publishedNumbers", number).await.ok();
    let event = |id: &str, kind: &str, agent: &str, second: u32| {
        json!({"eventId": id, "callId": "a", "kind": format!("CALL_EVENT_KIND_{kind}"), "agent": agent,
               "eventTime": format!("2026-11-22T07:00:{second:02}Z"), "calledNumber": "10086", "callerPhone": PHONE})
    };
    let events = json!({"source": "pbx", "events": [
        event("1", "OFFERED", "", 0), event("2", "RINGING", "agents/li.na", 5), event("3", "ANSWERED", "agents/li.na", 9),
    ]});
    let results = front.post("/v1/calls:reportEvents", events).await.ok();
    let words = json!({"call": results["results"][0]["call"], "caller": {"displayName": format!("Zhao {MARK}")},
                       "need": format!("{MARK} again")});
    center.person("li.na", Role::Agent).post("/v1/contacts", json!({"contact": words})).await.ok();
}

/// The work is done, told and visited, with words everywhere.
async fn work(center: &Center, case: &str) {
    let (desk, technician) =
        (center.person("li.na", Role::Agent), center.person("wang.wu", Role::Technician));
    let assigned = |body: &Value| {
        let orders = body["workOrders"].as_array()?;
        orders.iter().find(|order| order["state"] == "WORK_ORDER_STATE_ASSIGNED").map(name)
    };
    let order = desk.until(&format!("/v1/workOrders?case={case}"), assigned).await;
    technician.post(&format!("/v1/{order}:accept"), json!({})).await.ok();
    technician.post(&format!("/v1/{order}:start"), json!({})).await.ok();
    let proof = json!({"report": format!("mended at {MARK}'s"), "evidence": ["photo/1"]});
    let finish = json!({"proof": proof, "requestId": request_id(5)});
    technician.post(&format!("/v1/{order}:finish"), finish).await.ok();
    let supervisor = center.person("zhao.liu", Role::Supervisor);
    supervisor.post(&format!("/v1/{order}:verify"), json!({})).await.ok();
    desk.until_state(case, "CASE_STATE_RESOLVED").await;
    let told =
        json!({"channel": "CHANNEL_HOTLINE", "note": format!("{MARK} thanked"), "requestId": request_id(6)});
    desk.post(&format!("/v1/{case}:inform"), told).await.ok();
    let first = |body: &Value| body["tasks"][0]["name"].as_str().map(str::to_owned);
    let task = desk.until(&format!("/v1/tasks?case={case}"), first).await;
    let visit = json!({"satisfaction": "SATISFACTION_SATISFIED", "words": format!("{MARK} is glad"),
                       "requestId": request_id(7)});
    desk.post(&format!("/v1/{task}:recordReturnVisit"), visit).await.ok();
    desk.until_state(case, "CASE_STATE_CLOSED").await;
}

/// The figures of the day once reporting has the closed case.
async fn figures(center: &Center) -> Vec<Value> {
    let supervisor = center.person("zhao.liu", Role::Supervisor);
    let counted = |body: &Value| (body["total"]["resolved"] == "1").then(|| body.clone());
    let day = supervisor.until("/v1/sites/main/dayReports/2026-11-22", counted).await;
    let closed = |body: &Value| body["cases"].to_string().contains("CASE_STATE_CLOSED").then(|| body.clone());
    let board = supervisor.until("/v1/wallboard?site=sites/main", closed).await;
    let breakdown =
        "/v1/sites/main/breakdown?startDate=2026-11-22&endDate=2026-11-22&dimension=DIMENSION_KIND";
    vec![day, board, supervisor.get(breakdown).await.ok()]
}

#[tokio::test]
async fn an_erased_customer_lies_in_no_table_and_the_figures_stay() {
    let center = Center::open().await;
    center.set_up().await;
    let case = seed(&center).await;
    work(&center, &case).await;
    let desk = center.person("li.na", Role::Agent);
    let identified = |body: &Value| body["customer"].as_str().map(str::to_owned);
    let customer = desk.until(&format!("/v1/{case}"), identified).await;
    let three = |body: &Value| {
        let entries = body["timelineEntries"].as_array()?;
        (entries.iter().filter(|entry| entry["type"] == "contact.registered").count() >= 3).then_some(())
    };
    desk.until(&format!("/v1/{customer}/timelineEntries?pageSize=1000"), three).await;
    let (lay, before) = (scan(&center, &SEEDED).await, figures(&center).await);

    let manager = center.person("chen.jie", Role::Manager);
    let reason = json!({"reason": "ERASURE_REASON_CUSTOMER_REQUEST"});
    let erasure = manager.post(&format!("/v1/{customer}:erase"), reason).await.ok();
    let done = |body: &Value| (body["state"] == "STATE_DONE").then(|| body.clone());
    let receipt = manager.until(&format!("/v1/{}", name(&erasure)), done).await;

    // Before: in many tables of intake and in dispatch, and never in clear in customer records.
    for table in [
        "intake.contacts",
        "intake.cases",
        "intake.promises",
        "intake.evidence",
        "intake.dialogue_turns",
        "intake.call_events",
        "intake.idempotency_keys",
        "dispatch.work_orders",
        "dispatch.tasks",
    ] {
        assert!(lay.contains(&table.to_owned()), "{table} was seeded: {lay:?}");
    }
    assert!(
        !lay.iter().any(|table| table.starts_with("customer_records") || table.starts_with("reporting")),
        "{lay:?}"
    );
    assert!(!lay.iter().any(|table| table.contains("event_log")), "{lay:?}");
    // After: nowhere; all have said when; the figures are the same, and so is the case, without words.
    assert_eq!(scan(&center, &SEEDED).await, Vec::<String>::new());
    assert_eq!(figures(&center).await, before);
    assert!(
        receipt["parts"].as_array().unwrap().iter().all(|part| part["doneTime"].is_string()),
        "{receipt:#}"
    );
    let stump = desk.get(&format!("/v1/{case}")).await.ok();
    assert_eq!((&stump["state"], &stump["customer"]), (&json!("CASE_STATE_CLOSED"), &json!(customer)));
    assert!(stump["title"].as_str().is_none_or(str::is_empty));
    center.close().await;
}

#[tokio::test]
async fn a_request_that_comes_again_after_the_erasure_is_not_done_again() {
    let center = Center::open().await;
    center.set_up().await;
    let case = seed(&center).await;
    let desk = center.person("li.na", Role::Agent);
    let identified = |body: &Value| body["customer"].as_str().map(str::to_owned);
    let customer = desk.until(&format!("/v1/{case}"), identified).await;
    let cases = desk.get("/v1/cases?site=sites/main").await.ok()["cases"].as_array().unwrap().len();
    let reason = json!({"reason": "ERASURE_REASON_UNLAWFUL"});
    let manager = center.person("chen.jie", Role::Manager);
    let erasure = manager.post(&format!("/v1/{customer}:erase"), reason.clone()).await.ok();
    let done = |body: &Value| (body["state"] == "STATE_DONE").then_some(());
    manager.until(&format!("/v1/{}", name(&erasure)), done).await;

    let promise = json!({"case": case, "kind": "PROMISE_KIND_CALLBACK", "dueTime": "2026-11-23T08:00:00Z",
                         "note": format!("ask for {MARK}"), "requestId": request_id(2)});
    let again = desk.post("/v1/promises", promise).await.ok();
    let twice = manager.post(&format!("/v1/{customer}:erase"), reason).await;

    assert_eq!(again["case"], json!(case));
    assert_eq!(desk.get("/v1/cases?site=sites/main").await.ok()["cases"].as_array().unwrap().len(), cases);
    assert_eq!(desk.get("/v1/promises").await.ok()["promises"].as_array().map_or(0, Vec::len), 1);
    assert_eq!((twice.code, twice.reason()), (400, "CUSTOMER_ERASED"));
    center.close().await;
}
