//! What happens, as it happens: server-sent events (WHATWG HTML, section 9.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::Api;
use super::auth::{Allowed, Caller, CampaignsRead};
use super::campaign_watch::Progress;
use super::extract::UrlQuery;
use super::problem::{Answer, Fault, Kind, Problem};
use super::read::unknown;
use crate::access::{Principal, Scope};
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::live::{Event, EventKind, Happened, Part, Position, Reader};
use crate::number::PhoneNumber;

/// Streams of one key at once.
const OF_ONE_KEY: usize = 10;
/// Streams of all keys at once.
const OF_ALL: usize = 200;
/// How soon a client should come back, in milliseconds.
const RETRY: u32 = 2_000;

/// An event, as the `data` of a server-sent event. Which fields it has depends
/// on `type`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveEvent)]
pub(super) struct EventBody {
    /// What happened. `resync` is sent too, as an event of that name without
    /// fields: events were missed, read what you show anew.
    #[serde(rename = "type")]
    kind: EventKind,
    /// When.
    at: Timestamp,
    /// In which campaign.
    campaign_id: CampaignId,
    /// `call.*`: the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    call_id: Option<CallId>,
    /// `call.*`: whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, example = 17)]
    contact_id: Option<i64>,
    /// `call.created`: whom it calls, for those who may see contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PhoneNumber, required = false)]
    phone_number: Option<PhoneNumber>,
    /// `call.created`: the caller ID shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PhoneNumber, required = false)]
    caller_id: Option<PhoneNumber>,
    /// `call.created`: which attempt it is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false, example = 1)]
    attempt: Option<u32>,
    /// `call.ended`: how.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Outcome, required = false)]
    outcome: Option<Outcome>,
    /// `call.ended`: where the contact stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = TargetStatus, required = false)]
    contact_status: Option<TargetStatus>,
    /// `call.ended`, of a call that was answered: seconds from answer to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = false, example = 42.5)]
    talk_seconds: Option<f64>,
    /// `campaign.status`: the state it is in now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CampaignStatus, required = false)]
    status: Option<CampaignStatus>,
    /// `campaign.status`: why, where a person should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    reason: Option<Arc<str>>,
    /// `campaign.progress`: its figures, as `GET …/progress` tells them, but for
    /// what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Progress, required = false)]
    progress: Option<Progress>,
}

impl EventBody {
    fn of(event: Event) -> Self {
        let mut body = Self {
            kind: event.happened.kind(),
            at: event.at,
            campaign_id: event.campaign,
            call_id: None,
            contact_id: None,
            phone_number: None,
            caller_id: None,
            attempt: None,
            outcome: None,
            contact_status: None,
            talk_seconds: None,
            status: None,
            reason: None,
            progress: None,
        };
        match event.happened {
            Happened::CallCreated { call, contact, number, caller_id, attempt } => {
                (body.call_id, body.contact_id) = (Some(call), Some(contact.0));
                (body.phone_number, body.caller_id) = (Some(number), Some(caller_id));
                body.attempt = Some(attempt);
            }
            Happened::CallRinging { call, contact } | Happened::CallAnswered { call, contact } => {
                (body.call_id, body.contact_id) = (Some(call), Some(contact.0));
            }
            Happened::CallEnded { call, contact, outcome, status, talk_ms } => {
                (body.call_id, body.contact_id) = (Some(call), Some(contact.0));
                (body.outcome, body.contact_status) = (Some(outcome), Some(status));
                body.talk_seconds = talk_ms.map(|ms| ms as f64 / 1_000.0);
            }
            Happened::CampaignStatus { status, reason } => (body.status, body.reason) = (Some(status), reason),
            Happened::CampaignProgress { status, tally } => body.progress = Some(Progress::of(&tally, status, None)),
            Happened::CampaignChanged | Happened::CampaignDeleted => {}
        }
        body
    }
}

