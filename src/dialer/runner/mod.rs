//! One call's task: it feeds the call's machine with events and time, does on
//! the switch what the machine says, and hands its end to the ledger.
//!
//! | module | holds |
//! |---|---|
//! | `live` | a call on the switch: what happens to it |
//! | `perform` | what its machine wants done |
//! | `listening` | the detector at work; whether anything was heard |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Line};
use super::fleet::Place;
use super::news::News;
use super::prepared::{Prepared, Unplayable, Way};
use crate::call::{CallFacts, End, Machine, Outcome, Plan, Report, classify};
use crate::campaign::{AfterCall, CampaignId, after_call};
use crate::media::Player;
use crate::number::PhoneNumber;
use crate::store::{Claimed, Settlement};
use crate::switch::{Originate, OriginateError};

mod listening;
mod live;
mod perform;

use listening::Sounded;
use live::Live;

/// A claimed call, ready to be placed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) campaign: CampaignId,
    pub(super) prepared: Arc<Prepared>,
    pub(super) claimed: Claimed,
    pub(super) place: Place,
    pub(super) endpoint: String,
    /// Whom its transfer key rings, and what they see.
    pub(super) transfer: Option<(String, PhoneNumber)>,
    /// When its target was claimed.
    pub(super) planned_at: Instant,
    /// Not to be started before this time.
    pub(super) start_at: Instant,
    /// Why it is not to be placed after all.
    pub(super) take_back: Option<&'static str>,
    /// Cleared when the campaign is stopped: then it is not placed either.
    pub(super) go: Arc<AtomicBool>,
    /// Cancelled when somebody wants it hung up.
    pub(super) asked: CancellationToken,
}

/// A switch that has no such channel is asked once more after this long: the
/// news of the end may be on its way, and a command just sent may not have
/// become a channel yet.
pub(super) const SECOND_LOOK: Duration = Duration::from_secs(1);
/// A channel does not outlive its ring and call limits by more than this: they
/// are set on the switch when the call is placed.
pub(super) const OUTLIVES: Duration = Duration::from_secs(60);
/// How long a switch may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// What is noted of a call that somebody wanted to end.
const ASKED: &str = "hung up by request";
/// Whom a person took back is left alone for at least so long.
const LEFT_ALONE: Duration = Duration::from_secs(60);
/// Timers are this coarse: closer starts are not waited for.
const TICK: Duration = Duration::from_millis(1);

