//! Who does something, under which request, and why: what every use case takes and every event keeps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{
    id::EventId,
    role::{Role, Roles},
    slug::{AgentId, InvalidId},
};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A person, by the subject of their token.
    Agent(AgentId),
    /// A service of the product, such as `dispatch`.
    Service(AgentId),
}

impl Actor {
    /// The person, if it is one.
    #[must_use]
    pub const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::Service(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(id) => write!(f, "agents/{id}"),
            Self::Service(id) => write!(f, "services/{id}"),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("services/") {
            Some(service) => AgentId::parse(service).map(Self::Service),
            None => AgentId::parse(text.strip_prefix("agents/").unwrap_or(text)).map(Self::Agent),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What makes a repeated request known (IN-14): the actor of the call, this method, this id; the hash tells whether the
/// payload is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The method's name, such as `AcceptCase`.
    pub method: &'static str,
    /// As the caller chose it.
    pub request_id: Uuid,
    /// SHA-256 of the encoded request.
    pub request_hash: [u8; 32],
}

/// One call of a use case.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub actor: Actor,
    /// With which roles.
    pub roles: Roles,
    /// Under which request, when the caller gave one.
    pub request: Option<RequestKey>,
    /// The event that caused it, when a consumer does it.
    pub cause: Option<EventId>,
    /// W3C trace context to go on from.
    pub traceparent: Option<String>,
}

impl Call {
    /// A call that a service makes by itself.
    ///
    /// # Errors
    /// [`InvalidId`] when `service` is no id.
    pub fn of_service(service: &str) -> Result<Self, InvalidId> {
        Ok(Self {
            actor: Actor::Service(AgentId::parse(service)?),
            roles: Roles::of(&[Role::Service]),
            request: None,
            cause: None,
            traceparent: None,
        })
    }

    /// The same caller, acting because of an event.
    #[must_use]
    pub fn caused_by(&self, event: EventId, traceparent: Option<String>) -> Self {
        Self { cause: Some(event), traceparent, request: None, ..self.clone() }
    }
}
