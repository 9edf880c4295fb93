//! Sealing of personal data and blind indexes (CU-14); pure, no IO.
//!
//! | key | where it lies | what it does |
//! |---|---|---|
//! | key-encryption keys | key file ([`KeyRing`]), several, one current | wrap subject keys; rotated without touching data |
//! | index key | key file | [`BlindKey`]: makes digests and tokens by which sealed values are still found |
//! | subject key | `subject_keys`, wrapped, one per customer | [`SubjectKey`]: seals every personal field of that customer |
//!
//! Invariants:
//! - Whoever has the database alone, a backup or an event log, reads nothing: every key lies wrapped by one that does not
//!   lie there.
//! - A customer is erased by destroying the wrapped subject key: what is sealed by it stays noise, also in backups that
//!   were made after the last rotation away from the key-encryption key that wrapped it then.
//! - What is sealed says what it is (`aad`, such as `customers.display_name`) and is of one customer: put into another
//!   column or row, it does not open.
//! - No key is printed by `Debug`, and key bytes are wiped when dropped.
//!
//! The index key can't be rotated without computing every digest anew: keep it as long as the data.

mod blind;
mod key_ring;
mod subject_key;

pub use blind::{BlindKey, DIGEST_BYTES};
pub use key_ring::{KeyFileError, KeyRing, WrappedKey};
pub use subject_key::SubjectKey;

/// Length of every key, in bytes.
pub const KEY_BYTES: usize = 32;

/// Why something could not be sealed or opened. Says nothing of what is inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key file holds no key of this id; it was taken out before everything was wrapped anew.
    #[error("the key file holds no key `{0}`")]
    UnknownKey(String),
    /// What is stored was not sealed by this key for this place, or was changed since.
    #[error("what is stored does not open: changed, or sealed by another key or for another place")]
    DoesNotOpen,
    /// The system gives no random bytes, or the text is too long for the cipher.
    #[error("can't be sealed: no random bytes, or too long")]
    CannotSeal,
}

#[cfg(test)]
mod tests;
