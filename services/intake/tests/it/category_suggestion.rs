//! Categories are suggested from the operator's own closed cases: a suggestion, never a decision (IN-7).

use std::time::Instant;

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::intake_v1::{
    Case, CategoryModel, CategoryModelFacts, GetCategoryModelRequest, ImportCasesRequest,
    SuggestCategoriesRequest, SuggestCategoriesResponse, TrainCategoryModelRequest,
    category_service_client::CategoryServiceClient, import_cases_response::Outcome,
};
use kexiang_rpc::{refusal, time::to_wire};
use tonic::{Code, Status};

use crate::{
    category_desk::{TELECOM, telecom, telecom_without},
    desk::{Desk, PATIENCE, START},
    wire::{MAIN, item, refused, request_id, violations},
};

/// What customers say, by category.
const SAID: [(&str, &[&str]); 3] = [
    ("line.dead", &["电话没有拨号音", "座机打不通了", "电话无声音拿起来没反应", "固话断了打不出去"]),
    ("line.noise", &["通话有杂音", "电话里沙沙响噪音大", "听不清对方声音有杂音", "线路噪音严重"]),
    ("bill.wrong", &["账单扣费不对", "多扣了话费要求退款", "话费账单有误", "乱扣费请退款"]),
];

/// A closed case of another system, numbered; it says one of the texts of one of the categories.
fn closed(nr: i64) -> ImportCasesRequest {
    let (code, said) = SAID[usize::try_from(nr % 3).unwrap()];
    let text = |by: i64| said[usize::try_from(nr / by % 4).unwrap()].to_owned();
    let open = item(nr, &format!("A-{nr}"));
    let case = Case {
        category: code.to_owned(),
        title: text(3),
        description: text(12),
        ..open.case.clone().unwrap()
    };
    let close_time = Some(to_wire(START - SignedDuration::from_mins(nr % 600)));
    ImportCasesRequest { case: Some(case), close_time, ..open }
}

impl Desk {
    async fn closed_cases(&self, numbers: std::ops::Range<i64>) {
        let results = self.bring_over(numbers.map(closed).collect()).await;
        assert!(results.iter().all(|result| result.outcome() == Outcome::Accepted));
    }

    async fn try_train(&self, request: TrainCategoryModelRequest) -> Result<CategoryModel, Status> {
        self.categories().train_category_model(request).await.map(tonic::Response::into_inner)
    }

    async fn train(&self, scope: &str) -> CategoryModel {
        self.try_train(TrainCategoryModelRequest { scope: scope.to_owned(), ..Default::default() })
            .await
            .unwrap()
    }

    async fn model(&self, scope: &str) -> Result<CategoryModel, Status> {
        let request = GetCategoryModelRequest { scope: scope.to_owned() };
        self.categories().get_category_model(request).await.map(tonic::Response::into_inner)
    }

    async fn try_suggest(&self, scope: &str, text: &str) -> Result<SuggestCategoriesResponse, Status> {
        let request = SuggestCategoriesRequest { scope: scope.to_owned(), text: text.to_owned(), limit: 0 };
        self.categories().suggest_categories(request).await.map(tonic::Response::into_inner)
    }
}

fn codes(response: &SuggestCategoriesResponse) -> Vec<&str> {
    response.suggestions.iter().map(|suggestion| suggestion.code.as_str()).collect()
}

#[tokio::test]
async fn closed_cases_teach_which_category_a_text_has_and_why() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    desk.closed_cases(1..151).await;

    let model = desk.train(MAIN).await;
    let suggested = replica.try_suggest(MAIN, "你好，我家座机没有拨号音，打不通").await.unwrap();

    assert_eq!((model.case_count, model.category_count, model.rare_case_count), (150, 3, 0));
    assert!(!model.capped && model.word_count > 10 && model.held_out_count > 5, "{model:?}");
    assert!(model.top_one_accuracy > 0.9 && model.top_three_accuracy >= model.top_one_accuracy);
    assert_eq!(model.confusions.iter().map(|c| c.case_count).sum::<i32>(), model.held_out_count);
    assert_eq!(replica.model(MAIN).await.unwrap(), model, "replicas share it");
    assert_eq!((suggested.model_scope.as_str(), suggested.model_etag.as_str()), (MAIN, "1"));
    assert_eq!(codes(&suggested)[0], "line.dead");
    let sum: f64 = suggested.suggestions.iter().map(|s| s.confidence).sum();
    assert!(sum <= 1.0 + 1e-9 && suggested.suggestions[0].confidence > 0.5, "{suggested:?}");
    let words: Vec<_> = suggested.suggestions[0].words.iter().map(|word| word.word.as_str()).collect();
    assert!(words.contains(&"拨号音") || words.contains(&"座机"), "{words:?}");
    assert!(suggested.suggestions[0].words.windows(2).all(|two| two[0].weight >= two[1].weight));
}

