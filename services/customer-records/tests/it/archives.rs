//! The archive's catalogue: kinds and fields, confidentiality, versions, suppliers (CU-13).

use kexiang_core::{ArchiveEntryId, CustomerId, Role};
use kexiang_proto::customers_v1::{
    ArchiveField, ArchiveFieldType, ArchiveKind, ArchiveVersionState, AssessmentResult,
    ChangeArchiveEntryRequest, ConfidentialityLevel, DefineArchiveKindRequest, DefineRetentionClassRequest,
    GetArchiveEntryRequest, GetArchiveKindRequest, ListArchiveEntriesRequest, ListArchiveKindsRequest,
    ListArchiveLoansRequest, ListRetentionClassesRequest, ListSupplierQuotesRequest,
    PublishArchiveVersionRequest, RecordQuoteRequest, RetentionClass,
};
use tonic::Code;

use crate::{
    agreement::day,
    archive::{content, creation, field},
    center::{Center, START},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

#[tokio::test]
async fn the_kinds_of_the_center_are_provided_and_more_may_be_defined() {
    let center = Center::open().await;
    let gift = ArchiveKind {
        display_name: "Gift".into(),
        fields: vec![ArchiveField {
            code: "name".into(),
            display_name: "Name".into(),
            r#type: ArchiveFieldType::Text.into(),
            ..ArchiveField::default()
        }],
        parent_kind: "archiveKinds/dealer".into(),
        retention_class: "retentionClasses/brief".into(),
        ..ArchiveKind::default()
    };
    let define = DefineArchiveKindRequest {
        code: "gift".into(),
        archive_kind: Some(gift),
        etag: String::new(),
        request_id: REQUEST_ID.into(),
    };
    let class = RetentionClass { display_name: "Brief".into(), period_days: 30, ..Default::default() };
    let class = DefineRetentionClassRequest {
        code: "brief".into(),
        retention_class: Some(class),
        ..Default::default()
    };

    let listed = center.archive().list_archive_kinds(ListArchiveKindsRequest::default()).await.unwrap();
    let unknown = center.archive().define_archive_kind(define.clone()).await.unwrap_err();
    center.archive().define_retention_class(class).await.unwrap();
    let defined = center.archive().define_archive_kind(define.clone()).await.unwrap().into_inner();
    let again = center.archive().define_archive_kind(define.clone()).await.unwrap().into_inner();
    let stale = DefineArchiveKindRequest { etag: "7".into(), request_id: String::new(), ..define };
    let stale = center.archive().define_archive_kind(stale).await.unwrap_err();
    let got = GetArchiveKindRequest { name: "archiveKinds/gift".into() };
    let got = center.archive().get_archive_kind(got).await.unwrap().into_inner();
    let classes = ListRetentionClassesRequest { page_size: 3, ..Default::default() };
    let classes = center.archive().list_retention_classes(classes).await.unwrap().into_inner();

    let provided: Vec<_> = listed.into_inner().archive_kinds.into_iter().map(|kind| kind.name).collect();
    let wanted = [
        "contract",
        "contract_template",
        "dealer",
        "key_consumer",
        "notice",
        "staff",
        "standard_form",
        "stock",
        "sub_dealer",
        "supplier",
        "terminal",
    ];
    assert_eq!(provided, wanted.map(|code| format!("archiveKinds/{code}")));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!((&again, &got, defined.etag.as_str()), (&defined, &defined, "1"));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!((classes.retention_classes.len(), classes.next_page_token.is_empty()), (3, false));
}

#[tokio::test]
async fn an_entry_keeps_what_its_kind_asks_for_in_one_form() {
    let center = Center::open().await;
    let request = creation("dealer");
    let twice =
        kexiang_proto::customers_v1::CreateArchiveEntryRequest { request_id: REQUEST_ID.into(), ..request };

    let dealer = center.archive().create_archive_entry(twice.clone()).await.unwrap().into_inner();
    let again = center.archive().create_archive_entry(twice).await.unwrap().into_inner();
    let mut sub_dealer = creation("sub_dealer");
    sub_dealer.content.as_mut().unwrap().parent = dealer.name.clone();
    let sub_dealer = center.archive().create_archive_entry(sub_dealer).await.unwrap().into_inner();

    let fields = &dealer.content.as_ref().unwrap().fields;
    assert_eq!(fields[3], field("phones", &["+861085296000"]));
    assert_eq!(again, dealer);
    assert_eq!(sub_dealer.content.as_ref().unwrap().parent, dealer.name);
    let told = center.told_of_entry(&dealer.name).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1.kind.as_str()), ("created", "archiveKinds/dealer"));
    let below = ListArchiveEntriesRequest { parent: dealer.name, ..Default::default() };
    let below = center.archive().list_archive_entries(below).await.unwrap().into_inner();
    assert_eq!(below.archive_entries, [sub_dealer]);
}

