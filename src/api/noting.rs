//! The audit log is written: a record for each request that changed something,
//! before its answer is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};

use super::Api;
use super::auth::Caller;
use super::problem::{Answer, Problem};
use crate::audit::{Deed, masked};
use crate::campaign::CampaignId;
use crate::live::Happened;
use crate::store::StoreError;
use crate::store::telling::AuditEntry;

/// Bytes of a body that are looked at.
const LOOKED_AT: usize = 64 * 1024;

/// The pauses between tries to write a record.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_500)];

/// Marks the answer to what was done, whatever its status says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done;

/// Goes with an answer: what came of the request, under a name of its own.
#[derive(Clone, Debug)]
pub(super) struct AlsoNoted(pub(super) &'static str, pub(super) Value);

/// The id of a request, as the log and the answer have it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Notes what is changed. Inside of the layer that answers repeated requests:
/// only what is really done is noted.
pub(super) async fn layer(State(api): State<Api>, request: Request, next: Next) -> Response {
    // Questions with a body change nothing either.
    let asks = request.uri().path().ends_with("/check");
    if asks || matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    // A client that goes away ends its request, but not between the change and
    // its record.
    match tokio::spawn(noted(api, request, next)).await {
        Ok(response) => response,
        Err(error) => Problem::internal(error).into_response(),
    }
}

async fn noted(api: Api, request: Request, next: Next) -> Response {
    // Of several lists some may be in before one is refused.
    let in_parts = is_list(&request);
    let (request, heard) = overhear(request);
    let mut entry = begin(&api, &request);
    let response = next.run(request).await;
    if response.status().as_u16() >= 400 && !in_parts {
        return response;
    }
    let (made, response) = match made(response).await {
        Ok(both) => both,
        Err(problem) => return problem.into_response(),
    };
    entry.at = api.now();
    if let Some(details) = entry.details.as_object_mut() {
        if let Some(body) = heard.body() {
            details.insert("body".into(), body);
        }
        // A copy, for example.
        if let Some(made) = made.as_ref().filter(|_| entry.subject_id.is_some()) {
            details.insert("made".into(), made.as_str().into());
        }
        if let Some(AlsoNoted(name, value)) = response.extensions().get() {
            details.insert((*name).into(), value.clone());
        }
        details.insert("status".into(), response.status().as_u16().into());
    }
    entry.subject_id = entry.subject_id.or(made);
    tell(&api, &entry);
    match write(&api, &entry).await {
        Ok(()) => response,
        Err(error) => {
            // Here at least it is not lost.
            tracing::error!(?entry, %error, "a change could not be noted in the audit log");
            let mut response = Problem::done_unnoted().into_response();
            response.extensions_mut().insert(Done);
            response
        }
    }
}

fn is_list(request: &Request) -> bool {
    let path = request.uri().path();
    path.ends_with("/import") || path.ends_with("/upload-csv") || path.ends_with("/contacts")
}

/// What is known before it is done.
fn begin(api: &Api, request: &Request) -> AuditEntry {
    let extensions = request.extensions();
    let path = request.uri().path();
    let template = extensions.get::<MatchedPath>().map_or(path, |template| template.as_str());
    let deed = Deed::of(request.method().as_str(), template, path);
    let mut details = Map::new();
    if deed.parameters.len() > 1 {
        let others = deed.parameters.iter().skip(1).map(|(name, value)| (name.clone(), json!(value)));
        details.insert("path".into(), Value::Object(others.collect()));
    }
    AuditEntry {
        at: api.now(),
        actor: extensions.get::<Caller>().map_or_else(|| "nobody".to_owned(), |caller| caller.actor()),
        subject_id: deed.subject().map(ToOwned::to_owned),
        action: deed.action,
        subject_kind: deed.kind,
        ip: extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
        request_id: extensions.get::<RequestId>().map(|RequestId(id)| id.clone()),
        details: Value::Object(details),
    }
}

/// Whoever watches learns of it soon.
fn tell(api: &Api, entry: &AuditEntry) {
    let campaign = entry.subject_id.as_ref().filter(|_| entry.subject_kind == "campaigns");
    if let Some(campaign) = campaign.and_then(|id| id.parse::<CampaignId>().ok()) {
        if entry.action == "campaigns.delete" {
            api.feed().publish(entry.at, campaign, Happened::CampaignDeleted);
        } else {
            api.feed().touch(campaign);
        }
    }
    api.feed().look();
}

async fn write(api: &Api, entry: &AuditEntry) -> Result<(), StoreError> {
    for pause in PAUSES {
        match api.store.note_audit(entry).await {
            Err(StoreError::Away(error)) => {
                tracing::debug!(%error, "the audit log is tried again");
                tokio::time::sleep(pause).await;
            }
            other => return other,
        }
    }
    api.store.note_audit(entry).await
}

/// What a handler read of a JSON body.
#[derive(Debug)]
struct Heard(Option<Arc<Mutex<Copy>>>);

#[derive(Debug, Default)]
struct Copy {
    bytes: Vec<u8>,
    cut: bool,
}

/// Has what is read of a JSON body copied: nothing is read for somebody who may
/// not send it.
fn overhear(request: Request) -> (Request, Heard) {
    if !is_json(request.headers()) {
        return (request, Heard(None));
    }
    let copy = Arc::new(Mutex::new(Copy::default()));
    let kept = copy.clone();
    let request = request.map(|body| {
        Body::new(body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                kept.lock().unwrap_or_else(PoisonError::into_inner).add(data);
            }
            frame
        }))
    });
    (request, Heard(Some(copy)))
}

impl Copy {
    fn add(&mut self, data: &Bytes) {
        let room = LOOKED_AT.saturating_sub(self.bytes.len());
        self.cut |= data.len() > room;
        self.bytes.extend(data.iter().take(room));
    }
}

impl Heard {
    fn body(&self) -> Option<Value> {
        let copy = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        if copy.cut {
            return Some(json!("too long to be kept"));
        }
        serde_json::from_slice(&copy.bytes).ok().as_ref().map(masked)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// The id of what was made, as far as the answer tells it, and the answer.
async fn made(response: Response) -> Answer<(Option<String>, Response)> {
    let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
    if let Some(id) = place.and_then(|place| place.rsplit('/').next()).filter(|id| !id.is_empty()) {
        return Ok((Some(id.to_owned()), response));
    }
    let known = response.body().size_hint().exact().is_some_and(|size| size <= LOOKED_AT as u64);
    if response.status() != StatusCode::CREATED || !known || !is_json(response.headers()) {
        return Ok((None, response));
    }
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map_err(Problem::internal)?.to_bytes();
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let inner = value.as_object().into_iter().flat_map(Map::values).filter_map(|field| field.get("id"));
    let id = value.get("id").into_iter().chain(inner).find_map(|id| match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    Ok((id, Response::from_parts(parts, Body::from(bytes))))
}
