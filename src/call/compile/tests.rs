//! Scripts, compiled from what users write.

use super::*;
use crate::audio::amd::Params;
use crate::campaign::{Amd, TransferSetting, TransferTo, Voicemail};

/// Two questions by key, one by speaking, with branches.
fn survey() -> Survey {
    let text = r#"{
        "closing": ["bye"],
        "questions": [
            {"id": "owner", "prompts": ["owner"], "invalid": ["wrong"], "timeout_seconds": 7, "retries": 2,
             "no_answer": "end",
             "choices": [{"digit": "1", "label": "Yes"}, {"digit": "2", "label": "No", "next": "why"}]},
            {"id": "score", "prompts": ["score"],
             "choices": [{"digit": "1", "label": "Good", "next": "end"}, {"digit": "2", "label": "Bad"}]},
            {"id": "why", "prompts": ["why", "beep"], "spoken": {"max_seconds": 30}}
        ]
    }"#;
    serde_json::from_str(text).expect("a survey")
}

fn any(entry: &str) -> Option<Sound> {
    Some(sound(entry))
}

fn sound(entry: &str) -> Sound {
    Sound { file: format!("/media/{entry}.wav"), length: Some(Duration::from_secs(3)) }
}

fn compiled(settings: &Settings, survey: Option<&Survey>) -> Script {
    compile(settings, survey, any, None, true).expect("a script")
}

fn with_prompts(prompts: &[&str]) -> Settings {
    Settings { prompts: prompts.iter().map(ToString::to_string).collect(), ..Settings::default() }
}

fn number() -> PhoneNumber {
    PhoneNumber::from_e164("+15550000001").expect("a number")
}

fn transfer() -> TransferSetting {
    TransferSetting {
        digit: '0',
        to: TransferTo::Extension("100".into()),
        caller_id: crate::campaign::TransferCallerId::Own,
        ring_seconds: 25,
        max_seconds: 600,
        prompt: Some("hold".into()),
        failed_prompt: Some("sorry".into()),
    }
}

#[test]
fn prompts_alone_are_played_to_their_end() {
    let script = compiled(&with_prompts(&["hello", "news"]), None);
    let sounds = vec![sound("hello"), sound("news")];
    assert_eq!(script.steps, [Step::Play { sounds, barge_in: false, next: 1 }, Step::HangUp]);
    assert!(!script.is_survey);
}

#[test]
fn without_prompts_and_survey_there_are_no_steps() {
    assert_eq!(compiled(&Settings::default(), None).steps, []);
}

#[test]
fn a_survey_follows_the_prompts_and_ends_with_its_closing() {
    let script = compiled(&with_prompts(&["hello"]), Some(&survey()));
    let [Step::Play { barge_in: true, next: 1, .. }, Step::Ask(owner), Step::Ask(score), Step::Speak(why), end @ ..] =
        &script.steps[..]
    else {
        panic!("{:?}", script.steps);
    };
    let closing = Step::Play { sounds: vec![sound("bye")], barge_in: false, next: 6 };
    assert_eq!(end, [Step::Complete { next: 5 }, closing, Step::HangUp]);
    assert!(script.is_survey);

    assert_eq!((owner.question.as_str(), owner.retries, owner.timeout), ("owner", 2, Duration::from_secs(7)));
    assert_eq!((&owner.prompt, &owner.invalid), (&vec![sound("owner")], &vec![sound("wrong")]));
    let next = |ask: &Ask| ask.choices.iter().map(|choice| (choice.digit, choice.next)).collect::<Vec<_>>();
    assert_eq!((next(owner), owner.no_answer), (vec![('1', 2), ('2', 3)], 4));
    assert_eq!(owner.choices[1].label, "No");
    assert_eq!((next(score), score.no_answer), (vec![('1', 4), ('2', 3)], 3));

    assert_eq!((why.max, why.silence), (Duration::from_secs(30), Duration::from_secs(3)));
    assert_eq!((why.prompt.len(), why.next, why.no_answer), (2, 4, 4));
}

#[test]
fn a_survey_may_begin_at_once_and_end_without_a_word() {
    let survey = Survey { closing: Vec::new(), ..survey() };
    let steps = compiled(&Settings::default(), Some(&survey)).steps;
    assert!(matches!(&steps[0], Step::Ask(owner) if owner.choices[1].next == 2 && owner.no_answer == 3), "{steps:?}");
    assert_eq!(steps[3..], [Step::Complete { next: 4 }, Step::HangUp]);
}

