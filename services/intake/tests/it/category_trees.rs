//! A versioned category tree per pack (IN-7): drafted whole, published, never losing a code.

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{
        Category, CategoryTree, CategoryTreeDraft, CategoryTreeVersionState, CreateCategoryTreeRequest,
        DraftCategoryTreeVersionRequest, GetCategoryTreeRequest, ListCategoriesRequest,
        ListCategoryTreeVersionsRequest, PublishCategoryTreeVersionRequest, ResolveCategoryRequest,
    },
    type_v1::{Kind, Severity},
};
use tonic::{Code, Status};

use crate::{
    category_desk::{TELECOM, category, reasons, telecom, telecom_without},
    desk::Desk,
    wire::{preconditions, refused, request_id, violations},
};

async fn get(desk: &Desk, version: i32) -> Result<CategoryTree, Status> {
    let request = GetCategoryTreeRequest { name: TELECOM.to_owned(), version };
    desk.categories().get_category_tree(request).await.map(tonic::Response::into_inner)
}

fn list() -> ListCategoriesRequest {
    ListCategoriesRequest { tree: TELECOM.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_draft_counts_once_it_is_published_and_old_versions_stay_readable() {
    let desk = Desk::open().await;
    let created = desk.create_tree("telecom").await;
    let rich = Category {
        kinds: vec![Kind::Complaint.into(), Kind::Fault.into()],
        default_severity: Severity::Major.into(),
        ..category("line", "", "线路", "")
    };

    let draft = desk.try_draft(TELECOM, vec![rich.clone()]).await.unwrap();
    let before = get(&desk, 0).await.unwrap();
    let published = desk.try_publish(TELECOM, 1).await.unwrap();
    desk.publish_tree(TELECOM, telecom()).await;

    assert_eq!((created.current_version, created.etag.as_str()), (0, "1"));
    assert_eq!((draft.version, draft.state(), draft.category_count), (1, CategoryTreeVersionState::Draft, 1));
    assert_eq!(draft.drafted_by, "agents/li.na");
    assert_eq!((before.shown_version, before.categories), (None, vec![]), "a draft is not in force");
    assert_eq!((published.current_version, published.etag.as_str()), (1, "3"));
    let first = get(&desk, 1).await.unwrap();
    let shown = first.shown_version.clone().unwrap();
    assert_eq!((shown.version, shown.state()), (1, CategoryTreeVersionState::Published));
    assert_eq!(shown.published_by, "agents/li.na");
    let kinds = [i32::from(Kind::Fault), Kind::Complaint.into()];
    let kept = &first.categories[0];
    assert_eq!(kept.kinds.iter().filter(|kind| kinds.contains(kind)).count(), 2);
    assert_eq!(Category { kinds: rich.kinds.clone(), ..kept.clone() }, rich);
    let now = get(&desk, 0).await.unwrap();
    assert_eq!((now.current_version, now.categories.len()), (2, 5));
}

#[tokio::test]
async fn versions_are_listed_newest_first_page_by_page() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    for _ in 0..3 {
        desk.try_draft(TELECOM, telecom()).await.unwrap();
    }
    let mut request =
        ListCategoryTreeVersionsRequest { tree: TELECOM.to_owned(), page_size: 2, ..Default::default() };

    let first = desk.categories().list_category_tree_versions(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = desk.categories().list_category_tree_versions(request).await.unwrap().into_inner();

    let numbers = |versions: &[kexiang_proto::intake_v1::CategoryTreeVersion]| {
        versions.iter().map(|version| version.version).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&first.versions), numbers(&second.versions)), (vec![3, 2], vec![1]));
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn everything_wrong_with_a_draft_is_told_at_once_with_its_place() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let mut tree = vec![
        category("a", "", "甲", ""),
        category("a", "", "乙", ""),
        category("b", "nowhere", "丙", ""),
        category("c", "d", "丁", ""),
        category("d", "c", "戊", ""),
        category("e", "", " ", ""),
        category("", "", "己", ""),
        Category { kinds: vec![1, 99], default_severity: 99, ..category("f", "", &"长".repeat(201), "") },
        category("ctrl\u{1}", "", "庚", ""),
    ];
    tree.extend((0..9).map(|nr| {
        let parent = if nr == 0 { String::new() } else { format!("deep{}", nr - 1) };
        category(&format!("deep{nr}"), &parent, "深", "")
    }));

    let status = desk.try_draft(TELECOM, tree).await.unwrap_err();

    let mut found = reasons(&status);
    found.sort();
    let mut expected = [
        ("tree.categories[1].code", "DUPLICATE"),
        ("tree.categories[2].parent", "PARENT_UNKNOWN"),
        ("tree.categories[3].parent", "CYCLE"),
        ("tree.categories[4].parent", "CYCLE"),
        ("tree.categories[5].display_name_zh", "REQUIRED"),
        ("tree.categories[6].code", "INVALID_VALUE"),
        ("tree.categories[7].kinds[1]", "INVALID_VALUE"),
        ("tree.categories[7].default_severity", "INVALID_VALUE"),
        ("tree.categories[7].display_name_zh", "INVALID_VALUE"),
        ("tree.categories[8].code", "INVALID_VALUE"),
        ("tree.categories[17].parent", "TOO_DEEP"),
    ]
    .map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(get(&desk, 0).await.unwrap().latest_version, 0, "nothing was written");
}

