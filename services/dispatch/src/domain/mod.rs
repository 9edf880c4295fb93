//! The rules of dispatch: types, state machines and decisions. No IO, no clock; whoever decides is given the time.
//!
//! | to see | read |
//! |---|---|
//! | the life of a work order | [`work_order`], [`state`] |
//! | which line of the routing table wins | [`routing`] |
//! | who gets an order, and why | [`assignment`], [`roster`] |
//! | units, their tree, agents and why they do not receive | [`unit`], [`org`] |
//! | whose turn it is | [`rotation`] |
//! | return visits | [`task`] |
//! | what intake tells | [`case`] |
//! | what dispatch tells | [`facts`] |
//! | what lists can be narrowed to | [`filter`] |

pub mod assignment;
pub mod case;
pub mod facts;
pub mod filter;
pub mod org;
pub mod roster;
pub mod rotation;
pub mod routing;
pub mod state;
pub mod task;
pub mod unit;
pub mod work_order;
