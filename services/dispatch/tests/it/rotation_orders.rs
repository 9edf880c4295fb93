//! DI-3, DI-4, DI-6: a unit whose rotation assigns its work orders.

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::dispatch_v1::{
    Absence, ListWorkOrdersRequest, ReassignWorkOrderRequest, Rotation, RotationPolicy, StartAbsenceRequest,
    candidate::Outcome,
};

use crate::{
    case_facts::{accepted, fault, faults},
    center::Center,
    rotation::{rotation, set},
};

async fn open(agents: &[(&str, i32)]) -> Center {
    let center = Center::open_with(agents).await;
    let assigns = Rotation { assigns_orders: true, ..rotation(RotationPolicy::SignInOrder) };
    set(&center, assigns).await.unwrap();
    center
}

#[tokio::test]
async fn orders_go_by_turn_and_the_decision_says_so_di_6() {
    let center = open(&[("zhang", 50), ("li", 5)]).await;
    let cases = faults(3);
    for case in &cases {
        center.clock.advance(SignedDuration::from_secs(1));
        center.take_in(accepted(std::slice::from_ref(case))).await;
    }

    let mut agents = Vec::new();
    for case in &cases {
        agents.push(center.order_of(case).await.agent);
    }

    assert_eq!(agents, ["agents/zhang", "agents/li", "agents/zhang"]);
    let second = center.assignments(&center.order_of(&cases[1]).await).await.remove(0);
    assert_eq!((second.policy.as_str(), second.policy_version), ("rotation-sign-in-order", 1));
    let told: Vec<_> = second.candidates.iter().map(|c| (c.outcome(), c.explanation.as_str())).collect();
    assert_eq!(
        told,
        [
            (Outcome::Chosen, "turn 2 of round 1, by the day's sign-in order"),
            (Outcome::NotTheirTurn, "had their turn in this round"),
        ]
    );
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn who_is_away_or_at_capacity_is_passed_and_who_gave_an_order_up_keeps_the_turn_di_4() {
    let center = open(&[("zhang", 1), ("li", 5), ("wang", 5)]).await;
    let name = "agents/li".to_owned();
    let away = StartAbsenceRequest { name, absence: Absence::InTraining.into(), ..Default::default() };
    center.presence("li", &[Role::Agent]).start_absence(away).await.unwrap();
    let cases = [fault(1), fault(2), fault(3)];
    for case in &cases {
        center.clock.advance(SignedDuration::from_secs(1));
        center.take_in(accepted(std::slice::from_ref(case))).await;
    }
    let third = center.order_of(&cases[2]).await;

    let told = center.assignments(&third).await.remove(0).candidates;
    let named: Vec<_> = told.iter().map(|c| (c.agent.as_str(), c.outcome())).collect();

    assert_eq!(center.order_of(&cases[0]).await.agent, "agents/zhang");
    assert_eq!(center.order_of(&cases[1]).await.agent, "agents/wang");
    assert_eq!(
        named,
        [
            ("agents/wang", Outcome::Chosen),
            ("agents/zhang", Outcome::AtCapacity),
            ("agents/li", Outcome::Absent),
        ]
    );
    let (name, reason) = (third.name, "off sick".to_owned());
    let request = ReassignWorkOrderRequest { name, reason, ..Default::default() };
    let back = center.dispatcher().reassign_work_order(request).await.unwrap().into_inner();
    assert_eq!(back.agent, "", "nobody else could take it");
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn a_batch_is_shared_evenly_and_what_waits_goes_to_who_comes_di_3() {
    let center = open(&[("zhang", 50), ("li", 50), ("wang", 50)]).await;

    center.take_in(accepted(&faults(31))).await;

    let mut shares = Vec::new();
    for agent in ["zhang", "li", "wang"] {
        shares.push(center.get_agent(agent).await.open_orders);
    }
    shares.sort_unstable();
    assert_eq!(shares, [10, 10, 11]);
    assert_eq!(center.orders(ListWorkOrdersRequest::default()).await.len(), 31);
}

#[tokio::test]
async fn what_waits_is_given_to_the_first_who_signs_in() {
    let center = open(&[]).await;
    center.create_agent("li", "grid-1", 5).await;
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;

    let agent = center.sign_in("li").await;

    assert_eq!(agent.open_orders, 1, "sign-in brings them into the line at once");
    assert_eq!(center.order_of(&case).await.agent, "agents/li");
}
