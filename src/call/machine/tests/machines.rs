//! Answering machines, and who else is not a person.

use super::story::{LENGTH, Story, script, settings, the_survey};
use crate::audio::amd::{Answer, Reason};
use crate::audio::tones::{Fax, Sit};
use crate::call::{Outcome, Report};

const BUILTIN: &str = r#"{"prompts": ["hello"], "amd": {"mode": "builtin", "beep_seconds": 20},
    "voicemail": {"action": "leave_message", "prompt": "message"}, "opt_out_prompt": "gone"}"#;
const BUILTIN_HANG_UP: &str = r#"{"prompts": ["hello"], "amd": {"mode": "builtin"}}"#;
const UNSURE_IS_MACHINE: &str = r#"{"prompts": ["hello"], "amd": {"mode": "builtin", "unsure": "machine"},
    "voicemail": {"action": "leave_message", "prompt": "message"}}"#;
const SWITCH: &str = r#"{"prompts": ["hello"], "amd": {"mode": "switch"}, "opt_out_prompt": "gone",
    "voicemail": {"action": "leave_message", "prompt": "message"}}"#;
const SWITCH_HANG_UP: &str = r#"{"prompts": ["hello"], "amd": {"mode": "switch"}}"#;

/// Answered, and somebody listens.
fn answered(json: &str) -> Story {
    let mut story = Story::with(json);
    assert_eq!(story.answer(), ["answered", "listen"]);
    story.pass(2);
    story
}

/// A machine answered, and its beep is waited for.
fn greeted() -> Story {
    let mut story = answered(BUILTIN);
    assert_eq!(story.verdict(Answer::Machine, Reason::LongGreeting), [""; 0]);
    story
}

/// FreeSWITCH: a beep may be heard at any time.
fn beside(json: &str) -> Story {
    let mut story = Story::of(script(&settings(json), Some(&the_survey()), false));
    assert_eq!(story.answer(), ["answered", "listen", "play hello"]);
    story
}

fn detected(report: &Report) -> Option<(&str, &str, u32)> {
    let detected = report.facts.talk.detected.as_ref()?;
    Some((&detected.answer, &detected.reason, detected.at_ms))
}

#[test]
fn a_person_hears_the_prompts() {
    let mut story = answered(BUILTIN);
    assert_eq!(story.verdict(Answer::Human, Reason::ShortGreeting), ["stop listening", "play hello"]);
    assert_eq!(story.verdict(Answer::Machine, Reason::Beep), [""; 0], "it has been said");
    assert_eq!(story.beep(), [""; 0]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.outcome, Outcome::Answered);
    assert_eq!(detected(&report), Some(("human", "short_greeting", 2_000)));
    assert!(!report.facts.talk.message_left);
}

#[test]
fn a_machine_hears_the_message_after_its_beep() {
    let mut story = greeted();
    story.pass(8);
    assert_eq!(story.beep(), ["stop listening", "play message"]);
    assert_eq!(story.beep(), [""; 0]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, true));
    assert_eq!(detected(&report), Some(("machine", "long_greeting", 2_000)));
    assert_eq!(report.facts.detail, None);
}

#[test]
fn without_a_beep_the_message_is_left_in_the_end() {
    let mut story = greeted();
    assert_eq!(story.pass(19), [""; 0]);
    assert_eq!(story.pass(1), ["stop listening", "play message"]);
    story.played();
    let report = story.hung_up(16);
    assert!(report.facts.talk.message_left);
    assert_eq!(report.facts.detail.as_deref(), Some("no beep was heard: the message was begun without"));
}

#[test]
fn a_machine_that_hangs_up_has_no_whole_message() {
    for after_beep in [false, true] {
        let mut story = greeted();
        if after_beep {
            story.beep();
            story.pass(LENGTH / 2);
        }
        let report = story.hung_up(16);
        assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, false));
    }
}

#[test]
fn a_message_that_cannot_be_played_is_not_left() {
    let mut story = greeted();
    story.beep();
    assert_eq!(story.unplayable(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, false));
}

