//! One call's task: it feeds the call's machine with events and time, does on
//! the switch what the machine says, and hands its end to the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::context::{Context, Line, Link};
use super::fleet::Place;
use super::news::News;
use super::prepared::{Prepared, Unplayable, Way};
use crate::audio::amd::{Detector, Verdict};
use crate::audio::frame::Frame;
use crate::call::{Action, CallFacts, CallId, Detection, End, Given, Machine, Outcome, Plan, Report, Script, classify};
use crate::campaign::{AfterCall, CampaignId, after_call};
use crate::clock::Clock;
use crate::media::Player;
use crate::number::PhoneNumber;
use crate::store::{CallAnswer, Claimed, DoNotCall, Settlement};
use crate::switch::{
    CallEvent, CallEvents, CommandError, HungUp, Listening, Originate, OriginateError, Presence, Recording, Take,
    Transfer, TransferEvent,
};

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
/// A channel that was hung up has ended by then, or its end was missed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// So long after its claim a call's number is looked up once more.
const STALE: Duration = Duration::from_secs(2);
/// Timers are this coarse: closer starts are not waited for.
const TICK: Duration = Duration::from_millis(1);

/// Runs a call from originate to its end.
pub(super) async fn run(context: Arc<Context>, job: Job) {
    let call = job.claimed.planned.call;
    if let Some(why) = job.take_back {
        return end(&context, &job, taken_back(&context, why));
    }
    let line = context.lines[job.place.switch].clone();
    let plan = match plan(&context, &job, &line).await {
        Ok(plan) => plan,
        Err(Unplaced::Now(report)) => return end(&context, &job, report),
        Err(Unplaced::Later(report)) => return end_later(&context, &job, report, false),
    };
    if job.start_at > Instant::now() + TICK {
        tokio::time::sleep_until(job.start_at).await;
    }
    // Much may have been decided since the claim.
    if job.planned_at.elapsed() > STALE {
        match context.store.do_not_call(job.claimed.number).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                let report = taken_back(&context, "opted out since it was claimed");
                return end(&context, &job, Report { outcome: Outcome::Blocked, ..report });
            }
            Err(error) => return end_later(&context, &job, taken_back(&context, &error.to_string()), false),
        }
    }
    if *context.stop.borrow() {
        return end(&context, &job, taken_back(&context, "the daemon is going down"));
    }
    if !job.go.load(Ordering::Relaxed) {
        return end(&context, &job, taken_back(&context, "the campaign was stopped"));
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
            return end(&context, &job, Report { outcome, facts });
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
        outlives,
    };
    let report = live.run().await;
    let mute = live.sounds.mute();
    context.stats.on_end();
    match report {
        Some(report) => end_heard(&context, &job, report, mute),
        // Nobody can say how it ends: it stays open for the next start.
        None => tell(&context, &job, None, false, None),
    }
}

/// Whether anything was heard, either way.
#[derive(Debug, Default)]
struct Sounded {
    /// Sounds that were played.
    played: u32,
    /// Why none of the others was.
    unplayed: Option<String>,
    /// Why nobody listened for a machine.
    deaf: Option<String>,
}

impl Sounded {
    fn on_played(&mut self, failure: Option<&str>) {
        match failure {
            None => self.played += 1,
            Some(why) => self.unplayed = Some(why.to_owned()),
        }
    }

    /// Why the call was in vain, if it was.
    fn mute(self) -> Option<String> {
        if let Some(why) = self.deaf {
            return Some(format!("nobody could listen for machines: {why}"));
        }
        self.unplayed.filter(|_| self.played == 0).map(|why| format!("no sound could be played: {why}"))
    }
}

/// Our detector at work.
struct Ear {
    listening: Listening,
    detector: Detector,
    /// What it said, once it did.
    told: Option<Verdict>,
    /// The beep was told too.
    beeped: bool,
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
            script: Arc::new(script),
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

/// A call that is, or may be, on the switch.
struct Live<'a> {
    context: &'a Context,
    job: &'a Job,
    script: Arc<Script>,
    /// The call's own: a step of the machine's clock must not end it.
    clock: Clock,
    line: Line,
    call: CallId,
    machine: Machine,
    events: CallEvents,
    /// The epoch of the connection up to which nothing was missed.
    epoch: u64,
    /// When to ask the switch whether the channel is there.
    look_at: Option<Instant>,
    /// The switch was asked once and had no such channel.
    missing: bool,
    /// Our detector, while it listens.
    ear: Option<Ear>,
    sounds: Sounded,
    /// By then the channel has ended, whatever became of us: time-outs on the
    /// switch see to that.
    outlives: Instant,
}

