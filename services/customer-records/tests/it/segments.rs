//! Segments over the wire: saved, changed, deleted, counted, streamed (CU-15).

use std::time::Duration;

use kexiang_core::{CustomerId, Role, SegmentId};
use kexiang_proto::customers_v1::{
    CheckFilterRequest, CheckFilterResponse, CountMembersRequest, CountSegmentRequest, CreateSegmentRequest,
    DeleteSegmentRequest, FilterProblemReason, GetSegmentRequest, ListSegmentsRequest, Segment, SegmentFacts,
    StreamSegmentMembersRequest, UpdateSegmentRequest,
};
use kexiang_rpc::time::to_wire;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::{
    center::{Center, START},
    segment_desk::Client,
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn create(title: &str, filter: &str) -> CreateSegmentRequest {
    let segment = Segment { title: title.to_owned(), filter: filter.to_owned(), ..Segment::default() };
    CreateSegmentRequest { segment: Some(segment), request_id: String::new() }
}

async fn check(client: &mut Client, filter: &str, unsaved: bool) -> CheckFilterResponse {
    let request = CheckFilterRequest { filter: filter.to_owned(), unsaved };
    client.check_filter(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_segment_is_saved_read_listed_changed_and_deleted_and_told() {
    let center = Center::open().await;
    let mut client = center.segments();

    let first = client.create_segment(create(" Gold ", "tags:gold")).await.unwrap().into_inner();
    center.hand.advance(jiff::SignedDuration::from_millis(1));
    let second = client.create_segment(create("All", "kind = PERSON")).await.unwrap().into_inner();
    let change = Segment { title: "Platinum".into(), filter: "tags:platinum".into(), ..first.clone() };
    let change = UpdateSegmentRequest {
        segment: Some(change),
        update_mask: Some(FieldMask { paths: vec!["title".into()] }),
        request_id: String::new(),
    };
    let changed = client.update_segment(change).await.unwrap().into_inner();
    let same = UpdateSegmentRequest { segment: Some(changed.clone()), ..Default::default() };
    let same = client.update_segment(same).await.unwrap().into_inner();
    let got = client.get_segment(GetSegmentRequest { name: first.name.clone() }).await.unwrap().into_inner();
    let page = ListSegmentsRequest { page_size: 1, page_token: String::new() };
    let page = client.list_segments(page).await.unwrap().into_inner();
    let rest = ListSegmentsRequest { page_size: 1, page_token: page.next_page_token.clone() };
    let rest = client.list_segments(rest).await.unwrap().into_inner();
    let delete =
        DeleteSegmentRequest { name: first.name.clone(), etag: changed.etag.clone(), ..Default::default() };
    let deleted = client.delete_segment(delete).await.unwrap().into_inner();
    let gone = client.get_segment(GetSegmentRequest { name: first.name.clone() }).await.unwrap_err();

    assert_eq!(
        (first.title.as_str(), first.creator.as_str(), first.etag.as_str()),
        ("Gold", "agents/zhao.li", "1")
    );
    assert_eq!(first.create_time, Some(to_wire(START)));
    assert_eq!(
        (changed.title.as_str(), changed.filter.as_str(), changed.etag.as_str()),
        ("Platinum", "tags:gold", "2")
    );
    assert_eq!((&same, &got), (&changed, &changed));
    assert_eq!((page.segments, rest.segments), (vec![second], vec![changed.clone()]));
    assert_eq!(deleted, Segment { filter: String::new(), ..changed });
    assert_eq!(refused(&gone), (Code::NotFound, "NOT_FOUND".into()));
    let told = center.told().await;
    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(types, ["segment.created", "segment.created", "segment.updated", "segment.deleted"]);
    let facts: SegmentFacts = told[3].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(
        (told[3].subject.as_str(), facts.segment.as_str()),
        (first.name.as_str(), first.name.as_str())
    );
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_a_stale_etag_is_refused() {
    let center = Center::open().await;
    let mut client = center.segments();
    let request = CreateSegmentRequest { request_id: REQUEST_ID.into(), ..create("Gold", "tags:gold") };

    let first = client.create_segment(request.clone()).await.unwrap().into_inner();
    let again = client.create_segment(request.clone()).await.unwrap().into_inner();
    let other = CreateSegmentRequest { request_id: REQUEST_ID.into(), ..create("Gold", "tags:silver") };
    let reused = client.create_segment(other).await.unwrap_err();
    let change = |etag: &str, title: &str| {
        let segment = Segment {
            name: first.name.clone(),
            title: title.into(),
            etag: etag.into(),
            ..Segment::default()
        };
        UpdateSegmentRequest { segment: Some(segment), request_id: String::new(), update_mask: None }
    };
    let (mut one, mut other) = (client.clone(), client.clone());
    let at_once = tokio::join!(one.update_segment(change("1", "A")), other.update_segment(change("1", "B")));
    let stale = DeleteSegmentRequest { name: first.name.clone(), etag: "1".into(), ..Default::default() };
    let stale = client.delete_segment(stale).await.unwrap_err();
    let delete = DeleteSegmentRequest {
        name: first.name.clone(),
        request_id: REQUEST_ID.into(),
        ..Default::default()
    };
    let deleted = client.delete_segment(delete.clone()).await.unwrap().into_inner();
    let deleted_again = client.delete_segment(delete).await.unwrap().into_inner();

    assert_eq!(first, again);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    let refusals: Vec<Status> = [at_once.0.err(), at_once.1.err()].into_iter().flatten().collect();
    assert_eq!(refusals.iter().map(refused).collect::<Vec<_>>(), [(Code::Aborted, "ETAG_MISMATCH".into())]);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(deleted, deleted_again);
    assert_eq!(center.told().await.len(), 3);
}

#[tokio::test]
async fn a_bad_filter_is_refused_with_line_column_text_and_reason_of_each_problem() {
    let center = Center::open().await;
    let mut client = center.segments();
    let bad = "kind = CAT AND\n(sorce = a OR birth_date > 1990-01-01T00:00:00Z)";

    let mut request = create(" ", bad);
    request.request_id = "x".into();
    let refusal = client.create_segment(request).await.unwrap_err();
    let counted = client.count_members(CountMembersRequest { filter: "tags:a OR".into() }).await.unwrap_err();
    let found = check(&mut client, bad, false).await;
    let fine = check(&mut client, "tags:a AND (open_cases > 1 OR own.meter = \"M 1\")", false).await;
    let empty = client.create_segment(CreateSegmentRequest::default()).await.unwrap_err();
    let strange = UpdateSegmentRequest {
        segment: Some(Segment {
            name: "segments/x".into(),
            filter: "(".into(),
            etag: "new".into(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["colour".into(), "filter".into()] }),
        request_id: String::new(),
    };
    let strange = client.update_segment(strange).await.unwrap_err();

    let wanted = ["request_id", "segment.title", "segment.filter", "segment.filter", "segment.filter"];
    assert_eq!(violations(&refusal), wanted);
    let details: kexiang_proto::rpc::BadRequest = kexiang_rpc::refusal::detail(&refusal).unwrap();
    let sorce = &details.field_violations[3];
    assert_eq!(sorce.reason, "UNKNOWN_FIELD");
    assert!(sorce.description.starts_with("line 2, column 2, at `sorce`: "), "{}", sorce.description);
    assert!(sorce.description.ends_with("perhaps source"), "{}", sorce.description);
    assert_eq!(violations(&counted), ["filter"]);
    let places: Vec<_> =
        found.problems.iter().map(|p| (p.line, p.column, p.offset, p.text.as_str(), p.reason())).collect();
    assert_eq!(
        places,
        [
            (1, 8, 7, "CAT", FilterProblemReason::ValueNotAllowed),
            (2, 2, 16, "sorce", FilterProblemReason::UnknownField),
            (2, 15, 29, "birth_date", FilterProblemReason::SealedField),
        ]
    );
    assert_eq!(
        (fine.problems.len(), fine.fields),
        (0, vec!["open_cases".into(), "own.meter".into(), "tags".into()])
    );
    assert_eq!(violations(&empty), ["segment"]);
    assert_eq!(violations(&strange), ["segment.name", "segment.etag", "update_mask", "segment.filter"]);
    assert!(center.told().await.is_empty());
}

#[tokio::test]
async fn a_filter_lies_sealed_and_who_is_named_by_phone_is_not_saved() {
    let center = Center::open().await;
    let mut client = center.segments();

    client.create_segment(create("Meters", "own.meter = \"Secret-17\"")).await.unwrap();
    let by_phone = client.create_segment(create("One", "phone = \"+8613800138000\"")).await.unwrap_err();
    let unsaved = check(&mut client, "phone = \"+8613800138000\"", true).await;

    let dump: String = sqlx::query_scalar(
        "select string_agg(encode(t, 'escape'), ' ') from (
             select convert_to(s::text, 'UTF8') from customer_records.segments s
             union all select s.sealed_filter from customer_records.segments s
             union all select convert_to(i::text, 'UTF8') from customer_records.idempotency_keys i
             union all select convert_to(e::text, 'UTF8') from customer_records.event_log e) as rows (t)",
    )
    .fetch_one(&center.pool)
    .await
    .unwrap();
    assert!(dump.contains("Meters") && !dump.contains("Secret"));
    assert_eq!(violations(&by_phone), ["segment.filter"]);
    assert!(unsaved.problems.is_empty());
}

#[tokio::test]
async fn who_makes_audiences_sees_members_and_who_reads_figures_counts_alone() {
    let center = Center::open().await;
    let segment =
        center.segments().create_segment(create("All", "kind = PERSON")).await.unwrap().into_inner();
    let mut analyst = center.segments_as("qian", &[Role::Analyst]);
    let mut agent = center.segments_as("li.ming", &[Role::Agent, Role::Dispatcher]);

    let counted = analyst.count_segment(CountSegmentRequest { name: segment.name.clone() }).await.unwrap();
    let stream = StreamSegmentMembersRequest { name: segment.name.clone(), ..Default::default() };
    let refusals = [
        analyst.stream_segment_members(stream.clone()).await.map(drop).unwrap_err(),
        analyst
            .count_members(CountMembersRequest { filter: "kind = PERSON".into() })
            .await
            .map(drop)
            .unwrap_err(),
        analyst.create_segment(create("Mine", "kind = PERSON")).await.map(drop).unwrap_err(),
        agent.get_segment(GetSegmentRequest { name: segment.name.clone() }).await.map(drop).unwrap_err(),
        agent.stream_segment_members(stream).await.map(drop).unwrap_err(),
    ];

    assert_eq!(counted.into_inner().count, 0);
    for refusal in refusals {
        assert_eq!(refused(&refusal), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_bad_names_are_told_together() {
    let center = Center::open().await;
    let mut client = center.segments();
    let nobody = SegmentId::at(START).name();

    let counted = client.count_segment(CountSegmentRequest { name: nobody.clone() }).await.unwrap_err();
    let stream = StreamSegmentMembersRequest { name: nobody, start_after: String::new() };
    let streamed = client.stream_segment_members(stream).await.map(drop).unwrap_err();
    let bad = StreamSegmentMembersRequest { name: "x".into(), start_after: "y".into() };
    let bad = client.stream_segment_members(bad).await.map(drop).unwrap_err();

    assert_eq!(refused(&counted), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(refused(&streamed), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(violations(&bad), ["name", "start_after"]);
}

#[tokio::test]
async fn two_thousand_members_are_streamed_in_order_and_the_stream_goes_on_after_a_break() {
    let center = Center::open().await;
    center.insert_customers(2_000).await;
    let mut client = center.segments();
    let segment = client.create_segment(create("All", "kind = PERSON")).await.unwrap().into_inner();

    let batches = center.batches(&segment.name, "").await;
    let all: Vec<String> = batches.concat();
    let rest = center.batches(&segment.name, &all[1_499]).await.concat();
    // Whoever goes away, does so without holding anything: more of them than there are connections.
    for _ in 0..20 {
        let request = StreamSegmentMembersRequest { name: segment.name.clone(), ..Default::default() };
        let mut stream = client.stream_segment_members(request).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().customers.len(), 500);
    }
    let counted =
        client.count_segment(CountSegmentRequest { name: segment.name }).await.unwrap().into_inner();

    assert!(all.is_sorted() && all.len() == 2_000);
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 500, 500]);
    assert_eq!(rest, all[1_500..]);
    assert_eq!((counted.count, counted.count_time), (2_000, Some(to_wire(START))));
}

#[tokio::test]
async fn who_is_merged_or_erased_is_in_no_segment() {
    let center = Center::open().await;
    let ids = center.insert_customers(3).await;
    let merged = "update customer_records.customers set merged_into = $2 where customer_id = $1";
    sqlx::query(merged).bind(ids[0].uuid()).bind(ids[1].uuid()).execute(&center.pool).await.unwrap();
    let erased =
        "update customer_records.customers set erased_at = now(), sealed_name = null where customer_id = $1";
    sqlx::query(erased).bind(ids[2].uuid()).execute(&center.pool).await.unwrap();

    assert_eq!(center.members("kind = PERSON").await, [ids[1].name()]);
    assert_eq!(center.members("NOT kind = HOUSEHOLD").await, [ids[1].name()]);
}

#[tokio::test]
async fn a_count_that_takes_too_long_is_refused_with_its_reason() {
    let center = Center::open().await;
    let mut client = center.segments();
    let mut tx = center.pool.begin().await.unwrap();
    sqlx::query("lock table customer_records.contact_links in access exclusive mode")
        .execute(&mut *tx)
        .await
        .unwrap();
    center.insert_customers(1).await;

    let count = client.count_members(CountMembersRequest { filter: "contact_count > 1".into() });
    let refusal = tokio::time::timeout(Duration::from_secs(60), count).await.unwrap().unwrap_err();
    tx.rollback().await.unwrap();
    let after =
        client.count_members(CountMembersRequest { filter: "contact_count > 1".into() }).await.unwrap();

    assert_eq!(refused(&refusal), (Code::ResourceExhausted, "FILTER_TOO_COSTLY".into()));
    assert_eq!(after.into_inner().count, 0);
}

#[tokio::test]
async fn a_filter_opens_with_the_key_of_its_own_segment_alone() {
    let center = Center::open().await;
    let mut client = center.segments();
    let segment = client.create_segment(create("All", "kind = PERSON")).await.unwrap().into_inner();
    let other = client.create_segment(create("Other", "tags:a")).await.unwrap().into_inner();
    // What another segment's key sealed does not open here.
    let swap = "update customer_records.segments set sealed_filter =
                    (select sealed_filter from customer_records.segments where title = 'Other') where title = 'All'";
    sqlx::query(swap).execute(&center.pool).await.unwrap();

    let swapped = client.count_segment(CountSegmentRequest { name: segment.name }).await.unwrap_err();
    let counted = client.count_segment(CountSegmentRequest { name: other.name }).await.unwrap().into_inner();

    assert_eq!(swapped.code(), Code::Internal);
    assert_eq!(counted.count, 0);
}

#[tokio::test]
async fn customers_without_anything_known_fit_the_negations() {
    let center = Center::open().await;
    let only = CustomerId::name(center.insert_customers(1).await[0]);
    let not_known = [
        "source = a",
        "source:*",
        "tags:a",
        "tags:*",
        "owner = agents/li.ming",
        "owner:*",
        "own.a = b",
        "has_phone",
        "last_contact_time < 0 days ago",
        "last_contact_time:*",
        "last_satisfaction = NEUTRAL",
        "last_satisfaction:*",
        "ownership_until_time > 1 day ago",
        "pool_time:*",
        "next_agreement_expire_time:*",
        "contact_count > 0",
        "group_size > 1",
    ];

    for filter in not_known {
        assert!(center.members(filter).await.is_empty(), "{filter}");
        assert_eq!(center.members(&format!("NOT {filter}")).await, [only.as_str()], "{filter}");
    }
    assert_eq!(
        center.members("source != a AND owner != agents/x AND last_contact_time != 1 day ago").await,
        [only]
    );
}
