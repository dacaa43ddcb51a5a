//! As little of an ARI client as the tests of the laboratory need: REST calls,
//! and every event of the application, remembered.

#![allow(dead_code)] // not every test binary uses all of it

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::asterisk::AsteriskLab;

/// Longer than any of the laboratory's calls takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a channel ended, and what happened before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// `cause` of ChannelDestroyed.
    pub(crate) cause: i64,
    /// `tech_cause` of ChannelDestroyed.
    pub(crate) sip: Option<i64>,
    /// It was Ringing at some time.
    pub(crate) rang: bool,
    /// It was Up when it ended.
    pub(crate) answered: bool,
    /// There was a ChannelHangupRequest.
    pub(crate) hangup_requested: bool,
}

/// One REST client and one event socket.
pub(crate) struct Ari {
    rest: reqwest::Client,
    url: String,
    user: String,
    password: String,
    events: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
}

impl Ari {
    /// A client without events.
    pub(crate) fn rest_only(url: &str, user: &str, password: &str) -> Self {
        // Fails where it is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            rest: reqwest::Client::new(),
            url: url.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
            events: Arc::default(),
            reader: None,
        }
    }

    /// A client whose application `lab` gets the events of its calls.
    pub(crate) async fn connect(lab: &AsteriskLab) -> Self {
        let mut ari = Self::rest_only(&lab.ari_url, &lab.user, &lab.password);
        let url = lab.ari_url.replacen("http", "ws", 1);
        let url = format!("{url}/events?app=lab&api_key={}:{}", lab.user, lab.password);
        let (mut socket, _) = connect_async(url).await.expect("the event socket opens");
        let events = Arc::clone(&ari.events);
        ari.reader = Some(tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    let event = serde_json::from_str(&text).expect("events are JSON");
                    events.lock().expect("no panic while locked").push(event);
                }
            }
        }));
        ari
    }

    /// `GET`: the status and the body.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.rest.get(format!("{}{path}", self.url))).await
    }

    /// `POST` with these parameters: the status and the body.
    pub(crate) async fn post(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        self.send(self.rest.post(format!("{}{path}", self.url)).query(query)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let request = request.basic_auth(&self.user, Some(&self.password)).timeout(PATIENCE);
        // It may reset connections while it is still loading modules.
        let mut again = 0;
        let response = loop {
            let sent = request.try_clone().expect("no stream").send().await;
            match sent {
                Ok(response) => break response,
                Err(error) if again < 5 && (error.is_connect() || error.is_request()) && !error.is_timeout() => {
                    again += 1
                }
                Err(error) => panic!("Asterisk does not answer: {error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let status = response.status().as_u16();
        let text = response.text().await.expect("a whole answer");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Asks for a call; the status and the body.
    pub(crate) async fn try_originate(&self, channel: &str, endpoint: &str, ring_seconds: u32) -> (u16, Value) {
        let timeout = ring_seconds.to_string();
        let query = [
            ("endpoint", endpoint),
            ("app", "lab"),
            ("channelId", channel),
            ("callerId", "+15557654321"),
            ("timeout", timeout.as_str()),
        ];
        self.post("/channels", &query).await
    }

    /// Places a call.
    pub(crate) async fn originate(&self, channel: &str, endpoint: &str, ring_seconds: u32) {
        let (status, body) = self.try_originate(channel, endpoint, ring_seconds).await;
        assert_eq!(status, 200, "{channel} to {endpoint}: {body}");
    }

    /// Hangs a channel up.
    pub(crate) async fn hang_up(&self, channel: &str) {
        let (status, body) = self.send(self.rest.delete(format!("{}/channels/{channel}", self.url))).await;
        assert_eq!(status, 204, "{channel}: {body}");
    }

    /// The first event of this type about this channel.
    pub(crate) async fn wait(&self, channel: &str, kind: &str) -> Value {
        self.wait_for(channel, kind, 1).await.remove(0)
    }

    /// The first `count` events of this type about this channel.
    pub(crate) async fn wait_for(&self, channel: &str, kind: &str, count: usize) -> Vec<Value> {
        let seen = async {
            loop {
                let mut events = self.about(channel);
                events.retain(|event| event["type"] == kind);
                if events.len() >= count {
                    events.truncate(count);
                    return events;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| panic!("{channel}: no {kind} times {count} in {:#?}", self.about(channel)))
    }

    /// How this channel ended, once it has.
    pub(crate) async fn end(&self, channel: &str) -> End {
        let destroyed = self.wait(channel, "ChannelDestroyed").await;
        let events = self.about(channel);
        End {
            cause: destroyed["cause"].as_i64().expect("a cause"),
            sip: destroyed["tech_cause"].as_i64(),
            rang: events.iter().any(|event| event["channel"]["state"] == "Ringing"),
            answered: destroyed["channel"]["state"] == "Up",
            hangup_requested: events.iter().any(|event| event["type"] == "ChannelHangupRequest"),
        }
    }

    /// Whether there were so many events of this type about this channel by now.
    pub(crate) fn has(&self, channel: &str, kind: &str, count: usize) -> bool {
        self.about(channel).iter().filter(|event| event["type"] == kind).count() >= count
    }

    /// All events about this channel so far.
    fn about(&self, channel: &str) -> Vec<Value> {
        let target = format!("channel:{channel}");
        let is_about = |event: &&Value| {
            event["channel"]["id"] == channel
                || event["peer"]["id"] == channel
                || event["playback"]["target_uri"] == target.as_str()
        };
        self.events.lock().expect("no panic while locked").iter().filter(is_about).cloned().collect()
    }
}

impl Drop for Ari {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}
