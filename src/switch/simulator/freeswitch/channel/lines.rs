//! A channel's header lines in an event.

use super::super::encode::{decode, fill, number};
use super::super::hub::stamp;
use super::State;

const CALLER: &str = include_str!("../templates/caller.txt");
const CALLER_RINGING: &str = include_str!("../templates/caller_ringing.txt");
const CALLER_PARKED: &str = include_str!("../templates/caller_parked.txt");
const CODEC: &str = "Channel-Read-Codec-Name: PCMU\nChannel-Read-Codec-Rate: 8000\n\
                     Channel-Read-Codec-Bit-Rate: 64000\nChannel-Write-Codec-Name: PCMU\n\
                     Channel-Write-Codec-Rate: 8000\nChannel-Write-Codec-Bit-Rate: 64000\n";

/// Where a channel is, in FreeSWITCH's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    /// `Channel-State`.
    pub(super) state: &'static str,
    /// `Channel-State-Number`.
    pub(super) number: i64,
    /// `Channel-Call-State`.
    pub(super) call: &'static str,
}

/// What stays the same about a channel, encoded as it is sent.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) uuid: String,
    pub(super) channel: String,
    pub(super) number: String,
    pub(super) caller_id: String,
    pub(super) caller_name: String,
    pub(super) gateway: String,
    pub(super) session: i64,
}

/// Microseconds since 1970; 0 for what has not happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) start: i64,
    pub(super) progress: i64,
    pub(super) answer: i64,
    pub(super) end: i64,
}

impl State {
    /// The lines every event of a channel has; its variables do not belong to
    /// them.
    pub(super) fn basic_lines(&self, out: &mut Vec<u8>) {
        let text =
            |out: &mut Vec<u8>, parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        let Face { uuid, channel, .. } = &self.face;
        text(out, &["Channel-State: ", self.stage.state, "\nChannel-Call-State: ", self.stage.call]);
        text(out, &["\nChannel-State-Number: "]);
        number(self.stage.number, out);
        text(out, &["\nChannel-Name: ", channel, "\nUnique-ID: ", uuid]);
        text(out, &["\nCall-Direction: outbound\nPresence-Call-Direction: outbound\nChannel-HIT-Dialplan: "]);
        text(out, &[if self.dialplan { "true" } else { "false" }, "\nChannel-Call-UUID: ", uuid, "\nAnswer-State: "]);
        match self.cause {
            Some(cause) => {
                text(out, &["hangup\nHangup-Cause: ", cause.freeswitch_name().unwrap_or("NORMAL_UNSPECIFIED"), "\n"]);
            }
            None => text(out, &[if self.times.answer > 0 { "answered\n" } else { "ringing\n" }]),
        }
        if self.times.answer > 0 {
            text(out, &[CODEC]);
        }
        if !self.dialplan && !self.face.caller_name.is_empty() {
            text(out, &["Caller-Caller-ID-Name: ", &self.face.caller_name, "\n"]);
        }
        self.fill(
            if self.dialplan {
                CALLER_PARKED
            } else if self.times.progress > 0 {
                CALLER_RINGING
            } else {
                CALLER
            },
            out,
        );
    }

    /// The lines of a full event: variables too.
    pub(super) fn full_lines(&self, out: &mut Vec<u8>) {
        self.basic_lines(out);
        out.extend_from_slice(self.variables.lines());
    }

    /// The lines of a `uuid_dump`: full and not encoded.
    pub(super) fn dump_lines(&self, out: &mut Vec<u8>) {
        let mut lines = Vec::new();
        self.full_lines(&mut lines);
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            out.extend_from_slice(decode(line).replace(['\r', '\n'], " ").as_bytes());
            out.push(b'\n');
        }
    }

    /// Appends a template with this channel's facts in its holes.
    pub(super) fn fill(&self, template: &str, out: &mut Vec<u8>) {
        let (face, times) = (&self.face, &self.times);
        fill(template, out, |hole, out| match hole {
            "uuid" => out.extend_from_slice(face.uuid.as_bytes()),
            "channel" => out.extend_from_slice(face.channel.as_bytes()),
            "number" => out.extend_from_slice(face.number.as_bytes()),
            "cid" => out.extend_from_slice(face.caller_id.as_bytes()),
            "gateway" => out.extend_from_slice(face.gateway.as_bytes()),
            "session" => number(face.session, out),
            "port" => number(16_384 + face.session * 2 % 16_384, out),
            "tag" => out.extend_from_slice(&face.uuid.as_bytes()[..face.uuid.len().min(13)]),
            "start_stamp" => out.extend_from_slice(stamp(times.start).as_bytes()),
            "progress_stamp" => out.extend_from_slice(stamp(times.progress).as_bytes()),
            "answer_stamp" => out.extend_from_slice(stamp(times.answer).as_bytes()),
            "end_stamp" => out.extend_from_slice(stamp(times.end).as_bytes()),
            _ => number(times.by_name(hole), out),
        });
    }
}

impl Times {
    /// `start`, `answer_s`, `bill_m`: a name and its unit.
    fn by_name(&self, name: &str) -> i64 {
        let (name, divisor) = match name.rsplit_once('_') {
            Some((name, "s")) => (name, 1_000_000),
            Some((name, "m")) => (name, 1_000),
            Some((name, "u")) => (name, 1),
            Some(_) | None => (name, 1),
        };
        let since_start = |instant: i64| if instant > 0 { instant - self.start } else { 0 };
        let micros = match name {
            "start" => self.start,
            "progress" => self.progress,
            "answer" => self.answer,
            "end" => self.end,
            "duration" => since_start(self.end),
            "bill" if self.answer > 0 => self.end - self.answer,
            "to_progress" => since_start(self.progress),
            "to_answer" => since_start(self.answer),
            _ => 0,
        };
        micros / divisor
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn times_by_name_and_unit() {
        let times = Times { start: 1_000_000, progress: 1_500_000, answer: 3_000_000, end: 7_250_000 };
        let values = ["start", "start_s", "duration_m", "bill_u", "to_answer_s", "to_progress_m", "nothing"];
        assert_eq!(values.map(|name| times.by_name(name)), [1_000_000, 1, 6_250, 4_250_000, 2, 500, 0]);
        let unanswered = Times { start: 1, end: 5, ..Times::default() };
        assert_eq!((unanswered.by_name("bill_u"), unanswered.by_name("to_answer_u")), (0, 0));
    }
}
