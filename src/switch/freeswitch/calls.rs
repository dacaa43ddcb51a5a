//! What the events of the switch mean for our calls. No I/O.
//!
//! Order of events of one answered call, as recorded: PROGRESS, ANSWER, the
//! originate job's `+OK`, PARK, HANGUP_COMPLETE. Of a failed one: the job's
//! `-ERR` and HANGUP_COMPLETE in either order, or the job alone.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use self::legs::Leg;
use self::recordings::Recorded;
use super::event::Event;
use super::hangup;
use crate::audio::amd::Answer;
use crate::call::CallId;
use crate::switch::{CallEvent, HungUp};

mod legs;
mod recordings;

pub(super) use self::legs::Unready;

/// After a failed job, how long its channel's own end may take to arrive. It
/// has the SIP status, which the job lacks.
const END_GRACE: Duration = Duration::from_secs(1);

/// After a successful job, how long the channel's PARK may take to arrive.
const PARK_GRACE: Duration = Duration::from_secs(5);

/// A playback that was stopped before it began is flushed without a word: after
/// so long it is believed to have been.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// [`super::command::MARK`] as events carry it.
const MARK_HEADER: &str = "variable_canvass_node";

/// The rate of raw audio where nobody told another.
const USUAL_RATE: u32 = 8_000;

/// What is to be done about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Tell the call.
    Deliver(CallId, CallEvent),
    /// A channel of this node belongs to no call. May be told twice.
    Orphan(CallId),
    /// Hang this channel up.
    Kill(Uuid),
    /// Stop once more what plays to this call.
    Break(CallId),
    /// Stop recording a call into this file.
    StopRecording(CallId, String),
    /// Connect a call with its other party.
    Bridge(CallId, CallId),
    /// An event that must have been sent has not arrived.
    Gap,
}

/// The originate job of a call.
#[derive(Debug, Default)]
enum Job {
    /// None of this process, or over and done with.
    #[default]
    None,
    Running,
    Succeeded(Instant),
    Failed(Instant, HungUp),
}

/// What is known of one call until its end has been told.
#[derive(Debug, Default)]
struct Track {
    job: Job,
    /// Any event of its channel has arrived.
    seen: bool,
    told_ringing: bool,
    answered: bool,
    parked: bool,
    told_answered: bool,
    /// To be hung up as soon as its channel shows up.
    doomed: bool,
    /// Playbacks started and not finished; seldom more than one.
    playbacks: Vec<Uuid>,
    /// Since when all of them are to stop.
    stopping: Option<Instant>,
    /// What is being recorded.
    recordings: Vec<Recorded>,
    /// The other party's channel, from its originate to its end.
    leg: Option<CallId>,
    raw: RawAudio,
    /// A beep is listened for and was not heard yet.
    detecting: bool,
}

/// The raw audio of one call.
#[derive(Debug, Default)]
struct RawAudio {
    /// Ends who listens when dropped.
    listener: Option<DropGuard>,
    /// It was asked for since the channel parked last: to have it again, the
    /// channel must park anew.
    spent: bool,
    /// Who waits until the channel has parked anew.
    parked: Option<oneshot::Sender<()>>,
    /// Samples a second of the channel's codec, as its events told.
    rate: Option<u32>,
}

/// The calls of one switch.
#[derive(Debug)]
pub(super) struct Calls {
    node: String,
    tracks: HashMap<CallId, Track>,
    legs: HashMap<CallId, Leg>,
}

impl Calls {
    pub(super) fn new(node: String) -> Self {
        Self { node, tracks: HashMap::new(), legs: HashMap::new() }
    }

    /// A call is about to be originated; its job has its id.
    pub(super) fn originate(&mut self, call: CallId) {
        self.tracks.insert(call, Track { job: Job::Running, ..Track::default() });
    }

    /// Somebody wants to hear of a call from before.
    pub(super) fn attach(&mut self, call: CallId) {
        self.tracks.entry(call).or_default();
    }

    /// The call did not come to be.
    pub(super) fn forget(&mut self, call: CallId) {
        self.tracks.remove(&call);
    }

    /// A playback is about to be started; `false` if the call is over.
    pub(super) fn start_playback(&mut self, call: CallId, playback: Uuid) -> bool {
        let Some(track) = self.tracks.get_mut(&call) else { return false };
        // The raw audio ends when an application runs.
        track.raw.listener = None;
        track.playbacks.push(playback);
        true
    }

