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
//! | what a caller hears back at once | [`recognition`] |
//! | what happened with a customer | [`timeline`] |
//! | how personal data is sealed, and found all the same | [`vault`] |

pub mod agreement;
pub mod contact_point;
pub mod customer;
pub mod identification;
pub mod likeness;
pub mod link;
pub mod merge;
pub mod merge_proposal;
pub mod origin;
pub mod privacy;
pub mod recognition;
pub mod timeline;
pub mod vault;
