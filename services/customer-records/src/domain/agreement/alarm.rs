//! What time brings to an agreement: announcements, each told once.
//!
//! | at | event | when |
//! |---|---|---|
//! | expiry − notice of the kind | `agreement.expiry_announced` | in force and not renewed |
//! | expiry | `agreement.expired` | in force and not renewed |
//! | due time − notice of the kind | `agreement.payment_announced` | in force or renewed, something outstanding |
//! | due time | `agreement.payment_missed` | the same |
//!
//! In force: it was filed, and is neither closed nor renewed. What was told is marked in the agreement, in the transaction of the
//! event: a mark is never taken back but by a new expiry. What nobody was there to tell in time is told when somebody is, as late.

use kexiang_core::Timestamp;

use super::{Agreement, AgreementFacts, AgreementState};

/// Told later than this is told late, in seconds.
const PUNCTUAL_SECONDS: i64 = 60;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When it was to be told.
    pub at: Timestamp,
    /// Its event.
    pub event_type: &'static str,
    /// Its data.
    pub facts: AgreementFacts,
}

#[derive(Debug, Clone, Copy)]
enum What {
    ExpiryNotice,
    Expiry,
    PaymentNotice(usize),
    PaymentDue(usize),
}

impl Agreement {
    /// When the next announcement is to be made.
    #[must_use]
    pub fn fires_at(&self) -> Option<Timestamp> {
        self.pending().into_iter().map(|(at, _)| at).min()
    }

    /// Makes all announcements whose time has come, oldest first. A change of marks alone keeps the etag.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Alarm> {
        let mut due: Vec<_> = self.pending().into_iter().filter(|(at, _)| *at <= now).collect();
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(at, what)| self.ring(at, what, now)).collect()
    }

    fn pending(&self) -> Vec<(Timestamp, What)> {
        let head = &self.head;
        let mut pending = Vec::new();
        if head.filed_at.is_none() || head.state == AgreementState::Closed {
            return pending;
        }
        if let (Some(expires_at), true) = (head.in_force_until, head.state != AgreementState::Renewed) {
            if !head.expiry_announced {
                let notice = expires_at.checked_sub(head.kind.expiry_notice()).unwrap_or(Timestamp::MIN);
                pending.push((notice, What::ExpiryNotice));
            }
            if !head.expired {
                pending.push((expires_at, What::Expiry));
            }
        }
        for (index, item) in self.schedule.installments.iter().enumerate() {
            if item.outstanding().is_zero() {
                continue;
            }
            if !item.announced {
                let notice = item.due_at.checked_sub(head.kind.payment_notice()).unwrap_or(Timestamp::MIN);
                pending.push((notice, What::PaymentNotice(index)));
            }
            if !item.missed {
                pending.push((item.due_at, What::PaymentDue(index)));
            }
        }
        pending
    }

    fn ring(&mut self, at: Timestamp, what: What, now: Timestamp) -> Alarm {
        let (event_type, installment) = match what {
            What::ExpiryNotice => {
                self.head.expiry_announced = true;
                ("agreement.expiry_announced", None)
            }
            What::Expiry => {
                self.head.expired = true;
                ("agreement.expired", None)
            }
            What::PaymentNotice(index) => {
                let number = self.schedule.installments.get_mut(index).map(|item| {
                    item.announced = true;
                    item.number
                });
                ("agreement.payment_announced", number)
            }
            What::PaymentDue(index) => {
                let number = self.schedule.installments.get_mut(index).map(|item| {
                    item.missed = true;
                    item.number
                });
                ("agreement.payment_missed", number)
            }
        };
        let late = now.as_second().saturating_sub(at.as_second()) > PUNCTUAL_SECONDS;
        Alarm { at, event_type, facts: AgreementFacts { installment, late, ..self.facts() } }
    }
}
