//! Agents.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::{self, at};
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::agent::{Agent, AgentFields, AgentId};
use crate::campaign::CampaignStatus;
use crate::store::agents_access::{AgentChanged, AgentRemoved};
use crate::store::call_rows::{SingleCallRow, stored};
use crate::store::listing::{Listed, Page};
use crate::store::text;

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

impl Postgres {
    /// See [`Store::add_agent`](crate::store::Store::add_agent).
    pub async fn add_agent(&self, agent: &Agent) -> Result<bool, StoreError> {
        let fields = &agent.fields;
        let (headers, variables) = (stored(fields.headers.expose())?, stored(&fields.variables)?);
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO agents (id, name, url, protocol, headers, prompt, first_message, variables,
                     max_concurrent_calls, fallback_prompt, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (name) DO NOTHING",
            )
            .bind(agent.id.0)
            .bind(text::clean(&fields.name))
            .bind(text::clean(&fields.url))
            .bind(fields.protocol.as_str())
            .bind(headers)
            .bind(text::clean_option(fields.prompt.as_ref()))
            .bind(text::clean_option(fields.first_message.as_ref()))
            .bind(variables)
            .bind(rows::int(fields.max_concurrent_calls))
            .bind(text::clean_option(fields.fallback_prompt.as_ref()))
            .bind(at(agent.created_at))
            .bind(at(agent.updated_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::agent`](crate::store::Store::agent).
    pub async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = find(session.connection(), id).await?;
            session.keep();
            Ok(found)
        })
        .await
    }

    /// See [`Store::agent_page`](crate::store::Store::agent_page).
    pub async fn agent_page(&self, page: Page) -> Result<Listed<Agent>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let total: i64 = sqlx::query_scalar("SELECT count(*) FROM agents").fetch_one(session.connection()).await?;
            let found = sqlx::query(select!("ORDER BY name LIMIT $1 OFFSET $2"))
                .bind(i64::from(page.limit))
                .bind(text::stored(page.offset))
                .fetch_all(session.connection())
                .await?;
            session.keep();
            let items = found.iter().map(SingleCallRow::agent).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::edit_agent`](crate::store::Store::edit_agent).
    pub async fn edit_agent(
        &self,
        id: AgentId,
        fields: &AgentFields,
        version: Timestamp,
        now: Timestamp,
    ) -> Result<AgentChanged, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let changed = edit(&mut transaction, id, fields, version, now).await?;
            transaction.commit().await?;
            session.keep();
            Ok(changed)
        })
        .await
    }

    /// See [`Store::remove_agent`](crate::store::Store::remove_agent).
    pub async fn remove_agent(&self, id: AgentId) -> Result<AgentRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let removed = remove(&mut transaction, id).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn edit(
    connection: &mut PgConnection,
    id: AgentId,
    fields: &AgentFields,
    version: Timestamp,
    now: Timestamp,
) -> Result<AgentChanged, StoreError> {
    // The row itself is waited for: two edits of one version are one.
    let locked = sqlx::query(select!("WHERE id = $1 FOR UPDATE")).bind(id.0).fetch_optional(&mut *connection).await?;
    let Some(before) = locked.as_ref().map(SingleCallRow::agent).transpose()? else {
        return Ok(AgentChanged::NotFound);
    };
    if before.updated_at.as_microsecond() != version.as_microsecond() {
        return Ok(AgentChanged::Stale);
    }
    let other: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM agents WHERE name = $2 AND id <> $1)")
        .bind(id.0)
        .bind(text::clean(&fields.name))
        .fetch_one(&mut *connection)
        .await?;
    if other {
        return Ok(AgentChanged::NameTaken);
    }
    sqlx::query(
        "UPDATE agents SET name = $2, url = $3, protocol = $4, headers = $5, prompt = $6, first_message = $7,
             variables = $8, max_concurrent_calls = $9, fallback_prompt = $10,
             updated_at = greatest($11, updated_at + interval '1 microsecond')
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(text::clean(&fields.name))
    .bind(text::clean(&fields.url))
    .bind(fields.protocol.as_str())
    .bind(stored(fields.headers.expose())?)
    .bind(text::clean_option(fields.prompt.as_ref()))
    .bind(text::clean_option(fields.first_message.as_ref()))
    .bind(stored(&fields.variables)?)
    .bind(rows::int(fields.max_concurrent_calls))
    .bind(text::clean_option(fields.fallback_prompt.as_ref()))
    .bind(at(now))
    .execute(&mut *connection)
    .await?;
    Ok(find(connection, id).await?.map_or(AgentChanged::NotFound, |agent| AgentChanged::Yes(Box::new(agent))))
}

async fn remove(connection: &mut PgConnection, id: AgentId) -> Result<AgentRemoved, StoreError> {
    let over = CampaignStatus::ALL.into_iter().filter(|status| status.is_final());
    // None of them changes before the transaction ends.
    let users: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM campaigns WHERE settings ->> 'agent_id' = $1 AND status <> ALL($2)
         ORDER BY created_at, id
         FOR SHARE",
    )
    .bind(id.to_string())
    .bind(over.map(|status| status.as_str()).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    if !users.is_empty() {
        return Ok(AgentRemoved::InUse(users));
    }
    let done = sqlx::query("DELETE FROM agents WHERE id = $1").bind(id.0).execute(connection).await?;
    Ok(if done.rows_affected() > 0 { AgentRemoved::Yes } else { AgentRemoved::NotFound })
}

async fn find(connection: &mut PgConnection, id: AgentId) -> Result<Option<Agent>, StoreError> {
    let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(connection).await?;
    row.as_ref().map(SingleCallRow::agent).transpose()
}
