//! Random histories of cases that come together and part: nothing is lost, and parting restores (IN-15, IN-16).

use std::collections::HashMap;

use kexiang_core::{Channel, ContactId, Kind, Severity, SiteId};
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::domain::{
    Area, CaseState, Handling, IncidentState, NewCase,
    case::{Opening, Standing},
};

const CASES: usize = 6;

fn at(second: usize) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
}

fn case(nr: usize) -> Case {
    let new = NewCase {
        kind: Kind::Fault,
        category: "line.dead".into(),
        title: "No dial tone".into(),
        description: None,
        district: Some("grid-07".into()),
        address: None,
        severity: Severity::Normal,
        handling: if nr == 3 { Handling::Desk } else { Handling::Dispatch },
        external_reference: None,
        history: None,
        category_edition: None,
    };
    let opening = Opening {
        site: SiteId::parse("main").unwrap(),
        contact: ContactId::at(at(nr)),
        channel: Channel::Hotline,
        number: format!("C-{nr}"),
        accepted_at: at(nr),
        agent: None,
        now: at(nr),
    };
    new.accept(CaseId::at(at(nr)), opening)
}

fn incident() -> Incident {
    let area = Area {
        site: SiteId::parse("main").unwrap(),
        district: "grid-07".into(),
        category: "line.dead".into(),
    };
    Incident::open(IncidentId::at(at(9)), area, true, at(9))
}

/// Something that people or dispatch do; cases by their place.
#[derive(Debug, Clone)]
enum Deed {
    Link(usize, usize),
    Leave(usize),
    Join(usize),
    Dispatch(usize),
    Resolve(usize),
    Withdraw(usize),
    Reopen(usize),
    ResolveIncident,
    Dissolve,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let place = || 0..CASES;
    let deed = prop_oneof![
        3 => (place(), place()).prop_map(|(later, earlier)| Deed::Link(later, earlier)),
        3 => place().prop_map(Deed::Leave),
        3 => place().prop_map(Deed::Join),
        3 => place().prop_map(Deed::Dispatch),
        2 => place().prop_map(Deed::Resolve),
        1 => place().prop_map(Deed::Withdraw),
        1 => place().prop_map(Deed::Reopen),
        1 => proptest::strategy::Just(Deed::ResolveIncident),
        1 => proptest::strategy::Just(Deed::Dissolve),
    ];
    proptest::collection::vec(deed, 0..60)
}

fn does(family: &mut Family, ids: &[CaseId], incident: IncidentId, deed: &Deed, now: Timestamp) -> bool {
    let text = || "words".to_owned();
    let done = match deed {
        Deed::Link(later, earlier) if later == earlier => return false,
        Deed::Link(later, earlier) => family.link(ids[*later], ids[*earlier], now),
        Deed::Leave(nr) => family.apply(ids[*nr], &Transition::Leave { reason: text() }, now),
        Deed::Join(nr) => family.join(incident, ids[*nr], now),
        Deed::Dispatch(nr) => family.apply(ids[*nr], &Transition::Dispatch { unit: None }, now),
        Deed::Resolve(nr) => {
            family.apply(ids[*nr], &Transition::Resolve { resolution: format!("by {nr}"), at: now }, now)
        }
        Deed::Withdraw(nr) => family.apply(ids[*nr], &Transition::Withdraw { reason: text() }, now),
        Deed::Reopen(nr) => family.apply(ids[*nr], &Transition::Reopen { reason: text() }, now),
        Deed::ResolveIncident => family.resolve(incident, text(), now),
        Deed::Dissolve => family.dissolve(incident, "no", now),
    };
    done.is_ok()
}

fn standing(case: &Case) -> (Standing, Handling) {
    let Case { state, resolution, first_resolved_at, handling, .. } = case.clone();
    (Standing { state, resolution, first_resolved_at }, handling)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_parting_restores(deeds in deeds()) {
        let cases: Vec<_> = (0..CASES).map(case).collect();
        let ids: Vec<_> = cases.iter().map(|case| case.id).collect();
        let incident = incident();
        let incident_id = incident.id;
        let mut family = Family::new(cases.clone(), []);
        family.open(incident, &ids[4..], at(10)).unwrap();
        // Where each case stands by itself.
        let mut stood: HashMap<CaseId, (Standing, Handling)> =
            cases.iter().map(|case| (case.id, standing(case))).collect();
        for (step, deed) in deeds.iter().enumerate() {
            for case in family.cases.values() {
                // What its own order resolved while it followed stays its own.
                let is_its_own = case.following.lead.is_none() || !case.is_open_for_work();
                if is_its_own && case.following.stood.is_none() {
                    stood.insert(case.id, standing(case));
                }
            }
            let before = family.cases.clone();
            let done = does(&mut family, &ids, incident_id, deed, at(20 + step));

            if !done {
                prop_assert_eq!(&family.cases, &before, "what is refused changes nothing: {:?}", deed);
                continue;
            }
            prop_assert_eq!(family.cases.len(), CASES);
            let led = &family.incidents[&incident_id];
            if led.state == IncidentState::Open {
                let lead = &family.cases[&led.lead.unwrap()];
                prop_assert!(lead.is_open_for_work() && lead.following.lead.is_none());
                prop_assert_eq!(lead.following.incident, Some(incident_id));
            }
            for (case, original) in family.cases.values().zip(&cases) {
                prop_assert_eq!((&case.number, case.contact, case.accepted_at), (&original.number, original.contact, original.accepted_at));
                prop_assert!(case.following.duplicate_of.is_none() || case.following.incident.is_none());
                if let Some(lead) = case.following.lead {
                    prop_assert!(case.belongs());
                    prop_assert!(lead != case.id);
                    let leads = &family.cases[&lead];
                    if case.is_open_for_work() {
                        prop_assert!(leads.is_open_for_work(), "who follows is resolved or freed with its lead: {:?}", deed);
                        let top = leads.following.lead.is_none_or(|top| family.cases[&top].following.lead.is_none());
                        prop_assert!(top, "no chain but a duplicate of a case of an incident");
                    }
                }
                let was = &before[&case.id];
                let follows = was.following.lead.is_some() && case.following.lead.is_some();
                let stands_still = was.state == case.state || case.state == CaseState::Resolved;
                prop_assert!(!follows || !was.is_open_for_work() || stands_still, "{:?}", deed);
                let left = was.following.lead.is_some() && !case.belongs() && case.state != CaseState::Withdrawn;
                if left {
                    prop_assert_eq!(standing(case), stood[&case.id].clone(), "{:?}", deed);
                    prop_assert_eq!(case.following.work_round, was.following.work_round + 1);
                }
            }
        }
    }
}

#[test]
fn a_lead_resolved_resolves_all_who_follow_it_and_its_incident() {
    let cases: Vec<_> = (0..CASES).map(case).collect();
    let ids: Vec<_> = cases.iter().map(|case| case.id).collect();
    let incident = incident();
    let incident_id = incident.id;
    let mut family = Family::new(cases, []);
    family.open(incident, &ids[..4], at(10)).unwrap();
    family.link(ids[5], ids[4], at(11)).unwrap();
    family.join(incident_id, ids[4], at(12)).unwrap();
    family.apply(ids[0], &Transition::Dispatch { unit: None }, at(13)).unwrap();

    family.apply(ids[0], &Transition::Resolve { resolution: "spliced".into(), at: at(14) }, at(14)).unwrap();

    for case in family.cases.values() {
        assert_eq!((case.state, case.resolution.as_deref()), (CaseState::Resolved, Some("spliced")));
    }
    assert_eq!(family.incidents[&incident_id].state, IncidentState::Resolved);
}
