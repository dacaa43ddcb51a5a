//! Who asks, and what they may.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::Api;
use super::known::Found;
use super::problem::{Answer, Kind, Problem};
use super::throttle::network;
use crate::access::{Presented, Principal, Scope, Session};
use crate::store::StoreError;

const MISSING: &str = "Bearer realm=\"canvass\"";
const WRONG: &str = "Bearer realm=\"canvass\", error=\"invalid_token\"";

/// Who asks: the holder of a valid key, or a person who is logged in. What
/// they are called in records is [`Principal::actor`].
#[derive(Clone, Debug)]
pub(super) struct Caller(Arc<Principal>);

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

/// The address a request came from.
pub(super) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// Lets only requests of those who are known through, and those not too often.
pub(super) async fn layer(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).cloned();
    match recognize(&api, given.as_ref(), peer(request.extensions())).await {
        Ok(caller) => {
            if let Err(wait) = api.0.requests.take(caller.id(), Instant::now()) {
                let problem = Problem::wait(Kind::TooManyRequests, "you ask too often", wait);
                return problem.into_response();
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn recognize(api: &Api, given: Option<&HeaderValue>, peer: Option<IpAddr>) -> Answer<Caller> {
    let Some(given) = given else {
        return Err(Problem::unauthorized("send Authorization: Bearer and an API key or a session", MISSING));
    };
    let presented = given.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Presented::parse(token.trim()).ok())?
    });
    let Some(presented) = presented else {
        return Err(match count_failure(api, peer) {
            Ok(()) => Problem::unauthorized("this is no API key: one is cv_ and 64 hexadecimal digits", WRONG),
            Err(problem) => problem,
        });
    };
    let sha256 = presented.sha256();
    let found = api.0.known.find(&sha256, Instant::now());
    if let Found::Fresh(principal) = &found
        && principal.is_valid(api.now())
    {
        api.0.known.note_use(&sha256, principal, api.now());
        return Ok(Caller(principal.clone()));
    }
    // Who was let in lately is looked up whatever others did; for strangers it
    // counts before the database is asked, and is given back if they are right.
    // Behind a proxy all clients have one address, and nobody may lock the
    // others out: a few are looked up even then.
    let stranger = matches!(found, Found::Nothing);
    let mut counted = Ok(());
    if stranger {
        counted = count_failure(api, peer);
        if let Err(problem) = &counted
            && api.0.doubtful.take((), Instant::now()).is_err()
        {
            return Err(problem.clone());
        }
    }
    let give_back = || {
        if let (true, Ok(()), Some(peer)) = (stranger, &counted, peer) {
            api.0.failures.give_back(network(peer));
        }
    };
    let generation = api.0.known.generation();
    let principal = look_up(api, &presented, &sha256).await.inspect_err(|_| give_back())?;
    let refusal = match &principal {
        None => "there is no such API key or session",
        Some(Principal::Key(key)) if key.revoked_at.is_some() => "this API key is revoked",
        Some(principal) if !principal.is_valid(api.now()) => match principal {
            Principal::Key(_) => "this API key has expired",
            Principal::User(_) => "this session is over: log in again",
        },
        Some(_) => "",
    };
    match principal.filter(|_| refusal.is_empty()) {
        Some(principal) => {
            give_back();
            let principal = Arc::new(principal);
            api.0.known.keep(sha256, &principal, generation, Instant::now());
            api.0.known.note_use(&sha256, &principal, api.now());
            Ok(Caller(principal))
        }
        None => {
            api.0.known.forget(&sha256);
            if !stranger {
                counted = count_failure(api, peer);
            }
            counted?;
            Err(Problem::unauthorized(refusal, WRONG))
        }
    }
}

/// One more that failed from this address; or a problem, if they were too many.
fn count_failure(api: &Api, peer: Option<IpAddr>) -> Answer<()> {
    let taken = peer.map_or(Ok(()), |peer| api.0.failures.take(network(peer), Instant::now()));
    taken.map_err(|wait| Problem::wait(Kind::TooManyRequests, "too many wrong keys from this address", wait))
}

async fn look_up(api: &Api, presented: &Presented, sha256: &[u8; 32]) -> Result<Option<Principal>, StoreError> {
    match presented {
        Presented::Key(secret) => {
            let keys = api.store.api_keys_shown_as(secret.shown()).await?;
            Ok(keys.into_iter().find(|key| secret.matches(&key.sha256)).map(Principal::Key))
        }
        Presented::Session(_) => Ok(api.store.session_of(sha256).await?.map(Principal::User)),
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
    pub(super) caller: Caller,
    permission: PhantomData<P>,
}

impl<S: Sync, P: Permission> FromRequestParts<S> for Allowed<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let caller = caller(parts)?;
        match &*caller {
            Principal::User(session) if session.user.must_change_password => {
                let detail = "somebody else chose your password: choose one by POST /api/users/me/password first";
                return Err(Problem::new(Kind::PasswordChangeNeeded, detail));
            }
            Principal::User(_) | Principal::Key(_) => {}
        }
        if caller.may(P::SCOPE) {
            return Ok(Self { caller, permission: PhantomData });
        }
        let role = caller.role();
        let detail = match &*caller {
            Principal::User(_) => format!("this needs {}, which no {role} may", P::SCOPE),
            Principal::Key(key) => {
                let why = if key.role.may(P::SCOPE) { "its scopes do not name it" } else { "no scope gives it more" };
                format!("this needs {}; the key is of a {role}, and {why}", P::SCOPE)
            }
        };
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// A person who is logged in, for what concerns them alone: whatever their
/// role, and even if they must change their password first.
#[derive(Debug)]
pub(super) struct LoggedIn(pub(super) Session);

impl<S: Sync> FromRequestParts<S> for LoggedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        match &*caller(parts)? {
            Principal::User(session) => Ok(Self(session.clone())),
            Principal::Key(_) => {
                Err(Problem::new(Kind::Forbidden, "this is for people who are logged in, not for keys"))
            }
        }
    }
}

fn caller(parts: &Parts) -> Answer<Caller> {
    let missing = || Problem::unauthorized("send Authorization: Bearer and an API key or a session", MISSING);
    parts.extensions.get::<Caller>().cloned().ok_or_else(missing)
}

/// Scopes as types.
macro_rules! permissions {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(Debug)]
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
    MetricsRead,
);
