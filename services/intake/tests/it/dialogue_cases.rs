//! Cases that callers open without a person stand under the site's categories and in their district, and count as reports of a
//! mass fault like all others (IN-7, IN-8, IN-16).

use jiff::SignedDuration;
use kexiang_proto::intake_v1::{
    Case, CaseCategory, Category, DialogueState, GetCaseCategoryRequest, IncidentState, StartDialogueRequest,
};

use crate::{
    category_desk::{TELECOM, category, telecom},
    desk::Desk,
    talk::opening,
    together::GRID,
    wire::{MAIN, violations},
};

impl Desk {
    /// A caller of the grid reports a fault to the service; the case that it becomes.
    async fn self_service_fault(&self) -> Case {
        let mut talk = self.talk_as(opening_in(GRID)).await;
        talk.say_all(&["8", "1", "昨晚起没有拨号音", "湖滨路5号"]).await;
        assert_eq!(talk.dialogue.state(), DialogueState::CaseAccepted);
        self.case(&talk.dialogue.case).await
    }

    async fn category_of(&self, case: &Case) -> CaseCategory {
        let request = GetCaseCategoryRequest { case: case.name.clone() };
        self.categories().get_case_category(request).await.unwrap().into_inner()
    }

    /// The main site, bound to a tree with these categories beside the usual ones.
    async fn bound_to_tree_with(&self, more: Vec<Category>) {
        self.create_tree("telecom").await;
        self.publish_tree(TELECOM, [telecom(), more].concat()).await;
        self.try_bind(MAIN, TELECOM).await.unwrap();
    }
}

fn opening_in(district: &str) -> StartDialogueRequest {
    StartDialogueRequest { district: district.to_owned(), ..opening() }
}

fn self_service() -> Vec<Category> {
    vec![
        category("self_service", "", "自助服务", "Self-service"),
        category("self_service.fault", "self_service", "自助报修", "Fault by self-service"),
    ]
}

#[tokio::test]
async fn a_fault_by_self_service_stands_under_the_tree_of_its_site_and_in_its_district() {
    let desk = Desk::open().await;
    desk.bound_to_tree_with(self_service()).await;

    let case = desk.self_service_fault().await;

    let kept = desk.category_of(&case).await;
    assert_eq!((case.category.as_str(), case.district.as_str()), ("self_service.fault", GRID));
    assert_eq!((kept.tree.as_str(), kept.version), (TELECOM, 1));
}

#[tokio::test]
async fn where_the_tree_has_no_such_code_the_next_best_one_is_taken() {
    let desk = Desk::open().await;
    let retired =
        |category: Category| Category { retired: category.code == "self_service.fault", ..category };
    desk.bound_to_tree_with(self_service().into_iter().map(retired).collect()).await;

    let case = desk.self_service_fault().await;

    assert_eq!(case.category, "self_service");
    assert_eq!(desk.category_of(&case).await.version, 1);
}

#[tokio::test]
async fn no_caller_is_refused_for_a_tree_without_any_of_the_codes() {
    let desk = Desk::open().await;
    desk.with_telecom().await;

    let case = desk.self_service_fault().await;

    let kept = desk.category_of(&case).await;
    assert_eq!(case.category, "self_service.fault");
    assert_eq!((kept.tree.as_str(), kept.version), ("", 0), "it belongs to no version of the tree");
}

#[tokio::test]
async fn faults_by_self_service_of_one_district_and_category_are_one_incident() {
    let desk = Desk::open().await;
    desk.bound_to_tree_with(self_service()).await;
    let mut faults = Vec::new();
    for _ in 0..5 {
        faults.push(desk.self_service_fault().await.name);
        desk.hand.advance(SignedDuration::from_mins(5));
    }

    let incident = desk.incident_of(5).await;

    assert_eq!((incident.state(), incident.detected), (IncidentState::Open, true));
    assert_eq!((incident.district.as_str(), incident.category.as_str()), (GRID, "self_service.fault"));
    assert_eq!(desk.incident_cases(&incident).await, faults);
}

#[tokio::test]
async fn the_district_is_told_with_the_dialogue_and_one_that_is_too_long_is_refused() {
    let desk = Desk::open().await;

    let begun = desk.try_start(opening_in(GRID)).await.unwrap();
    let refused = desk.try_start(opening_in(&"格".repeat(101))).await.unwrap_err();

    assert_eq!(
        (&begun.district, &desk.dialogue(&begun.name).await.district),
        (&GRID.to_owned(), &begun.district)
    );
    assert_eq!(violations(&refused), ["district"]);
}
