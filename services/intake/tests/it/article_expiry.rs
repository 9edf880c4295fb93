//! What is over is found no more at once, and told exactly once (IN-9).

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_proto::intake_v1::{
    ArticleContent, ArticleFacts, ArticleState, ListArticlesRequest, SearchArticlesRequest,
};
use kexiang_rpc::time::to_wire;
use tokio::time::timeout;
use tonic::Code;

use crate::{
    desk::{AGENT, Desk, PATIENCE, START},
    shelf::{REVIEWER, answer, title},
    wire::{refused, violations},
};

fn valid(from_hours: i64, until_hours: i64) -> ArticleContent {
    let at = |hours| Some(to_wire(START + SignedDuration::from_hours(hours)));
    ArticleContent {
        valid_from_time: at(from_hours),
        valid_until_time: at(until_hours),
        ..answer("停电通知", "明天上午停电")
    }
}

/// How often the log tells of each expiry, once it tells of any.
async fn told_expiries(desk: &Desk) -> Vec<(String, i64)> {
    let told = async {
        loop {
            let told: Vec<(String, i64)> = sqlx::query_as(
                "select subject, count(*) from intake.event_log where event_type = 'article.expired' group by subject",
            )
            .fetch_all(desk.pool())
            .await
            .unwrap();
            if !told.is_empty() {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, told).await.expect("the expiry is told")
}

#[tokio::test]
async fn an_article_is_found_within_its_validity_to_the_microsecond() {
    let desk = Desk::open().await;
    desk.publish(valid(1, 2)).await;

    let mut found = Vec::new();
    for at in [0, 3_600_000_000 - 1, 3_600_000_000, 7_200_000_000 - 1, 7_200_000_000] {
        desk.hand.set(START + SignedDuration::from_micros(at));
        found.push(desk.found("停电").await.len());
    }

    assert_eq!(found, [0, 0, 1, 1, 0]);
}

#[tokio::test]
async fn an_expiry_is_seen_at_once_by_reading_and_listing() {
    let desk = Desk::open().await;
    let name = desk.publish(valid(0, 2)).await.name;

    desk.hand.advance(SignedDuration::from_hours(2));

    assert_eq!(desk.article(&name).await.state(), ArticleState::Expired);
    for (state, count) in [(ArticleState::Expired, 1), (ArticleState::Published, 0)] {
        let request = ListArticlesRequest { state: state.into(), ..Default::default() };
        let listed = desk.shelf(AGENT).list_articles(request).await.unwrap().into_inner();
        assert_eq!(listed.articles.len(), count, "{state:?}");
    }
}

#[tokio::test]
async fn two_replicas_tell_each_expiry_once() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    for _ in 0..8 {
        desk.publish(valid(0, 2)).await;
    }
    desk.publish(answer("永久有效", "一直")).await;

    desk.hand.advance(SignedDuration::from_hours(3));
    replica.hand.advance(SignedDuration::from_hours(3));
    let settled = async {
        while told_expiries(&desk).await.len() < 8 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, settled).await.expect("all are told");
    // The replica looks once more before it stops.
    replica.stop().await;

    let told = told_expiries(&desk).await;
    assert_eq!(told.len(), 8);
    assert!(told.iter().all(|(_, times)| *times == 1), "{told:?}");
    let left: i64 = sqlx::query_scalar("select count(*) from intake.article_search")
        .fetch_one(desk.pool())
        .await
        .unwrap();
    assert_eq!(left, 1, "what expired is taken away");
}

#[tokio::test]
async fn an_expired_article_comes_back_with_a_new_version_and_expires_again() {
    let desk = Desk::open().await;
    let name = desk.publish(valid(0, 2)).await.name;
    desk.hand.advance(SignedDuration::from_hours(3));
    let later = ArticleContent { valid_until_time: valid(0, 5).valid_until_time, ..Default::default() };
    desk.edit(&name, later).await;
    let approved = desk.review(&name).await;
    let back = desk.found("停电").await.len();
    desk.hand.advance(SignedDuration::from_hours(3));

    let twice = async {
        while told_expiries(&desk).await[0].1 < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, twice).await.expect("it is told once for each time");

    assert_eq!((approved.state(), back), (ArticleState::Published, 1));
    let events = desk.told().await;
    let of_article: Vec<_> = events.iter().filter(|event| event.subject == name).collect();
    let types: Vec<_> = of_article.iter().map(|event| event.r#type.as_str()).collect();
    let verbs =
        ["created", "submitted", "approved", "expired", "updated", "submitted", "approved", "expired"];
    assert_eq!(types, verbs.map(|verb| format!("article.{verb}")));
    let facts: ArticleFacts = of_article[7].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.state(), facts.article_version), (ArticleState::Expired, format!("{name}/versions/2")));
}

#[tokio::test]
async fn what_is_over_is_not_published() {
    let desk = Desk::open().await;
    let name = desk.write(valid(0, 2)).await.name;
    desk.try_submit(&name).await.unwrap();
    desk.hand.advance(SignedDuration::from_hours(2));

    let refusal = desk.try_approve(&name, REVIEWER, "").await.unwrap_err();

    assert_eq!(refused(&refusal), (Code::FailedPrecondition, "VALIDITY_OVER".to_owned()));
    assert_eq!(violations(&desk.try_write(valid(2, 2)).await.unwrap_err()), ["content.valid_until_time"]);
}

#[tokio::test]
async fn a_search_leaves_out_what_expired_beside_what_did_not() {
    let desk = Desk::open().await;
    desk.publish(valid(0, 2)).await;
    desk.publish(answer("停电怎么报修", "打电话")).await;
    desk.hand.advance(SignedDuration::from_hours(2));

    let found = desk.find(SearchArticlesRequest { query: "停电".to_owned(), ..Default::default() }).await;

    assert_eq!(found.hits.iter().map(title).collect::<Vec<_>>(), ["停电怎么报修"]);
}
