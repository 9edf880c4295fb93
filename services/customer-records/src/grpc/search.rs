//! Reading what somebody looks for: a phone, an e-mail, or a name.

use kexiang_core::PhoneNumber;
use kexiang_proto::customers_v1::SearchCustomersRequest;
use kexiang_rpc::{Violations, field};

use super::convert;
use crate::{
    app::search::Search,
    domain::{contact_point::ContactPoint, customer::MAX_DISPLAY_NAME, name_search::NameQuery},
};

/// Reads a query: everything that it may be.
pub fn search(request: &SearchCustomersRequest, violations: &mut Violations) -> Option<Search> {
    let region = convert::region(&request.phone_region);
    let text = violations.check("query", field::text(&request.query, MAX_DISPLAY_NAME));
    let phone = PhoneNumber::parse(&request.query, region);
    if convert::phone_field(&phone) == "phone_region" {
        violations.check("phone_region", phone.clone());
    }
    let text = text?;
    let email = text.contains('@').then(|| ContactPoint::email(&text).ok()).flatten();
    let contact_points = [phone.ok().map(|phone| ContactPoint::phone(&phone)), email];
    let contact_points: Vec<_> = contact_points.iter().flatten().map(ContactPoint::key).collect();
    let name = NameQuery::parse(&text);
    // A text that is a contact point need not be a name too.
    let name = if contact_points.is_empty() { Some(violations.check("query", name)?) } else { name.ok() };
    Some(Search { contact_points, name })
}
