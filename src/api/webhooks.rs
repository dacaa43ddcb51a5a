//! Outgoing webhooks.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Allowed, WebhooksRead, WebhooksWrite};
use super::extract::{IfMatch, JsonBody, JsonRequest, WebhookAt, etag};
use super::problem::{Answer, Fault, Kind, Problem};
use super::{Api, read};
use crate::store::telling::{Webhook, WebhookEdit, WebhookEdited};
use crate::webhook::{CallTold, CampaignTold, DncTold, Envelope, EventType, SigningSecret, WebhookId};

/// Webhooks there may be.
const MOST: u32 = 100;

/// Longest description, in characters.
const DESCRIPTION: usize = 500;

/// So long the old secret signs too, after it was changed.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookBody {
    /// Its id.
    id: WebhookId,
    /// Where events are sent.
    #[schema(example = "https://crm.example.com/canvass")]
    url: String,
    /// What for, in words.
    description: Option<String>,
    /// What it is told of.
    events: Vec<EventType>,
    /// Whether it is told anything.
    active: bool,
    /// Since when nothing was taken; none: the last delivery was.
    failing_since: Option<Timestamp>,
    /// Why it is not active, if no person did that: nothing was taken for three
    /// days, or the receiver answered 410.
    disabled_reason: Option<String>,
    /// Until when the secret before signs too.
    old_secret_until: Option<Timestamp>,
    /// When it was made.
    created_at: Timestamp,
    /// When a person last changed it.
    updated_at: Timestamp,
}

impl WebhookBody {
    fn of(webhook: Webhook, now: Timestamp) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            events: webhook.events,
            active: webhook.active,
            failing_since: webhook.failing_since,
            disabled_reason: webhook.disabled_reason,
            old_secret_until: webhook.old_secret.map(|(_, until)| until).filter(|until| now < *until),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhooks)]
pub(super) struct WebhookList {
    /// They, oldest first; a hundred at most.
    items: Vec<WebhookBody>,
}

/// A webhook and the secret that signs what it is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    /// The secret: shown now and never again.
    #[schema(example = "whsec_…")]
    secret: String,
    /// The webhook.
    webhook: WebhookBody,
}

/// A webhook to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CreateWebhook {
    /// Where events are sent: `https://` or `http://`, up to 2,000 characters,
    /// without user and password. Private addresses only if
    /// `webhooks.allow_private` says so.
    #[schema(required = true, value_type = String, example = "https://crm.example.com/canvass")]
    url: Option<String>,
    /// What it is told of: at least one.
    #[schema(required = true, value_type = Vec<EventType>, example = json!(["call.ended", "campaign.completed"]))]
    events: Option<Vec<EventType>>,
    /// What for, in words: up to 500 characters.
    description: Option<String>,
    /// Whether it is told anything; yes, if not said.
    #[schema(value_type = bool)]
    active: Option<bool>,
}

impl JsonRequest for CreateWebhook {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.url.is_none() {
            faults.push(Fault::new("url", "is missing"));
        }
        match request.events.take() {
            Some(events) => request.events = Some(checked_events(events, &mut faults)),
            None => faults.push(Fault::new("events", "is missing: name what it is to be told of")),
        }
        faults.extend(long_description(request.description.as_ref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// What is to change of a webhook.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EditWebhook {
    /// Where events are sent.
    url: Option<String>,
    /// What it is told of, all of it: at least one.
    events: Option<Vec<EventType>>,
    /// What for, in words; `null`: nothing.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Whether it is told anything. `true` also forgets its failures; what it
    /// missed while it failed is sent, what happened while it was not active is
    /// not.
    active: Option<bool>,
}

impl JsonRequest for EditWebhook {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = Vec::new();
        request.events = request.events.take().map(|events| checked_events(events, &mut faults));
        faults.extend(long_description(request.description.as_ref().and_then(Option::as_ref)));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Each event once.
fn checked_events(events: Vec<EventType>, faults: &mut Vec<Fault>) -> Vec<EventType> {
    let mut each = Vec::with_capacity(events.len().min(EventType::ALL.len()));
    for (at, event) in events.into_iter().enumerate() {
        if event == EventType::Test {
            faults.push(Fault::new(format!("events[{at}]"), "is sent only when somebody asks for a test"));
        } else if !each.contains(&event) {
            each.push(event);
        }
    }
    if each.is_empty() && faults.is_empty() {
        faults.push(Fault::new("events", "is empty: name what it is to be told of"));
    }
    each
}

fn long_description(description: Option<&String>) -> Option<Fault> {
    let long = description.is_some_and(|text| text.chars().count() > DESCRIPTION);
    long.then(|| Fault::new("description", format!("may have {DESCRIPTION} characters")))
}

/// The URL as it is kept.
fn checked_url(api: &Api, url: &str) -> Answer<String> {
    let url = api.guard.parse(url).map_err(|refused| Problem::field("url", refused.to_string()))?;
    Ok(url.into())
}

/// All webhooks
///
/// Those that were switched off too. Their secrets are not told.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks",
    responses((status = 200, description = "All of them", body = WebhookList)))]
pub(super) async fn list(_: Allowed<WebhooksRead>, State(api): State<Api>) -> Answer<Json<WebhookList>> {
    let now = api.now();
    let items = api.store.webhooks().await?.into_iter().map(|webhook| WebhookBody::of(webhook, now)).collect();
    Ok(Json(WebhookList { items }))
}

/// Make a webhook
///
/// From now on, what it names is sent to it: a `POST` with a
/// `WebhookDeliveryBody`, whose `data` is a `WebhookCall`, a `WebhookCampaign`
/// or a `WebhookDoNotCall`. The header `canvass-signature` is
/// `t=<seconds>,v1=<hex>`, HMAC-SHA256 with the secret over `<seconds>.<body>`.
/// What is not answered with 2xx within ten seconds is sent again for a day.
/// The answer holds the secret, once; an `Idempotency-Key` is refused here: a
/// secret is not kept.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", request_body = CreateWebhook,
    responses(
        (status = 201, description = "The webhook and its secret", body = WebhookWithSecret),
        (status = 409, description = "There are a hundred already", body = super::problem::ProblemBody,
            content_type = "application/problem+json"),
    ))]
