//! One try to deliver an event.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, StatusCode, header};
use tokio::time::Instant;

use super::{Envelope, SIGNATURE_HEADER, sign};
use crate::guard::Guard;
use crate::store::telling::{Delivery, Webhook};

/// How long a receiver has, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read of an answer, in bytes: nothing in it is of interest, but a
/// connection whose answer was read can be used again.
const READ: usize = 4 * 1024;

/// Longest reason that is kept, in characters.
const REASON: usize = 300;

/// A client for deliveries that keeps to the rule.
pub(super) fn client(guard: Guard) -> Result<Client, reqwest::Error> {
    guard
        .client()
        .timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .pool_max_idle_per_host(4)
        .user_agent(concat!("canvass/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The HTTP status of the answer, if there was one.
    pub(super) code: Option<u16>,
    /// Why it failed; none: it was taken.
    pub(super) error: Option<String>,
    pub(super) ms: u32,
}

impl Outcome {
    /// The receiver says that it is not there any more, for good.
    pub(super) fn is_gone(&self) -> bool {
        self.code == Some(StatusCode::GONE.as_u16())
    }
}

/// Sends an event once.
pub(super) async fn send(
    client: &Client,
    guard: Guard,
    webhook: &Webhook,
    delivery: &Delivery,
    now: Timestamp,
) -> Outcome {
    let start = Instant::now();
    let sent = post(client, guard, webhook, delivery, now).await;
    let ms = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    match sent {
        Ok(status) if status.is_success() => Outcome { code: Some(status.as_u16()), error: None, ms },
        Ok(status) => {
            let error =
                if status.is_redirection() { "answered with a redirect, which is not followed" } else { "refused it" };
            Outcome { code: Some(status.as_u16()), error: Some(error.to_owned()), ms }
        }
        Err(error) => Outcome { code: None, error: Some(error.chars().take(REASON).collect()), ms },
    }
}

async fn post(
    client: &Client,
    guard: Guard,
    webhook: &Webhook,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<StatusCode, String> {
    // What was allowed when it was made may not be any more.
    let url = guard.parse(&webhook.url).map_err(|refused| format!("the URL {refused}"))?;
    let envelope = Envelope {
        id: delivery.event_id,
        event: delivery.event,
        created_at: delivery.created_at,
        data: delivery.data.clone(),
    };
    let body = serde_json::to_vec(&envelope).map_err(|error| error.to_string())?;
    let old = webhook.old_secret.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
    let signature = sign(std::iter::once(&webhook.secret).chain(old), now, &body);
    let request = client
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(SIGNATURE_HEADER, signature)
        .body(body);
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let mut read = 0;
    // What goes wrong from here on changes nothing: the receiver has said it.
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > READ {
            break;
        }
    }
    Ok(response.status())
}

/// The causes of an error, the last one being the one that says most; without
/// the URL, which may hold what nobody else is to know.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", PATIENCE.as_secs());
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
