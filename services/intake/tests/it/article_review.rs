//! The way of an article: written by some, reviewed by another, served until the next version is approved (IN-9).

use futures::future::join_all;
use kexiang_proto::intake_v1::{
    ArticleContent, ArticleFacts, ArticleState, ArticleVersionState, UpdateArticleRequest,
};
use tonic::Code;

use crate::{
    desk::{AGENT, Desk},
    shelf::{REVIEWER, answer},
    wire::{preconditions, refused},
};

fn titled(title: &str) -> ArticleContent {
    ArticleContent { title: title.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn an_article_is_found_once_another_person_approved_it() {
    let desk = Desk::open().await;
    let article = desk.write(answer("路由器重启", "长按五秒")).await;
    let in_draft = desk.found("路由器").await;
    let submitted = desk.try_submit(&article.name).await.unwrap();
    let in_review = desk.found("路由器").await;

    let published = desk.try_approve(&article.name, REVIEWER, &submitted.etag).await.unwrap();

    assert!(in_draft.is_empty() && in_review.is_empty());
    assert_eq!((submitted.state(), published.state()), (ArticleState::InReview, ArticleState::Published));
    assert_eq!(published.draft, None);
    let version = published.published.unwrap();
    assert_eq!(
        (version.state(), version.reviewer.as_str()),
        (ArticleVersionState::Published, "agents/chen.jie")
    );
    assert_eq!(desk.found("路由器").await, ["路由器重启"]);
}

#[tokio::test]
async fn nobody_approves_what_they_wrote_on() {
    let desk = Desk::open().await;
    let name = desk.write(answer("a", "b")).await.name;
    let request =
        UpdateArticleRequest { name: name.clone(), content: Some(titled("c")), ..Default::default() };
    desk.shelf(REVIEWER).update_article(request).await.unwrap();
    desk.try_submit(&name).await.unwrap();

    for author in [AGENT, REVIEWER] {
        let refusal = desk.try_approve(&name, author, "").await.unwrap_err();
        assert_eq!(refused(&refusal), (Code::FailedPrecondition, "REVIEWER_IS_AUTHOR".to_owned()));
        assert_eq!(preconditions(&refusal), [("REVIEWER".to_owned(), format!("{name}/versions/1"))]);
    }
    assert_eq!(desk.try_approve(&name, "sun.li", "").await.unwrap().state(), ArticleState::Published);
}

#[tokio::test]
async fn the_published_version_is_served_until_the_next_one_is_approved() {
    let desk = Desk::open().await;
    let name = desk.publish(answer("旧宽带资费", "一百元")).await.name;

    let edited = desk.edit(&name, titled("新宽带资费")).await;
    let meanwhile = desk.found("宽带资费").await;
    let approved = desk.review(&name).await;

    assert_eq!(
        (edited.state(), edited.draft.unwrap().state()),
        (ArticleState::Published, ArticleVersionState::Draft)
    );
    assert_eq!(meanwhile, ["旧宽带资费"]);
    assert_eq!(approved.published.unwrap().name, format!("{name}/versions/2"));
    assert_eq!(desk.found("宽带资费").await, ["新宽带资费"]);
    assert!(desk.found("旧").await.is_empty(), "words of the old version are forgotten");
}

#[tokio::test]
async fn a_rejected_version_goes_back_with_its_reason_and_comes_again() {
    let desk = Desk::open().await;
    let name = desk.write(answer("a", "b")).await.name;
    desk.try_submit(&name).await.unwrap();

    let rejected = desk.try_reject(&name, "no source").await.unwrap();
    let draft = rejected.draft.clone().unwrap();
    let approved = desk.review(&name).await;

    assert_eq!((rejected.state(), draft.state()), (ArticleState::Draft, ArticleVersionState::Draft));
    assert_eq!((draft.reject_reason.as_str(), draft.reviewer.as_str()), ("no source", "agents/chen.jie"));
    assert_eq!(approved.published.unwrap().reject_reason, "");
}

#[tokio::test]
async fn what_is_in_review_does_not_change_and_no_step_is_skipped() {
    let desk = Desk::open().await;
    let name = desk.write(answer("a", "b")).await.name;
    let not_submitted = desk.try_approve(&name, REVIEWER, "").await.unwrap_err();
    let not_rejected = desk.try_reject(&name, "why").await.unwrap_err();
    desk.try_submit(&name).await.unwrap();
    let request =
        UpdateArticleRequest { name: name.clone(), content: Some(titled("c")), ..Default::default() };
    let edited = desk.shelf(AGENT).update_article(request).await.unwrap_err();
    let twice = desk.try_submit(&name).await.unwrap_err();

    for refusal in [not_submitted, not_rejected, edited, twice] {
        assert_eq!(refused(&refusal), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
        assert_eq!(preconditions(&refusal), [("STATE".to_owned(), name.clone())]);
    }
}

#[tokio::test]
async fn a_retired_article_is_found_no_more_and_nothing_wakes_it() {
    let desk = Desk::open().await;
    let name = desk.publish(answer("节日营业时间", "十点到四点")).await.name;

    let retired = desk.try_retire(&name).await.unwrap();

    assert_eq!((retired.state(), retired.retire_reason.as_str()), (ArticleState::Retired, "out of date"));
    assert!(desk.found("营业时间").await.is_empty());
    for refusal in [desk.try_retire(&name).await, desk.try_submit(&name).await] {
        assert_eq!(
            refused(&refusal.unwrap_err()),
            (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned())
        );
    }
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_of_many_reviewers_one_publishes() {
    let desk = Desk::open().await;
    let written = desk.write(answer("a", "b")).await;
    let submitted = desk.try_submit(&written.name).await.unwrap();

    let stale = desk.try_approve(&written.name, REVIEWER, &written.etag).await.unwrap_err();
    let reviewers: Vec<_> = (0..6).map(|nr| format!("reviewer.{nr}")).collect();
    let all = reviewers.iter().map(|reviewer| desk.try_approve(&written.name, reviewer, &submitted.etag));
    let (done, refusals): (Vec<_>, Vec<_>) = join_all(all).await.into_iter().partition(Result::is_ok);

    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(done.len(), 1);
    for refusal in refusals {
        assert_eq!(refused(&refusal.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    }
}

#[tokio::test]
async fn each_step_is_told_without_any_text() {
    let desk = Desk::open().await;
    let name = desk.write(answer("secret title", "secret body")).await.name;
    desk.edit(&name, titled("secret again")).await;
    desk.try_submit(&name).await.unwrap();
    desk.try_reject(&name, "secret reason").await.unwrap();
    desk.review(&name).await;
    desk.try_retire(&name).await.unwrap();

    let events = desk.told().await;

    let told: Vec<_> = events.iter().filter(|event| event.subject == name).collect();
    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    let expected = ["created", "updated", "submitted", "rejected", "submitted", "approved", "retired"];
    assert_eq!(types, expected.map(|verb| format!("article.{verb}")));
    let facts: ArticleFacts = told[5].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(
        (facts.state(), facts.version_state()),
        (ArticleState::Published, ArticleVersionState::Published)
    );
    assert_eq!(
        (facts.article_version, facts.category),
        (format!("{name}/versions/1"), "line.dead".to_owned())
    );
    assert_eq!((told[0].actor.as_str(), told[5].actor.as_str()), ("agents/li.na", "agents/chen.jie"));
    let log: String = sqlx::query_scalar("select string_agg(data::text, '') from intake.event_log")
        .fetch_one(desk.pool())
        .await
        .unwrap();
    assert!(!log.contains("secret"));
}
