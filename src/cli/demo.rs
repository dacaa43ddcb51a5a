//! `canvass demo`: a whole campaign on this machine, with nothing to install.
//! A simulated switch in its own task behind a real socket, a database in a
//! temporary folder, a list of contacts, and the same engine as for real calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;

use super::app::start_log;
use super::foreground::{Ended, dial};
use super::import;
use crate::caller_id::Watch;
use crate::campaign::{Amd, AmdMode, Settings, Voicemail, VoicemailAction};
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::config::{Log, parse_survey};
use crate::control::{self, Launch};
use crate::dialer::{MediaFolder, Options, Stats, SwitchLimits, SwitchSetup};
use crate::media::Sounds;
use crate::number::{NumberCheck, NumberRules, PhoneNumber, Region};
use crate::store::{Location, Store, StoredSurvey};
use crate::survey::SurveyId;
use crate::switch::simulator::asterisk::AsteriskSimulator;
use crate::switch::simulator::freeswitch::FreeSwitchSimulator;
use crate::switch::simulator::{self, CalleeMix, Journal, KeysAfter};
use crate::switch::{Switch, asterisk, freeswitch};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many contacts to call.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    contacts: u32,
    /// Same seed, same callees.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which switch to simulate.
    #[arg(long, value_enum, default_value_t = Kind::Freeswitch)]
    switch: Kind,
    /// Keep the temporary folder with the database and the list.
    #[arg(long)]
    keep: bool,
    /// Print the closing summary as one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Freeswitch,
    Asterisk,
}

/// Simulated callees live this many times faster.
const SPEED: f64 = 10.0;
const SURVEY_NAME: &str = "Demo survey";
const POOL: u32 = 5;
const CONCURRENT: u32 = 50;
/// What is played, with the survey that asks for most of it.
const SURVEY: &str = include_str!("../../media/demo-survey.toml");
const SOUNDS: [(&str, &[u8]); 7] = [
    ("demo-welcome.wav", include_bytes!("../../media/demo-welcome.wav")),
    ("demo-vote.wav", include_bytes!("../../media/demo-vote.wav")),
    ("demo-issue.wav", include_bytes!("../../media/demo-issue.wav")),
    ("demo-invalid.wav", include_bytes!("../../media/demo-invalid.wav")),
    ("demo-thanks.wav", include_bytes!("../../media/demo-thanks.wav")),
    ("demo-opt-out.wav", include_bytes!("../../media/demo-opt-out.wav")),
    ("demo-voicemail.wav", include_bytes!("../../media/demo-voicemail.wav")),
];
/// The keys that callees press after a question, by share; the rest press none.
const KEYS: [(char, f64); 5] = [('1', 0.42), ('2', 0.26), ('3', 0.18), ('9', 0.03), ('5', 0.03)];

enum Simulator {
    FreeSwitch(FreeSwitchSimulator),
    Asterisk(AsteriskSimulator),
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    start_log(&Log::default(), true)?;
    let mut folder = tempfile::Builder::new().prefix("canvass-demo-").tempdir().context("no temporary folder")?;
    if args.keep {
        folder.disable_cleanup(true);
    }
    let database = folder.path().join("canvass.db");
    let list = folder.path().join("contacts.csv");
    for (name, sound) in SOUNDS {
        std::fs::write(folder.path().join(name), sound)?;
    }
    std::fs::write(&list, contacts(args.contacts))?;

