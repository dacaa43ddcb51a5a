//! Paths, queries, bodies and versions, as handlers take them. What is wrong
//! with one becomes a problem, never one of axum's own answers.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Api;
use super::problem::{Answer, Fault, Kind, Problem};
use super::read;
use crate::access::{ApiKeyId, UserId};
use crate::agent::AgentId;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::contact::ContactGroupId;
use crate::media::MediaId;
use crate::number::PhoneNumber;
use crate::store::TargetId;
use crate::store::blocks::UploadId;
use crate::store::book::ContactId;
use crate::survey::SurveyId;
use crate::webhook::{EventId, WebhookId};

/// The campaign in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct CampaignAt(pub(super) CampaignId);

/// The contact of a campaign in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContactAt(pub(super) CampaignId, pub(super) TargetId);

/// The saved contact in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct SavedAt(pub(super) ContactId);

/// The contact group in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupAt(pub(super) ContactGroupId);

/// The member of a contact group in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberAt(pub(super) ContactGroupId, pub(super) ContactId);

/// The number in the path, as people write it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberAt(pub(super) PhoneNumber);

/// The API key in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyAt(pub(super) ApiKeyId);

/// The user in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserAt(pub(super) UserId);

/// The name of a switch in the path.
#[derive(Clone, Debug)]
pub(super) struct SwitchAt(pub(super) String);
/// The upload of a campaign in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct UploadAt(pub(super) CampaignId, pub(super) UploadId);

/// The sound in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct MediaAt(pub(super) MediaId);

/// The survey in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct SurveyAt(pub(super) SurveyId);

/// The call in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallAt(pub(super) CallId);

/// An answer of a call in the path, by its position.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerAt(pub(super) CallId, pub(super) u16);

/// The agent in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgentAt(pub(super) AgentId);

/// The webhook in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct WebhookAt(pub(super) WebhookId);

/// What a webhook was told, in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeliveryAt(pub(super) WebhookId, pub(super) EventId);

/// The name of a page in the path.
#[derive(Clone, Debug)]
pub(super) struct PageAt(pub(super) String);

/// A part of the path, read; one that cannot be read names nothing.
async fn named<T>(parts: &mut Parts, name: &str, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Answer<T> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| Problem::not_found(what))?;
    let text = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    text.and_then(parse).ok_or_else(|| Problem::not_found(format_args!("{what} {}", text.unwrap_or_default())))
}

impl FromRequestParts<Api> for CampaignAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "campaign", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for ContactAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let CampaignAt(campaign) = CampaignAt::from_request_parts(parts, api).await?;
        let target = named(parts, "contact_id", "contact", |text| text.parse().ok()).await?;
        Ok(Self(campaign, TargetId(target)))
    }
}

impl FromRequestParts<Api> for SavedAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "contact", |text| text.parse().ok()).await.map(ContactId).map(Self)
    }
}

impl FromRequestParts<Api> for GroupAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "contact group", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for MemberAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let GroupAt(group) = GroupAt::from_request_parts(parts, api).await?;
        let contact = named(parts, "contact_id", "contact", |text| text.parse().ok()).await?;
        Ok(Self(group, ContactId(contact)))
    }
}

impl FromRequestParts<Api> for NumberAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        named(parts, "number", "number", |text| PhoneNumber::parse(text, api.rules()).ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for KeyAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "API key", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for UserAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "user", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for SwitchAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "name", "switch", |text| Some(text.to_owned())).await.map(Self)
    }
}

impl FromRequestParts<Api> for UploadAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let CampaignAt(campaign) = CampaignAt::from_request_parts(parts, api).await?;
        let upload = named(parts, "upload_id", "upload", |text| text.parse().ok()).await?;
        Ok(Self(campaign, UploadId(upload)))
    }
}

impl FromRequestParts<Api> for MediaAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "sound", |text| text.parse().ok()).await.map(|id| Self(MediaId(id)))
    }
}

impl FromRequestParts<Api> for SurveyAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "survey", |text| text.parse().ok()).await.map(|id| Self(SurveyId(id)))
    }
}

impl FromRequestParts<Api> for CallAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "call", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for AnswerAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let CallAt(call) = CallAt::from_request_parts(parts, api).await?;
        named(parts, "position", "answer", |text| text.parse().ok()).await.map(|position| Self(call, position))
    }
}