/// One event of the stream, by its fields.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // described; events are written as text
pub(super) struct StreamEvent {
    /// Its type, `call.ended` for one; `resync`: read what you show anew.
    #[schema(example = "call.ended")]
    event: String,
    /// What to come back with.
    #[schema(example = "9f3c11ab-1042")]
    id: String,
    /// JSON: a `LiveEvent`, or `{}` of a `resync`.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// What the stream's texts hold.
#[derive(OpenApi)]
#[openapi(components(schemas(EventBody)))]
pub(super) struct Streamed;

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListenTo {
    /// Only of this campaign.
    campaign: Option<CampaignId>,
    /// Only of these types, with commas between them; any, if not said.
    #[param(example = "call.ended,campaign.status")]
    types: Option<String>,
    /// Go on after this event, where the header `Last-Event-ID` cannot be set.
    #[param(example = "9f3c11ab-1042")]
    last_event_id: Option<String>,
}

/// What happens, as it happens
///
/// A stream of server-sent events that does not end: each with its type as
/// `event`, an `id`, and a `LiveEvent` as `data`. Come back with the last `id`
/// (`Last-Event-ID`, or `last_event_id`) and nothing is missed; if too much has
/// happened since, or the daemon was restarted, the first event is `resync`:
/// read what you show anew. A client that reads too slowly gets that too. Open
/// the stream first and read what you show then. Every fifteen seconds there is
/// a comment. The stream ends with the daemon and when its key does. Ten
/// streams a key, 200 in all.
#[utoipa::path(get, path = "/api/events", tag = "watching",
    params(ListenTo,
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event")),
    responses((status = 200, description = "The stream of events", body = StreamEvent,
        content_type = "text/event-stream")))]
pub(super) async fn listen(
    caller: Allowed<CampaignsRead>,
    State(api): State<Api>,
    headers: HeaderMap,
    UrlQuery(asked): UrlQuery<ListenTo>,
) -> Answer<Response> {
    let kinds = kinds(asked.types.as_deref().unwrap_or_default()).map_err(Problem::fields)?;
    let named = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?").trim().to_owned());
    // An id that is none of ours is of a time we know nothing of.
    let from = named.or(asked.last_event_id).filter(|id| !id.is_empty());
    let from = from.map(|id| id.parse::<Position>().unwrap_or_else(|_| Position::unknown()));
    let place = api.0.streams.take(caller.caller.id())?;
    let stream = Stream {
        reader: api.feed().reader(from, asked.campaign, kinds),
        ending: api.0.ending.clone(),
        beat_at: Instant::now() + api.limits.heartbeat,
        numbers: caller.caller.may(Scope::ContactsRead),
        caller: caller.caller,
        begun: false,
        _place: place,
        api,
    };
    let body = Body::from_stream(stream::unfold(stream, |stream| Box::pin(stream.next())));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store")),
        // nginx would keep what is sent until it is much.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, body).into_response())
}

/// The types named in a list.
fn kinds(text: &str) -> Result<Vec<EventKind>, Vec<Fault>> {
    let mut kinds = Vec::new();
    let mut faults = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(kind) if !kinds.contains(&kind) => kinds.push(kind),
            Ok(_) => {}
            Err(_) if faults.len() < 20 => {
                let shown: String = word.chars().take(50).collect();
                let known = unknown(&shown, EventKind::ALL.map(EventKind::as_str));
                faults.push(Fault::new("types", format!("{shown} {known}")));
            }
            Err(_) => {}
        }
    }
    if faults.is_empty() { Ok(kinds) } else { Err(faults) }
}

/// A stream on its way: what is read from the feed is what the client takes,
/// and nothing is kept for it.
struct Stream {
    api: Api,
    reader: Reader,
    ending: watch::Receiver<bool>,
    beat_at: Instant,
    caller: Caller,
    /// Whether it may see whom calls go to.
    numbers: bool,
    begun: bool,
    _place: Place,
}

