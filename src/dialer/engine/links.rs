//! The switches' connections.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::state::State;
use crate::call::CallId;
use crate::dialer::context::Link;
use crate::dialer::handle::LinkFault;
use crate::dialer::news::News;
use crate::switch::{LinkEvent, LinkEvents};

/// What happened to a switch's connection last.
#[derive(Clone, Debug)]
pub(super) struct LinkHistory {
    /// When it came up or went down; at first, when the engine started.
    pub(super) since: Timestamp,
    /// The last time it went down, and why.
    pub(super) last_error: Option<LinkFault>,
    /// How often it went down.
    pub(super) disconnects: u64,
    /// How often events may have been missed while it was up.
    pub(super) gaps: u64,
}

impl LinkHistory {
    pub(super) fn new(since: Timestamp) -> Self {
        Self { since, last_error: None, disconnects: 0, gaps: 0 }
    }
}

impl State {
    pub(super) fn on_link(&mut self, switch: usize, event: LinkEvent) {
        let name = self.fleet.name(switch).to_owned();
        self.remember(switch, &event);
        match event {
            LinkEvent::Up { epoch } => {
                tracing::info!(switch = %name, epoch, "connected");
                self.links[switch].send_modify(|link| *link = Link { up: true, epoch: link.epoch + 1 });
                self.look_for_orphans(switch);
            }
            LinkEvent::Down { reason } => {
                tracing::warn!(switch = %name, %reason, "disconnected");
                self.links[switch].send_modify(|link| link.up = false);
            }
            LinkEvent::Gap => {
                tracing::warn!(switch = %name, "events may have been missed: looking at every call");
                self.links[switch].send_modify(|link| link.epoch += 1);
                self.look_for_orphans(switch);
            }
            LinkEvent::Orphan(call) => {
                if !self.calls.contains_key(&call) && !self.places.contains_key(&call) {
                    tracing::warn!(switch = %name, %call, "a channel of ours that no call waits for: hanging up");
                    let line = self.context.lines[switch].switch.clone();
                    tokio::spawn(async move { line.hang_up(call).await });
                }
            }
        }
        self.update_ready(switch);
    }

    fn remember(&mut self, switch: usize, event: &LinkEvent) {
        let now = self.context.clock.now();
        let was_up = self.links[switch].borrow().up;
        let history = &mut self.histories[switch];
        match event {
            LinkEvent::Up { .. } => history.since = now,
            LinkEvent::Down { reason } => {
                // Every attempt to connect again may tell of its failure.
                if was_up {
                    history.since = now;
                    history.disconnects += 1;
                }
                history.last_error = Some(LinkFault { at: now, reason: reason.clone() });
            }
            LinkEvent::Gap => history.gaps += 1,
            LinkEvent::Orphan(_) => {}
        }
    }

    /// A call that a daemon before left open is settled.
    pub(super) fn on_recovered(&mut self, call: CallId, switches: Vec<usize>) {
        self.calls.remove(&call);
        self.lost.remove(&call);
        self.caller_ids.end(call);
        for switch in switches {
            self.recovering[switch] = self.recovering[switch].saturating_sub(1);
            self.fleet.end_adopted(switch);
            self.update_ready(switch);
        }
    }

    /// Channels with our mark that no call of ours waits for are hung up: of
    /// those, none is told of by itself.
    fn look_for_orphans(&self, switch: usize) {
        let (line, news) = (self.context.lines[switch].switch.clone(), self.context.news.clone());
        tokio::spawn(async move {
            match line.live_calls().await {
                Ok(calls) => calls.into_iter().for_each(|call| {
                    let _ = news.send(News::Link { switch, event: LinkEvent::Orphan(call) });
                }),
                // The next connection asks again.
                Err(error) => tracing::debug!(%error, "could not list the switch's channels"),
            }
        });
    }

    pub(super) fn update_ready(&mut self, switch: usize) {
        let up = self.links[switch].borrow().up;
        self.fleet.set_ready(switch, up && self.recovering[switch] == 0);
    }
}

/// Passes a switch's connection events on to the engine.
pub(super) async fn forward(switch: usize, mut events: LinkEvents, news: mpsc::UnboundedSender<News>) {
    while let Some(event) = events.recv().await {
        if news.send(News::Link { switch, event }).is_err() {
            return;
        }
    }
}
