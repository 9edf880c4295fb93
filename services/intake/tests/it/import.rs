//! Cases of another system, brought over in bulk: each accepted or refused on its own (IN-20).

use jiff::SignedDuration;
use kexiang_proto::{
    intake_v1::{
        Case, CaseState, Contact, ImportCasesRequest, ImportCasesResponse, ListCasesRequest,
        import_cases_response::{Outcome, Refusal},
    },
    type_v1::Kind,
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::{Desk, START},
    wire::{self, MAIN, contact, contact_at, item},
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Sends items in one stream; gives all results.
async fn import(desk: &Desk, items: Vec<ImportCasesRequest>) -> Vec<ImportCasesResponse> {
    let mut stream = desk.client().import_cases(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut results = Vec::new();
    while let Some(result) = stream.message().await.unwrap() {
        results.push(result);
    }
    results
}

fn outcomes(results: &[ImportCasesResponse]) -> Vec<(i64, Outcome)> {
    results.iter().map(|result| (result.item, result.outcome())).collect()
}

fn fields(refusals: &[Refusal]) -> Vec<&str> {
    refusals.iter().map(|refusal| refusal.field.as_str()).collect()
}

/// An item that was closed an hour after it came in.
fn closed_item(nr: i64, external_reference: &str) -> ImportCasesRequest {
    let open = item(nr, external_reference);
    let close_time = Some(to_wire(START - HOUR * 23));
    ImportCasesRequest { close_time, resolution: "cable replaced".to_owned(), ..open }
}

#[tokio::test]
async fn a_closed_case_is_brought_over_with_its_times_and_an_open_one_goes_to_dispatch() {
    let desk = Desk::open().await;

    let results = import(&desk, vec![closed_item(7, "A-7"), item(8, "A-8")]).await;

    assert_eq!(outcomes(&results), [(7, Outcome::Accepted), (8, Outcome::Accepted)]);
    let (closed, open) = (desk.case(&results[0].case).await, desk.case(&results[1].case).await);
    assert_eq!((closed.state(), closed.resolution.as_str()), (CaseState::Closed, "cable replaced"));
    assert_eq!(closed.accept_time, Some(to_wire(START - HOUR * 24)));
    assert_eq!(closed.close_time, Some(to_wire(START - HOUR * 23)));
    assert_eq!((closed.resolve_time, closed.first_resolve_time), (closed.close_time, closed.close_time));
    assert_eq!((open.state(), open.number.as_str()), (CaseState::Received, "C-20261121-000002"));
}

#[tokio::test]
async fn each_item_of_a_mix_has_its_own_result_in_order() {
    let desk = Desk::open().await;
    let good = |nr: i64| item(nr, &format!("A-{nr}"));
    let blank = Case { title: String::new(), ..good(2).case.unwrap() };
    let early = Some(to_wire(START - HOUR * 25));
    let late = Some(to_wire(START + HOUR));
    let timeless = Contact { contact_time: None, ..contact() };
    let bare = ImportCasesRequest { item: 7, ..ImportCasesRequest::default() };
    let at_nowhere =
        Contact { contact_time: good(1).contact.unwrap().contact_time, ..contact_at("sites/nowhere") };
    let items = vec![
        good(1),
        ImportCasesRequest { case: Some(blank), ..good(2) },
        ImportCasesRequest { contact: Some(at_nowhere), ..good(3) },
        ImportCasesRequest { close_time: early, ..good(4) },
        ImportCasesRequest { close_time: late, ..good(5) },
        ImportCasesRequest { contact: Some(timeless), case: Some(wire::case(Kind::Fault)), ..good(6) },
        bare,
        good(8),
    ];

    let results = import(&desk, items).await;

    let accepted: Vec<_> = results.iter().map(|result| result.outcome() == Outcome::Accepted).collect();
    assert_eq!(accepted, [true, false, false, false, false, false, false, true]);
    assert_eq!(results.iter().map(|result| result.item).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(fields(&results[1].refusals), ["case.title"]);
    assert_eq!(results[2].refusals[0].reason, "NOT_FOUND");
    assert_eq!(fields(&results[3].refusals), ["close_time"]);
    assert_eq!(fields(&results[4].refusals), ["close_time"]);
    assert_eq!(fields(&results[5].refusals), ["contact.contact_time", "case.external_reference"]);
    assert_eq!(fields(&results[6].refusals), ["contact.site", "contact", "case"]);
    assert_eq!(desk.numbers().await, [1, 2]);
}

#[tokio::test]
async fn an_import_is_safe_to_run_again() {
    let desk = Desk::open().await;
    let items = || vec![closed_item(1, "A-1"), item(2, "A-2")];

    let first = import(&desk, items()).await;
    desk.dispatched(&first[1].case, 1).await;
    let second = import(&desk, items()).await;

    assert_eq!(outcomes(&second), [(1, Outcome::AlreadyPresent), (2, Outcome::AlreadyPresent)]);
    assert!(first.iter().zip(&second).all(|(first, second)| first.case == second.case));
    assert_eq!(desk.case(&first[1].case).await.state(), CaseState::Dispatched, "nothing was changed");
    assert_eq!(desk.numbers().await, [1, 2]);
}

#[tokio::test]
async fn two_items_of_one_stream_with_one_external_reference_are_one_case() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let elsewhere = Contact { site: east, ..item(3, "A-1").contact.unwrap() };

    let items = vec![
        item(1, "A-1"),
        item(2, "A-1"),
        ImportCasesRequest { contact: Some(elsewhere), ..item(3, "A-1") },
    ];
    let results = import(&desk, items).await;

    let expected = [(1, Outcome::Accepted), (2, Outcome::AlreadyPresent), (3, Outcome::Accepted)];
    assert_eq!(outcomes(&results), expected);
    assert_eq!(results[1].case, results[0].case);
    assert_ne!(results[2].case, results[0].case, "a reference is unique per site");
}

#[tokio::test]
async fn two_imports_of_one_file_at_two_replicas_bring_nothing_twice() {
    let desk = Desk::open().await;
    let replica = desk.replica(8).await;
    let items = || (1..=200).map(|nr| item(nr, &format!("A-{nr}"))).collect();

    let (here, there) = tokio::join!(import(&desk, items()), import(&replica, items()));

    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here.case, there.case);
        let once = [here, there].into_iter().filter(|result| result.outcome() == Outcome::Accepted).count();
        assert_eq!(once, 1);
    }
    assert_eq!(desk.numbers().await, (1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn thousands_of_items_come_in_one_stream() {
    let desk = Desk::open().await;
    let is_bad = |nr: i64| nr % 50 == 0;
    let items = (1..=2_000).map(|nr| {
        let good = closed_item(nr, &format!("A-{nr}"));
        let category = if is_bad(nr) { " " } else { "line.dead" };
        let case = Case { category: category.to_owned(), ..good.case.clone().unwrap() };
        ImportCasesRequest { case: Some(case), ..good }
    });

    let results = import(&desk, items.collect()).await;

    assert_eq!(results.len(), 2_000);
    for (nr, result) in (1..).zip(&results) {
        let outcome = if is_bad(nr) { Outcome::Refused } else { Outcome::Accepted };
        assert_eq!((result.item, result.outcome()), (nr, outcome));
    }
    assert_eq!(desk.numbers().await, (1..=1_960).collect::<Vec<_>>());
    let request = ListCasesRequest {
        site: MAIN.to_owned(),
        state: CaseState::Closed.into(),
        page_size: 1,
        ..ListCasesRequest::default()
    };
    assert_eq!(desk.client().list_cases(request).await.unwrap().into_inner().cases.len(), 1);
}
