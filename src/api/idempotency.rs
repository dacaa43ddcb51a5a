//! A request that comes again, because its answer was lost on the way, is
//! answered as it was the first time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Api;
use super::auth::Caller;
use super::extract::bytes;
use super::noting::Done;
use super::problem::{Answer, Kind, Problem};
use crate::store::listing::{ANSWERS_KEPT, Begun, KeptAnswer, REQUEST_ABANDONED};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Longest key.
const LONGEST: usize = 255;

/// Largest answer kept, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Headers that belong to an answer.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

pub(super) async fn layer(State(api): State<Api>, request: Request, next: Next) -> Response {
    // A list may be uploaded twice without harm: what is there is skipped. And a
    // sound has a name, which is given once.
    let path = request.uri().path();
    let upload = path.ends_with("/upload-csv") || path.ends_with("/import") || path == "/api/media";
    if request.method() != Method::POST || upload || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match once(api, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(api: Api, request: Request, next: Next) -> Answer<Response> {
    let wrong = |detail: &str| Problem::new(Kind::Malformed, detail);
    let key = request.headers().get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if key.is_empty() || key.len() > LONGEST {
        return Err(wrong("Idempotency-Key must be 1 to 255 visible ASCII characters"));
    }
    if is_secret(request.uri().path()) {
        return Err(wrong("no Idempotency-Key here: request or answer is a secret and is not kept"));
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = bytes(body, api.limits.body_bytes).await?;
    let mut hash = Sha256::new();
    for part in [parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default()] {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.update(&body);
    let fingerprint: [u8; 32] = hash.finalize().into();
    let now = api.now();
    let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(now);
    let begun = api
        .store
        .begin_idempotent(caller.id(), &key, &fingerprint, now, before(REQUEST_ABANDONED), before(ANSWERS_KEPT))
        .await?;
    match begun {
        Begun::Done(answer) => Ok(again(answer)),
        Begun::Other => {
            Err(Problem::new(Kind::KeyReused, "choose a new Idempotency-Key for a request that is not the same"))
        }
        Begun::Running => {
            let detail = "a request with this Idempotency-Key has not been answered yet";
            Err(Problem::wait(Kind::KeyInUse, detail, Duration::from_secs(1)))
        }
        Begun::Fresh => {
            let request = Request::from_parts(parts, Body::from(body));
            // It goes on to its end, and its answer is kept, even if the client
            // is gone.
            let work = tokio::spawn(work(api, caller.id(), key, request, next));
            work.await.map_err(Problem::internal)
        }
    }
}

/// Whether the request holds a password, of which not even this fingerprint
/// may be kept, or the answer a secret.
fn is_secret(path: &str) -> bool {
    path == "/api/api-keys" || path == "/api/users" || path.starts_with("/api/users/")
}

async fn work(api: Api, by: Uuid, key: String, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let (parts, body) = response.into_parts();
    let body = match bytes(body, LARGEST).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    // What was not done may be tried again.
    let done = parts.status.is_success() || parts.extensions.get::<Done>().is_some();
    let answer = done.then(|| KeptAnswer {
        status: parts.status.as_u16(),
        headers: HEADERS
            .iter()
            .filter_map(|name| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned())))
            .collect(),
        body: body.to_vec(),
    });
    if let Err(error) = api.store.end_idempotent(by, &key, answer.as_ref()).await {
        tracing::warn!(%error, "the answer of a request could not be kept");
    }
    Response::from_parts(parts, Body::from(body))
}

fn again(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
