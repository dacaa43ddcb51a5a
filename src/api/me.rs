//! What a user does about themselves.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::LoggedIn;
use super::extract::{JsonBody, JsonRequest};
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::sessions::{Peer, unusable};
use super::users::UserBody;
use super::{Api, read};
use crate::access::Password;

/// A password for another.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The one that is to go.
    #[schema(required = true, value_type = String, format = Password, write_only)]
    old_password: Option<SecretString>,
    /// The new one: 12 to 256 characters.
    #[schema(required = true, value_type = String, format = Password, write_only, min_length = 12, max_length = 256)]
    new_password: Option<SecretString>,
}

impl JsonRequest for NewPassword {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults: Vec<_> = unusable("old_password", request.old_password.as_ref()).into_iter().collect();
        faults.extend(unusable("new_password", request.new_password.as_ref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Who you are
///
/// For people who are logged in.
#[utoipa::path(get, path = "/api/users/me", tag = "users",
    responses((status = 200, description = "You", body = UserBody)))]
pub(super) async fn show(LoggedIn(session): LoggedIn) -> Json<UserBody> {
    Json(session.user.into())
}

/// Change your password
///
/// Your other sessions end. Whoever must change their password can do
/// everything their role may from now on.
#[utoipa::path(post, path = "/api/users/me/password", tag = "users", request_body = NewPassword,
    responses(
        (status = 204, description = "It is changed"),
        (status = 409, description = "Somebody else changed it meanwhile", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_password(
    LoggedIn(session): LoggedIn,
    Peer(address): Peer,
    State(api): State<Api>,
    JsonBody(request): JsonBody<NewPassword>,
) -> Answer<StatusCode> {
    let (old, new) = (request.old_password.unwrap_or_default(), request.new_password.unwrap_or_default());
    let user = session.user;
    let chosen = Password::choose(new.expose_secret(), &user.login);
    let chosen = chosen.map_err(|weak| Problem::field("new_password", weak.to_string()))?;
    if old.expose_secret() == new.expose_secret() {
        return Err(Problem::field("new_password", "is the old one"));
    }
    // A session that was stolen is no way to guess the password.
    let attempt = api.0.logins.attempt(&user.login, address)?;
    let kept = api.store.credentials(&user.login).await?.filter(|kept| kept.user.id == user.id);
    let kept = kept.ok_or_else(|| Problem::not_found(format_args!("user {}", user.login)))?.password;
    let compared = kept.clone();
    if !api.0.hashing.run(move || compared.is_of(&old)).await? {
        tracing::warn!(user = %user.login, "a password was not changed: the old one was wrong");
        return Err(Problem::field("old_password", "is wrong"));
    }
    attempt.give_back();
    let hash = api.0.hashing.run(move || chosen.hash()).await?;
    if !api.store.change_password(user.id, &kept, &hash, &session.sha256, api.now()).await? {
        return Err(Problem::conflict("your password was changed meanwhile: log in again", ["login"]));
    }
    api.0.known.changed();
    tracing::info!(user = %user.login, "changed their password");
    Ok(StatusCode::NO_CONTENT)
}
