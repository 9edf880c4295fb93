//! Who calls, told by intake with the real customer records behind it, over HTTP as a front end asks (IN-6, IN-12).

use jiff::SignedDuration;
use kexiang_core::Role;
use serde_json::{Value, json};

use crate::center::{Center, case, contact};

const PHONE: &str = "13888000001";

#[tokio::test]
async fn a_caller_is_recognised_with_what_is_promised_and_joins_the_open_case() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let recognise = format!("/v1/sites/main:recogniseCaller?phone={PHONE}");
    let stranger = desk.get(&recognise).await.ok();
    let accepted = json!({"contact": contact(PHONE), "case": case("KIND_FAULT")});
    let opened = desk.post("/v1/cases", accepted).await.ok()["name"].clone();
    let promise = json!({"case": opened, "kind": "PROMISE_KIND_CALLBACK", "dueTime": "2026-11-23T08:00:00Z"});
    let promise = desk.post("/v1/promises", promise).await.ok();

    // Customer records hear of the contact a moment later. The clock stands: a breaker would rest for ever.
    let identified = |body: &Value| {
        if body["source"] == "SOURCE_DEGRADED" {
            center.hand.advance(SignedDuration::from_secs(5));
        }
        let complete = body["source"] == "SOURCE_COMPLETE";
        (complete && body["customer"]["customer"].is_string()).then(|| body.clone())
    };
    let again = desk.until(&recognise, identified).await;
    let join = json!({"contact": contact(PHONE), "case": again["case"]});
    let joined = desk.post("/v1/contacts", join).await.ok();
    let third = desk.get(&recognise).await.ok();

    assert_eq!(
        (&stranger["frequency"], &stranger["matter"]),
        (&json!("FREQUENCY_FIRST"), &json!("MATTER_NEW"))
    );
    assert_eq!((&again["frequency"], &again["matter"]), (&json!("FREQUENCY_SECOND"), &json!("MATTER_OLD")));
    assert_eq!((&again["case"], &joined["case"]), (&opened, &opened));
    assert_eq!(again["openCases"][0]["openPromises"][0]["name"], promise["name"]);
    assert_eq!(third["frequency"], "FREQUENCY_REPEATED");
    center.close().await;
}
