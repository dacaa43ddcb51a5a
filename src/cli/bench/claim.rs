//! What a claim of one target costs, by the length of the list: it must not
//! grow with it.

use std::sync::Arc;
use std::time::Instant;

use super::rig::{Database, fill};
use super::{Figure, percentile};
use crate::call::CallId;
use crate::campaign::{CampaignId, CampaignStatus, Settings};
use crate::clock::Clock;
use crate::compliance::Rules;
use crate::number::PhoneNumber;
use crate::store::{Claim, LedgerBatch, PlannedCall, StatusChange};

const CLAIMS: usize = 2_000;

pub(super) async fn measure(longest: u64, postgres: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for url in [None].into_iter().chain(postgres.map(Some)) {
        for contacts in [10_000, 1_000_000, 10_000_000].into_iter().filter(|n| *n <= longest) {
            let database = Database::open(url).await?;
            let mut times = claims(&database, contacts).await?;
            let name = |what: &str| format!("claim, {}, {contacts} contacts, {what}", database.engine);
            figures.push(Figure::new(name("median"), "ms", vec![percentile(&mut times, 50) * 1e3]));
            figures.push(Figure::new(name("p99"), "ms", vec![percentile(&mut times, 99) * 1e3]));
            database.store.close().await;
        }
    }
    Ok(figures)
}

async fn claims(database: &Database, contacts: u64) -> anyhow::Result<Vec<std::time::Duration>> {
    let (store, clock) = (&database.store, Clock::system());
    let id = CampaignId::new();
    store.create_campaign(id, "Claims", &Settings::default(), clock.now()).await?;
    fill(store, id, contacts).await?;
    let change = StatusChange {
        to: CampaignStatus::Running,
        from: vec![CampaignStatus::Draft],
        reason: None,
        scheduled_at: None,
    };
    store.change_status(id, &change, clock.now()).await?;
    let caller_id = PhoneNumber::from_e164("+15550000001").ok_or_else(|| anyhow::anyhow!("a number"))?;
    let mut times = Vec::with_capacity(CLAIMS);
    let rules = Arc::new(Rules::laboratory());
    for n in 0..CLAIMS + 200 {
        let planned = PlannedCall { call: CallId::new(), caller_id, switch: "bench".into() };
        let batch = LedgerBatch {
            claims: vec![Claim { campaign: id, calls: vec![planned], nearby: Vec::new(), rules: rules.clone() }],
            ..LedgerBatch::default()
        };
        let start = Instant::now();
        let result = store.commit(&batch, clock.now()).await?;
        // The first ones warm the caches.
        if n >= 200 {
            times.push(start.elapsed());
        }
        anyhow::ensure!(result.iter().all(|claim| claim.claimed.len() == 1), "nothing was claimed");
    }
    Ok(times)
}
