//! The other shipped profiles.

use kexiang_proto::{
    intake_v1::ImportCasesRequest,
    type_v1::{Channel, CustomerKind, Kind, Severity},
};

use super::{request, time, translate, with};

#[test]
fn nyc311_times_are_local_with_am_and_pm() {
    let row = [
        ("Unique Key", "9"),
        ("Created Date", "07/04/2019 01:02:03 PM"),
        ("Closed Date", "01/15/2020 12:00:00 AM"),
        ("Complaint Type", "Noise - Residential"),
        ("Descriptor", "Loud"),
        ("Address Type", "ADDRESS"),
        ("Incident Address", "1 NOWHERE STREET"),
        ("City", "BRONX"),
        ("Incident Zip", "00000"),
        ("Status", "Closed"),
        ("Open Data Channel Type", "MOBILE"),
        ("Community Board", "0 Unspecified"),
        ("Borough", "BRONX"),
        ("Agency Name", "Police"),
    ];

    let ImportCasesRequest { contact, case, close_time, resolution, .. } = request("nyc311", &row);

    let (contact, case) = (contact.unwrap(), case.unwrap());
    assert_eq!(contact.contact_time, time("2019-07-04T13:02:03-04:00"));
    assert_eq!(close_time, time("2020-01-15T00:00:00-05:00"));
    assert_eq!(contact.channel(), Channel::WebForm);
    assert_eq!(case.kind(), Kind::Complaint);
    assert_eq!(case.district, "BRONX");
    assert_eq!(contact.caller.unwrap().kind(), CustomerKind::Household);
    assert_eq!(resolution, "Closed by Police");
    let pending = request("nyc311", &with(&row, &[("Status", "Pending")]));
    assert_eq!(pending.close_time, None);
}

#[test]
fn boston311_times_are_local_without_offset() {
    let row = [
        ("CASE_ENQUIRY_ID", "101"),
        ("OPEN_DT", "01/05/2015 08:30:00 AM"),
        ("CASE_STATUS", "Open"),
        ("SUBJECT", "Public Works Department"),
        ("REASON", "Housing"),
        ("TYPE", "Heat"),
        ("QUEUE", "Q"),
        ("LOCATION_STREET_NAME", "INTERSECTION A St & B St"),
        ("Source", "City Worker App"),
    ];

    let request = request("boston311", &row);

    let (contact, case) = (request.contact.unwrap(), request.case.unwrap());
    assert_eq!(contact.contact_time, time("2015-01-05T08:30:00-05:00"));
    assert_eq!(contact.channel(), Channel::FieldStaff);
    assert_eq!(case.kind(), Kind::Complaint);
    assert_eq!(case.title, "Housing: Heat");
    assert_eq!(contact.caller.unwrap().display_name, "Anonymous caller");
}

#[test]
fn comcast_days_come_before_months_and_closings_have_no_time() {
    let row = [
        ("Ticket #", "250000"),
        ("Customer Complaint", "Too slow"),
        ("Date", "22-04-2015"),
        ("Time", "03:53:50 PM"),
        ("Received Via", "Internet"),
        ("City", "Nowhere"),
        ("State", "Maine"),
        ("Zip code", "00000"),
        ("Status", "Solved"),
    ];

    let translated = translate("comcast", &row).unwrap();

    let (contact, case) = (translated.request.contact.unwrap(), translated.request.case.unwrap());
    assert!(translated.adjusted);
    assert_eq!(contact.contact_time, time("2015-04-22T15:53:50-04:00"));
    assert_eq!(translated.request.close_time, contact.contact_time);
    assert_eq!(contact.channel(), Channel::WebForm);
    assert_eq!(case.kind(), Kind::Complaint);
    assert_eq!(case.title, "Too slow");
}

const PLAIN: [(&str, &str); 8] = [
    ("external_reference", "A-1"),
    ("opened_at", "2026-11-22T09:30:00+08:00"),
    ("channel", "WALK_IN"),
    ("kind", "BUSINESS"),
    ("category", "renewal"),
    ("title", "Renew"),
    ("caller_name", "Li Na"),
    ("caller_phone", "13800138000"),
];

#[test]
fn plain_rows_are_taken_as_they_are() {
    let request =
        request("kexiang", &with(&PLAIN, &[("severity", "MAJOR"), ("caller_email", "li@example.com")]));

    let (contact, case) = (request.contact.unwrap(), request.case.unwrap());
    let caller = contact.caller.unwrap();
    assert_eq!(case.severity(), Severity::Major);
    assert_eq!(request.close_time, None);
    assert_eq!(contact.need, "Renew");
    assert_eq!((caller.phone.as_str(), caller.phone_declined), ("13800138000", false));
    assert_eq!((caller.email.as_str(), caller.kind()), ("li@example.com", CustomerKind::Person));
}

#[test]
fn a_plain_row_without_a_phone_has_declined_it_and_one_with_a_closing_is_closed() {
    let row = with(
        &PLAIN,
        &[("caller_phone", ""), ("closed_at", "2026-11-22T01:30:01Z"), ("resolution", "renewed")],
    );

    let request = request("kexiang", &row);

    assert!(request.contact.unwrap().caller.unwrap().phone_declined);
    assert_eq!(request.close_time, time("2026-11-22T01:30:01Z"));
    assert_eq!(request.resolution, "renewed");
}

#[test]
fn a_plain_row_closed_before_its_opening_is_refused() {
    let refusals = translate("kexiang", &with(&PLAIN, &[("closed_at", "2026-11-22T01:29:59Z")])).unwrap_err();

    assert_eq!(refusals[0].reason, "CLOSED_BEFORE_OPENED");
}
