//! Snoops, external media and bridges.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::Value;
use tokio::sync::watch;

use super::super::bridges::Bridge;
use super::super::extra::{Extra, Kind};
use super::super::media;
use super::super::wire::Event;
use super::super::world::World;
use super::{App, Parameters, merged, no_such_channel, not_in_stasis, refuse, text, unreadable};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/ari/channels/{id}/snoop/{snoop}", post(snoop))
        .route("/ari/channels/externalMedia", post(external_media))
        .route("/ari/bridges", get(list).post(make))
        .route("/ari/bridges/{id}", delete(remove))
        .route("/ari/bridges/{id}/addChannel", post(join))
}

fn in_use() -> Response {
    refuse(StatusCode::CONFLICT, "Channel with given unique ID already exists")
}

async fn snoop(
    State(app): State<App>,
    Path((id, snoop)): Path<(String, String)>,
    query: Parameters,
    body: Bytes,
) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let Some(call) = app.world.call(&id) else { return no_such_channel() };
    let Some(stasis_app) = text(&parameters, "app") else {
        return refuse(StatusCode::BAD_REQUEST, "Application must be specified");
    };
    let name = format!("Snoop/{id}-{:08x}", app.world.next());
    let extra = Extra::new(snoop, stasis_app, name, Kind::Snoop(call), app.world.stop_token());
    begin(&app.world, extra).map_or_else(in_use, |extra| Json(extra.channel()).into_response())
}

/// The channel is in its application at once.
fn begin(world: &World, extra: Extra) -> Option<Arc<Extra>> {
    let extra = world.add_extra(extra)?;
    world.send(&extra.app, &Event::StasisStart { args: Vec::new(), channel: extra.channel() });
    Some(extra)
}

async fn external_media(State(app): State<App>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let parameter = |name: &str| text(&parameters, name);
    if (parameter("encapsulation").as_deref(), parameter("transport").as_deref()) != (Some("audiosocket"), Some("tcp"))
    {
        return refuse(StatusCode::NOT_IMPLEMENTED, "The encapsulation and/or transport is not supported");
    }
    let (Some(stasis_app), Some(host)) = (parameter("app"), parameter("external_host")) else {
        return refuse(StatusCode::BAD_REQUEST, "app and external_host must be specified");
    };
    let Some(data) = parameter("data").and_then(|data| data.parse().ok()) else {
        return refuse(StatusCode::BAD_REQUEST, "data must be a UUID");
    };
    let id = parameter("channelId").unwrap_or_else(|| format!("simulated-{}", app.world.next()));
    let Ok(stream) = media::connect(&host, data).await else {
        let words = "An internal error prevented this request from being handled";
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, words);
    };
    let (feed, fed) = watch::channel(None);
    let name = format!("AudioSocket/{host}-{data}");
    let extra = Extra::new(id, stasis_app, name, Kind::Media(feed), app.world.stop_token());
    let Some(extra) = begin(&app.world, extra) else { return in_use() };
    let (world, sending) = (Arc::clone(&app.world), Arc::clone(&extra));
    app.world.spawn(async move {
        media::send(&world, stream, fed, sending.stop.clone()).await;
        world.end_extra(&sending, 0);
    });
    Json(extra.channel()).into_response()
}

/// A channel that is no call is hung up.
pub(super) fn hang_up(world: &World, id: &str) -> Response {
    let Some(extra) = world.extra(id) else { return no_such_channel() };
    let channel = extra.channel();
    let request = Event::ChannelHangupRequest { cause: 32, tech_cause: None, soft: Some(true), channel };
    world.send(&extra.app, &request);
    world.end_extra(&extra, 16);
    StatusCode::NO_CONTENT.into_response()
}

async fn list(State(app): State<App>) -> Response {
    Json(app.world.bridges().all()).into_response()
}

async fn make(State(app): State<App>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let id = text(&parameters, "bridgeId").unwrap_or_else(|| format!("simulated-{}", app.world.next()));
    let bridge = Bridge::mixing(id, text(&parameters, "name").unwrap_or_default());
    if !app.world.bridges().make(bridge.clone()) {
        return refuse(StatusCode::CONFLICT, "Bridge with id already exists");
    }
    Json(bridge).into_response()
}

async fn remove(State(app): State<App>, Path(id): Path<String>) -> Response {
    if app.world.delete_bridge(&id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refuse(StatusCode::NOT_FOUND, "Bridge not found")
    }
}

async fn join(State(app): State<App>, Path(id): Path<String>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    if !app.world.bridges().exists(&id) {
        return refuse(StatusCode::NOT_FOUND, "Bridge not found");
    }
    let channels: Vec<&str> = match parameters.get("channel") {
        Some(Value::String(list)) => list.split(',').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for channel in &channels {
        match (app.world.call(channel), app.world.extra(channel)) {
            (Some(call), _) if !call.is_in_stasis() => return not_in_stasis(),
            (Some(_), _) | (None, Some(_)) => {}
            (None, None) => return refuse(StatusCode::BAD_REQUEST, "Channel not found"),
        }
    }
    if channels.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "Missing parameter channel");
    }
    app.world.join(&id, &channels);
    StatusCode::NO_CONTENT.into_response()
}
