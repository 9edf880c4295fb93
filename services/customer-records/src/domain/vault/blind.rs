//! Blind indexes: what is sealed can still be found by who knows the text, and by nobody who has the database alone.

use ring::hmac;

/// Length of a digest, in bytes: two different texts among 10 million meet with a chance of 10⁻²⁵.
pub const DIGEST_BYTES: usize = 16;

/// The index key: HMAC-SHA256 over field and text. Cheap to clone.
#[derive(Clone)]
pub struct BlindKey(hmac::Key);

impl BlindKey {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// What stands for a normalised text of this field where only equality counts: keys of a unique index.
    #[must_use]
    pub fn digest(&self, field: &str, text: &str) -> [u8; DIGEST_BYTES] {
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&self.tag(field, text).as_ref()[..DIGEST_BYTES]);
        digest
    }

    /// What stands for a word of a text in sets (`bigint[]`): 64 bits, so two words may rarely look the same; who finds by
    /// tokens compares the opened texts.
    #[must_use]
    pub fn token(&self, field: &str, text: &str) -> i64 {
        let mut token = [0; 8];
        token.copy_from_slice(&self.tag(field, text).as_ref()[..8]);
        i64::from_be_bytes(token)
    }

    /// The same text in two fields has two tags: what is found in one says nothing of the other.
    fn tag(&self, field: &str, text: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(field.as_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        context.sign()
    }
}