#[tokio::test]
async fn a_text_without_a_known_word_gets_no_suggestion() {
    let desk = Desk::open().await;
    desk.closed_cases(1..91).await;
    desk.train(MAIN).await;

    let suggested = desk.try_suggest(MAIN, "Zzyzx 12345").await.unwrap();

    assert_eq!(suggested.suggestions, []);
}

#[tokio::test]
async fn a_bound_site_uses_the_model_of_its_tree_and_gets_active_codes_alone() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    desk.closed_cases(1..91).await;
    desk.with_telecom().await;
    desk.try_bind(&east, TELECOM).await.unwrap();

    let model = desk.train(TELECOM).await;
    let before = desk.try_suggest(&east, "通话有杂音，听不清").await.unwrap();
    desk.publish_tree(TELECOM, telecom_without("line.noise")).await;
    let after = desk.try_suggest(&east, "通话有杂音，听不清").await.unwrap();

    assert_eq!((model.scope.as_str(), model.case_count), (TELECOM, 90));
    assert_eq!((before.model_scope.as_str(), codes(&before)[0]), (TELECOM, "line.noise"));
    assert_eq!(
        before.suggestions[0].category.as_ref().unwrap().display_name_zh,
        telecom()[2].display_name_zh
    );
    assert!(!codes(&after).contains(&"line.noise"), "{after:?}");
    assert_eq!(after.suggestions.len(), 2);
    let limited = SuggestCategoriesRequest { scope: east, text: "杂音".to_owned(), limit: 1 };
    let limited = desk.categories().suggest_categories(limited).await.unwrap().into_inner();
    assert_eq!(limited.suggestions.len(), 1);
}

#[tokio::test]
async fn without_a_model_or_enough_cases_it_says_so() {
    let desk = Desk::open().await;
    desk.closed_cases(1..31).await;
    let request = TrainCategoryModelRequest { scope: MAIN.to_owned(), ..Default::default() };

    let suggest = desk.try_suggest(MAIN, "电话").await.unwrap_err();
    let model = desk.model(MAIN).await.unwrap_err();
    let train = desk.try_train(request).await.unwrap_err();

    assert_eq!(refused(&suggest), (Code::FailedPrecondition, "MODEL_MISSING".to_owned()));
    assert_eq!(refused(&model), (Code::FailedPrecondition, "MODEL_MISSING".to_owned()));
    assert_eq!(refused(&train), (Code::FailedPrecondition, "TOO_FEW_CASES".to_owned()));
    let info: kexiang_proto::rpc::ErrorInfo = refusal::detail(&train).unwrap();
    assert_eq!((info.metadata["cases"].as_str(), info.metadata["categories"].as_str()), ("30", "3"));
}

#[tokio::test]
async fn fields_are_checked_and_unknown_scopes_not_found() {
    let desk = Desk::open().await;
    let suggest = SuggestCategoriesRequest { scope: "main".to_owned(), text: " ".to_owned(), limit: 51 };
    let suggest = desk.categories().suggest_categories(suggest).await.unwrap_err();
    let long = desk.try_suggest(MAIN, &"长".repeat(10_001)).await.unwrap_err();
    let train = TrainCategoryModelRequest {
        scope: "cases/x".to_owned(),
        etag: "x".to_owned(),
        request_id: "x".to_owned(),
    };
    let train = desk.try_train(train).await.unwrap_err();
    let site = desk.try_suggest("sites/nowhere", "电话").await.unwrap_err();
    let tree = TrainCategoryModelRequest { scope: TELECOM.to_owned(), ..Default::default() };
    let tree = desk.try_train(tree).await.unwrap_err();

    assert_eq!(violations(&suggest), ["scope", "text", "limit"]);
    assert_eq!(violations(&long), ["text"]);
    assert_eq!(violations(&train), ["request_id", "scope", "etag"]);
    assert_eq!((site.code(), tree.code()), (Code::NotFound, Code::NotFound));
}

#[tokio::test]
async fn a_repeated_training_is_done_once_and_a_stale_one_refused() {
    let desk = Desk::open().await;
    desk.closed_cases(1..91).await;
    let first =
        TrainCategoryModelRequest { scope: MAIN.to_owned(), etag: "0".to_owned(), request_id: request_id() };

    let (one, other) = tokio::join!(desk.try_train(first.clone()), desk.try_train(first.clone()));
    let stale = TrainCategoryModelRequest { request_id: request_id(), ..first };
    let stale = desk.try_train(stale).await.unwrap_err();

    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(desk.model(MAIN).await.unwrap().etag, "1");
    let events = desk.told().await;
    let told: Vec<_> = events.iter().filter(|event| event.r#type == "category_model.trained").collect();
    assert_eq!(told.len(), 1);
    let facts: CategoryModelFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.scope.as_str(), facts.case_count, facts.category_count), (MAIN, 90, 3));
}

