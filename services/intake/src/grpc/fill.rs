//! What a contact leaves empty and the number that was called, or its call, says (IN-2, IN-3).

use kexiang_core::CallId;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{field, time};
use tonic::Status;

use super::{convert, status::status};
use crate::{
    app::App,
    domain::{PhoneCall, published_number::dialled},
};

/// Fills in, before anything is judged. A call that is well named and unknown is NOT_FOUND, whatever else is wrong.
pub(super) async fn fill(
    app: &App,
    contact: Option<&mut pb::Contact>,
    case: Option<&mut pb::Case>,
) -> Result<(), Status> {
    let Some(contact) = contact else { return Ok(()) };
    if let Ok(Some(id)) = field::optional::<CallId, _>(&contact.call, field::name) {
        let call = app.get_call(id).await.map_err(status)?;
        from_call(contact, &call);
    }
    let category = case.filter(|case| case.category.trim().is_empty());
    // Asked only where it is needed: most contacts name their site and category.
    if contact.called_number.is_empty() || (!contact.site.is_empty() && category.is_none()) {
        return Ok(());
    }
    let number = dialled(&contact.called_number);
    // PostgreSQL can't keep it, so no published number has it.
    if number.contains('\0') {
        return Ok(());
    }
    let found = app.find_dialled(std::slice::from_ref(&number)).await.map_err(status)?;
    let Some(published) = found.get(&number) else { return Ok(()) };
    if contact.site.is_empty() {
        contact.site = published.site.name();
    }
    if let Some(case) = category {
        case.category = published.default_category.clone().unwrap_or_default();
    }
    Ok(())
}

/// What the call knows better, and what the agent may leave to it.
fn from_call(contact: &mut pb::Contact, call: &PhoneCall) {
    contact.contact_time = Some(time::to_wire(call.life.offered_at));
    contact.channel = convert::channel(call.life.channel());
    contact.called_number = call.life.called_number.clone().unwrap_or_default();
    contact.ring_duration = None;
    contact.wait_duration = None;
    contact.talk_duration = None;
    contact.wrap_up_duration = None;
    if contact.site.is_empty() {
        contact.site = call.site.name();
    }
    if let (Some(caller), Some(phone)) = (&mut contact.caller, call.phone())
        && caller.phone.is_empty()
        && !caller.phone_declined
    {
        caller.phone = phone.to_string();
    }
}
