//! Customers as files (CU-9), masked as the caller sees them (CU-14), and read back.

use kexiang_core::{CustomerId, Role, Timestamp};
use kexiang_proto::customers_v1::{
    CustomerExportFacts, ExportCustomersRequest, FileFormat, PersonalField, contact_point::Kind,
};
use tonic::Code;

use crate::{
    center::Center,
    import_desk::settings,
    wire::{refused, violations},
};

const FORMATS: [FileFormat; 4] = [FileFormat::Csv, FileFormat::Xlsx, FileFormat::Vcard, FileFormat::Vcard3];

async fn with_customers() -> (Center, Vec<String>) {
    let center = Center::open().await;
    let points = [
        (Kind::Phone, "13800138000"),
        (Kind::Phone, "010 8529 6000"),
        (Kind::Email, "li.na@example.com"),
        (Kind::Address, "云南省 昆明市; 翠湖路, 5 号"),
    ];
    let li = center.create("=HYPERLINK(\"x\")", &points).await;
    let wang = center.create("王小明", &[(Kind::Phone, "13900139000")]).await;
    (center, vec![wang.name, li.name])
}

#[tokio::test]
async fn what_a_supervisor_takes_out_comes_back_and_changes_nothing() {
    let (center, names) = with_customers().await;

    for format in FORMATS {
        let (_, file) = center.export(Role::Supervisor, format, Vec::new()).await.unwrap();
        let [customers, points, _, events] = center.written().await;
        let back = center.send(settings(format), &file, 10_000).await;

        assert_eq!(back.counts(), [0, 0, 2, 0, 0], "{format:?}: {:?}", back.results);
        let mut named: Vec<_> = back.results.iter().map(|result| result.customer.clone()).collect();
        named.sort();
        let mut wanted = names.clone();
        wanted.sort();
        assert_eq!(named, wanted);
        let [customers_after, points_after, _, events_after] = center.written().await;
        assert_eq!([customers_after, points_after, events_after], [customers, points, events]);
    }
}

#[tokio::test]
async fn everybody_gets_what_they_see_and_what_is_masked_does_not_come_back() {
    let (center, names) = with_customers().await;
    let fetch = |role| center.export(role, FileFormat::Csv, vec![names[0].clone()]);

    let (content_type, seen_by_supervisor) = fetch(Role::Supervisor).await.unwrap();
    let (_, seen_by_manager) = fetch(Role::Manager).await.unwrap();
    let (_, seen_by_analyst) = fetch(Role::Analyst).await.unwrap();
    let back = center.send(settings(FileFormat::Csv), &seen_by_analyst, 100).await;

    let line = |file: Vec<u8>| String::from_utf8(file).unwrap().lines().nth(1).unwrap().to_owned();
    let name = &names[0];
    assert_eq!(content_type, "text/csv; charset=utf-8");
    assert_eq!(line(seen_by_supervisor), format!("{name},PERSON,王小明,'+8613900139000,,"));
    assert_eq!(line(seen_by_manager), format!("{name},PERSON,王小明,'+86139****9000,,"));
    assert_eq!(line(seen_by_analyst), format!("{name},PERSON,王**,'+86139****9000,,"));
    assert_eq!(back.wrong(0), [("display_name", "MASKED"), ("phone", "MASKED")]);
}

#[tokio::test]
async fn no_cell_of_csv_is_a_formula() {
    let (center, names) = with_customers().await;

    let (_, file) = center.export(Role::Supervisor, FileFormat::Csv, vec![names[1].clone()]).await.unwrap();

    let text = String::from_utf8(file).unwrap();
    assert!(
        text.contains("\"'=HYPERLINK(\"\"x\"\")\"") && text.contains("\"'+8613800138000\n+861085296000\""),
        "{text}"
    );
}

#[tokio::test]
async fn an_export_is_told_once_for_the_same_request_and_the_erased_are_left_out() {
    let (center, names) = with_customers().await;
    center.erase(&names[1]).await.unwrap();
    let request = ExportCustomersRequest {
        format: FileFormat::Vcard.into(),
        customers: names.clone(),
        request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".to_owned(),
    };

    let mut cards = 0;
    for _ in 0..2 {
        let mut bodies =
            center.files(Role::Manager).export_customers(request.clone()).await.unwrap().into_inner();
        while let Some(body) = bodies.message().await.unwrap() {
            cards += String::from_utf8(body.data).unwrap().matches("BEGIN:VCARD").count();
        }
    }

    let told = center.told().await;
    let told: Vec<_> = told.iter().filter(|event| event.r#type == "customer_export.started").collect();
    let facts: CustomerExportFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told.len(), cards), (1, 2));
    assert_eq!((facts.customers, facts.fields_in_clear), (2, vec![i32::from(PersonalField::Name)]));
}

#[tokio::test]
async fn an_export_of_nobody_known_is_refused() {
    let center = Center::open().await;
    let nobody = CustomerId::at(Timestamp::UNIX_EPOCH).name();

    let unknown = center.export(Role::Manager, FileFormat::Csv, vec![nobody]).await.err().unwrap();
    let wrong =
        center.export(Role::Manager, FileFormat::Unspecified, vec!["li na".into()]).await.err().unwrap();
    let (_, empty) = center.export(Role::Manager, FileFormat::Csv, Vec::new()).await.unwrap();

    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&wrong), ["format", "customers[0]"]);
    assert_eq!(
        String::from_utf8(empty).unwrap(),
        "\u{feff}customer,kind,display_name,phone,email,address\r\n"
    );
}
