//! OP-2: logs hold no personal data and no tokens, at any level, of whatever part of the program.

use serde_json::json;

use crate::{http, support::Home};

/// Occurs in everything that is personal here, and in nothing else.
const PERSON: &str = "Zyxwvut";
const PHONE: &str = "13912345678";

/// Somebody who calls about something, with everything that a desk can note.
fn acceptance(channel: &str, phone: &str) -> String {
    let caller = json!({
        "displayName": format!("{PERSON} Name"),
        "phone": phone,
        "email": format!("{PERSON}@example.com"),
        "address": format!("{PERSON} Street 1"),
    });
    let contact = json!({
        "site": "sites/demo",
        "channel": channel,
        "caller": caller,
        "need": format!("{PERSON} need"),
        "heardFrom": format!("{PERSON} friend"),
    });
    let case = json!({
        "kind": "KIND_FAULT",
        "category": "line.dead",
        "title": format!("{PERSON} title"),
        "description": format!("{PERSON} description"),
        "address": format!("{PERSON} place"),
    });
    json!({"contact": contact, "case": case}).to_string()
}

fn status_of(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or_default()
}

#[test]
fn logs_hold_no_personal_data_and_no_token_even_when_everything_is_logged() {
    let home = Home::new("logs");
    let running = home.up(&["--demo", "--log-format", "json", "--log-filter", "trace"]);
    let token = home.kexiang(&["token", "--role", "administrator"]).well().out.trim().to_owned();
    let call = |method, path: &str, json: &str| http::call(&home, method, path, &token, json);
    let recognise = format!("/v1/customers:recognise?phone={PHONE}");

    let accepted = call("POST", "/v1/cases", &acceptance("CHANNEL_HOTLINE", PHONE));
    let refused = call("POST", "/v1/cases", &acceptance("CHANNEL_HOTLINE", PERSON));
    let unknown_word = call("POST", "/v1/cases", &acceptance(PERSON, PHONE));
    let unreadable = call("POST", "/v1/cases", &format!("{{\"contact\": \"{PERSON}"));
    let customer =
        json!({"displayName": PERSON, "contactPoints": [{"kind": "KIND_PHONE", "value": PHONE}]}).to_string();
    // Whoever looks for the caller finds the customer that customer-records made of the event.
    let recognised = (0..600).map(|_| call("GET", &recognise, "")).find(|answer| answer.contains(PERSON));
    let twin = call("POST", "/v1/customers", &customer);
    assert_eq!(running.stop().0, Some(0));
    let log = std::fs::read_to_string(home.log()).unwrap();
    let of_postgres = std::fs::read_to_string(home.data_dir().join("postgres/server.log")).unwrap();

    assert_eq!(
        [&accepted, &refused, &unknown_word, &unreadable].map(|answer| status_of(answer)),
        ["200", "400", "400", "400"]
    );
    assert!(recognised.is_some(), "the caller is recognised");
    assert_eq!(status_of(&twin), "409", "{twin}");
    for word in ["kexiang.intake.v1.IntakeService/AcceptCase", "customer_records.intake", "h2::", "sqlx::"] {
        assert!(log.contains(word), "everything is logged, also {word}");
    }
    for secret in [PERSON, PHONE, &token] {
        let told = log.lines().chain(of_postgres.lines()).find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret}");
    }
}
