//! What webhooks were told, and what came of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{Allowed, WebhooksRead, WebhooksWrite};
use super::extract::{DeliveryAt, UrlQuery, WebhookAt};
use super::page::Wanted;
use super::problem::{Answer, Kind, Problem};
use super::webhooks::known;
use crate::store::telling::{Delivery, DeliveryStatus};
use crate::webhook::{EventId, EventType, WebhookId};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryStatus)]
pub(super) enum StatusWord {
    /// It is sent, or tried again at `next_at`.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was tried for a day, in vain.
    GivenUp,
}

impl From<DeliveryStatus> for StatusWord {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::GivenUp => Self::GivenUp,
        }
    }
}

impl From<StatusWord> for DeliveryStatus {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Pending => Self::Pending,
            StatusWord::Delivered => Self::Delivered,
            StatusWord::GivenUp => Self::GivenUp,
        }
    }
}

/// One event for one webhook, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryBody {
    /// The event's id, the same for every webhook.
    id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    event: EventType,
    /// When it happened.
    created_at: Timestamp,
    /// Where it stands.
    status: StatusWord,
    /// How often it was tried.
    #[schema(example = 1)]
    attempts: u32,
    /// When it is tried next; none: it is not.
    next_at: Option<Timestamp>,
    /// When it was last tried.
    last_at: Option<Timestamp>,
    /// The HTTP status of the last answer; none: there was none.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// Why the last try failed; none: it did not.
    error: Option<String>,
    /// How long the last try took, in milliseconds.
    #[schema(example = 84)]
    ms: Option<u32>,
    /// What is told.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.event_id,
            event: delivery.event,
            created_at: delivery.created_at,
            status: delivery.status.into(),
            attempts: delivery.attempts,
            next_at: delivery.next_at,
            last_at: delivery.last_at,
            status_code: delivery.last_code,
            error: delivery.last_error,
            ms: delivery.last_ms,
            data: delivery.data,
        }
    }
}

/// A part of what a webhook was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveries)]
pub(super) struct DeliveryList {
    /// The deliveries, the latest events first.
    items: Vec<DeliveryBody>,
    /// `before` of the next part; none: there is no more.
    next: Option<EventId>,
}

/// Which part of what it was told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDeliveries {
    /// Only those that stand so.
    #[param(inline)]
    status: Option<StatusWord>,
    /// Only events before this one: `next` of the part before.
    before: Option<EventId>,
    /// How many: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
}

/// What a webhook was told
///
/// And what it is still to be told. Kept for thirty days.
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id"), ListDeliveries),
    responses((status = 200, description = "A part of it", body = DeliveryList)))]
pub(super) async fn list(
    _: Allowed<WebhooksRead>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
    UrlQuery(asked): UrlQuery<ListDeliveries>,
) -> Answer<Json<DeliveryList>> {
    let limit = Wanted::new(None, asked.limit)?.page().limit;
    known(&api, id).await?;
    let status = asked.status.map(DeliveryStatus::from);
    let found = api.store.deliveries(id, status, asked.before, limit).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count == limit);
    let next = found.last().map(|delivery| delivery.event_id).filter(|_| full);
    Ok(Json(DeliveryList { items: found.into_iter().map(DeliveryBody::from).collect(), next }))
}

/// One delivery
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries/{event_id}", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id"),
        ("event_id" = EventId, Path, description = "The event's id")),
    responses((status = 200, description = "What was told, and what came of it", body = DeliveryBody)))]
pub(super) async fn show(
    _: Allowed<WebhooksRead>,
    State(api): State<Api>,
    DeliveryAt(id, event): DeliveryAt,
) -> Answer<Json<DeliveryBody>> {
    delivery(&api, id, event).await.map(Json)
}

/// Tell a webhook once more
///
/// The same event under the same id, whatever became of it before; its tries
/// are counted anew. A webhook that is not active gets it once it is.
#[utoipa::path(post, path = "/api/webhooks/{id}/deliveries/{event_id}/replay", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id"),
        ("event_id" = EventId, Path, description = "The event's id")),
    responses((status = 202, description = "It is sent soon", body = DeliveryBody)))]
pub(super) async fn replay(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    DeliveryAt(id, event): DeliveryAt,
) -> Answer<(StatusCode, Json<DeliveryBody>)> {
    if !api.store.replay_delivery(id, event, api.now()).await? {
        return Err(no_delivery(id, event));
    }
    Ok((StatusCode::ACCEPTED, Json(delivery(&api, id, event).await?)))
}

/// Try a webhook
///
/// Sends it a `webhook.test` with empty `data`, whatever it is told of else.
/// The delivery shows what came of it.
#[utoipa::path(post, path = "/api/webhooks/{id}/test", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id")),
    responses(
        (status = 202, description = "It is sent soon", body = DeliveryBody),
        (status = 409, description = "The webhook is not active", body = super::problem::ProblemBody,
            content_type = "application/problem+json"),
    ))]
pub(super) async fn test(
    _: Allowed<WebhooksWrite>,
    State(api): State<Api>,
    WebhookAt(id): WebhookAt,
) -> Answer<(StatusCode, Json<DeliveryBody>)> {
    known(&api, id).await?;
    let now = api.now();
    let event = EventId::at(now);
    if !api.store.add_test_delivery(id, event, now).await? {
        return Err(Problem::new(Kind::Conflict, "the webhook is not active: it is told nothing"));
    }
    Ok((StatusCode::ACCEPTED, Json(delivery(&api, id, event).await?)))
}

async fn delivery(api: &Api, id: WebhookId, event: EventId) -> Answer<DeliveryBody> {
    let found = api.store.delivery(id, event).await?;
    found.map(DeliveryBody::from).ok_or_else(|| no_delivery(id, event))
}

fn no_delivery(id: WebhookId, event: EventId) -> Problem {
    Problem::not_found(format_args!("event {event} for webhook {id}"))
}
