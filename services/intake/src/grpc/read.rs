//! From the wire to the domain: every violation is kept with its path, and all are reported at once.

use jiff::tz::TimeZone;
use kexiang_core::{
    Channel, CustomerKind, Kind, PhoneNumber, Severity, SiteId, Timestamp,
    phone::{DEFAULT_REGION, is_region},
};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{Violations, field, time};

use crate::domain::{
    Caller, Handling, History, NewCase, NewContact, Purpose, Site, Timing, site::THREE_RINGS,
};

/// A time may be this far in the future: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// What reading a contact needs to know besides it.
pub(super) struct Desk<'a> {
    pub(super) site: &'a SiteId,
    pub(super) phone_region: &'a str,
    pub(super) now: Timestamp,
}

pub(super) fn site(
    id: &str,
    wire: Option<pb::Site>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Site> {
    let id = violations.check("site_id", SiteId::parse(id));
    let wire = violations.required("site", wire)?;
    let display_name = violations.check("site.display_name", field::text(&wire.display_name, 200));
    let zone = TimeZone::get(&wire.time_zone).map_err(|_| "must be an IANA time zone, such as Asia/Shanghai");
    let zone = violations.check("site.time_zone", zone);
    let region = if wire.phone_region.is_empty() { DEFAULT_REGION } else { &wire.phone_region };
    if !is_region(region) {
        violations.add(
            "site.phone_region",
            "INVALID_VALUE",
            "must be a region of ISO 3166-1 alpha-2, such as CN",
        );
    }
    zone?;
    let limit =
        violations.check("site.answer_limit_duration", answer_limit(wire.answer_limit_duration.as_ref()));
    let phone_region = region.to_owned();
    Some(Site {
        id: id?,
        display_name: display_name?,
        time_zone: wire.time_zone,
        phone_region,
        created_at: now,
        answer_limit_seconds: limit?,
    })
}

/// How long a call may ring (IN-5), in seconds.
fn answer_limit(wire: Option<&prost_types::Duration>) -> Result<u32, &'static str> {
    let Some(limit) = wire else { return Ok(THREE_RINGS) };
    match u32::try_from(limit.seconds) {
        Ok(seconds @ 1..=600) if limit.nanos == 0 => Ok(seconds),
        _ => Err("must be whole seconds from 1 s to 600 s"),
    }
}

/// The channel is required; `contact.` is the path of all fields.
pub(super) fn contact(
    wire: Option<pb::Contact>,
    desk: &Desk<'_>,
    violations: &mut Violations,
) -> Option<NewContact> {
    let wire = violations.required("contact", wire)?;
    let contact_at = contact_time(&wire, desk.now, violations);
    let channel =
        field::word::<words::Channel, Channel>(wire.channel, "CHANNEL_", words::Channel::as_str_name);
    let channel = violations.check("contact.channel", channel);
    let purpose =
        field::optional_word::<pb::Purpose, Purpose>(wire.purpose, "PURPOSE_", pb::Purpose::as_str_name);
    let purpose = violations.check("contact.purpose", purpose);
    let need = violations.check("contact.need", field::text(&wire.need, 4_000));
    let heard_from = violations.check("contact.heard_from", field::optional_text(&wire.heard_from, 200));
    let called = violations.check("contact.called_number", field::optional_text(&wire.called_number, 60));
    let timing = timing(&wire, violations);
    let call = violations.check("contact.call", field::optional(&wire.call, field::name));
    let caller = violations.required("contact.caller", wire.caller);
    let caller = caller.and_then(|wire| caller_of(&wire, channel, desk.phone_region, violations));
    Some(NewContact {
        site: desk.site.clone(),
        contact_at: contact_at?,
        channel: channel?,
        purpose: purpose?.unwrap_or(Purpose::Customer),
        caller: caller?,
        need: need?,
        heard_from: heard_from?,
        first_visit: wire.first_visit,
        appointment: wire.appointment,
        timing: timing?,
        called_number: called?,
        call: call?,
    })
}

fn contact_time(wire: &pb::Contact, now: Timestamp, violations: &mut Violations) -> Option<Timestamp> {
    let given =
        violations.check("contact.contact_time", time::optional_timestamp(wire.contact_time.as_ref()))?;
    let contact_at = given.unwrap_or(now);
    if contact_at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_SECONDS) {
        violations.add("contact.contact_time", "IN_THE_FUTURE", "must not be in the future");
        return None;
    }
    Some(contact_at)
}

fn timing(wire: &pb::Contact, violations: &mut Violations) -> Option<Timing> {
    let mut seconds = |field: &str, wire: Option<prost_types::Duration>| {
        let duration = violations.check(field, wire.as_ref().map(time::duration).transpose())?;
        Some(duration.map(|duration| duration.as_secs_f64()))
    };
    let ring = seconds("contact.ring_duration", wire.ring_duration);
    let wait = seconds("contact.wait_duration", wire.wait_duration);
    let talk = seconds("contact.talk_duration", wire.talk_duration);
    let wrap_up = seconds("contact.wrap_up_duration", wire.wrap_up_duration);
    Some(Timing { ring: ring?, wait: wait?, talk: talk?, wrap_up: wrap_up? })
}

