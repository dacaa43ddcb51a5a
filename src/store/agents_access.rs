//! Agents, kept.

use jiff::Timestamp;

use super::listing::{Listed, Page};
use super::{Store, StoreError};
use crate::agent::{Agent, AgentFields, AgentId};

/// What came of a change of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentChanged {
    /// It was made.
    Yes(Box<Agent>),
    /// Another agent has that name.
    NameTaken,
    /// Somebody else changed it first.
    Stale,
    /// There is no such agent.
    NotFound,
}

/// What came of the wish to remove an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentRemoved {
    /// It is gone.
    Yes,
    /// Campaigns that are not over name it; their names.
    InUse(Vec<String>),
    /// There is no such agent.
    NotFound,
}

impl Store {
    /// Adds an agent; `false`: its name is taken, nothing was changed.
    pub async fn add_agent(&self, agent: &Agent) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_agent(agent).await)
    }

    /// One agent.
    pub async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        on_engine!(self, db => db.agent(id).await)
    }

    /// A page of the agents, by name.
    pub async fn agent_page(&self, page: Page) -> Result<Listed<Agent>, StoreError> {
        on_engine!(self, db => db.agent_page(page).await)
    }

    /// Changes an agent if `version` is still its version. Versions only grow.
    pub async fn edit_agent(
        &self,
        id: AgentId,
        fields: &AgentFields,
        version: Timestamp,
        now: Timestamp,
    ) -> Result<AgentChanged, StoreError> {
        on_engine!(self, db => db.edit_agent(id, fields, version, now).await)
    }

    /// Removes an agent, unless a campaign names it that is not in a final
    /// state.
    pub async fn remove_agent(&self, id: AgentId) -> Result<AgentRemoved, StoreError> {
        on_engine!(self, db => db.remove_agent(id).await)
    }
}
