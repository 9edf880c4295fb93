//! What somebody may do here (GW-3).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A role of GW-3. Which methods a role may call stands in the policy table of `kexiang_rpc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A customer looking after their own matters.
    Customer,
    /// Takes contacts and cases at the desk.
    Agent,
    /// Leads agents.
    Supervisor,
    /// Gives work out.
    Dispatcher,
    /// Does the work in the field.
    Technician,
    /// Works on orders in another department.
    Department,
    /// Reads figures.
    Analyst,
    /// Reads everything, decides approvals.
    Manager,
    /// Sets the center up.
    Administrator,
    /// Another service of the product.
    Service,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 10] = [
        Self::Customer,
        Self::Agent,
        Self::Supervisor,
        Self::Dispatcher,
        Self::Technician,
        Self::Department,
        Self::Analyst,
        Self::Manager,
        Self::Administrator,
        Self::Service,
    ];

    /// The word that tokens carry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Dispatcher => "dispatcher",
            Self::Technician => "technician",
            Self::Department => "department",
            Self::Analyst => "analyst",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such role; roles are customer, agent, supervisor, dispatcher, technician, department, analyst, manager, administrator, service"
)]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// The roles of one caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u16);

impl Roles {
    /// Exactly these.
    #[must_use]
    pub fn of(roles: &[Role]) -> Self {
        roles.iter().copied().collect()
    }

    /// Whether `role` is among them.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u16) != 0
    }

    /// Whether at least one of `roles` is among them.
    #[must_use]
    pub fn any_of(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.contains(*role))
    }

    /// They one by one.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | 1 << role as u16))
    }
}
