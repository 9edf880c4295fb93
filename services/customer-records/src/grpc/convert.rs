//! Between the wire and the domain. Reading collects all violations with their paths.

use kexiang_core::{CaseId, CustomerId, CustomerKind, SiteId, phone::InvalidPhone};
use kexiang_proto::{
    customers_v1::{
        self as pb,
        contact_point::{AddressKind as WireAddressKind, Kind},
        preferred_time::Day as WireDay,
    },
    type_v1,
};
use kexiang_rpc::{Violations, field, time};

use super::privacy::field_to_wire;
use crate::domain::{
    contact_point::{AddressKind, ContactPoint, ContactPointKind, InvalidContactPoint, PointDetails},
    customer::{Customer, CustomerProfile, MAX_CONTACT_POINTS, MAX_DISPLAY_NAME, OutletKind},
    preferred_time::{Day, LocalTime, MOST_PREFERRED_TIMES, PreferredTime},
    privacy::{PersonalField, mask, sight::Sight},
    recognition::{CallerFrequency, KnownCaller, OpenCase},
    timeline::{Owner, TimelineEntry},
};

/// Region of phones in local form when a request names none.
pub fn region(text: &str) -> &str {
    if text.is_empty() { kexiang_core::phone::DEFAULT_REGION } else { text }
}

/// The field that is wrong when a phone can't be read: the region, or the phone itself.
pub const fn phone_field<T>(phone: &Result<T, InvalidPhone>) -> &'static str {
    match phone {
        Err(InvalidPhone::Region) => "phone_region",
        _ => "phone",
    }
}

/// Reads what a new customer is made of.
pub fn profile(wire: &pb::Customer, region: &str, violations: &mut Violations) -> Option<CustomerProfile> {
    let kind = kind(wire, violations);
    let outlet_kind = outlet_kind(wire, kind, violations);
    let display_name = display_name(wire, violations);
    let contact_points = contact_points(wire, region, violations);
    Some(CustomerProfile {
        kind: kind?,
        outlet_kind: outlet_kind?,
        display_name: display_name?,
        contact_points: contact_points?,
    })
}

/// Reads the kind; a person when unspecified.
pub fn kind(wire: &pb::Customer, violations: &mut Violations) -> Option<CustomerKind> {
    let kind = field::optional_word(wire.kind, "CUSTOMER_KIND_", type_v1::CustomerKind::as_str_name);
    Some(violations.check("customer.kind", kind)?.unwrap_or(CustomerKind::Person))
}

/// Reads what sort of outlet it is; `kind` is what the same request says, if it does.
pub fn outlet_kind(
    wire: &pb::Customer,
    kind: Option<CustomerKind>,
    violations: &mut Violations,
) -> Option<Option<OutletKind>> {
    let read = field::optional_word(wire.outlet_kind, "OUTLET_KIND_", pb::OutletKind::as_str_name);
    let read = violations.check("customer.outlet_kind", read)?;
    if read.is_some() && kind.is_some_and(|kind| kind != CustomerKind::Outlet) {
        return violations.check("customer.outlet_kind", Err("is for outlets alone"));
    }
    Some(read)
}

/// Reads the display name.
pub fn display_name(wire: &pb::Customer, violations: &mut Violations) -> Option<String> {
    violations.check("customer.display_name", field::text(&wire.display_name, MAX_DISPLAY_NAME))
}

/// Reads all contact points; no two may be the same.
pub fn contact_points(
    wire: &pb::Customer,
    region: &str,
    violations: &mut Violations,
) -> Option<Vec<ContactPoint>> {
    if wire.contact_points.len() > MAX_CONTACT_POINTS {
        let most = format!("must be at most {MAX_CONTACT_POINTS}");
        return violations.check("customer.contact_points", Err(most));
    }
    let mut points: Vec<Option<ContactPoint>> = Vec::new();
    for (index, point) in wire.contact_points.iter().enumerate() {
        let path = format!("customer.contact_points[{index}]");
        let read = contact_point(point, region, &path, violations);
        let key = read.as_ref().map(ContactPoint::key);
        let same =
            |other: &Option<ContactPoint>| key.is_some() && other.as_ref().map(ContactPoint::key) == key;
        if let Some(first) = points.iter().position(same) {
            violations.add(&path, "DUPLICATE", format!("is the same as customer.contact_points[{first}]"));
        }
        points.push(read);
    }
    points.into_iter().collect()
}