    let store = Store::open(&Location::Sqlite(database.clone())).await?;
    store.migrate().await?;
    let clock = Clock::system();
    let pool = (1..=POOL).filter_map(|n| PhoneNumber::from_e164(&format!("+1555000{n:04}"))).collect();
    let settings = Settings {
        number_pool: pool,
        max_concurrent: CONCURRENT,
        retry_attempts: 1,
        retry_delay_minutes: 0,
        prompts: vec!["demo-welcome.wav".into()],
        survey: Some(SURVEY_NAME.into()),
        opt_out_prompt: Some("demo-opt-out.wav".into()),
        amd: Amd { mode: AmdMode::Builtin, ..Amd::default() },
        voicemail: Voicemail { action: VoicemailAction::LeaveMessage, prompt: Some("demo-voicemail.wav".into()) },
        ..Settings::default()
    };
    let survey = StoredSurvey {
        id: SurveyId::new(),
        name: SURVEY_NAME.into(),
        survey: parse_survey(SURVEY, "the demo's survey")?.survey,
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    store.add_survey(&survey).await?;
    let id = control::create(&store, "Demo", &settings, clock.now()).await?;
    let rules = NumberRules { region: Region::US, check: NumberCheck::default() };
    import::list(&store, rules, &clock, id, &list, None).await?;

    let (simulator, setup) = start_switch(&args).await?;
    let options = Options {
        store: store.clone(),
        clock,
        switches: vec![setup],
        outbound_limit: CONCURRENT,
        // Its callees are simulated: it works at night too.
        compliance: Arc::new(Organization::laboratory()),
        sounds: Sounds::from(MediaFolder::same(folder.path())),
        recordings: MediaFolder::same(folder.path()),
        keep_recordings: None,
        watch: Watch::default(),
        drain: Duration::from_secs(30),
        only: None,
        owner: "demo".into(),
        stats: Arc::new(Stats::default()),
    };
    if !args.json {
        println!("Calling {} simulated contacts, {SPEED} times faster than life …", args.contacts);
    }
    let sounds = options.sounds.clone();
    let launch = async {
        control::launch(&store, &sounds, id, &Launch::default(), clock.now()).await?;
        Ok(())
    };
    let ended = Box::pin(dial(options, id, launch)).await?;
    store.close().await;
    match simulator {
        Simulator::FreeSwitch(simulator) => simulator.stop().await,
        Simulator::Asterisk(simulator) => simulator.stop().await,
    }
    let (Ended::Campaign(summary) | Ended::Interrupted(summary)) = ended else { return Ok(ExitCode::FAILURE) };
    if args.json {
        let mut object = summary.json();
        let place = database.display().to_string();
        object.insert("database".into(), serde_json::json!(place));
        println!("{}", serde_json::Value::Object(object));
    } else {
        println!("{}", summary.table());
        println!("{}", where_it_lies(&database, args.keep));
    }
    Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn where_it_lies(database: &Path, kept: bool) -> String {
    let fate = if kept { "kept" } else { "deleted now; --keep keeps it" };
    format!("Database          {} ({fate})", database.display())
}

/// A list as people have them, with a duplicate and a bad number among them
/// for every hundred rows.
fn contacts(count: u32) -> String {
    let mut csv = String::from("phone_number,name,city\n");
    for n in 0..count {
        let _ = writeln!(csv, "(555) {:03}-{:04},Contact {n},Springfield", 200 + n / 10_000, n % 10_000);
        if n % 100 == 99 {
            let _ =
                writeln!(csv, "+1555200{:04},Contact {n} again,Springfield\n12345,Too short,Springfield", n % 10_000);
        }
    }
    csv
}

async fn start_switch(args: &Args) -> anyhow::Result<(Simulator, SwitchSetup)> {
    let mix = CalleeMix {
        seed: args.seed,
        speed: SPEED,
        keys: KEYS.into_iter().collect(),
        keys_after: KeysAfter::Prompt,
        key_ms: (500, 3_000),
        talk_ms: (15_000, 90_000),
        ..CalleeMix::default()
    };
    let local = "127.0.0.1:0";
    let node = "demo".to_owned();
    let (simulator, template, (switch, events)) = match args.switch {
        Kind::Freeswitch => {
            let options = simulator::freeswitch::Options { mix, journal: Journal::default(), ..Default::default() };
            let password = options.password.clone().into();
            let simulator = FreeSwitchSimulator::start(local, options).await?;
            let address = simulator.address().to_string();
            let (switch, events) = freeswitch::FreeSwitch::start(freeswitch::Options { address, password, node });
            (Simulator::FreeSwitch(simulator), "sofia/gateway/carrier/{number}", (Switch::FreeSwitch(switch), events))
        }
        Kind::Asterisk => {
            let options = simulator::asterisk::Options { mix, journal: Journal::default(), ..Default::default() };
            let (user, password) = (options.user.clone(), options.password.clone().into());
            let simulator = AsteriskSimulator::start(local, options).await?;
            let url = format!("http://{}/ari", simulator.address());
            let (switch, events) =
                asterisk::Asterisk::start(asterisk::Options { url, user, password, node, ..Default::default() });
            (Simulator::Asterisk(simulator), "PJSIP/{number}@carrier", (Switch::Asterisk(switch), events))
        }
    };
    let limits = SwitchLimits {
        name: "simulated".into(),
        max_channels: CONCURRENT,
        max_calls_per_second: 200.0,
        trunks: BTreeMap::from([("carrier".to_owned(), template.parse()?)]),
        default_trunk: "carrier".into(),
        parties: crate::switch::Parties::freeswitch(),
    };
    Ok((simulator, SwitchSetup { limits, switch, events }))
}
