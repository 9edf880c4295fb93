//! Who has a phone, asked of customer records.
//!
//! Nobody is kept waiting longer than the one who asks allows, and a breaker ([`crate::domain::breaker`]), shared by all who ask, keeps from
//! asking at every call while customer records are down or slow.

use std::{sync::Arc, time::Duration};

use kexiang_core::{CaseId, Clock, CustomerId, CustomerKind, PhoneNumber, Timestamp};
use kexiang_proto::{
    customers_v1::{
        Customer, OpenCase, RecogniseCallerRequest, Recognition,
        customer_records_service_client::CustomerRecordsServiceClient,
    },
    type_v1,
};
use kexiang_rpc::{Peer, field, time};
use thiserror::Error;
use tonic::{Request, Status};

use crate::domain::breaker::Breaker;

/// Customer records. Clones share the breaker.
#[derive(Clone)]
pub struct CustomerRecords {
    client: CustomerRecordsServiceClient<Peer>,
    breaker: Arc<Breaker>,
    clock: Clock,
}

/// It did not answer in time, not in words that are understood, or was not asked because it did not before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("customer records is out of reach: {0}")]
pub struct Unreachable(String);

/// What customer records knows of a phone.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Whose it is.
    pub customer: CustomerId,
    /// The registered name.
    pub display_name: String,
    /// What they are.
    pub kind: CustomerKind,
    /// Phones, e-mail and postal addresses.
    pub contact_points: Vec<String>,
    /// Contacts in the last 30 days by any phone.
    pub recent_contacts: i64,
    /// What is still open, newest first.
    pub open_matters: Vec<OpenMatter>,
}

/// An open case, as customer records knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenMatter {
    /// Which.
    pub case: CaseId,
    /// What people say.
    pub number: String,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
}

impl CustomerRecords {
    /// Asks over this channel.
    #[must_use]
    pub fn new(peer: Peer, clock: Clock) -> Self {
        Self { client: CustomerRecordsServiceClient::new(peer), breaker: Arc::default(), clock }
    }

    /// Who has this phone; `None` when nobody is known to have it. The one who asks knows how long somebody may wait for it.
    ///
    /// # Errors
    /// [`Unreachable`], after `limit` at most.
    #[tracing::instrument(name = "peer.recognise_caller", skip_all)]
    pub async fn recognise(
        &self,
        phone: &PhoneNumber,
        limit: Duration,
    ) -> Result<Option<Known>, Unreachable> {
        if !self.breaker.lets_through(self.clock.now()) {
            return Err(Unreachable("it is not asked for a while".to_owned()));
        }
        let asked = tokio::time::timeout(limit, self.ask(phone, limit)).await;
        let answer = asked.unwrap_or_else(|_| Err(Unreachable("no answer in time".to_owned())));
        match &answer {
            Ok(_) => self.breaker.answered(),
            Err(error) => {
                if self.breaker.failed(self.clock.now()) {
                    tracing::warn!(%error, "customer records are not asked for callers for a while");
                }
            }
        }
        answer
    }

    async fn ask(&self, phone: &PhoneNumber, limit: Duration) -> Result<Option<Known>, Unreachable> {
        let mut request =
            Request::new(RecogniseCallerRequest { phone: phone.to_string(), ..Default::default() });
        request.set_timeout(limit);
        let unreachable = |status: Status| Unreachable(status.code().to_string());
        let answer = self.client.clone().recognise_caller(request).await.map_err(unreachable)?.into_inner();
        let Recognition { customer, open_cases, recent_contacts, .. } = answer;
        let Some(customer) = customer else { return Ok(None) };
        let known = known(customer, recent_contacts.into(), &open_cases);
        known.map(Some).ok_or_else(|| Unreachable("an answer that can't be read".to_owned()))
    }
}

/// `None` when it is not in words that are understood.
fn known(customer: Customer, recent_contacts: i64, open_cases: &[OpenCase]) -> Option<Known> {
    type WireKind = type_v1::CustomerKind;
    let kind = field::optional_word::<WireKind, _>(customer.kind, "CUSTOMER_KIND_", WireKind::as_str_name);
    let open_matter = |open: &OpenCase| {
        let accepted_at = open.accept_time.as_ref().and_then(|at| time::timestamp(at).ok());
        let (case, number) = (field::name(&open.case).ok()?, open.number.clone());
        Some(OpenMatter { case, number, accepted_at })
    };
    Some(Known {
        customer: field::name(&customer.name).ok()?,
        display_name: customer.display_name,
        kind: kind.ok()?.unwrap_or(CustomerKind::Person),
        contact_points: customer.contact_points.into_iter().map(|point| point.value).collect(),
        recent_contacts,
        open_matters: open_cases.iter().map(open_matter).collect::<Option<_>>()?,
    })
}