pub(super) async fn create(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<CreateWebhook>,
) -> Answer<Response> {
    no_idempotency(&headers)?;
    let url = checked_url(&api, &request.url.unwrap_or_default())?;
    let secret = SigningSecret::generate().map_err(Problem::internal)?;
    let now = api.now();
    let webhook = Webhook {
        id: WebhookId::new(),
        url,
        description: request.description,
        events: request.events.unwrap_or_default(),
        active: request.active.unwrap_or(true),
        secret: secret.clone(),
        old_secret: None,
        created_at: now,
        updated_at: now,
        failing_since: None,
        disabled_reason: None,
    };
    if !api.store.add_webhook(&webhook, MOST).await? {
        let detail = format!("there are {MOST} webhooks already: remove one first");
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let location = format!("/api/webhooks/{}", webhook.id);
    let tag = etag(webhook.updated_at);
    let body = WebhookWithSecret { secret: secret.expose().to_owned(), webhook: WebhookBody::of(webhook, now) };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], [(header::ETAG, tag)], Json(body)).into_response())
}

/// One webhook
#[utoipa::path(get, path = "/api/webhooks/{id}", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook; `ETag` is its version", body = WebhookBody)))]
pub(super) async fn show(
    _: Allowed<WebhooksRead>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
) -> Answer<Response> {
    Ok(body(&api, known(&api, id).await?))
}

/// Change a webhook
///
/// What is left out stays.
#[utoipa::path(patch, path = "/api/webhooks/{id}", tag = "webhooks", request_body = EditWebhook,
    params(("id" = WebhookId, Path, description = "The webhook's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version this change was made from")),
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookBody),
        (status = 412, description = "Somebody else changed it first", body = super::problem::ProblemBody,
            content_type = "application/problem+json"),
    ))]
pub(super) async fn edit(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
    IfMatch(version): IfMatch,
    JsonBody(request): JsonBody<EditWebhook>,
) -> Answer<Response> {
    let before = known(&api, id).await?;
    // Without If-Match too, nothing that was changed meanwhile is undone.
    let if_version = Some(version.unwrap_or(before.updated_at));
    let edit = WebhookEdit {
        url: match &request.url {
            Some(url) => checked_url(&api, url)?,
            None => before.url,
        },
        description: request.description.unwrap_or(before.description),
        events: request.events.unwrap_or(before.events),
        active: request.active.unwrap_or(before.active),
        if_version,
    };
    match api.store.edit_webhook(id, &edit, api.now()).await? {
        WebhookEdited::Yes => Ok(body(&api, known(&api, id).await?)),
        WebhookEdited::Stale => Err(Problem::new(Kind::Stale, "the webhook was changed meanwhile")),
        WebhookEdited::NotFound => Err(no_webhook(id)),
    }
}

/// Remove a webhook
///
/// With all that is known of what it was told. What it was not told yet, it is
/// not told any more.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
) -> Answer<StatusCode> {
    if api.store.remove_webhook(id, api.now()).await? { Ok(StatusCode::NO_CONTENT) } else { Err(no_webhook(id)) }
}

/// Change a webhook's secret
///
/// The answer holds the new one, once. For 24 hours the old one signs too: the
/// header has a `v1` of each. Doing it twice ends the first secret at once. An
/// `Idempotency-Key` is refused here.
#[utoipa::path(post, path = "/api/webhooks/{id}/rotate-secret", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook and its new secret", body = WebhookWithSecret)))]
pub(super) async fn rotate_secret(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
    headers: HeaderMap,
) -> Answer<Json<WebhookWithSecret>> {
    no_idempotency(&headers)?;
    let secret = SigningSecret::generate().map_err(Problem::internal)?;
    let now = api.now();
    let until = now.checked_add(OVERLAP).unwrap_or(now);
    if !api.store.rotate_webhook_secret(id, &secret, until, now).await? {
        return Err(no_webhook(id));
    }
    let webhook = WebhookBody::of(known(&api, id).await?, now);
    Ok(Json(WebhookWithSecret { secret: secret.expose().to_owned(), webhook }))
}

/// The answers here are secrets, which are never kept.
fn no_idempotency(headers: &HeaderMap) -> Answer<()> {
    if headers.contains_key("idempotency-key") {
        return Err(Problem::new(Kind::Malformed, "no Idempotency-Key here: the answer is a secret and is not kept"));
    }
    Ok(())
}

fn body(api: &Api, webhook: Webhook) -> Response {
    let tag = etag(webhook.updated_at);
    ([(header::ETAG, tag)], Json(WebhookBody::of(webhook, api.now()))).into_response()
}

/// The webhook, if there is one.
pub(super) async fn known(api: &Api, id: WebhookId) -> Answer<Webhook> {
    api.store.webhook(id).await?.ok_or_else(|| no_webhook(id))
}

pub(super) fn no_webhook(id: WebhookId) -> Problem {
    Problem::not_found(format_args!("webhook {id}"))
}

/// What webhooks are sent: of no answer of ours, but described.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Envelope, CallTold, CampaignTold, DncTold)))]
pub(super) struct Sent;