    /// All that plays to a call is about to be stopped.
    pub(super) fn stop_playback(&mut self, call: CallId, now: Instant) {
        if let Some(track) = self.tracks.get_mut(&call) {
            track.stopping = (!track.playbacks.is_empty()).then_some(now);
        }
    }

    /// A playback was refused.
    pub(super) fn cancel_playback(&mut self, call: CallId, playback: Uuid) {
        if let Some(track) = self.tracks.get_mut(&call) {
            track.playbacks.retain(|known| *known != playback);
        }
    }

    /// A call is about to be hung up, and the switch may say that there is no
    /// channel. True if that may only mean that the originate job has not made
    /// it yet: then it is hung up again when it shows up.
    pub(super) fn doom(&mut self, call: CallId) -> bool {
        let unborn = self.tracks.get_mut(&call).filter(|track| !track.seen && matches!(track.job, Job::Running));
        unborn.map(|track| track.doomed = true).is_some()
    }

    /// Somebody is about to listen to a call: the rate of its codec, and
    /// whether it must park anew first. None if the call is over.
    pub(super) fn raw_audio(&mut self, call: CallId) -> Option<(u32, Option<oneshot::Receiver<()>>)> {
        let raw = &mut self.tracks.get_mut(&call)?.raw;
        let parked = raw.spent.then(|| {
            let (tell, parked) = oneshot::channel();
            raw.parked = Some(tell);
            parked
        });
        Some((raw.rate.unwrap_or(USUAL_RATE), parked))
    }

    /// Raw audio is about to be asked for.
    pub(super) fn spend_raw_audio(&mut self, call: CallId) {
        if let Some(track) = self.tracks.get_mut(&call) {
            track.raw.spent = true;
        }
    }

    /// Whoever listens ends with this guard; `false` if the call is over.
    pub(super) fn listening(&mut self, call: CallId, guard: DropGuard) -> bool {
        let track = self.tracks.get_mut(&call);
        track.map(|track| track.raw.listener = Some(guard)).is_some()
    }

    /// Nobody listens any more; `false` if the call is over.
    pub(super) fn stop_listening(&mut self, call: CallId) -> bool {
        self.tracks.get_mut(&call).map(|track| track.raw.listener = None).is_some()
    }

    /// A beep is listened for, or not; `false` if the call is over.
    pub(super) fn detect(&mut self, call: CallId, detecting: bool) -> bool {
        self.tracks.get_mut(&call).map(|track| track.detecting = detecting).is_some()
    }

    /// A new connection: what became of jobs from before may never be told.
    pub(super) fn on_connected(&mut self) -> Vec<Effect> {
        for track in self.tracks.values_mut() {
            if matches!(track.job, Job::Running) {
                track.job = Job::None;
            }
        }
        self.give_up_unconnected()
    }

    /// An event has arrived.
    pub(super) fn on_event(&mut self, event: &Event, now: Instant) -> Vec<Effect> {
        match event.name() {
            b"BACKGROUND_JOB" => self.on_job(event, now),
            b"CHANNEL_EXECUTE_COMPLETE" => self.on_executed(event),
            b"RECORD_STOP" => self.on_recorded(event),
            b"CHANNEL_BRIDGE" => self.on_bridged(event),
            b"CUSTOM" => self.on_beep(event),
            b"CHANNEL_PROGRESS" | b"CHANNEL_PROGRESS_MEDIA" => self.on_channel(event, Track::on_progress),
            b"CHANNEL_ANSWER" => self.on_channel(event, Track::on_answer),
            b"CHANNEL_PARK" => {
                let mut effects = self.on_channel(event, Track::on_park);
                effects.extend(self.on_parked_again(event));
                effects
            }
            b"DTMF" => {
                let mut effects = self.on_channel(event, Track::on_dtmf);
                effects.extend(self.end_speech_by_key(event));
                effects
            }
            b"CHANNEL_HANGUP_COMPLETE" => {
                let Some(call) = id_of(event, "Unique-ID") else { return Vec::new() };
                if self.legs.contains_key(&call) {
                    return self.on_leg_ended(call, event, now);
                }
                let Some(track) = self.tracks.remove(&call) else { return Vec::new() };
                let end = hangup::from_event(event, track.answered);
                let mut effects = self.end_leg_of(&track);
                effects.push(Effect::Deliver(call, CallEvent::HungUp(end)));
                effects
            }
            // Every event has a name: whatever this was, it is lost.
            b"" => vec![Effect::Gap],
            _ => Vec::new(),
        }
    }

