//! What reading the API does to dialing: two hundred requests a second, of all
//! kinds, while a campaign dials as fast as it can; rates with and without them
//! in one run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{self, Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
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
const CONTACTS: u64 = 800_000;
const CONCURRENT: u32 = 1_000;
const A_SECOND: u32 = 200;
/// Requests under way at once: those behind a slow one do not wait for it.
const AT_A_TIME: usize = 32;
/// Until the campaign dials evenly.
const WARM_UP: Duration = Duration::from_secs(5);
/// One stretch with requests or without, and how often they take turns: what
/// slows the machine down meanwhile meets both. Those with requests come second
/// and first by turns, as what was dialed before makes dialing slower.
const STRETCH: Duration = Duration::from_secs(3);
const TURNS: u32 = 10;
/// Between two stretches.
const SETTLE: Duration = Duration::from_millis(100);

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
            rates.push(measured.answered as f64 / ((SETTLE + STRETCH) * TURNS).as_secs_f64());
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
    let (asking, mut answers) = start(server.address(), &key, id).await?;
    tokio::time::sleep(WARM_UP).await;
    let (mut quiet, mut loaded) = (0.0, 0.0);
    for turn in 0..TURNS {
        let order = if turn % 2 == 0 { [false, true] } else { [true, false] };
        for with_requests in order {
            asking.store(with_requests, Ordering::Relaxed);
            // Those under way from before belong to the stretch before.
            tokio::time::sleep(SETTLE).await;
            let rate = stretch(&stats).await;
            if with_requests {
                loaded += rate;
            } else {
                quiet += rate;
            }
        }
    }
    asking.store(false, Ordering::Relaxed);
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

/// Starts a client that asks evenly while it is told to, over connections that
/// stay open. It shares the processors with what is measured, so it does no more
/// than it must.
async fn start(at: SocketAddr, key: &str, id: CampaignId) -> anyhow::Result<(Arc<AtomicBool>, Answers)> {
    let campaign = format!("/api/campaigns/{id}");
    let paths = [
        "/api/campaigns".to_owned(),
        campaign.clone(),
        format!("{campaign}/stats"),
        format!("{campaign}/progress"),
        format!("{campaign}/runs?limit=50&sort_order=desc"),
        format!("{campaign}/contacts?limit=50"),
        "/api/dnc".to_owned(),
        "/api/phone-numbers".to_owned(),
    ];
    let requests: Vec<_> = paths.iter().map(|path| request(at, path, key)).collect::<Result<_, _>>()?;
    let (back, mut idle) = mpsc::channel(AT_A_TIME);
    for _ in 0..AT_A_TIME {
        back.send(connect(at).await?).await?;
    }
    let asking = Arc::new(AtomicBool::new(false));
    let (told, answers) = mpsc::unbounded_channel();
    let asks = asking.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
        every.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for request in requests.iter().cycle() {
            every.tick().await;
            if !asks.load(Ordering::Relaxed) {
                continue;
            }
            let Some(mut connection) = idle.recv().await else { return };
            let (request, told, back) = (request.clone(), told.clone(), back.clone());
            if told.is_closed() {
                return;
            }
            tokio::spawn(async move {
                let answer = ask(&mut connection, request).await;
                // There is room for as many as there are.
                let _ = back.try_send(connection);
                told.send(answer)
            });
        }
    });
    Ok((asking, answers))
}

type Connection = SendRequest<Empty<Bytes>>;

async fn connect(to: SocketAddr) -> anyhow::Result<Connection> {
    let (connection, driver) = http1::handshake(TokioIo::new(TcpStream::connect(to).await?)).await?;
    tokio::spawn(driver);
    Ok(connection)
}

fn request(at: SocketAddr, path: &str, key: &str) -> Result<Request<Empty<Bytes>>, http::Error> {
    let request = Request::get(path).header(header::HOST, at.to_string());
    request.header(header::AUTHORIZATION, format!("Bearer {key}")).body(Empty::new())
}

/// How long the whole answer took.
async fn ask(connection: &mut Connection, request: Request<Empty<Bytes>>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    connection.ready().await?;
    let response = connection.send_request(request).await?;
    anyhow::ensure!(response.status().is_success(), "a read was refused: {}", response.status());
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(start.elapsed())
}
