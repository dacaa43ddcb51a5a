//! The REST side: routes, answers and refusals as the real one words them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::call::{Call, Command, Placed};
use super::events;
use super::wire::Playback;
use super::world::World;
use super::{Options, wire};
use crate::switch::asterisk::basic;

mod parts;
mod recordings;

#[derive(Clone)]
struct App {
    world: Arc<World>,
    authorization: HeaderValue,
    api_key: Arc<str>,
    unknown_endpoints: Arc<[String]>,
    started: Arc<str>,
}

type Parameters = Result<Query<Map<String, Value>>, QueryRejection>;

/// Every path below `/ari`.
pub(super) fn router(world: Arc<World>, options: &Options) -> std::io::Result<Router> {
    let authorization = basic::authorization(&options.user, &options.password.as_str().into())
        .ok_or(std::io::ErrorKind::InvalidInput)?;
    let app = App {
        world,
        authorization,
        api_key: format!("{}:{}", options.user, options.password).into(),
        unknown_endpoints: options.unknown_endpoints.clone().into(),
        started: wire::timestamp().into(),
    };
    Ok(Router::new()
        .route("/ari/asterisk/info", get(info))
        .route("/ari/asterisk/ping", get(ping))
        .route("/ari/events", any(open_events))
        .route("/ari/applications", get(list_applications))
        .route("/ari/applications/{name}", get(get_application))
        .route("/ari/channels", get(list_channels).post(originate))
        .route("/ari/channels/{id}", get(get_channel).delete(hang_up))
        .route("/ari/channels/{id}/variable", get(get_variable).post(set_variable))
        .route("/ari/channels/{id}/continue", post(go_on))
        .route("/ari/channels/{id}/ring", post(ring).delete(ring))
        .route("/ari/channels/{id}/silence", post(silence).delete(silence))
        .route("/ari/channels/{id}/play", post(play))
        .route("/ari/playbacks/{id}", delete(stop_playback))
        .merge(parts::routes())
        .merge(recordings::routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "Resource not found") })
        .method_not_allowed_fallback(|| async { refuse(StatusCode::METHOD_NOT_ALLOWED, "Invalid method") })
        .layer(from_fn_with_state(app.clone(), authenticate))
        .with_state(app))
}

async fn authenticate(State(app): State<App>, query: Parameters, request: Request, next: Next) -> Response {
    let by_header = request.headers().get(AUTHORIZATION) == Some(&app.authorization);
    let by_query =
        || query.is_ok_and(|Query(query)| query.get("api_key").and_then(Value::as_str) == Some(&*app.api_key));
    if by_header || by_query() {
        return next.run(request).await;
    }
    let mut response = refuse(StatusCode::UNAUTHORIZED, "Authentication required");
    let realm = HeaderValue::from_static("Basic realm=\"Asterisk REST Interface\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    response
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

fn no_such_channel() -> Response {
    refuse(StatusCode::NOT_FOUND, "Channel not found")
}

fn not_in_stasis() -> Response {
    refuse(StatusCode::CONFLICT, "Channel not in Stasis application")
}

/// Parameters come in the query or, with more weight, in a JSON body.
/// None if the body is something else.
fn merged(query: Parameters, body: &[u8]) -> Option<Map<String, Value>> {
    let mut parameters = query.map(|Query(query)| query).unwrap_or_default();
    if !body.is_empty() {
        parameters.extend(serde_json::from_slice::<Map<String, Value>>(body).ok()?);
    }
    Some(parameters)
}

fn unreadable() -> Response {
    refuse(StatusCode::BAD_REQUEST, "Error parsing request body")
}

fn text(parameters: &Map<String, Value>, name: &str) -> Option<String> {
    parameters.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn seconds(value: Option<&Value>) -> Option<Duration> {
    let seconds = match value? {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    // 0 and -1 mean "for ever".
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Asterisk's default when the client names no time-out.
const RING_TIMEOUT: Duration = Duration::from_secs(30);

async fn originate(State(app): State<App>, query: Parameters, body: Bytes) -> Response {
    let Some(mut parameters) = merged(query, &body) else { return unreadable() };
    let Some(endpoint) = text(&parameters, "endpoint") else {
        return refuse(StatusCode::BAD_REQUEST, "Endpoint must be specified");
    };
    let Some(stasis_app) = text(&parameters, "app") else {
        return refuse(StatusCode::BAD_REQUEST, "Application or extension must be specified");
    };
    let unknown = app.unknown_endpoints.iter().any(|part| endpoint.contains(part.as_str()));
    let Some(number) = number(&endpoint).filter(|_| !unknown) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "Allocation failed" }))).into_response();
    };
    let variables = match parameters.remove("variables") {
        Some(Value::Object(variables)) => variables,
        _ => Map::new(),
    };
    let placed = Placed {
        id: text(&parameters, "channelId").unwrap_or_else(|| format!("simulated-{}", app.world.next())),
        number: number.to_owned(),
        app: stasis_app,
        app_args: text(&parameters, "appArgs"),
        caller_id: text(&parameters, "callerId").unwrap_or_default(),
        timeout: match parameters.get("timeout") {
            None => Some(RING_TIMEOUT),
            timeout => seconds(timeout),
        },
        absolute: seconds(variables.get("TIMEOUT(absolute)")),
        endpoint,
        variables,
    };
    match app.world.place(placed) {
        Some(call) => Json(call.channel()).into_response(),
        None => refuse(StatusCode::CONFLICT, "Channel with given unique ID already exists"),
    }
}

