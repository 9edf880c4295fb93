//! What the desk does with articles: says whether they helped, and cites them in answers (IN-9, IN-10).

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{
        ArticleContent, ArticleFacts, CiteArticleRequest, Handling, ListCitationsRequest,
        RecordArticleFeedbackRequest,
    },
    type_v1::Kind,
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    desk::{AGENT, Desk, START, unknown_case},
    shelf::answer,
    wire::{refused, request_id, violations},
};

fn opinion(article: &str, helped: bool) -> RecordArticleFeedbackRequest {
    RecordArticleFeedbackRequest { article: article.to_owned(), helped, ..Default::default() }
}

fn citing(version: &str, case: &str) -> CiteArticleRequest {
    CiteArticleRequest {
        article_version: version.to_owned(),
        case: case.to_owned(),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn feedback_is_kept_once_per_request_and_counted() {
    let desk = Desk::open().await;
    let article = desk.publish(answer("a", "b")).await;
    let case = desk.received(Kind::Consultation, Handling::Desk).await;
    let request = RecordArticleFeedbackRequest {
        case: case.name.clone(),
        contact: case.contact,
        request_id: request_id(),
        ..opinion(&article.name, true)
    };

    let first = desk.shelf(AGENT).record_article_feedback(request.clone()).await.unwrap().into_inner();
    let second = desk.shelf(AGENT).record_article_feedback(request).await.unwrap().into_inner();
    desk.shelf(AGENT).record_article_feedback(opinion(&article.name, false)).await.unwrap();

    assert_eq!(first, second);
    assert_eq!((first.case, first.article_version), (case.name, format!("{}/versions/1", article.name)));
    assert_eq!((first.agent.as_str(), first.record_time), ("agents/li.na", Some(to_wire(START))));
    let kept = desk.article(&article.name).await;
    assert_eq!((kept.helped_count, kept.not_helped_count), (1, 1));
    assert_eq!(kept.etag, article.etag, "feedback changes nothing that authors saw");
}

#[tokio::test]
async fn many_voices_at_once_are_all_counted() {
    let desk = Desk::open().await;
    let article = desk.publish(answer("a", "b")).await;

    let voices = (0..12).map(|nr| {
        let mut shelf = desk.shelf(AGENT);
        let request = opinion(&article.name, nr % 3 != 0);
        async move { shelf.record_article_feedback(request).await }
    });
    assert!(join_all(voices).await.into_iter().all(|answer| answer.is_ok()));

    let kept = desk.article(&article.name).await;
    assert_eq!((kept.helped_count, kept.not_helped_count), (8, 4));
    let events = desk.told().await;
    let told: Vec<_> = events.iter().filter(|event| event.r#type == "article.feedback_recorded").collect();
    let last: ArticleFacts = told[11].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told.len(), last.helped_count, last.not_helped_count), (12, 8, 4));
}

#[tokio::test]
async fn what_was_never_published_has_neither_feedback_nor_citations() {
    let desk = Desk::open().await;
    let draft = desk.write(answer("a", "b")).await;
    let case = desk.received(Kind::Consultation, Handling::Desk).await;
    let version = draft.draft.unwrap().name;

    let of_feedback =
        desk.shelf(AGENT).record_article_feedback(opinion(&draft.name, true)).await.unwrap_err();
    let of_citation = desk.shelf(AGENT).cite_article(citing(&version, &case.name)).await.unwrap_err();

    for refusal in [of_feedback, of_citation] {
        assert_eq!(refused(&refusal), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
}

#[tokio::test]
async fn bad_names_are_violations_and_unknown_ones_not_found() {
    let desk = Desk::open().await;
    let article = desk.publish(answer("a", "b")).await;
    let case = desk.received(Kind::Consultation, Handling::Desk).await;
    let version = format!("{}/versions/1", article.name);
    let wrong = RecordArticleFeedbackRequest {
        article: "articles/1".to_owned(),
        case: "cases/1".to_owned(),
        contact: "contacts/1".to_owned(),
        helped: true,
        request_id: "1".to_owned(),
    };

    let of_feedback = desk.shelf(AGENT).record_article_feedback(wrong).await.unwrap_err();
    let of_citation = desk.shelf(AGENT).cite_article(citing(&article.name, "")).await.unwrap_err();
    let unknown = [
        citing(&format!("{}/versions/2", article.name), &case.name),
        citing(&version, &unknown_case()),
        citing(&format!("{}/versions/1", kexiang_core::id::ArticleId::at(START).name()), &case.name),
    ];

    assert_eq!(violations(&of_feedback), ["request_id", "article", "case", "contact"]);
    assert_eq!(violations(&of_citation), ["article_version", "case"]);
    for request in unknown {
        let refusal = desk.shelf(AGENT).cite_article(request).await.unwrap_err();
        assert_eq!(refused(&refusal), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    let feedback = RecordArticleFeedbackRequest { case: unknown_case(), ..opinion(&article.name, true) };
    let refusal = desk.shelf(AGENT).record_article_feedback(feedback).await.unwrap_err();
    assert_eq!(refused(&refusal), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn an_answer_cites_a_version_once_even_after_it_was_replaced() {
    let desk = Desk::open().await;
    let article = desk.publish(answer("a", "b")).await;
    let case = desk.received(Kind::Consultation, Handling::Desk).await;
    let version = article.published.unwrap().name;

    let first = desk.shelf(AGENT).cite_article(citing(&version, &case.name)).await.unwrap().into_inner();
    desk.edit(&article.name, ArticleContent { title: "c".to_owned(), ..Default::default() }).await;
    desk.review(&article.name).await;
    let again = desk.shelf("sun.li").cite_article(citing(&version, &case.name)).await.unwrap().into_inner();

    assert_eq!(again, first, "what is kept is given");
    assert_eq!((first.article_version, first.case), (version, case.name));
    let events = desk.told().await;
    assert_eq!(events.iter().filter(|event| event.r#type == "article.cited").count(), 1);
}

#[tokio::test]
async fn citations_are_listed_by_case_and_by_article() {
    let desk = Desk::open().await;
    let (one, two) = (desk.publish(answer("a", "b")).await, desk.publish(answer("c", "d")).await);
    let case = desk.received(Kind::Consultation, Handling::Desk).await;
    let other = desk.received(Kind::Consultation, Handling::Desk).await;
    let version = |article: &kexiang_proto::intake_v1::Article| format!("{}/versions/1", article.name);
    let mut names = Vec::new();
    for (article, case) in [(&one, &case), (&two, &case), (&one, &other)] {
        let request =
            CiteArticleRequest { request_id: request_id(), ..citing(&version(article), &case.name) };
        names.push(desk.shelf(AGENT).cite_article(request).await.unwrap().into_inner().name);
        desk.hand.advance(jiff::SignedDuration::from_millis(1));
    }

    let list = async |request: ListCitationsRequest| {
        let page = desk.shelf(AGENT).list_citations(request).await.unwrap().into_inner();
        (page.citations.into_iter().map(|citation| citation.name).collect::<Vec<_>>(), page.next_page_token)
    };
    let of_case = ListCitationsRequest { case: case.name, ..Default::default() };
    let of_article = ListCitationsRequest { article: one.name, page_size: 1, ..Default::default() };
    let (first, page_token) = list(of_article.clone()).await;

    assert_eq!(list(of_case).await.0, [names[1].clone(), names[0].clone()]);
    assert_eq!(first, [names[2].clone()]);
    assert_eq!(list(ListCitationsRequest { page_token, ..of_article }).await.0, [names[0].clone()]);
    let wrong =
        ListCitationsRequest { case: "x".into(), article: "y".into(), page_size: -1, page_token: "?".into() };
    let refusal = desk.shelf(AGENT).list_citations(wrong).await.unwrap_err();
    assert_eq!(violations(&refusal), ["case", "article", "page_size", "page_token"]);
}
