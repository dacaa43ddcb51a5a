//! Recording: of the whole call by a channel that hears both sides, of what the
//! callee says on the call's own channel.
//!
//! Tried with 22.10: a recording of the call's own channel holds every playback
//! back until it ends, and hears the callee alone; hence the other channel. A
//! key that ends a recording (`terminateOn`) is told as well, before the end.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::answer::done;
use super::part::{Part, Role};
use super::{Asterisk, Core, to_the_end, whole_seconds};
use crate::call::CallId;
use crate::switch::{CommandError, Recording, Take};

/// A channel that was made is in our application within this time.
const STARTS: Duration = Duration::from_secs(3);

/// The body of `POST /channels/{id}/record`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    name: &'a str,
    format: &'a str,
    if_exists: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_duration_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_silence_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminate_on: Option<&'a str>,
}

/// The body of `POST /channels/{id}/snoop/{snoopId}`.
#[derive(Serialize)]
pub(super) struct Snoop<'a> {
    pub(super) spy: &'a str,
    pub(super) app: &'a str,
}

impl Asterisk {
    /// Starts to record; see [`crate::switch::Switch::record`]. The file stays
    /// with Asterisk until [`Self::fetch_recording`].
    ///
    /// # Errors
    /// [`CommandError::Refused`] if the name is used already, or the channel is
    /// not ours at the moment.
    pub async fn record(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        check_name(&recording.name)?;
        let (core, name) = (Arc::clone(&self.core), recording.name.clone());
        match recording.take {
            Take::Call => to_the_end(async move { core.record_call(call, &name).await }).await,
            Take::Speech { max, silence } => core.record_speech(call, &name, max, silence).await,
        }
    }

    /// Stops a recording; see [`crate::switch::Switch::stop_recording`].
    ///
    /// # Errors
    /// [`CommandError::Refused`] if there is none of this name.
    pub async fn stop_recording(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        let name = &recording.name;
        check_name(name)?;
        let Some(recorder) = self.core.calls.with(call, |call| call.attached.recorder(name)) else {
            return Err(CommandError::NoSuchChannel);
        };
        let rest = self.core.commands()?;
        let result = match recorder {
            None => return Err(CommandError::Refused("nothing is recorded under this name".into())),
            Some(Some(part)) => rest.delete(&format!("channels/{part}")).await,
            Some(None) => rest.post(&format!("recordings/live/{name}/stop"), None::<&()>).await,
        };
        match done(result) {
            // It ended by itself meanwhile.
            Err(CommandError::NoSuchChannel) => Ok(()),
            result => result,
        }
    }
}

impl Core {
    async fn record_call(&self, call: CallId, name: &str) -> Result<(), CommandError> {
        let part = Part { call, role: Role::Recorder, tag: Uuid::new_v4() };
        let prepared = self.calls.with(call, |call| {
            let is_new = call.attached.records(name, Some(part));
            is_new.then(|| call.attached.wait_for(part))
        });
        let started = match prepared {
            None => return Err(CommandError::NoSuchChannel),
            Some(None) => return Err(CommandError::Refused("this is being recorded already".into())),
            Some(Some(started)) => started,
        };
        let result = self.start_recorder(part, name, started).await;
        if result.is_err() {
            let ours = self.calls.with(call, |call| {
                call.attached.wait_no_more(part.tag);
                call.attached.recorded(name).is_some()
            });
            self.remove(&[part]).await;
            if ours != Some(true) {
                // Its end was told: there is nothing to be refused any more.
                return Err(CommandError::NoSuchChannel);
            }
        }
        result
    }

    async fn start_recorder(&self, part: Part, name: &str, started: oneshot::Receiver<()>) -> Result<(), CommandError> {
        let snoop = Snoop { spy: "both", app: &self.app };
        done(self.commands()?.post(&format!("channels/{}/snoop/{part}", part.call), Some(&snoop)).await)?;
        has_started(started).await?;
        self.start_recording(&part.to_string(), &whole(name)).await
    }

    async fn record_speech(
        &self,
        call: CallId,
        name: &str,
        max: Duration,
        silence: Duration,
    ) -> Result<(), CommandError> {
        let is_new = self.calls.with(call, |call| !call.attached.takes_speech() && call.attached.records(name, None));
        match is_new {
            None => return Err(CommandError::NoSuchChannel),
            Some(false) => return Err(CommandError::Refused("this is being recorded already".into())),
            Some(true) => {}
        }
        let body = Body {
            max_duration_seconds: Some(whole_seconds(max)),
            max_silence_seconds: Some(whole_seconds(silence)),
            terminate_on: Some("any"),
            ..whole(name)
        };
        let result = self.start_recording(&call.to_string(), &body).await;
        if result.is_err() {
            self.calls.with(call, |call| call.attached.recorded(name));
        }
        result
    }

    async fn start_recording(&self, channel: &str, body: &Body<'_>) -> Result<(), CommandError> {
        done(self.commands()?.post(&format!("channels/{channel}/record"), Some(body)).await)
    }
}

fn whole(name: &str) -> Body<'_> {
    Body {
        name,
        format: "wav",
        if_exists: "fail",
        max_duration_seconds: None,
        max_silence_seconds: None,
        terminate_on: None,
    }
}

/// Waits for a part to be in our application.
pub(super) async fn has_started(started: oneshot::Receiver<()>) -> Result<(), CommandError> {
    match timeout(STARTS, started).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(CommandError::Refused("the call, or what was to hear it, ended".into())),
        Err(_) => Err(CommandError::Refused("Asterisk did not start what was to hear the call".into())),
    }
}

/// A name is part of a path, here and with Asterisk.
pub(super) fn check_name(name: &str) -> Result<(), CommandError> {
    let is_safe = !name.is_empty() && name.len() <= 200 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_safe {
        Ok(())
    } else {
        Err(CommandError::Refused("a recording's name has letters, digits and - only".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert_eq!(check_name("0193-call"), Ok(()));
        for name in ["", "../x", "a/b", "a.b", "a b", "é", "a%2f", &"a".repeat(300)] {
            assert!(matches!(check_name(name), Err(CommandError::Refused(_))), "{name}");
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        let text = serde_json::to_string(&whole("x")).expect("JSON");
        assert_eq!(text, r#"{"name":"x","format":"wav","ifExists":"fail"}"#);
    }
}
