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
use crate::campaign::Settings;
use crate::clock::Clock;
use crate::config::Log;
use crate::control::{self, Launch};
use crate::dialer::{MediaFolder, Options, Stats, SwitchLimits, SwitchSetup};
use crate::number::{NumberCheck, NumberRules, PhoneNumber, Region};
use crate::store::{Location, Store};
use crate::switch::simulator::asterisk::AsteriskSimulator;
use crate::switch::simulator::freeswitch::FreeSwitchSimulator;
use crate::switch::simulator::{self, CalleeMix, Journal};
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
const POOL: u32 = 5;
const CONCURRENT: u32 = 50;
const PROMPT: &[u8] = include_bytes!("../../media/demo-prompt.wav");

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
    std::fs::write(folder.path().join("prompt.wav"), PROMPT)?;
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
        prompts: vec!["prompt.wav".into()],
        ..Settings::default()
    };
    let id = control::create(&store, "Demo", &settings, clock.now()).await?;
    let rules = NumberRules { region: Region::US, check: NumberCheck::default() };
    import::list(&store, rules, &clock, id, &list, None).await?;

    let (simulator, setup) = start_switch(&args).await?;
    let options = Options {
        store: store.clone(),
        clock,
        switches: vec![setup],
        outbound_limit: CONCURRENT,
        media: MediaFolder::same(folder.path()),
        recordings: MediaFolder::same(folder.path()),
        drain: Duration::from_secs(30),
        only: None,
        owner: "demo".into(),
        stats: Arc::new(Stats::default()),
    };
    if !args.json {
        println!("Calling {} simulated contacts, {SPEED} times faster than life …", args.contacts);
    }
    let media = options.media.clone();
    let launch = async {
        control::launch(&store, &media, id, &Launch::default(), clock.now()).await?;
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
    let mix = CalleeMix { seed: args.seed, speed: SPEED, ..CalleeMix::default() };
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
            let (switch, events) = asterisk::Asterisk::start(asterisk::Options { url, user, password, node });
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
