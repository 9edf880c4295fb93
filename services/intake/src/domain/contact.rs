//! Contacts: one inbound interaction each (IN-4). A contact is never changed after it was registered; only its customer is
//! filled in once customer records knows it. The contact of a phone call is there without words since the call's first event,
//! is registered when an agent completes it, and has its durations from the call.

use kexiang_core::{
    Actor, CallId, CaseId, Channel, ContactId, CustomerId, CustomerKind, PhoneNumber, SiteId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{call::PhoneCall, facts::ContactFacts};

/// Why somebody came. Only customers become customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// The default.
    Customer,
    /// 市场调研
    MarketResearcher,
    /// 检查人员
    Inspector,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customer, Self::MarketResearcher, Self::Inspector];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::MarketResearcher => "MARKET_RESEARCHER",
            Self::Inspector => "INSPECTOR",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || kexiang_core::vocabulary::UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// Who came, as they said. Personal data: never in events or logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Name.
    pub display_name: String,
    /// Phone; `None` when declined, or when a written channel gave an e-mail address instead.
    pub phone: Option<PhoneNumber>,
    /// Asked and declined: a value of its own.
    pub phone_declined: bool,
    /// E-mail.
    pub email: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// What they are.
    pub kind: CustomerKind,
}

/// How long the parts of a call took, in seconds, where they were measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Offered until answered.
    pub ring: Option<f64>,
    /// In the queue before ringing.
    pub wait: Option<f64>,
    /// Talking.
    pub talk: Option<f64>,
    /// Work after the call.
    pub wrap_up: Option<f64>,
}

/// A contact to be registered, checked field by field.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContact {
    /// Where.
    pub site: SiteId,
    /// When; not in the future.
    pub contact_at: Timestamp,
    /// How.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// Who.
    pub caller: Caller,
    /// What they want, in their words.
    pub need: String,
    /// How they heard of us.
    pub heard_from: Option<String>,
    /// Their first visit.
    pub first_visit: bool,
    /// They had an appointment.
    pub appointment: bool,
    /// How long it took.
    pub timing: Timing,
    /// The published number that was called.
    pub called_number: Option<String>,
    /// The call whose contact it completes.
    pub call: Option<CallId>,
}

/// A registered contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Where.
    pub site: SiteId,
    /// Its number in the site's public register.
    pub register_number: i64,
    /// When.
    pub contact_at: Timestamp,
    /// How.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// Who.
    pub caller: Caller,
    /// What they want, in their words.
    pub need: String,
    /// How they heard of us.
    pub heard_from: Option<String>,
    /// Their first visit.
    pub first_visit: bool,
    /// They had an appointment.
    pub appointment: bool,
    /// Who registered it.
    pub registered_by: Actor,
    /// How long it took.
    pub timing: Timing,
    /// The published number that was called.
    pub called_number: Option<String>,
    /// The case that it opened or joined.
    pub case: Option<CaseId>,
    /// The customer, once known.
    pub customer: Option<CustomerId>,
    /// The call that it came by.
    #[serde(default)]
    pub call: Option<CallId>,
}

impl NewContact {
    /// These words in the contact of a call: number, time, channel, called number and durations are the call's.
    #[must_use]
    pub fn complete(self, call: &PhoneCall, by: Actor, case: Option<CaseId>) -> Contact {
        Contact {
            purpose: self.purpose,
            caller: self.caller,
            need: self.need,
            heard_from: self.heard_from,
            first_visit: self.first_visit,
            appointment: self.appointment,
            case,
            ..Contact::of_call(call, by)
        }
    }

    /// The contact under this number. `case` is the one that it opens or joins.
    #[must_use]
    pub fn register(self, id: ContactId, register_number: i64, by: Actor, case: Option<CaseId>) -> Contact {
        Contact {
            id,
            site: self.site,
            register_number,
            contact_at: self.contact_at,
            channel: self.channel,
            purpose: self.purpose,
            caller: self.caller,
            need: self.need,
            heard_from: self.heard_from,
            first_visit: self.first_visit,
            appointment: self.appointment,
            registered_by: by,
            timing: self.timing,
            called_number: self.called_number,
            case,
            customer: None,
            call: self.call,
        }
    }
}

impl Contact {
    /// The contact of a call, without words: nobody has talked with the caller yet, or nobody ever will.
    #[must_use]
    pub fn of_call(call: &PhoneCall, by: Actor) -> Self {
        Self {
            id: call.contact,
            site: call.site.clone(),
            register_number: call.register_number,
            contact_at: call.life.offered_at,
            channel: call.life.channel(),
            purpose: Purpose::Customer,
            caller: Caller {
                display_name: String::new(),
                phone: call.life.caller_phone.clone(),
                phone_declined: false,
                email: None,
                address: None,
                kind: CustomerKind::Person,
            },
            need: String::new(),
            heard_from: None,
            first_visit: false,
            appointment: false,
            registered_by: by,
            timing: call.life.timing,
            called_number: call.life.called_number.clone(),
            case: None,
            customer: None,
            call: Some(call.id),
        }
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> ContactFacts {
        ContactFacts {
            contact: self.id,
            site: self.site.clone(),
            register_number: self.register_number,
            contact_at: self.contact_at,
            channel: self.channel,
            purpose: self.purpose,
            registered_by: self.registered_by.clone(),
            case: self.case,
            customer: self.customer,
        }
    }
}
