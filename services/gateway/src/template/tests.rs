use super::*;

fn bound(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let template = Template::parse(template).unwrap();
    let path = RequestPath::parse(path);
    let pairs = template.matches(&path).then(|| template.bind(&path).unwrap())?;
    Some(pairs.into_iter().map(|(field, value)| (field.to_owned(), value)).collect())
}

fn one(field: &str, value: &str) -> Option<Vec<(String, String)>> {
    Some(vec![(field.to_owned(), value.to_owned())])
}

#[test]
fn a_variable_takes_its_literals_with_it() {
    assert_eq!(bound("/v1/{name=cases/*}", "/v1/cases/7"), one("name", "cases/7"));
    assert_eq!(
        bound("/v1/{customer.name=customers/*}", "/v1/customers/7"),
        one("customer.name", "customers/7")
    );
    assert_eq!(
        bound("/v1/{parent=customers/*}/timelineEntries", "/v1/customers/7/timelineEntries"),
        one("parent", "customers/7")
    );
}

#[test]
fn two_variables_are_bound_in_order() {
    let pairs = bound("/v1/{site=sites/*}/dayReports/{date}", "/v1/sites/main/dayReports/2026-11-22");

    let expected = [("site", "sites/main"), ("date", "2026-11-22")];
    assert_eq!(pairs.unwrap(), expected.map(|(field, value)| (field.to_owned(), value.to_owned())));
}

#[test]
fn verbs_tell_methods_of_one_resource_apart() {
    assert_eq!(bound("/v1/{name=cases/*}:resolve", "/v1/cases/7:resolve"), one("name", "cases/7"));
    assert_eq!(bound("/v1/{name=cases/*}:resolve", "/v1/cases/7:close"), None);
    assert_eq!(bound("/v1/{name=cases/*}:resolve", "/v1/cases/7"), None);
    assert_eq!(bound("/v1/{name=cases/*}", "/v1/cases/7:resolve"), None);
    assert_eq!(bound("/v1/wallboard:watch", "/v1/wallboard:watch"), Some(vec![]));
    assert_eq!(bound("/v1/wallboard", "/v1/wallboard:watch"), None);
}

#[test]
fn other_shapes_do_not_match() {
    for path in ["/v1/cases", "/v1/cases/", "/v1/cases/7/", "/v1/cases/7/x", "/v1//7", "v2/cases/7", "/"] {
        assert_eq!(bound("/v1/{name=cases/*}", path), None, "{path}");
    }
}

#[test]
fn values_are_percent_decoded_and_must_be_utf8() {
    assert_eq!(bound("/v1/{name=agents/*}", "/v1/agents/li%40x%3A1"), one("name", "agents/li@x:1"));

    let template = Template::parse("/v1/{name=agents/*}").unwrap();
    let refused = template.bind(&RequestPath::parse("/v1/agents/%ff")).unwrap_err();
    assert_eq!(refused, NotUtf8 { field: "name".to_owned() });
}

#[test]
fn templates_that_cannot_be_served_are_refused() {
    for text in ["v1/cases", "/v1/{name=cases/*", "/v1/{name=cases/**}", "/v1//cases", "/v1/{a=*}x"] {
        assert!(Template::parse(text).is_err(), "{text}");
    }
}

#[test]
fn overlap_is_seen_through_wildcards() {
    let overlap = |one, two| Template::parse(one).unwrap().overlaps(&Template::parse(two).unwrap());

    assert!(overlap("/v1/{name=cases/*}", "/v1/cases/{case}"));
    assert!(overlap("/v1/{any=*/*}", "/v1/cases/new"));
    assert!(!overlap("/v1/{name=cases/*}", "/v1/{name=cases/*}:close"));
    assert!(!overlap("/v1/{name=cases/*}", "/v1/{name=sites/*}"));
}
