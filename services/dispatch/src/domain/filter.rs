//! What lists can be narrowed to; none of a field for all.

use kexiang_core::{AgentId, CaseId, SiteId, UnitId};

use super::{state::WorkOrderState, task::TaskState};

/// Which work orders.
#[derive(Debug, Clone, Default)]
pub struct WorkOrderFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// With this agent.
    pub agent: Option<AgentId>,
    /// In this state.
    pub state: Option<WorkOrderState>,
    /// Of this unit.
    pub unit: Option<UnitId>,
}

/// Which tasks.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// In this state.
    pub state: Option<TaskState>,
}
