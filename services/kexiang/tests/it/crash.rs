//! kill -9 of the services, or of their PostgreSQL, under 64 callers at random moments, again and again: nothing acknowledged
//! is lost, nothing done twice, no gap and no repeat in the register, one work order for each case, figures that equal a
//! recount (IN-3, IN-14, OP-4, RE-11). Three rounds every time; `-- --ignored fifty` does fifty.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use kexiang::{client::Client, data_dir::DataDir};
use kexiang_proto::{
    dispatch_v1::{
        Agent, CreateAgentRequest, CreateRouteRequest, CreateUnitRequest, ListWorkOrdersRequest, Route,
        SignInRequest, Unit,
    },
    intake_v1::{
        AcceptCaseRequest, Caller, Case, Contact, CreateSiteRequest, ListCasesRequest, ListContactsRequest,
        Site,
    },
    reporting_v1::{Dimension, GetBreakdownRequest},
    type_v1::{Channel, Kind},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Home, Running};

const SITE: &str = "sites/crash";
const CALLERS: u32 = 64;
/// Cases that are acknowledged in a round before the kill: a random number up to this one.
const BEFORE_KILL: usize = 200;

/// What is killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// All services, which live in one process; their PostgreSQL is stopped by its watchdog.
    Services,
    /// PostgreSQL, and the services when all callers were told that it is gone.
    Postgres,
}

/// What callers were answered: request id → case.
type Acknowledged = Arc<Mutex<BTreeMap<Uuid, String>>>;

fn request(request_id: Uuid) -> AcceptCaseRequest {
    AcceptCaseRequest {
        contact: Some(Contact {
            site: SITE.into(),
            channel: Channel::Hotline.into(),
            caller: Some(Caller { display_name: "A".into(), phone_declined: true, ..Default::default() }),
            need: "no dial tone".into(),
            ..Default::default()
        }),
        case: Some(Case {
            kind: Kind::Fault.into(),
            category: "line.dead".into(),
            title: "No dial tone".into(),
            ..Default::default()
        }),
        request_id: request_id.to_string(),
    }
}

pub async fn connect(home: &Home) -> Client {
    Client::connect(&home.endpoints(), &DataDir::at(&home.data_dir()).admin_token()).await.unwrap()
}

async fn set_up(client: &mut Client) {
    let site = Site { display_name: "Crash".into(), time_zone: "Asia/Shanghai".into(), ..Default::default() };
    let site = CreateSiteRequest { site_id: "crash".into(), site: Some(site), request_id: String::new() };
    client.intake.create_site(site).await.unwrap();
    let unit = Unit { display_name: "City".into(), ..Default::default() };
    let unit = CreateUnitRequest { unit_id: "city".into(), unit: Some(unit), request_id: String::new() };
    client.dispatch.create_unit(unit).await.unwrap();
    let agent = Agent {
        display_name: "Wang Wu".into(),
        unit: "units/city".into(),
        capacity: 100_000,
        ..Default::default()
    };
    let agent =
        CreateAgentRequest { agent_id: "wang.wu".into(), agent: Some(agent), request_id: String::new() };
    client.dispatch.create_agent(agent).await.unwrap();
    let sign_in = SignInRequest { name: "agents/wang.wu".into(), request_id: String::new() };
    client.dispatch.sign_in(sign_in).await.unwrap();
    let route = Route { site: SITE.into(), unit: "units/city".into(), ..Default::default() };
    let route = CreateRouteRequest { route: Some(route), request_id: String::new() };
    client.dispatch.create_route(route).await.unwrap();
}

/// Callers accept case after case until the service is gone; each leaves what it was told and what it was not.
async fn accept_until_killed(
    home: &Home,
    running: Running,
    victim: Victim,
    acknowledged: &Acknowledged,
) -> Vec<Uuid> {
    let client = connect(home).await;
    let enough = acknowledged.lock().unwrap().len() + rand::random_range(1..=BEFORE_KILL);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (mut intake, acknowledged) = (client.intake.clone(), Arc::clone(acknowledged));
        callers.spawn(async move {
            loop {
                let request_id = Uuid::new_v4();
                match intake.accept_case(request(request_id)).await {
                    Ok(case) => {
                        acknowledged.lock().unwrap().insert(request_id, case.into_inner().name);
                    }
                    Err(_gone) => return request_id,
                }
            }
        });
    }
    while acknowledged.lock().unwrap().len() < enough {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    match victim {
        Victim::Services => {
            running.kill();
            callers.join_all().await
        }
        Victim::Postgres => {
            kill_postgres(home);
            let unheard = callers.join_all().await;
            running.kill();
            unheard
        }
    }
}