enum Woken {
    Happened,
    Beat,
    Ended,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Self)> {
        if *self.ending.borrow() {
            return None;
        }
        if !std::mem::replace(&mut self.begun, true) {
            // Where it begins, so that a client that is cut off before the
            // first event comes back with an id too.
            let resync = self.reader.take();
            let mut text = format!("retry: {RETRY}\n{}", self.mark());
            text.push_str(&self.written(resync));
            return Some((Ok(text.into()), self));
        }
        loop {
            match self.woken().await {
                Woken::Happened => {
                    let part = self.reader.take();
                    let text = self.written(part);
                    if !text.is_empty() {
                        return Some((Ok(text.into()), self));
                    }
                }
                Woken::Beat => {
                    if !self.key_is_valid().await {
                        return None;
                    }
                    self.beat_at = Instant::now() + self.api.limits.heartbeat;
                    let mark = self.mark();
                    return Some((Ok(format!(": still here\n{mark}").into()), self));
                }
                Woken::Ended => return None,
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        tokio::select! {
            // However much happens, the end is seen and the key is looked at.
            biased;
            // Its sender gone is an end too.
            _ = self.ending.wait_for(|ending| *ending) => Woken::Ended,
            () = tokio::time::sleep_until(self.beat_at) => Woken::Beat,
            () = self.reader.changed() => Woken::Happened,
        }
    }

    /// Where the stream is, without an event: the client comes back with it.
    fn mark(&self) -> String {
        format!("id: {}\n\n", self.reader.position())
    }

    fn written(&self, part: Part) -> String {
        match part {
            Part::Missed => format!("event: resync\nid: {}\ndata: {{}}\n\n", self.reader.position()),
            Part::Events(events) => {
                let mut text = String::with_capacity(events.len() * 256);
                for event in events {
                    let (id, kind) = (self.reader.position_of(event.number), event.happened.kind());
                    // JSON has no line breaks of its own.
                    let mut body = EventBody::of(event);
                    body.phone_number = body.phone_number.filter(|_| self.numbers);
                    let data = serde_json::to_string(&body).unwrap_or_default();
                    text.push_str(&format!("event: {kind}\nid: {id}\ndata: {data}\n\n"));
                }
                text
            }
        }
    }

    /// Whether its key still opens this. A database that is away ends nothing.
    async fn key_is_valid(&self) -> bool {
        let found = match &*self.caller {
            Principal::Key(key) => self.api.store.api_key(key.id).await.map(|key| key.map(Principal::Key)),
            Principal::User(session) => {
                self.api.store.session_of(&session.sha256).await.map(|session| session.map(Principal::User))
            }
        };
        match found {
            Ok(Some(principal)) => principal.is_valid(self.api.now()) && principal.may(Scope::CampaignsRead),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

/// How many streams there are, and whose.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<Uuid, usize>>>);

/// A stream's place among them.
#[derive(Debug)]
struct Place {
    streams: Streams,
    key: Uuid,
}

impl Streams {
    fn take(&self, key: Uuid) -> Answer<Place> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.values().sum::<usize>() >= OF_ALL {
            let detail = format!("there are {OF_ALL} streams of events already");
            return Err(Problem::wait(Kind::Unavailable, detail, Duration::from_secs(30)));
        }
        let of_key = streams.entry(key).or_default();
        if *of_key >= OF_ONE_KEY {
            let detail = format!("this key has {OF_ONE_KEY} streams of events already");
            return Err(Problem::wait(Kind::TooManyRequests, detail, Duration::from_secs(30)));
        }
        *of_key += 1;
        Ok(Place { streams: self.clone(), key })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_key) = streams.get_mut(&self.key) {
            *of_key = of_key.saturating_sub(1);
            if *of_key == 0 {
                streams.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let streams = Streams::default();
        let key = Uuid::now_v7();
        let mut taken: Vec<_> = (0..OF_ONE_KEY).map(|_| streams.take(key).expect("a place")).collect();
        assert!(streams.take(key).is_err());
        taken.pop();
        taken.push(streams.take(key).expect("free again"));
        let mut others = Vec::new();
        while let Ok(place) = streams.take(Uuid::now_v7()) {
            others.push(place);
        }
        assert_eq!(others.len() + taken.len(), OF_ALL);
        drop((taken, others));
        assert!(streams.0.lock().expect("the map").is_empty());
    }

    #[test]
    fn types_are_named_with_commas() {
        assert_eq!(kinds("call.ended, campaign.status,call.ended").map(|kinds| kinds.len()), Ok(2));
        assert_eq!(kinds(""), Ok(Vec::new()));
        let faults = kinds("call.endet,x").expect_err("two wrong ones");
        assert_eq!(faults.len(), 2);
        assert!(faults[0].message.contains("call.ended"), "{faults:?}");
    }
}
