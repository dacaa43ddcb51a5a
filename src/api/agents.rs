//! AI agents.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::agent_fields::{AgentBody, AgentPatch, NewAgent};
use super::auth::{AgentsRead, AgentsWrite, Allowed};
use super::extract::{AgentAt, IfMatch, JsonBody, UrlQuery, etag};
use super::page::{Paged, Wanted};
use super::problem::{Answer, Kind, Problem, ProblemBody};
use crate::agent::{Agent, AgentId};
use crate::store::{AgentChanged, AgentRemoved};

/// Which agents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAgents {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
}

/// All agents
///
/// A page at a time, by name. Values of headers are never shown.
#[utoipa::path(get, path = "/api/agents", tag = "agents", params(ListAgents),
    responses((status = 200, description = "A page of agents", body = Paged<AgentBody>)))]
pub(super) async fn list(
    _: Allowed<AgentsRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListAgents>,
) -> Answer<Json<Paged<AgentBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let listed = api.store.agent_page(wanted.page()).await?;
    Ok(Json(wanted.of(listed, AgentBody::from)))
}

/// Add an agent
///
/// Campaigns name it in `agent_id`. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/agents", tag = "agents", request_body = NewAgent,
    responses(
        (status = 201, description = "The agent", body = AgentBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another agent has that name", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    _: Allowed<AgentsWrite>,
    State(api): State<Api>,
    JsonBody(NewAgent(fields)): JsonBody<NewAgent>,
) -> Answer<(StatusCode, HeaderMap, Json<AgentBody>)> {
    let now = api.now();
    let agent = Agent { id: AgentId::new(), fields, created_at: now, updated_at: now };
    if !api.store.add_agent(&agent).await? {
        return Err(name_taken(&agent.fields.name));
    }
    let (mut headers, body) = answer(agent);
    if let Ok(place) = HeaderValue::from_str(&format!("/api/agents/{}", body.0.id())) {
        headers.insert(header::LOCATION, place);
    }
    Ok((StatusCode::CREATED, headers, body))
}

/// One agent
#[utoipa::path(get, path = "/api/agents/{id}", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent's id")),
    responses((status = 200, description = "The agent", body = AgentBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(
    _: Allowed<AgentsRead>,
    State(api): State<Api>,
    AgentAt(id): AgentAt,
) -> Answer<(HeaderMap, Json<AgentBody>)> {
    Ok(answer(known(&api, id).await?))
}

/// Change an agent
///
/// What is left out stays; `null` takes away; `headers` and `variables` are
/// merged (RFC 7396). A header given back as it is shown, masked, stays. With
/// `If-Match` the change is made only if nobody else made one since that
/// version was read.
#[utoipa::path(patch, path = "/api/agents/{id}", tag = "agents", request_body = AgentPatch,
    params(("id" = AgentId, Path, description = "The agent's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The agent as it is now", body = AgentBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another agent has that name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<AgentsWrite>,
    State(api): State<Api>,
    AgentAt(id): AgentAt,
    IfMatch(version): IfMatch,
    JsonBody(patch): JsonBody<AgentPatch>,
) -> Answer<(HeaderMap, Json<AgentBody>)> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let before = known(&api, id).await?;
        if version.is_some_and(|version| version != before.updated_at) {
            return Err(stale());
        }
        let NewAgent(fields) = patch.clone().apply(&before.fields).map_err(Problem::fields)?;
        match api.store.edit_agent(id, &fields, before.updated_at, api.now()).await? {
            AgentChanged::Yes(agent) => return Ok(answer(*agent)),
            AgentChanged::NameTaken => return Err(name_taken(&fields.name)),
            AgentChanged::Stale if version.is_some() => return Err(stale()),
            AgentChanged::Stale => {}
            AgentChanged::NotFound => return Err(no_agent(id)),
        }
    }
    Err(stale())
}

/// Remove an agent
///
/// Not while a campaign names it that is not over: take it out there first.
#[utoipa::path(delete, path = "/api/agents/{id}", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Campaigns name it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    _: Allowed<AgentsWrite>,
    State(api): State<Api>,
    AgentAt(id): AgentAt,
) -> Answer<StatusCode> {
    match api.store.remove_agent(id).await? {
        AgentRemoved::Yes => Ok(StatusCode::NO_CONTENT),
        AgentRemoved::InUse(campaigns) => {
            Err(Problem::new(Kind::Conflict, format!("campaigns name it that are not over: {}", campaigns.join(", "))))
        }
        AgentRemoved::NotFound => Err(no_agent(id)),
    }
}

/// An agent with its version.
fn answer(agent: Agent) -> (HeaderMap, Json<AgentBody>) {
    let headers = HeaderMap::from_iter([(header::ETAG, etag(agent.updated_at))]);
    (headers, Json(agent.into()))
}

async fn known(api: &Api, id: AgentId) -> Answer<Agent> {
    api.store.agent(id).await?.ok_or_else(|| no_agent(id))
}

/// The name of the agent a campaign names, if it names one.
pub(super) async fn name_of(api: &Api, id: Option<AgentId>) -> Answer<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    Ok(api.store.agent(id).await?.map(|agent| agent.fields.name))
}

/// What a campaign names must be there.
pub(super) async fn must_be_there(api: &Api, id: Option<AgentId>) -> Answer<()> {
    match id {
        Some(named) if name_of(api, id).await?.is_none() => {
            Err(Problem::field("agent_id", format!("there is no agent {named}")))
        }
        Some(_) | None => Ok(()),
    }
}

fn name_taken(name: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("another agent is called {name:?}"))
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the agent was changed since that version: read it again")
}

fn no_agent(id: AgentId) -> Problem {
    Problem::not_found(format_args!("agent {id}"))
}