#[tokio::test]
async fn thousands_of_violations_are_counted_where_they_can_not_be_told() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let nameless = (0..5_000).map(|nr| category(&format!("c{nr}"), "nowhere", "", "")).collect();

    let status = desk.try_draft(TELECOM, nameless).await.unwrap_err();

    let told = reasons(&status);
    assert_eq!(told.len(), 51);
    assert_eq!(told[50], ("tree.categories".to_owned(), "MORE".to_owned()));
}

#[tokio::test]
async fn a_tree_has_one_to_five_thousand_categories() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let many = |n: i32| (0..n).map(|nr| category(&format!("c{nr}"), "", "类", "")).collect::<Vec<_>>();

    let none = desk.try_draft(TELECOM, vec![]).await.unwrap_err();
    let too_many = desk.try_draft(TELECOM, many(5_001)).await.unwrap_err();
    let largest = desk.try_draft(TELECOM, many(5_000)).await.unwrap();

    assert_eq!(reasons(&none), [("tree.categories".to_owned(), "REQUIRED".to_owned())]);
    assert_eq!(reasons(&too_many), [("tree.categories".to_owned(), "TOO_MANY".to_owned())]);
    assert_eq!(largest.category_count, 5_000);
}

#[tokio::test]
async fn a_published_code_can_be_retired_but_not_removed() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    desk.publish_tree(TELECOM, telecom()).await;
    let shorter = telecom().into_iter().filter(|c| !c.code.starts_with("bill")).collect();

    let draft = desk.try_draft(TELECOM, shorter).await.unwrap();
    let status = desk.try_publish(TELECOM, draft.version).await.unwrap_err();
    let retired = desk.publish_tree(TELECOM, telecom_without("bill.wrong")).await;

    assert_eq!(refused(&status), (Code::FailedPrecondition, "CODES_MISSING".to_owned()));
    let named: Vec<_> = preconditions(&status).into_iter().map(|(_, code)| code).collect();
    assert_eq!(named, ["bill", "bill.wrong"]);
    assert_eq!(retired.current_version, 3, "the refused version stays a draft");
    let request = ResolveCategoryRequest { tree: TELECOM.to_owned(), code: "bill.wrong".to_owned() };
    let found = desk.categories().resolve_category(request).await.unwrap().into_inner();
    assert!(found.retired);
    assert_eq!(found.path, ["bill", "bill.wrong"]);
    let request = ResolveCategoryRequest { tree: TELECOM.to_owned(), code: "nothing".to_owned() };
    let status = desk.categories().resolve_category(request).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn only_a_draft_newer_than_the_version_in_force_is_published() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let old = desk.try_draft(TELECOM, telecom()).await.unwrap();
    desk.publish_tree(TELECOM, telecom()).await;

    let again = desk.try_publish(TELECOM, 2).await.unwrap_err();
    let older = desk.try_publish(TELECOM, old.version).await.unwrap_err();
    let unknown = desk.try_publish(TELECOM, 9).await.unwrap_err();

    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&older), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn categories_are_found_by_subtree_kind_and_name() {
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let mut tree = telecom_without("line.noise");
    tree[4].kinds = vec![Kind::Complaint.into()];
    desk.publish_tree(TELECOM, tree).await;

    let all = desk.codes(ListCategoriesRequest { page_size: 2, ..list() }).await;
    let with_retired = desk.codes(ListCategoriesRequest { show_retired: true, ..list() }).await;
    let line = desk.codes(ListCategoriesRequest { subtree: "line".to_owned(), ..list() }).await;
    let faults = desk.codes(ListCategoriesRequest { kind: Kind::Fault.into(), ..list() }).await;
    let by_zh = desk.codes(ListCategoriesRequest { query: "拨号".to_owned(), ..list() }).await;
    let by_en = desk.codes(ListCategoriesRequest { query: "WRONG".to_owned(), ..list() }).await;
    let by_percent = desk.codes(ListCategoriesRequest { query: "%".to_owned(), ..list() }).await;
    let request = ListCategoriesRequest { subtree: "nothing".to_owned(), ..list() };
    let unknown = desk.categories().list_categories(request).await.unwrap_err();

    assert_eq!(all, ["line", "line.dead", "bill", "bill.wrong"]);
    assert_eq!(with_retired.len(), 5);
    assert_eq!(line, ["line", "line.dead"]);
    assert_eq!(faults, ["line", "line.dead", "bill"]);
    assert_eq!((by_zh, by_en), (vec!["line.dead".to_owned()], vec!["bill.wrong".to_owned()]));
    assert_eq!(by_percent, Vec::<String>::new(), "a text is a text");
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn fields_of_all_requests_are_checked() {
    let desk = Desk::open().await;
    let mut client = desk.categories();

    let bad_tree = CreateCategoryTreeRequest {
        category_tree_id: "Tele Com".to_owned(),
        category_tree: Some(CategoryTree::default()),
        request_id: "no uuid".to_owned(),
    };
    let create = client.create_category_tree(bad_tree).await.unwrap_err();
    let bad_draft = DraftCategoryTreeVersionRequest { etag: "x".to_owned(), ..Default::default() };
    let draft = client.draft_category_tree_version(bad_draft).await.unwrap_err();
    let publish = client.publish_category_tree_version(PublishCategoryTreeVersionRequest::default());
    let publish = publish.await.unwrap_err();
    let bad_list = ListCategoriesRequest {
        version: -1,
        kind: 99,
        query: "长".repeat(101),
        subtree: "x".repeat(201),
        page_size: -1,
        ..Default::default()
    };
    let listed = client.list_categories(bad_list).await.unwrap_err();
    let unknown = get(&desk, 0).await.unwrap_err();

    assert_eq!(violations(&create), ["request_id", "category_tree_id", "category_tree.display_name"]);
    assert_eq!(violations(&draft), ["name", "etag", "tree"]);
    assert_eq!(violations(&publish), ["name", "version"]);
    assert_eq!(violations(&listed), ["tree", "version", "subtree", "kind", "query", "page_size"]);
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn a_repeated_request_is_done_once() {
    let desk = Desk::open().await;
    let tree = CategoryTree { display_name: "电信".to_owned(), ..CategoryTree::default() };
    let create = CreateCategoryTreeRequest {
        category_tree_id: "telecom".to_owned(),
        category_tree: Some(tree),
        request_id: request_id(),
    };
    let draft = DraftCategoryTreeVersionRequest {
        name: TELECOM.to_owned(),
        tree: Some(CategoryTreeDraft { categories: telecom(), note: "first".to_owned() }),
        request_id: request_id(),
        ..Default::default()
    };
    let publish = PublishCategoryTreeVersionRequest {
        name: TELECOM.to_owned(),
        version: 1,
        request_id: request_id(),
        ..Default::default()
    };
    let mut client = desk.categories();

    let created = client.create_category_tree(create.clone()).await.unwrap().into_inner();
    let drafted = client.draft_category_tree_version(draft.clone()).await.unwrap().into_inner();
    let published = client.publish_category_tree_version(publish.clone()).await.unwrap().into_inner();

    assert_eq!(client.create_category_tree(create.clone()).await.unwrap().into_inner(), created);
    assert_eq!(client.draft_category_tree_version(draft.clone()).await.unwrap().into_inner(), drafted);
    assert_eq!(client.publish_category_tree_version(publish).await.unwrap().into_inner(), published);
    assert_eq!(drafted.note, "first");
    assert_eq!(get(&desk, 0).await.unwrap().latest_version, 1);
    let fresh = CreateCategoryTreeRequest { request_id: request_id(), ..create };
    let status = client.create_category_tree(fresh).await.unwrap_err();
    assert_eq!(refused(&status), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    let other = DraftCategoryTreeVersionRequest { etag: "3".to_owned(), ..draft };
    let status = client.draft_category_tree_version(other).await.unwrap_err();
    assert_eq!(refused(&status), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn of_many_who_saw_the_same_tree_one_changes_it() {
    let desk = Desk::open().await;
    let tree = desk.create_tree("telecom").await;
    let request = DraftCategoryTreeVersionRequest {
        name: TELECOM.to_owned(),
        tree: Some(CategoryTreeDraft { categories: telecom(), note: String::new() }),
        etag: tree.etag,
        ..Default::default()
    };

    let all = (0..6).map(|_| {
        let (mut client, request) = (desk.categories(), request.clone());
        async move { client.draft_category_tree_version(request).await }
    });
    let answers = join_all(all).await;

    let (done, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    for refusal in refusals {
        assert_eq!(refused(&refusal.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    }
    let publish = PublishCategoryTreeVersionRequest {
        name: TELECOM.to_owned(),
        version: 1,
        etag: "1".to_owned(),
        ..Default::default()
    };
    let status = desk.categories().publish_category_tree_version(publish).await.unwrap_err();
    assert_eq!(refused(&status), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
}

/// The three-level tree of a city's messages, with codes made of the names' places.
#[tokio::test]
async fn the_real_three_level_tree_is_published_and_listed() {
    let file = "../../../shared/data/zh_category_tree.csv";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: zh_category_tree.csv does not lie in ../shared/data beside the project");
        return;
    };
    let desk = Desk::open().await;
    desk.create_tree("telecom").await;
    let mut tree: Vec<Category> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut leaves = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let mut parent = String::new();
        for name in row.iter().map(str::trim).filter(|name| !name.is_empty()) {
            let code = if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
            if known.insert(code.clone()) {
                tree.push(category(&code, &parent, name, ""));
            }
            parent = code;
        }
        leaves += 1;
    }
    let count = tree.len();

    let published = desk.publish_tree(TELECOM, tree.clone()).await;
    let listed = desk.codes(ListCategoriesRequest { page_size: 100, ..list() }).await;
    let top =
        desk.codes(ListCategoriesRequest { subtree: tree[0].code.clone(), page_size: 1_000, ..list() }).await;

    assert_eq!(leaves, 517);
    assert!(count > 517, "three levels");
    assert_eq!(published.current_version, 1);
    assert_eq!(listed, tree.iter().map(|category| category.code.clone()).collect::<Vec<_>>());
    let below = |category: &&Category| {
        category.code == tree[0].code || category.code.starts_with(&format!("{}.", tree[0].code))
    };
    assert_eq!(top.len(), tree.iter().filter(below).count());
}
