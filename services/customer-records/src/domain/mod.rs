//! Who they are and how they are recognised; pure, without IO.
//!
//! | to see | read |
//! |---|---|
//! | agreements: life, documents, stages, payments | [`agreement`] |
//! | the archive: kinds, versions, retention, lending, confidentiality | [`archive`] |
//! | customer files that agents hand in every month | [`hand_in`] |
//! | a customer, and what may change of one | [`customer`] |
//! | phones, e-mails, addresses: normalisation and what identifies whom | [`contact_point`] |
//! | what customers are like, and the own fields of packs | [`profile`], [`field_schema`] |
//! | how a batch of callers becomes customers | [`identification`] |
//! | what a name is found by, and how well it fits | [`name_search`] |
//! | who is whose spouse, child, shareholder, and who therefore is one customer | [`relationship`], [`same_customer`] |
//! | key accounts: thresholds, plans, members, confidential prices | [`key_account`] |
//! | whose contact, whose case | [`link`] |
//! | who may be one | [`likeness`] |
//! | two customers become one, and two again | [`merge`] |
//! | who sees what in clear, holds, erasures | [`privacy`] |
//! | whose a customer is, until when and why | [`ownership`] |
//! | disputes about it, ruled by the register | [`dispute`] |
//! | an agent's customers go to others | [`customer_handover`] |
//! | follow-ups and what is wrong with them | [`follow_up`] |
//! | customers from files and to files | [`import`], [`export`] |
//! | orders, visits and promises of the view 360° | [`view`] |
//! | segments: saved filters, their language and fields | [`segment`] |
//! | what a caller hears back at once | [`recognition`] |
//! | what happened with a customer | [`timeline`] |
//! | how personal data is sealed, and found all the same | [`vault`] |

pub mod agreement;
pub mod archive;
pub mod contact_point;
pub mod customer;
pub mod customer_handover;
pub mod dispute;
pub mod export;
pub mod field_schema;
pub mod follow_up;
pub mod hand_in;
pub mod identification;
pub mod import;
pub mod key_account;
pub mod likeness;
pub mod link;
pub mod merge;
pub mod merge_proposal;
pub mod name_search;
pub mod origin;
pub mod ownership;
pub mod preferred_time;
pub mod privacy;
pub mod profile;
pub mod recognition;
pub mod relationship;
pub mod same_customer;
pub mod segment;
pub mod timeline;
pub mod vault;
pub mod view;
