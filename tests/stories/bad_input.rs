//! Bad input: every violation at once with its path, a typed error with a reason, never INTERNAL, nothing half-written.

use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{AcceptCaseRequest, Caller, Case, Contact, ImportCasesRequest, ImportCasesResponse},
    type_v1::{Channel, Kind},
};
use kexiang_rpc::refusal::reason;
use prost::Message;
use serde_json::json;
use tonic::Code;

use crate::{
    center::{Center, case, contact},
    raw,
};

const ACCEPT: &str = "/kexiang.intake.v1.IntakeService/AcceptCase";

fn good_request() -> AcceptCaseRequest {
    AcceptCaseRequest {
        contact: Some(Contact {
            site: "sites/main".into(),
            channel: Channel::Hotline.into(),
            caller: Some(Caller {
                display_name: "QQQQ".into(),
                phone: "13888000001".into(),
                ..Default::default()
            }),
            need: "no dial tone".into(),
            ..Default::default()
        }),
        case: Some(Case {
            kind: Kind::Fault.into(),
            category: "line.dead".into(),
            title: "No dial tone".into(),
            ..Default::default()
        }),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn all_violations_are_reported_at_once_with_their_paths() {
    // IN-4
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let request = json!({
        "contact": {
            "site": "sites/main",
            "contactTime": "2027-01-01T00:00:00Z",
            "caller": {"displayName": " ", "phone": "12", "email": "nobody"},
            "need": "x".repeat(4001),
        },
        "case": {"category": "", "title": "y".repeat(301)},
        "requestId": "nonsense",
    });

    let refused = desk.post("/v1/cases", request).await;

    assert_eq!((refused.code, refused.reason()), (400, "INVALID_FIELDS"));
    let mut fields = refused.violated_fields();
    fields.sort();
    let expected = [
        "case.category",
        "case.kind",
        "case.title",
        "contact.caller.display_name",
        "contact.caller.email",
        "contact.caller.phone",
        "contact.channel",
        "contact.contact_time",
        "contact.need",
        "request_id",
    ];
    assert_eq!(fields, expected);
    let nothing = desk.get("/v1/contacts?site=sites/main").await.ok();
    assert!(nothing["contacts"].as_array().is_none_or(Vec::is_empty), "nothing is half-written");
    center.close().await;
}

#[tokio::test]
async fn a_bad_request_id_hides_no_other_violation_in_any_service() {
    let center = Center::open().await;
    let boss = center.person("wang.wei", Role::Administrator);
    let doer = center.person("li.na", Role::Technician);

    let of_query = || json!({});
    let of_body = || json!({"requestId": "nonsense"});

    for (who, path, body) in [
        (&boss, "/v1/sites?siteId=main&requestId=nonsense", of_query()),
        (&boss, "/v1/contacts", of_body()),
        (&boss, "/v1/cases/nonsense:withdraw", of_body()),
        (&boss, "/v1/units?unitId=desk&requestId=nonsense", of_query()),
        (&boss, "/v1/agents?agentId=li.na&requestId=nonsense", of_query()),
        (&boss, "/v1/routes?requestId=nonsense", of_query()),
        (&doer, "/v1/agents/!:signIn", of_body()),
        (&doer, "/v1/workOrders/nonsense:accept", of_body()),
        (&doer, "/v1/workOrders/nonsense:finish", of_body()),
        (&boss, "/v1/customers?requestId=nonsense", of_query()),
    ] {
        let refused = who.post(path, body).await;
        assert_eq!((refused.code, refused.reason()), (400, "INVALID_FIELDS"), "{path}");
        let fields = refused.violated_fields();
        assert!(fields.contains(&"request_id".to_owned()) && fields.len() > 1, "{path}: {fields:?}");
    }
    center.close().await;
}

#[tokio::test]
async fn ids_tokens_etags_and_sites_that_are_none_are_named() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let unknown = "cases/01990000-0000-7000-8000-000000000000";

    let malformed = desk.get("/v1/cases/nonsense").await;
    let missing = desk.get(&format!("/v1/{unknown}")).await;
    let page = desk.get("/v1/cases?pageSize=-1&pageToken=zzz&state=99&customer=x").await;
    let etag = desk.post(&format!("/v1/{unknown}:close"), json!({"etag": "abc", "requestId": "1"})).await;
    let no_site = desk
        .post(
            "/v1/cases",
            json!({"contact": {"site": "sites/nowhere", "channel": "CHANNEL_HOTLINE",
        "caller": {"displayName": "A", "phoneDeclined": true}, "need": "x"}, "case": case("KIND_FAULT")}),
        )
        .await;

    assert_eq!((malformed.code, malformed.violated_fields()), (400, vec!["name".to_owned()]));
    assert_eq!((missing.code, missing.reason()), (404, "NOT_FOUND"));
    assert_eq!(missing.detail("ResourceInfo")["resourceName"], unknown);
    assert_eq!(page.code, 400, "{:#}", page.body);
    assert_eq!(etag.code, 400, "{:#}", etag.body);
    assert_eq!((no_site.code, no_site.reason()), (404, "NOT_FOUND"));
    center.close().await;
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_with_a_reason_and_never_internal() {
    let center = Center::open().await;
    center.set_up().await;
    let token = center.token("li.na", &[Role::Agent]);
    let good = good_request().encode_to_vec();
    let place = good.windows(4).position(|bytes| bytes == b"QQQQ").unwrap();
    let mut not_utf8 = good.clone();
    not_utf8[place] = 0xff;
    let mut huge = good_request();
    huge.contact.as_mut().unwrap().need = "x".repeat(5 * 1024 * 1024);

    for (message, code, expected) in [
        (not_utf8, Code::InvalidArgument, "MESSAGE_MALFORMED"),
        (vec![0xff; 40], Code::InvalidArgument, "MESSAGE_MALFORMED"),
        (good[..good.len() - 3].to_vec(), Code::InvalidArgument, "MESSAGE_MALFORMED"),
        (huge.encode_to_vec(), Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
    ] {
        let refused =
            raw::call(&center.endpoints().intake, ACCEPT, Some(&token), &message).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, expected), "{refused:?}");
    }
    center.close().await;
}

#[tokio::test]
async fn a_malformed_message_in_a_stream_ends_it_with_a_reason_and_takes_nothing_back() {
    let center = Center::open().await;
    center.set_up().await;
    let token = center.token("import", &[Role::Service]);
    let AcceptCaseRequest { contact, case, .. } = good_request();
    let good = ImportCasesRequest { item: 1, contact, case, ..Default::default() }.encode_to_vec();
    let path = "/kexiang.intake.v1.IntakeService/ImportCases";

    let answers = raw::stream(&center.endpoints().intake, path, &token, vec![good, vec![0xff; 40]]).await;

    let [Ok(first), Err(refused)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(ImportCasesResponse::decode(first.as_ref()).unwrap().item, 1);
    assert_eq!(
        (refused.code(), reason(refused).as_str()),
        (Code::InvalidArgument, "MESSAGE_MALFORMED"),
        "{refused:?}"
    );
    center.close().await;
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_said_not_to_exist() {
    let center = Center::open().await;
    let token = center.token("li.na", &[Role::Agent]);

    for path in
        ["/kexiang.intake.v1.IntakeService/DropCase", "/kexiang.intake.v2.IntakeService/GetCase", "/x/y"]
    {
        let refused = raw::call(&center.endpoints().intake, path, Some(&token), &[]).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unimplemented, "METHOD_UNKNOWN"),
            "{path}"
        );
    }
    let http = center.person("li.na", Role::Agent).get("/v1/nothing").await;
    assert_eq!((http.code, http.reason()), (404, "METHOD_UNKNOWN"));
    center.close().await;
}

#[tokio::test]
async fn json_that_does_not_fit_is_refused_with_its_place() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let mut misspelt = contact("13888000001");
    misspelt["chanel"] = json!("CHANNEL_HOTLINE");
    let mut unknown_word = contact("13888000001");
    unknown_word["channel"] = json!("CHANNEL_PIGEON");

    let misspelt = desk.post("/v1/cases", json!({"contact": misspelt, "case": case("KIND_FAULT")})).await;
    let unknown_word =
        desk.post("/v1/cases", json!({"contact": unknown_word, "case": case("KIND_FAULT")})).await;
    let unknown_parameter = desk.get("/v1/cases?colour=red").await;

    for refused in [&misspelt, &unknown_word, &unknown_parameter] {
        assert_eq!(refused.code, 400, "{:#}", refused.body);
        assert!(["MESSAGE_MALFORMED", "INVALID_FIELDS"].contains(&refused.reason()), "{:#}", refused.body);
    }
    center.close().await;
}