impl Live<'_> {
    /// Runs to the call's end; none if the daemon goes down while the switch
    /// is out of reach and the channel may still live.
    async fn run(&mut self) -> Option<Report> {
        let mut stop = self.context.stop.clone();
        let mut link = self.line.link.clone();
        loop {
            let now = self.clock.now();
            let up = link.borrow().up;
            let mut deadline = self.machine.deadline().map_or(Instant::now(), |at| instant_of(at, now));
            if self.machine.is_ending() {
                if !up && *stop.borrow() {
                    return None;
                }
                // An end is never made up: as long as the channel may live the
                // switch is asked for it, and the call goes on.
                deadline = deadline.max(self.outlives);
            }
            let look_at = self.look_at.filter(|_| up);
            let actions = tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Some(event) => {
                        if let CallEvent::PlaybackFinished { failure } = &event {
                            self.sounds.on_played(failure.as_deref());
                        }
                        self.machine.on_event(self.clock.now(), event)
                    }
                    // Another task took this call over; it cannot be heard any more.
                    None => self.machine.on_vanished(self.clock.now()),
                },
                frame = frame(&mut self.ear) => self.hear(frame),
                () = changed(&mut link) => {
                    let current = *link.borrow_and_update();
                    if current.up && current.epoch != self.epoch {
                        self.epoch = current.epoch;
                        self.look_at = Some(Instant::now());
                    }
                    Vec::new()
                }
                () = stopped(&mut stop), if !self.machine.is_ending() => {
                    self.machine.on_stop(self.clock.now(), "the daemon went down")
                }
                () = tokio::time::sleep_until(look_at.unwrap_or(deadline)), if look_at.is_some() => self.look().await,
                () = tokio::time::sleep_until(deadline) => self.machine.on_deadline(self.clock.now()),
            };
            if let Some(report) = self.perform(actions).await {
                return Some(report);
            }
        }
    }

    /// Asks the switch whether the channel is there, and draws the conclusion.
    async fn look(&mut self) -> Vec<Action> {
        self.look_at = None;
        let answer = answered(self.line.switch.presence(self.call)).await;
        let now = self.clock.now();
        match answer {
            Ok(Presence::Gone) if self.missing => self.machine.on_vanished(now),
            Ok(Presence::Gone) => {
                self.missing = true;
                self.look_at = Some(Instant::now() + SECOND_LOOK);
                Vec::new()
            }
            Ok(Presence::Up) if self.machine.is_ending() && !self.machine.is_answered() => {
                // Its answer was missed while we gave it up.
                self.missing = false;
                let mut actions = self.machine.on_event(now, CallEvent::Answered);
                actions.push(Action::HangUp);
                actions
            }
            Ok(_) if self.machine.is_ending() => {
                self.missing = false;
                vec![Action::HangUp]
            }
            Ok(Presence::Dialing) => {
                self.missing = false;
                Vec::new()
            }
            Ok(Presence::Up) if self.machine.is_answered() => {
                self.missing = false;
                self.machine.on_gap(now);
                Vec::new()
            }
            Ok(Presence::Up) => {
                self.missing = false;
                self.machine.on_event(now, CallEvent::Answered)
            }
            Err(_) => {
                self.look_at = Some(Instant::now() + SECOND_LOOK);
                Vec::new()
            }
        }
    }

    /// Does what the machine says; gives the report once the call is settled.
    async fn perform(&mut self, actions: Vec<Action>) -> Option<Report> {
        let mut todo: std::collections::VecDeque<Action> = actions.into();
        while let Some(action) = todo.pop_front() {
            match action {
                Action::Settle(report) => {
                    if let Some(recording) = &report.facts.talk.recording {
                        self.context.recordings.fetch(&self.line.switch, recording.clone());
                    }
                    return Some(report);
                }
                Action::NoteAnswer(at) => {
                    self.context.stats.on_answer();
                    self.context.ledger.answered(self.call, at);
                }
                Action::Play(file) => {
                    match answered(self.line.switch.play(self.call, &file)).await {
                        // No such channel: its end is on its way.
                        Ok(()) | Err(CommandError::NoSuchChannel) => {}
                        // Nobody heard it: what would follow must not be
                        // taken for an answer to it.
                        Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                            let failure = Some(error.to_string());
                            self.sounds.on_played(failure.as_deref());
                            let failed = CallEvent::PlaybackFinished { failure };
                            todo.extend(self.machine.on_event(self.clock.now(), failed));
                        }
                    }
                }
                Action::StopPlayback => {
                    if let Err(error) = answered(self.line.switch.stop_playback(self.call)).await {
                        // It ended by itself: that is told already, and waits
                        // behind the event this follows from.
                        tracing::debug!(call = %self.call, %error, "nothing to stop");
                    }
                }
                Action::Detect => todo.extend(self.detect().await),
                Action::StopDetecting => self.stop_detecting().await,
                Action::Record { name, take } => {
                    let recording = self.recording(name, take);
                    match answered(self.line.switch.record(self.call, &recording)).await {
                        Ok(()) | Err(CommandError::NoSuchChannel) => {}
                        Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                            let failure = Some(error.to_string());
                            let failed = CallEvent::RecordingFinished { name: recording.name, failure };
                            todo.extend(self.machine.on_event(self.clock.now(), failed));
                        }
                    }
                }
                Action::StopRecording { name, take } => {
                    let recording = self.recording(name, take);
                    if let Err(error) = answered(self.line.switch.stop_recording(self.call, &recording)).await {
                        // As with a playback.
                        tracing::debug!(call = %self.call, %error, "no recording to stop");
                    }
                }
                Action::Transfer => todo.extend(self.transfer().await),
                Action::Note(answer) => {
                    let (call, campaign, target) = (self.call, self.job.campaign, self.job.claimed.target);
                    if let Given::Speech { recording } = &answer.given {
                        self.context.recordings.fetch(&self.line.switch, recording.clone());
                    }
                    self.context.ledger.given(CallAnswer { call, campaign, target, answer });
                }
                Action::OptOut => {
                    let entry = DoNotCall {
                        number: self.job.claimed.number,
                        reason: Some(format!("pressed the opt-out key in call {}", self.call)),
                        source: "key".into(),
                        added_at: self.context.clock.now(),
                    };
                    tracing::info!(call = %self.call, number = %entry.number, "opted out");
                    self.context.spool.note(&entry).await;
                    self.context.ledger.opt_out(entry);
                }
                Action::HangUp => match answered(self.line.switch.hang_up(self.call)).await {
                    // Its end should come now; if not, it is asked for.
                    Ok(()) => self.look_at = Some(Instant::now() + ENDS_WITHIN),
                    Err(error) => {
                        tracing::debug!(call = %self.call, %error, "could not hang up yet");
                        self.look_at = Some(Instant::now() + SECOND_LOOK);
                    }
                },
            }
        }
        None
    }
}

