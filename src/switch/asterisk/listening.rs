//! Listening to the callee: a channel that hears what the callee says (a snoop),
//! and one that sends what it hears to us (external media by AudioSocket), in
//! one bridge. The call's own channel is not touched, so playback works at once
//! when it is over.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::answer::done;
use super::audiosocket::{Expected, pump};
use super::part::{Part, Role};
use super::recording::{Snoop, has_started};
use super::rest::{Answer, RestError};
use super::{Asterisk, Core, to_the_end};
use crate::audio::frame::Frame;
use crate::call::CallId;
use crate::switch::{CommandError, Listening};

/// Frames that wait for their listener at most: ten seconds of sound.
const BACKLOG: usize = 500;
/// Asterisk connects before it answers; the connection is accepted by then, or
/// soon after.
const CONNECTS: Duration = Duration::from_secs(3);
/// So many calls begin to be listened to at once; it takes some milliseconds.
pub(super) const AT_ONCE: usize = 12;
/// How long a call waits for its turn among them.
const TURN: Duration = Duration::from_secs(2);

/// The body of `POST /channels/externalMedia`.
#[derive(Serialize)]
struct ExternalMedia<'a> {
    #[serde(rename = "channelId")]
    channel_id: String,
    app: &'a str,
    external_host: &'a str,
    encapsulation: &'a str,
    transport: &'a str,
    connection_type: &'a str,
    format: &'a str,
    direction: &'a str,
    data: Uuid,
}

impl Asterisk {
    /// Listens to the callee; see [`crate::switch::Switch::listen`].
    ///
    /// # Errors
    /// [`CommandError::Refused`] where Asterisk has no AudioSocket (before 18,
    /// or without chan_audiosocket), where it cannot reach us, and while
    /// somebody listens.
    pub async fn listen(&self, call: CallId) -> Result<Listening, CommandError> {
        let core = Arc::clone(&self.core);
        to_the_end(Core::listen(core, call)).await
    }

    /// Stops listening; see [`crate::switch::Switch::stop_listening`].
    ///
    /// # Errors
    /// [`CommandError::NoSuchChannel`] once the call is over.
    pub async fn stop_listening(&self, call: CallId) -> Result<(), CommandError> {
        match self.core.calls.with(call, |call| call.attached.take_ear(None)) {
            None => Err(CommandError::NoSuchChannel),
            Some(None) => Ok(()),
            Some(Some(ear)) => {
                self.core.remove(&[ear]).await;
                Ok(())
            }
        }
    }
}

impl Core {
    async fn listen(core: Arc<Self>, call: CallId) -> Result<Listening, CommandError> {
        let address = core.audio.address().await.map_err(not_listening)?.to_owned();
        let ear = Part { call, role: Role::Ear, tag: Uuid::new_v4() };
        let stop = CancellationToken::new();
        let prepared = core.calls.with(call, |call| {
            let is_free = call.attached.hears(ear, stop.clone());
            is_free.then(|| [ear, ear.with(Role::Audio)].map(|part| call.attached.wait_for(part)))
        });
        let started = match prepared {
            None => return Err(CommandError::NoSuchChannel),
            Some(None) => return Err(CommandError::Refused("somebody listens already".into())),
            Some(Some(started)) => started,
        };
        let mut expected = core.audio.expect(ear.tag);
        let heard = core.hear(ear, &address, started, &mut expected).await;
        // The call may have ended, or listening been stopped, before all of it
        // was made: what was made then is deleted here.
        let was_stopped = stop.is_cancelled();
        let sound = match heard {
            Ok(sound) if !was_stopped => sound,
            Ok(_) | Err(_) => {
                core.calls.with(call, |call| call.attached.take_ear(Some(ear)));
                core.remove(&[ear]).await;
                return Err(heard.err().filter(|_| !was_stopped).unwrap_or(CommandError::NoSuchChannel));
            }
        };
        let (sender, frames) = mpsc::channel::<Frame>(BACKLOG);
        let guard = stop.clone().drop_guard();
        tokio::spawn(async move {
            stop.run_until_cancelled(pump(sound, sender)).await;
            core.forget_ear(ear).await;
        });
        Ok(Listening::new(frames, guard))
    }

