//! Files of customers come in (CU-9): every format, a dry run, the same file again, a file that broke off.

use kexiang_proto::{
    customers_v1::{
        ColumnMapping, FileFormat, ImportCustomersRequest, ImportField, ImportSettings, contact_point::Kind,
        import_row_result::Outcome,
    },
    type_v1::CustomerKind,
};

use crate::{center::Center, import_desk::settings};

const CUSTOMERS: &str = "\u{feff}客户编号,姓名,类型,手机,电子邮箱,联系地址,备注\r\n\
    1,王小明,个人,138 0013 8000,wang@example.com,云南省昆明市翠湖路 5 号,x\r\n\
    2,翠湖商店,门店,\"0871-6513 1234;13900139000\",,\"昆明市翠湖路 7 号\n昆明市翠湖路 9 号\",y\r\n\
    3,李娜,,,li.na@example.com,,\r\n";

/// A file of `count` persons.
fn many(count: usize) -> String {
    let row = |nr: usize| format!("{nr},Person {nr},+861380{nr:07}\n");
    let rows: String = (1..=count).map(row).collect();
    format!("id,name,phone\n{rows}")
}

#[tokio::test]
async fn a_csv_file_becomes_customers_and_every_row_is_told_of() {
    let center = Center::open().await;

    let report = center.send(settings(FileFormat::Csv), CUSTOMERS.as_bytes(), 7).await;

    assert_eq!(report.counts(), [3, 0, 0, 0, 0]);
    assert_eq!(report.results.iter().map(|result| result.row).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(report.summary.as_ref().unwrap().ignored_columns, ["备注"]);
    let shop = center.get(&report.results[1].customer).await;
    let values: Vec<_> = shop.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!(shop.kind(), CustomerKind::Outlet);
    assert_eq!(values, ["+8687165131234", "+8613900139000", "昆明市翠湖路 7 号", "昆明市翠湖路 9 号"]);
    assert_eq!(center.customer_of_phone("13800138000").await.display_name, "王小明");
    let told = center.told().await;
    assert!(told.iter().all(|event| event.r#type == "customer.created" && event.actor == "agents/chen.jie"));
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_whatever_agents_have_changed_since() {
    let center = Center::open().await;
    let first = center.import_csv(CUSTOMERS).await;
    let wang = center.get(&first.results[0].customer).await;
    let request = kexiang_proto::customers_v1::UpdateCustomerRequest {
        customer: Some(kexiang_proto::customers_v1::Customer {
            display_name: "王大明".to_owned(),
            ..wang.clone()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".to_owned()] }),
        ..Default::default()
    };
    center.client().update_customer(request).await.unwrap();
    let before = center.written().await;

    let again = center.import_csv(CUSTOMERS).await;

    assert_eq!(again.counts(), [0, 0, 3, 0, 0]);
    assert_eq!(center.written().await, before);
    assert_eq!(center.get(&wang.name).await.display_name, "王大明");
    let named = |report: &crate::import_desk::Report| {
        report.results.iter().map(|result| result.customer.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&again), named(&first));
}

#[tokio::test]
async fn a_changed_row_adds_and_renames_and_takes_nothing_away() {
    let center = Center::open().await;
    center.import_csv("id,name,phone\n1,Li Na,13800138000\n2,Wang,13900139000\n").await;

    let report = center.import_csv("id,name,phone\n1,Li Nan,13700137000\n2,Wang,13900139000\n").await;

    assert_eq!(report.outcomes(), [Outcome::Updated, Outcome::Unchanged]);
    let li = center.get(&report.results[0].customer).await;
    let values: Vec<_> = li.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!((li.display_name.as_str(), li.etag.as_str()), ("Li Nan", "2"));
    assert_eq!(values, ["+8613800138000", "+8613700137000"]);
    let events: Vec<_> = center.told().await.into_iter().map(|event| event.r#type).collect();
    assert_eq!(events, ["customer.created", "customer.created", "customer.updated"]);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_become_of_every_row_and_writes_nothing() {
    let center = Center::open().await;
    // More than one batch, and a row of the second one has the phone of a row of the first.
    let file = format!("{}601,Somebody Else,+8613800000001\n1,Person 1,+8613800000001\n", many(600));
    let dry = ImportSettings { dry_run: true, ..settings(FileFormat::Csv) };
    let before = center.written().await;

    let trial = center.send(dry, file.as_bytes(), 10_000).await;
    let after_trial = center.written().await;
    let real = center.import_csv(&file).await;

    assert_eq!(after_trial, before);
    assert!(trial.summary.as_ref().unwrap().dry_run);
    assert_eq!(trial.outcomes(), real.outcomes());
    assert_eq!(real.counts(), [600, 0, 1, 0, 1]);
}

#[tokio::test]
async fn a_file_that_broke_off_goes_on_when_sent_again() {
    let center = Center::open().await;
    let file = many(1_200);
    let half = file.len() / 2;
    let first = ImportCustomersRequest {
        settings: Some(settings(FileFormat::Csv)),
        chunk: file.as_bytes()[..half].to_vec(),
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    sender.send(first).await.unwrap();
    let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut files = center.files(kexiang_core::Role::Supervisor);
    let mut answers = files.import_customers(messages).await.unwrap().into_inner();
    let told = answers.message().await.unwrap().unwrap().results.len();
    drop((answers, sender));
    let [in_already, ..] = center.written().await;

    let report = center.import_csv(&file).await;

    assert!(told == 500 && in_already >= 500);
    let [created, updated, unchanged, refused, duplicates] = report.counts();
    assert_eq!((created + unchanged, updated, refused, duplicates), (1_200, 0, 0, 0));
    assert!(unchanged >= 500);
    assert_eq!(center.written().await, [1_200; 4], "customers, contact points, rows and events: none twice");
}

#[tokio::test]
async fn two_who_send_the_same_file_at_once_make_every_customer_once() {
    let center = Center::open().await;
    let file = many(700);

    let (one, other) = tokio::join!(center.import_csv(&file), center.import_csv(&file));

    assert_eq!(one.counts()[0] + other.counts()[0], 700);
    assert_eq!(one.counts()[2] + other.counts()[2], 700);
    assert_eq!(center.written().await, [700; 4]);
}

#[tokio::test]
async fn cards_of_3_0_and_4_0_become_customers() {
    let center = Center::open().await;
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a-1\r\nN:王;小明;;;\r\nFN:王小明\r\nTEL;TYPE=CELL:138 0013\r\n  8000\r\n\
        END:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nUID:a-2\r\nKIND:org\r\nFN:Corner\\, shop\r\n\
        TEL;VALUE=uri:tel:+44-20-7946-0018\r\nADR:;;5 Lake Road;London;;NW1;UK\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Nobody\r\nEND:VCARD\r\n";

    let report = center.send(settings(FileFormat::Vcard), cards.as_bytes(), 11).await;
    let again = center.send(settings(FileFormat::Vcard), cards.as_bytes(), 1000).await;

    assert_eq!(report.outcomes(), [Outcome::Created, Outcome::Created, Outcome::Refused]);
    assert_eq!(again.outcomes(), [Outcome::Unchanged, Outcome::Unchanged, Outcome::Refused]);
    assert_eq!(report.wrong(2), [("external_id", "REQUIRED")]);
    let shop = center.get(&report.results[1].customer).await;
    assert_eq!((shop.display_name.as_str(), shop.kind()), ("Corner, shop", CustomerKind::Organisation));
    assert_eq!(shop.contact_points[1].value, "5 Lake Road London NW1 UK");
    assert_eq!(center.customer_of_phone("13800138000").await.display_name, "王小明");
}

#[tokio::test]
async fn a_spreadsheet_becomes_customers_also_with_phones_typed_as_numbers() {
    let center = Center::open().await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["编号", "姓名", "手机"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    sheet.write_number(1, 0, 1).unwrap();
    sheet.write_string(1, 1, "李娜").unwrap();
    sheet.write_number(1, 2, 13_800_138_000_f64).unwrap();
    sheet.write_string(3, 1, "no id").unwrap();
    let file = book.save_to_buffer().unwrap();

    let report = center.send(settings(FileFormat::Xlsx), &file, 999).await;
    let again = center.send(settings(FileFormat::Xlsx), &file, 100_000).await;

    assert_eq!(report.outcomes(), [Outcome::Created, Outcome::Refused]);
    assert_eq!(report.results[1].row, 4);
    assert_eq!(again.outcomes(), [Outcome::Unchanged, Outcome::Refused]);
    assert_eq!(center.customer_of_phone("13800138000").await.display_name, "李娜");
}

#[tokio::test]
async fn columns_regions_and_character_sets_are_as_the_importer_says() {
    let center = Center::open().await;
    let file = b"nr|who|phone|fax\n7|\xcd\xf5\xd0\xa1\xc3\xf7|020 7946 0018|020 7946 0019\n";
    let column =
        |column: &str, field: ImportField| ColumnMapping { column: column.into(), field: field.into() };
    let said = ImportSettings {
        columns: vec![
            column("nr", ImportField::ExternalId),
            column("WHO", ImportField::DisplayName),
            column("fax", ImportField::Ignored),
        ],
        phone_region: "GB".into(),
        charset: "gbk".into(),
        ..settings(FileFormat::Csv)
    };

    let report = center.send(said, file, 5).await;

    let wang = center.get(&report.results[0].customer).await;
    let values: Vec<_> = wang.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!((wang.display_name.as_str(), values), ("王小明", vec!["+442079460018"]));
}

#[tokio::test]
async fn a_known_caller_is_found_by_phone_and_gains_what_the_file_knows() {
    let center = Center::open().await;
    let li = center.create("Li Na", &[(Kind::Phone, "13800138000")]).await;

    let report = center.import_csv("id,name,phone,email\n1,李娜,13800138000,li@example.com\n").await;

    assert_eq!((report.outcomes(), &report.results[0].customer), (vec![Outcome::Updated], &li.name));
    assert_eq!(center.get(&li.name).await.contact_points.len(), 2);
}