    /// Time has passed. Forgets calls that nobody listens to any more.
    ///
    /// Gap: FreeSWITCH drops events for a client that is slow to read, and
    /// tells nobody. `Event-Sequence` counts events of all kinds, so it has
    /// holes whenever only some kinds are subscribed to and shows nothing. What
    /// does show is a job that announced an event which never came.
    pub(super) fn on_tick(&mut self, now: Instant, heard: impl Fn(CallId) -> bool) -> Vec<Effect> {
        let mut effects = self.overdue_legs(now);
        // The other party of a call that nobody listens to goes with it.
        let unheard: Vec<_> = self.tracks.keys().copied().filter(|call| !heard(*call)).collect();
        for track in unheard.iter().filter_map(|call| self.tracks.remove(call)).collect::<Vec<_>>() {
            effects.extend(self.end_leg_of(&track));
        }
        let mut ended = Vec::new();
        for (call, track) in &mut self.tracks {
            if track.stopping.is_some_and(|since| now >= since + STOP_GRACE) {
                // One more break for the case that it began after the first.
                effects.push(Effect::Break(*call));
                track.stopping = None;
                let stopped = CallEvent::PlaybackFinished { failure: Some("stopped before it began".into()) };
                effects.extend(track.playbacks.drain(..).map(|_| Effect::Deliver(*call, stopped.clone())));
            }
            effects.extend(track.overdue_recordings(now).map(|event| Effect::Deliver(*call, event)));
            match &track.job {
                Job::None | Job::Running => {}
                Job::Succeeded(at) if now < *at + PARK_GRACE => {}
                Job::Failed(at, _) if now < *at + END_GRACE => {}
                Job::Succeeded(_) => {
                    if !std::mem::replace(&mut track.told_answered, true) {
                        // The job succeeds on answer, and parks at once.
                        effects.extend([Effect::Gap, Effect::Deliver(*call, CallEvent::Answered)]);
                    }
                    track.job = Job::None;
                }
                Job::Failed(_, end) => {
                    if track.seen {
                        effects.push(Effect::Gap);
                    }
                    let end = if track.seen { end.clone() } else { hangup::without_channel(end.clone()) };
                    effects.push(Effect::Deliver(*call, CallEvent::HungUp(end)));
                    ended.push(*call);
                }
            }
        }
        for track in ended.into_iter().filter_map(|call| self.tracks.remove(&call)).collect::<Vec<_>>() {
            effects.extend(self.end_leg_of(&track));
        }
        effects
    }

    fn on_channel(&mut self, event: &Event, step: fn(&mut Track, &Event) -> Option<CallEvent>) -> Vec<Effect> {
        let Some(call) = id_of(event, "Unique-ID") else { return Vec::new() };
        if self.legs.contains_key(&call) {
            return self.on_leg(call, event);
        }
        let Some(track) = self.tracks.get_mut(&call) else { return self.on_stranger(call, event) };
        track.seen = true;
        let mut effects = Vec::new();
        if std::mem::take(&mut track.doomed) {
            effects.push(Effect::Kill(call.0));
        }
        effects.extend(step(track, event).map(|told| Effect::Deliver(call, told)));
        effects
    }

    /// A channel that is no call we wait for: one of another node or of the
    /// PBX itself most likely, but it may be ours.
    ///
    /// A loopback channel hands its variables to its other half, so the mark
    /// alone does not make a channel ours: its id must be the one we gave.
    fn on_stranger(&self, call: CallId, event: &Event) -> Vec<Effect> {
        let answered = matches!(event.name(), b"CHANNEL_ANSWER" | b"CHANNEL_PARK");
        if !answered || id_of(event, "variable_origination_uuid") != Some(call) {
            return Vec::new();
        }
        if event.get(MARK_HEADER).is_some_and(|node| node == self.node) {
            return vec![Effect::Orphan(call)];
        }
        if self.is_stray_leg(event) { vec![Effect::Kill(call.0)] } else { Vec::new() }
    }

    fn on_beep(&mut self, event: &Event) -> Vec<Effect> {
        if event.get("Event-Subclass").is_none_or(|subclass| subclass != "avmd::beep") {
            return Vec::new();
        }
        let Some(call) = id_of(event, "Unique-ID") else { return Vec::new() };
        // It is told twice: by the module, and once more by the channel.
        let waiting = self.tracks.get_mut(&call).map(|track| std::mem::take(&mut track.detecting));
        if waiting != Some(true) {
            return Vec::new();
        }
        let detected = CallEvent::Detected { answer: Answer::Machine, reason: "beep".to_owned() };
        vec![Effect::Deliver(call, detected)]
    }

