//! The site, units, agents and routes that work needs: data in profiles and in the demo, applied by the services' own
//! API.
//!
//! Applying is idempotent: what is there already is left as it is, also when it was changed since.

use anyhow::Context;
use kexiang_core::{Channel, Kind};
use kexiang_proto::{dispatch_v1 as dispatch, intake_v1 as intake, type_v1 as words};
use serde::Deserialize;
use tonic::{Code, Response, Status};

use crate::client::Client;

/// What has to be there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The site of the cases.
    pub site: Site,
    /// Parents before children.
    #[serde(default)]
    pub units: Vec<Unit>,
    /// Who gets the work. Those made now are signed in; when that is cut short, somebody else has to sign them in.
    #[serde(default)]
    pub agents: Vec<Agent>,
    /// The site's routing table.
    #[serde(default)]
    pub routes: Vec<Route>,
}

/// A site.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The id in `sites/{id}`.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// IANA name of the zone whose days its reports count.
    pub time_zone: String,
    /// Region of phones in local form.
    pub phone_region: String,
}

/// A unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    id: String,
    display_name: String,
    #[serde(default)]
    parent: Option<String>,
}

/// An agent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    id: String,
    display_name: String,
    unit: String,
    #[serde(default)]
    capacity: i32,
}

/// A line of the routing table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    category_prefix: String,
    #[serde(default)]
    district: String,
    unit: String,
}

impl Setup {
    /// Makes whatever is not there yet.
    ///
    /// # Errors
    /// When a service refuses, naming what it refused.
    pub async fn apply(&self, client: &mut Client) -> anyhow::Result<()> {
        self.site.apply(client).await.with_context(|| format!("site {}", self.site.id))?;
        for unit in &self.units {
            unit.apply(client).await.with_context(|| format!("unit {}", unit.id))?;
        }
        for agent in &self.agents {
            agent.apply(client).await.with_context(|| format!("agent {}", agent.id))?;
        }
        for route in &self.routes {
            route
                .apply(client, &self.site.id)
                .await
                .with_context(|| format!("route to unit {}", route.unit))?;
        }
        Ok(())
    }
}

impl Site {
    async fn apply(&self, client: &mut Client) -> Result<(), Status> {
        let site = intake::Site {
            display_name: self.display_name.clone(),
            time_zone: self.time_zone.clone(),
            phone_region: self.phone_region.clone(),
            ..Default::default()
        };
        let request = intake::CreateSiteRequest {
            site_id: self.id.clone(),
            site: Some(site),
            request_id: String::new(),
        };
        unless_there(client.intake.create_site(request).await)
    }
}

impl Unit {
    async fn apply(&self, client: &mut Client) -> Result<(), Status> {
        let unit = dispatch::Unit {
            display_name: self.display_name.clone(),
            parent: self.parent.as_ref().map(|parent| format!("units/{parent}")).unwrap_or_default(),
            ..Default::default()
        };
        let request = dispatch::CreateUnitRequest {
            unit_id: self.id.clone(),
            unit: Some(unit),
            request_id: String::new(),
        };
        unless_there(client.dispatch.create_unit(request).await)
    }
}

impl Agent {
    async fn apply(&self, client: &mut Client) -> Result<(), Status> {
        let agent = dispatch::Agent {
            display_name: self.display_name.clone(),
            unit: format!("units/{}", self.unit),
            capacity: self.capacity,
            ..Default::default()
        };
        let request = dispatch::CreateAgentRequest {
            agent_id: self.id.clone(),
            agent: Some(agent),
            request_id: String::new(),
        };
        // Whoever was there already has signed in and out by himself since.
        let Some(agent) = made_now(client.dispatch.create_agent(request).await)? else { return Ok(()) };
        let sign_in = dispatch::SignInRequest { name: agent.name, request_id: String::new() };
        client.dispatch.sign_in(sign_in).await.map(drop)
    }
}

impl Route {
    async fn apply(&self, client: &mut Client, site: &str) -> Result<(), Status> {
        let kind = self.kind.and_then(|kind| words::Kind::from_str_name(&format!("KIND_{kind}")));
        let channel =
            self.channel.and_then(|channel| words::Channel::from_str_name(&format!("CHANNEL_{channel}")));
        let route = dispatch::Route {
            site: format!("sites/{site}"),
            kind: kind.unwrap_or_default().into(),
            channel: channel.unwrap_or_default().into(),
            category_prefix: self.category_prefix.clone(),
            district: self.district.clone(),
            unit: format!("units/{}", self.unit),
            ..Default::default()
        };
        unless_there(
            client
                .dispatch
                .create_route(dispatch::CreateRouteRequest { route: Some(route), request_id: String::new() })
                .await,
        )
    }
}

/// Success, when it was made or was there already.
fn unless_there<T>(made: Result<Response<T>, Status>) -> Result<(), Status> {
    made_now(made).map(drop)
}

/// What was made, or nothing when it was there already.
///
/// # Errors
/// When it was refused for another reason.
pub fn made_now<T>(made: Result<Response<T>, Status>) -> Result<Option<T>, Status> {
    match made {
        Ok(made) => Ok(Some(made.into_inner())),
        Err(status) if status.code() == Code::AlreadyExists => Ok(None),
        Err(status) => Err(status),
    }
}
