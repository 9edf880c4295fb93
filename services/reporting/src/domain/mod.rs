//! What is counted and what the figures mean; no IO.
//!
//! | to see | read |
//! |---|---|
//! | what events tell about a case, work order, task, agent | [`facts`] |
//! | the states they can be in | [`state`] |
//! | whose day something falls on, and spans of days | [`period`] |
//! | figures, breakdowns, the cases behind them | [`figures`] |
//! | what the desk resolved for good | [`first_contact`] |
//! | what the figures mean, word by word | [`definitions`] |
//! | how live counts follow the facts | [`counts`] |
//! | what the wallboard shows | [`wallboard`] |

pub mod counts;
pub mod definitions;
pub mod facts;
pub mod figures;
pub mod first_contact;
pub mod period;
pub mod state;
pub mod wallboard;
