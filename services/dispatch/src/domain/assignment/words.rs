//! Outcomes in words: what a dispatcher reads, and what is kept with the decision (DI-6).

use super::{Candidate, Outcome, Policy};
use crate::domain::unit::Absence;

/// Why `candidate` was chosen or passed over, `best` being the one who was chosen.
pub(super) fn explain(
    candidate: &Candidate,
    policy: Policy,
    outcome: Outcome,
    best: Option<&Candidate>,
) -> String {
    let load = load(candidate);
    let chosen = best.map_or("nobody", |best| best.agent.as_str());
    match outcome {
        Outcome::Chosen if policy == Policy::NamedByDispatcher => {
            format!("named by the dispatcher; has {load} open orders")
        }
        Outcome::Chosen => {
            let served = served(candidate);
            format!("has {load} open orders, the least for their capacity; last served {served}")
        }
        Outcome::ServedLater => {
            format!("has {load} open orders, as few as {chosen}; {}", turn(candidate, best))
        }
        Outcome::MoreLoaded => {
            let least = best.map(self::load).unwrap_or_default();
            format!("has {load} open orders, more for their capacity than {chosen} with {least}")
        }
        Outcome::NotNamed => format!("the dispatcher named {chosen}"),
        Outcome::PreviousHolder => "had this order before and gave it up".to_owned(),
        Outcome::AtCapacity => format!("has {load} open orders and takes no more"),
        Outcome::Absent => candidate.absence.map_or("does not receive", Absence::in_words).to_owned(),
        // Outcomes of rotations, which give their own words.
        Outcome::NotTheirTurn | Outcome::NotInRotation => String::new(),
        Outcome::SignedOut => "is not signed in".to_owned(),
    }
}

fn load(candidate: &Candidate) -> String {
    format!("{} of {}", candidate.open_orders, candidate.capacity)
}

fn served(candidate: &Candidate) -> String {
    candidate.last_assigned_at.map_or_else(|| "never".to_owned(), |at| format!("at {at}"))
}

/// Why it is not their turn among the equally loaded.
fn turn(candidate: &Candidate, best: Option<&Candidate>) -> String {
    match best {
        Some(best) if best.last_assigned_at == candidate.last_assigned_at => {
            format!("both last served {}, and {} comes first by id", served(candidate), best.agent)
        }
        Some(best) => format!("last served {}, {} {}", served(candidate), best.agent, served(best)),
        None => String::new(),
    }
}