    fn on_executed(&mut self, event: &Event) -> Vec<Effect> {
        // Every application of every channel comes along here: cheapest first.
        if event.raw("Application") != Some(b"playback") {
            return Vec::new();
        }
        let track = id_of(event, "Unique-ID").and_then(|call| Some((call, self.tracks.get_mut(&call)?)));
        let (Some((call, track)), Some(CallId(playback))) = (track, id_of(event, "Application-UUID")) else {
            return Vec::new();
        };
        let Some(position) = track.playbacks.iter().position(|known| *known == playback) else {
            return Vec::new();
        };
        track.playbacks.swap_remove(position);
        if track.playbacks.is_empty() {
            track.stopping = None;
        }
        let response = event.get("Application-Response").unwrap_or_default();
        let failure = (response != "FILE PLAYED").then(|| response.into_owned());
        if failure.is_some() && event.raw("Answer-State") == Some(b"hangup") {
            // Not the file failed but the callee hung up, which is told next.
            return Vec::new();
        }
        vec![Effect::Deliver(call, CallEvent::PlaybackFinished { failure })]
    }

    fn on_job(&mut self, event: &Event, now: Instant) -> Vec<Effect> {
        let Some(call) = id_of(event, "Job-UUID") else { return Vec::new() };
        if self.legs.contains_key(&call) {
            return self.on_leg_job(call, event, now);
        }
        let Some(track) = self.tracks.get_mut(&call) else { return Vec::new() };
        let output = event.body_text();
        match output.strip_prefix("+OK") {
            Some(channel) => match channel.trim().parse::<CallId>() {
                Ok(channel) if channel != call => {
                    // FreeSWITCH does not refuse an id in use, it takes another.
                    let end = HungUp {
                        detail: Some(format!("the channel's id was in use; {channel} was made and is hung up")),
                        ..HungUp::default()
                    };
                    self.tracks.remove(&call);
                    vec![Effect::Kill(channel.0), Effect::Deliver(call, CallEvent::HungUp(end))]
                }
                Ok(_) | Err(_) => {
                    track.job = Job::Succeeded(now);
                    Vec::new()
                }
            },
            None => {
                let end = hangup::from_job(&output, track.answered);
                if track.seen || hangup::had_channel(&end) {
                    track.job = Job::Failed(now, end);
                    return Vec::new();
                }
                self.tracks.remove(&call);
                vec![Effect::Deliver(call, CallEvent::HungUp(end))]
            }
        }
    }
}

impl Track {
    fn on_progress(&mut self, _: &Event) -> Option<CallEvent> {
        let first = !std::mem::replace(&mut self.told_ringing, true);
        (first && !self.answered).then_some(CallEvent::Ringing)
    }

    fn on_answer(&mut self, _: &Event) -> Option<CallEvent> {
        self.answered = true;
        self.ready()
    }

    fn on_park(&mut self, event: &Event) -> Option<CallEvent> {
        self.parked = true;
        self.raw.spent = false;
        self.raw.listener = None;
        let rate = event.get("Channel-Read-Codec-Rate").and_then(|rate| rate.parse().ok());
        self.raw.rate = rate.or(self.raw.rate);
        if let Some(parked) = self.raw.parked.take() {
            // Whoever gave up waiting does not mind.
            let _ = parked.send(());
        }
        self.answered |= event.raw("Answer-State") == Some(b"answered");
        self.ready()
    }

    /// Answered is told once the channel is parked too: before that, it does
    /// not take commands. Should the call end in between, its end says that it
    /// was answered.
    fn ready(&mut self) -> Option<CallEvent> {
        let first = self.answered && self.parked && !std::mem::replace(&mut self.told_answered, true);
        first.then_some(CallEvent::Answered)
    }

    fn on_dtmf(&mut self, event: &Event) -> Option<CallEvent> {
        let digit = event.get("DTMF-Digit")?.chars().next()?.to_ascii_uppercase();
        matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(CallEvent::Dtmf { digit })
    }
}

/// A header's value as an id; other programs' ids may be any text.
fn id_of(event: &Event, name: &str) -> Option<CallId> {
    Uuid::try_parse_ascii(event.raw(name)?).ok().map(CallId)
}

#[cfg(test)]
mod tests;