#[test]
fn a_message_whose_end_is_missed_is_not_said_to_be_left() {
    let mut story = greeted();
    story.beep();
    story.machine.on_gap(story.now);
    assert_eq!(story.pass(LENGTH), ["hang up"]);
    let report = story.hung_up(16);
    assert!(!report.facts.talk.message_left);
    let detail = "the end of the message was not told: it may not have been left";
    assert_eq!(report.facts.detail.as_deref(), Some(detail));
}

#[test]
fn without_a_message_a_machine_is_hung_up_on() {
    let mut story = answered(BUILTIN_HANG_UP);
    assert_eq!(story.verdict(Answer::Machine, Reason::LongGreeting), ["hang up"]);
    assert_eq!(story.hung_up(16).outcome, Outcome::Voicemail);
}

#[test]
fn a_busy_tone_gets_no_message() {
    let mut story = answered(BUILTIN);
    assert_eq!(story.verdict(Answer::Machine, Reason::BusyTone), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, false));
}

#[test]
fn unsure_is_a_person_or_a_machine_as_the_campaign_says() {
    let mut person = answered(BUILTIN);
    assert_eq!(person.verdict(Answer::Unsure, Reason::InitialSilence), ["stop listening", "play hello"]);
    let report = person.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, Some(("unsure", "initial_silence", 2_000))));

    let mut machine = answered(UNSURE_IS_MACHINE);
    assert_eq!(machine.verdict(Answer::Unsure, Reason::TooLong), [""; 0]);
    assert_eq!(machine.beep(), ["stop listening", "play message"]);
    assert_eq!(machine.hung_up(16).outcome, Outcome::Voicemail);
}

#[test]
fn no_verdict_in_time_is_unsure() {
    let mut person = answered(BUILTIN);
    assert_eq!(person.pass(7), [""; 0]);
    assert_eq!(person.pass(1), ["stop listening", "play hello"]);
    assert_eq!(detected(&person.hung_up(16)), Some(("unsure", "no verdict in time", 10_000)));

    let mut machine = answered(UNSURE_IS_MACHINE);
    assert_eq!(machine.pass(8), [""; 0]);
    assert_eq!(machine.pass(30), ["stop listening", "play message"]);
}

#[test]
fn nobody_to_listen_is_unsure() {
    let mut person = answered(BUILTIN);
    assert_eq!(person.deaf(), ["stop listening", "play hello"]);
    assert_eq!(person.deaf(), [""; 0]);
    let report = person.hung_up(16);
    assert_eq!(detected(&report), Some(("unsure", "nobody could listen: no port is free", 2_000)));

    let mut machine = answered(UNSURE_IS_MACHINE);
    assert_eq!(machine.deaf(), [""; 0]);
    assert_eq!(machine.pass(30), ["stop listening", "play message"]);
}

#[test]
fn deaf_before_the_beep_leaves_the_message_in_the_end() {
    let mut story = greeted();
    assert_eq!(story.deaf(), [""; 0]);
    assert_eq!(story.pass(19), [""; 0]);
    assert_eq!(story.pass(1), ["stop listening", "play message"]);
    let detail = story.hung_up(16).facts.detail.expect("a detail");
    assert!(detail.starts_with("nobody could listen for the beep: no port is free; no beep"), "{detail}");
}

#[test]
fn information_tones_tell_an_invalid_number_or_a_failure() {
    for (sit, outcome, detail) in [
        (Sit::VacantCode, Outcome::InvalidNumber, "special information tones: vacant code"),
        (Sit::Intercept, Outcome::InvalidNumber, "special information tones: intercept"),
        (Sit::NoCircuit, Outcome::Failed, "special information tones: no circuit"),
        (Sit::Reorder, Outcome::Failed, "special information tones: reorder"),
        (Sit::Unspecified, Outcome::Failed, "special information tones"),
    ] {
        let mut story = answered(BUILTIN);
        assert_eq!(story.verdict(Answer::Sit(sit), Reason::InformationTones), ["hang up"]);
        let report = story.hung_up(16);
        assert_eq!((report.outcome, report.facts.detail.as_deref()), (outcome, Some(detail)));
        assert_eq!(detected(&report), Some(("sit", "information_tones", 2_000)));
    }
}

