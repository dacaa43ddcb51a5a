//! How a channel ended, read from its last event or from its originate job.

use super::event::Event;
use crate::call::{Cause, SipStatus};
use crate::switch::HungUp;

const NO_ANSWER: u16 = 19;
const DESTINATION_OUT_OF_ORDER: u16 = 27;
const SWITCH_CONGESTION: u16 = 42;
const ALLOTTED_TIMEOUT: u16 = 602;
const PROGRESS_TIMEOUT: u16 = 607;

/// Causes for which FreeSWITCH never makes a channel (`CHAN_NOT_IMPLEMENTED`,
/// `INVALID_GATEWAY`, `GATEWAY_DOWN`, `INVALID_URL`, `INVALID_PROFILE`): the
/// originate job is the only news of such a call.
const WITHOUT_CHANNEL: [u16; 5] = [66, 608, 609, 610, 611];

/// SIP's "request terminated": what our own CANCEL is answered with.
const REQUEST_TERMINATED: SipStatus = SipStatus(487);

/// The end a `CHANNEL_HANGUP_COMPLETE` tells of.
pub(super) fn from_event(event: &Event, seen_answered: bool) -> HungUp {
    let cause = event.get("Hangup-Cause").and_then(|name| Cause::from_freeswitch(&name)).or_else(|| {
        let q850 = number(event, "variable_hangup_cause_q850")?;
        Some(Cause(q850))
    });
    let sip = sip_status(event);
    let answered = seen_answered || was_answered(event);
    HungUp { cause, sip, ring_timeout: !answered && is_ring_timeout(cause, sip), answered, detail: None }
}

/// The end an originate job's `-ERR CAUSE` or `-USAGE: …` tells of.
pub(super) fn from_job(output: &str, seen_answered: bool) -> HungUp {
    let cause = output.strip_prefix("-ERR").and_then(|name| Cause::from_freeswitch(name.trim()));
    HungUp {
        cause,
        sip: None,
        ring_timeout: !seen_answered && is_ring_timeout(cause, None),
        answered: seen_answered,
        detail: Some(format!("originate: {output}")),
    }
}

/// The end of a call whose job failed and whose channel never showed up.
/// `DESTINATION_OUT_OF_ORDER` is then FreeSWITCH's own (seen on 1.10.12):
/// `max-sessions` or `sessions-per-second` is reached, or it is paused. That is
/// congestion, not the callee's fault.
pub(super) fn without_channel(end: HungUp) -> HungUp {
    if end.cause != Some(Cause(DESTINATION_OUT_OF_ORDER)) {
        return end;
    }
    HungUp {
        cause: Some(Cause(SWITCH_CONGESTION)),
        detail: Some(
            "FreeSWITCH could not make a channel: max-sessions or sessions-per-second reached, or paused".into(),
        ),
        ..end
    }
}

/// Whether a channel must have existed to end with this cause. Text that is no
/// cause (`-USAGE`) is the command's own failure.
pub(super) fn had_channel(end: &HungUp) -> bool {
    end.cause.is_some_and(|cause| !WITHOUT_CHANNEL.contains(&cause.0))
}

/// Whether the channel was ever answered, by its own times.
pub(super) fn was_answered(event: &Event) -> bool {
    ["Caller-Channel-Answered-Time", "variable_answer_epoch"]
        .into_iter()
        .any(|name| event.raw(name).is_some_and(|time| time != b"0" && !time.is_empty()))
}

/// The final SIP response; a 2xx ended nothing.
fn sip_status(event: &Event) -> Option<SipStatus> {
    let status = ["variable_sip_term_status", "variable_sip_invite_failure_status"]
        .into_iter()
        .find_map(|name| number(event, name))
        .or_else(|| event.get("variable_proto_specific_hangup_cause")?.strip_prefix("sip:")?.parse().ok())?;
    (300..700).contains(&status).then_some(SipStatus(status))
}

