//! A whole installation in one process: a database in a temporary folder, a
//! simulated switch behind a real socket, the engine.

#![allow(dead_code)] // not every test binary uses all of it

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use canvass::call::CallId;
use canvass::caller_id::Watch;
use canvass::campaign::{CampaignId, CampaignStatus, Settings};
use canvass::clock::Clock;
use canvass::compliance::Organization;
use canvass::contact::NewContact;
use canvass::control::{self, Launch};
use canvass::dialer::{Engine, MediaFolder, Options, Stats, SwitchLimits, SwitchSetup};
use canvass::number::PhoneNumber;
use canvass::store::{CallRow, Location, Store};
use canvass::switch::simulator::asterisk::AsteriskSimulator;
use canvass::switch::simulator::freeswitch::FreeSwitchSimulator;
use canvass::switch::simulator::{self, CalleeMix, Fate, Journal, Shares};
use canvass::switch::{Switch, asterisk, freeswitch};
use tempfile::TempDir;

/// Which switch a scenario runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    FreeSwitch,
    Asterisk,
}

pub(crate) enum Simulator {
    FreeSwitch(FreeSwitchSimulator),
    Asterisk(AsteriskSimulator),
}

impl Simulator {
    /// Starts one; its callees are `mix`.
    pub(crate) async fn start(kind: Kind, mix: CalleeMix) -> Self {
        let local = "127.0.0.1:0";
        match kind {
            Kind::FreeSwitch => {
                let options = simulator::freeswitch::Options { mix, ..Default::default() };
                Self::FreeSwitch(FreeSwitchSimulator::start(local, options).await.expect("a simulator"))
            }
            Kind::Asterisk => {
                let options = simulator::asterisk::Options { mix, ..Default::default() };
                Self::Asterisk(AsteriskSimulator::start(local, options).await.expect("a simulator"))
            }
        }
    }

    pub(crate) fn journal(&self) -> &Journal {
        match self {
            Self::FreeSwitch(simulator) => simulator.journal(),
            Self::Asterisk(simulator) => simulator.journal(),
        }
    }

    pub(crate) fn calls_in_progress(&self) -> usize {
        match self {
            Self::FreeSwitch(simulator) => simulator.calls_in_progress(),
            Self::Asterisk(simulator) => simulator.calls_in_progress(),
        }
    }

    pub(crate) fn drop_connections(&self) {
        match self {
            Self::FreeSwitch(simulator) => simulator.drop_connections(),
            Self::Asterisk(simulator) => simulator.drop_connections(),
        }
    }

    /// An adapter connected to it, with one trunk.
    pub(crate) fn connect(&self, name: &str, channels: u32, rate: f64) -> SwitchSetup {
        match self {
            Self::FreeSwitch(it) => connect_to(Kind::FreeSwitch, &it.address().to_string(), name, channels, rate),
            Self::Asterisk(it) => {
                connect_to(Kind::Asterisk, &format!("http://{}/ari", it.address()), name, channels, rate)
            }
        }
    }
}

/// An adapter connected to the simulator at `address`, with one trunk.
pub(crate) fn connect_to(kind: Kind, address: &str, name: &str, channels: u32, rate: f64) -> SwitchSetup {
    let node = "test".to_owned();
    let address = address.to_owned();
    let (template, (switch, events)) = match kind {
        Kind::FreeSwitch => {
            let password = simulator::freeswitch::Options::default().password.into();
            let (switch, events) = freeswitch::FreeSwitch::start(freeswitch::Options { address, password, node });
            ("sofia/gateway/carrier/{number}", (Switch::FreeSwitch(switch), events))
        }
        Kind::Asterisk => {
            let simulator::asterisk::Options { user, password, .. } = Default::default();
            let options =
                asterisk::Options { url: address, user, password: password.into(), node, ..Default::default() };
            let (switch, events) = asterisk::Asterisk::start(options);
            ("PJSIP/{number}@carrier", (Switch::Asterisk(switch), events))
        }
    };
    let limits = SwitchLimits {
        name: name.to_owned(),
        max_channels: channels,
        max_calls_per_second: rate,
        trunks: BTreeMap::from([("carrier".to_owned(), template.parse().expect("a template"))]),
        default_trunk: "carrier".into(),
        parties: canvass::switch::Parties::freeswitch(),
    };
    SwitchSetup { limits, switch, events }
}

