//! Who they are and how they are recognised; pure, without IO.
//!
//! | to see | read |
//! |---|---|
//! | a customer, and what may change of one | [`customer`] |
//! | phones, e-mails, addresses: normalisation and what identifies whom | [`contact_point`] |
//! | what customers are like, and the own fields of packs | [`profile`], [`field_schema`] |
//! | how a batch of callers becomes customers | [`identification`] |
//! | what a name is found by, and how well it fits | [`name_search`] |
//! | who is whose spouse, child, shareholder, and who therefore is one customer | [`relationship`], [`same_customer`] |
//! | whose contact, whose case | [`link`] |
//! | orders, visits and promises of the view 360° | [`view`] |
//! | what a caller hears back at once | [`recognition`] |
//! | what happened with a customer | [`timeline`] |
//! | how personal data is sealed, and found all the same | [`vault`] |

pub mod contact_point;
pub mod customer;
pub mod field_schema;
pub mod identification;
pub mod link;
pub mod name_search;
pub mod profile;
pub mod recognition;
pub mod relationship;
pub mod same_customer;
pub mod timeline;
pub mod vault;
pub mod view;