/// FreeSWITCH ends a channel that rang for `originate_timeout` with NO_ANSWER
/// and no SIP response, or the 487 its CANCEL brought.
fn is_ring_timeout(cause: Option<Cause>, sip: Option<SipStatus>) -> bool {
    let gave_up = cause.is_some_and(|cause| [NO_ANSWER, ALLOTTED_TIMEOUT, PROGRESS_TIMEOUT].contains(&cause.0));
    gave_up && sip.is_none_or(|status| status == REQUEST_TERMINATED)
}

fn number(event: &Event, name: &str) -> Option<u16> {
    event.get(name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn end(lines: &str) -> HungUp {
        from_event(&Event::new(Bytes::from(format!("Event-Name: CHANNEL_HANGUP_COMPLETE\n{lines}\n\n"))), false)
    }

    #[test]
    fn a_refusal_has_cause_and_status() {
        let refused = end("Hangup-Cause: NORMAL_TEMPORARY_FAILURE\nCaller-Channel-Answered-Time: 0\n\
            variable_sip_term_status: 503\nvariable_answer_epoch: 0");
        assert_eq!((refused.cause, refused.sip), (Some(Cause(41)), Some(SipStatus(503))));
        assert!(!refused.answered && !refused.ring_timeout);
        assert_eq!(end("variable_proto_specific_hangup_cause: sip%3A486").sip, Some(SipStatus(486)));
        assert_eq!(end("variable_sip_invite_failure_status: 404").sip, Some(SipStatus(404)));
    }

    #[test]
    fn a_cause_of_no_known_name_has_its_number() {
        assert_eq!(end("Hangup-Cause: SOMETHING_NEW\nvariable_hangup_cause_q850: 16").cause, Some(Cause(16)));
        assert_eq!(end("Hangup-Cause: SOMETHING_NEW").cause, None);
    }

    #[test]
    fn a_switch_that_makes_no_channel_is_congested() {
        let full = without_channel(from_job("-ERR DESTINATION_OUT_OF_ORDER", false));
        assert_eq!(full.cause, Some(Cause(42)));
        assert!(full.detail.is_some_and(|words| words.contains("max-sessions")));
        assert_eq!(without_channel(from_job("-ERR USER_BUSY", false)).cause, Some(Cause(17)));
    }

    #[test]
    fn ringing_out_is_told_from_a_network_that_gave_up() {
        assert!(end("Hangup-Cause: NO_ANSWER").ring_timeout);
        assert!(end("Hangup-Cause: NO_ANSWER\nvariable_sip_term_status: 487").ring_timeout);
        assert!(end("Hangup-Cause: ALLOTTED_TIMEOUT").ring_timeout);
        assert!(!end("Hangup-Cause: NO_ANSWER\nvariable_sip_term_status: 480").ring_timeout);
        assert!(!end("Hangup-Cause: USER_BUSY").ring_timeout);
        assert!(!end("Hangup-Cause: ALLOTTED_TIMEOUT\nvariable_answer_epoch: 1795235952").ring_timeout);
    }

    #[test]
    fn a_bye_is_no_refusal() {
        let over = end("Hangup-Cause: NORMAL_CLEARING\nCaller-Channel-Answered-Time: 1795235952939643\n\
            variable_sip_term_status: 200\nvariable_proto_specific_hangup_cause: sip%3A200");
        assert_eq!((over.answered, over.sip), (true, None));
    }

    #[test]
    fn jobs_tell_whether_there_was_a_channel() {
        for (output, code, channel) in [
            ("-ERR INVALID_GATEWAY", Some(608), false),
            ("-ERR CHAN_NOT_IMPLEMENTED", Some(66), false),
            ("-ERR USER_BUSY", Some(17), true),
            ("-USAGE: <call url> <exten>|&<application_name>(<app_args>)", None, false),
            ("-ERR whatever", None, false),
        ] {
            let end = from_job(output, false);
            assert_eq!((end.cause.map(|cause| cause.0), had_channel(&end)), (code, channel), "{output}");
            assert_eq!(end.detail, Some(format!("originate: {output}")));
        }
        assert!(from_job("-ERR NO_ANSWER", false).ring_timeout);
    }
}
