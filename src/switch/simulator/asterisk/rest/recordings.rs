//! Recordings: of what a callee says, and of what a snoop hears.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::super::call::Command;
use super::super::recordings::{Recording, wav};
use super::super::wire::{self, Event};
use super::{App, Parameters, merged, no_such_channel, not_in_stasis, refuse, seconds, text, unreadable};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/ari/channels/{id}/record", post(record))
        .route("/ari/recordings/live/{name}", get(live))
        .route("/ari/recordings/live/{name}/stop", post(stop))
        .route("/ari/recordings/stored/{name}", get(stored).delete(delete))
        .route("/ari/recordings/stored/{name}/file", get(file))
}

fn no_such_recording() -> Response {
    refuse(StatusCode::NOT_FOUND, "Recording not found")
}

async fn record(State(app): State<App>, Path(id): Path<String>, query: Parameters, body: Bytes) -> Response {
    let Some(parameters) = merged(query, &body) else { return unreadable() };
    let Some(name) = text(&parameters, "name") else {
        return refuse(StatusCode::BAD_REQUEST, "Recording name is required");
    };
    let (call, extra) = (app.world.call(&id), app.world.extra(&id));
    let heard = extra.as_ref().and_then(|extra| extra.hears()).or(call.as_ref());
    let Some(heard) = heard else { return no_such_channel() };
    if call.as_ref().is_some_and(|call| !call.is_in_stasis()) {
        return not_in_stasis();
    }
    let reply = call.as_ref().and_then(|call| call.reply());
    let Some(speech) = reply.or_else(|| app.world.speech(heard)) else { return not_in_stasis() };
    if !app.world.recordings().begin(&name, &id, speech) {
        return refuse(StatusCode::CONFLICT, &format!("Recording '{name}' already exists and can not be overwritten"));
    }
    let target_uri = format!("channel:{id}");
    let shown = |state| wire::Recording { name: &name, format: "wav", state, target_uri: &target_uri, duration: None };
    let answer = (StatusCode::CREATED, Json(shown("queued"))).into_response();
    match (&call, &extra) {
        (Some(call), _) => {
            let any_key_ends = text(&parameters, "terminateOn").as_deref() == Some("any");
            let (max, silence) =
                (seconds(parameters.get("maxDurationSeconds")), seconds(parameters.get("maxSilenceSeconds")));
            call.command(Command::Record { name: name.clone(), max, silence, any_key_ends });
        }
        (None, Some(extra)) => {
            extra.record(&name);
            app.world.send(&extra.app, &Event::RecordingStarted { recording: shown("recording") });
        }
        (None, None) => return no_such_channel(),
    }
    answer
}

async fn live(State(app): State<App>, Path(name): Path<String>) -> Response {
    match app.world.recordings().get(&name) {
        Some(Recording::Live { channel, .. }) => {
            let target_uri = format!("channel:{channel}");
            let state = "recording";
            let recording =
                wire::Recording { name: &name, format: "wav", state, target_uri: &target_uri, duration: None };
            Json(recording).into_response()
        }
        Some(Recording::Stored(..)) | None => no_such_recording(),
    }
}

async fn stop(State(app): State<App>, Path(name): Path<String>) -> Response {
    let Some(Recording::Live { channel, .. }) = app.world.recordings().get(&name) else { return no_such_recording() };
    if let Some(call) = app.world.call(&channel) {
        call.command(Command::StopRecording { name });
    } else if let Some(extra) = app.world.extra(&channel).filter(|extra| extra.is_recorded_as(&name)) {
        app.world.finish_recording(&extra);
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn stored(State(app): State<App>, Path(name): Path<String>) -> Response {
    match app.world.recordings().get(&name) {
        Some(Recording::Stored(..)) => Json(json!({ "name": name, "format": "wav" })).into_response(),
        Some(Recording::Live { .. }) | None => no_such_recording(),
    }
}

async fn file(State(app): State<App>, Path(name): Path<String>) -> Response {
    match app.world.recordings().get(&name) {
        Some(Recording::Stored(speech, length)) => {
            ([(CONTENT_TYPE, "audio/wav")], wav(*speech, length)).into_response()
        }
        Some(Recording::Live { .. }) | None => no_such_recording(),
    }
}

async fn delete(State(app): State<App>, Path(name): Path<String>) -> Response {
    if app.world.recordings().delete(&name) { StatusCode::NO_CONTENT.into_response() } else { no_such_recording() }
}
