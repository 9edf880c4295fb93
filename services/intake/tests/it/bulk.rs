//! Many cases in one call or stream: each accepted or refused on its own with its reason, resumable (IN-20).

use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, AcceptCaseResult, AcceptCasesRequest, AcceptCasesResponse,
        BatchAcceptCasesRequest, Case, accept_case_result::Result as ItemResult,
        bulk_service_client::BulkServiceClient,
    },
    rpc::{BadRequest, ErrorInfo},
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{AGENT, Bearer, Desk},
    wire::{acceptance, contact_at, request_id, violations},
};

fn client(desk: &Desk) -> BulkServiceClient<InterceptedService<Channel, Bearer>> {
    BulkServiceClient::with_interceptor(desk.channel.clone(), desk.bearer(AGENT))
}

async fn batch(desk: &Desk, requests: Vec<AcceptCaseRequest>) -> Result<Vec<AcceptCaseResult>, Status> {
    let answer = client(desk).batch_accept_cases(BatchAcceptCasesRequest { requests }).await;
    answer.map(|answer| answer.into_inner().results)
}

async fn stream(desk: &Desk, requests: Vec<AcceptCaseRequest>) -> Vec<AcceptCasesResponse> {
    let items =
        (1..).zip(requests).map(|(item, request)| AcceptCasesRequest { item, request: Some(request) });
    let items = tokio_stream::iter(items.collect::<Vec<_>>());
    let mut answers = client(desk).accept_cases(items).await.unwrap().into_inner();
    let mut results = Vec::new();
    while let Some(result) = answers.message().await.unwrap() {
        results.push(result);
    }
    results
}

fn good() -> AcceptCaseRequest {
    AcceptCaseRequest { request_id: request_id(), ..acceptance() }
}

fn accepted(result: &AcceptCaseResult) -> &Case {
    match result.result.as_ref().unwrap() {
        ItemResult::Case(case) => case,
        ItemResult::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

/// The code and the reason of a refused item, and the fields that it names.
fn refused(result: &AcceptCaseResult) -> (Code, String, Vec<String>) {
    let Some(ItemResult::Refusal(refusal)) = &result.result else { panic!("{result:?}") };
    let reason = refusal.details.iter().find_map(|detail| detail.to_msg::<ErrorInfo>().ok()).unwrap().reason;
    let fields = refusal.details.iter().find_map(|detail| detail.to_msg::<BadRequest>().ok());
    let fields = fields.map(|fields| fields.field_violations).unwrap_or_default();
    (Code::from(refusal.code), reason, fields.into_iter().map(|violation| violation.field).collect())
}

#[tokio::test]
async fn each_of_a_mix_is_accepted_or_refused_on_its_own_in_order() {
    let desk = Desk::open().await;
    let blank = AcceptCaseRequest { case: Some(Case::default()), ..good() };
    let nowhere = AcceptCaseRequest { contact: Some(contact_at("sites/nowhere")), ..good() };
    let unnamed = acceptance();

    let results = batch(&desk, vec![good(), blank, nowhere, unnamed, good()]).await.unwrap();

    assert_eq!(accepted(&results[0]).number, "C-20261122-000001");
    let invalid = |fields: &[&str]| {
        let fields = fields.iter().map(ToString::to_string).collect::<Vec<_>>();
        (Code::InvalidArgument, "INVALID_FIELDS".to_owned(), fields)
    };
    assert_eq!(refused(&results[1]), invalid(&["case.kind", "case.category", "case.title"]));
    assert_eq!(refused(&results[2]), (Code::NotFound, "NOT_FOUND".to_owned(), Vec::new()));
    assert_eq!(refused(&results[3]), invalid(&["request_id"]));
    assert_eq!(accepted(&results[4]).number, "C-20261122-000002");
    assert_eq!(desk.numbers().await, [1, 2], "refused ones take no number");
}

#[tokio::test]
async fn what_was_broken_off_is_sent_again_as_it_was() {
    let desk = Desk::open().await;
    let requests: Vec<_> = (0..300).map(|_| good()).collect();
    let first = batch(&desk, requests[..200].to_vec()).await.unwrap();

    let results = stream(&desk, requests).await;

    let cases: Vec<_> = results.iter().map(|result| accepted(result.result.as_ref().unwrap())).collect();
    assert_eq!(results.iter().map(|result| result.item).collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
    assert!(first.iter().map(accepted).eq(cases[..200].iter().copied()), "the same answers again");
    assert_eq!(desk.numbers().await, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn twins_in_one_call_are_one_case() {
    let desk = Desk::open().await;
    let twin = good();

    let results = batch(&desk, vec![twin.clone(), twin.clone(), twin]).await.unwrap();

    assert_eq!(accepted(&results[0]), accepted(&results[1]));
    assert_eq!(accepted(&results[1]), accepted(&results[2]));
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn none_and_too_many_are_refused() {
    let desk = Desk::open().await;

    let none = batch(&desk, Vec::new()).await.unwrap_err();
    let many = batch(&desk, vec![AcceptCaseRequest::default(); 1_001]).await.unwrap_err();

    assert_eq!(violations(&none), ["requests"]);
    assert_eq!(violations(&many), ["requests"]);
}
