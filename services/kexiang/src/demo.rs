//! The demo center: `demo.toml`, made through the services' own API. A second start finds it there and changes
//! nothing.

use anyhow::Context;
use kexiang_core::{Channel, CustomerKind, Kind};
use kexiang_proto::{customers_v1 as customers, intake_v1 as intake, type_v1 as words};
use serde::Deserialize;
use tonic::Status;

use crate::{
    client::Client,
    setup::{Setup, made_now},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    setup: Setup,
    customers: Vec<Person>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    display_name: String,
    #[serde(default)]
    kind: Option<CustomerKind>,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    address: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Makes a second start harmless.
    reference: String,
    channel: Channel,
    kind: Kind,
    category: String,
    title: String,
    need: String,
    caller: Person,
    #[serde(default)]
    district: String,
    /// Answered at the desk with these words, and closed.
    #[serde(default)]
    resolution: Option<String>,
}

/// Makes what of the demo is not there yet.
///
/// # Errors
/// When a service refuses, naming what it refused.
pub async fn make(client: &mut Client) -> anyhow::Result<()> {
    let demo: Demo = toml::from_str(include_str!("../demo.toml"))?;
    demo.setup.apply(client).await?;
    for customer in &demo.customers {
        customer.create(client, &demo.setup.site.phone_region).await.context("a customer of the demo")?;
    }
    for case in &demo.cases {
        case.accept(client, &demo.setup.site.id).await.with_context(|| format!("case {}", case.reference))?;
    }
    Ok(())
}

impl Person {
    fn kind(&self) -> i32 {
        let kind =
            self.kind.and_then(|kind| words::CustomerKind::from_str_name(&format!("CUSTOMER_KIND_{kind}")));
        kind.unwrap_or_default().into()
    }

    async fn create(&self, client: &mut Client, phone_region: &str) -> Result<(), Status> {
        let phone = customers::ContactPoint {
            kind: customers::contact_point::Kind::Phone.into(),
            value: self.phone.clone(),
            ..Default::default()
        };
        let request = customers::CreateCustomerRequest {
            customer: Some(customers::Customer {
                kind: self.kind(),
                display_name: self.display_name.clone(),
                contact_points: vec![phone],
                ..Default::default()
            }),
            phone_region: phone_region.to_owned(),
            request_id: String::new(),
        };
        made_now(client.customer_records.create_customer(request).await).map(drop)
    }

    fn caller(&self) -> intake::Caller {
        intake::Caller {
            display_name: self.display_name.clone(),
            phone: self.phone.clone(),
            phone_declined: self.phone.is_empty() && self.email.is_empty(),
            email: self.email.clone(),
            address: self.address.clone(),
            kind: self.kind(),
        }
    }
}

impl Case {
    async fn accept(&self, client: &mut Client, site: &str) -> Result<(), Status> {
        let contact = intake::Contact {
            site: format!("sites/{site}"),
            channel: words::Channel::from_str_name(&format!("CHANNEL_{}", self.channel))
                .unwrap_or_default()
                .into(),
            caller: Some(self.caller.caller()),
            need: self.need.clone(),
            ..Default::default()
        };
        let handling =
            if self.resolution.is_some() { intake::Handling::Desk } else { intake::Handling::Dispatch };
        let case = intake::Case {
            kind: words::Kind::from_str_name(&format!("KIND_{}", self.kind)).unwrap_or_default().into(),
            category: self.category.clone(),
            title: self.title.clone(),
            district: self.district.clone(),
            handling: handling.into(),
            external_reference: self.reference.clone(),
            ..Default::default()
        };
        let request =
            intake::AcceptCaseRequest { contact: Some(contact), case: Some(case), request_id: String::new() };
        match (made_now(client.intake.accept_case(request).await)?, &self.resolution) {
            (Some(case), Some(resolution)) => answer(client, case.name, resolution, self.channel).await,
            (None, _) | (_, None) => Ok(()),
        }
    }
}

/// Resolves a case at the desk, tells the customer and closes it.
async fn answer(client: &mut Client, name: String, resolution: &str, channel: Channel) -> Result<(), Status> {
    let resolve = intake::ResolveCaseRequest {
        name: name.clone(),
        resolution: resolution.to_owned(),
        ..Default::default()
    };
    client.intake.resolve_case(resolve).await?;
    let channel = words::Channel::from_str_name(&format!("CHANNEL_{channel}")).unwrap_or_default();
    let inform =
        intake::InformCustomerRequest { name: name.clone(), channel: channel.into(), ..Default::default() };
    client.intake.inform_customer(inform).await?;
    client.intake.close_case(intake::CloseCaseRequest { name, ..Default::default() }).await.map(drop)
}
