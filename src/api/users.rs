//! Users: the people who may log in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, Caller, UsersRead, UsersWrite};
use super::campaign_fields::checked_name;
use super::extract::{IfMatch, JsonBody, JsonRequest, UrlQuery, UserAt, etag};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::sessions::unusable;
use super::{Api, read};
use crate::access::{Password, PasswordHash, Role, Scope, User, UserId, checked_login};
use crate::store::people::{UserChanged, UserEdit, UserQuery, UserSort};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserBody {
    /// Their id.
    id: UserId,
    /// What they log in with, in any case.
    #[schema(example = "anna@example.com")]
    login: String,
    /// What they are called.
    #[schema(example = "Anna Berg")]
    name: String,
    /// What they may do.
    role: Role,
    /// Whether they may log in.
    active: bool,
    /// Whether somebody else chose their password: until they choose one they
    /// can do nothing but that.
    must_change_password: bool,
    /// When they were added.
    created_at: Timestamp,
    /// When they were last changed; the version.
    updated_at: Timestamp,
    /// When they last logged in.
    last_login_at: Option<Timestamp>,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            login: user.login,
            name: user.name,
            role: user.role,
            active: user.active,
            must_change_password: user.must_change_password,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// Which users.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListUsers {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only those who may log in, or may not.
    active: Option<bool>,
    /// Only those with this in their login or name, whatever the case.
    search: Option<String>,
    /// What they are sorted by; if not said: their logins.
    #[param(inline)]
    sort_by: Option<SortUsers>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What users are sorted by.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortUsers {
    /// Their logins.
    Login,
    /// Their names.
    Name,
    /// When they were added.
    CreatedAt,
    /// When they last logged in.
    LastLoginAt,
}

/// A user to add.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    /// What they log in with: a name or an e-mail address, unique whatever the
    /// case. 2 to 100 letters a to z, digits, and `.` `_` `-` `+` `@`.
    #[schema(required = true, value_type = String, min_length = 2, max_length = 100, example = "anna@example.com")]
    login: Option<String>,
    /// What they are called; the login if not said. 1 to 200 characters.
    #[schema(example = "Anna Berg")]
    name: Option<String>,
    /// What they may do; `viewer` if not said.
    #[schema(value_type = Role)]
    role: Option<Role>,
    /// Their first password, 12 to 256 characters, which they must change.
    /// Left out: one is made, and told once.
    #[schema(value_type = Option<String>, format = Password, write_only, min_length = 12, max_length = 256)]
    password: Option<SecretString>,
}

