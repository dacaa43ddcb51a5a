//! `canvass doctor`: is everything there that dialing needs, and if not, what
//! is to be done.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::app::start_log;
use crate::config::{Config, SwitchKind, load};
use crate::dialer::SwitchSetup;
use crate::store::{Store, StoreError};
use crate::switch::LinkEvent;

mod media;

/// A switch that does not answer within this is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a check came to.
enum Finding {
    Good(String),
    /// Works, but is worth a look.
    Doubtful(String),
    /// Does not work: what, and how to mend it.
    Bad(String, String),
}

pub(super) async fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let config = load(file.as_deref())?;
    // Quiet: the findings say it better than the adapters' log.
    start_log(&crate::config::Log { level: "off".into(), ..config.log.clone() }, false)?;
    let mut all_good = true;
    let place = file.map_or_else(|| "no file, defaults only".to_owned(), |path| path.display().to_string());
    all_good &= tell("configuration", Finding::Good(place));
    all_good &= tell("database", database(&config).await);
    all_good &= tell("media", media::folder(&config));
    all_good &= tell("media delivery", media::delivery(&config).await);
    all_good &= tell("speech", media::speech(&config).await);
    if config.switches.is_empty() {
        let mend = "add a [switches.NAME] section to canvass.toml; see the README".to_owned();
        all_good &= tell("switches", Finding::Bad("none is configured".into(), mend));
    }
    // A name of its own: a daemon that runs must not take its questions, nor
    // Asterisk its application, for the daemon's.
    let mark = format!("{}-doctor-{}", config.node.name, std::process::id());
    for setup in config.connect_switches(&mark) {
        let name = format!("switch {}", setup.limits.name);
        let kind = config.switches.get(&setup.limits.name).map(|switch| switch.kind);
        all_good &= tell(&name, switch(setup, kind).await);
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(what: &str, finding: Finding) -> bool {
    match finding {
        Finding::Good(words) => {
            println!("ok    {what}: {words}");
            true
        }
        Finding::Doubtful(words) => {
            println!("look  {what}: {words}");
            true
        }
        Finding::Bad(words, mend) => {
            println!("BAD   {what}: {words}\n      mend: {mend}");
            false
        }
    }
}

async fn database(config: &Config) -> Finding {
    let location = match config.location() {
        Ok(location) => location,
        Err(error) => return Finding::Bad(error.to_string(), "set database.url".into()),
    };
    let check = async {
        let store = Store::open(&location).await?;
        store.ping().await?;
        let applied = store.migrate().await?;
        let engine = store.engine();
        store.close().await;
        Ok::<_, StoreError>((engine, applied.len()))
    };
    match check.await {
        Ok((engine, 0)) => Finding::Good(format!("{engine}, schema is of this version")),
        Ok((engine, applied)) => Finding::Good(format!("{engine}, {applied} migrations applied now")),
        Err(error @ StoreError::Away(_)) => {
            Finding::Bad(error.to_string(), "start the database, or correct database.url".into())
        }
        Err(error @ StoreError::Migration(_)) => {
            Finding::Bad(error.to_string(), "use the program version that made this database, or a newer one".into())
        }
        Err(error @ (StoreError::Refused(_) | StoreError::Unreadable { .. } | StoreError::InUse(_))) => {
            Finding::Bad(error.to_string(), "look at the rights of the database user or file".into())
        }
    }
}

async fn switch(mut setup: SwitchSetup, kind: Option<SwitchKind>) -> Finding {
    let first = tokio::time::timeout(PATIENCE, setup.events.recv()).await;
    let finding = match first {
        Ok(Some(LinkEvent::Up { .. })) => match tokio::time::timeout(PATIENCE, setup.switch.version()).await {
            Ok(Ok(version)) => {
                let trunks: Vec<_> = setup.limits.trunks.keys().map(String::as_str).collect();
                Finding::Good(format!("{version}; trunks: {}", trunks.join(", ")))
            }
            Ok(Err(error)) => Finding::Bad(error.to_string(), "look at the switch's log".into()),
            Err(_) => Finding::Bad("connected, but gives no answer".into(), "look at the switch's log".into()),
        },
        Ok(Some(LinkEvent::Down { reason })) => Finding::Bad(reason, mend(kind)),
        Ok(Some(LinkEvent::Gap | LinkEvent::Orphan(_)) | None) => Finding::Bad("no connection".into(), mend(kind)),
        Err(_) => Finding::Bad(format!("no answer within {} s", PATIENCE.as_secs()), mend(kind)),
    };
    setup.switch.close().await;
    finding
}

fn mend(kind: Option<SwitchKind>) -> String {
    match kind {
        Some(SwitchKind::Freeswitch) => "mod_event_socket must be loaded; compare address, password and the \
            apply-inbound-acl of event_socket.conf.xml with the configuration here"
            .into(),
        Some(SwitchKind::Asterisk) => "http.conf and ari.conf must be enabled; compare bind address, port, user and \
            password there with the configuration here"
            .into(),
        None => "correct its section of the configuration".into(),
    }
}
