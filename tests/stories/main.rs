//! Stories of the whole: five services in one process, over gRPC and HTTP, on a real PostgreSQL. Each names its rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod bad_input;
mod calls;
mod center;
mod contract;
mod erasure;
mod evidence;
mod mass_fault;
mod observability;
mod operation;
mod raw;
mod recognition;
mod return_visits;
mod trust;
mod walls;
mod way_of_a_case;
