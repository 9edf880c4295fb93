//! How fast files come in (CU-9): 100,000 rows, printed. `cargo test -p kexiang-customer-records --test it import_speed -- --ignored
//! --nocapture`

use std::{fmt::Write, time::Instant};

use kexiang_proto::customers_v1::FileFormat;

use crate::{center::Center, import_desk::settings};

const ROWS: u32 = 100_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; prints what it measures"]
async fn a_hundred_thousand_rows() {
    let center = Center::open().await;
    let mut file = String::from("id,name,kind,phone,email,address\n");
    for nr in 0..ROWS {
        let given = ["小明", "娜", "建国", "秀英"][nr as usize % 4];
        writeln!(file, "{nr},王{given},PERSON,+861380{nr:07},c{nr}@example.com,昆明市翠湖路 {nr} 号")
            .unwrap();
    }

    for what in ["first", "again"] {
        let begun = Instant::now();
        let report = center.send(settings(FileFormat::Csv), file.as_bytes(), 64 << 10).await;
        let took = begun.elapsed();
        let per_minute = f64::from(ROWS) / took.as_secs_f64() * 60.0;
        println!("{what}: {ROWS} rows in {took:.1?}, {per_minute:.0} rows/min, {:?}", report.counts());
    }

    assert_eq!(center.written().await[0], i64::from(ROWS));
}