    /// Makes what hears the call, and waits for its sound.
    async fn hear(
        &self,
        ear: Part,
        address: &str,
        [ear_started, audio_started]: [oneshot::Receiver<()>; 2],
        expected: &mut Expected,
    ) -> Result<super::audiosocket::Sound, CommandError> {
        let rest = self.commands()?;
        let (audio, app) = (ear.with(Role::Audio), self.app.as_str());
        let snoop = async {
            let path = format!("channels/{}/snoop/{ear}", ear.call);
            done(rest.post(&path, Some(&Snoop { spy: "in", app })).await)
        };
        let media = async {
            let body = ExternalMedia {
                channel_id: audio.to_string(),
                app,
                external_host: address,
                encapsulation: "audiosocket",
                transport: "tcp",
                connection_type: "client",
                format: "slin",
                direction: "both",
                data: ear.tag,
            };
            // Asterisk connects to us within this request: should it not get
            // through, hang-ups must not wait behind such requests.
            let Ok(Ok(_turn)) = timeout(TURN, self.listens.acquire()).await else {
                return Err(CommandError::Refused("too many calls begin to be listened to".into()));
            };
            external_media(rest.post("channels/externalMedia", Some(&body)).await, address)
        };
        let bridge = async { done(rest.post("bridges", Some(&self.new_bridge(ear))).await) };
        // All to their end: what is made after another failed is deleted too.
        let (snoop, media, bridge) = tokio::join!(snoop, media, bridge);
        snoop.and(media).and(bridge)?;
        tokio::try_join!(has_started(ear_started), has_started(audio_started))?;
        self.join(ear, [ear.to_string(), audio.to_string()]).await?;
        let sound = timeout(CONNECTS, expected.sound()).await.ok().flatten();
        sound.ok_or_else(|| CommandError::Refused(format!("Asterisk did not connect to {address}")))
    }

    /// Listening is over: deletes what it needed, unless that was done.
    async fn forget_ear(&self, ear: Part) {
        if self.calls.with(ear.call, |call| call.attached.take_ear(Some(ear))).flatten().is_some() {
            self.remove(&[ear]).await;
        }
    }
}

fn not_listening(error: io::Error) -> CommandError {
    CommandError::Refused(format!("no port could be opened for the sound of calls (audio_bind): {error}"))
}

/// What it takes.
const NEEDED: &str = "Asterisk 18 or later with chan_audiosocket and res_audiosocket is needed";

/// What an answer to `POST /channels/externalMedia` means.
fn external_media(result: Result<Answer, RestError>, address: &str) -> Result<(), CommandError> {
    let refusal = match &result {
        // The encapsulation is not known at all.
        Ok(answer) if matches!(answer.status, 400 | 404 | 405 | 501) => {
            Some(format!("this Asterisk cannot send the sound of calls: {NEEDED}: {}", answer.words()))
        }
        // "An internal error", at once: nobody listens there, no way leads
        // there, or the module is missing.
        Ok(answer) if answer.status == 500 => Some(format!(
            "Asterisk could not connect to {address} (audio_bind, audio_advertise), or it cannot do it: {NEEDED}: {}",
            answer.words()
        )),
        Ok(_) | Err(_) => None,
    };
    match refusal {
        Some(words) => Err(CommandError::Refused(words)),
        None => done(result),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_missing() {
        for (status, want) in [(501, "18 or later"), (500, "18 or later"), (500, "audio_advertise")] {
            let answer = Answer { status, body: bytes::Bytes::from_static(br#"{"message":"No"}"#) };
            let Err(CommandError::Refused(words)) = external_media(Ok(answer), "10.0.0.1:9092") else {
                panic!("refused")
            };
            assert!(words.contains(want) && words.contains("No"), "{words}");
        }
        let answer = Answer { status: 200, body: bytes::Bytes::new() };
        assert_eq!(external_media(Ok(answer), "x"), Ok(()));
    }
}
