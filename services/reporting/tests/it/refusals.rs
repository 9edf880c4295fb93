//! Bad input is refused with a reason and every violation at once, and unknown sites by name.

use kexiang_proto::{
    reporting_v1::{
        Dimension, Figure, GetBreakdownRequest, GetDayReportRequest, GetWallboardRequest,
        ListCountedCasesRequest,
    },
    rpc::{BadRequest, ErrorInfo, ResourceInfo},
};
use kexiang_rpc::refusal::{detail, reason};
use tonic::{Code, Status};

use crate::{
    center::Center,
    facts::{TestCase, at},
};

fn fields(status: &Status) -> Vec<String> {
    assert_eq!((status.code(), reason(status).as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
    assert_eq!(detail::<ErrorInfo>(status).unwrap().domain, "reporting.kexiang");
    detail::<BadRequest>(status)
        .unwrap()
        .field_violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

#[tokio::test]
async fn all_violations_are_reported_at_once() {
    let center = Center::open().await;
    let mut client = center.client();
    let text = |text: &str| text.to_owned();

    let board = GetWallboardRequest { site: text("Main") };
    let day = GetDayReportRequest { site: text("main"), date: text("2026-11-31") };
    let breakdown = GetBreakdownRequest {
        site: String::new(),
        start_date: text("2026-11-30"),
        end_date: text("2026-11-01"),
        dimension: 77,
    };
    let list = ListCountedCasesRequest {
        site: text("sites/MAIN"),
        start_date: text("yesterday"),
        end_date: text("2026-1-1"),
        figure: 0,
        dimension: Dimension::Channel.into(),
        key: text("PIGEON"),
        page_size: -1,
        page_token: text("!"),
    };

    assert_eq!(fields(&client.get_wallboard(board).await.unwrap_err()), ["site"]);
    assert_eq!(fields(&client.get_day_report(day).await.unwrap_err()), ["site", "date"]);
    assert_eq!(
        fields(&client.get_breakdown(breakdown).await.unwrap_err()),
        ["site", "end_date", "dimension"]
    );
    let of_list = fields(&client.list_counted_cases(list).await.unwrap_err());
    assert_eq!(of_list, ["site", "start_date", "end_date", "figure", "key", "page_size", "page_token"]);
}

#[tokio::test]
async fn a_key_needs_its_dimension_and_a_page_token_its_list() {
    let center = Center::open().await;
    let accepted = || TestCase::accepted(at("2026-11-22T08:00:00Z")).event("case.accepted");
    center.intake.tell(vec![accepted(), accepted()]);
    center.all_taken_in().await;
    let mut client = center.client();
    let first_page = ListCountedCasesRequest {
        site: "sites/main".to_owned(),
        figure: Figure::Received.into(),
        page_size: 1,
        ..ListCountedCasesRequest::default()
    };
    let page_token =
        client.list_counted_cases(first_page.clone()).await.unwrap().into_inner().next_page_token;

    let key_alone = ListCountedCasesRequest { key: "EMAIL".to_owned(), ..first_page.clone() };
    let no_key = ListCountedCasesRequest { dimension: Dimension::Kind.into(), ..first_page.clone() };
    let other_list = ListCountedCasesRequest { page_token, figure: Figure::Resolved.into(), ..first_page };

    assert_eq!(fields(&client.list_counted_cases(key_alone).await.unwrap_err()), ["dimension"]);
    assert_eq!(fields(&client.list_counted_cases(no_key).await.unwrap_err()), ["key"]);
    assert_eq!(fields(&client.list_counted_cases(other_list).await.unwrap_err()), ["page_token"]);
}

/// A site of which no case is known has no zone, hence no days; its wallboard is empty.
#[tokio::test]
async fn a_report_of_an_unknown_site_is_not_found() {
    let center = Center::open().await;
    let request = GetDayReportRequest { site: "sites/nowhere".to_owned(), date: "2026-11-22".to_owned() };

    let status = center.client().get_day_report(request).await.unwrap_err();

    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    assert_eq!(detail::<ResourceInfo>(&status).unwrap().resource_name, "sites/nowhere");
    assert!(center.wallboard("nowhere").await.cases.iter().all(|count| count.count == 0));
}