#[test]
fn a_fax_machine_is_a_machine_without_a_message() {
    let mut story = answered(BUILTIN);
    assert_eq!(story.verdict(Answer::Fax(Fax::Answering), Reason::FaxTone), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Voicemail, Some(("fax", "fax_tone", 2_000))));
}

#[test]
fn who_hangs_up_before_the_verdict_has_answered() {
    let mut story = answered(BUILTIN);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, None));
    let mut vanished = greeted();
    assert_eq!(vanished.vanish(), ["settle voicemail"]);
}

#[test]
fn a_key_is_pressed_by_a_person() {
    for mut story in [answered(BUILTIN), greeted()] {
        assert_eq!(story.key('A'), [""; 0]);
        assert_eq!(story.key('1'), ["stop listening", "play hello"]);
        assert_eq!(story.verdict(Answer::Machine, Reason::Beep), [""; 0]);
        let report = story.hung_up(16);
        assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, Some(("human", "key", 2_000))));
    }
}

#[test]
fn opting_out_before_the_verdict_counts() {
    for mut story in [answered(BUILTIN), greeted()] {
        assert_eq!(story.key('9'), ["opt out", "stop listening", "play gone"]);
        assert_eq!(story.played(), ["hang up"]);
        let report = story.hung_up(16);
        assert!(report.facts.talk.opted_out && !report.facts.talk.message_left);
        assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, Some(("human", "key", 2_000))));
    }
}

#[test]
fn opting_out_of_the_message_counts_too() {
    let mut story = greeted();
    story.beep();
    assert_eq!(story.key('1'), [""; 0], "the message goes on");
    assert_eq!(story.key('9'), ["opt out", "stop"]);
    assert_eq!(story.stopped(), ["play gone"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Answered, false));
}

#[test]
fn the_transfer_key_before_the_verdict_counts() {
    let json = r#"{"prompts": ["hello"], "amd": {"mode": "builtin"},
        "transfer": {"digit": "0", "to": {"extension": "100"}}}"#;
    let mut story = answered(json);
    assert_eq!(story.key('0'), ["stop listening", "transfer"]);
}

#[test]
fn a_switch_that_waits_tells_a_person() {
    let mut story = answered(SWITCH);
    assert_eq!(story.detected(Answer::Human), ["play hello"]);
    assert_eq!(story.detected(Answer::Machine), [""; 0]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, Some(("human", "LONGGREETING-1500", 2_000))));
}

#[test]
fn a_switch_that_waits_has_waited_for_the_greeting() {
    let mut story = answered(SWITCH);
    story.pass(20);
    assert_eq!(story.detected(Answer::Machine), ["play message"]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, true));

    let mut no_message = answered(SWITCH_HANG_UP);
    assert_eq!(no_message.detected(Answer::Machine), ["hang up"]);
    assert_eq!(no_message.hung_up(16).outcome, Outcome::Voicemail);
}

#[test]
fn a_switch_that_says_nothing_is_unsure() {
    // 7 s of analysis, 30 s for the greeting, 5 s.
    let mut story = answered(SWITCH);
    assert_eq!(story.pass(39), [""; 0]);
    assert_eq!(story.pass(1), ["stop listening", "play hello"]);
    assert_eq!(story.detected(Answer::Machine), [""; 0], "too late");
    assert_eq!(detected(&story.hung_up(16)), Some(("unsure", "no verdict in time", 42_000)));

    let mut refused = answered(SWITCH);
    assert_eq!(refused.deaf(), ["stop listening", "play hello"]);
}

#[test]
fn a_key_waits_for_a_switch_that_takes_no_command() {
    let mut story = answered(SWITCH);
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.key('2'), [""; 0]);
    assert_eq!(story.detected(Answer::Machine), ["play hello"], "a person pressed a key");
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, Some(("human", "key", 2_000))));

    let mut opted_out = answered(SWITCH);
    opted_out.key('1');
    opted_out.pass(1);
    assert_eq!(opted_out.key('9'), ["opt out"], "at once");
    assert_eq!(opted_out.key('9'), [""; 0]);
    assert_eq!(opted_out.detected(Answer::Unsure), ["play gone"]);
    assert_eq!(detected(&opted_out.hung_up(16)), Some(("human", "key", 2_000)));

    let mut silent = answered(SWITCH);
    silent.key('9');
    assert_eq!(silent.pass(40), ["stop listening", "play gone"]);
    let mut deaf = answered(SWITCH);
    deaf.key('9');
    assert_eq!(deaf.deaf(), ["stop listening", "play gone"]);
}

