//! Public and personal registers: gapless, without repeats, whatever is killed (IN-3).

use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;
use kexiang_proto::intake_v1::{AcceptCaseRequest, Case};
use tokio::sync::mpsc;
use tonic::Code;

use crate::{
    desk::{Client, Desk},
    wire::{acceptance, contact_at, refused, request_id},
};

const CALLERS: usize = 64;
const SITES: [&str; 3] = ["sites/east", "sites/main", "sites/west"];
const AGENTS: [&str; 5] = ["chen.jun", "he.min", "li.na", "sun.yu", "wu.qiang"];

async fn desk_with_three_sites() -> Desk {
    let desk = Desk::open().await;
    desk.create_site("east").await;
    desk.create_site("west").await;
    desk
}

/// What the caller with that number asks for, somewhere among the sites.
fn request(nr: usize) -> AcceptCaseRequest {
    let contact = Some(contact_at(SITES[nr % SITES.len()]));
    AcceptCaseRequest { contact, request_id: request_id(), ..acceptance() }
}

/// Every register holds 1, 2, 3 … and exactly what was accepted there.
async fn assert_gapless(desk: &Desk, accepted: &[Case]) {
    let mut by_site = BTreeMap::<_, HashSet<_>>::new();
    for case in accepted {
        assert!(by_site.entry(&case.site).or_default().insert(&case.contact), "a contact came twice");
    }
    for (site, contacts) in by_site {
        let register = desk.register(site, "").await;
        let numbers: Vec<_> = register.iter().map(|contact| contact.register_number).collect();
        let gapless: Vec<_> = (1..=i64::try_from(contacts.len()).unwrap()).collect();
        assert_eq!(numbers, gapless, "{site}");
        assert!(register.iter().all(|contact| contacts.contains(&contact.name)));
    }
}

#[tokio::test]
async fn callers_at_once_take_gapless_numbers_without_repeats() {
    let desk = desk_with_three_sites().await;

    let caller = async |nr: usize| {
        let mut client = desk.client_of(AGENTS[nr % AGENTS.len()]);
        let mut accepted = Vec::new();
        for round in 0..4 {
            accepted.push(client.accept_case(request(nr + round)).await.unwrap().into_inner());
        }
        accepted
    };
    let accepted = join_all((0..CALLERS).map(caller)).await.concat();

    assert_eq!(accepted.len(), CALLERS * 4);
    assert_gapless(&desk, &accepted).await;
}

/// Each replica believes to know where the register stands, and is wrong whenever the other was the last.
#[tokio::test]
async fn replicas_draw_from_one_register_by_turns_and_at_once_without_gap() {
    let desk = Desk::open().await;
    let other = desk.replica(8).await;
    let replicas = [&desk, &other];

    let mut accepted = Vec::new();
    for nr in 0..40 {
        accepted.push(replicas[nr % 2].accept(acceptance()).await);
    }
    accepted.extend(join_all((0..CALLERS).map(|nr| replicas[nr % 2].accept(acceptance()))).await);

    assert_gapless(&desk, &accepted).await;
}

#[tokio::test]
async fn the_number_of_a_case_has_the_day_and_the_register_number() {
    let desk = Desk::open().await;

    let case = desk.accept(acceptance()).await;

    assert_eq!(case.number, "C-20261122-000001");
    assert_eq!(desk.contact(&case.contact).await.register_number, 1);
}

/// The killer strikes after every few answers, so mostly while a batch is being written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_stay_gapless_while_the_database_sessions_are_killed_again_and_again() {
    let desk = desk_with_three_sites().await;
    let (answered, mut answers) = mpsc::unbounded_channel();

    let caller = async |nr: usize, answered: mpsc::UnboundedSender<()>| {
        let mut client = desk.client_of(AGENTS[nr % AGENTS.len()]);
        let mut accepted = Vec::new();
        for round in 0..6 {
            accepted.push(accept_at_last(&mut client, request(nr + round)).await);
            answered.send(()).unwrap();
        }
        accepted
    };
    let callers: Vec<_> = (0..CALLERS).map(|nr| caller(nr, answered.clone())).collect();
    drop(answered);
    let killer = async {
        let (mut heard, mut killed) = (0, 0);
        while answers.recv().await.is_some() {
            heard += 1;
            if heard % 16 == 0 {
                killed += desk.kill_sessions().await;
            }
        }
        killed
    };
    let (accepted, killed) = tokio::join!(join_all(callers), killer);

    assert!(killed > 0, "nothing was killed");
    assert_gapless(&desk, &accepted.concat()).await;
}

/// Repeats the same request until it is answered; nothing but an outage is a reason to.
async fn accept_at_last(client: &mut Client, request: AcceptCaseRequest) -> Case {
    for _ in 0..1_000 {
        match client.accept_case(request.clone()).await {
            Ok(case) => return case.into_inner(),
            Err(status) => {
                assert_eq!(refused(&status), (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned()));
            }
        }
    }
    panic!("refused a thousand times");
}

#[tokio::test]
async fn personal_registers_show_the_numbers_of_the_public_one() {
    let desk = Desk::open().await;
    for nr in 0..20 {
        let mut client = desk.client_of(AGENTS[nr * 7 % AGENTS.len()]);
        client.accept_case(acceptance()).await.unwrap();
    }

    let public = desk.register("sites/main", "").await;

    for agent in AGENTS.map(|agent| format!("agents/{agent}")) {
        let personal = desk.register("sites/main", &agent).await;
        let own: Vec<_> = public.iter().filter(|contact| contact.agent == agent).cloned().collect();
        assert_eq!(own.len(), 4);
        assert_eq!(personal, own);
    }
}

#[tokio::test]
async fn a_refused_contact_takes_no_number() {
    let desk = Desk::open().await;
    desk.accept(acceptance()).await;

    desk.try_accept(AcceptCaseRequest { contact: Some(contact_at("sites/nowhere")), ..acceptance() })
        .await
        .unwrap_err();
    desk.try_accept(AcceptCaseRequest { case: None, ..acceptance() }).await.unwrap_err();

    desk.accept(acceptance()).await;
    assert_eq!(desk.numbers().await, [1, 2]);
}