/// A database with campaigns.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&Location::Sqlite(folder.path().join("canvass.db"))).await.expect("a database");
        store.migrate().await.expect("migrated");
        Self { folder, store, clock: Clock::system() }
    }

    /// On another database, brought to this version by the caller.
    pub(crate) fn on(store: Store) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), store, clock: Clock::system() }
    }

    pub(crate) fn media(&self) -> MediaFolder {
        MediaFolder::same(self.folder.path())
    }

    /// A launched campaign over `numbers`.
    pub(crate) async fn campaign(
        &self,
        settings: Settings,
        numbers: impl IntoIterator<Item = PhoneNumber>,
    ) -> CampaignId {
        let settings =
            if settings.number_pool.is_empty() { Settings { number_pool: pool(3), ..settings } } else { settings };
        let now = self.clock.now();
        let id = control::create(&self.store, "Test", &settings, now).await.expect("created");
        let contacts: Vec<_> = numbers.into_iter().map(NewContact::of).collect();
        self.store.add_targets(id, &contacts, now).await.expect("added");
        control::launch(&self.store, &self.media().into(), id, &Launch::default(), now).await.expect("launched");
        id
    }

    pub(crate) fn options(&self, switches: Vec<SwitchSetup>) -> Options {
        Options {
            store: self.store.clone(),
            clock: self.clock,
            switches,
            outbound_limit: 10_000,
            compliance: Arc::new(Organization::laboratory()),
            sounds: self.media().into(),
            recordings: self.media(),
            keep_recordings: None,
            watch: Watch::default(),
            drain: Duration::from_secs(20),
            only: None,
            owner: "test".into(),
            stats: Arc::new(Stats::default()),
        }
    }

    pub(crate) async fn engine(&self, switches: Vec<SwitchSetup>) -> Engine {
        Engine::start(self.options(switches)).await.expect("an engine")
    }

    /// Waits until the campaign is no longer running.
    pub(crate) async fn settled(&self, id: CampaignId) -> CampaignStatus {
        let wait = async {
            loop {
                let campaign = self.store.campaign(id).await.expect("read").expect("there");
                if campaign.status != CampaignStatus::Running {
                    return campaign.status;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), wait).await.expect("the campaign ends")
    }

    /// Every call of a campaign.
    pub(crate) async fn calls(&self, id: CampaignId) -> Vec<CallRow> {
        self.store.calls_page(id, None::<CallId>, 100_000).await.expect("calls")
    }

    /// Writes a WAV file of silence into the media folder.
    pub(crate) fn prompt(&self, name: &str, length: Duration) {
        std::fs::write(self.folder.path().join(name), wav(length)).expect("written");
    }
}

/// Ends an engine and waits until everything is written.
pub(crate) async fn stop(mut engine: Engine) {
    engine.drain();
    tokio::time::timeout(Duration::from_secs(60), engine.finished()).await.expect("the engine ends");
}

/// `count` caller IDs.
pub(crate) fn pool(count: u32) -> Vec<PhoneNumber> {
    (1..=count).map(|n| number(&format!("+1555000{n:04}"))).collect()
}

/// The contact `n` of a list.
pub(crate) fn contact(n: u32) -> PhoneNumber {
    number(&format!("+1555{:07}", 2_000_000 + n))
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).expect("a number")
}

/// Callees who live fast and all do the same.
pub(crate) fn everyone(fate: Fate) -> CalleeMix {
    CalleeMix { endings: BTreeMap::from([(String::new(), fate)]), ..quick() }
}

/// Callees who live fast.
pub(crate) fn quick() -> CalleeMix {
    CalleeMix { speed: 50.0, shares: Shares { congestion: 0.0, ..Shares::default() }, ..CalleeMix::default() }
}

/// An 8 kHz mono 16-bit file of silence.
fn wav(length: Duration) -> Vec<u8> {
    let samples = (length.as_secs_f64() * 8_000.0) as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    bytes.extend((samples * 2).to_le_bytes());
    bytes.resize(bytes.len() + samples as usize * 2, 0);
    bytes
}
