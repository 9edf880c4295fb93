//! Reading what somebody looks for: a phone, an e-mail, a messaging id, an address, or a name.

use kexiang_core::PhoneNumber;
use kexiang_proto::customers_v1::SearchCustomersRequest;
use kexiang_rpc::{Violations, field};

use super::convert;
use crate::{
    app::search::Search,
    domain::{
        contact_point::{ContactPoint, ContactPointKind, KNOWN_PROVIDERS},
        customer::MAX_DISPLAY_NAME,
        name_search::NameQuery,
    },
};

/// Shorter texts are no address, and no id of a known provider.
const SHORTEST_ADDRESS: usize = 4;
const SHORTEST_ID: usize = 4;

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
    let contact_points: Vec<_> =
        phone.ok().map(|phone| ContactPoint::phone(&phone)).into_iter().chain(email).collect();
    let name = NameQuery::parse(&text);
    // A text that is a contact point need not be a name too.
    let name = if contact_points.is_empty() && !is_provided(&text) {
        Some(violations.check("query", name)?)
    } else {
        name.ok()
    };
    let contact_points =
        contact_points.into_iter().chain(messaging(&text)).map(|point| point.key()).collect();
    let address = ContactPoint::address(&text).ok().filter(|_| text.chars().count() >= SHORTEST_ADDRESS);
    Some(Search { contact_points, address: address.map(|point| point.key()), name })
}

/// Whether the text names a provider.
fn is_provided(text: &str) -> bool {
    ContactPoint::parse(ContactPointKind::Messaging, text, "").is_ok()
}

/// Messaging ids that a text may be: of the provider that it names, else of all known ones.
fn messaging(text: &str) -> Vec<ContactPoint> {
    if let Ok(provided) = ContactPoint::parse(ContactPointKind::Messaging, text, "") {
        return vec![provided];
    }
    if text.chars().count() < SHORTEST_ID {
        return Vec::new();
    }
    KNOWN_PROVIDERS.iter().filter_map(|provider| ContactPoint::messaging(provider, text).ok()).collect()
}
