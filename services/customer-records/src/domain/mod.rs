//! Who they are and how they are recognised; pure, without IO.
//!
//! | to see | read |
//! |---|---|
//! | agreements: life, documents, stages, payments | [`agreement`] |
//! | the archive: kinds, versions, retention, lending, confidentiality | [`archive`] |
//! | customer files that agents hand in every month | [`hand_in`] |
//! | a customer, and what may change of one | [`customer`] |
//! | phones, e-mails, addresses: normalisation and what identifies whom | [`contact_point`] |
//! | how a batch of callers becomes customers | [`identification`] |
//! | whose contact, whose case | [`link`] |
//! | what a caller hears back at once | [`recognition`] |
//! | what happened with a customer | [`timeline`] |

pub mod agreement;
pub mod archive;
pub mod contact_point;
pub mod customer;
pub mod hand_in;
pub mod identification;
pub mod link;
pub mod recognition;
pub mod timeline;
