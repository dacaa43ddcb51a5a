//! API keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, ApiKeysRead, ApiKeysWrite};
use super::campaign_fields::{checked_name, out_of_time};
use super::extract::{IfMatch, JsonBody, JsonRequest, KeyAt, UrlQuery, etag};
use super::page::{Paged, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::users::nulls;
use super::{Api, read};
use crate::access::{ApiKey, ApiKeyId, KEY_PREFIX, KeySecret, Principal, Role, Scope};

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
    /// Who made it: `key:NAME (ID)`, `user:LOGIN` or `command line`.
    #[schema(example = "user:anna")]
    created_by: Option<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last renamed, shortened or revoked; its version.
    updated_at: Timestamp,
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
            created_by: key.created_by,
            created_at: key.created_at,
            updated_at: key.updated_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// Which keys.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListKeys {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those that are valid, or only those that are revoked or expired.
    active: Option<bool>,
}

/// Changes of a key: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EditKey {
    /// Whose it is or what for. 1 to 200 characters.
    #[schema(value_type = String, example = "CRM")]
    name: Option<String>,
    /// From when on it is refused: earlier than it would be, never later.
    #[schema(value_type = Timestamp)]
    expires_at: Option<Timestamp>,
}

impl JsonRequest for EditKey {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut faults = nulls(&body);
        let mut request: Self = match read::json(body) {
            Ok(request) => request,
            Err(more) => {
                faults.extend(more);
                return Err(faults);
            }
        };
        match request.name.as_deref().map(|name| checked_name(Some(name))).transpose() {
            Ok(name) => request.name = name,
            Err(message) => faults.push(Fault::new("name", message)),
        }
        faults.extend(request.expires_at.and_then(|at| out_of_time("expires_at", at)));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
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
/// A page at a time, the oldest first. The secrets are not among what is told:
/// they are not kept.
#[utoipa::path(get, path = "/api/api-keys", tag = "API keys", params(ListKeys),
    responses((status = 200, description = "A page of them", body = Paged<KeyBody>)))]
pub(super) async fn list(
    _: Allowed<ApiKeysRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListKeys>,
) -> Answer<Json<Paged<KeyBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let listed = api.store.api_key_page(asked.active, api.now(), wanted.page()).await?;
    Ok(Json(wanted.of(listed, KeyBody::from)))
}

/// Make an API key
///
/// The answer holds it, once. A key never makes one that may more than itself.
/// An `Idempotency-Key` is refused here: the answer is a secret and is not kept.
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = CreateKey,
    responses((status = 201, description = "The key", body = NewKey)))]
pub(super) async fn create(
    by: Allowed<ApiKeysWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<CreateKey>,
) -> Answer<(StatusCode, Json<NewKey>)> {
    let secret = KeySecret::generate().map_err(Problem::internal)?;
    let now = api.now();
    let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
    // A key does not outlive the key that made it. A session is shorter than
    // what a person wants a key for.
    let latest = match &*by.caller {
        Principal::Key(maker) => maker.expires_at,
        Principal::User(_) => None,
    };
    let name = request.name.unwrap_or_default();
    let key = ApiKey {
        scopes: request.scopes,
        created_by: Some(by.caller.actor()),
        expires_at: sooner(request.expires_in_days.and_then(|count| now.checked_add(days(count)).ok()), latest),
        ..ApiKey::new(&secret, name, request.role.unwrap_or(Role::Viewer), now)
    };
    if let Some(more) = Scope::ALL.into_iter().find(|scope| key.may(*scope) && !by.caller.may(*scope)) {
        return Err(Problem::new(Kind::Forbidden, format!("the new key might do what you may not: {more}")));
    }
    api.store.add_api_key(&key).await?;
    Ok((StatusCode::CREATED, Json(NewKey { key: secret.expose().to_owned(), api_key: key.into() })))
}

/// One API key
#[utoipa::path(get, path = "/api/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path, description = "The key's id")),
    responses((status = 200, description = "The key, without the secret", body = KeyBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(_: Allowed<ApiKeysRead>, State(api): State<Api>, KeyAt(id): KeyAt) -> Answer<Response> {
    Ok(shown(known(&api, id).await?))
}

/// Rename an API key, or have it end earlier
///
/// What it may do never changes: make another one, and revoke this.
#[utoipa::path(patch, path = "/api/api-keys/{id}", tag = "API keys", request_body = EditKey,
    params(("id" = ApiKeyId, Path, description = "The key's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The key as it is now, without the secret", body = KeyBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    by: Allowed<ApiKeysWrite>,
    State(api): State<Api>,
    KeyAt(id): KeyAt,
    IfMatch(version): IfMatch,
    JsonBody(request): JsonBody<EditKey>,
) -> Answer<Response> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let key = known(&api, id).await?;
        if version.is_some_and(|version| version != key.updated_at) {
            return Err(stale());
        }
        if let (Some(wanted), Some(end)) = (request.expires_at, key.expires_at)
            && wanted > end
        {
            return Err(Problem::field("expires_at", format!("is later than {end}, when it ends: make another key")));
        }
        let name = request.name.as_ref().unwrap_or(&key.name);
        let expires_at = request.expires_at.or(key.expires_at);
        let done = api.store.edit_api_key(id, name, expires_at, key.updated_at, api.now()).await;
        api.0.known.changed();
        if done? {
            tracing::info!(by = %by.caller.actor(), key = %id, "a key was changed");
            return Ok(shown(known(&api, id).await?));
        }
    }
    Err(stale())
}

/// Revoke an API key
///
/// It opens nothing from now on, and stays on record. One may revoke one's own.
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked")))]
pub(super) async fn revoke(_: Allowed<ApiKeysWrite>, State(api): State<Api>, KeyAt(id): KeyAt) -> Answer<StatusCode> {
    let revoked = api.store.revoke_api_key(id, api.now()).await;
    // Even if it is not known whether it was done.
    api.0.known.changed();
    if revoked? { Ok(StatusCode::NO_CONTENT) } else { Err(no_key(id)) }
}

async fn known(api: &Api, id: ApiKeyId) -> Answer<ApiKey> {
    api.store.api_key(id).await?.ok_or_else(|| no_key(id))
}

fn shown(key: ApiKey) -> Response {
    let headers = HeaderMap::from_iter([(header::ETAG, etag(key.updated_at))]);
    (headers, Json(KeyBody::from(key))).into_response()
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the key was changed since that version: read it again")
}

/// The earlier of two ends.
fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn no_key(id: ApiKeyId) -> Problem {
    Problem::not_found(format_args!("API key {id}"))
}