impl JsonRequest for CreateUser {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.login.is_none() {
            faults.push(Fault::new("login", "is missing"));
        }
        request.login = checked("login", request.login, checked_login, &mut faults);
        request.name = checked("name", request.name, |name| checked_name(Some(name)), &mut faults);
        faults.extend(weak(request.password.as_ref(), request.login.as_deref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Changes of a user: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditUser {
    /// What they log in with.
    #[schema(value_type = String, min_length = 2, max_length = 100, example = "anna@example.com")]
    login: Option<String>,
    /// What they are called. 1 to 200 characters.
    #[schema(value_type = String, example = "Anna Berg")]
    name: Option<String>,
    /// What they may do.
    #[schema(value_type = Role)]
    role: Option<Role>,
    /// Whether they may log in; if not, their sessions end.
    #[schema(value_type = bool)]
    active: Option<bool>,
    /// Another password, 12 to 256 characters, which they must change. Their
    /// sessions end.
    #[schema(value_type = String, format = Password, write_only, min_length = 12, max_length = 256)]
    password: Option<SecretString>,
}

impl JsonRequest for EditUser {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut faults = nulls(&body);
        let mut request: Self = match read::json(body) {
            Ok(request) => request,
            Err(more) => {
                faults.extend(more);
                return Err(faults);
            }
        };
        request.login = checked("login", request.login, checked_login, &mut faults);
        request.name = checked("name", request.name, |name| checked_name(Some(name)), &mut faults);
        faults.extend(weak(request.password.as_ref(), request.login.as_deref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Null takes away (RFC 7396), and none of these fields can be.
pub(super) fn nulls(body: &Value) -> Vec<Fault> {
    let fields = body.as_object().into_iter().flatten();
    let nulls = fields.filter(|(_, value)| value.is_null());
    nulls.map(|(name, _)| Fault::new(name.clone(), "is null, and cannot be taken away")).collect()
}

fn checked<E: ToString>(
    field: &str,
    said: Option<String>,
    check: impl FnOnce(&str) -> Result<String, E>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    match check(&said?) {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(Fault::new(field, error.to_string()));
            None
        }
    }
}

fn weak(password: Option<&SecretString>, login: Option<&str>) -> Option<Fault> {
    let text = password?;
    unusable("password", password).or_else(|| {
        let weak = Password::choose(text.expose_secret(), login.unwrap_or_default()).err()?;
        Some(Fault::new("password", weak.to_string()))
    })
}

/// A user who was just added, or whose password was just reset.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserWithPassword {
    /// The password that was made for them, to log in once: shown now and never
    /// again. None if you chose one.
    #[schema(example = "4h7qc-…")]
    one_time_password: Option<String>,
    /// The user.
    user: UserBody,
}

/// All users
///
/// A page at a time.
#[utoipa::path(get, path = "/api/users", tag = "users", params(ListUsers),
    responses((status = 200, description = "A page of users", body = Paged<UserBody>)))]
pub(super) async fn list(
    _: Allowed<UsersRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListUsers>,
) -> Answer<Json<Paged<UserBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let query = UserQuery {
        role: asked.role,
        active: asked.active,
        text: asked.search,
        sort: match asked.sort_by {
            Some(SortUsers::Login) | None => UserSort::Login,
            Some(SortUsers::Name) => UserSort::Name,
            Some(SortUsers::CreatedAt) => UserSort::CreatedAt,
            Some(SortUsers::LastLoginAt) => UserSort::LastLoginAt,
        },
        descending: asked.sort_order == Some(SortOrder::Desc),
    };
    Ok(Json(wanted.of(api.store.user_page(&query, wanted.page()).await?, UserBody::from)))
}

/// Add a user
///
/// Nobody adds one who may more than themselves. An `Idempotency-Key` is
/// refused here, because a password is not kept; a login is added only once.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = CreateUser,
    responses(
        (status = 201, description = "The user", body = UserWithPassword,
            headers(("Location" = String, description = "Where they are"), ("ETag" = String, description = "Their version"))),
        (status = 409, description = "Another user has that login", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    by: Allowed<UsersWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<CreateUser>,
) -> Answer<Response> {
    let login = request.login.unwrap_or_default();
    let role = request.role.unwrap_or(Role::Viewer);
    not_above(&by.caller, role)?;
    let (shown, hash) = match request.password {
        Some(chosen) => {
            let chosen = Password::choose(chosen.expose_secret(), &login);
            (None, hashed(&api, chosen.map_err(|weak| Problem::field("password", weak.to_string()))?).await?)
        }
        None => one_time(&api).await?,
    };
    let now = api.now();
    let user = User {
        id: UserId::new(),
        name: request.name.unwrap_or_else(|| login.clone()),
        login,
        role,
        active: true,
        must_change_password: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    };
    if !api.store.add_user(&user, &hash).await? {
        return Err(taken(&user.login));
    }
    tracing::info!(by = %by.caller.actor(), user = %user.login, role = %user.role, "a user was added");
    let mut headers = HeaderMap::from_iter([(header::ETAG, etag(user.updated_at))]);
    if let Ok(place) = HeaderValue::from_str(&format!("/api/users/{}", user.id)) {
        headers.insert(header::LOCATION, place);
    }
    let body = UserWithPassword { one_time_password: shown, user: user.into() };
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// One user
#[utoipa::path(get, path = "/api/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    responses((status = 200, description = "The user", body = UserBody,
        headers(("ETag" = String, description = "Their version, for If-Match")))))]
pub(super) async fn show(_: Allowed<UsersRead>, State(api): State<Api>, UserAt(id): UserAt) -> Answer<Response> {
    Ok(shown(known(&api, id).await?))
}

/// Change a user
///
/// What is left out stays. One's own password is changed by
/// `POST /api/users/me/password`. The last administrator who may log in stays
/// one. Nobody gives a role that may more than their own, nor changes who has
/// one.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", request_body = EditUser,
    params(("id" = UserId, Path, description = "The user's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The user as they are now", body = UserBody,
            headers(("ETag" = String, description = "Their version"))),
        (status = 409, description = "Another user has that login, or no administrator would be left", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed them first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    by: Allowed<UsersWrite>,
    State(api): State<Api>,
    UserAt(id): UserAt,
    IfMatch(version): IfMatch,
    JsonBody(request): JsonBody<EditUser>,
) -> Answer<Response> {
    if request.password.is_some() && by.caller.id() == id.0 {
        return Err(Problem::field("password", "is your own: change it by POST /api/users/me/password"));
    }
    let mut hash = None;
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let before = known(&api, id).await?;
        if version.is_some_and(|version| version != before.updated_at) {
            return Err(stale());
        }
        not_above(&by.caller, before.role)?;
        let mut edit = UserEdit::of(&before);
        if let Some(role) = request.role {
            not_above(&by.caller, role)?;
            edit.role = role;
        }
        edit.login = request.login.clone().unwrap_or(edit.login);
        edit.name = request.name.clone().unwrap_or(edit.name);
        edit.active = request.active.unwrap_or(edit.active);
        if let (Some(chosen), None) = (&request.password, &hash) {
            let chosen = Password::choose(chosen.expose_secret(), &edit.login);
            hash = Some(hashed(&api, chosen.map_err(|weak| Problem::field("password", weak.to_string()))?).await?);
        }
        edit.password = hash.clone();
        match made(&api, id, &edit).await? {
            true => {
                tracing::info!(by = %by.caller.actor(), user = %edit.login, "a user was changed");
                return Ok(shown(known(&api, id).await?));
            }
            false if version.is_some() => return Err(stale()),
            false => {}
        }
    }
    Err(stale())
}