/// The number in an endpoint such as `PJSIP/+15551234567@carrier`: the longest
/// run of digits, with its `+`.
fn number(endpoint: &str) -> Option<&str> {
    let (_, resource) = endpoint.split_once('/')?;
    let mut longest: Option<(usize, usize)> = None;
    let mut start = None;
    for (at, c) in resource.char_indices().chain([(resource.len(), '/')]) {
        if c.is_ascii_digit() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take()
            && longest.is_none_or(|(from, to)| at - start > to - from)
        {
            longest = Some((start, at));
        }
    }
    let (from, to) = longest?;
    let plus = resource.get(..from).is_some_and(|before| before.ends_with('+'));
    resource.get(from - usize::from(plus)..to)
}

async fn list_channels(State(app): State<App>) -> Response {
    let (calls, extras) = (app.world.calls(), app.world.extras());
    let channels = calls.iter().map(|call| call.channel()).chain(extras.iter().map(|extra| extra.channel()));
    Json(channels.collect::<Vec<_>>()).into_response()
}

async fn get_channel(State(app): State<App>, Path(id): Path<String>) -> Response {
    match (app.world.call(&id), app.world.extra(&id)) {
        (Some(call), _) => Json(call.channel()).into_response(),
        (None, Some(extra)) => Json(extra.channel()).into_response(),
        (None, None) => no_such_channel(),
    }
}

async fn hang_up(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.world.call(&id) {
        Some(call) if call.command(Command::Hangup) => StatusCode::NO_CONTENT.into_response(),
        Some(_) | None => parts::hang_up(&app.world, &id),
    }
}

async fn get_variable(State(app): State<App>, Path(id): Path<String>, query: Parameters) -> Response {
    let Some(call) = app.world.call(&id) else { return no_such_channel() };
    let name = query.ok().and_then(|Query(query)| text(&query, "variable")).unwrap_or_default();
    let context = name.strip_prefix("DIALPLAN_EXISTS(").and_then(|arguments| arguments.split(',').next());
    let function = context.map(|context| u8::from(app.world.has_context(context)).to_string());
    match function.or_else(|| call.variable(&name)) {
        Some(value) => Json(json!({ "value": value })).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "Provided variable was not found"),
    }
}

async fn set_variable(State(app): State<App>, Path(id): Path<String>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let Some(call) = app.world.call(&id) else { return no_such_channel() };
    let Some(name) = text(&parameters, "variable") else {
        return refuse(StatusCode::BAD_REQUEST, "Variable name is required");
    };
    if name == "TIMEOUT(absolute)"
        && let Some(time) = seconds(parameters.get("value"))
    {
        call.command(Command::EndAfter(time));
    } else {
        call.set_variable(name, text(&parameters, "value").unwrap_or_default());
    }
    StatusCode::NO_CONTENT.into_response()
}

/// To the dialplan; without parameters to where it was, which is nowhere.
async fn go_on(State(app): State<App>, Path(id): Path<String>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let context = text(&parameters, "context").unwrap_or_default();
    in_stasis(&app, &id, |call| call.command(Command::Continue { context }))
}

async fn ring(State(app): State<App>, Path(id): Path<String>) -> Response {
    in_stasis(&app, &id, |_| true)
}

/// Does something with a call that is in its application.
fn in_stasis(app: &App, id: &str, with: impl FnOnce(&Call) -> bool) -> Response {
    match app.world.call(id) {
        Some(call) if !call.is_in_stasis() => not_in_stasis(),
        Some(call) if with(&call) => StatusCode::NO_CONTENT.into_response(),
        Some(_) | None => no_such_channel(),
    }
}

