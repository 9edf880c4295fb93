//! Who they are and how they are recognised; pure, without IO.
//!
//! | to see | read |
//! |---|---|
//! | agreements: life, documents, stages, payments | [`agreement`] |
//! | a customer, and what may change of one | [`customer`] |
//! | phones, e-mails, addresses: normalisation and what identifies whom | [`contact_point`] |
//! | how a batch of callers becomes customers | [`identification`] |
//! | whose contact, whose case | [`link`] |
//! | who may be one | [`likeness`] |
//! | two customers become one, and two again | [`merge`] |
//! | who sees what in clear, holds, erasures | [`privacy`] |
//! | whose a customer is, until when and why | [`ownership`] |
//! | disputes about it, ruled by the register | [`dispute`] |
//! | follow-ups and what is wrong with them | [`follow_up`] |
//! | what a caller hears back at once | [`recognition`] |
//! | what happened with a customer | [`timeline`] |
//! | how personal data is sealed, and found all the same | [`vault`] |

pub mod agreement;
pub mod contact_point;
pub mod customer;
pub mod dispute;
pub mod follow_up;
pub mod identification;
pub mod likeness;
pub mod link;
pub mod merge;
pub mod merge_proposal;
pub mod origin;
pub mod privacy;
pub mod ownership;
pub mod recognition;
pub mod timeline;
pub mod vault;
