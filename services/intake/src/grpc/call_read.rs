//! Events of calls from the wire: each on its own, with every violation.

use std::{collections::HashMap, sync::Arc};

use kexiang_core::{AgentId, Channel, PhoneNumber, SiteId, Timestamp};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{Violations, field, time};

use crate::{
    app::calls::{FieldFault, ReportItem, Reported},
    domain::{CallEvent, PublishedNumber, Site, call::CallEventKind, published_number::dialled},
};

/// A time may be this far in the future: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// What reading events needs to know besides them.
pub(super) struct Ground {
    pub(super) now: Timestamp,
    pub(super) source: String,
    /// Of events that name none.
    pub(super) site: Option<SiteId>,
    /// By number, those that were called.
    pub(super) numbers: HashMap<String, PublishedNumber>,
    /// Those that are named and exist.
    pub(super) sites: HashMap<SiteId, Arc<Site>>,
}

/// Reads the event at place `nr` of the report.
pub(super) fn event(nr: usize, wire: &pb::CallEvent, ground: &Ground) -> ReportItem {
    let mut reader = Reader { path: format!("events[{nr}]"), violations: Violations::default() };
    match reader.event(wire, ground) {
        Some(reported) if reader.violations.is_empty() => ReportItem::Event(Box::new(reported)),
        _ => {
            let fault = |(field, description, reason): (&str, &str, &str)| FieldFault {
                field: field.to_owned(),
                description: description.to_owned(),
                reason: reason.to_owned(),
            };
            // The id comes back as sent, but for what an answer can't keep.
            let event_id = wire.event_id.chars().filter(|letter| *letter != '\0').take(100).collect();
            ReportItem::Refused { event_id, faults: reader.violations.iter().map(fault).collect() }
        }
    }
}

/// The channels of calls.
pub(super) fn call_channel(number: i32) -> Result<Option<Channel>, String> {
    type Wire = words::Channel;
    let channel = field::optional_word::<Wire, Channel>(number, "CHANNEL_", Wire::as_str_name);
    match channel.map_err(|error| error.to_string())? {
        None | Some(Channel::Hotline | Channel::GridPhone) => Ok(channel_of(number)),
        Some(_) => Err("must be HOTLINE or GRID_PHONE".to_owned()),
    }
}

fn channel_of(number: i32) -> Option<Channel> {
    match words::Channel::try_from(number) {
        Ok(words::Channel::Hotline) => Some(Channel::Hotline),
        Ok(words::Channel::GridPhone) => Some(Channel::GridPhone),
        _ => None,
    }
}

struct Reader {
    path: String,
    violations: Violations,
}

impl Reader {
    fn check<T, E: std::fmt::Display>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        self.violations.check(&format!("{}.{name}", self.path), result)
    }

    fn add(&mut self, name: &str, reason: &str, description: &str) {
        self.violations.add(&format!("{}.{name}", self.path), reason, description);
    }

    fn event(&mut self, wire: &pb::CallEvent, ground: &Ground) -> Option<Reported> {
        let event_id = self.check("event_id", field::text(&wire.event_id, 100));
        let reference = self.check("call_id", field::text(&wire.call_id, 100));
        let called = self.check("called_number", field::optional_text(&wire.called_number, 60));
        let called =
            called.map(|called| called.map(|called| dialled(&called)).filter(|called| !called.is_empty()));
        let published = called.as_ref().and_then(|called| ground.numbers.get(called.as_ref()?));
        let site = self.site(wire, published, ground);
        let kind = self.kind(wire);
        let event_at = self.time(wire, ground.now);
        let agent = self.agent(wire, kind);
        let channel = self.check("channel", call_channel(wire.channel));
        let site = site?;
        let caller_phone = PhoneNumber::parse(&wire.caller_phone, &site.phone_region).ok();
        let event = CallEvent {
            source: ground.source.clone(),
            event_id: event_id?,
            kind: kind?,
            event_at: event_at?,
            agent: agent?,
            caller_phone,
            called_number: called?,
            channel: channel?.or(published.map(|number| number.channel)),
            language: published.and_then(|number| number.language.clone()),
        };
        Some(Reported { event, site: site.id.clone(), reference: reference? })
    }

    /// The event's own site, that of the number that was called, or that of the report.
    fn site(
        &mut self,
        wire: &pb::CallEvent,
        published: Option<&PublishedNumber>,
        ground: &Ground,
    ) -> Option<Arc<Site>> {
        let named: Option<SiteId> = self.check("site", field::optional(&wire.site, field::slug_name))?;
        let site =
            named.or_else(|| published.map(|number| number.site.clone())).or_else(|| ground.site.clone());
        let Some(site) = site else {
            self.add(
                "site",
                "REQUIRED",
                "is required: the called number is not published and the report names none",
            );
            return None;
        };
        let known = ground.sites.get(&site).cloned();
        if known.is_none() {
            self.add("site", "NOT_FOUND", "there is no such site");
        }
        known
    }

    fn kind(&mut self, wire: &pb::CallEvent) -> Option<CallEventKind> {
        type Wire = pb::CallEventKind;
        let kind = field::word::<Wire, CallEventKind>(wire.kind, "CALL_EVENT_KIND_", Wire::as_str_name);
        self.check("kind", kind)
    }

    fn time(&mut self, wire: &pb::CallEvent, now: Timestamp) -> Option<Timestamp> {
        let Some(given) = wire.event_time.as_ref() else {
            self.add("event_time", "REQUIRED", "is required");
            return None;
        };
        let event_at = self.check("event_time", time::timestamp(given))?;
        if event_at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_SECONDS) {
            self.add("event_time", "IN_THE_FUTURE", "must not be in the future");
            return None;
        }
        Some(event_at)
    }

    fn agent(&mut self, wire: &pb::CallEvent, kind: Option<CallEventKind>) -> Option<Option<AgentId>> {
        let agent = self.check("agent", field::optional(&wire.agent, field::slug_name))?;
        if agent.is_none() && kind.is_some_and(CallEventKind::needs_agent) {
            self.add("agent", "REQUIRED", "is required: whose phone rings, or who talks");
        }
        Some(agent)
    }
}
