use kexiang_core::{Actor, AgentId, CaseId, Channel, Kind, RouteId, Severity, SiteId, Timestamp, UnitId};
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Brief, Proof, Routing, WorkOrder};
use crate::domain::state::{TransitionError, WorkOrderState};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn order() -> WorkOrder {
    let brief = Brief {
        case: CaseId::at(NOW),
        case_number: "C-20261122-000001".to_owned(),
        life: 1,
        round: 0,
        site: SiteId::parse("main").unwrap(),
        kind: Kind::Fault,
        channel: Channel::Hotline,
        category: "broadband".to_owned(),
        district: String::new(),
        severity: Severity::Normal,
    };
    WorkOrder::new(brief, NOW)
}

fn routing() -> Routing {
    let unit = UnitId::parse("grid-1").unwrap();
    Routing { unit, route: RouteId::at(NOW), explanation: "anything fits".to_owned() }
}

fn proof() -> Proof {
    Proof { report: "splice renewed".to_owned(), evidence: vec!["photos/1".to_owned()] }
}

fn agent(nr: usize) -> AgentId {
    AgentId::parse(["li.na", "wang.wei", "zhang.min"][nr]).unwrap()
}

/// A command by one of three people.
#[derive(Debug, Clone)]
enum Command {
    Route,
    Assign(usize),
    Reassign(Option<usize>),
    Accept(usize),
    Start(usize),
    Finish(usize),
    Verify(usize),
    Return(usize),
    Cancel,
}

impl Command {
    fn run(&self, order: WorkOrder) -> Result<WorkOrder, TransitionError> {
        let actor = |nr: usize| Actor::Agent(agent(nr));
        let why = || "because".to_owned();
        match *self {
            Self::Route => order.route(routing(), NOW),
            Self::Assign(nr) => order.assign(agent(nr), NOW),
            Self::Reassign(nr) => order.reassign(nr.map(agent), why(), NOW),
            Self::Accept(nr) => order.accept(&actor(nr), NOW),
            Self::Start(nr) => order.start(&actor(nr), NOW),
            Self::Finish(nr) => order.finish(&actor(nr), proof(), NOW),
            Self::Verify(nr) => order.verify(&actor(nr), NOW),
            Self::Return(nr) => order.return_for_rework(&actor(nr), why(), NOW),
            Self::Cancel => order.cancel("withdrawn", NOW),
        }
    }

    /// The moves that the table on [`WorkOrderState`] allows.
    fn leads(&self, from: WorkOrderState) -> Option<WorkOrderState> {
        use WorkOrderState::{
            Accepted, Assigned, Cancelled, Completed, Finished, InProgress, Queued, Unrouted,
        };
        match (self, from) {
            (Self::Route, Unrouted) => Some(Queued),
            (Self::Assign(_), Queued) => Some(Assigned),
            (Self::Reassign(Some(_)), Queued | Assigned | Accepted) => Some(Assigned),
            (Self::Reassign(None), Queued | Assigned | Accepted) => Some(Queued),
            (Self::Accept(_), Assigned) => Some(Accepted),
            (Self::Start(_), Accepted) => Some(InProgress),
            (Self::Finish(_), InProgress) => Some(Finished),
            (Self::Verify(_), Finished) => Some(Completed),
            (Self::Return(_), Finished) => Some(InProgress),
            (Self::Cancel, Unrouted | Queued | Assigned | Accepted | InProgress | Finished) => {
                Some(Cancelled)
            }
            _ => None,
        }
    }
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let who = || 0..3_usize;
    let one = prop_oneof![
        4 => Just(Command::Route),
        4 => who().prop_map(Command::Assign),
        1 => proptest::option::of(who()).prop_map(Command::Reassign),
        6 => who().prop_map(Command::Accept),
        6 => who().prop_map(Command::Start),
        6 => who().prop_map(Command::Finish),
        2 => who().prop_map(Command::Verify),
        2 => who().prop_map(Command::Return),
        1 => Just(Command::Cancel),
    ];
    proptest::collection::vec(one, 0..60)
}

fn invariants_hold(order: &WorkOrder) -> bool {
    use WorkOrderState::{Cancelled, Completed, Finished, Queued, Unrouted};
    let unit = order.state == Cancelled || (order.state == Unrouted) == order.unit().is_none();
    let agent = order.state == Cancelled || matches!(order.state, Unrouted | Queued) == order.agent.is_none();
    let proof = !matches!(order.state, Finished | Completed) || order.proof.is_some();
    let verifier = order.verifier.as_ref().map(Actor::agent);
    let verified = (order.state == Completed) == verifier.is_some() && verifier != Some(order.agent.as_ref());
    unit && agent && proof && verified
}

proptest! {
    #[test]
    fn random_commands_move_only_by_the_table_and_never_break_an_invariant(commands in commands()) {
        let mut order = order();
        for command in commands {
            match command.run(order.clone()) {
                Ok(after) => {
                    prop_assert_eq!(command.leads(order.state), Some(after.state), "{:?}", command);
                    prop_assert_eq!(after.version, order.version + 1);
                    order = after;
                }
                Err(TransitionError::StateNotAllowed { state, needed }) => {
                    prop_assert_eq!(command.leads(state), None, "{:?}", command);
                    prop_assert!(!needed.contains(&state));
                }
                Err(TransitionError::NotAssignee { agent }) => prop_assert_eq!(Some(agent), order.agent.clone()),
                Err(TransitionError::OwnWork) => prop_assert_eq!(order.state, WorkOrderState::Finished),
            }
            prop_assert!(invariants_hold(&order), "{:?}", order);
        }
    }
}

fn finished_by(nr: usize) -> WorkOrder {
    let steps =
        [Command::Route, Command::Assign(nr), Command::Accept(nr), Command::Start(nr), Command::Finish(nr)];
    steps.iter().fold(order(), |order, step| step.run(order).unwrap())
}

#[test]
fn only_the_assignee_works_on_an_order() {
    let assigned = order().route(routing(), NOW).unwrap().assign(agent(0), NOW).unwrap();

    let refused = assigned.accept(&Actor::Agent(agent(1)), NOW);

    assert_eq!(refused, Err(TransitionError::NotAssignee { agent: agent(0) }));
}

#[test]
fn the_doer_neither_verifies_nor_returns_their_own_work_di_12() {
    assert_eq!(Command::Verify(0).run(finished_by(0)), Err(TransitionError::OwnWork));
    assert_eq!(Command::Return(0).run(finished_by(0)), Err(TransitionError::OwnWork));
    assert!(Command::Verify(1).run(finished_by(0)).is_ok());
}

#[test]
fn returned_work_stays_with_its_doer_and_is_counted() {
    let returned = Command::Return(1).run(finished_by(0)).unwrap();

    assert_eq!((returned.state, returned.rework_count), (WorkOrderState::InProgress, 1));
    assert_eq!(returned.holder(), Some(&agent(0)));
}

#[test]
fn a_reassigned_order_remembers_who_gave_it_up() {
    let accepted = [Command::Route, Command::Assign(0), Command::Accept(0)];
    let accepted = accepted.iter().fold(order(), |order, step| step.run(order).unwrap());

    let queued = Command::Reassign(None).run(accepted).unwrap();

    assert_eq!((queued.holder(), queued.previous_agent.as_ref()), (None, Some(&agent(0))));
    assert_eq!(queued.accepted_at, None);
}
