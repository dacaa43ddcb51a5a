//! Calls that have no end in the database though no task of ours runs them: the
//! daemon before died. Each is looked for on its switch; if its channel lives it
//! is hung up, and it is settled by what is known. No number is dialed for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::{Context, Line};
use super::news::News;
use super::runner::{OUTLIVES, SECOND_LOOK};
use crate::call::{CallFacts, Outcome, TalkFacts};
use crate::campaign::{Settings, after_call};
use crate::store::{OpenCall, Settlement};
use crate::switch::{CallEvent, CallEvents, Presence};

/// How long a hung-up channel may take to end, and a question to be answered.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// A call not settled by then is worth a word.
const SLOW: Duration = Duration::from_secs(30);

/// What was learnt of the call.
#[derive(Clone, Copy)]
enum Fate {
    Gone,
    HungUp {
        answered: bool,
    },
    /// Its time-outs have passed, and no switch could be asked.
    OutOfReach,
    /// The daemon is going down: the next start asks.
    Unasked,
}

/// Settles one call and says so. `lines`: the switches that may have it, with
/// their indexes: its own, or all if its own is not configured any more.
pub(super) async fn recover(context: Arc<Context>, open: OpenCall, settings: Arc<Settings>, lines: Vec<(usize, Line)>) {
    let call = open.planned.call;
    // On the timers' scale: a step of the wall clock must not shorten it.
    let until = Instant::now() + settings.ring_timeout() + settings.max_call() + OUTLIVES;
    let mut fate = if lines.is_empty() { wait_out(&context, until).await } else { Fate::Gone };
    for (_, line) in &lines {
        fate = look(&context, line, &open, until).await;
        if !matches!(fate, Fate::Gone) {
            break;
        }
    }
    let mut cost = 0;
    if let Some((outcome, detail)) = conclude(fate, &open) {
        cost = settle(&context, &open, &settings, outcome, detail);
        if let Some(name) = recording_of(&open, &settings) {
            for (_, line) in lines.iter().filter(|_| lines.len() == 1) {
                context.recordings.fetch(&line.switch, name.clone());
            }
        }
    }
    let switches = lines.into_iter().map(|(index, _)| index).collect();
    let _ = context.news.send(News::Recovered { call, switches, cost });
}

/// The outcome that follows from what is known; none: not to be settled now.
fn conclude(fate: Fate, open: &OpenCall) -> Option<(Outcome, &'static str)> {
    let answered = open.answered_at.is_some();
    Some(match fate {
        Fate::Unasked => return None,
        Fate::HungUp { answered: true } => (Outcome::Answered, "in progress when the daemon died; hung up"),
        Fate::HungUp { answered: false } if !answered => (Outcome::NoAnswer, "ringing when the daemon died; hung up"),
        Fate::HungUp { answered: false } | Fate::Gone | Fate::OutOfReach if answered => {
            (Outcome::Answered, "ended while the daemon was down")
        }
        Fate::HungUp { answered: false } | Fate::Gone => (Outcome::Lost, "ended while the daemon was down"),
        Fate::OutOfReach => (Outcome::Lost, "its switch could not be asked"),
    })
}

/// The name its recording has, if it has one: as the call's task gives it.
fn recording_of(open: &OpenCall, settings: &Settings) -> Option<String> {
    (settings.recording && open.answered_at.is_some()).then(|| open.planned.call.to_string())
}

/// Hands the end to the ledger; gives what the call cost.
fn settle(context: &Context, open: &OpenCall, settings: &Settings, outcome: Outcome, detail: &str) -> u64 {
    let call = open.planned.call;
    let now = context.clock.now();
    tracing::info!(%call, number = %open.number, %outcome, "call from before settled");
    let answered_at = open.answered_at.or_else(|| (outcome == Outcome::Answered).then_some(now));
    context.ledger.settle(Settlement {
        call,
        campaign: open.campaign,
        target: open.target,
        outcome,
        facts: CallFacts {
            answered_at,
            ended_at: Some(now),
            detail: Some(detail.to_owned()),
            talk: TalkFacts { recording: recording_of(open, settings), ..TalkFacts::default() },
            ..CallFacts::default()
        },
        after: after_call(settings, outcome, open.attempt, open.congestions, now),
    });
    let organization = context.organization.borrow();
    answered_at.map_or(0, |answered_at| organization.budget().tariff.cost(open.number, answered_at, now))
}