impl FromRequestParts<Api> for AgentAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "agent", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for WebhookAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "id", "webhook", |text| text.parse().ok()).await.map(Self)
    }
}

impl FromRequestParts<Api> for DeliveryAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let WebhookAt(webhook) = WebhookAt::from_request_parts(parts, api).await?;
        let event = named(parts, "event_id", "event", |text| text.parse().ok()).await?;
        Ok(Self(webhook, event))
    }
}

impl FromRequestParts<Api> for PageAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        named(parts, "name", "page", |text| Some(text.to_owned())).await.map(Self)
    }
}

/// A query, every field of which is right.
#[derive(Debug)]
pub(super) struct UrlQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for UrlQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        read::query(parts.uri.query().unwrap_or_default()).map(Self).map_err(Problem::fields)
    }
}

/// A request that comes as JSON.
pub(super) trait JsonRequest: Sized {
    /// No body at all means `{}`.
    const MAY_BE_EMPTY: bool = false;

    /// Reads it; or everything that is wrong with it.
    fn read(body: Value) -> Result<Self, Vec<Fault>>;
}

/// A JSON body, every field of which is right.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: JsonRequest> FromRequest<Api> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let bytes = bytes(body, api.limits.body_bytes).await?;
        let value = if bytes.is_empty() && T::MAY_BE_EMPTY {
            Value::Object(serde_json::Map::new())
        } else {
            expect_json(&parts.headers)?;
            serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?
        };
        T::read(value).map(Self).map_err(Problem::fields)
    }
}

fn expect_json(headers: &HeaderMap) -> Answer<()> {
    let given = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if json {
        return Ok(());
    }
    let detail = match given {
        Some(other) => format!("the body is {other}; send Content-Type: application/json"),
        None => "send Content-Type: application/json".to_owned(),
    };
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

fn malformed(error: &serde_json::Error) -> Problem {
    // The words without the place, which stands in front.
    let text = error.to_string();
    let words = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    let detail = format!("not JSON: line {}, column {}: {words}", error.line(), error.column());
    Problem::new(Kind::Malformed, detail)
}

/// A whole body of a few bytes.
pub(super) async fn bytes(body: Body, limit: usize) -> Answer<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::new(Kind::TooLarge, format!("a body may have {limit} bytes")))
        }
        Err(_) => Err(Problem::new(Kind::Malformed, "the body ended too early, or came too slowly")),
    }
}

/// The version named in `If-Match`; none: any will do.
#[derive(Clone, Copy, Debug)]
pub(super) struct IfMatch(pub(super) Option<Timestamp>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let Some(given) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        match given.to_str().map(str::trim) {
            Ok("*") => Ok(Self(None)),
            Ok(text) => match version(text) {
                Some(at) => Ok(Self(Some(at))),
                // Not one of ours, so nothing matches it.
                None => {
                    Err(Problem::new(Kind::Stale, "If-Match holds no version of this: send an ETag as it was given"))
                }
            },
            Err(_) => Err(Problem::new(Kind::Malformed, "If-Match cannot be read")),
        }
    }
}

fn version(text: &str) -> Option<Timestamp> {
    let micros = text.strip_prefix("\"")?.strip_suffix("\"")?.parse().ok()?;
    Timestamp::from_microsecond(micros).ok()
}

/// A version as an `ETag`.
pub(super) fn etag(version: Timestamp) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}\"", version.as_microsecond())).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_back() {
        let at: Timestamp = "2026-03-01T09:00:00.000001Z".parse().expect("an instant");
        let tag = etag(at);
        assert_eq!(version(tag.to_str().expect("ASCII")), Some(at));
        for wrong in ["", "\"\"", "\"x\"", "1", "W/\"1\"", "\"99999999999999999999\"", "\""] {
            assert_eq!(version(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn json_by_any_of_its_names() {
        let with = |text: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(text))]);
        assert!(expect_json(&with("application/json; charset=utf-8")).is_ok());
        assert!(expect_json(&with("application/merge-patch+json")).is_ok());
        assert!(expect_json(&with("text/plain")).is_err());
        assert!(expect_json(&HeaderMap::new()).is_err());
    }
}