/// Reads the contact point at `path`.
pub fn contact_point(
    wire: &pb::ContactPoint,
    region: &str,
    path: &str,
    violations: &mut Violations,
) -> Option<ContactPoint> {
    let kind = field::word::<Kind, ContactPointKind>(wire.kind, "KIND_", Kind::as_str_name);
    let kind = violations.check(&format!("{path}.kind"), kind)?;
    let details = details(wire, kind, path, violations);
    if kind != ContactPointKind::Messaging && !wire.provider.is_empty() {
        violations.add(&format!("{path}.provider"), "INVALID_VALUE", "is for messaging ids alone");
    }
    let point = if kind == ContactPointKind::Messaging {
        ContactPoint::messaging(&wire.provider, &wire.value)
    } else {
        ContactPoint::parse(kind, &wire.value, region)
    };
    if point == Err(InvalidContactPoint::Provider) {
        return violations.check(&format!("{path}.provider"), point);
    }
    if matches!(point, Err(InvalidContactPoint::Phone(InvalidPhone::Region))) {
        // Wrong once for all phones of the request.
        let told = violations.iter().any(|(field, ..)| field == "phone_region");
        return if told { None } else { violations.check("phone_region", point) };
    }
    Some(violations.check(&format!("{path}.value"), point)?.with_details(details?))
}

/// Reads what is said of a contact point of this kind.
fn details(
    wire: &pb::ContactPoint,
    kind: ContactPointKind,
    path: &str,
    violations: &mut Violations,
) -> Option<PointDetails> {
    let field = format!("{path}.address_kind");
    let address_kind = field::optional_word(wire.address_kind, "ADDRESS_KIND_", WireAddressKind::as_str_name);
    let address_kind = violations.check(&field, address_kind);
    if kind != ContactPointKind::Address && address_kind.flatten().is_some() {
        violations.add(&field, "INVALID_VALUE", "is for addresses alone");
    }
    if wire.preferred_times.len() > MOST_PREFERRED_TIMES {
        let most = format!("must be at most {MOST_PREFERRED_TIMES}");
        return violations.check(&format!("{path}.preferred_times"), Err(most));
    }
    let times = wire.preferred_times.iter().enumerate();
    let read = |(index, time)| preferred_time(time, &format!("{path}.preferred_times[{index}]"), violations);
    let times: Vec<Option<PreferredTime>> = times.map(read).collect();
    let preferred_times = times.into_iter().collect::<Option<Vec<_>>>();
    Some(PointDetails { address_kind: address_kind?, preferred_times: preferred_times? })
}

fn preferred_time(
    wire: &pb::PreferredTime,
    path: &str,
    violations: &mut Violations,
) -> Option<PreferredTime> {
    let mut days: Vec<Option<Day>> = Vec::new();
    for (index, number) in wire.days.iter().enumerate() {
        let field = format!("{path}.days[{index}]");
        let day = violations.check(&field, field::word(*number, "DAY_", WireDay::as_str_name));
        if day.is_some() && days.contains(&day) {
            violations.add(&field, "DUPLICATE", "is given twice");
        }
        days.push(day);
    }
    let time =
        |text: &str, otherwise| if text.is_empty() { Ok(otherwise) } else { text.parse::<LocalTime>() };
    let begin = violations.check(&format!("{path}.begin"), time(&wire.begin, LocalTime::BEGIN));
    let end = violations.check(&format!("{path}.end"), time(&wire.end, LocalTime::END));
    let days = days.into_iter().collect::<Option<Vec<_>>>();
    violations.check(&format!("{path}.end"), PreferredTime::new(days?, begin?, end?))
}

/// Reads a customer's resource name.
pub fn customer_name(field: &str, name: &str, violations: &mut Violations) -> Option<CustomerId> {
    violations.check(field, field::name(name))
}

/// Writes a customer as somebody with this sight sees them.
pub fn customer(customer: &Customer, sight: &Sight) -> pb::Customer {
    let point = |point| contact_point_to_wire(point, sight);
    let masked = PersonalField::ALL.into_iter().filter(|field| !sight.sees(*field)).collect::<Vec<_>>();
    pb::Customer {
        name: customer.customer_id.name(),
        kind: customer_kind(customer.kind).into(),
        outlet_kind: outlet_kind_to_wire(customer.outlet_kind).into(),
        display_name: if sight.sees(PersonalField::Name) || customer.erased_at.is_some() {
            customer.display_name.clone()
        } else {
            mask::name(&customer.display_name)
        },
        contact_points: customer.contact_points.iter().map(point).collect(),
        masked_fields: masked.into_iter().map(|field| field_to_wire(field).into()).collect(),
        erase_time: customer.erased_at.map(time::to_wire),
        create_time: Some(time::to_wire(customer.created_at)),
        update_time: Some(time::to_wire(customer.updated_at)),
        etag: customer.version.to_string(),
    }
}

