//! What happens on answer, on every switch there is: the same scenarios give
//! the same answers, opt-outs, transfers and messages on both simulated
//! switches and on a real Asterisk. The results are printed side by side.

use std::collections::BTreeMap;
use std::time::Duration;

use canvass::call::{Given, Outcome, SurveyState, TransferState};
use canvass::campaign::{
    Amd, AmdMode, CampaignStatus, Settings, TargetStatus, TransferCallerId, TransferSetting, TransferTo, Voicemail,
    VoicemailAction,
};
use canvass::dialer::{Engine, MediaFolder, Options, SwitchLimits, SwitchSetup};
use canvass::store::{StoredSurvey, SurveyedCall};
use canvass::survey::{Survey, SurveyId};
use canvass::switch::simulator::{CalleeMix, Fate, KeysAfter};
use canvass::switch::{Parties, Switch, asterisk as pbx};
use rstest::rstest;

#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;
#[path = "support/world.rs"]
mod world;

use asterisk::{AsteriskLab, LOOP_TRUNK};
use world::{Kind, Simulator, World, number, pool, stop};

/// One callee and what must come of the call. The number says what the callee
/// does on a real Asterisk (see `[far-end]`); `presses` is the same for a
/// simulated one, a key after each sound in turn.
struct Scenario {
    name: &'static str,
    number: &'static str,
    presses: Option<&'static str>,
    want: &'static str,
}

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "answers both questions",
        number: "+15551201377",
        presses: Some("-13"),
        want: "answered complete vote=Yes issue=Health",
    },
    Scenario {
        name: "an answer that ends the survey",
        number: "+15551202777",
        presses: Some("-2"),
        want: "answered complete vote=No",
    },
    Scenario {
        name: "a wrong key, then right ones",
        number: "+15551205137",
        presses: Some("-5-13"),
        want: "answered complete vote=Yes issue=Health",
    },
    Scenario {
        name: "no key at all",
        number: "+15551207777",
        presses: Some(""),
        want: "answered complete vote=nothing issue=nothing",
    },
    Scenario {
        name: "opts out at the second question",
        number: "+15551201977",
        presses: Some("-19"),
        want: "answered partial vote=Yes opted-out",
    },
    Scenario {
        name: "asks for a person, who answers",
        number: "+15551200777",
        presses: Some("-0"),
        want: "answered partial transfer=connected",
    },
    Scenario { name: "a machine that beeps", number: "+15551020001", presses: None, want: "voicemail message-left" },
    Scenario { name: "is busy", number: "+15559000017", presses: None, want: "busy" },
];

/// Where the transfer key leads: somebody who talks for two seconds.
const HELP: &str = "+15551040020";

const SURVEY: &str = r#"{"questions": [
    {"id": "vote", "prompts": ["vote.wav"], "invalid": ["invalid.wav"], "timeout_seconds": 5, "choices": [
        {"digit": "1", "label": "Yes"}, {"digit": "2", "label": "No", "next": "end"}]},
    {"id": "issue", "prompts": ["issue.wav"], "timeout_seconds": 5, "retries": 0, "choices": [
        {"digit": "1", "label": "Schools"}, {"digit": "3", "label": "Health"}]}],
    "closing": ["thanks.wav"]}"#;

async fn world() -> World {
    let world = World::new().await;
    for sound in ["welcome", "vote", "issue", "invalid", "thanks", "opt-out", "voicemail", "failed"] {
        world.prompt(&format!("{sound}.wav"), Duration::from_millis(300));
    }
    let now = world.clock.now();
    let survey: Survey = serde_json::from_str(SURVEY).expect("a survey");
    let stored = StoredSurvey { id: SurveyId::new(), name: "s".into(), survey, created_at: now, updated_at: now };
    assert!(world.store.add_survey(&stored).await.expect("stored"));
    world
}

fn settings() -> Settings {
    Settings {
        number_pool: pool(1),
        max_concurrent: 20,
        ring_seconds: 10,
        prompts: vec!["welcome.wav".into()],
        survey: Some("s".into()),
        opt_out_prompt: Some("opt-out.wav".into()),
        amd: Amd { mode: AmdMode::Builtin, ..Amd::default() },
        voicemail: Voicemail { action: VoicemailAction::LeaveMessage, prompt: Some("voicemail.wav".into()) },
        transfer: Some(TransferSetting {
            digit: '0',
            to: TransferTo::Number(number(HELP)),
            caller_id: TransferCallerId::Callee,
            ring_seconds: 10,
            max_seconds: 60,
            prompt: None,
            failed_prompt: Some("failed.wav".into()),
        }),
        ..Settings::default()
    }
}