async fn silence(State(app): State<App>, Path(id): Path<String>) -> Response {
    in_stasis(&app, &id, |_| true)
}

async fn play(State(app): State<App>, Path(id): Path<String>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let media: Vec<String> = match parameters.get("media") {
        Some(Value::String(list)) => list.split(',').map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let Some(first) = media.first().cloned() else {
        return refuse(StatusCode::BAD_REQUEST, "Media is required");
    };
    let Some(call) = app.world.call(&id) else { return no_such_channel() };
    if !call.is_in_stasis() {
        return not_in_stasis();
    }
    let playback = text(&parameters, "playbackId").unwrap_or_else(|| format!("playback-{}", app.world.next()));
    if !app.world.play(&call, playback.clone(), media) {
        return no_such_channel();
    }
    let target_uri = format!("channel:{id}");
    let queued = Playback {
        id: &playback,
        media_uri: &first,
        next_media_uri: None,
        target_uri: &target_uri,
        language: "en",
        state: "queued",
    };
    (StatusCode::CREATED, Json(queued)).into_response()
}

async fn stop_playback(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.world.playback(&id) {
        Some(call) if call.command(Command::StopPlayback { id }) => StatusCode::NO_CONTENT.into_response(),
        Some(_) | None => refuse(StatusCode::NOT_FOUND, "Playback not found"),
    }
}

fn application(world: &World, name: &str) -> Value {
    let calls = world.calls();
    let extras = world.extras();
    let calls = calls.iter().filter(|call| call.app() == name).map(|call| call.id());
    let extras = extras.iter().filter(|extra| extra.app == name).map(|extra| extra.id.as_str());
    let ids: Vec<_> = calls.chain(extras).collect();
    json!({
        "name": name, "channel_ids": ids, "bridge_ids": [], "endpoint_ids": [], "device_names": [],
        "events_allowed": [], "events_disallowed": [],
    })
}

async fn list_applications(State(app): State<App>) -> Response {
    let apps: Vec<_> = app.world.apps().iter().map(|name| application(&app.world, name)).collect();
    Json(apps).into_response()
}

async fn get_application(State(app): State<App>, Path(name): Path<String>) -> Response {
    if !app.world.apps().contains(&name) {
        return refuse(StatusCode::NOT_FOUND, "Application not found");
    }
    Json(application(&app.world, &name)).into_response()
}

async fn info(State(app): State<App>) -> Response {
    Json(json!({
        "build": { "os": "Linux", "kernel": "unknown", "machine": "unknown", "options": "", "date": "", "user": "" },
        "system": { "version": "22.10.1 (simulated)", "entity_id": "00:00:5e:00:53:01" },
        "config": { "name": "simulated", "default_language": "en", "setid": { "user": "", "group": "" } },
        "status": { "startup_time": *app.started, "last_reload_time": *app.started },
    }))
    .into_response()
}

async fn ping() -> Response {
    Json(json!({ "ping": "pong", "timestamp": wire::timestamp(), "asterisk_id": "00:00:5e:00:53:01" })).into_response()
}

async fn open_events(
    State(app): State<App>,
    query: Parameters,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return StatusCode::UPGRADE_REQUIRED.into_response() };
    let names = query.ok().and_then(|Query(query)| text(&query, "app")).unwrap_or_default();
    let names: Vec<_> = names.split(',').filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    events::open(app.world, &names, upgrade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_any_endpoint() {
        for (endpoint, want) in [
            ("PJSIP/+15551234567@carrier", Some("+15551234567")),
            ("PJSIP/15551234567@10.0.0.1:5060", Some("15551234567")),
            ("PJSIP/carrier2/sip:+15551234567@sip.example:5060", Some("+15551234567")),
            ("PJSIP/carrier", None),
            ("15551234567", None),
            ("PJSIP/é5", Some("5")),
        ] {
            assert_eq!(number(endpoint), want, "{endpoint}");
        }
    }

    #[test]
    fn time_outs_are_numbers_or_texts() {
        assert_eq!(seconds(Some(&json!(5))), Some(Duration::from_secs(5)));
        assert_eq!(seconds(Some(&json!("5"))), Some(Duration::from_secs(5)));
        for other in [json!(-1), json!(0), json!("x"), json!([5]), json!(1.5), Value::Null] {
            assert_eq!(seconds(Some(&other)), None, "{other}");
        }
        assert_eq!(seconds(None), None);
    }
}
