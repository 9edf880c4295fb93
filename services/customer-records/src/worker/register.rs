//! Reading intake's public register from its events: who received whom, who answered which call, and in which zone.

use kexiang_core::{AgentId, ContactId, SiteId};
use kexiang_events::{HandlerError, Received};
use kexiang_proto::intake_v1::{CallFacts, ContactFacts, Purpose, Site};
use kexiang_rpc::field;

use crate::{
    app::ownership::reception::{Cause, RegisterNews},
    domain::ownership::Reception,
};

/// A contact of a customer. Market researchers and inspectors are nobody's (IN-4).
pub fn contact(
    event: Received<'_>,
    facts: &ContactFacts,
    news: &mut RegisterNews,
) -> Result<(), HandlerError> {
    if facts.purpose() != Purpose::Customer {
        return Ok(());
    }
    let contact_id = event.name(&facts.contact)?;
    if news.receptions.iter().any(|(reception, _)| reception.contact_id == contact_id) {
        return Ok(());
    }
    let channel = facts.channel().as_str_name();
    let reception = Reception {
        contact_id,
        site: event.read(field::slug_name(&facts.site))?,
        register_number: facts.register_number,
        contact_at: event.time(facts.contact_time.as_ref())?,
        channel: channel.strip_prefix("CHANNEL_").unwrap_or(channel).to_owned(),
        agent: event.read(field::optional(&facts.agent, field::slug_name))?,
        answered: false,
    };
    news.receptions.push((reception, Cause { event: event.id()?, traceparent: event.traceparent() }));
    Ok(())
}

/// Who answered a call.
pub fn answer(event: Received<'_>, news: &mut RegisterNews) -> Result<(), HandlerError> {
    let facts: CallFacts = event.facts()?;
    let contact: Option<ContactId> = event.optional_name(&facts.contact)?;
    let agent: Option<AgentId> = event.read(field::optional(&facts.agent, field::slug_name))?;
    if let (Some(contact), Some(agent)) = (contact, agent) {
        news.answers.push((contact, agent, event.time(event.0.time.as_ref())?));
    }
    Ok(())
}

/// The zone of a new site.
pub fn site(event: Received<'_>, news: &mut RegisterNews) -> Result<(), HandlerError> {
    let site: Site = event.facts()?;
    zone(event, &site.name, &site.time_zone, news)
}

/// The zone of a site, if it is told.
pub fn zone(
    event: Received<'_>,
    site: &str,
    time_zone: &str,
    news: &mut RegisterNews,
) -> Result<(), HandlerError> {
    let site: Option<SiteId> = event.read(field::optional(site, field::slug_name))?;
    if let Some(site) = site.filter(|_| !time_zone.is_empty()) {
        news.zones.insert(site, time_zone.to_owned());
    }
    Ok(())
}
