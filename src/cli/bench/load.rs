//! What reading the API does to dialing: two hundred requests a second, of all
//! kinds, while a campaign dials as fast as it can; rates with and without them
//! in one run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::rig::{Database, SwitchProcess, engine};
use super::{Figure, percentile};
use crate::access::{ApiKey, KeySecret, Role};
use crate::api::{self, InForce, Limits, Server};
use crate::campaign::CampaignId;
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::config::Config;
use crate::dialer::{Engine, Stats};
use crate::guard::Guard;
use crate::metrics::{self, Metrics};
use crate::settings::{Live, Overrides};
use crate::uploads::Uploads;

/// Callees who answer at once; we hang up on answer.
const AT_ONCE: &str = "ring_ms = [0, 20]\ntalk_ms = [60000, 60000]\n[endings]\n\"\" = \"answer\"\n";

/// More than can be called meanwhile.
const CONTACTS: u64 = 500_000;
const CONCURRENT: u32 = 1_000;
const A_SECOND: u32 = 200;
/// Requests under way at once: those behind a slow one do not wait for it.
const AT_A_TIME: usize = 32;
/// Until the campaign dials evenly.
const WARM_UP: Duration = Duration::from_secs(5);
/// One stretch with requests or without, and how often they take turns: what
/// slows the machine down meanwhile meets both.
const STRETCH: Duration = Duration::from_secs(4);
const TURNS: u32 = 4;

pub(super) async fn measure(runs: u32, postgres: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for url in [None].into_iter().chain(postgres.map(Some)) {
        let (mut quiet, mut ratios, mut rates, mut waits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut name = "";
        for _ in 0..runs {
            let database = Database::open(url).await?;
            name = database.engine;
            let mut measured = one(&database).await?;
            quiet.push(measured.quiet);
            ratios.push(measured.loaded / measured.quiet);
            rates.push(measured.answered as f64 / (STRETCH * TURNS).as_secs_f64());
            waits.push(percentile(&mut measured.times, 99) * 1e3);
            database.store.close().await;
        }
        figures.extend([
            Figure::new(format!("dialing without requests, {name}"), "calls/s", quiet),
            Figure::new(format!("the same with {A_SECOND} reads/s, {name}"), "of that", ratios),
            Figure::new(format!("reads answered meanwhile, {name}"), "reads/s", rates),
            Figure::new(format!("a read meanwhile, p99, {name}"), "ms", waits),
        ]);
    }
    Ok(figures)
}

/// Of one run.
struct Measured {
    /// Calls a second without requests.
    quiet: f64,
    /// Calls a second with them.
    loaded: f64,
    /// Requests that were answered.
    answered: usize,
    /// How long each took.
    times: Vec<Duration>,
}

async fn one(database: &Database) -> anyhow::Result<Measured> {
    let switch = SwitchProcess::start(AT_ONCE)?;
    let id = database.campaign(CONTACTS, CONCURRENT, &switch.media()).await?;
    let stats = Arc::new(Stats::default());
    let mut engine = engine(database, &switch, id, CONCURRENT, stats.clone()).await?;
    let (server, key) = offer(database, &switch, &engine).await?;
    let (asking, mut answers) = start(format!("http://{}", server.address()), key, id)?;
    tokio::time::sleep(WARM_UP).await;
    let (mut quiet, mut loaded) = (0.0, 0.0);
    for _ in 0..TURNS {
        quiet += stretch(&stats).await;
        asking.store(true, Ordering::Relaxed);
        loaded += stretch(&stats).await;
        asking.store(false, Ordering::Relaxed);
        // Those under way belong to the loaded stretch.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let left = database.store.remaining(id).await?;
    anyhow::ensure!(left.next_due.is_some(), "everybody was called before the end: the list is too short");
    let mut times = Vec::new();
    while let Ok(answer) = answers.try_recv() {
        times.push(answer?);
    }
    server.stop().await;
    engine.drain();
    engine.finished().await;
    let turns = f64::from(TURNS);
    Ok(Measured { quiet: quiet / turns, loaded: loaded / turns, answered: times.len(), times })
}

/// Calls a second, for a while.
async fn stretch(stats: &Stats) -> f64 {
    let (before, start) = (stats.ended(), Instant::now());
    tokio::time::sleep(STRETCH).await;
    (stats.ended() - before) as f64 / start.elapsed().as_secs_f64()
}

/// The API beside the engine, and a key to it.
async fn offer(database: &Database, switch: &SwitchProcess, engine: &Engine) -> anyhow::Result<(Server, String)> {
    let (clock, secret) = (Clock::system(), KeySecret::generate()?);
    let key = ApiKey::new(&secret, "bench".into(), Role::Viewer, clock.now());
    database.store.add_api_key(&key).await?;
    let in_force = InForce { switches: Vec::new(), compliance: Arc::new(Organization::laboratory()) };
    let metrics = Metrics::new(metrics::Options::new(database.store.clone(), clock));
    metrics.watch(engine.handle());
    let options = api::Options {
        store: database.store.clone(),
        clock,
        sounds: switch.media().into(),
        settings: Live::new(Config::default().configured(), Overrides::default()),
        limits: Limits { requests_per_second: 100_000.0, burst: 100_000, ..Limits::default() },
        recordings: std::env::temp_dir().join("canvass-bench-recordings"),
        uploads: Uploads::new(std::env::temp_dir().join("canvass-bench-uploads")),
        engine: Some(engine.handle()),
        in_force: watch::channel(Arc::new(in_force)).1,
        guard: Guard { allow_private: false },
        metrics,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok((Server::start(listener, options)?, secret.expose().to_owned()))
}

type Answers = mpsc::UnboundedReceiver<anyhow::Result<Duration>>;

/// Starts a client that asks evenly while it is told to.
fn start(base: String, key: String, id: CampaignId) -> anyhow::Result<(Arc<AtomicBool>, Answers)> {
    let campaign = format!("{base}/api/campaigns/{id}");
    let urls = [
        format!("{base}/api/campaigns"),
        campaign.clone(),
        format!("{campaign}/stats"),
        format!("{campaign}/progress"),
        format!("{campaign}/runs?limit=50&sort_order=desc"),
        format!("{campaign}/contacts?limit=50"),
        format!("{base}/api/dnc"),
        format!("{base}/api/phone-numbers"),
    ];
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
    let asking = Arc::new(AtomicBool::new(false));
    let (told, answers) = mpsc::unbounded_channel();
    let asks = asking.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
        every.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = JoinSet::new();
        for url in urls.iter().cycle() {
            every.tick().await;
            if !asks.load(Ordering::Relaxed) {
                continue;
            }
            while under_way.len() >= AT_A_TIME {
                under_way.join_next().await;
            }
            let (request, told) = (client.get(url).bearer_auth(&key), told.clone());
            if told.is_closed() {
                return;
            }
            under_way.spawn(async move { told.send(answer(request).await) });
            while under_way.try_join_next().is_some() {}
        }
    });
    Ok((asking, answers))
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let response = request.send().await?.error_for_status().context("a read was refused")?;
    response.bytes().await?;
    Ok(start.elapsed())
}
