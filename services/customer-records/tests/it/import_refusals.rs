//! What is wrong with files and rows (CU-9): a wrong row never fails its neighbours.

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    ColumnMapping, FileFormat, ImportCustomersRequest, ImportSettings, contact_point::Kind,
    import_row_result::Outcome,
};
use tonic::Code;

use crate::{
    center::Center,
    import_desk::settings,
    wire::{refused, violations},
};

#[tokio::test]
async fn a_wrong_row_is_refused_with_all_its_faults_and_its_neighbours_are_in() {
    let center = Center::open().await;
    let file = "id,name,kind,phone,email\n\
        1,Li Na,,13800138000,\n\
        2,,robot,12,nobody\n\
        3,王**,,+86138****8000,w***@example.com\n\
        ,Anonymous,,,\n\
        5,,,13700137000,\n\
        1,Another,,13600136000,\n\
        7,Wang,,13900139000,\n";

    let report = center.import_csv(file).await;

    let refused = Outcome::Refused;
    let wanted = [Outcome::Created, refused, refused, refused, refused, refused, Outcome::Created];
    assert_eq!(report.outcomes(), wanted);
    let invalid = "INVALID_VALUE";
    assert_eq!(report.wrong(1), [("kind", invalid), ("phone[0]", invalid), ("email[0]", invalid)]);
    assert_eq!(report.wrong(2), [("display_name", "MASKED"), ("phone", "MASKED"), ("email", "MASKED")]);
    assert_eq!(report.wrong(3), [("external_id", "REQUIRED")]);
    assert_eq!(report.wrong(4), [("display_name", "REQUIRED")]);
    assert_eq!(report.wrong(5), [("row", "DUPLICATE_ROW")]);
    assert_eq!(center.written().await[0], 2);
}

#[tokio::test]
async fn who_has_the_phone_of_somebody_else_is_left_to_people() {
    let center = Center::open().await;
    let li = center.create("Li Na", &[(Kind::Phone, "13800138000")]).await;
    let wang = center.create("Wang", &[(Kind::Phone, "13900139000")]).await;

    let report = center
        .import_csv(
            "id,name,phone\n1,Zhang San,13800138000\n2,Li Na,13800138000;13900139000\n3,Zhao,13700137000\n",
        )
        .await;

    let duplicate = Outcome::PossibleDuplicate;
    assert_eq!(report.outcomes(), [duplicate, duplicate, Outcome::Created]);
    assert_eq!(report.results[0].duplicates, std::slice::from_ref(&li.name));
    assert_eq!(report.results[1].duplicates, [li.name.clone(), wang.name]);
    assert_eq!(center.get(&li.name).await, li);
}

#[tokio::test]
async fn the_erased_do_not_come_back_by_a_file_and_nobody_becomes_something_else() {
    let center = Center::open().await;
    let file = "id,name,phone\n1,Li Na,13800138000\n2,Wang,13900139000\n";
    let first = center.import_csv(file).await;
    center.erase(&first.results[0].customer).await.unwrap();

    let again = center.import_csv(file).await;
    let other = center.import_csv("id,name,kind\n2,Wang,OUTLET\n").await;

    assert_eq!(again.outcomes(), [Outcome::Refused, Outcome::Unchanged]);
    assert_eq!(again.wrong(0), [("customer", "CUSTOMER_ERASED")]);
    assert_eq!(other.wrong(0), [("kind", "KIND_DIFFERS")]);
}

#[tokio::test]
async fn a_first_message_is_refused_with_all_that_is_wrong_with_it() {
    let center = Center::open().await;
    let wrong = ImportSettings {
        format: 99,
        source: " ".into(),
        columns: vec![ColumnMapping::default()],
        phone_region: "Atlantis".into(),
        charset: "klingon".into(),
        dry_run: false,
    };

    let report = center.send(wrong, b"", 1).await;
    let none = center.send_messages(Vec::new()).await;
    let twice = ImportCustomersRequest { settings: Some(settings(FileFormat::Csv)), chunk: Vec::new() };
    let twice = center.send_messages(vec![twice.clone(), twice]).await;

    let paths = [
        "settings.format",
        "settings.source",
        "settings.columns[0].column",
        "settings.columns[0].field",
        "settings.phone_region",
        "settings.charset",
    ];
    assert_eq!(violations(&report.error.unwrap()), paths);
    assert_eq!(violations(&none.error.unwrap()), ["settings"]);
    assert_eq!(violations(&twice.error.unwrap()), ["settings"]);
}

#[tokio::test]
async fn a_file_that_can_not_be_read_is_refused_and_what_came_before_stays() {
    let center = Center::open().await;
    let open = format!("id,name,phone\n1,Li Na,13800138000\n2,\"{}", "a".repeat(2 << 20));
    let wide = format!("id,name{}\n", ",x".repeat(99));
    let unreadable = (Code::InvalidArgument, "FILE_UNREADABLE".to_owned());
    let too_large = (Code::OutOfRange, "FILE_TOO_LARGE".to_owned());

    let open = center.send(settings(FileFormat::Csv), open.as_bytes(), 100_000).await;
    let wide = center.import_csv(&wide).await;
    let nameless = center.import_csv("a,b\n1,2\n").await;
    let no_sheet = center.send(settings(FileFormat::Xlsx), b"id,name\n", 9).await;
    let no_card = center.send(settings(FileFormat::Vcard), b"id,name\n", 9).await;
    let large = center.send(settings(FileFormat::Xlsx), &vec![0; (32 << 20) + 1], 2 << 20).await;

    assert_eq!(open.outcomes(), [Outcome::Created]);
    for (report, wanted) in [(open, &too_large), (wide, &too_large), (large, &too_large)] {
        assert_eq!(refused(&report.error.unwrap()), *wanted);
    }
    for report in [nameless, no_sheet, no_card] {
        assert_eq!(refused(&report.error.unwrap()), unreadable);
    }
    assert_eq!(center.written().await[0], 1);
}

#[tokio::test]
async fn agents_neither_bring_files_in_nor_take_them_out() {
    let center = Center::open().await;
    let messages = tokio_stream::iter(Vec::<ImportCustomersRequest>::new());

    let imported = center.files(Role::Agent).import_customers(messages).await.err().unwrap();
    let exported = center.export(Role::Agent, FileFormat::Csv, Vec::new()).await.err().unwrap();

    assert_eq!((imported.code(), exported.code()), (Code::PermissionDenied, Code::PermissionDenied));
}
