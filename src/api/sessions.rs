//! Logging in and out.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{LoggedIn, peer};
use super::extract::{JsonBody, JsonRequest};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::throttle::{Throttle, network};
use super::users::UserBody;
use super::{Api, read};
use crate::access::{LONGEST, LONGEST_LOGIN, PasswordHash, SESSION, Session, SessionSecret};

/// Logins of one account that may fail at once, and each minute after that.
const ACCOUNT: u32 = 10;

const WRONG: &str = "login or password is wrong";
const CHALLENGE: &str = "Bearer realm=\"canvass\"";

/// How often logging in may fail, by account and by address. What succeeds does
/// not count.
#[derive(Debug)]
pub(super) struct Logins {
    accounts: Throttle<String>,
    addresses: Throttle<IpAddr>,
}

/// A try that counts as failed unless it is given back.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    logins: &'a Logins,
    account: String,
    address: Option<IpAddr>,
}

impl Logins {
    pub(super) fn new(failures_per_minute: u32) -> Self {
        let per_minute = |count: u32| Throttle::new(f64::from(count) / 60.0, count);
        Self { accounts: Throttle::new(f64::from(ACCOUNT) / 60.0, ACCOUNT), addresses: per_minute(failures_per_minute) }
    }

    /// One more try, for an account that need not exist.
    pub(super) fn attempt(&self, login: &str, address: Option<IpAddr>) -> Answer<Attempt<'_>> {
        let now = Instant::now();
        let often = |wait| Problem::wait(Kind::TooManyRequests, "logging in failed too often", wait);
        let address = address.map(network);
        if let Some(address) = address {
            self.addresses.take(address, now).map_err(often)?;
        }
        let account: String = login.trim().chars().take(LONGEST_LOGIN).collect::<String>().to_lowercase();
        self.accounts.take(account.clone(), now).map_err(often)?;
        Ok(Attempt { logins: self, account, address })
    }
}

impl Attempt<'_> {
    /// It did not fail, or not for what was tried.
    pub(super) fn give_back(self) {
        self.logins.accounts.give_back(self.account);
        if let Some(address) = self.address {
            self.logins.addresses.give_back(address);
        }
    }
}

/// The address a login comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Ok(Self(peer(&parts.extensions)))
    }
}

/// Who wants in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The user's login, in any case.
    #[schema(required = true, value_type = String, example = "anna@example.com")]
    login: Option<String>,
    /// The password.
    #[schema(required = true, value_type = String, format = Password, write_only)]
    password: Option<SecretString>,
}

impl JsonRequest for Login {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.login.is_none() {
            faults.push(Fault::new("login", "is missing"));
        }
        faults.extend(unusable("password", request.password.as_ref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// A password nobody can have, or none: not worth comparing.
pub(super) fn unusable(field: &str, password: Option<&SecretString>) -> Option<Fault> {
    match password {
        None => Some(Fault::new(field, "is missing")),
        Some(text) if text.expose_secret().chars().count() > LONGEST => {
            Some(Fault::new(field, format!("may have {LONGEST} characters")))
        }
        Some(_) => None,
    }
}

/// Somebody who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Opened {
    /// What to send as `Authorization: Bearer` from now on. Shown once.
    #[schema(example = "cs_…")]
    token: String,
    /// From when on it is refused.
    expires_at: Timestamp,
    /// Who they are. With `must_change_password` nothing is possible but
    /// `POST /api/users/me/password` and `POST /api/logout`.
    user: UserBody,
}

/// What needs no key.
pub(super) fn open_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(login))
}

/// Log in
///
/// The answer holds a session, which works like an API key with the role of
/// the user, for twelve hours, used or not. After ten failures an account, and
/// after as many as `api.failures_per_minute` an address, waits. Whether a
/// login exists is not told, not even by the time the answer takes.
#[utoipa::path(post, path = "/api/login", tag = "users", security(()), request_body = Login,
    responses(
        (status = 200, description = "The session", body = Opened),
        (status = 401, description = "Login or password is wrong, or the user is disabled", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "It failed too often; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn login(
    State(api): State<Api>,
    Peer(address): Peer,
    JsonBody(request): JsonBody<Login>,
) -> Answer<Json<Opened>> {
    let login = request.login.unwrap_or_default();
    let password = request.password.unwrap_or_default();
    let attempt = api.0.logins.attempt(&login, address)?;
    match enter(&api, &login, password).await {
        Ok(Ok(opened)) => {
            attempt.give_back();
            Ok(Json(opened))
        }
        Ok(Err(known)) => {
            // What is no login of ours may be a password in the wrong field.
            let user = known.as_deref().unwrap_or("(unknown)");
            tracing::warn!(%user, address = ?address, "a login failed");
            Err(Problem::unauthorized(WRONG, CHALLENGE))
        }
        Err(problem) => {
            attempt.give_back();
            Err(problem)
        }
    }
}

/// Opens a session; or the login that was not let in, if there is such a user.
async fn enter(api: &Api, login: &str, password: SecretString) -> Answer<Result<Opened, Option<String>>> {
    let found = api.store.credentials(login.trim()).await?;
    let kept = found.as_ref().map(|found| found.password.clone());
    let right = api.0.hashing.run(move || kept.map_or_else(PasswordHash::of_nobody, Ok)?.is_of(&password)).await?;
    let known = found.as_ref().map(|found| found.user.login.clone());
    let Some(found) = found.filter(|found| right && found.user.active) else { return Ok(Err(known)) };
    let secret = SessionSecret::generate().map_err(Problem::internal)?;
    let now = api.now();
    let session = Session {
        sha256: secret.sha256(),
        user: found.user,
        expires_at: now.checked_add(SESSION).map_err(Problem::internal)?,
    };
    if !api.store.open_session(&session, &found.password, now).await? {
        return Ok(Err(known));
    }
    tracing::info!(user = %session.user.login, "logged in");
    let mut user = session.user;
    user.last_login_at = Some(now);
    Ok(Ok(Opened { token: secret.expose().to_owned(), expires_at: session.expires_at, user: user.into() }))
}

/// Log out
///
/// The session opens nothing from now on.
#[utoipa::path(post, path = "/api/logout", tag = "users",
    responses((status = 204, description = "The session is over")))]
pub(super) async fn logout(LoggedIn(session): LoggedIn, State(api): State<Api>) -> Answer<StatusCode> {
    api.store.close_session(&session.sha256).await?;
    api.0.known.changed();
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_account_waits_whatever_the_case_and_the_address() {
        let logins = Logins::new(100);
        let address = |last: u32| Some(IpAddr::from(last.to_be_bytes()));
        for n in 0..ACCOUNT {
            drop(logins.attempt(if n % 2 == 0 { "Anna" } else { " anna " }, address(n << 8)).expect("allowed"));
        }
        assert!(logins.attempt("ANNA", address(1)).is_err());
        logins.attempt("bert", address(1)).expect("another account").give_back();
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_waits_whatever_the_account_and_success_does_not_count() {
        let logins = Logins::new(3);
        let address = Some("192.0.2.1".parse().expect("an address"));
        for n in 0..20 {
            logins.attempt(&format!("user{n}"), address).expect("allowed").give_back();
        }
        for n in 0..3 {
            drop(logins.attempt(&format!("user{n}"), address).expect("allowed"));
        }
        assert!(logins.attempt("another", address).is_err());
        assert!(logins.attempt("another", None).is_ok());
    }
}