#[tokio::test]
async fn all_that_is_wrong_with_an_entry_is_told_at_once_also_what_its_kind_refuses() {
    let center = Center::open().await;
    let mut wrong = creation("dealer");
    wrong.request_id = "once".into();
    let content = wrong.content.as_mut().unwrap();
    content.title = " ".into();
    content.level = 9;
    content.fields[0].values = vec!["a".into(), "b".into()];
    content.fields[1].code = "name".into();
    content.fields[3].values = vec!["010-8529 6000".into(), "x".into()];
    content.fields.push(field("colour", &["red"]));

    let created = center.archive().create_archive_entry(wrong.clone()).await.unwrap_err();
    let dealer = center.archived("dealer").await;
    let change =
        ChangeArchiveEntryRequest { name: dealer.name.clone(), content: wrong.content, ..Default::default() };
    let changed = center.archive().change_archive_entry(change).await.unwrap_err();

    let fields = [
        "content.title",
        "content.level",
        "content.fields[0].values",
        "content.fields[1].code",
        "content.fields[3].values[1]",
        "content.fields[7].code",
        "content.fields",
    ];
    assert_eq!(violations(&created), [&["request_id"][..], &fields[..]].concat());
    assert_eq!(violations(&changed), fields);
    assert_eq!(center.entry(&dealer.name).await, dealer);
}

