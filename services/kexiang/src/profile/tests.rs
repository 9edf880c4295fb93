//! Made-up rows of the shape of the files that profiles are shipped for: the San Francisco one, and what all share.

mod others;

use csv::StringRecord;
use kexiang_proto::{
    intake_v1::ImportCasesRequest,
    type_v1::{Channel, CustomerKind, Kind},
};

use super::*;

/// Translates one row given as column and cell; all other columns of the profile are blank.
fn translate(profile: &str, cells: &[(&str, &str)]) -> Result<Translated, Vec<Refusal>> {
    let profile = Profile::load(profile).unwrap();
    let mut names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    names.extend(
        profile
            .columns()
            .filter(|column| cells.iter().all(|(name, _)| name != column))
            .collect::<BTreeSet<_>>(),
    );
    let header = Header::new(names.iter().copied());
    let mut record = StringRecord::from(cells.iter().map(|(_, cell)| *cell).collect::<Vec<_>>());
    names.iter().skip(cells.len()).for_each(|_| record.push_field(""));
    profile.check(&header).unwrap();
    profile.translate(&profile.row(&header, &record), 7, "here")
}

fn request(profile: &str, cells: &[(&str, &str)]) -> ImportCasesRequest {
    translate(profile, cells).unwrap().request
}

fn time(text: &str) -> Option<prost_types::Timestamp> {
    let time: jiff::Timestamp = text.parse().unwrap();
    Some(prost_types::Timestamp { seconds: time.as_second(), nanos: 0 })
}

const SF311: [(&str, &str); 9] = [
    ("unique_key", "42"),
    ("created_date", "2016-03-01 10:00:00+00:00"),
    ("closed_date", "2016-03-02 11:30:00+00:00"),
    ("status", "Closed"),
    ("category", "Sewer Issues"),
    ("complaint_type", "Flooding"),
    ("descriptor", "On_street"),
    ("incident_address", "1 NOWHERE ST, SAN FRANCISCO, CA, 00000"),
    ("source", "Phone"),
];

/// The row with some cells changed.
fn with<'a>(row: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = row.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes).copied().collect()
}

#[test]
fn all_shipped_profiles_can_be_read() {
    for (name, _) in SHIPPED {
        Profile::load(name).unwrap();
    }
}

#[test]
fn sf311_a_closed_row_becomes_a_closed_case_of_the_household() {
    let ImportCasesRequest { item, contact, case, close_time, resolution } =
        request("sf311", &with(&SF311, &[("status_notes", "pumped"), ("supervisor_district", "10")]));

    let (contact, case) = (contact.unwrap(), case.unwrap());
    let caller = contact.caller.clone().unwrap();
    assert_eq!(item, 7);
    assert_eq!(contact.site, "sites/here");
    assert_eq!(contact.contact_time, time("2016-03-01T10:00:00Z"));
    assert_eq!(contact.channel(), Channel::Hotline);
    assert_eq!(contact.need, "Flooding: On_street");
    assert_eq!(caller.kind(), CustomerKind::Household);
    assert_eq!(caller.address, "1 NOWHERE ST, SAN FRANCISCO, CA, 00000");
    assert!(caller.phone_declined);
    assert_eq!(case.external_reference, "42");
    assert_eq!(case.kind(), Kind::Fault);
    assert_eq!(case.title, "Sewer Issues: On_street");
    assert_eq!(case.category, "Sewer Issues");
    assert_eq!(case.district, "10");
    assert_eq!(close_time, time("2016-03-02T11:30:00Z"));
    assert_eq!(resolution, "pumped");
}

#[test]
fn sf311_an_open_row_has_no_closing_and_no_resolution() {
    let row =
        request("sf311", &with(&SF311, &[("status", "Open"), ("closed_date", ""), ("status_notes", "soon")]));

    assert_eq!(row.close_time, None);
    assert_eq!(row.resolution, "");
}

#[test]
fn sf311_nobody_lives_at_a_crossing_or_nowhere() {
    for address in ["Intersection of A ST and B ST", "Not associated with a specific address"] {
        let contact = request("sf311", &with(&SF311, &[("incident_address", address)])).contact.unwrap();

        let caller = contact.caller.unwrap();
        assert_eq!(caller.display_name, "Anonymous caller");
        assert_eq!(caller.address, "");
        assert!(caller.phone_declined);
    }
}

#[test]
fn sf311_values_that_say_nothing_are_blank() {
    let case =
        request("sf311", &with(&SF311, &[("supervisor_district", "-1"), ("descriptor", "na")])).case.unwrap();

    assert_eq!(case.district, "");
    assert_eq!(case.title, "Sewer Issues: Flooding");
}

#[test]
fn sf311_a_row_closed_before_its_opening_is_closed_at_its_opening_and_counted() {
    let translated =
        translate("sf311", &with(&SF311, &[("closed_date", "2016-02-01 00:00:00+00:00")])).unwrap();

    assert!(translated.adjusted);
    assert_eq!(translated.request.close_time, time("2016-03-01T10:00:00Z"));
}

#[test]
fn everything_that_is_wrong_with_a_row_is_told_at_once() {
    let row = with(&SF311, &[("source", "Pigeon"), ("status", "Lost"), ("closed_date", "")]);

    let refusals = translate("sf311", &row).unwrap_err();

    let told: Vec<_> =
        refusals.iter().map(|refusal| (refusal.field.as_str(), refusal.reason.as_str())).collect();
    assert_eq!(told, [("contact.channel", "UNKNOWN_VALUE"), ("state", "UNKNOWN_VALUE")]);
    assert_eq!(refusals[0].description, "column `source`: the profile knows no `Pigeon`");
}

#[test]
fn a_time_that_is_none_is_refused_with_its_form() {
    let refusals = translate("sf311", &with(&SF311, &[("created_date", "yesterday")])).unwrap_err();

    assert_eq!(refusals[0].reason, "INVALID_TIME");
    assert_eq!(refusals[0].description, "`yesterday` is no time of the form `%Y-%m-%d %H:%M:%S%:z`");
    assert_eq!(translate("sf311", &with(&SF311, &[("created_date", "")])).unwrap_err()[0].reason, "BLANK");
}

#[test]
fn a_closed_row_that_does_not_say_when_is_refused() {
    let refusals = translate("sf311", &with(&SF311, &[("closed_date", "")])).unwrap_err();

    assert_eq!(refusals, [Refusal::new("close_time", "BLANK", "the row is closed and does not say when")]);
}

#[test]
fn a_file_without_the_columns_is_refused_with_their_names() {
    let profile = Profile::load("sf311").unwrap();

    let error = profile.check(&Header::new(SF311.iter().map(|(name, _)| *name))).unwrap_err().to_string();

    assert_eq!(
        error,
        "the file has no column agency_name, status_notes, supervisor_district; is it a file for this profile (San Francisco 311 service requests)?"
    );
}

#[test]
fn an_unknown_profile_is_refused_with_the_ones_there_are() {
    let error = Profile::load("la311").unwrap_err().to_string();

    assert!(error.contains("shipped ones are kexiang, sf311, nyc311, boston311, comcast"), "{error}");
}

#[test]
fn a_mistake_in_a_profile_is_shown_with_its_line() {
    let text = SHIPPED[0].1.replace("zone = \"UTC\"", "zone = \"Mars/Olympus\"");

    let error = format!("{:#}", Profile::parse(&text).unwrap_err());

    assert!(error.contains("`Mars/Olympus` is no IANA time zone") && error.contains("line"), "{error}");
}
