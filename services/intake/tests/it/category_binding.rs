//! Sites bound to a category tree take its codes alone, and every case keeps the version under which it was accepted (IN-7).

use std::time::Instant;

use kexiang_core::Role;
use kexiang_proto::intake_v1::{
    BindCategoryTreeRequest, Case, CaseCategory, CategoryTreeFacts, CreateCategoryTreeRequest,
    GetCaseCategoryRequest, GetSiteCategoryTreeRequest, ImportCasesRequest, ImportCasesResponse,
    SiteCategoryTree, SiteCategoryTreeFacts, category_service_client::CategoryServiceClient,
    import_cases_response::Outcome,
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    category_desk::{TELECOM, acceptance_of, category, reasons, telecom, telecom_without},
    desk::{Desk, PATIENCE, START},
    wire::{self, MAIN, item, refused, request_id, violations},
};

async fn binding(desk: &Desk, site: &str) -> SiteCategoryTree {
    let request = GetSiteCategoryTreeRequest { site: site.to_owned() };
    desk.categories().get_site_category_tree(request).await.unwrap().into_inner()
}

async fn category_of(desk: &Desk, case: &str) -> CaseCategory {
    let request = GetCaseCategoryRequest { case: case.to_owned() };
    desk.categories().get_case_category(request).await.unwrap().into_inner()
}

/// Accepts at the main site; the violations of a refusal.
async fn refusal_of(desk: &Desk, code: &str) -> Vec<(String, String)> {
    reasons(&desk.try_accept(acceptance_of(code)).await.unwrap_err())
}

fn category_refused(reason: &str) -> Vec<(String, String)> {
    vec![("case.category".to_owned(), reason.to_owned())]
}

/// A closed case of another system.
fn closed(nr: i64, code: &str) -> ImportCasesRequest {
    let open = item(nr, &format!("A-{nr}"));
    let case = Case { category: code.to_owned(), ..open.case.clone().unwrap() };
    ImportCasesRequest { case: Some(case), close_time: Some(to_wire(START)), ..open }
}

#[tokio::test]
async fn a_bound_site_takes_active_codes_alone_and_others_any() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    desk.with_telecom().await;
    desk.publish_tree(TELECOM, telecom_without("line.noise")).await;

    let taken = desk.accept(acceptance_of("line.dead")).await;
    let mut elsewhere = acceptance_of("whatever");
    elsewhere.contact = Some(wire::contact_at(&east));
    let free = desk.accept(elsewhere).await;

    assert_eq!(refusal_of(&desk, "nothing").await, category_refused("CATEGORY_UNKNOWN"));
    assert_eq!(refusal_of(&desk, "line.noise").await, category_refused("CATEGORY_RETIRED"));
    assert_eq!(desk.numbers().await, [1], "a refused case takes no number");
    let (of_taken, of_free) = (category_of(&desk, &taken.name).await, category_of(&desk, &free.name).await);
    assert_eq!((of_taken.tree.as_str(), of_taken.version), (TELECOM, 2));
    assert_eq!((of_free.code.as_str(), of_free.tree.as_str(), of_free.version), ("whatever", "", 0));
}

#[tokio::test]
async fn a_wrong_category_is_told_beside_all_else() {
    let desk = Desk::open().await;
    desk.with_telecom().await;
    let mut request = acceptance_of("nothing");
    request.request_id = "no uuid".to_owned();
    request.case.as_mut().unwrap().title = String::new();

    let status = desk.try_accept(request).await.unwrap_err();

    assert_eq!(violations(&status), ["request_id", "case.title", "case.category"]);
}

#[tokio::test]
async fn a_case_keeps_the_version_of_its_acceptance_and_its_code_stays_valid() {
    let desk = Desk::open().await;
    desk.with_telecom().await;
    let case = desk.accept(acceptance_of("line.noise")).await;

    let mut renamed = telecom_without("line.noise");
    renamed[2].display_name_zh = "噪声".to_owned();
    desk.publish_tree(TELECOM, renamed).await;

    let found = category_of(&desk, &case.name).await;
    let (then, now) = (found.accepted_category.unwrap(), found.current_category.unwrap());
    assert_eq!((found.version, then.display_name_zh.as_str(), then.retired), (1, "杂音", false));
    assert_eq!((now.display_name_zh.as_str(), now.retired), ("噪声", true));
}

#[tokio::test]
async fn an_import_takes_retired_codes_and_refuses_unknown_ones_item_by_item() {
    let desk = Desk::open().await;
    desk.with_telecom().await;
    desk.publish_tree(TELECOM, telecom_without("line.noise")).await;

    let items = vec![closed(1, "line.dead"), closed(2, "nothing"), closed(3, "line.noise")];
    let results = desk.bring_over(items).await;

    let outcomes: Vec<_> = results.iter().map(ImportCasesResponse::outcome).collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Refused, Outcome::Accepted]);
    let refusal = &results[1].refusals[0];
    assert_eq!((refusal.field.as_str(), refusal.reason.as_str()), ("case.category", "CATEGORY_UNKNOWN"));
    assert_eq!(category_of(&desk, &results[2].case).await.version, 2);
}

#[tokio::test]
async fn what_was_accepted_is_answered_again_although_its_code_was_retired_since() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    desk.publish_tree(TELECOM, telecom()).await;
    let mut request = acceptance_of("line.noise");
    request.request_id = request_id();
    let first = desk.accept(request.clone()).await;
    let brought = desk.bring_over(vec![closed(1, "never-in-the-tree")]).await;
    desk.try_bind(MAIN, TELECOM).await.unwrap();
    desk.publish_tree(TELECOM, telecom_without("line.noise")).await;

    let second = desk.accept(request).await;
    let again = desk.bring_over(vec![closed(1, "never-in-the-tree")]).await;

    assert_eq!(second, first);
    assert_eq!((again[0].outcome(), &again[0].case), (Outcome::AlreadyPresent, &brought[0].case));
}

