//! A center of its own for each story: database, services, gateway, and a clock that the story moves.

use std::{path::PathBuf, time::Duration};

use jiff::SignedDuration;
use kexiang::{
    database::{Databases, SCHEMAS},
    endpoints::Endpoints,
    whole::{Whole, WholeConfig},
};
use kexiang_core::{Clock, EvidenceId, ManualClock, Role};
use kexiang_rpc::token::Issuer;
use kexiang_testkit::TestDatabase;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How often something that takes a moment is asked for, and how long between: half a minute in all.
const TRIES: u32 = 3_000;
const BETWEEN: Duration = Duration::from_millis(10);

/// The whole, and what a story needs around it.
pub struct Center {
    pub database: TestDatabase,
    pub issuer: Issuer,
    pub clock: Clock,
    pub hand: ManualClock,
    evidence: EvidenceFolder,
    whole: Whole,
}

/// A folder for the bytes of evidence, gone with its center.
struct EvidenceFolder(PathBuf);

impl Drop for EvidenceFolder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Somebody with a token, talking JSON with the gateway.
#[derive(Clone)]
pub struct Person {
    pub token: String,
    gateway: String,
    traceparent: Option<String>,
}

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub code: u16,
    pub body: Value,
}

impl Center {
    /// Opens at 2026-11-22, 16:00 in Kunming.
    pub async fn open() -> Self {
        let database = TestDatabase::create(&SCHEMAS).await;
        let (clock, hand) = Clock::manual("2026-11-22T08:00:00Z".parse().unwrap());
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let folder = format!("kexiang-stories-{}", EvidenceId::at(clock.now()));
        let evidence = EvidenceFolder(std::env::temp_dir().join(folder));
        let whole = start(&database, &issuer, &clock, &evidence).await;
        Self { database, issuer, clock, hand, evidence, whole }
    }

    pub fn endpoints(&self) -> &Endpoints {
        self.whole.endpoints()
    }

    pub fn token(&self, subject: &str, roles: &[Role]) -> String {
        self.issuer.issue(subject, roles, Duration::from_hours(1000), self.clock.now()).unwrap()
    }

    pub fn person(&self, subject: &str, role: Role) -> Person {
        Person {
            token: self.token(subject, &[role]),
            gateway: self.endpoints().gateway.clone(),
            traceparent: None,
        }
    }

    pub fn administrator(&self) -> Person {
        self.person("administrator", Role::Administrator)
    }

    /// Site `main` in Kunming; unit `city` with technician wang.wu, signed in; all work goes to `city`.
    pub async fn set_up(&self) {
        let admin = self.administrator();
        let site = json!({"displayName": "昆明客户响应中心", "timeZone": "Asia/Shanghai"});
        admin.post("/v1/sites?siteId=main", site).await.ok();
        admin.post("/v1/units?unitId=city", json!({"displayName": "市中心"})).await.ok();
        let agent = json!({"displayName": "王五", "unit": "units/city"});
        admin.post("/v1/agents?agentId=wang.wu", agent).await.ok();
        admin.post("/v1/routes", json!({"site": "sites/main", "unit": "units/city"})).await.ok();
        let technician = self.person("wang.wu", Role::Technician);
        technician.post("/v1/agents/wang.wu:signIn", json!({})).await.ok();
    }

    pub fn advance(&self, minutes: i64) {
        self.hand.advance(SignedDuration::from_mins(minutes));
    }

    /// Stops everything and starts it again over the same database.
    pub async fn restart(self) -> Self {
        let Self { database, issuer, clock, hand, evidence, whole } = self;
        whole.stop().await.unwrap();
        let whole = start(&database, &issuer, &clock, &evidence).await;
        Self { database, issuer, clock, hand, evidence, whole }
    }

    pub async fn close(self) {
        self.whole.stop().await.unwrap();
    }
}

async fn start(database: &TestDatabase, issuer: &Issuer, clock: &Clock, evidence: &EvidenceFolder) -> Whole {
    let databases = Databases::new(SCHEMAS.map(|schema| database.url(schema.role)));
    let evidence_store = format!("file://{}", evidence.0.display());
    let customer_key_file =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../services/customer-records/tests/it/keys_of_the_tests.toml");
    let config = WholeConfig {
        databases,
        issuer: issuer.clone(),
        clock: clock.clone(),
        evidence_store,
        customer_key_file: customer_key_file.into(),
    };
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Whole::start(config, gateway).await.unwrap()
}

impl Person {
    /// The same person, calling under this trace.
    pub fn with_traceparent(self, traceparent: String) -> Self {
        Self { traceparent: Some(traceparent), ..self }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    /// One HTTP call; ureq blocks, so it gets a thread.
    pub async fn send(&self, method: &'static str, path: &str, body: Option<Value>) -> Answer {
        let (url, token) = (format!("{}{path}", self.gateway), self.token.clone());
        let traceparent = self.traceparent.clone().unwrap_or_default();
        let call = move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false).build();
            let agent = ureq::Agent::new_with_config(config);
            let request = http::Request::builder()
                .method(method)
                .uri(url)
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .header("traceparent", traceparent)
                .body(body.map(|body| body.to_string()).unwrap_or_default())
                .unwrap();
            let mut answer = agent.run(request).unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            Answer {
                code: answer.status().as_u16(),
                body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
            }
        };
        tokio::task::spawn_blocking(call).await.unwrap()
    }

    /// Asks again until `found` gives something.
    pub async fn until<T>(&self, path: &str, found: impl Fn(&Value) -> Option<T>) -> T {
        let mut last = Value::Null;
        for _ in 0..TRIES {
            let answer = self.get(path).await;
            if let Some(value) = found(&answer.body) {
                return value;
            }
            last = answer.body;
            tokio::time::sleep(BETWEEN).await;
        }
        panic!("{path} never came to what was awaited: {last:#}");
    }

    /// Asks until the resource is in `state`.
    pub async fn until_state(&self, name: &str, state: &str) -> Value {
        self.until(&format!("/v1/{name}"), |body| (body["state"] == state).then(|| body.clone())).await
    }
}

impl Answer {
    /// The body of a call that went well.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.code, 200, "{:#}", self.body);
        self.body
    }

    /// The reason of a refusal.
    #[track_caller]
    pub fn reason(&self) -> &str {
        self.detail("ErrorInfo")["reason"].as_str().unwrap_or_else(|| panic!("no reason: {:#}", self.body))
    }

    /// A detail of a refusal; null when it is not there.
    pub fn detail(&self, name: &str) -> &Value {
        let with_type = |detail: &&Value| detail["@type"].as_str().is_some_and(|url| url.ends_with(name));
        self.body["details"].as_array().and_then(|all| all.iter().find(with_type)).unwrap_or(&Value::Null)
    }

    /// The paths of all field violations.
    pub fn violated_fields(&self) -> Vec<String> {
        let violations = self.detail("BadRequest")["fieldViolations"].as_array().cloned().unwrap_or_default();
        violations.iter().map(|violation| violation["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// A contact of the hotline by somebody with this phone.
pub fn contact(phone: &str) -> Value {
    json!({
        "site": "sites/main",
        "channel": "CHANNEL_HOTLINE",
        "caller": {"displayName": "张三", "phone": phone},
        "need": "电话没有拨号音",
    })
}

/// A case of this kind.
pub fn case(kind: &str) -> Value {
    json!({"kind": kind, "category": "line.dead", "title": "没有拨号音", "address": "湖滨路5号"})
}