#[tokio::test]
async fn agents_ask_for_suggestions_and_supervisors_have_models_trained() {
    let desk = Desk::open().await;
    let client = |role: Role| {
        let bearer = desk.bearer_with("wang.wei", &[role]);
        CategoryServiceClient::with_interceptor(desk.channel.clone(), bearer)
    };
    let train = TrainCategoryModelRequest { scope: MAIN.to_owned(), ..Default::default() };
    let suggest = SuggestCategoriesRequest { scope: MAIN.to_owned(), text: "电话".to_owned(), limit: 0 };

    let by_agent = client(Role::Agent).train_category_model(train.clone()).await.unwrap_err();
    let by_supervisor = client(Role::Supervisor).train_category_model(train).await.unwrap_err();
    let suggested = client(Role::Agent).suggest_categories(suggest).await.unwrap_err();

    assert_eq!(refused(&by_agent).1, "ROLE_NOT_ALLOWED");
    assert_eq!(refused(&by_supervisor).1, "TOO_FEW_CASES");
    assert_eq!(refused(&suggested).1, "MODEL_MISSING");
}

/// Two replicas look after models; the etag of a model counts how often it was trained.
#[tokio::test]
async fn a_day_later_a_model_learns_from_new_closed_cases_once() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    desk.closed_cases(1..91).await;
    desk.train(MAIN).await;
    let late = |nr: i64| ImportCasesRequest {
        close_time: Some(to_wire(START + SignedDuration::from_hours(1))),
        ..closed(nr)
    };
    desk.hand.advance(SignedDuration::from_hours(25));
    let results = desk.bring_over((91..151).map(late).collect()).await;
    assert!(results.iter().all(|result| result.outcome() == Outcome::Accepted));
    replica.hand.advance(SignedDuration::from_hours(25));

    let begun = Instant::now();
    let retrained = loop {
        let model = desk.model(MAIN).await.unwrap();
        if model.etag != "1" {
            break model;
        }
        assert!(begun.elapsed() < PATIENCE, "the model is trained again");
    };

    assert_eq!((retrained.etag.as_str(), retrained.case_count), ("2", 150));
    assert_eq!(retrained.trained_by, "services/intake");
}

/// Citizens' messages with their first-level category: trained on what was brought over as closed cases, measured on the
/// rest. The largest category is a fifth of them, which is what a dumb guess reaches.
#[tokio::test]
async fn a_model_of_real_messages_is_right_more_often_than_a_guess() {
    let file = "../../../shared/data/zh_messages.csv";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: zh_messages.csv does not lie in ../shared/data beside the project");
        return;
    };
    let desk = Desk::open().await;
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let messages: Vec<_> = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[2].trim().to_owned(), row[4].trim().to_owned(), row[5].trim().to_owned()))
        .collect();
    let (held_out, learnt): (Vec<_>, Vec<_>) = (0_i64..).zip(&messages).partition(|(nr, _)| nr % 5 == 0);
    let closed_message = |(nr, (title, detail, category)): (i64, &(String, String, String))| {
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let open = closed(nr);
        let case = Case {
            category: category.clone(),
            title: cut(title, 300),
            description: cut(detail, 10_000),
            ..open.case.clone().unwrap()
        };
        ImportCasesRequest { case: Some(case), ..open }
    };
    let results = desk.bring_over(learnt.into_iter().map(closed_message).collect()).await;
    assert!(results.iter().all(|result| result.outcome() == Outcome::Accepted));

    let model = desk.train(MAIN).await;
    let (mut first, mut third, mut confidence) = (0, 0, 0.0);
    for (_, (title, detail, category)) in &held_out {
        let suggested = desk.try_suggest(MAIN, &format!("{title}\n{detail}")).await.unwrap();
        first += usize::from(codes(&suggested).first() == Some(&category.as_str()));
        third += usize::from(codes(&suggested).iter().take(3).any(|code| code == category));
        confidence += suggested.suggestions[0].confidence;
    }

    let share = |n: usize| n as f64 / held_out.len() as f64;
    println!(
        "of {} messages the first suggestion is right for {:.3}, one of three for {:.3}; mean confidence {:.3}; \
         the model's own figures: {:.3} and {:.3} of {}",
        held_out.len(),
        share(first),
        share(third),
        confidence / held_out.len() as f64,
        model.top_one_accuracy,
        model.top_three_accuracy,
        model.held_out_count,
    );
    assert!(share(first) >= 0.75, "{}", share(first));
    assert!(share(third) >= 0.9, "{}", share(third));
    assert!((confidence / held_out.len() as f64 - share(first)).abs() < 0.2, "confidence is calibrated");
}