/// Runs a call from originate to its end.
pub(super) async fn run(context: Arc<Context>, job: Job) {
    let call = job.claimed.planned.call;
    if let Some(why) = job.take_back {
        return end(&context, &job, taken_back(&context, why));
    }
    let line = context.lines[job.place.switch].clone();
    let planned = tokio::select! {
        planned = plan(&context, &job, &line) => planned,
        // What is being spoken for it nobody needs.
        () = job.asked.cancelled() => return end(&context, &job, taken_back(&context, ASKED)),
    };
    let plan = match planned {
        Ok(plan) => plan,
        Err(Unplaced::Now(report)) => return end(&context, &job, report),
        Err(Unplaced::Later(report)) => return end_later(&context, &job, report, false),
    };
    if job.start_at > Instant::now() + TICK {
        tokio::select! {
            () = tokio::time::sleep_until(job.start_at) => {}
            () = job.asked.cancelled() => {}
        }
    }
    // Whoever opted out since the claim is not called.
    match context.store.do_not_call(job.claimed.number).await {
        Ok(None) => {}
        Ok(Some(_)) if job.claimed.despite_opt_out => {}
        Ok(Some(_)) => {
            let report = taken_back(&context, "opted out since it was claimed");
            return end(&context, &job, Report { outcome: Outcome::Blocked, ..report });
        }
        Err(error) => return end_later(&context, &job, taken_back(&context, &error.to_string()), false),
    }
    if job.asked.is_cancelled() {
        return end(&context, &job, taken_back(&context, ASKED));
    }
    if *context.stop.borrow() {
        return end(&context, &job, taken_back(&context, "the daemon is going down"));
    }
    if !job.go.load(Ordering::Relaxed) {
        return end(&context, &job, taken_back(&context, "the campaign was stopped"));
    }
    if job.claimed.allowed_until.is_some_and(|until| context.clock.now() >= until) {
        // The next claim gives it the time of its next opening.
        return end(&context, &job, taken_back(&context, "its hours are over"));
    }
    let epoch = line.link.borrow().epoch;
    let originate = Originate {
        call,
        endpoint: job.endpoint.clone(),
        number: job.claimed.number,
        caller_id: job.claimed.planned.caller_id,
        ring_timeout: plan.ring_timeout,
        max_call: lives(&plan),
    };
    let outlives = plan.ring_timeout + lives(&plan) + OUTLIVES;
    let clock = context.clock.pinned();
    let placed_at = clock.now();
    let script = plan.script.clone();
    let machine = Machine::new(plan, clock.now());
    context.stats.on_start();
    let (events, doubtful) = match line.switch.originate(&originate).await {
        Ok(events) => (events, false),
        Err(OriginateError::Unknown(why)) => {
            tracing::warn!(%call, %why, "looking for a call whose originate was in doubt");
            (line.switch.attach(call), true)
        }
        Err(OriginateError::NotSent(why)) => {
            context.stats.on_end();
            return end_later(&context, &job, taken_back(&context, &why), true);
        }
        Err(OriginateError::Refused { cause, detail }) => {
            context.stats.on_end();
            let outcome = classify(End { cause, ..End::default() });
            let facts = CallFacts { cause, detail: Some(detail), ended_at: Some(clock.now()), ..CallFacts::default() };
            return end(&context, &job, placed(&job, placed_at, Report { outcome, facts }));
        }
    };
    let outlives = Instant::now() + outlives;
    let mut live = Live {
        context: &context,
        job: &job,
        script,
        clock,
        line,
        call,
        machine,
        events,
        epoch,
        look_at: doubtful.then(Instant::now),
        missing: false,
        ear: None,
        sounds: Sounded::default(),
        rang: false,
        outlives,
    };
    let report = live.run().await;
    let mute = live.sounds.mute();
    context.stats.on_end();
    match report {
        Some(report) => end_heard(&context, &job, placed(&job, placed_at, report), mute),
        // Nobody can say how it ends: it stays open for the next start.
        None => tell(&context, &job, None, false, None, 0),
    }
}

/// The report of a call that was given to the switch.
fn placed(job: &Job, at: Timestamp, report: Report) -> Report {
    let facts = CallFacts { placed_at: Some(at), trunk: Some(job.place.trunk.clone()), ..report.facts };
    Report { facts, ..report }
}

/// What the call is to do. If that cannot be had, the report it ends with: it
/// is not placed.
async fn plan(context: &Context, job: &Job, line: &Line) -> Result<Plan, Unplaced> {
    let settings = &job.prepared.settings;
    let way = Way { player: Player::from(&line.switch), transfer: job.transfer.clone() };
    let (target, now) = (job.claimed.target, context.clock.now());
    match job.prepared.script(target, &way, &context.sounds, &context.store, now).await {
        Ok(script) => Ok(Plan {
            call: job.claimed.planned.call,
            script,
            ring_timeout: settings.ring_timeout(),
            max_call: settings.max_call(),
        }),
        Err(Unplayable::Store(error)) => Err(Unplaced::Later(taken_back(context, &error.to_string()))),
        Err(Unplayable::Contact(why)) => {
            Err(Unplaced::Now(Report { outcome: Outcome::Failed, ..taken_back(context, &why) }))
        }
        Err(Unplayable::Campaign(reason)) => {
            let report = taken_back(context, &reason);
            let _ = context.news.send(News::Unplayable { campaign: job.campaign, reason });
            Err(Unplaced::Now(report))
        }
    }
}

/// A call that is not placed, and how it ends.
enum Unplaced {
    Now(Report),
    /// Its target is not to be claimed again at once.
    Later(Report),
}

