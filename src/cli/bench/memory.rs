//! Memory per call in progress: many calls that ring.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::Figure;
use super::rig::{Database, SwitchProcess, engine};
use crate::dialer::Stats;

const RINGING: &str = "ring_ms = [600000, 600000]\n[endings]\n\"\" = \"answer\"\n";
const CALLS: u32 = 5_000;

pub(super) async fn measure(runs: u32) -> anyhow::Result<Vec<Figure>> {
    let mut values = Vec::new();
    for _ in 0..runs {
        let switch = SwitchProcess::start(RINGING)?;
        let database = Database::open(None).await?;
        let id = database.campaign(u64::from(CALLS), CALLS, &switch.media()).await?;
        let before = resident_kib()?;
        let stats = Arc::new(Stats::default());
        let mut engine = engine(&database, &switch, id, CALLS, stats.clone()).await?;
        while stats.in_progress() < u64::from(CALLS) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        values.push((resident_kib()? - before).max(0.0) / f64::from(CALLS));
        engine.drain();
        engine.finished().await;
        // Later runs would reuse this one's memory: the first is the figure.
        if values.len() == 1 {
            break;
        }
    }
    Ok(vec![Figure::new("memory per call in progress", "KiB", values)])
}

/// Resident memory of this process (proc(5), VmRSS).
fn resident_kib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("needs /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
