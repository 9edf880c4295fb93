//! What a complaint needs beyond any other case (IN-13): a phone and an address. Its name and its matter are the contact's
//! `display_name` and `need`, which every contact has to have.

use kexiang_proto::{intake_v1 as pb, type_v1::Kind};
use kexiang_rpc::Violations;

/// Keeps what a complaint lacks; other cases lack nothing here. Paths are not named twice: what reading the contact refuses
/// by itself is left to it.
pub(super) fn check(contact: Option<&pb::Contact>, case: Option<&pb::Case>, violations: &mut Violations) {
    let Some(case) = case.filter(|case| case.kind() == Kind::Complaint) else { return };
    let Some(caller) = contact.and_then(|contact| contact.caller.as_ref()) else { return };
    let has_phone = !caller.phone.is_empty();
    if caller.phone_declined && !has_phone {
        violations.add("contact.caller.phone_declined", "COMPLAINT", "a complaint needs a phone");
    } else if !has_phone && reads_without_phone(contact, caller) {
        violations.add("contact.caller.phone", "REQUIRED", "is required for a complaint");
    }
    if case.address.trim().is_empty() && caller.address.trim().is_empty() {
        violations.add("case.address", "REQUIRED", "is required for a complaint, or contact.caller.address");
    }
}

/// Whether the contact by itself would do with an e-mail address.
fn reads_without_phone(contact: Option<&pb::Contact>, caller: &pb::Caller) -> bool {
    let channel = contact.map(|contact| contact.channel().as_str_name()).unwrap_or_default();
    let channel =
        channel.strip_prefix("CHANNEL_").and_then(|word| word.parse::<kexiang_core::Channel>().ok());
    channel.is_some_and(kexiang_core::Channel::is_written) && !caller.email.is_empty()
}