/// How long the channel may live from its answer: both talk on after a
/// transfer, whatever the limit before was.
fn lives(plan: &Plan) -> Duration {
    let talk = plan.script.transfer.as_ref().map_or(Duration::ZERO, |key| key.ring_timeout + key.max);
    plan.max_call + talk
}

/// A call that was never placed: its target is as it was before.
fn taken_back(context: &Context, why: &str) -> Report {
    let facts = CallFacts { detail: Some(why.to_owned()), ended_at: Some(context.clock.now()), ..CallFacts::default() };
    Report { outcome: Outcome::Cancelled, facts }
}

/// A call that could not be sent tries again, but not in a hot loop.
const UNSENT_DELAY: Duration = Duration::from_secs(5);

/// Hands the end to the ledger, then tells the engine that the slot is free.
fn end(context: &Context, job: &Job, report: Report) {
    end_heard(context, job, report, None);
}

/// The same, with why nothing was heard.
fn end_heard(context: &Context, job: &Job, report: Report, mute: Option<String>) {
    let after = after(context, job, &report);
    let (outcome, cost) = (report.outcome, cost(context, job, &report));
    settle(context, job, report, after);
    tell(context, job, Some(outcome), false, mute, cost);
}

/// The same for a call that was not placed, and should not be at once.
/// `unsent`: the switch never heard of it, its trunk is in trouble.
fn end_later(context: &Context, job: &Job, report: Report, unsent: bool) {
    let mut after = after(context, job, &report);
    if !job.asked.is_cancelled() {
        after.due_at = context.clock.now().checked_add(UNSENT_DELAY).ok();
    }
    let outcome = report.outcome;
    settle(context, job, report, after);
    tell(context, job, Some(outcome), unsent, None, 0);
}

/// What becomes of the target. Due times are wall times, not the call's own.
fn after(context: &Context, job: &Job, report: &Report) -> AfterCall {
    let (claimed, settings, now) = (&job.claimed, &job.prepared.settings, context.clock.now());
    let mut after = after_call(settings, report.outcome, claimed.attempt, claimed.congestions, now);
    if report.outcome == Outcome::Cancelled {
        let delay = settings.retry_delay();
        if job.asked.is_cancelled() {
            // Who takes a call back does not want it placed again at once.
            after.due_at = now.checked_add(delay.max(LEFT_ALONE)).ok();
        } else if report.facts.ringing_at.is_some() {
            // The phone rang: not again at once, though it was no attempt.
            after.due_at = now.checked_add(delay).ok();
        }
    }
    after
}

fn settle(context: &Context, job: &Job, report: Report, after: AfterCall) {
    let claimed = &job.claimed;
    tracing::debug!(call = %claimed.planned.call, number = %claimed.number, outcome = %report.outcome, "call ended");
    context.ledger.settle(Settlement {
        call: claimed.planned.call,
        campaign: job.campaign,
        target: claimed.target,
        outcome: report.outcome,
        facts: report.facts,
        after,
    });
}

/// What the call cost, in millionths.
fn cost(context: &Context, job: &Job, report: &Report) -> u64 {
    let (Some(answered_at), Some(ended_at)) = (report.facts.answered_at, report.facts.ended_at) else { return 0 };
    context.organization.borrow().budget().tariff.cost(job.claimed.number, answered_at, ended_at)
}

fn tell(context: &Context, job: &Job, outcome: Option<Outcome>, unsent: bool, mute: Option<String>, cost: u64) {
    let _ = context.news.send(News::Ended {
        call: job.claimed.planned.call,
        campaign: job.campaign,
        place: job.place.clone(),
        outcome,
        unsent,
        mute,
        cost,
        started: job.planned_at,
    });
}

/// A wall time as a point on the timers' scale.
pub(super) fn instant_of(at: Timestamp, now: Timestamp) -> Instant {
    let wait = at.duration_since(now);
    Instant::now() + Duration::try_from(wait).unwrap_or(Duration::ZERO)
}
