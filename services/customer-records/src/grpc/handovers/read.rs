//! What requests about handovers say, with all that is wrong.

use std::collections::BTreeSet;

use kexiang_core::{AgentId, CustomerId};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Violations, field};

use crate::{
    app::customer_handovers::{NewHandover, verbs::ReceiverAnswer},
    domain::customer_handover::MOST_RECEIVERS,
};

/// Customers named in a plan.
const MOST_NAMED: usize = 1_000;
/// Customers of one answer.
const MOST_ANSWERED: usize = 500;
const LONGEST_REASON: usize = 1_000;

pub(super) fn new_handover(wire: &pb::CustomerHandover, violations: &mut Violations) -> Option<NewHandover> {
    let agent: Option<AgentId> = violations.check("handover.agent", field::slug_name(&wire.agent));
    let reason = field::word(wire.reason, "HANDOVER_REASON_", pb::HandoverReason::as_str_name);
    let reason = violations.check("handover.reason", reason);
    let receivers = receivers(&wire.receivers, agent.as_ref(), violations);
    let customers = customers("handover.customers", &wire.customers, MOST_NAMED, violations);
    Some(NewHandover { agent: agent?, reason: reason?, receivers: receivers?, customers: customers? })
}

fn receivers(
    wire: &[pb::HandoverReceiver],
    old_owner: Option<&AgentId>,
    violations: &mut Violations,
) -> Option<Vec<(AgentId, i32)>> {
    let path = "handover.receivers";
    if wire.is_empty() {
        violations.add(path, "REQUIRED", "is required");
        return None;
    }
    if wire.len() > MOST_RECEIVERS {
        violations.add(path, "OUT_OF_RANGE", format!("must be at most {MOST_RECEIVERS}"));
        return None;
    }
    let (mut receivers, mut seen) = (Vec::new(), BTreeSet::new());
    for (n, one) in wire.iter().enumerate() {
        let path = format!("{path}[{n}]");
        let Some((agent, weight)) = receiver(&path, one, violations) else { continue };
        if old_owner == Some(&agent) || !seen.insert(agent.as_str().to_owned()) {
            let description = "must be another agent than the old owner and the other receivers";
            violations.add(&format!("{path}.agent"), "INVALID_VALUE", description);
        }
        receivers.push((agent, weight));
    }
    (receivers.len() == wire.len()).then_some(receivers)
}

pub(super) fn receiver(
    path: &str,
    wire: &pb::HandoverReceiver,
    violations: &mut Violations,
) -> Option<(AgentId, i32)> {
    let agent = violations.check(&format!("{path}.agent"), field::slug_name(&wire.agent));
    let weight = match wire.weight {
        0 => Ok(1),
        weight @ 1..=100 => Ok(weight),
        _ => Err("must be 1 to 100"),
    };
    let weight = violations.check(&format!("{path}.weight"), weight);
    agent.zip(weight)
}

/// Names of customers, each once.
fn customers(
    path: &str,
    names: &[String],
    most: usize,
    violations: &mut Violations,
) -> Option<Vec<CustomerId>> {
    if names.len() > most {
        violations.add(path, "OUT_OF_RANGE", format!("must be at most {most}"));
        return None;
    }
    let read = names.iter().enumerate();
    let read: Vec<Option<CustomerId>> =
        read.map(|(n, name)| violations.check(&format!("{path}[{n}]"), field::name(name))).collect();
    let mut customers = read.into_iter().collect::<Option<Vec<_>>>()?;
    customers.sort_unstable();
    customers.dedup();
    Some(customers)
}

/// Those named or all, not both and not none.
fn answered(names: &[String], all: bool, violations: &mut Violations) -> Option<Vec<CustomerId>> {
    if names.is_empty() != all {
        violations.add("customers", "INVALID_VALUE", "must be given, or all, and not both");
        return None;
    }
    customers("customers", names, MOST_ANSWERED, violations)
}

pub(super) fn confirmation(
    request: &pb::ConfirmHandoverItemsRequest,
    violations: &mut Violations,
) -> Option<ReceiverAnswer> {
    let customers = answered(&request.customers, request.all, violations)?;
    Some(if request.all { ReceiverAnswer::ConfirmAll } else { ReceiverAnswer::Confirm(customers) })
}

pub(super) fn refusal(
    request: &pb::DeclineHandoverItemsRequest,
    violations: &mut Violations,
) -> Option<ReceiverAnswer> {
    let customers = answered(&request.customers, request.all, violations);
    let reason = violations.check("reason", field::text(&request.reason, LONGEST_REASON));
    let (customers, reason) = customers.zip(reason)?;
    Some(if request.all {
        ReceiverAnswer::DeclineAll(reason)
    } else {
        ReceiverAnswer::Decline(customers, reason)
    })
}