impl Live<'_> {
    /// Begins to find out who answered.
    async fn detect(&mut self) -> Vec<Action> {
        let (call, switch) = (self.call, &self.line.switch);
        let why = match &self.script.detection {
            Detection::Off => return Vec::new(),
            Detection::Switch { .. } => match answered(switch.detect(call)).await {
                Ok(()) => return Vec::new(),
                Err(error) => error.to_string(),
            },
            Detection::Builtin(params) => match (Detector::new(params.clone()), answered(switch.listen(call)).await) {
                (Ok(detector), Ok(listening)) => {
                    self.ear = Some(Ear { listening, detector, told: None, beeped: false });
                    return Vec::new();
                }
                (Err(error), _) => error.to_string(),
                (Ok(_), Err(error)) => error.to_string(),
            },
        };
        self.sounds.deaf = Some(why.clone());
        self.machine.on_deaf(self.clock.now(), &why)
    }

    async fn stop_detecting(&mut self) {
        if self.ear.take().is_some() {
            // An error shows at the next command.
            let _ = answered(self.line.switch.stop_listening(self.call)).await;
        }
    }

    /// A frame has come, or the sound has ended.
    fn hear(&mut self, frame: Option<Frame>) -> Vec<Action> {
        let now = self.clock.now();
        let Some(ear) = &mut self.ear else { return Vec::new() };
        let Some(frame) = frame else {
            self.ear = None;
            return self.machine.on_deaf(now, "the sound of the call ended");
        };
        let verdict = ear.detector.push(&frame).filter(|_| ear.told.is_none());
        if let Some(verdict) = verdict {
            ear.told = Some(verdict);
            return self.machine.on_verdict(now, verdict);
        }
        if ear.told.is_some() && ear.detector.records() && !std::mem::replace(&mut ear.beeped, true) {
            return self.machine.on_beep(now);
        }
        Vec::new()
    }

    async fn transfer(&mut self) -> Vec<Action> {
        let Some(key) = &self.script.transfer else { return Vec::new() };
        let transfer = Transfer {
            leg: CallId::new(),
            endpoint: key.endpoint.clone(),
            caller_id: key.caller_id,
            ring_timeout: key.ring_timeout,
            max: key.max,
        };
        match answered(self.line.switch.transfer(self.call, &transfer)).await {
            Ok(()) | Err(CommandError::NoSuchChannel) => Vec::new(),
            Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                let end = HungUp { detail: Some(error.to_string()), ..HungUp::default() };
                self.machine.on_event(self.clock.now(), CallEvent::Transfer(TransferEvent::Failed(end)))
            }
        }
    }

    fn recording(&self, name: String, take: Take) -> Recording {
        Recording { name, folder: self.context.recordings.folder_on_switch().to_owned(), take }
    }
}