/// Reset a user's password
///
/// To one that is made and told once, and must be changed. Their sessions end.
#[utoipa::path(post, path = "/api/users/{id}/reset-password", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The password to log in with once", body = UserWithPassword),
        (status = 409, description = "It is yours, or somebody else changes the user at the same time", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reset_password(
    by: Allowed<UsersWrite>,
    State(api): State<Api>,
    UserAt(id): UserAt,
) -> Answer<Json<UserWithPassword>> {
    if by.caller.id() == id.0 {
        return Err(Problem::conflict("this is your own password", ["change-password"]));
    }
    let before = known(&api, id).await?;
    not_above(&by.caller, before.role)?;
    let (one_time_password, hash) = one_time(&api).await?;
    let edit = UserEdit { password: Some(hash), ..UserEdit::of(&before) };
    if !made(&api, id, &edit).await? {
        return Err(Problem::conflict("somebody else changes the user at the same time", ["reset-password"]));
    }
    tracing::info!(by = %by.caller.actor(), user = %before.login, "a password was reset");
    Ok(Json(UserWithPassword { one_time_password, user: known(&api, id).await?.into() }))
}

/// Remove a user
///
/// Their sessions end; keys they made stay. Whoever shall only not log in any
/// more is better disabled: `PATCH` with `"active": false`.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    responses(
        (status = 204, description = "They are gone"),
        (status = 409, description = "No administrator would be left", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(by: Allowed<UsersWrite>, State(api): State<Api>, UserAt(id): UserAt) -> Answer<StatusCode> {
    not_above(&by.caller, known(&api, id).await?.role)?;
    let removed = api.store.remove_user(id).await?;
    api.0.known.changed();
    match removed {
        UserChanged::Yes => {
            tracing::info!(by = %by.caller.actor(), user = %id, "a user was removed");
            Ok(StatusCode::NO_CONTENT)
        }
        UserChanged::LastAdmin => Err(last_admin()),
        UserChanged::NotFound | UserChanged::Stale | UserChanged::LoginTaken => Err(no_user(id)),
    }
}

/// Makes a change; `false`: somebody else made one first.
async fn made(api: &Api, id: UserId, edit: &UserEdit) -> Answer<bool> {
    let changed = api.store.edit_user(id, edit, api.now()).await;
    // Even if it is not known whether it was made.
    api.0.known.changed();
    match changed? {
        UserChanged::Yes => Ok(true),
        UserChanged::Stale => Ok(false),
        UserChanged::LoginTaken => Err(taken(&edit.login)),
        UserChanged::LastAdmin => Err(last_admin()),
        UserChanged::NotFound => Err(no_user(id)),
    }
}

/// Nobody makes or changes somebody who may more than themselves: a narrow key
/// would be as good as a wide one.
fn not_above(caller: &Caller, role: Role) -> Answer<()> {
    match Scope::ALL.into_iter().find(|scope| role.may(*scope) && !caller.may(*scope)) {
        Some(more) => {
            Err(Problem::new(Kind::Forbidden, format!("a user who is {role} may do what you may not: {more}")))
        }
        None => Ok(()),
    }
}

async fn one_time(api: &Api) -> Answer<(Option<String>, PasswordHash)> {
    let password = Password::one_time().map_err(Problem::internal)?;
    Ok((Some(password.expose().to_owned()), hashed(api, password).await?))
}

async fn hashed(api: &Api, password: Password) -> Answer<PasswordHash> {
    api.0.hashing.run(move || password.hash()).await
}

async fn known(api: &Api, id: UserId) -> Answer<User> {
    api.store.user(id).await?.ok_or_else(|| no_user(id))
}

fn shown(user: User) -> Response {
    let headers = HeaderMap::from_iter([(header::ETAG, etag(user.updated_at))]);
    (headers, Json(UserBody::from(user))).into_response()
}

fn no_user(id: UserId) -> Problem {
    Problem::not_found(format_args!("user {id}"))
}

fn taken(login: &str) -> Problem {
    Problem::conflict(format!("another user logs in as {login}"), ["edit"])
}

fn last_admin() -> Problem {
    Problem::conflict("no administrator would be left who may log in: make another one first", ["edit"])
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the user was changed since that version: read them again")
}
