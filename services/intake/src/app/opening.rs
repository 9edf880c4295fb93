//! Opening a case in the name of a contact: the one place, for what the writer takes in and for the contact of a call.

use kexiang_core::{Call, CaseId, Timestamp};
use kexiang_events::Draft;

use crate::domain::{Case, Contact, NewCase, Site, case::Opening, category::Edition};

/// A case to be written, with what belongs to it.
pub(super) struct Opened {
    /// The case.
    pub(super) case: Case,
    /// The version of the site's category tree that it was accepted under.
    pub(super) edition: Option<(CaseId, Edition)>,
    /// The event that tells it.
    pub(super) told: Draft,
}

/// Accepts a case of `contact` in the name of who registered it. One that is brought over was accepted when its contact came in.
pub(super) fn open_case(
    new: NewCase,
    contact: &Contact,
    id: CaseId,
    site: &Site,
    call: &Call,
    now: Timestamp,
) -> Result<Opened, serde_json::Error> {
    let (event_type, accepted_at) = match new.history {
        Some(_) => ("case.imported", contact.contact_at),
        None => ("case.accepted", now),
    };
    let edition = new.category_edition.clone().map(|edition| (id, edition));
    let opening = Opening {
        site: site.id.clone(),
        contact: contact.id,
        channel: contact.channel,
        number: site.case_number(accepted_at, contact.register_number),
        accepted_at,
        agent: call.actor.agent().cloned(),
        now,
    };
    let case = new.accept(id, opening);
    let told = Draft::new(event_type, id.name(), accepted_at, &case.facts(&site.time_zone))?.by(call);
    Ok(Opened { case, edition, told })
}
