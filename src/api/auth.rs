//! Who asks, and what they may.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use tokio::time::Instant;

use super::Api;
use super::problem::{Answer, Kind, Problem};
use super::throttle::network;
use crate::access::{ApiKey, KeySecret, Scope};

const MISSING: &str = "Bearer realm=\"canvass\"";
const WRONG: &str = "Bearer realm=\"canvass\", error=\"invalid_token\"";

/// The key of a request that had a valid one.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Arc<ApiKey>);

impl Caller {
    /// Who it is, for the audit log.
    pub(super) fn actor(&self) -> String {
        format!("key:{} ({})", self.0.name, self.0.id)
    }
}

/// Lets only requests with a valid key through, and those not too often.
pub(super) async fn layer(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).cloned();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    match recognize(&api, given.as_ref(), peer).await {
        Ok(key) => {
            if let Err(wait) = api.0.requests.take(key.id, Instant::now()) {
                let problem = Problem::wait(Kind::TooManyRequests, "this key asks too often", wait);
                return problem.into_response();
            }
            note_use(&api, &key);
            request.extensions_mut().insert(Caller(Arc::new(key)));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn recognize(api: &Api, given: Option<&HeaderValue>, peer: Option<IpAddr>) -> Answer<ApiKey> {
    let Some(given) = given else {
        return Err(Problem::unauthorized("send Authorization: Bearer and an API key", MISSING));
    };
    let failed = |detail: &str| {
        // Only what fails is counted: behind a proxy all clients have one
        // address, and nobody may lock the others out.
        match peer.map(|peer| api.0.failures.take(network(peer), Instant::now())) {
            Some(Err(wait)) => Problem::wait(Kind::TooManyRequests, "too many wrong keys from this address", wait),
            Some(Ok(())) | None => Problem::unauthorized(detail, WRONG),
        }
    };
    let secret = given.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| KeySecret::parse(token.trim()).ok())?
    });
    let Some(secret) = secret else {
        return Err(failed("this is not an API key: one is cv_ and 64 hexadecimal digits, after Bearer"));
    };
    let mut found = None;
    for key in api.store.api_keys_shown_as(secret.shown()).await? {
        if secret.matches(&key.sha256) {
            found = Some(key);
        }
    }
    match found {
        None => Err(failed("there is no such API key")),
        Some(key) if key.revoked_at.is_some() => Err(failed("this API key is revoked")),
        Some(key) if !key.is_valid(api.now()) => Err(failed("this API key has expired")),
        Some(key) => Ok(key),
    }
}

/// Notes the use of a key, once a minute at most; nobody waits for that.
fn note_use(api: &Api, key: &ApiKey) {
    let now = api.now();
    if key.last_used_at.is_none_or(|last| now.duration_since(last) >= SignedDuration::from_mins(1)) {
        let (store, id) = (api.store.clone(), key.id);
        tokio::spawn(async move {
            if let Err(error) = store.touch_api_key(id, now).await {
                tracing::debug!(%error, "could not note the use of a key");
            }
        });
    }
}

/// What a handler asks of its caller.
pub(super) trait Permission {
    /// The scope that is needed.
    const SCOPE: Scope;
}

/// A caller who may do what the handler does. The first thing every handler
/// takes: a body is not read for somebody who may not send it.
#[derive(Debug)]
pub(super) struct Allowed<P> {
    pub(super) key: Arc<ApiKey>,
    permission: PhantomData<P>,
}

impl<S: Sync, P: Permission> FromRequestParts<S> for Allowed<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let Some(Caller(key)) = parts.extensions.get::<Caller>() else {
            return Err(Problem::unauthorized("send Authorization: Bearer and an API key", MISSING));
        };
        if key.may(P::SCOPE) {
            return Ok(Self { key: key.clone(), permission: PhantomData });
        }
        let why = if key.role.may(P::SCOPE) { "its scopes do not name it" } else { "no scope gives it more" };
        let detail = format!("this needs {}; the key is of a {}, and {why}", P::SCOPE, key.role);
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// Scopes as types.
macro_rules! permissions {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(Debug)]
        #[allow(dead_code)] // until every resource is there
        pub(super) struct $name;

        impl Permission for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+};
}

permissions!(
    CampaignsRead,
    CampaignsWrite,
    ContactsRead,
    ContactsWrite,
    DncRead,
    DncWrite,
    PhoneNumbersRead,
    PhoneNumbersWrite,
    CallsRead,
    CallsWrite,
    MediaRead,
    MediaWrite,
    SurveysRead,
    SurveysWrite,
    AgentsRead,
    AgentsWrite,
    SwitchesRead,
    SwitchesWrite,
    SettingsRead,
    SettingsWrite,
    WebhooksRead,
    WebhooksWrite,
    UsersRead,
    UsersWrite,
    AuditRead,
    ApiKeysRead,
    ApiKeysWrite,
);
