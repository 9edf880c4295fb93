//! Who has a phone, asked of customer records.

use std::time::Duration;

use kexiang_core::{PhoneNumber, Timestamp};
use kexiang_proto::customers_v1::{
    Customer, OpenCase, RecogniseCallerRequest, Recognition,
    customer_records_service_client::CustomerRecordsServiceClient,
};
use kexiang_rpc::{Peer, time};
use thiserror::Error;

/// Longer nobody is kept waiting on the phone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Customer records. Cheap to clone.
#[derive(Clone)]
pub struct CustomerRecords(CustomerRecordsServiceClient<Peer>);

/// It did not answer in time, or not in words that are understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("customer records is out of reach: {0}")]
pub struct Unreachable(String);

/// What customer records knows of a phone.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The registered name.
    pub display_name: String,
    /// Phones, e-mail and postal addresses.
    pub contact_points: Vec<String>,
    /// Numbers of open cases, and when each was accepted, newest first.
    pub open_cases: Vec<(String, Option<Timestamp>)>,
}

impl CustomerRecords {
    /// Asks over this channel.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self(CustomerRecordsServiceClient::new(peer))
    }

    /// Who has this phone; `None` when nobody is known to have it.
    ///
    /// # Errors
    /// [`Unreachable`], after 2 s at most.
    #[tracing::instrument(name = "peer.recognise_caller", skip_all)]
    pub async fn recognise(&self, phone: &PhoneNumber) -> Result<Option<Known>, Unreachable> {
        let request = RecogniseCallerRequest { phone: phone.to_string(), ..Default::default() };
        let mut client = self.0.clone();
        let asked = tokio::time::timeout(PATIENCE, client.recognise_caller(request)).await;
        let answer = asked.map_err(|_| Unreachable("no answer in time".to_owned()))?;
        let Recognition { customer, open_cases, .. } =
            answer.map_err(|status| Unreachable(status.code().to_string()))?.into_inner();
        Ok(customer.map(|customer| known(customer, open_cases)))
    }
}

fn known(customer: Customer, open_cases: Vec<OpenCase>) -> Known {
    let accepted_at = |case: &OpenCase| time::timestamp(case.accept_time.as_ref()?).ok();
    Known {
        display_name: customer.display_name,
        contact_points: customer.contact_points.into_iter().map(|point| point.value).collect(),
        open_cases: open_cases
            .into_iter()
            .map(|case| {
                let at = accepted_at(&case);
                (case.number, at)
            })
            .collect(),
    }
}