#[tokio::test]
async fn a_sub_dealer_points_to_a_dealer_and_a_key_consumer_to_a_customer() {
    let center = Center::open().await;
    let supplier = center.archived("supplier").await;
    let create = async |parent: String| {
        let mut request = creation("sub_dealer");
        request.content.as_mut().unwrap().parent = parent;
        center.archive().create_archive_entry(request).await.unwrap_err()
    };
    let mut consumer = creation("key_consumer");
    consumer.content.as_mut().unwrap().fields = vec![field("customer", &[&CustomerId::at(START).name()])];

    let (none, other) = (create(String::new()).await, create(supplier.name).await);
    let nobody = create(ArchiveEntryId::at(START).name()).await;
    let consumer = center.archive().create_archive_entry(consumer).await.unwrap_err();

    assert_eq!(
        (violations(&none), violations(&other)),
        (vec!["content.parent".into()], vec!["content.parent".to_owned()])
    );
    assert_eq!(refused(&nobody), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(refused(&consumer), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn what_is_above_ones_level_is_not_there() {
    let center = Center::open().await;
    let mut secret = creation("contract");
    secret.content.as_mut().unwrap().level = ConfidentialityLevel::Secret.into();
    let secret_entry = center.archive().create_archive_entry(secret.clone()).await.unwrap().into_inner();
    let secret_entry = center.lend(&secret_entry.name, "zhao.yi", 3).await.unwrap();
    let open = center.archived("contract").await;
    let mut agent = center.archive_as("wang.wei", &[Role::Agent]);
    let mut supervisor = center.archive_as("chen.jie", &[Role::Supervisor]);
    let name = secret_entry.name.clone();

    let got = agent.get_archive_entry(GetArchiveEntryRequest { name: name.clone() }).await.unwrap_err();
    let led = supervisor.get_archive_entry(GetArchiveEntryRequest { name: name.clone() }).await.unwrap_err();
    let listed = agent.list_archive_entries(ListArchiveEntriesRequest::default()).await.unwrap().into_inner();
    let loans = agent.list_archive_loans(ListArchiveLoansRequest::default()).await.unwrap().into_inner();
    let mut bad = content("contract");
    bad.fields.clear();
    let change = ChangeArchiveEntryRequest { name: name.clone(), content: Some(bad), ..Default::default() };
    let changed = agent.change_archive_entry(change).await.unwrap_err();
    let created = agent.create_archive_entry(secret).await.unwrap_err();
    let mut manager = center.archive_as("zhao.yi", &[Role::Manager]);
    let seen = manager.get_archive_entry(GetArchiveEntryRequest { name }).await.unwrap().into_inner();

    for status in [got, led, changed] {
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".into()));
    }
    assert_eq!((listed.archive_entries, loans.archive_loans.len()), (vec![open], 0));
    assert_eq!(refused(&created), (Code::PermissionDenied, "LEVEL_NOT_ALLOWED".into()));
    assert_eq!(seen, secret_entry);
}

#[tokio::test]
async fn a_published_version_supersedes_the_one_before() {
    let center = Center::open().await;
    let form = center.archived("standard_form").await;
    let dealer = center.archived("dealer").await;
    center.draft_version(&form.name).await.unwrap();
    let drafted = center.draft_version(&form.name).await.unwrap();
    let publish = |number, etag: &str| PublishArchiveVersionRequest {
        name: form.name.clone(),
        number,
        etag: etag.into(),
        ..Default::default()
    };

    let stale = center.archive().publish_archive_version(publish(1, "1")).await.unwrap_err();
    center.archive().publish_archive_version(publish(1, &drafted.etag)).await.unwrap();
    let published = center.archive().publish_archive_version(publish(2, "")).await.unwrap().into_inner();
    let again = center.archive().publish_archive_version(publish(1, "")).await.unwrap_err();
    let mut agent = center.archive_as("wang.wei", &[Role::Agent]);
    let agent = agent.publish_archive_version(publish(2, "")).await.unwrap_err();
    let none = center.draft_version(&dealer.name).await.unwrap_err();

    let states: Vec<_> =
        published.versions.iter().map(kexiang_proto::customers_v1::ArchiveVersion::state).collect();
    assert_eq!(states, [ArchiveVersionState::Superseded, ArchiveVersionState::Published]);
    assert_eq!((drafted.current_version, published.current_version), (0, 2));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(refused(&again), (Code::FailedPrecondition, "VERSION_NOT_DRAFT".into()));
    assert_eq!(refused(&agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(refused(&none), (Code::FailedPrecondition, "KIND_NOT_ALLOWED".into()));
    let (event_type, facts) = center.told_of_entry(&form.name).await.pop().unwrap();
    assert_eq!((event_type.as_str(), facts.version, facts.superseded_version), ("version_published", 2, 1));
}

#[tokio::test]
async fn a_supplier_quotes_only_while_a_good_assessment_lasts() {
    let center = Center::open().await;
    let supplier = center.archived("supplier").await.name;
    let dealer = center.archived("dealer").await.name;

    let never = center.quote(&supplier).await.unwrap_err();
    center.assess(&supplier, AssessmentResult::Failed, 9).await.unwrap();
    let failed = center.quote(&supplier).await.unwrap_err();
    let good = center.assess(&supplier, AssessmentResult::Passed, 5).await.unwrap();
    let quote = center.quote(&supplier).await.unwrap();
    center.hand.set(day(5));
    let expired = center.quote(&supplier).await.unwrap_err();
    center.until_told("archive_entry.assessment_expired", 1).await;
    let wrong_kind = center.assess(&dealer, AssessmentResult::Passed, 9).await.unwrap_err();
    let backward = center.assess(&supplier, AssessmentResult::Passed, 5).await.unwrap_err();

    assert!(good.may_quote && !center.entry(&supplier).await.may_quote);
    assert_eq!((quote.amount.as_str(), quote.actor.as_str()), ("12.50", "agents/li.ming"));
    let precondition = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    assert_eq!(refused(&never), precondition("SUPPLIER_NOT_ASSESSED"));
    assert_eq!(refused(&failed), precondition("SUPPLIER_FAILED_ASSESSMENT"));
    assert_eq!(refused(&expired), precondition("ASSESSMENT_EXPIRED"));
    assert_eq!(refused(&wrong_kind), precondition("KIND_NOT_ALLOWED"));
    assert_eq!(violations(&backward), ["expire_time"]);
    let told = center.told_types(&supplier).await;
    assert_eq!(told, ["created", "assessed", "assessed", "quoted", "assessment_expired"]);
    let list = ListSupplierQuotesRequest { supplier, ..Default::default() };
    let listed = center.archive().list_supplier_quotes(list).await.unwrap().into_inner();
    assert_eq!(listed.supplier_quotes, [quote]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_quote_is_told_at_once() {
    let center = Center::open().await;
    let request = |amount: &str, currency: &str| RecordQuoteRequest {
        supplier: "suppliers/1".into(),
        amount: amount.into(),
        currency_code: currency.into(),
        ..Default::default()
    };

    let all = center.archive().record_quote(request("-1", "XYZ")).await.unwrap_err();
    let yen = center.archive().record_quote(request("1.5", "JPY")).await.unwrap_err();

    assert_eq!(violations(&all), ["supplier", "subject", "amount", "currency_code"]);
    assert_eq!(violations(&yen), ["supplier", "subject", "amount"]);
}

#[tokio::test]
async fn entries_are_listed_newest_first_page_by_page() {
    let center = Center::open().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(center.archived("contract").await.name);
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    names.reverse();
    let all = ListArchiveEntriesRequest {
        kind: "archiveKinds/contract".into(),
        page_size: 2,
        ..Default::default()
    };

    let first = center.archive().list_archive_entries(all.clone()).await.unwrap().into_inner();
    let next = ListArchiveEntriesRequest { page_token: first.next_page_token.clone(), ..all.clone() };
    let second = center.archive().list_archive_entries(next).await.unwrap().into_inner();
    let other = ListArchiveEntriesRequest {
        kind: "archiveKinds/dealer".into(),
        page_token: first.next_page_token.clone(),
        ..all
    };
    let other = center.archive().list_archive_entries(other).await.unwrap_err();

    let listed = first.archive_entries.into_iter().chain(second.archive_entries);
    assert_eq!(listed.map(|entry| entry.name).collect::<Vec<_>>(), names);
    assert_eq!((second.next_page_token.as_str(), violations(&other)), ("", vec!["page_token".to_owned()]));
}