fn caller_of(
    wire: &pb::Caller,
    channel: Option<Channel>,
    phone_region: &str,
    violations: &mut Violations,
) -> Option<Caller> {
    let display_name = violations.check("contact.caller.display_name", field::text(&wire.display_name, 200));
    let phone = field::optional(&wire.phone, |text| PhoneNumber::parse(text, phone_region));
    let phone = violations.check("contact.caller.phone", phone);
    let email = violations.check("contact.caller.email", email(&wire.email));
    let address = violations.check("contact.caller.address", field::optional_text(&wire.address, 500));
    type WireKind = words::CustomerKind;
    let kind =
        field::optional_word::<WireKind, CustomerKind>(wire.kind, "CUSTOMER_KIND_", WireKind::as_str_name);
    let kind = violations.check("contact.caller.kind", kind);
    if wire.phone_declined && !wire.phone.is_empty() {
        violations.add("contact.caller.phone_declined", "CONTRADICTION", "a phone was given");
    }
    let reachable = !wire.phone.is_empty()
        || wire.phone_declined
        || (channel.is_some_and(Channel::is_written) && !wire.email.is_empty());
    if !reachable {
        violations.add(
            "contact.caller.phone",
            "REQUIRED",
            "is required, or phone_declined (on written channels an e-mail)",
        );
    }
    Some(Caller {
        display_name: display_name?,
        phone: phone?,
        phone_declined: wire.phone_declined,
        email: email?,
        address: address?,
        kind: kind?.unwrap_or(CustomerKind::Person),
    })
}

/// Something before an @ and something after it; whether mail arrives there is another matter.
fn email(text: &str) -> Result<Option<String>, String> {
    let email = field::optional_text(text, 254).map_err(|error| error.to_string())?;
    match email {
        Some(email)
            if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) =>
        {
            Err("must be an e-mail address".to_owned())
        }
        email => Ok(email),
    }
}

pub(super) fn case(wire: Option<pb::Case>, violations: &mut Violations) -> Option<NewCase> {
    let wire = violations.required("case", wire)?;
    let kind = field::word::<words::Kind, Kind>(wire.kind, "KIND_", words::Kind::as_str_name);
    let kind = violations.check("case.kind", kind);
    let category = violations.check("case.category", field::text(&wire.category, 200));
    let title = violations.check("case.title", field::text(&wire.title, 300));
    let description = violations.check("case.description", field::optional_text(&wire.description, 10_000));
    let district = violations.check("case.district", field::optional_text(&wire.district, 100));
    let address = violations.check("case.address", field::optional_text(&wire.address, 500));
    let severity = field::optional_word::<words::Severity, Severity>(
        wire.severity,
        "SEVERITY_",
        words::Severity::as_str_name,
    );
    let severity = violations.check("case.severity", severity);
    let handling =
        field::optional_word::<pb::Handling, Handling>(wire.handling, "HANDLING_", pb::Handling::as_str_name);
    let handling = violations.check("case.handling", handling);
    let reference = field::optional_text(&wire.external_reference, 100);
    let external_reference = violations.check("case.external_reference", reference);
    Some(NewCase {
        kind: kind?,
        category: category?,
        title: title?,
        description: description?,
        district: district?,
        address: address?,
        severity: severity?.unwrap_or(Severity::Normal),
        handling: handling?.unwrap_or(Handling::Dispatch),
        external_reference: external_reference?,
        history: None,
        category_edition: None,
    })
}

/// A case of another system: its own time, reference and end are required to make sense.
pub(super) fn imported(
    wire: pb::ImportCasesRequest,
    desk: &Desk<'_>,
    violations: &mut Violations,
) -> Option<(NewContact, NewCase)> {
    if wire.contact.as_ref().is_some_and(|contact| contact.contact_time.is_none()) {
        violations.add("contact.contact_time", "REQUIRED", "is required: when it came in there");
    }
    if wire.case.as_ref().is_some_and(|case| case.external_reference.trim().is_empty()) {
        violations.add("case.external_reference", "REQUIRED", "is required: its number there");
    }
    if wire.contact.as_ref().is_some_and(|contact| !contact.call.is_empty()) {
        violations.add(
            "contact.call",
            "NOT_FOR_IMPORTS",
            "must be empty: what is brought over has no call here",
        );
    }
    let closed_at = violations.check("close_time", time::optional_timestamp(wire.close_time.as_ref()));
    let resolution = violations.check("resolution", field::optional_text(&wire.resolution, 10_000));
    let contact = contact(wire.contact, desk, violations);
    let case = case(wire.case, violations);
    let (contact, closed_at) = (contact?, closed_at?);
    if closed_at.is_some_and(|closed_at| closed_at < contact.contact_at) {
        violations.add("close_time", "BEFORE_START", "must not be before contact.contact_time");
    }
    if closed_at.is_some_and(|closed_at| closed_at.as_second() > desk.now.as_second() + CLOCK_SKEW_SECONDS) {
        violations.add("close_time", "IN_THE_FUTURE", "must not be in the future");
    }
    let history = Some(History { closed_at, resolution: resolution? });
    Some((contact, NewCase { history, handling: Handling::Dispatch, ..case? }))
}
