//! Calls that have no end in the database when the daemon starts: the one
//! before died. Each is looked for on its switch; if its channel lives it is
//! hung up, and it is settled by what is known. No number is dialed for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::{Context, Line};
use super::news::News;
use super::runner::{SECOND_LOOK, instant_of};
use crate::call::{CallFacts, Outcome};
use crate::campaign::{Settings, after_call};
use crate::store::{OpenCall, Settlement};
use crate::switch::{CallEvent, CallEvents, Presence};

/// How long a hung-up channel may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// A channel cannot outlive its time-outs by more than this: they are set on
/// the switch.
const OUTLIVES: Duration = Duration::from_secs(60);

/// What was learnt of the call.
enum Fate {
    Gone,
    HungUp { answered: bool },
    OutOfReach,
}

/// Settles one call and says so. `line` is none if its switch is not
/// configured any more.
pub(super) async fn recover(
    context: Arc<Context>,
    open: OpenCall,
    settings: Arc<Settings>,
    switch: Option<(usize, Line)>,
) {
    let call = open.planned.call;
    let fate = match &switch {
        Some((_, line)) => look(&context, line, &open, &settings).await,
        None => Fate::OutOfReach,
    };
    let (outcome, detail) = match fate {
        Fate::HungUp { answered: true } => (Outcome::Answered, "in progress when the daemon died; hung up"),
        Fate::HungUp { answered: false } if open.answered_at.is_none() => {
            (Outcome::NoAnswer, "ringing when the daemon died; hung up")
        }
        Fate::HungUp { answered: false } | Fate::Gone | Fate::OutOfReach if open.answered_at.is_some() => {
            (Outcome::Answered, "ended while the daemon was down")
        }
        Fate::HungUp { answered: false } | Fate::Gone => (Outcome::Lost, "ended while the daemon was down"),
        Fate::OutOfReach => (Outcome::Lost, "its switch cannot be asked"),
    };
    let now = context.clock.now();
    tracing::info!(%call, number = %open.number, %outcome, "call from before the start settled");
    context.ledger.settle(Settlement {
        call,
        campaign: open.campaign,
        target: open.target,
        outcome,
        facts: CallFacts {
            answered_at: open.answered_at.or_else(|| (outcome == Outcome::Answered).then_some(now)),
            ended_at: Some(now),
            detail: Some(detail.to_owned()),
            ..CallFacts::default()
        },
        after: after_call(&settings, outcome, open.attempt, open.congestions, now),
    });
    let _ = context.news.send(News::Recovered { call, switch: switch.map(|(index, _)| index) });
}

async fn look(context: &Context, line: &Line, open: &OpenCall, settings: &Settings) -> Fate {
    let call = open.planned.call;
    let mut events = line.switch.attach(call);
    let now = context.clock.now();
    let longest = settings.ring_timeout() + settings.max_call() + OUTLIVES;
    let give_up = open.created_at.checked_add(longest).map_or_else(|_| Instant::now(), |at| instant_of(at, now));
    let mut missing = false;
    loop {
        let mut link = line.link.clone();
        // However late the start, a switch that comes up is asked.
        let up = async { link.wait_for(|link| link.up).await.is_ok() };
        match tokio::time::timeout_at(give_up.max(Instant::now() + END_TIMEOUT), up).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Fate::OutOfReach,
        }
        match tokio::time::timeout(END_TIMEOUT, line.switch.presence(call)).await {
            Ok(Ok(Presence::Gone)) if missing => return Fate::Gone,
            // A command written just before the crash may not be a channel yet.
            Ok(Ok(Presence::Gone)) => missing = true,
            Ok(Ok(Presence::Up)) => {
                if hang_up(line, open, &mut events).await.is_some() {
                    return Fate::HungUp { answered: true };
                }
            }
            Ok(Ok(Presence::Dialing)) => {
                if let Some(answered) = hang_up(line, open, &mut events).await {
                    return Fate::HungUp { answered };
                }
            }
            Ok(Err(_)) | Err(_) => {}
        }
        tokio::time::sleep(SECOND_LOOK).await;
    }
}

/// Hangs up and waits for the end; gives whether it was answered, none if the
/// end did not come.
async fn hang_up(line: &Line, open: &OpenCall, events: &mut CallEvents) -> Option<bool> {
    // An error shows at the next look.
    let _ = tokio::time::timeout(END_TIMEOUT, line.switch.hang_up(open.planned.call)).await;
    let mut answered = false;
    let end = async {
        loop {
            match events.recv().await? {
                CallEvent::HungUp(end) => return Some(answered || end.answered),
                CallEvent::Answered => answered = true,
                CallEvent::Ringing | CallEvent::Dtmf { .. } | CallEvent::PlaybackFinished { .. } => {}
            }
        }
    };
    tokio::time::timeout(END_TIMEOUT, end).await.ok().flatten()
}
