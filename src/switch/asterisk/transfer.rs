//! Transfers: the other party is called on a channel of its own, and once it
//! answers, both channels are put in one bridge.
//!
//! Tried with 22.10: a bridge and what is left in it stay when one party hangs
//! up; a bridge that is deleted gives the channels in it back to our
//! application, and they take commands at once.

use std::sync::Arc;

use serde::Serialize;

use super::answer::{done, placed};
use super::part::{Part, Role};
use super::rest::RestError;
use super::{Asterisk, Channel, Core, MARGIN, Variables, to_the_end, whole_seconds};
use crate::call::CallId;
use crate::switch::{CallEvent, CommandError, HungUp, OriginateError, Transfer, TransferEvent};

/// The body of `POST /bridges`.
#[derive(Serialize)]
pub(super) struct Bridge<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "bridgeId")]
    id: String,
    /// Whose it is: bridges of others are left alone.
    name: &'a str,
}

impl Asterisk {
    /// Connects the call with somebody else; see
    /// [`crate::switch::Switch::transfer`]. The callee hears a ringing tone
    /// meanwhile.
    ///
    /// # Errors
    /// [`CommandError::Refused`] if the other party cannot be called, or one is
    /// on the line.
    pub async fn transfer(&self, call: CallId, transfer: &Transfer) -> Result<(), CommandError> {
        let (core, transfer) = (Arc::clone(&self.core), transfer.clone());
        to_the_end(async move { core.call_other(call, &transfer).await }).await
    }
}

impl Core {
    async fn call_other(&self, call: CallId, transfer: &Transfer) -> Result<(), CommandError> {
        let leg = Part { call, role: Role::Leg, tag: transfer.leg.0 };
        match self.calls.with(call, |call| call.attached.calls(leg, transfer.ring_timeout)) {
            None => return Err(CommandError::NoSuchChannel),
            Some(false) => return Err(CommandError::Refused("the call is being transferred already".into())),
            Some(true) => {}
        }
        let result = self.originate_leg(leg, transfer).await;
        match &result {
            Ok(()) if self.calls.with(call, |call| call.attached.leg_placed(leg)) == Some(true) => {}
            // The call, or the other party, ended before it was known to exist.
            Ok(()) => self.remove(&[leg]).await,
            Err(_) => {
                self.calls.with(call, |call| call.attached.take_leg(leg));
                let _ = self.ring(call, false).await;
                // It may exist all the same.
                self.remove(&[leg]).await;
            }
        }
        result
    }

    async fn originate_leg(&self, leg: Part, transfer: &Transfer) -> Result<(), CommandError> {
        let lives = whole_seconds(transfer.ring_timeout) + whole_seconds(transfer.max) + MARGIN.as_secs();
        // Both may talk for longer than a call may last otherwise.
        self.lives_for(leg.call, lives).await?;
        // A courtesy: without it the callee hears nothing.
        let _ = self.ring(leg.call, true).await;
        let body = Channel {
            endpoint: &transfer.endpoint,
            app: &self.app,
            channel_id: leg.to_string(),
            caller_id: transfer.caller_id.to_string(),
            timeout: whole_seconds(transfer.ring_timeout),
            variables: Variables {
                absolute_timeout: lives.to_string(),
                node: &self.node,
                app: &self.app,
                amd_wait: "",
            },
        };
        match self.commands()?.post("channels", Some(&body)).await {
            Ok(answer) => placed(&answer).map_err(|error| match error {
                OriginateError::NotSent(words)
                | OriginateError::Unknown(words)
                | OriginateError::Refused { detail: words, .. } => CommandError::Refused(words),
            }),
            Err(RestError::NotSent(words) | RestError::NoAnswer(words)) => Err(CommandError::Disconnected(words)),
        }
    }

    /// Has Asterisk end a call's channel after so many seconds, counted anew.
    async fn lives_for(&self, call: CallId, seconds: u64) -> Result<(), CommandError> {
        #[derive(Serialize)]
        struct Variable<'a> {
            variable: &'a str,
            value: String,
        }
        let body = Variable { variable: "TIMEOUT(absolute)", value: seconds.to_string() };
        done(self.commands()?.post(&format!("channels/{call}/variable"), Some(&body)).await)
    }

    /// A ringing tone for the callee, or its end.
    async fn ring(&self, call: CallId, rings: bool) -> Result<(), CommandError> {
        let (rest, path) = (self.commands()?, format!("channels/{call}/ring"));
        done(if rings { rest.post(&path, None::<&()>).await } else { rest.delete(&path).await })
    }

    /// The other party has answered: both hear each other from here on.
    pub(super) async fn connect(&self, leg: Part) {
        let call = leg.call;
        let connected = match self.bridge(leg).await {
            Ok(()) => {
                let event = CallEvent::Transfer(TransferEvent::Connected);
                self.calls.tell_if(call, |call| call.attached.leg_connected(leg), event)
            }
            Err(error) => {
                let detail = Some(format!("could not be connected: {error}"));
                let failed = HungUp { answered: true, detail, ..HungUp::default() };
                let event = CallEvent::Transfer(TransferEvent::Failed(failed));
                self.calls.tell_if(call, |call| call.attached.take_leg(leg), event);
                false
            }
        };
        if !connected {
            // One of them is gone, or was never there to be connected.
            self.remove(&[leg]).await;
        }
    }

    async fn bridge(&self, leg: Part) -> Result<(), CommandError> {
        let call = leg.call;
        let _ = self.ring(call, false).await;
        let channels = [call.to_string(), leg.to_string()];
        done(self.commands()?.post("bridges", Some(&self.new_bridge(leg))).await)?;
        self.join(leg, channels).await
    }

    /// A bridge of ours, to be made.
    pub(super) fn new_bridge(&self, part: Part) -> Bridge<'_> {
        Bridge { kind: "mixing", id: part.to_string(), name: &self.app }
    }

    /// Puts channels in the bridge of this part.
    pub(super) async fn join(&self, bridge: Part, channel: [String; 2]) -> Result<(), CommandError> {
        #[derive(Serialize)]
        struct Channels {
            channel: [String; 2],
        }
        done(self.commands()?.post(&format!("bridges/{bridge}/addChannel"), Some(&Channels { channel })).await)
    }

    /// The other party is gone: the callee's channel becomes ours again, and
    /// then it is told.
    pub(super) async fn release(core: Arc<Self>, leg: Part, event: TransferEvent) {
        match event {
            TransferEvent::Failed(_) => {
                let _ = core.ring(leg.call, false).await;
            }
            TransferEvent::Connected | TransferEvent::Ended => {}
        }
        core.remove(&[leg]).await;
        core.calls.tell(leg.call, CallEvent::Transfer(event));
        Asterisk::keep_audible(core, leg.call).await;
    }
}