/// The next frame; never, if nobody listens.
async fn frame(ear: &mut Option<Ear>) -> Option<Frame> {
    match ear {
        Some(ear) => ear.listening.recv().await,
        None => std::future::pending().await,
    }
}

/// Ends when the connection to the switch has changed.
async fn changed(link: &mut watch::Receiver<Link>) {
    if link.changed().await.is_err() {
        // The engine is gone: it never changes again.
        std::future::pending().await
    }
}

/// Ends when calls in progress are to be hung up.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // The engine is gone without a word: nothing will ask us to stop.
        std::future::pending().await
    }
}

/// Waits for a switch's answer, but not for ever.
async fn answered<T>(command: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    tokio::time::timeout(ANSWER_TIMEOUT, command)
        .await
        .unwrap_or_else(|_| Err(CommandError::Disconnected("no answer in time".into())))
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
    let mut after = after(context, job, &report);
    if report.outcome == Outcome::Cancelled && report.facts.ringing_at.is_some() {
        // The phone rang: not again at once, though it was no attempt.
        after.due_at = context.clock.now().checked_add(job.prepared.settings.retry_delay()).ok();
    }
    let outcome = report.outcome;
    settle(context, job, report, after);
    tell(context, job, Some(outcome), false, mute);
}

/// The same for a call that was not placed, and should not be at once.
/// `unsent`: the switch never heard of it, its trunk is in trouble.
fn end_later(context: &Context, job: &Job, report: Report, unsent: bool) {
    let mut after = after(context, job, &report);
    after.due_at = context.clock.now().checked_add(UNSENT_DELAY).ok();
    let outcome = report.outcome;
    settle(context, job, report, after);
    tell(context, job, Some(outcome), unsent, None);
}

/// What becomes of the target. Due times are wall times, not the call's own.
fn after(context: &Context, job: &Job, report: &Report) -> AfterCall {
    let claimed = &job.claimed;
    after_call(&job.prepared.settings, report.outcome, claimed.attempt, claimed.congestions, context.clock.now())
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

fn tell(context: &Context, job: &Job, outcome: Option<Outcome>, unsent: bool, mute: Option<String>) {
    let _ = context.news.send(News::Ended {
        call: job.claimed.planned.call,
        campaign: job.campaign,
        place: job.place.clone(),
        outcome,
        unsent,
        mute,
        started: job.planned_at,
    });
}

/// A wall time as a point on the timers' scale.
pub(super) fn instant_of(at: Timestamp, now: Timestamp) -> Instant {
    let wait = at.duration_since(now);
    Instant::now() + Duration::try_from(wait).unwrap_or(Duration::ZERO)
}