/// No switch is configured that could have it: its time-outs must end it.
async fn wait_out(context: &Context, until: Instant) -> Fate {
    let mut stop = context.stop.clone();
    tokio::select! {
        () = tokio::time::sleep_until(until) => Fate::OutOfReach,
        _ = stop.wait_for(|stop| *stop) => Fate::Unasked,
    }
}

async fn look(context: &Context, line: &Line, open: &OpenCall, until: Instant) -> Fate {
    let mut stop = context.stop.clone();
    tokio::select! {
        fate = ask(line, open, until) => fate,
        _ = stop.wait_for(|stop| *stop) => Fate::Unasked,
    }
}

/// Asks until the switch says that the channel is gone, or has ended it.
async fn ask(line: &Line, open: &OpenCall, until: Instant) -> Fate {
    let call = open.planned.call;
    let mut events = line.switch.attach(call);
    let mut link = line.link.clone();
    let slow = Instant::now() + SLOW;
    let (mut missing, mut told) = (false, false);
    loop {
        if Instant::now() >= slow && !std::mem::replace(&mut told, true) {
            tracing::warn!(%call, switch = %open.planned.switch, "dialing there waits for a call from before");
        }
        // However late it is, a switch that is up is asked.
        let up = async { link.wait_for(|link| link.up).await.is_ok() };
        match tokio::time::timeout_at(until.max(Instant::now() + END_TIMEOUT), up).await {
            Ok(true) => {}
            Ok(false) => return Fate::Unasked,
            Err(_) => return Fate::OutOfReach,
        }
        if let Some(answered) = ended(&mut events) {
            return Fate::HungUp { answered };
        }
        match tokio::time::timeout(END_TIMEOUT, line.switch.presence(call)).await {
            Ok(Ok(Presence::Gone)) if missing => return Fate::Gone,
            // A command written just before the crash may not be a channel yet.
            Ok(Ok(Presence::Gone)) => missing = true,
            Ok(Ok(Presence::Up)) => {
                missing = false;
                if hang_up(line, open, &mut events).await.is_some() {
                    return Fate::HungUp { answered: true };
                }
            }
            Ok(Ok(Presence::Dialing)) => {
                missing = false;
                if let Some(answered) = hang_up(line, open, &mut events).await {
                    return Fate::HungUp { answered };
                }
            }
            Ok(Err(_)) | Err(_) => {}
        }
        if Instant::now() >= until {
            tracing::warn!(%call, "the switch does not end a call from before, or does not tell of it");
            return Fate::OutOfReach;
        }
        tokio::time::sleep(SECOND_LOOK).await;
    }
}

/// Whether its end has arrived meanwhile, and whether it was answered.
fn ended(events: &mut CallEvents) -> Option<bool> {
    let mut answered = false;
    while let Some(event) = events.try_recv() {
        match event {
            CallEvent::HungUp(end) => return Some(answered || end.answered),
            CallEvent::Answered => answered = true,
            CallEvent::Ringing
            | CallEvent::Dtmf { .. }
            | CallEvent::PlaybackFinished { .. }
            | CallEvent::RecordingFinished { .. }
            | CallEvent::Detected { .. }
            | CallEvent::Transfer(_) => {}
        }
    }
    None
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
                CallEvent::Ringing
                | CallEvent::Dtmf { .. }
                | CallEvent::PlaybackFinished { .. }
                | CallEvent::RecordingFinished { .. }
                | CallEvent::Detected { .. }
                | CallEvent::Transfer(_) => {}
            }
        }
    };
    tokio::time::timeout(END_TIMEOUT, end).await.ok().flatten()
}