fn kill_postgres(home: &Home) {
    let state = std::fs::read_to_string(home.data_dir().join("postgres/data/postmaster.pid")).unwrap();
    let pid = state.lines().next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Callers who heard nothing ask again under the same request id.
async fn repeat(home: &Home, unheard: Vec<Uuid>, acknowledged: &Acknowledged) {
    let mut client = connect(home).await;
    for request_id in unheard {
        let case = client.intake.accept_case(request(request_id)).await.unwrap().into_inner();
        acknowledged.lock().unwrap().insert(request_id, case.name);
    }
}

pub async fn register_numbers(client: &mut Client, site: &str) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut request = ListContactsRequest { site: site.into(), page_size: 1_000, ..Default::default() };
    loop {
        let page = client.intake.list_contacts(request.clone()).await.unwrap().into_inner();
        numbers.extend(page.contacts.iter().map(|contact| contact.register_number));
        if page.next_page_token.is_empty() {
            return numbers;
        }
        request.page_token = page.next_page_token;
    }
}

pub async fn cases(client: &mut Client, site: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut request = ListCasesRequest { site: site.into(), page_size: 1_000, ..Default::default() };
    loop {
        let page = client.intake.list_cases(request.clone()).await.unwrap().into_inner();
        names.extend(page.cases.into_iter().map(|case| case.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        request.page_token = page.next_page_token;
    }
}

/// The case of each work order.
pub async fn cases_of_orders(client: &mut Client, site: &str) -> Vec<String> {
    let mut cases = Vec::new();
    let mut request = ListWorkOrdersRequest { site: site.into(), page_size: 1_000, ..Default::default() };
    loop {
        let page = client.dispatch.list_work_orders(request.clone()).await.unwrap().into_inner();
        cases.extend(page.work_orders.into_iter().map(|order| order.case));
        if page.next_page_token.is_empty() {
            return cases;
        }
        request.page_token = page.next_page_token;
    }
}

async fn reported(client: &mut Client) -> i64 {
    let request =
        GetBreakdownRequest { site: SITE.into(), dimension: Dimension::Kind.into(), ..Default::default() };
    let answer = client.reporting.get_breakdown(request).await;
    answer.map_or(0, |answer| answer.into_inner().total.unwrap_or_default().received)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_everything_is_killed_under_load() {
    survives(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn fifty_kills_lose_and_double_nothing() {
    survives(50).await;
}

async fn survives(rounds: u32) {
    let home = Home::new("crash");
    let acknowledged = Acknowledged::default();
    let mut running = home.up(&[]);
    set_up(&mut connect(&home).await).await;

    for round in 0..rounds {
        let victim = if round % 2 == 0 { Victim::Services } else { Victim::Postgres };
        let unheard = accept_until_killed(&home, running, victim, &acknowledged).await;
        running = home.up(&[]);
        repeat(&home, unheard, &acknowledged).await;
    }
    let mut client = connect(&home).await;
    let heard: BTreeSet<_> = acknowledged.lock().unwrap().values().cloned().collect();
    let total = i64::try_from(heard.len()).unwrap();

    assert_eq!(heard.len(), acknowledged.lock().unwrap().len(), "every request has a case of its own");
    assert_eq!(cases(&mut client, SITE).await, heard, "the cases are those that callers heard of");
    assert_eq!(register_numbers(&mut client, SITE).await, (1..=total).collect::<Vec<_>>());
    for _ in 0..2_000 {
        if reported(&mut client).await == total
            && cases_of_orders(&mut client, SITE).await.len() == heard.len()
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(reported(&mut client).await, total);
    let mut orders = cases_of_orders(&mut client, SITE).await;
    orders.sort();
    assert_eq!(orders, heard.into_iter().collect::<Vec<_>>(), "one work order for each case");
    assert_eq!(running.stop().0, Some(0));
}