/// Calls everybody; what came of each scenario, in words.
#[allow(clippy::print_stdout)] // what is wrong is told whole
async fn results(world: &World, setup: SwitchSetup) -> Vec<String> {
    let id = world.campaign(settings(), SCENARIOS.iter().map(|scenario| number(scenario.number))).await;
    let engine = world.engine(vec![setup]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let calls = world.store.surveyed_calls_page(id, None, 100).await.expect("calls");
    assert_eq!(calls.len(), SCENARIOS.len());
    let mut told = Vec::new();
    for scenario in &SCENARIOS {
        let called = number(scenario.number);
        let call = calls.iter().find(|call| call.row.number == called).expect("a call");
        let listed = world.store.do_not_call(called).await.expect("read").is_some();
        assert_eq!(listed, call.row.facts.talk.opted_out, "{}: {call:?}", scenario.name);
        let words = in_words(call);
        if words != scenario.want {
            println!("{}: {call:?}", scenario.name);
        }
        told.push(words);
    }
    told
}

fn in_words(call: &SurveyedCall) -> String {
    let talk = &call.row.facts.talk;
    let mut words = vec![call.row.outcome.map(Outcome::as_str).unwrap_or("open").to_owned()];
    words.extend(talk.survey.map(|state| match state {
        SurveyState::Partial => "partial".to_owned(),
        SurveyState::Complete => "complete".to_owned(),
    }));
    for answer in &call.answers {
        let given = match &answer.given {
            Given::Key { label, .. } => label,
            Given::Speech { recording } => recording,
            Given::Nothing => "nothing",
        };
        words.push(format!("{}={given}", answer.question));
    }
    words.extend(talk.opted_out.then(|| "opted-out".to_owned()));
    words.extend(talk.transfer.map(|state| match state {
        TransferState::Tried => "transfer=tried".to_owned(),
        TransferState::Connected => "transfer=connected".to_owned(),
        TransferState::Failed => "transfer=failed".to_owned(),
    }));
    words.extend(talk.message_left.then(|| "message-left".to_owned()));
    words.join(" ")
}

/// The same people, simulated.
fn people() -> CalleeMix {
    let presses = SCENARIOS.iter().filter_map(|scenario| Some((scenario.number[5..].to_owned(), scenario.presses?)));
    CalleeMix {
        speed: 10.0,
        ring_ms: (200, 1_000),
        talk_ms: (600_000, 600_000),
        key_ms: (500, 1_000),
        keys_after: KeysAfter::Prompt,
        presses: presses
            .map(|(ending, keys)| (ending, keys.to_owned()))
            .chain([("1209777".into(), "-9".into())])
            .collect(),
        endings: BTreeMap::from([
            (String::new(), Fate::Answer),
            ("1020001".into(), Fate::Voicemail),
            ("9000017".into(), Fate::Busy),
        ]),
        ..CalleeMix::default()
    }
}

async fn simulated(kind: Kind) -> Vec<String> {
    let world = world().await;
    // Fast enough, and slow enough for a greeting to be heard on a busy machine.
    let simulator = Simulator::start(kind, CalleeMix { speed: 2.0, ..people() }).await;
    let told = results(&world, simulator.connect("simulated", 50, 0.0)).await;
    let messages = simulator.journal().messages();
    assert_eq!((messages.whole, messages.early, messages.cut), (1, 0, 0), "{kind:?}: after the beep, and complete");
    told
}

async fn real(test: &str) -> Option<Vec<String>> {
    let lab = AsteriskLab::start(test).await?;
    let world = world().await;
    let (switch, events) = pbx::Asterisk::start(pbx::Options {
        url: lab.ari_url.clone(),
        user: lab.user.clone(),
        password: lab.password.clone().into(),
        node: "test".into(),
        ..Default::default()
    });
    let limits = SwitchLimits {
        name: "real".into(),
        max_channels: 50,
        max_calls_per_second: 20.0,
        trunks: BTreeMap::from([("loop".to_owned(), LOOP_TRUNK.parse().expect("a template"))]),
        default_trunk: "loop".into(),
        parties: Parties::asterisk(),
    };
    Some(results(&world, SwitchSetup { limits, switch: Switch::Asterisk(switch), events }).await)
}

/// A campaign on a simulated switch where everybody answers and says their
/// word; its calls.
async fn on_simulated(kind: Kind, world: &World, settings: Settings, who: &[&str]) -> Vec<SurveyedCall> {
    let simulator = Simulator::start(kind, people()).await;
    let id = world.campaign(settings, who.iter().map(|text| number(text))).await;
    let engine = world.engine(vec![simulator.connect("simulated", 50, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    world.store.surveyed_calls_page(id, None, 100).await.expect("calls")
}

#[rstest]
#[tokio::test]
async fn calls_and_spoken_answers_are_recorded_and_found_again(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = world().await;
    let spoken = r#"{"questions": [{"id": "why", "prompts": ["vote.wav"], "spoken": {"max_seconds": 2, "silence_seconds": 1}}]}"#;
    let now = world.clock.now();
    let survey: Survey = serde_json::from_str(spoken).expect("a survey");
    let stored = StoredSurvey { id: SurveyId::new(), name: "why".into(), survey, created_at: now, updated_at: now };
    assert!(world.store.add_survey(&stored).await.expect("stored"));
    let settings =
        Settings { number_pool: pool(1), survey: Some("why".into()), recording: true, ..Settings::default() };
    let call = on_simulated(kind, &world, settings, &["+15551207770"]).await.remove(0);
    let recording = call.row.facts.talk.recording.clone().expect("the call was recorded");
    assert_eq!(recording, call.row.call.to_string());
    assert_eq!(call.row.facts.talk.survey, Some(SurveyState::Complete));
    let Given::Speech { recording: answer } = &call.answers[0].given else { panic!("{call:?}") };
    for name in [&recording, answer] {
        let file = world.folder.path().join(format!("{name}.wav"));
        let reader = hound::WavReader::open(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(reader.duration() > 0, "{name} holds no sound");
        assert_eq!(world.store.call_of_recording(name).await.expect("read"), Some(call.row.call));
    }
}

#[rstest]
#[tokio::test]
async fn a_sound_that_goes_away_between_two_calls_stops_the_campaign(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
) {
    let world = world().await;
    let simulator = Simulator::start(kind, people()).await;
    let settings = Settings { prompts: vec!["welcome.wav".into()], ..Settings::default() };
    let id = world.campaign(settings, (0..200).map(world::contact)).await;
    let engine = world.engine(vec![simulator.connect("simulated", 50, 0.0)]).await;
    while simulator.journal().originates() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::remove_file(world.folder.path().join("welcome.wav")).expect("removed");
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    stop(engine).await;
    let campaign = world.store.campaign(id).await.expect("read").expect("there");
    assert!(campaign.reason.as_deref().is_some_and(|reason| reason.contains("welcome.wav")), "{campaign:?}");
    assert!(simulator.journal().originates() < 200);
    // Who was not called is still to be called.
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.outcomes.iter().map(|(_, n)| n).sum::<u64>(), world.calls(id).await.len() as u64);
    assert!(tally.target(TargetStatus::Pending) > 0, "{tally:?}");
}

#[rstest]
#[tokio::test]
async fn a_campaign_that_nobody_hears_is_paused(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = world().await;
    let simulator = Simulator::start(kind, people()).await;
    let settings = Settings { prompts: vec!["welcome.wav".into()], max_concurrent: 1, ..Settings::default() };
    let id = world.campaign(settings, (0..40).map(world::contact)).await;
    // Here the files are, but not where the switch looks for them.
    let elsewhere = MediaFolder { on_switch: "/nowhere/at/all".into(), ..world.media() };
    let setup = simulator.connect("simulated", 50, 0.0);
    let options = Options { sounds: elsewhere.into(), ..world.options(vec![setup]) };
    let engine = Engine::start(options).await.expect("an engine");
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    stop(engine).await;
    let reason = world.store.campaign(id).await.expect("read").expect("there").reason.expect("a reason");
    assert!(reason.contains("no sound could be played"), "{reason}");
    assert!((10..15).contains(&simulator.journal().originates()), "{}", simulator.journal().originates());
}

#[rstest]
#[tokio::test]
async fn who_opted_out_in_one_campaign_is_not_called_by_another(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
) {
    let world = world().await;
    let (leaves, stays) = ("+15551209777", "+15551201377");
    let settings = Settings { amd: Amd::default(), voicemail: Voicemail::default(), ..settings() };
    let first = on_simulated(kind, &world, settings.clone(), &[leaves, stays]).await;
    let talks: Vec<_> = first.iter().map(|call| call.row.facts.talk.opted_out).collect();
    assert_eq!(talks.iter().filter(|out| **out).count(), 1, "{first:?}");
    let second = on_simulated(kind, &world, settings, &[leaves, stays]).await;
    assert_eq!(second.iter().map(|call| call.row.number).collect::<Vec<_>>(), [number(stays)]);
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout)] // the table is for people
async fn every_switch_gives_the_same() {
    let (freeswitch, asterisk, real) = tokio::join!(
        Box::pin(simulated(Kind::FreeSwitch)),
        Box::pin(simulated(Kind::Asterisk)),
        Box::pin(real("every_switch_gives_the_same"))
    );
    let nothing = "(not here)".to_owned();
    println!("{:32} | {:46} | {:46} | real Asterisk", "scenario", "simulated FreeSWITCH", "simulated Asterisk");
    for (at, scenario) in SCENARIOS.iter().enumerate() {
        let real = real.as_ref().map_or(&nothing, |told| &told[at]);
        println!("{:32} | {:46} | {:46} | {real}", scenario.name, freeswitch[at], asterisk[at]);
    }
    for (at, scenario) in SCENARIOS.iter().enumerate() {
        assert_eq!(freeswitch[at], scenario.want, "{}, simulated FreeSWITCH", scenario.name);
        assert_eq!(asterisk[at], scenario.want, "{}, simulated Asterisk", scenario.name);
        if let Some(told) = &real {
            assert_eq!(told[at], scenario.want, "{}, real Asterisk", scenario.name);
        }
    }
}
