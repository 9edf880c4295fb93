//! Between the wire and the domain. Reading collects all violations with their paths.

use kexiang_core::{CaseId, CustomerId, CustomerKind, SiteId, phone::InvalidPhone};
use kexiang_proto::{
    customers_v1::{self as pb, contact_point::Kind},
    type_v1,
};
use kexiang_rpc::{Violations, field, time};

use super::privacy::field_to_wire;
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKind, InvalidContactPoint},
    customer::{Customer, CustomerProfile, MAX_CONTACT_POINTS, MAX_DISPLAY_NAME},
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
    let display_name = display_name(wire, violations);
    let contact_points = contact_points(wire, region, violations);
    Some(CustomerProfile { kind: kind?, display_name: display_name?, contact_points: contact_points? })
}

/// Reads the kind; a person when unspecified.
pub fn kind(wire: &pb::Customer, violations: &mut Violations) -> Option<CustomerKind> {
    let kind = field::optional_word(wire.kind, "CUSTOMER_KIND_", type_v1::CustomerKind::as_str_name);
    Some(violations.check("customer.kind", kind)?.unwrap_or(CustomerKind::Person))
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
    let point = ContactPoint::parse(kind, &wire.value, region);
    if matches!(point, Err(InvalidContactPoint::Phone(InvalidPhone::Region))) {
        // Wrong once for all phones of the request.
        let told = violations.iter().any(|(field, ..)| field == "phone_region");
        return if told { None } else { violations.check("phone_region", point) };
    }
    violations.check(&format!("{path}.value"), point)
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
    };
    let in_clear = sight.sees(mask::field_of(point.kind()));
    let value = if in_clear { point.value().to_owned() } else { mask::contact_point(point) };
    pb::ContactPoint { kind: kind.into(), value }
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
