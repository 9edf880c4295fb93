//! Reading who came from a contact of intake.

use kexiang_core::{ContactId, CustomerKind, PhoneNumber, phone::DEFAULT_REGION};
use kexiang_proto::{intake_v1::Contact, type_v1};
use kexiang_rpc::field;

use crate::domain::{
    contact_point::ContactPoint,
    customer::{CustomerProfile, MAX_DISPLAY_NAME},
};

/// Who came; `None` when the contact has no name of ours. Intake has checked what is read here, so a contact point that we
/// read otherwise is left out: an event must not stand still for it.
pub fn read(contact: &Contact) -> Option<(ContactId, CustomerProfile)> {
    let contact_id = field::name(&contact.name).ok()?;
    let caller = contact.caller.as_ref()?;
    let kind = field::optional_word(caller.kind, "CUSTOMER_KIND_", type_v1::CustomerKind::as_str_name);
    // In the order of trust: the phone says best who it is.
    let contact_points = [
        PhoneNumber::parse(&caller.phone, DEFAULT_REGION).ok().map(|phone| ContactPoint::phone(&phone)),
        ContactPoint::email(&caller.email).ok(),
        ContactPoint::address(&caller.address).ok(),
    ];
    let profile = CustomerProfile {
        outlet_kind: None,
        kind: kind.ok().flatten().unwrap_or(CustomerKind::Person),
        display_name: field::text(&caller.display_name, MAX_DISPLAY_NAME)
            .unwrap_or_else(|_| contact_id.name()),
        contact_points: contact_points.into_iter().flatten().collect(),
    };
    Some((contact_id, profile))
}