#[tokio::test]
async fn a_replica_takes_a_code_that_was_published_elsewhere_and_refuses_soon_what_was_retired() {
    let desk = Desk::open().await;
    let replica = desk.replica(8).await;
    desk.with_telecom().await;
    desk.publish_tree(TELECOM, {
        let mut all = telecom();
        all.push(category("new", "", "新", ""));
        all
    })
    .await;

    let at_once = replica.try_accept(acceptance_of("new")).await;
    let mut retired = telecom_without("line.noise");
    retired.push(category("new", "", "新", ""));
    desk.publish_tree(TELECOM, retired).await;
    let begun = Instant::now();
    while replica.try_accept(acceptance_of("line.noise")).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the replica learns what was retired");
    }

    assert!(at_once.is_ok(), "{at_once:?}");
}

#[tokio::test]
async fn a_service_that_was_just_started_knows_the_codes_in_force() {
    let desk = Desk::open().await;
    desk.with_telecom().await;

    let replica = desk.replica(4).await;

    assert_eq!(refusal_of(&replica, "nothing").await, category_refused("CATEGORY_UNKNOWN"));
    assert_eq!(category_of(&replica, &replica.accept(acceptance_of("line")).await.name).await.version, 1);
}

#[tokio::test]
async fn a_site_is_bound_shown_and_unbound() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let never = binding(&desk, MAIN).await;
    let early = desk.try_bind(MAIN, TELECOM).await.unwrap_err();
    desk.publish_tree(TELECOM, telecom()).await;

    let bound = desk.try_bind(MAIN, TELECOM).await.unwrap();
    let stale =
        BindCategoryTreeRequest { site: MAIN.to_owned(), etag: never.etag.clone(), ..Default::default() };
    let stale = desk.categories().bind_category_tree(stale).await.unwrap_err();
    let refused_while_bound = desk.try_accept(acceptance_of("nothing")).await.is_err();
    let request = BindCategoryTreeRequest {
        site: MAIN.to_owned(),
        etag: bound.etag.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    let unbound = desk.categories().bind_category_tree(request.clone()).await.unwrap().into_inner();
    let again = desk.categories().bind_category_tree(request).await.unwrap().into_inner();

    assert_eq!((never.tree.as_str(), never.etag.as_str(), never.bind_time), ("", "0", None));
    assert_eq!(refused(&early), (Code::FailedPrecondition, "TREE_NOT_PUBLISHED".to_owned()));
    assert_eq!((bound.tree.as_str(), bound.bound_by.as_str()), (TELECOM, "agents/li.na"));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert!(refused_while_bound);
    assert_eq!((unbound.tree.as_str(), &again), ("", &unbound));
    assert_eq!(binding(&desk, MAIN).await, unbound);
    desk.accept(acceptance_of("nothing")).await;
}

#[tokio::test]
async fn bindings_of_what_is_not_there_are_refused() {
    let desk = Desk::open().await;
    let site = desk.try_bind("sites/nowhere", "").await.unwrap_err();
    let tree = desk.try_bind(MAIN, TELECOM).await.unwrap_err();
    let malformed = BindCategoryTreeRequest {
        site: "main".to_owned(),
        tree: "telecom".to_owned(),
        etag: "x".to_owned(),
        request_id: "x".to_owned(),
    };
    let malformed = desk.categories().bind_category_tree(malformed).await.unwrap_err();
    let case = GetCaseCategoryRequest { case: crate::desk::unknown_case() };
    let case = desk.categories().get_case_category(case).await.unwrap_err();

    assert_eq!((site.code(), tree.code(), case.code()), (Code::NotFound, Code::NotFound, Code::NotFound));
    assert_eq!(violations(&malformed), ["request_id", "site", "tree", "etag"]);
}

#[tokio::test]
async fn changes_of_trees_and_bindings_are_told() {
    let desk = Desk::open().await;
    desk.with_telecom().await;

    let events = desk.told().await;

    let of_categories: Vec<_> = events.iter().filter(|event| event.r#type.contains("category")).collect();
    let told: Vec<_> =
        of_categories.iter().map(|event| (event.r#type.as_str(), event.subject.as_str())).collect();
    let expected = [
        ("category_tree.created", TELECOM),
        ("category_tree.drafted", TELECOM),
        ("category_tree.published", TELECOM),
        ("site_category_tree.bound", MAIN),
    ];
    assert_eq!(told, expected);
    let published: CategoryTreeFacts = of_categories[2].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((published.tree.as_str(), published.version, published.category_count), (TELECOM, 1, 5));
    let bound: SiteCategoryTreeFacts = of_categories[3].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((bound.site.as_str(), bound.tree.as_str()), (MAIN, TELECOM));
}

#[tokio::test]
async fn agents_read_trees_and_administrators_alone_change_them() {
    let desk = Desk::open().await;
    desk.with_telecom().await;
    let bearer = desk.bearer_with("wang.wei", &[Role::Agent]);
    let mut agent = CategoryServiceClient::with_interceptor(desk.channel.clone(), bearer);

    let read = agent.get_site_category_tree(GetSiteCategoryTreeRequest { site: MAIN.to_owned() }).await;
    let create = agent.create_category_tree(CreateCategoryTreeRequest::default()).await.unwrap_err();
    let bind = agent.bind_category_tree(BindCategoryTreeRequest::default()).await.unwrap_err();

    assert_eq!(read.unwrap().into_inner().tree, TELECOM);
    assert_eq!(refused(&create), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&bind), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
}