#[test]
fn barge_in_may_be_switched_off() {
    let settings = Settings { barge_in: false, ..with_prompts(&["hello"]) };
    assert!(matches!(compiled(&settings, Some(&survey())).steps[0], Step::Play { barge_in: false, .. }));
}

#[test]
fn a_missing_sound_is_told_with_its_place() {
    let settings = Settings {
        voicemail: Voicemail { action: VoicemailAction::LeaveMessage, prompt: Some("message".into()) },
        amd: Amd { mode: AmdMode::Builtin, ..Amd::default() },
        opt_out_prompt: Some("bye-bye".into()),
        transfer: Some(transfer()),
        ..with_prompts(&["hello"])
    };
    for (missing, place) in [
        ("hello", "prompts"),
        ("message", "voicemail.prompt"),
        ("bye-bye", "opt_out_prompt"),
        ("hold", "transfer.prompt"),
        ("sorry", "transfer.failed_prompt"),
        ("score", "question score: prompts"),
        ("wrong", "question owner: invalid"),
        ("bye", "survey: closing"),
    ] {
        let find = |entry: &str| (entry != missing).then(|| sound(entry));
        let error = compile(&settings, Some(&survey()), find, Some(("PJSIP/100".into(), number())), true);
        let want = CompileError::NoSound { place: place.into(), entry: missing.into() };
        assert_eq!(error, Err(want));
    }
}

#[test]
fn a_next_that_leads_nowhere_is_told() {
    let mut survey = survey();
    survey.questions[1].choices[0].next = Next::Question("nowhere".into());
    let error = compile(&Settings::default(), Some(&survey), any, None, true).expect_err("refused");
    assert_eq!(error.to_string(), "question score: \"nowhere\" is no question of the survey");
}

#[test]
fn the_keys_come_with_their_sounds() {
    let settings = Settings {
        opt_out_digit: Some('*'),
        opt_out_prompt: Some("gone".into()),
        transfer: Some(transfer()),
        ..with_prompts(&["hello"])
    };
    assert_eq!(compile(&settings, None, any, None, true), Err(CompileError::NoEndpoint));
    let script = compile(&settings, None, any, Some(("PJSIP/100".into(), number())), true).expect("a script");
    assert_eq!(script.opt_out, Some(OptOutKey { digit: '*', confirm: vec![sound("gone")] }));
    let key = script.transfer.expect("a key");
    assert_eq!((key.digit, key.endpoint.as_str(), key.caller_id), ('0', "PJSIP/100", number()));
    assert_eq!((key.ring_timeout, key.max), (Duration::from_secs(25), Duration::from_secs(600)));
    assert_eq!((key.before, key.failed), (vec![sound("hold")], vec![sound("sorry")]));

    let none = Settings { opt_out_digit: None, ..with_prompts(&["hello"]) };
    let script = compile(&none, None, any, Some(("PJSIP/100".into(), number())), true).expect("a script");
    assert_eq!((script.opt_out, script.transfer), (None, None));
}

#[test]
fn who_listens_follows_the_mode() {
    let with = |mode, action, waits| {
        let settings = Settings {
            amd: Amd { mode, max_ms: Some(4_000), beep_seconds: Some(20), unsure: Unsure::Machine, ..Amd::default() },
            voicemail: Voicemail { action, prompt: Some("message".into()) },
            recording: true,
            ..with_prompts(&["hello"])
        };
        compile(&settings, None, any, None, waits).expect("a script")
    };
    assert_eq!(with(AmdMode::Off, VoicemailAction::HangUp, true).detection, Detection::Off);
    let builtin = with(AmdMode::Builtin, VoicemailAction::LeaveMessage, true);
    assert_eq!(builtin.detection, Detection::Builtin(Params { total_analysis_time: 4_000, ..Params::default() }));
    assert_eq!((builtin.message, builtin.beep_wait), (vec![sound("message")], Duration::from_secs(20)));
    assert!(builtin.unsure_is_machine && builtin.record);

    let hangs_up = with(AmdMode::Switch, VoicemailAction::HangUp, false);
    assert_eq!(hangs_up.detection, Detection::Switch { waits: false, max: Duration::from_secs(9) });
    assert_eq!(hangs_up.message, [], "a message that is not to be left");
    let leaves = with(AmdMode::Switch, VoicemailAction::LeaveMessage, true);
    assert_eq!(leaves.detection, Detection::Switch { waits: true, max: Duration::from_secs(29) });
}
