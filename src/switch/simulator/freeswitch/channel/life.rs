//! From the first event of a channel to its last.

use std::time::Duration;

use tokio::time::Instant;

use super::super::core::job_lines;
use super::super::encode::line;
use super::super::event::EventKind;
use super::super::originate::ParsedOriginate;
use super::lines::Stage;
use super::schedule::Due;
use super::{App, Channel, Phase, State, Waiter};
use crate::call::{Cause, SipStatus};
use crate::switch::simulator::{Record, Then};

const DIALING: &str = include_str!("../templates/dialing.txt");
const OFFERED: &str = include_str!("../templates/offered.txt");
const RINGING: &str = include_str!("../templates/ringing.txt");
const ANSWERED: &str = include_str!("../templates/answered.txt");
const PARKED: &str = include_str!("../templates/parked.txt");
const ENDED: &str = include_str!("../templates/ended.txt");
const MEDIA_REPORT: &str = include_str!("../templates/media_report.txt");

const UNALLOCATED_NUMBER: Cause = Cause(1);
const NO_ROUTE_DESTINATION: Cause = Cause(3);
const NORMAL_CLEARING: Cause = Cause(16);
const USER_BUSY: Cause = Cause(17);
const NO_ANSWER: Cause = Cause(19);
const CALL_REJECTED: Cause = Cause(21);
const NORMAL_TEMPORARY_FAILURE: Cause = Cause(41);

/// Variables FreeSWITCH writes itself: a client's are left out, not doubled.
const OWN: &[&str] = &["direction", "is_outbound", "uuid", "call_uuid", "session_id", "channel_name"];

/// Who ended a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// A command or a time limit here.
    Us,
    /// The callee, after answering.
    Callee,
    /// The callee's side, before answering.
    Refusal(SipStatus, &'static str),
}

impl State {
    /// The variables a channel is born with.
    pub(super) fn first_variables(&mut self, parsed: &ParsedOriginate) {
        self.append(DIALING);
        for (name, value) in parsed.variables.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
            self.variables.push(name, value);
        }
        self.append(OFFERED);
    }

    fn append(&mut self, template: &str) {
        let mut variables = std::mem::take(&mut self.variables);
        self.fill(template, variables.lines_mut());
        self.variables = variables;
    }

    pub(super) fn enter(&mut self, state: &'static str, number: i64) {
        self.stage = Stage { state, number, call: self.stage.call };
    }
}

impl Channel {
    /// Sends an event with all the channel's lines.
    pub(super) fn tell(&self, state: &State, kind: EventKind) {
        self.core.hub.publish(kind, |out| state.full_lines(out));
    }

    fn tell_basic(&self, state: &State, kind: EventKind) {
        self.core.hub.publish(kind, |out| state.basic_lines(out));
    }

    fn enter(&self, state: &mut State, name: &'static str, number: i64) {
        state.enter(name, number);
        self.tell_basic(state, EventKind::State);
    }

    fn call_state(&self, state: &mut State, call: &'static str, number: &str) {
        let before = state.stage.call;
        state.stage.call = call;
        self.core.hub.publish(EventKind::CallState, |out| {
            line(out, "Original-Channel-Call-State", before);
            line(out, "Channel-Call-State-Number", number);
            state.basic_lines(out);
        });
    }

    /// Places the call.
    pub(super) fn offer(&self) {
        let state = &mut *self.lock();
        if state.phase != Phase::Dialing {
            return;
        }
        self.tell_basic(state, EventKind::Outgoing);
        self.enter(state, "CS_INIT", 1);
        state.enter("CS_INIT", 2);
        self.tell(state, EventKind::Create);
        self.tell(state, EventKind::Originate);
        self.enter(state, "CS_ROUTING", 2);
        self.enter(state, "CS_CONSUME_MEDIA", 7);

        let now = Instant::now();
        match state.plan.then {
            // The network answers without ringing anybody.
            Then::Invalid | Then::Congestion => {
                state
                    .schedule
                    .add(now + state.plan.ring.min(self.core.scaled(Duration::from_millis(200))), Due::Callee);
                return;
            }
            Then::NoAnswer => {}
            Then::Answer(_) | Then::Busy | Then::Reject => {
                state.schedule.add(now + state.plan.ring, Due::Callee);
            }
        }
        state.schedule.add(now + state.plan.ring_timeout, Due::RingTimeout);
        state.times.progress = self.core.hub.now();
        state.append(RINGING);
        self.tell(state, EventKind::Progress);
        state.phase = Phase::Ringing;
        self.call_state(state, "RINGING", "2");
    }