/// Writes what a customer is.
pub const fn customer_kind(kind: CustomerKind) -> type_v1::CustomerKind {
    match kind {
        CustomerKind::Person => type_v1::CustomerKind::Person,
        CustomerKind::Household => type_v1::CustomerKind::Household,
        CustomerKind::Organisation => type_v1::CustomerKind::Organisation,
        CustomerKind::Outlet => type_v1::CustomerKind::Outlet,
    }
}

fn contact_point_to_wire(point: &ContactPoint, sight: &Sight) -> pb::ContactPoint {
    let kind = match point.kind() {
        ContactPointKind::Phone => Kind::Phone,
        ContactPointKind::Email => Kind::Email,
        ContactPointKind::Address => Kind::Address,
        ContactPointKind::Messaging => Kind::Messaging,
    };
    let in_clear = sight.sees(mask::field_of(point.kind()));
    let (provider, text) = point.provider_and_text();
    let value = if in_clear { text.to_owned() } else { mask::contact_point(point) };
    let details = point.details();
    let times = details.preferred_times.iter().filter(|_| in_clear);
    pb::ContactPoint {
        kind: kind.into(),
        value,
        provider: provider.to_owned(),
        address_kind: address_kind_to_wire(details.address_kind).into(),
        preferred_times: times.map(preferred_time_to_wire).collect(),
    }
}

const fn outlet_kind_to_wire(kind: Option<OutletKind>) -> pb::OutletKind {
    match kind {
        None => pb::OutletKind::Unspecified,
        Some(OutletKind::Shop) => pb::OutletKind::Shop,
        Some(OutletKind::Dealer) => pb::OutletKind::Dealer,
        Some(OutletKind::Franchise) => pb::OutletKind::Franchise,
    }
}

const fn address_kind_to_wire(kind: Option<AddressKind>) -> WireAddressKind {
    match kind {
        None => WireAddressKind::Unspecified,
        Some(AddressKind::Home) => WireAddressKind::Home,
        Some(AddressKind::Work) => WireAddressKind::Work,
        Some(AddressKind::Delivery) => WireAddressKind::Delivery,
        Some(AddressKind::Billing) => WireAddressKind::Billing,
        Some(AddressKind::Other) => WireAddressKind::Other,
    }
}

fn preferred_time_to_wire(time: &PreferredTime) -> pb::PreferredTime {
    let day = |day: &Day| match day {
        Day::Monday => WireDay::Monday,
        Day::Tuesday => WireDay::Tuesday,
        Day::Wednesday => WireDay::Wednesday,
        Day::Thursday => WireDay::Thursday,
        Day::Friday => WireDay::Friday,
        Day::Saturday => WireDay::Saturday,
        Day::Sunday => WireDay::Sunday,
    };
    pb::PreferredTime {
        days: time.days().iter().map(|it| day(it).into()).collect(),
        begin: time.begin().to_string(),
        end: time.end().to_string(),
    }
}

/// Writes who calls; `None` is an unknown phone.
pub fn recognition(caller: Option<&KnownCaller>, sight: &Sight) -> pb::Recognition {
    let Some(caller) = caller else {
        return pb::Recognition {
            frequency: frequency(CallerFrequency::Unknown).into(),
            ..Default::default()
        };
    };
    pb::Recognition {
        customer: Some(customer(&caller.customer, sight)),
        frequency: frequency(CallerFrequency::of_known(caller.recent_contacts)).into(),
        recent_contacts: i32::try_from(caller.recent_contacts).unwrap_or(i32::MAX),
        open_cases: caller.open_cases.iter().map(open_case).collect(),
    }
}

const fn frequency(frequency: CallerFrequency) -> pb::CallerFrequency {
    match frequency {
        CallerFrequency::Unknown => pb::CallerFrequency::Unknown,
        CallerFrequency::First => pb::CallerFrequency::First,
        CallerFrequency::Second => pb::CallerFrequency::Second,
        CallerFrequency::Repeated => pb::CallerFrequency::Repeated,
    }
}

/// Writes an open case.
pub fn open_case(case: &OpenCase) -> pb::OpenCase {
    pb::OpenCase {
        case: case.case_id.name(),
        number: case.number.clone(),
        category: case.category.clone(),
        accept_time: Some(time::to_wire(case.accepted_at)),
    }
}

/// Writes one thing that happened.
pub fn timeline_entry(entry: &TimelineEntry) -> pb::TimelineEntry {
    let case = match entry.owner {
        Owner::Case(case_id) => Some(case_id),
        Owner::Contact(_, case_id) => case_id,
    };
    pb::TimelineEntry {
        time: Some(time::to_wire(entry.occurred_at)),
        r#type: entry.event_type.clone(),
        subject: entry.subject.clone(),
        actor: entry.actor.clone(),
        case: case.map(CaseId::name).unwrap_or_default(),
        site: entry.site.as_ref().map(SiteId::name).unwrap_or_default(),
    }
}
