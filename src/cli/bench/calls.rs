//! Whole calls a second, and how soon a freed slot is used again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::rig::{Database, SwitchProcess, completed, engine};
use super::{Figure, percentile};
use crate::dialer::Stats;

/// Callees who answer at once; we hang up on answer.
const AT_ONCE: &str = "ring_ms = [0, 20]\ntalk_ms = [60000, 60000]\n[endings]\n\"\" = \"answer\"\n";
/// Callees who take a while.
const A_WHILE: &str = "ring_ms = [200, 1500]\ntalk_ms = [60000, 60000]\n[endings]\n\"\" = \"answer\"\n";

const CALLS: u64 = 20_000;
const CONCURRENT: u32 = 1_000;

/// Originate, ringing, answer, hang-up, end; every row committed.
pub(super) async fn measure(runs: u32, postgres: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for url in [None].into_iter().chain(postgres.map(Some)) {
        let mut values = Vec::new();
        let mut name = "";
        for _ in 0..runs {
            let switch = SwitchProcess::start(AT_ONCE)?;
            let database = Database::open(url).await?;
            name = database.engine;
            let id = database.campaign(CALLS, CONCURRENT, &switch.media()).await?;
            let start = Instant::now();
            let mut engine = engine(&database, &switch, id, CONCURRENT, Arc::default()).await?;
            completed(&database.store, id).await?;
            values.push(CALLS as f64 / start.elapsed().as_secs_f64());
            engine.drain();
            engine.finished().await;
            let calls = database.store.tally(id).await?.calls();
            anyhow::ensure!(calls == CALLS, "{calls} calls instead of {CALLS}");
            database.store.close().await;
        }
        figures.push(Figure::new(format!("whole calls, {name}"), "calls/s", values));
    }
    Ok(figures)
}

/// From the end of a call to the next originate, a full campaign dialing.
pub(super) async fn turnaround(runs: u32) -> anyhow::Result<Vec<Figure>> {
    let (mut median, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let switch = SwitchProcess::start(A_WHILE)?;
        let database = Database::open(None).await?;
        let id = database.campaign(100_000, 100, &switch.media()).await?;
        let stats = Arc::new(Stats::with_turnaround());
        let mut engine = engine(&database, &switch, id, 100, stats.clone()).await?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        engine.drain();
        let mut times = stats.turnaround();
        engine.finished().await;
        median.push(percentile(&mut times, 50) * 1e3);
        p99.push(percentile(&mut times, 99) * 1e3);
    }
    Ok(vec![
        Figure::new("slot free to next originate, median", "ms", median),
        Figure::new("slot free to next originate, p99", "ms", p99),
    ])
}
