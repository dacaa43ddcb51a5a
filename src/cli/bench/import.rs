//! A list from file to database: reading, checking, skipping duplicates.

use std::io::{BufWriter, Write};
use std::time::Instant;

use super::Figure;
use super::rig::Database;
use crate::campaign::{CampaignId, Settings};
use crate::clock::Clock;
use crate::contact::{ListReader, import_list};
use crate::number::{NumberCheck, NumberRules, Region};

const ROWS: u64 = 500_000;

pub(super) async fn measure(runs: u32, postgres: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("list.csv");
    let mut file = BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "phone_number,name,email,company,city")?;
    for n in 0..ROWS {
        // In no order, as lists are; one in a hundred is a duplicate of the row
        // before.
        let line = (n - u64::from(n % 100 == 99)) * 5_000_011 % 7_999_993;
        writeln!(file, "+1201{},Contact {n},c{n}@example.com,Acme Ltd,Springfield", 2_000_000 + line)?;
    }
    file.flush()?;
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    let clock = Clock::system();
    let mut figures = Vec::new();
    for url in [None].into_iter().chain(postgres.map(Some)) {
        let mut values = Vec::new();
        let mut name = "";
        for _ in 0..runs {
            let database = Database::open(url).await?;
            name = database.engine;
            let id = CampaignId::new();
            database.store.create_campaign(id, "Import", &Settings::default(), clock.now()).await?;
            let start = Instant::now();
            let list = ListReader::new(std::fs::File::open(&path)?, rules)?;
            let summary = import_list(list, &database.store, id, None, &clock, |_| ()).await?;
            values.push(ROWS as f64 / start.elapsed().as_secs_f64());
            anyhow::ensure!(summary.accepted + summary.duplicates == ROWS, "rows are missing: {summary:?}");
            database.store.close().await;
        }
        figures.push(Figure::new(format!("list import, {name}"), "rows/s", values));
    }
    Ok(figures)
}
