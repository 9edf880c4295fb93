//! Calls of the whole: a telephony system reports by webhook, an agent completes the contact, and only then there is a
//! customer (IN-2, IN-3, IN-5, CU-1).

use kexiang_core::Role;
use serde_json::{Value, json};

use crate::center::Center;

fn event(id: &str, call: &str, kind: &str, second: u32, agent: &str) -> Value {
    json!({
        "eventId": id,
        "callId": call,
        "kind": format!("CALL_EVENT_KIND_{kind}"),
        "eventTime": format!("2026-11-22T07:00:{second:02}Z"),
        "agent": agent,
        "calledNumber": "10086",
        "callerPhone": "13800138000",
    })
}

#[tokio::test]
async fn a_reported_call_becomes_a_customer_when_an_agent_completes_it() {
    let center = Center::open().await;
    center.set_up().await;
    let number = json!({"number": "10086", "site": "sites/main", "displayName": "热线", "defaultCategory": "line.dead"});
    center.administrator().post("/v1/publishedNumbers", number).await.ok();
    let agent = center.person("li.na", Role::Agent);
    let telephony = center.person("pbx", Role::Service);
    let report = json!({"source": "pbx", "events": [
        event("a1", "a", "OFFERED", 0, ""),
        event("b2", "b", "ABANDONED", 9, ""),
        event("b1", "b", "OFFERED", 1, ""),
        event("a3", "a", "ANSWERED", 12, "agents/li.na"),
        event("a2", "a", "RINGING", 5, "agents/li.na"),
        event("bad", "a", "ANSWERED", 12, ""),
    ]});

    let refused = agent.post("/v1/calls:reportEvents", report.clone()).await;
    let results = telephony.post("/v1/calls:reportEvents", report).await.ok()["results"].clone();
    let call = results[0]["call"].clone();
    let kept = agent.get(&format!("/v1/{}", call.as_str().unwrap())).await.ok();
    let words = json!({
        "contact": {"call": call, "caller": {"displayName": "张三"}, "need": "电话没有拨号音"},
        "case": {"kind": "KIND_FAULT", "title": "没有拨号音"},
    });
    let case = agent.post("/v1/cases", words).await.ok();

    assert_eq!((refused.code, refused.reason()), (403, "ROLE_NOT_ALLOWED"));
    let outcomes: Vec<_> = results.as_array().unwrap().iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes[4..], ["OUTCOME_ACCEPTED", "OUTCOME_REFUSED"]);
    assert_eq!(results[5]["violations"][0]["field"], "events[5].agent");
    assert_eq!((&kept["state"], &kept["ringDuration"]), (&json!("CALL_STATE_TALKING"), &json!("7s")));
    assert_eq!((&kept["answeredInTime"], &kept["registerNumber"]), (&json!(true), &json!("1")));
    assert_eq!((&case["contact"], &case["category"]), (&kept["contact"], &json!("line.dead")));
    let customers = |body: &Value| body["customers"].as_array().filter(|found| !found.is_empty()).cloned();
    let customers = agent.until("/v1/customers", customers).await;
    assert_eq!(customers.len(), 1, "the abandoned call made none");
    let load = agent.get("/v1/deskLoad?site=sites/main&time=2026-11-22T07:00:20Z").await.ok();
    assert_eq!(load["agents"], json!([{"state": "AGENT_STATE_TALKING", "count": 1}]));
    let calls = agent.get("/v1/calls?site=sites/main&outcome=CALL_OUTCOME_ABANDONED").await.ok();
    assert_eq!(calls["calls"][0]["callId"], "b");
    center.close().await;
}
