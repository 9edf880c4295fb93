//! Reading what to change of a customer: the mask of UpdateCustomer (AIP-134, AIP-161, AIP-203).
//!
//! An unknown path is a violation, an output-only one is ignored, `*` stands for all; without a mask all populated fields
//! are taken. Fields outside the mask are not even looked at.

use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::Violations;

use super::convert;
use crate::domain::customer::CustomerChange;

const OUTPUT_ONLY: [&str; 4] = ["name", "create_time", "update_time", "etag"];
const MASK: &str = "update_mask";

/// The fields to change.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Selected {
    kind: bool,
    outlet_kind: bool,
    display_name: bool,
    contact_points: bool,
}

/// Reads the change that a request asks for of `customer`.
pub fn change(
    request: &pb::UpdateCustomerRequest,
    customer: &pb::Customer,
    violations: &mut Violations,
) -> Option<CustomerChange> {
    let region = convert::region(&request.phone_region);
    let selected = match &request.update_mask {
        Some(mask) if !mask.paths.is_empty() => by_mask(&mask.paths, violations),
        _ => populated(customer),
    };
    let kind = selected.kind.then(|| convert::kind(customer, violations));
    let outlet_kind =
        selected.outlet_kind.then(|| convert::outlet_kind(customer, kind.flatten(), violations));
    let display_name = selected.display_name.then(|| convert::display_name(customer, violations));
    let contact_points =
        selected.contact_points.then(|| convert::contact_points(customer, region, violations));
    Some(CustomerChange {
        kind: kind.map_or(Some(None), |kind| kind.map(Some))?,
        outlet_kind: outlet_kind.map_or(Some(None), |sort| sort.map(Some))?,
        display_name: display_name.map_or(Some(None), |name| name.map(Some))?,
        contact_points: contact_points.map_or(Some(None), |points| points.map(Some))?,
    })
}

/// Whether a customer has this field, and it may be updated.
pub fn is_field(path: &str) -> bool {
    let mut violations = Violations::default();
    by_mask(&[path.to_owned()], &mut violations);
    path != "*" && !OUTPUT_ONLY.contains(&path) && violations.is_empty()
}

fn by_mask(paths: &[String], violations: &mut Violations) -> Selected {
    let mut selected = Selected::default();
    for path in paths {
        match path.as_str() {
            "*" => {
                selected =
                    Selected { kind: true, outlet_kind: true, display_name: true, contact_points: true }
            }
            "kind" => selected.kind = true,
            "outlet_kind" => selected.outlet_kind = true,
            "display_name" => selected.display_name = true,
            "contact_points" => selected.contact_points = true,
            path if OUTPUT_ONLY.contains(&path) => {}
            path => violations.add(MASK, "UNKNOWN_PATH", format!("a customer has no field `{path}`")),
        }
    }
    selected
}

fn populated(customer: &pb::Customer) -> Selected {
    Selected {
        kind: customer.kind != 0,
        outlet_kind: customer.outlet_kind != 0,
        display_name: !customer.display_name.is_empty(),
        contact_points: !customer.contact_points.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(customer: pb::Customer, paths: &[&str]) -> pb::UpdateCustomerRequest {
        let paths = paths.iter().map(ToString::to_string).collect();
        pb::UpdateCustomerRequest {
            customer: Some(customer),
            update_mask: Some(prost_types::FieldMask { paths }),
            ..Default::default()
        }
    }

    fn read(request: &pb::UpdateCustomerRequest) -> (Option<CustomerChange>, Vec<String>) {
        let mut violations = Violations::default();
        let change = change(request, request.customer.as_ref().unwrap(), &mut violations);
        (change, violations.iter().map(|(field, ..)| field.to_owned()).collect())
    }

    fn li_na() -> pb::Customer {
        pb::Customer { display_name: "Li Na".into(), ..Default::default() }
    }

    #[test]
    fn an_unknown_path_is_a_violation_and_an_output_only_one_is_ignored() {
        let (_, violations) =
            read(&request(li_na(), &["etag", "display_name", "contact_points.value", "tier"]));

        assert_eq!(violations, [MASK, MASK]);
    }

    #[test]
    fn without_a_mask_the_populated_fields_are_taken() {
        let change = read(&request(li_na(), &[])).0.unwrap();

        assert_eq!(change.display_name.as_deref(), Some("Li Na"));
        assert!(change.kind.is_none() && change.contact_points.is_none());
    }

    #[test]
    fn a_masked_field_that_is_empty_is_emptied_or_refused() {
        let (_, violations) = read(&request(pb::Customer::default(), &["display_name"]));
        let emptied = read(&request(li_na(), &["contact_points"])).0.unwrap();

        assert_eq!(violations, ["customer.display_name"]);
        assert_eq!(emptied.contact_points, Some(vec![]));
    }

    #[test]
    fn the_star_takes_all_fields() {
        let change = read(&request(li_na(), &["*"])).0.unwrap();

        assert!(change.kind.is_some() && change.display_name.is_some() && change.contact_points.is_some());
    }

    #[test]
    fn a_mask_of_output_only_fields_changes_nothing() {
        let change = read(&request(li_na(), &["create_time"])).0.unwrap();

        assert!(change == CustomerChange::default());
    }
}
