//! What is done besides commands: what events ask for, and after a new
//! connection the comparison of what Asterisk has with what we know.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;
use serde::Deserialize;

use super::answer::done;
use super::calls::Effect;
use super::event::call_id;
use super::part::Part;
use super::{Asterisk, Core};
use crate::call::CallId;
use crate::switch::CommandError;

impl Core {
    /// Does what an event asks for, but for telling of an orphan.
    pub(super) fn perform(core: &Arc<Self>, effect: Effect) {
        let core = Arc::clone(core);
        match effect {
            Effect::None | Effect::Orphan(_) => {}
            Effect::Idle(call) => drop(tokio::spawn(Asterisk::keep_audible(core, call))),
            Effect::Remove(parts) => drop(tokio::spawn(async move { core.remove(&parts).await })),
            Effect::Connect(leg) => drop(tokio::spawn(async move { core.connect(leg).await })),
            Effect::Release(leg, event) => drop(tokio::spawn(Self::release(core, leg, event))),
        }
    }

    /// Deletes what is left of these.
    pub(super) async fn remove(&self, parts: &[Part]) {
        let Ok(rest) = self.rest() else { return };
        join_all(parts.iter().flat_map(|part| part.paths()).map(|path| async move {
            match done(rest.delete(&path).await) {
                Ok(()) | Err(CommandError::NoSuchChannel) => {}
                // Found again after the next connection.
                Err(error) => tracing::debug!(path, %error, "left on Asterisk for now"),
            }
        }))
        .await;
    }

    /// Events may have been missed: finds what became of transfers and
    /// recordings, and removes what belongs to calls that are gone.
    pub(super) async fn tidy(core: Arc<Self>) {
        if let Err(error) = Self::compare(&core).await {
            tracing::debug!(%error, "what is left on Asterisk could not be compared");
        }
    }

    async fn compare(core: &Arc<Self>) -> Result<(), CommandError> {
        // What may be there for a good reason is looked at before its reason:
        // a call placed meanwhile must not lose what it just got.
        let (legs, recordings) = (core.calls.doubtful_legs(), core.calls.doubtful_recordings());
        let bridges = core.bridges().await?;
        let channels: HashSet<String> = core.channels().await?.into_iter().collect();
        let calls: HashSet<CallId> = channels.iter().filter_map(|id| call_id(id)).collect();

        let found = channels.iter().chain(&bridges).filter_map(|id| Part::parse(id));
        let (kept, left): (Vec<Part>, Vec<Part>) = found.partition(|part| calls.contains(&part.call));
        kept.into_iter().for_each(|part| core.calls.adopt(part));
        core.remove(&left).await;

        for leg in legs {
            // Asked for by itself: it may have ended since the list was made.
            match core.is_up(leg).await? {
                Some(true) => Self::perform(core, core.calls.leg_found(leg, true)),
                Some(false) => {}
                None => Self::perform(core, core.calls.leg_found(leg, false)),
            }
        }
        for (call, name) in recordings {
            let live = core.commands()?.get(&format!("recordings/live/{name}")).await;
            if done(live) == Err(CommandError::NoSuchChannel) {
                Self::perform(core, core.calls.recorded(call, &name));
            }
        }
        Ok(())
    }

    /// Whether a channel is answered; none if it is gone.
    async fn is_up(&self, part: Part) -> Result<Option<bool>, CommandError> {
        #[derive(Deserialize)]
        struct Channel {
            state: String,
        }
        match self.ask(&format!("channels/{part}")).await {
            Ok(Channel { state }) => Ok(Some(state == "Up")),
            Err(CommandError::NoSuchChannel) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The ids of our own bridges.
    async fn bridges(&self) -> Result<Vec<String>, CommandError> {
        #[derive(Deserialize)]
        struct Bridge {
            id: String,
            #[serde(default)]
            name: String,
        }
        let bridges: Vec<Bridge> = self.ask("bridges").await?;
        Ok(bridges.into_iter().filter(|bridge| bridge.name == self.app).map(|bridge| bridge.id).collect())
    }
}
