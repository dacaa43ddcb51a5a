//! What the API says when it does not do what was asked: problem details
//! (RFC 9457), of a closed list of kinds.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::campaign::FieldError;
use crate::compliance::Rule;
use crate::control::ControlError;
use crate::store::StoreError;

/// One kind of problem. Its name in the `type` member never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Malformed,
    Unauthorized,
    Forbidden,
    PasswordChangeNeeded,
    NotFound,
    MethodNotAllowed,
    Conflict,
    CallForbidden,
    KeyInUse,
    Stale,
    TooLarge,
    UnsupportedMediaType,
    NoSuchRange,
    InvalidFields,
    Refused,
    BadList,
    KeyReused,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl Kind {
    /// Every kind, by status.
    pub(super) const ALL: [Self; 20] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::Forbidden,
        Self::PasswordChangeNeeded,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::CallForbidden,
        Self::KeyInUse,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::NoSuchRange,
        Self::InvalidFields,
        Self::Refused,
        Self::BadList,
        Self::KeyReused,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Last part of its `type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed-request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::PasswordChangeNeeded => "password-change-needed",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::CallForbidden => "call-forbidden",
            Self::KeyInUse => "request-in-progress",
            Self::Stale => "changed-meanwhile",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::NoSuchRange => "no-such-range",
            Self::InvalidFields => "invalid-fields",
            Self::Refused => "launch-refused",
            Self::BadList => "bad-list",
            Self::KeyReused => "idempotency-key-reused",
            Self::TooManyRequests => "too-many-requests",
            Self::Internal => "internal-error",
            Self::Unavailable => "unavailable",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::PasswordChangeNeeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::CallForbidden | Self::KeyInUse => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoSuchRange => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::InvalidFields | Self::Refused | Self::BadList | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::Unauthorized => "No valid API key or session",
            Self::Forbidden => "This is not allowed to you",
            Self::PasswordChangeNeeded => "Choose a password first",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::Conflict => "The state does not allow this",
            Self::CallForbidden => "A rule forbids this call",
            Self::KeyInUse => "The same request is being worked on",
            Self::Stale => "Somebody else changed it first",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not supported here",
            Self::NoSuchRange => "There are no such bytes",
            Self::InvalidFields => "Some fields are wrong",
            Self::Refused => "The campaign cannot start",
            Self::BadList => "The file is not a list of contacts",
            Self::KeyReused => "The Idempotency-Key was used for another request",
            Self::TooManyRequests => "Too many requests",
            Self::Internal => "Something is broken here",
            Self::Unavailable => "Not possible for the moment",
        }
    }

    /// What it means and what to do, for the page that lists them.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Malformed => "Not JSON, or not a whole multipart body; detail says where. Mend the request.",
            Self::Unauthorized => {
                "Send Authorization: Bearer with a key or a session (POST /api/login) that is neither over nor revoked."
            }
            Self::Forbidden => "Your role, or the key's scopes, do not include what detail names. Use another key.",
            Self::PasswordChangeNeeded => "Somebody else chose your password. POST /api/users/me/password first.",
            Self::NotFound => "No such path, or nothing with this id.",
            Self::MethodNotAllowed => "The header Allow lists the methods of this path.",
            Self::Conflict => "What is asked is not possible now; allowed lists what is.",
            Self::CallForbidden => {
                "rules names every rule that forbids the call, until the time from which it may be made, if ever. If \
                 may_be_forced, an administrator may repeat the request with force and a reason."
            }
            Self::KeyInUse => "A request with this Idempotency-Key has not been answered yet. Ask again in a moment.",
            Self::Stale => "If-Match names an older version. Read it again, and decide anew.",
            Self::TooLarge => "The limits are those of [api] in the configuration.",
            Self::NoSuchRange => "Range asks for bytes beyond the end; Content-Range says how many there are.",
            Self::UnsupportedMediaType => "Bodies are application/json, uploads are multipart/form-data.",
            Self::InvalidFields => "errors lists every wrong field of body or query. Nothing was done.",
            Self::Refused => "reasons lists everything that forbids the launch. Nothing was done.",
            Self::BadList => "detail says what is wrong with the file and how to mend it.",
            Self::KeyReused => "An Idempotency-Key belongs to one request with one body. Choose a new one.",
            Self::TooManyRequests => "Wait as many seconds as Retry-After says.",
            Self::Internal => "A fault of the server; its log says more under the request's x-request-id.",
            Self::Unavailable => "It is tried again by itself; ask again after Retry-After seconds.",
        }
    }
}

/// A wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldFault)]
pub(super) struct Fault {
    /// Where it is: `retry_on.busy`, `contacts[3].phone_number`, `page`.
    #[schema(example = "max_concurrent")]
    pub(super) field: String,
    /// What is wrong, and what would be right.
    #[schema(example = "is 0, must be from 1 to 10000")]
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        Self::new(error.field, error.message)
    }
}

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// What kind of problem it is: a path that describes it, and never changes.
    #[serde(rename = "type")]
    #[schema(example = "/problems/conflict")]
    kind: String,
    /// The kind, in words.
    #[schema(example = "The state does not allow this")]
    title: &'static str,
    /// The HTTP status once more.
    #[schema(example = 409)]
    status: u16,
    /// What is the matter this time.
    #[schema(example = "cannot pause a campaign that is draft")]
    detail: String,
    /// Every wrong field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
    /// What may be done instead, in this state.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    allowed: Vec<String>,
    /// Everything that forbids a launch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    reasons: Vec<String>,
    /// Every rule that forbids a call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    rules: Vec<Rule>,
    /// From then on the call may be made, as far as is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Whether an administrator may have the call made all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    may_be_forced: Option<bool>,
}

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    body: Box<ProblemBody>,
    retry_after: Option<u64>,
    challenge: Option<&'static str>,
}

/// What a handler gives.
pub(super) type Answer<T> = Result<T, Problem>;

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let body = ProblemBody {
            kind: format!("/problems/{}", kind.name()),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            allowed: Vec::new(),
            reasons: Vec::new(),
            rules: Vec::new(),
            until: None,
            may_be_forced: None,
        };
        Self { kind, body: Box::new(body), retry_after: None, challenge: None }
    }

    /// Wrong fields, all of them.
    pub(super) fn fields(errors: Vec<Fault>) -> Self {
        let mut problem = match errors.as_slice() {
            [one] => Self::new(Kind::InvalidFields, format!("{}: {}", one.field, one.message)),
            many => Self::new(Kind::InvalidFields, format!("{} fields are wrong", many.len())),
        };
        problem.body.errors = errors;
        problem
    }

    /// One wrong field.
    pub(super) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![Fault::new(field, message)])
    }

    pub(super) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("there is no {what}"))
    }

    pub(super) fn conflict<T: ToString>(detail: impl Into<String>, allowed: impl IntoIterator<Item = T>) -> Self {
        let mut problem = Self::new(Kind::Conflict, detail);
        problem.body.allowed = allowed.into_iter().map(|action| action.to_string()).collect();
        problem
    }

    pub(super) fn wait(kind: Kind, detail: impl Into<String>, time: Duration) -> Self {
        let mut problem = Self::new(kind, detail);
        // Whole seconds, and never too early.
        problem.retry_after = Some(time.as_secs() + u64::from(time.subsec_nanos() > 0));
        problem
    }

    /// 401 with its challenge (RFC 6750).
    pub(super) fn unauthorized(detail: &str, challenge: &'static str) -> Self {
        let mut problem = Self::new(Kind::Unauthorized, detail);
        problem.challenge = Some(challenge);
        problem
    }

    /// What was asked was done, but there is no record of it.
    pub(super) fn done_unnoted() -> Self {
        let detail = "it was done, but could not be noted in the audit log: do not ask again, look first";
        Self::new(Kind::Internal, detail)
    }

    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(Kind::Internal, "the server's log says more")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = (self.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) => {
                tracing::warn!(%error, "a request failed");
                Self::wait(Kind::Unavailable, "the database does not answer now", Duration::from_secs(5))
            }
            StoreError::Refused(_)
            | StoreError::Unreadable { .. }
            | StoreError::Migration(_)
            | StoreError::InUse(_) => Self::internal(error),
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NotFound(id) => Self::not_found(format_args!("campaign {id}")),
            ControlError::Ambiguous(_) => Self::new(Kind::Conflict, error.to_string()),
            ControlError::Conflict { action, status } => {
                Self::conflict(format!("cannot {action} a campaign that is {status}"), status.allowed_actions())
            }
            ControlError::Refused(reasons) => {
                let mut problem = Self::new(Kind::Refused, reasons.join("; "));
                problem.body.reasons = reasons;
                problem
            }
            ControlError::Forbidden(forbidden) => {
                let mut problem = Self::new(Kind::CallForbidden, forbidden.to_string());
                problem.body.may_be_forced = Some(forbidden.may_be_forced());
                (problem.body.rules, problem.body.until) = (forbidden.rules, forbidden.until);
                problem
            }
            ControlError::NobodyLeft | ControlError::Restless => Self::new(Kind::Conflict, error.to_string()),
            ControlError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_of_their_own() {
        let mut names = Kind::ALL.map(Kind::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn a_problem_says_what_it_is() {
        let problem = Problem::wait(Kind::TooManyRequests, "slow down", Duration::from_millis(1_200));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn what_broke_inside_stays_inside() {
        let secret = StoreError::Unreadable { what: "x", detail: "hunter2".into() };
        assert!(!format!("{:?}", Problem::from(secret)).contains("hunter2"));
    }
}
