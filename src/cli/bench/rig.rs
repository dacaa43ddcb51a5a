//! What the figures about calls are measured on: the simulated FreeSWITCH in a
//! process of its own, an engine here, an empty database.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use crate::caller_id::Watch;
use crate::campaign::{CampaignId, CampaignStatus, Settings};
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::contact::NewContact;
use crate::control::{self, Launch};
use crate::dialer::{Engine, MediaFolder, Options, Stats, SwitchLimits, SwitchSetup};
use crate::number::PhoneNumber;
use crate::store::{Location, Store};
use crate::switch::{Switch, freeswitch};

/// A simulated FreeSWITCH in a process of its own; ends when dropped.
pub(super) struct SwitchProcess {
    child: Child,
    address: String,
    folder: TempDir,
}

impl SwitchProcess {
    pub(super) fn start(mix: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("mix.toml");
        std::fs::write(&file, mix)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["simulate", "freeswitch", "--listen", "127.0.0.1:0", "--mix"])
            .arg(&file)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().context("no address")?.to_owned();
        Ok(Self { child, address, folder })
    }

    /// An adapter connected to it, without a limit of pace.
    pub(super) fn connect(&self, channels: u32) -> anyhow::Result<SwitchSetup> {
        let (switch, events) = freeswitch::FreeSwitch::start(freeswitch::Options {
            address: self.address.clone(),
            password: "ClueCon".to_owned().into(),
            node: "bench".into(),
        });
        let limits = SwitchLimits {
            name: "simulated".into(),
            max_channels: channels,
            max_calls_per_second: 0.0,
            trunks: BTreeMap::from([("carrier".to_owned(), "sofia/gateway/carrier/{number}".parse()?)]),
            default_trunk: "carrier".into(),
            parties: crate::switch::Parties::freeswitch(),
        };
        Ok(SwitchSetup { limits, switch: Switch::FreeSwitch(switch), events })
    }

    pub(super) fn media(&self) -> MediaFolder {
        MediaFolder::same(self.folder.path())
    }
}

impl Drop for SwitchProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database for one measurement.
pub(super) struct Database {
    pub(super) store: Store,
    pub(super) engine: &'static str,
    _folder: TempDir,
}

impl Database {
    /// SQLite in a temporary folder, or the Postgres at `url`.
    pub(super) async fn open(url: Option<&str>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let location = match url {
            Some(url) => Location::Postgres(url.to_owned().into()),
            None => Location::Sqlite(folder.path().join("bench.db")),
        };
        let store = Store::open(&location).await?;
        store.migrate().await?;
        let engine = store.engine();
        Ok(Self { store, engine, _folder: folder })
    }

    /// A launched campaign with so many contacts.
    pub(super) async fn campaign(
        &self,
        contacts: u64,
        concurrent: u32,
        media: &MediaFolder,
    ) -> anyhow::Result<CampaignId> {
        let now = Clock::system().now();
        let caller_id = PhoneNumber::from_e164("+15550000001").context("a number")?;
        let settings = Settings {
            number_pool: vec![caller_id],
            max_concurrent: concurrent,
            ring_seconds: 180,
            ..Settings::default()
        };
        let id = control::create(&self.store, "Benchmark", &settings, now).await?;
        fill(&self.store, id, contacts).await?;
        control::launch(&self.store, &media.clone().into(), id, &Launch::default(), now).await?;
        Ok(id)
    }
}

/// Adds so many contacts.
pub(super) async fn fill(store: &Store, id: CampaignId, contacts: u64) -> anyhow::Result<()> {
    const BATCH: u64 = 10_000;
    let now = Clock::system().now();
    let mut from = 0;
    while from < contacts {
        let to = (from + BATCH).min(contacts);
        let list: Vec<_> = (from..to).filter_map(number).map(NewContact::of).collect();
        store.add_targets(id, &list, now).await?;
        from = to;
    }
    Ok(())
}

fn number(n: u64) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(&format!("+1{:010}", 2_000_000_000 + n))
}

/// Starts an engine for one campaign.
pub(super) async fn engine(
    database: &Database,
    switch: &SwitchProcess,
    id: CampaignId,
    channels: u32,
    stats: Arc<Stats>,
) -> anyhow::Result<Engine> {
    let options = Options {
        store: database.store.clone(),
        clock: Clock::system(),
        switches: vec![switch.connect(channels)?],
        outbound_limit: channels,
        compliance: Arc::new(Organization::laboratory()),
        sounds: switch.media().into(),
        recordings: switch.media(),
        keep_recordings: None,
        watch: Watch::default(),
        drain: Duration::ZERO,
        only: Some(id),
        owner: "bench".into(),
        stats,
    };
    Ok(Engine::start(options).await?)
}

/// Waits until the campaign has ended.
pub(super) async fn completed(store: &Store, id: CampaignId) -> anyhow::Result<()> {
    while store.campaign(id).await?.is_some_and(|campaign| campaign.status == CampaignStatus::Running) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