#[test]
fn a_beep_beside_the_prompt_stops_it() {
    let mut story = beside(SWITCH);
    story.pass(3);
    assert_eq!(story.detected(Answer::Machine), ["stop"]);
    assert_eq!(story.stopped(), ["play message"]);
    assert_eq!(story.detected(Answer::Machine), [""; 0], "it hears its own message");
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.message_left), (Outcome::Voicemail, true));
    assert_eq!(detected(&report), Some(("machine", "LONGGREETING-1500", 3_000)));

    let mut no_message = beside(SWITCH_HANG_UP);
    assert_eq!(no_message.detected(Answer::Machine), ["hang up"]);
}

#[test]
fn a_beep_beside_a_question_ends_the_survey() {
    let mut waits = beside(SWITCH);
    waits.played();
    waits.played();
    assert_eq!(waits.detected(Answer::Machine), ["play message"]);
    assert_eq!(waits.hung_up(16).outcome, Outcome::Voicemail);
}

#[test]
fn a_machine_that_speaks_has_not_answered_a_question() {
    let json = r#"{"questions": [{"id": "why", "prompts": ["why"], "spoken": {}}]}"#;
    let survey = serde_json::from_str(json).expect("a survey");
    let mut story = Story::of(script(&settings(SWITCH), Some(&survey), false));
    story.answer();
    story.played();
    assert_eq!(story.played(), ["record CALL-1"]);
    assert_eq!(story.detected(Answer::Machine), ["stop recording CALL-1"]);
    assert_eq!(story.recorded("CALL-1"), ["play message"]);
    story.hung_up(16);
    assert_eq!(story.answers(), [""; 0]);
}

#[test]
fn a_beep_is_no_machine_once_a_key_was_pressed() {
    let mut story = beside(SWITCH);
    assert_eq!(story.key('1'), ["stop"]);
    assert_eq!(story.detected(Answer::Machine), [""; 0]);
    assert_eq!(story.stopped(), ["play owner"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report)), (Outcome::Answered, None));
}

#[test]
fn what_hears_beeps_only_may_say_it_is_a_person() {
    let mut story = beside(SWITCH);
    assert_eq!(story.detected(Answer::Human), [""; 0]);
    assert_eq!(story.played(), ["play owner"]);
    let report = story.hung_up(16);
    assert_eq!(detected(&report), Some(("human", "LONGGREETING-1500", 0)));
}

#[test]
fn nobody_to_listen_beside_is_remarked() {
    let mut story = beside(SWITCH);
    assert_eq!(story.deaf(), [""; 0]);
    assert_eq!(story.deaf(), [""; 0]);
    assert_eq!(story.detected(Answer::Machine), [""; 0]);
    let detail = story.hung_up(16).facts.detail;
    assert_eq!(detail.as_deref(), Some("nobody could listen for a machine: no port is free"));
}

#[test]
fn what_nobody_asked_for_is_not_heard() {
    let mut story = Story::with(r#"{"prompts": ["hello"]}"#);
    story.answer();
    assert_eq!(story.detected(Answer::Machine), [""; 0]);
    assert_eq!(story.verdict(Answer::Machine, Reason::Beep), [""; 0]);
    assert_eq!(story.beep(), [""; 0]);
    assert_eq!(story.deaf(), [""; 0]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, detected(&report), &report.facts.detail), (Outcome::Answered, None, &None));
}

#[test]
fn a_message_only_campaign_hangs_up_on_people() {
    let json = r#"{"amd": {"mode": "builtin"}, "voicemail": {"action": "leave_message", "prompt": "message"}}"#;
    let mut story = answered(json);
    assert_eq!(story.verdict(Answer::Human, Reason::ShortGreeting), ["stop listening", "hang up"]);
    assert_eq!(story.hung_up(16).outcome, Outcome::Answered);
}