    /// Does what is due.
    pub(super) fn happen(&self, state: &mut State, due: Due, command: &str) {
        match due {
            Due::Callee => self.callee_acts(state, command),
            Due::RingTimeout => {
                self.hang_up(state, NO_ANSWER, By::Us);
                self.report(state, command);
            }
            Due::Key(key) | Due::PromptKey(key) => self.press(state, key),
            Due::Beep => self.hear_beep(state),
            Due::RecordEnd(path, cause) => _ = self.end_recording(state, &path, cause),
            Due::CalleeHangsUp => _ = self.hang_up(state, NORMAL_CLEARING, By::Callee),
            // The park loop looks at its time only between applications.
            Due::ParkTimeout(cause) if !state.plays.is_empty() => {
                state
                    .schedule
                    .add(Instant::now() + self.core.scaled(Duration::from_millis(500)), Due::ParkTimeout(cause));
            }
            Due::ParkTimeout(cause) | Due::Scheduled(cause) => _ = self.hang_up(state, cause, By::Us),
            Due::PlayEnd => self.play_ends(state),
            Due::Rested => self.rested(state),
            Due::Bury => self.bury(state, command),
        }
    }

    fn callee_acts(&self, state: &mut State, command: &str) {
        let (cause, status, phrase) = match state.plan.then {
            Then::Answer(_) => return self.answer(state, command),
            Then::NoAnswer => return,
            Then::Busy => (USER_BUSY, 486, "Busy Here"),
            Then::Reject => (CALL_REJECTED, 603, "Decline"),
            Then::Invalid => (UNALLOCATED_NUMBER, 404, "Not Found"),
            Then::Congestion => (NORMAL_TEMPORARY_FAILURE, 503, "Service Unavailable"),
        };
        self.hang_up(state, cause, By::Refusal(SipStatus(status), phrase));
    }

    fn answer(&self, state: &mut State, command: &str) {
        self.core.options.journal.note(Record::Answer { call: self.uuid.clone() });
        let now = Instant::now();
        state.schedule.cancel(&Due::RingTimeout);
        state.phase = Phase::Up;
        state.answered = Some(now);
        state.times.answer = self.core.hub.now();
        state.append(ANSWERED);
        self.tell(state, EventKind::Answer);
        self.call_state(state, "ACTIVE", "3");
        if let Then::Answer(answer) = &state.plan.then {
            state.schedule.add(now + answer.talk, Due::CalleeHangsUp);
            if let Some((after, key)) = answer.key {
                state.schedule.add(now + after, Due::Key(key));
            }
        }
        if let Some(on_answer) = state.variables.get("execute_on_answer") {
            let (name, argument) = on_answer.split_once([' ', ':']).unwrap_or((&on_answer, ""));
            self.execute(state, App::new(name, argument.trim_start_matches(':')));
        }
        self.report(state, command);
        if state.phase != Phase::Up {
            return;
        }
        state.dialplan = true;
        state.append(PARKED);
        self.enter(state, "CS_EXECUTE", 4);
        match state.plan.application.clone() {
            Some(name) if name == "park" => self.start_park(state),
            Some(name) => {
                let argument = std::mem::take(&mut state.plan.argument);
                state.queue.insert(0, App::new(&name, &argument));
                self.next_app(state);
            }
            None => _ = self.hang_up(state, NO_ROUTE_DESTINATION, By::Us),
        }
    }

    /// The channel parks, which lets it take applications.
    pub(super) fn start_park(&self, state: &mut State) {
        let id = uuid::Uuid::new_v4().to_string();
        self.core.hub.publish(EventKind::Execute, |out| {
            state.full_lines(out);
            line(out, "Application", "park");
            line(out, "Application-UUID", &id);
        });
        state.park = Some(id);
        state.audio_lost = false;
        state.park_state |= state.partner.take().is_some();
        self.tell(state, EventKind::Park);
        if let Some(limit) = state.variables.get("park_timeout") {
            // It counts once.
            state.variables.set("park_timeout", "");
            state.variables.set("park_after_bridge", "");
            let (seconds, cause) = limit.split_once(':').unwrap_or((&limit, "NORMAL_CLEARING"));
            let cause = Cause::from_freeswitch(cause).unwrap_or(NORMAL_CLEARING);
            if let Some(seconds) = seconds.trim().parse::<u32>().ok().filter(|seconds| *seconds > 0) {
                let time = self.core.scaled(Duration::from_secs(seconds.into()));
                state.schedule.cancel(&Due::ParkTimeout(cause));
                state.schedule.add(Instant::now() + time, Due::ParkTimeout(cause));
            }
        }
        self.next_app(state);
    }

