//! What an article keeps, every way in which its fields are refused, and its lists (IN-9).

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::intake_v1::{
    Article, ArticleContent, ArticleKind, ArticleState, ArticleVersionState, CreateArticleRequest,
    ListArticleVersionsRequest, ListArticlesRequest, UpdateArticleRequest,
};
use kexiang_rpc::time::to_wire;
use prost_types::FieldMask;
use tonic::Code;

use crate::{
    desk::{AGENT, Desk, START},
    shelf::{REVIEWER, answer},
    wire::{MAIN, refused, request_id, violations},
};

fn full() -> ArticleContent {
    ArticleContent {
        site: MAIN.to_owned(),
        keywords: vec!["宽带".to_owned(), "no dial tone".to_owned()],
        valid_from_time: Some(to_wire(START)),
        valid_until_time: Some(to_wire(START + SignedDuration::from_hours(24))),
        ..answer("没有拨号音怎么办", "先检查电话线。")
    }
}

async fn update(
    desk: &Desk,
    name: &str,
    content: ArticleContent,
    paths: &[&str],
) -> Result<Article, tonic::Status> {
    let mask = FieldMask { paths: paths.iter().map(ToString::to_string).collect() };
    let request = UpdateArticleRequest {
        name: name.to_owned(),
        content: Some(content),
        update_mask: Some(mask),
        ..Default::default()
    };
    desk.shelf(AGENT).update_article(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_article_keeps_all_that_was_written() {
    let desk = Desk::open().await;

    let article = desk.write(full()).await;

    assert_eq!(desk.article(&article.name).await, article, "the answer is what was kept");
    assert_eq!((article.state(), article.etag.as_str()), (ArticleState::Draft, "1"));
    let draft = article.draft.unwrap();
    assert_eq!(draft.content, Some(full()));
    assert_eq!(
        (draft.name, draft.authors),
        (format!("{}/versions/1", article.name), vec!["agents/li.na".to_owned()])
    );
    assert_eq!(article.published, None);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_content_is_reported_at_once() {
    let desk = Desk::open().await;
    let wrong = ArticleContent {
        site: "main".to_owned(),
        kind: 99,
        category: "c".repeat(201),
        language: "fr".to_owned(),
        title: " ".to_owned(),
        body: "b".repeat(50_001),
        keywords: vec!["k".to_owned(), String::new()],
        valid_from_time: Some(to_wire(START)),
        valid_until_time: Some(to_wire(START)),
    };
    let request = CreateArticleRequest { content: Some(wrong), request_id: "one".to_owned() };

    let refusal = desk.shelf(AGENT).create_article(request).await.unwrap_err();

    let fields = ["site", "kind", "category", "language", "title", "body", "keywords[1]", "valid_until_time"];
    let fields = fields.map(|field| format!("content.{field}"));
    assert_eq!(violations(&refusal), [&["request_id".to_owned()], &fields[..]].concat());
    let nothing = desk.shelf(AGENT).create_article(CreateArticleRequest::default()).await.unwrap_err();
    assert_eq!(violations(&nothing), ["content"]);
}

#[tokio::test]
async fn a_site_or_an_article_that_is_nowhere_is_not_found() {
    let desk = Desk::open().await;
    let elsewhere = ArticleContent { site: "sites/nowhere".to_owned(), ..full() };
    let unknown = kexiang_core::id::ArticleId::at(START).name();

    let of_site = desk.try_write(elsewhere).await.unwrap_err();
    let of_article = desk.try_submit(&unknown).await.unwrap_err();
    let versions = ListArticleVersionsRequest { article: unknown, ..Default::default() };
    let of_versions = desk.shelf(AGENT).list_article_versions(versions).await.unwrap_err();

    for refusal in [of_site, of_article, of_versions] {
        assert_eq!(refused(&refusal), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn a_mask_changes_its_fields_alone_and_a_change_that_changes_nothing_writes_nothing() {
    let desk = Desk::open().await;
    let article = desk.write(full()).await;
    let empty = ArticleContent { title: "改了".to_owned(), ..Default::default() };

    let changed = update(&desk, &article.name, empty.clone(), &["title", "keywords"]).await.unwrap();
    let again = update(&desk, &article.name, empty.clone(), &["title"]).await.unwrap();
    let refusal = update(&desk, &article.name, empty, &["state", "body"]).await.unwrap_err();

    let expected = ArticleContent { title: "改了".to_owned(), keywords: vec![], ..full() };
    assert_eq!(changed.draft.as_ref().unwrap().content, Some(expected));
    assert_eq!((changed.etag.as_str(), &again), ("2", &changed));
    assert_eq!(violations(&refusal), ["update_mask", "content.body"]);
}

#[tokio::test]
async fn the_two_ends_of_the_validity_can_not_change_places_by_a_mask() {
    let desk = Desk::open().await;
    let article = desk.write(full()).await;
    let early = ArticleContent { valid_until_time: Some(to_wire(START)), ..Default::default() };

    let refusal = update(&desk, &article.name, early, &["valid_until_time"]).await.unwrap_err();

    assert_eq!(violations(&refusal), ["content.valid_until_time"]);
    assert_eq!(desk.article(&article.name).await, article);
}

#[tokio::test]
async fn a_request_that_comes_twice_makes_one_article_and_approves_once() {
    let desk = Desk::open().await;
    let request = CreateArticleRequest { content: Some(full()), request_id: request_id() };
    let other = CreateArticleRequest { content: Some(answer("b", "b")), ..request.clone() };

    let first = desk.shelf(AGENT).create_article(request.clone()).await.unwrap().into_inner();
    let second = desk.shelf(AGENT).create_article(request).await.unwrap().into_inner();
    let reused = desk.shelf(AGENT).create_article(other).await.unwrap_err();

    assert_eq!(first, second);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    let listed = desk.shelf(AGENT).list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.articles, [first]);
}

#[tokio::test]
async fn pages_of_articles_give_each_once_newest_first_by_filter() {
    let desk = Desk::open().await;
    let mut names = Vec::new();
    for nr in 0..5 {
        let kind = if nr % 2 == 0 { ArticleKind::Notice } else { ArticleKind::Policy };
        let language = if nr == 2 { "en-GB" } else { "en" };
        let content = ArticleContent { kind: kind.into(), language: language.to_owned(), ..full() };
        names.insert(0, desk.write(content).await.name);
        desk.hand.advance(SignedDuration::from_millis(1));
    }
    desk.review(&names[0]).await;

    let list = async |mut request: ListArticlesRequest| {
        let mut listed = Vec::new();
        loop {
            let page = desk.shelf(AGENT).list_articles(request.clone()).await.unwrap().into_inner();
            listed.extend(page.articles.into_iter().map(|article| article.name));
            if page.next_page_token.is_empty() {
                return listed;
            }
            request.page_token = page.next_page_token;
        }
    };
    let all = ListArticlesRequest { page_size: 2, ..Default::default() };

    assert_eq!(list(all.clone()).await, names);
    let notices = ListArticlesRequest { kind: ArticleKind::Notice.into(), ..all.clone() };
    assert_eq!(list(notices).await, [names[0].clone(), names[2].clone(), names[4].clone()]);
    let british = ListArticlesRequest { language: "en-GB".to_owned(), ..all.clone() };
    assert_eq!(list(british).await, [names[2].clone()]);
    let english = ListArticlesRequest { language: "en".to_owned(), ..all.clone() };
    assert_eq!(list(english).await.len(), 5);
    let published = ListArticlesRequest { state: ArticleState::Published.into(), ..all.clone() };
    assert_eq!(list(published).await, [names[0].clone()]);
    let elsewhere = ListArticlesRequest { category: "line.slow".to_owned(), ..all };
    assert!(list(elsewhere).await.is_empty());
}

#[tokio::test]
async fn all_that_is_wrong_with_a_list_is_reported_at_once() {
    let desk = Desk::open().await;
    let request = ListArticlesRequest {
        kind: 99,
        category: "c".repeat(201),
        language: "-".to_owned(),
        state: 99,
        page_size: -1,
        page_token: "?".to_owned(),
    };

    let refusal = desk.shelf(AGENT).list_articles(request).await.unwrap_err();

    assert_eq!(violations(&refusal), ["kind", "category", "language", "state", "page_size", "page_token"]);
}

#[tokio::test]
async fn versions_are_kept_newest_first() {
    let desk = Desk::open().await;
    let name = desk.publish(answer("一", "一")).await.name;
    desk.edit(&name, ArticleContent { title: "二".to_owned(), ..Default::default() }).await;
    desk.review(&name).await;
    desk.edit(&name, ArticleContent { title: "三".to_owned(), ..Default::default() }).await;

    let request = ListArticleVersionsRequest { article: name, page_size: 2, ..Default::default() };
    let first = desk.shelf(AGENT).list_article_versions(request.clone()).await.unwrap().into_inner();
    let rest = ListArticleVersionsRequest { page_token: first.next_page_token, ..request };
    let rest = desk.shelf(AGENT).list_article_versions(rest).await.unwrap().into_inner();

    let versions = [first.versions, rest.versions].concat();
    let told: Vec<_> = versions
        .iter()
        .map(|version| (version.content.as_ref().unwrap().title.as_str(), version.state()))
        .collect();
    let expected = [
        ("三", ArticleVersionState::Draft),
        ("二", ArticleVersionState::Published),
        ("一", ArticleVersionState::Replaced),
    ];
    assert_eq!(told, expected);
    assert_eq!(versions[1].reviewer, format!("agents/{REVIEWER}"));
}

#[tokio::test]
async fn agents_write_and_supervisors_review() {
    let desk = Desk::open().await;
    let article = desk.write(full()).await;
    desk.try_submit(&article.name).await.unwrap();
    let approve =
        kexiang_proto::intake_v1::ApproveArticleRequest { name: article.name, ..Default::default() };
    let create = CreateArticleRequest { content: Some(full()), ..Default::default() };

    let agent = desk.shelf_as("wang.wei", &[Role::Agent]).approve_article(approve.clone()).await.unwrap_err();
    let technician = desk.shelf_as("wang.wei", &[Role::Technician]).create_article(create).await.unwrap_err();
    let supervisor = desk.shelf_as("wang.wei", &[Role::Supervisor]).approve_article(approve).await;

    for refusal in [agent, technician] {
        assert_eq!(refused(&refusal), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    }
    assert_eq!(supervisor.unwrap().into_inner().state(), ArticleState::Published);
}
