//! Numbers of all regions, in local form (CU-2).

use std::{fs, path::Path};

use kexiang_core::PhoneNumber;
use kexiang_customer_records::domain::contact_point::{ContactPoint, ContactPointKind};

/// Kept beside the project: region, type, number in local form, the same in E.164, whether it is valid.
const EXAMPLES: &str = "../../../shared/data/phone_examples.csv";

#[test]
fn a_number_in_local_form_is_the_one_in_international_form() {
    let Ok(examples) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLES)) else {
        println!("skipped: {EXAMPLES} is not there");
        return;
    };

    let key = |text: &str, region: &str| {
        ContactPoint::parse(ContactPointKind::Phone, text, region).map(|point| point.key())
    };
    let rows: Vec<Vec<&str>> = examples.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let differing: Vec<_> = rows
        .iter()
        .filter(|row| {
            let (region, local, e164) = (row[0], row[2], row[3]);
            let same = key(local, region).is_ok_and(|local| key(e164, "CN") == Ok(local));
            !same || PhoneNumber::parse(e164, region).map(|phone| phone.to_string()).as_deref() != Ok(e164)
        })
        .collect();

    assert_eq!(rows.len(), 673);
    assert!(differing.is_empty(), "{differing:?}");
}