    /// Ends the call; what follows is done by [`Due::Bury`].
    pub(super) fn hang_up(&self, state: &mut State, cause: Cause, by: By) -> bool {
        if matches!(state.phase, Phase::HungUp | Phase::Gone) {
            return false;
        }
        let answered = state.times.answer > 0;
        let cause_number = q850(cause);
        self.core.options.journal.note(Record::End { call: self.uuid.clone(), answered, cause: cause_number });
        state.phase = Phase::HungUp;
        state.cause = Some(cause);
        self.leave_partner(state);
        state.unicast = None;
        state.schedule.clear();
        let mut status = |disposition: &str, sip: Option<(u16, &str)>| {
            state.variables.push("sip_hangup_disposition", disposition);
            if let Some((code, phrase)) = sip {
                if !answered {
                    state.variables.push("sip_invite_failure_status", &code.to_string());
                    state.variables.push("sip_invite_failure_phrase", phrase);
                }
                state.variables.push("sip_term_status", &code.to_string());
                state.variables.push("proto_specific_hangup_cause", &format!("sip:{code}"));
                state.variables.push("sip_term_cause", &cause_number.to_string());
            }
        };
        match by {
            By::Us if answered => {}
            By::Us => status("send_cancel", None),
            By::Callee => status("recv_bye", Some((200, "OK"))),
            By::Refusal(SipStatus(code), phrase) => status("recv_refuse", Some((code, phrase))),
        }
        state.stage.number = 10;
        self.tell(state, EventKind::Hangup);
        state.schedule.add(Instant::now(), Due::Bury);
        true
    }

    /// Takes the channel down.
    fn bury(&self, state: &mut State, command: &str) {
        self.abandon(state, "done");
        self.end_all_recordings(state);
        if let Some(id) = state.park.take() {
            self.tell(state, EventKind::Unpark);
            self.complete(state, "park", "", "_none_", &id);
        }
        self.enter(state, "CS_HANGUP", 10);
        self.call_state(state, "HANGUP", "7");
        self.enter(state, "CS_REPORTING", 11);
        state.times.end = self.core.hub.now();
        self.last_variables(state);
        let cause = state.cause.and_then(Cause::freeswitch_name).unwrap_or("NORMAL_UNSPECIFIED");
        self.core.hub.publish(EventKind::HangupComplete, |out| {
            line(out, "Hangup-Cause", cause);
            state.full_lines(out);
        });
        self.report(state, command);
        self.core.forget(&self.uuid);
        state.stage.number = 12;
        self.tell(state, EventKind::Destroy);
        self.enter(state, "CS_DESTROY", 12);
        state.phase = Phase::Gone;
    }

    fn last_variables(&self, state: &mut State) {
        let cause = state.cause.unwrap_or(NORMAL_CLEARING);
        state.variables.push("hangup_cause", cause.freeswitch_name().unwrap_or("NORMAL_UNSPECIFIED"));
        state.variables.push("hangup_cause_q850", &q850(cause).to_string());
        state.append(ENDED);
        if state.times.answer > 0 {
            state.variables.push("last_app", "park");
            // Sent with the BYE, which goes out only now.
            if state.variables.get("sip_hangup_disposition").is_none() {
                state.variables.push("sip_hangup_disposition", "send_bye");
            }
            state.append(
                "variable_answer_stamp: {answer_stamp}\nvariable_caller_id: %22Outbound%20Call%22%20%3C{number}%3E\n",
            );
            state.append(MEDIA_REPORT);
        } else {
            state.append("variable_caller_id: {cid}\n");
        }
        if state.times.progress > 0 {
            state.append("variable_progress_stamp: {progress_stamp}\n");
        }
    }

    /// Tells who waits for the originate how it went.
    fn report(&self, state: &mut State, command: &str) {
        let result = match state.cause {
            Some(cause) => format!("-ERR {}\n", cause.freeswitch_name().unwrap_or("NORMAL_UNSPECIFIED")),
            None => format!("+OK {}\n", self.uuid),
        };
        match state.waiter.take() {
            Some(Waiter::Job { job }) => job_lines(&self.core.hub, &job, "originate", command, &result),
            Some(Waiter::Reply(reply)) => _ = reply.send(result),
            None => {}
        }
    }
}

/// Causes of FreeSWITCH's own count as normal, unspecified.
fn q850(cause: Cause) -> u16 {
    if cause.0 > 127 { 31 } else { cause.0 }
}
