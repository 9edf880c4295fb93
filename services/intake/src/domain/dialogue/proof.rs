//! One-time codes: who reads a code from a phone has that phone.
//!
//! Only a salted hash is kept. A code is 6 digits and lives for 5 minutes and 3 attempts, so that guessing succeeds with a probability of
//! 9 in a million per dialogue; a code that was used, is over or was guessed wrongly three times is worth nothing.

use std::fmt;

use jiff::SignedDuration;
use kexiang_core::{PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a code is valid.
pub const VALID: SignedDuration = SignedDuration::from_mins(5);
/// Attempts at one code.
pub const ATTEMPTS: u8 = 3;
/// Codes of one dialogue.
pub const CODES: u8 = 3;
/// Codes to one phone within [`PHONE_WINDOW`], over all dialogues.
pub const CODES_OF_PHONE: i64 = 5;
/// See [`CODES_OF_PHONE`].
pub const PHONE_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// A code of six digits. Shown to nobody but the one who writes the message.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The code of a random number; reduced evenly enough when that is of 64 bits.
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        Self(format!("{:06}", random % 1_000_000))
    }

    /// Reads what a caller said: six digits, of any width, with spaces or dashes between them.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = digits(text)?;
        (digits.len() == 6).then_some(Self(digits))
    }

    /// For the message.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(******)")
    }
}

/// The decimal digits of a text that is nothing else but them, spaces and dashes.
fn digits(text: &str) -> Option<String> {
    let separators = [' ', '-', '\u{3000}', '#'];
    let chars = text.chars().filter(|character| !separators.contains(character));
    let digit = |character: char| match character {
        '0'..='9' => Some(character),
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10),
        _ => None,
    };
    chars.map(digit).collect()
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    hash: [u8; 32],
    phone: PhoneNumber,
    expires_at: Timestamp,
    wrong: u8,
    /// The turn that asked for it.
    turn: i32,
}

/// Whether the caller is who they say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    salt: [u8; 16],
    sent: Option<Sent>,
    codes: u8,
    proven: Option<ProvenPhone>,
}

/// A phone whose code was said. Made here alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenPhone(PhoneNumber);

impl ProvenPhone {
    /// The phone.
    #[must_use]
    pub fn phone(&self) -> &PhoneNumber {
        &self.0
    }
}

/// What an attempt was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Right: the phone is theirs.
    Right(ProvenPhone),
    /// Wrong; so many attempts are left.
    Wrong(u8),
    /// No code is valid now.
    Over,
}

impl Proof {
    /// Nothing proven yet. `salt` is random.
    #[must_use]
    pub fn new(salt: [u8; 16]) -> Self {
        Self { salt, sent: None, codes: 0, proven: None }
    }

    /// Whether it is given.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.proven.is_some()
    }

    /// The phone that is proven.
    #[must_use]
    pub fn given(&self) -> Option<&ProvenPhone> {
        self.proven.as_ref()
    }

    /// Whether another code may be sent in this dialogue.
    #[must_use]
    pub fn may_send(&self) -> bool {
        self.codes < CODES
    }

    /// Whether any code was sent.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.codes > 0
    }

    /// Whether this turn's code was sent already.
    #[must_use]
    pub fn was_sent_in(&self, turn: i32) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.turn == turn)
    }

    /// Keeps that a code is sent, in place of the one before; gives its end.
    pub fn send(&mut self, code: &Code, phone: &PhoneNumber, turn: i32, now: Timestamp) -> Timestamp {
        let expires_at = now.checked_add(VALID).unwrap_or(now);
        let hash = self.hash(&code.0);
        self.sent = Some(Sent { hash, phone: phone.clone(), expires_at, wrong: 0, turn });
        self.codes += 1;
        expires_at
    }

    /// The code that was sent is worth nothing any more.
    pub fn void(&mut self) {
        self.sent = None;
    }

    /// Tries a code.
    pub fn attempt(&mut self, code: &Code, now: Timestamp) -> Attempt {
        let hash = self.hash(&code.0);
        let Some(sent) = &mut self.sent else { return Attempt::Over };
        if now >= sent.expires_at {
            self.sent = None;
            return Attempt::Over;
        }
        if bool::from(sent.hash.ct_eq(&hash)) {
            let proven = ProvenPhone(sent.phone.clone());
            self.proven = Some(proven.clone());
            self.sent = None;
            return Attempt::Right(proven);
        }
        sent.wrong += 1;
        let left = ATTEMPTS.saturating_sub(sent.wrong);
        if left == 0 {
            self.sent = None;
        }
        Attempt::Wrong(left)
    }

    /// SHA-256 of salt and text: for codes, and to know a repeated input without keeping it.
    #[must_use]
    pub fn hash(&self, text: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.salt).chain_update(text.as_bytes()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> PhoneNumber {
        PhoneNumber::from_stored("+8613800138000".to_owned())
    }

    fn after(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn a_code_proves_once_within_its_time() {
        let (mut proof, code) = (Proof::new([7; 16]), Code::from_random(42));
        proof.send(&code, &phone(), 1, after(0));

        assert_eq!(code.reveal(), "000042");
        assert_eq!(proof.clone().attempt(&code, after(5)), Attempt::Over, "at five minutes it is over");
        assert!(matches!(proof.attempt(&code, after(4)), Attempt::Right(_)));
        assert_eq!(proof.attempt(&code, after(4)), Attempt::Over, "used once");
    }

    #[test]
    fn after_three_wrong_attempts_the_right_code_is_worth_nothing() {
        let (mut proof, code) = (Proof::new([7; 16]), Code::from_random(42));
        proof.send(&code, &phone(), 1, after(0));
        let wrong = Code::from_random(43);

        let attempts: Vec<_> = (0..3).map(|_| proof.attempt(&wrong, after(1))).collect();

        assert_eq!(attempts, [Attempt::Wrong(2), Attempt::Wrong(1), Attempt::Wrong(0)]);
        assert_eq!(proof.attempt(&code, after(1)), Attempt::Over);
        assert!(!proof.is_given());
    }

    #[test]
    fn a_code_is_read_as_people_say_it_and_never_shown() {
        assert_eq!(Code::read("123-456"), Code::read("１２３ ４５６"));
        assert_eq!(Code::read("12345"), None);
        assert_eq!(Code::read("12345x"), None);
        assert!(!format!("{:?}", Code::from_random(123_456)).contains("123456"));
    }
}
