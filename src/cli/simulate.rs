//! `canvass simulate freeswitch|asterisk`: a switch with simulated callees.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

use super::app::start_log;
use super::signals::Ends;
use crate::config::Log;
use crate::switch::simulator::asterisk::{self, AsteriskSimulator};
use crate::switch::simulator::freeswitch::{self, FreeSwitchSimulator};
use crate::switch::simulator::{CalleeMix, Journal};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// A FreeSWITCH: its event socket.
    Freeswitch(Args),
    /// An Asterisk: ARI.
    Asterisk(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 picks a free one. The address is printed.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Who the callees are (TOML); see docs/simulator.md.
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
    /// Append what was asked and how each call ended to this file, as JSON
    /// lines.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// The password clients must know.
    #[arg(long, env = "CANVASS_SIMULATOR_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    password: Option<String>,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    start_log(&Log::default(), false)?;
    let mut ends = Ends::listen()?;
    match command {
        Command::Freeswitch(args) => {
            let mut options = freeswitch::Options { mix: mix(&args)?, journal: journal(&args)?, ..Default::default() };
            options.password = args.password.unwrap_or(options.password);
            let simulator = FreeSwitchSimulator::start(args.listen, options).await?;
            println!("listening on {}", simulator.address());
            ends.next().await;
            simulator.stop().await;
        }
        Command::Asterisk(args) => {
            let mut options = asterisk::Options { mix: mix(&args)?, journal: journal(&args)?, ..Default::default() };
            options.password = args.password.unwrap_or(options.password);
            let user = options.user.clone();
            let simulator = AsteriskSimulator::start(args.listen, options).await?;
            println!("listening on http://{}/ari as user {user}", simulator.address());
            ends.next().await;
            simulator.stop().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn mix(args: &Args) -> anyhow::Result<CalleeMix> {
    match &args.mix {
        Some(path) => read_mix(path),
        None => Ok(CalleeMix::default()),
    }
}

fn read_mix(path: &Path) -> anyhow::Result<CalleeMix> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let source = config::File::from_str(&text, config::FileFormat::Toml);
    let mix: CalleeMix = config::Config::builder()
        .add_source(source)
        .build()
        .and_then(config::Config::try_deserialize)
        .with_context(|| path.display().to_string())?;
    mix.check().with_context(|| path.display().to_string())?;
    Ok(mix)
}

fn journal(args: &Args) -> anyhow::Result<Journal> {
    match &args.journal {
        Some(path) => Journal::to_file(path).with_context(|| format!("cannot write {}", path.display())),
        None => Ok(Journal::default()),
    }
}
