//! Links that carry their right in themselves: HMAC-SHA256 over what they open and until when.

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use kexiang_core::{EvidenceId, Timestamp};
use sha2::Sha256;

/// How long a link is good unless told.
pub const DEFAULT_TTL: SignedDuration = SignedDuration::from_mins(10);
/// How long at most.
pub const LONGEST_TTL: SignedDuration = SignedDuration::from_hours(24);
/// A key signs for so long, then the next one does.
pub const KEY_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A retired key is forgotten when the last link it can have signed is over, and somewhat later: clocks differ.
pub const KEY_AFTERLIFE: SignedDuration = SignedDuration::from_hours(25);

/// A key that signs links, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkKey {
    /// Named in the link.
    pub id: String,
    /// Never leaves the service.
    pub secret: Vec<u8>,
    /// When it began to sign.
    pub created_at: Timestamp,
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// What it opens.
    pub evidence: EvidenceId,
    /// Until when, in seconds since 1970.
    pub expires: i64,
    /// Which key signed it.
    pub key_id: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl LinkKey {
    /// Whether it is the next one's turn.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.created_at) >= KEY_AGE
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, evidence: EvidenceId, expires: i64) -> Ticket {
        let signature = self.mac(evidence, expires).map(|mac| mac.finalize().into_bytes().to_vec());
        Ticket { evidence, expires, key_id: self.id.clone(), signature: signature.unwrap_or_default() }
    }

    /// Whether this key signed it. Takes the same time whatever is wrong with it.
    #[must_use]
    pub fn signed(&self, ticket: &Ticket) -> bool {
        self.mac(ticket.evidence, ticket.expires)
            .is_some_and(|mac| mac.verify_slice(&ticket.signature).is_ok())
    }

    /// `None` never: HMAC takes keys of any length.
    fn mac(&self, evidence: EvidenceId, expires: i64) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        let text = format!("kexiang evidence link 1\n{}\n{evidence}\n{expires}\n", self.id);
        Some(mac.chain_update(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_what_was_signed_alone() {
        let key =
            |secret| LinkKey { id: "k1".into(), secret: vec![secret; 32], created_at: Timestamp::UNIX_EPOCH };
        let evidence = EvidenceId::at(Timestamp::UNIX_EPOCH);
        let ticket = key(1).sign(evidence, 1_000);

        assert!(key(1).signed(&ticket));
        assert!(!key(2).signed(&ticket));
        assert!(!key(1).signed(&Ticket { expires: 1_001, ..ticket.clone() }));
        assert!(
            !key(1).signed(&Ticket { evidence: EvidenceId::at(Timestamp::UNIX_EPOCH), ..ticket.clone() })
        );
        for length in 0..ticket.signature.len() {
            let signature = ticket.signature[..length].to_vec();
            assert!(!key(1).signed(&Ticket { signature, ..ticket.clone() }));
        }
    }
}
