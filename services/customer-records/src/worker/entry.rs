//! The timeline entry that an event is.

use kexiang_core::SiteId;
use kexiang_events::{HandlerError, Received};
use kexiang_rpc::field;

use crate::domain::timeline::{Owner, TimelineEntry};

/// The entry of the event about `owner`; `site` is a resource name, or empty.
pub fn entry(event: Received<'_>, owner: Owner, site: &str) -> Result<TimelineEntry, HandlerError> {
    let site: Option<SiteId> = event.read(field::optional(site, field::slug_name))?;
    Ok(TimelineEntry {
        entry_id: event.id()?,
        owner,
        occurred_at: event.time(event.0.time.as_ref())?,
        event_type: event.0.r#type.clone(),
        subject: event.0.subject.clone(),
        actor: event.0.actor.clone(),
        site,
    })
}
