//! Agents.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::agent::{Agent, AgentFields, AgentId};
use crate::campaign::CampaignStatus;
use crate::store::agents_access::{AgentChanged, AgentRemoved};
use crate::store::call_rows::{SingleCallRow, stored};
use crate::store::listing::{Listed, Page};
use crate::store::{StoreError, text};

/// The columns of an agent and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, url, protocol, headers, prompt, first_message, variables, max_concurrent_calls,
        fallback_prompt, created_at, updated_at FROM agents ",
            $rest
        )
    };
}

impl Sqlite {
    /// See [`Store::add_agent`](crate::store::Store::add_agent).
    pub async fn add_agent(&self, agent: &Agent) -> Result<bool, StoreError> {
        let fields = &agent.fields;
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO agents (id, name, url, protocol, headers, prompt, first_message, variables,
                 max_concurrent_calls, fallback_prompt, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (name) DO NOTHING",
        )
        .bind(agent.id.0)
        .bind(text::clean(&fields.name))
        .bind(text::clean(&fields.url))
        .bind(fields.protocol.as_str())
        .bind(stored(fields.headers.expose())?.to_string())
        .bind(text::clean_option(fields.prompt.as_ref()))
        .bind(text::clean_option(fields.first_message.as_ref()))
        .bind(stored(&fields.variables)?.to_string())
        .bind(fields.max_concurrent_calls)
        .bind(text::clean_option(fields.fallback_prompt.as_ref()))
        .bind(micros(agent.created_at))
        .bind(micros(agent.updated_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::agent`](crate::store::Store::agent).
    pub async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        let mut reader = self.reader().await?;
        find(reader.connection()?, id).await
    }

    /// See [`Store::agent_page`](crate::store::Store::agent_page).
    pub async fn agent_page(&self, page: Page) -> Result<Listed<Agent>, StoreError> {
        let mut reader = self.reader().await?;
        let connection = reader.connection()?;
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM agents").fetch_one(&mut *connection).await?;
        let found = sqlx::query(select!("ORDER BY name LIMIT +?1 OFFSET ?2"))
            .bind(i64::from(page.limit))
            .bind(text::stored(page.offset))
            .fetch_all(connection)
            .await?;
        let items = found.iter().map(SingleCallRow::agent).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::edit_agent`](crate::store::Store::edit_agent).
    pub async fn edit_agent(
        &self,
        id: AgentId,
        fields: &AgentFields,
        version: Timestamp,
        now: Timestamp,
    ) -> Result<AgentChanged, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(before) = find(&mut transaction, id).await? else { return Ok(AgentChanged::NotFound) };
        if micros(before.updated_at) != micros(version) {
            return Ok(AgentChanged::Stale);
        }
        let other: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM agents WHERE name = ?2 AND id <> ?1)")
            .bind(id.0)
            .bind(text::clean(&fields.name))
            .fetch_one(&mut *transaction)
            .await?;
        if other {
            return Ok(AgentChanged::NameTaken);
        }
        sqlx::query(
            "UPDATE agents SET name = ?2, url = ?3, protocol = ?4, headers = ?5, prompt = ?6, first_message = ?7,
                 variables = ?8, max_concurrent_calls = ?9, fallback_prompt = ?10,
                 updated_at = max(?11, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(text::clean(&fields.name))
        .bind(text::clean(&fields.url))
        .bind(fields.protocol.as_str())
        .bind(stored(fields.headers.expose())?.to_string())
        .bind(text::clean_option(fields.prompt.as_ref()))
        .bind(text::clean_option(fields.first_message.as_ref()))
        .bind(stored(&fields.variables)?.to_string())
        .bind(fields.max_concurrent_calls)
        .bind(text::clean_option(fields.fallback_prompt.as_ref()))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        let after = find(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(after.map_or(AgentChanged::NotFound, |agent| AgentChanged::Yes(Box::new(agent))))
    }

    /// See [`Store::remove_agent`](crate::store::Store::remove_agent).
    pub async fn remove_agent(&self, id: AgentId) -> Result<AgentRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let over = CampaignStatus::ALL.into_iter().filter(|status| status.is_final()).collect::<Vec<_>>();
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM campaigns
             WHERE settings ->> '$.agent_id' = ?1 AND status NOT IN (SELECT value FROM json_each(?2))
             ORDER BY created_at, id",
        )
        .bind(id.to_string())
        .bind(rows::json(&over)?)
        .fetch_all(&mut *transaction)
        .await?;
        if !users.is_empty() {
            return Ok(AgentRemoved::InUse(users));
        }
        let done = sqlx::query("DELETE FROM agents WHERE id = ?1").bind(id.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(if done.rows_affected() > 0 { AgentRemoved::Yes } else { AgentRemoved::NotFound })
    }
}

async fn find(connection: &mut SqliteConnection, id: AgentId) -> Result<Option<Agent>, StoreError> {
    let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(connection).await?;
    row.as_ref().map(SingleCallRow::agent).transpose()
}
