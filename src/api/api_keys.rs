//! API keys.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Allowed, ApiKeysRead, ApiKeysWrite};
use super::campaign_fields::checked_name;
use super::extract::{JsonBody, JsonRequest, KeyAt};
use super::problem::{Answer, Fault, Kind, Problem};
use super::{Api, read};
use crate::access::{ApiKey, ApiKeyId, KEY_PREFIX, KeySecret, Role, Scope};

/// Longest life of a key that has an end, in days.
const LONGEST: u32 = 3_650;

/// A key, without the secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct KeyBody {
    /// Its id.
    id: ApiKeyId,
    /// Whose it is or what for.
    #[schema(example = "CRM")]
    name: String,
    /// How it begins, to tell keys apart.
    #[schema(example = "cv_0f3a9c21")]
    prefix: String,
    /// What its holder is.
    role: Role,
    /// The only areas it may touch; empty: all its role may.
    scopes: Vec<Scope>,
    /// When it was made.
    created_at: Timestamp,
    /// From when on it is refused; none: never.
    expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    last_used_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: format!("{KEY_PREFIX}{}", key.shown),
            role: key.role,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub(super) struct KeyList {
    /// They, oldest first; those that are over too.
    items: Vec<KeyBody>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewKey {
    /// The key itself: shown now and never again.
    #[schema(example = "cv_…")]
    key: String,
    /// What is kept of it.
    api_key: KeyBody,
}

/// A key to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CreateKey {
    /// Whose it is or what for. 1 to 200 characters.
    #[schema(required = true, value_type = String, example = "CRM")]
    name: Option<String>,
    /// What its holder is; `viewer` if not said.
    #[schema(value_type = Role)]
    role: Option<Role>,
    /// The only areas it may touch; empty or left out: all its role may.
    scopes: Vec<Scope>,
    /// Days until it is refused: 1 to 3,650; left out: never.
    #[schema(minimum = 1, maximum = 3650, example = 365)]
    expires_in_days: Option<u32>,
}

impl JsonRequest for CreateKey {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = Vec::new();
        match checked_name(request.name.as_deref()) {
            Ok(name) => request.name = Some(name),
            Err(message) => faults.push(Fault::new("name", message)),
        }
        if let Some(days) = request.expires_in_days.filter(|days| !(1..=LONGEST).contains(days)) {
            faults.push(Fault::new("expires_in_days", format!("is {days}, must be from 1 to {LONGEST}")));
        }
        let role = request.role.unwrap_or(Role::Viewer);
        for (at, scope) in request.scopes.iter().enumerate() {
            if !role.may(*scope) {
                faults.push(Fault::new(format!("scopes[{at}]"), format!("is {scope}, which no {role} may")));
            }
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// All API keys
///
/// The secrets are not among what is told: they are not kept.
#[utoipa::path(get, path = "/api/api-keys", tag = "API keys",
    responses((status = 200, description = "All of them", body = KeyList)))]
pub(super) async fn list(_: Allowed<ApiKeysRead>, State(api): State<Api>) -> Answer<Json<KeyList>> {
    let items = api.store.api_keys().await?.into_iter().map(KeyBody::from).collect();
    Ok(Json(KeyList { items }))
}

/// Make an API key
///
/// The answer holds it, once. A key never makes one that may more than itself.
/// An `Idempotency-Key` is refused here: the answer is a secret and is not kept.
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = CreateKey,
    responses((status = 201, description = "The key", body = NewKey)))]
pub(super) async fn create(
    caller: Allowed<ApiKeysWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<CreateKey>,
) -> Answer<(StatusCode, Json<NewKey>)> {
    let secret = KeySecret::generate().map_err(Problem::internal)?;
    let now = api.now();
    let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
    let key = ApiKey {
        id: ApiKeyId::new(),
        name: request.name.unwrap_or_default(),
        shown: secret.shown().to_owned(),
        sha256: secret.sha256(),
        role: request.role.unwrap_or(Role::Viewer),
        scopes: request.scopes,
        created_at: now,
        expires_at: sooner(
            request.expires_in_days.and_then(|count| now.checked_add(days(count)).ok()),
            caller.key.expires_at,
        ),
        revoked_at: None,
        last_used_at: None,
    };
    if let Some(more) = Scope::ALL.into_iter().find(|scope| key.may(*scope) && !caller.key.may(*scope)) {
        return Err(Problem::new(Kind::Forbidden, format!("the new key might do what yours may not: {more}")));
    }
    api.store.add_api_key(&key).await?;
    Ok((StatusCode::CREATED, Json(NewKey { key: secret.expose().to_owned(), api_key: key.into() })))
}

/// One API key
#[utoipa::path(get, path = "/api/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path, description = "The key's id")),
    responses((status = 200, description = "The key, without the secret", body = KeyBody)))]
pub(super) async fn show(_: Allowed<ApiKeysRead>, State(api): State<Api>, KeyAt(id): KeyAt) -> Answer<Json<KeyBody>> {
    api.store.api_key(id).await?.map(|key| Json(key.into())).ok_or_else(|| no_key(id))
}

/// Revoke an API key
///
/// It opens nothing from now on, and stays on record. One may revoke one's own.
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked")))]
pub(super) async fn revoke(_: Allowed<ApiKeysWrite>, State(api): State<Api>, KeyAt(id): KeyAt) -> Answer<StatusCode> {
    if api.store.revoke_api_key(id, api.now()).await? { Ok(StatusCode::NO_CONTENT) } else { Err(no_key(id)) }
}

/// A key does not outlive the one that made it.
fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn no_key(id: ApiKeyId) -> Problem {
    Problem::not_found(format_args!("API key {id}"))
}
