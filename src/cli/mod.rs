//! The command line: one file per command.
#![allow(clippy::print_stdout)] // what a command answers goes to standard output

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod amd;
mod app;
mod audit;
mod bench;

mod campaign;
mod config;
mod demo;
mod dnc;
mod doctor;
mod foreground;
mod group;
mod import;
mod key;
mod media;
mod migrate;
mod note;
mod number;
mod run;
mod serve;
mod signals;
mod simulate;
mod summary;
mod survey;
mod survey_results;
mod test_call;
mod user;
mod watch;

/// Self-hosted outbound campaigns for FreeSWITCH and Asterisk.
#[derive(Debug, Parser)]
#[command(name = "canvass", version, about, propagate_version = true)]
pub struct Cli {
    /// The configuration file; without it ./canvass.toml or
    /// /etc/canvass/canvass.toml, if there is one.
    #[arg(long, short, global = true, env = "CANVASS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Dial a list of simulated callees and show what came of it. Needs nothing.
    Demo(demo::Args),
    /// Run the daemon: it dials whatever campaigns the database says, and offers
    /// the HTTP API.
    Serve(serve::Args),
    /// Run one campaign in the foreground, from a campaign file and a list.
    Run(run::Args),
    /// Add a list of contacts to a campaign.
    Import(import::Args),
    /// Create, launch, watch and report campaigns.
    #[command(subcommand)]
    Campaign(campaign::Command),
    /// Call one number, to try a switch, a trunk, a caller ID or a prompt.
    TestCall(test_call::Args),
    /// Our own numbers, used as caller IDs.
    #[command(subcommand)]
    Number(number::Command),
    /// The media library: the sounds campaigns play.
    #[command(subcommand)]
    Media(media::Command),
    /// Surveys: what campaigns ask, and what was answered.
    #[command(subcommand)]
    Survey(survey::Command),
    /// Groups of saved contacts, which campaigns share.
    #[command(subcommand)]
    Group(group::Command),
    /// The do-not-call list.
    #[command(subcommand)]
    Dnc(dnc::Command),
    /// Keys of the HTTP API.
    #[command(subcommand)]
    Key(key::Command),
    /// The people who may use the HTTP API.
    #[command(subcommand)]
    User(user::Command),
    /// Check database, switches and media, and say how to mend each fault.
    Doctor,
    /// Show the configuration in force, secrets masked.
    Config,
    /// Bring the database to this version.
    Migrate,
    /// Say of WAV files whether a person or a machine answered.
    Amd(amd::Args),
    /// Be a switch with simulated callees, for rehearsals and tests.
    #[command(subcommand)]
    Simulate(simulate::Command),
    /// Measure speed and size; see docs/benchmarks.md.
    Bench(bench::Args),
}

/// Runs a command; the status says whether it did what was asked.
pub fn run(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("canvass: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(dispatch(cli));
    // What still runs in the background (a reconnect, a look) is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("canvass: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let file = app::config_file(cli.config);
    match cli.command {
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::Serve(args) => Box::pin(serve::run(file, args)).await,
        Command::Run(args) => Box::pin(run::run(file, args)).await,
        Command::Import(args) => Box::pin(import::run(file, args)).await,
        Command::Campaign(command) => Box::pin(campaign::run(file, command)).await,
        Command::TestCall(args) => Box::pin(test_call::run(file, args)).await,
        Command::Number(command) => Box::pin(number::run(file, command)).await,
        Command::Media(command) => Box::pin(media::run(file, command)).await,
        Command::Survey(command) => Box::pin(survey::run(file, command)).await,
        Command::Group(command) => Box::pin(group::run(file, command)).await,
        Command::Dnc(command) => Box::pin(dnc::run(file, command)).await,
        Command::Key(command) => Box::pin(key::run(file, command)).await,
        Command::User(command) => Box::pin(user::run(file, command)).await,
        Command::Doctor => Box::pin(doctor::run(file)).await,
        Command::Config => config::run(file),
        Command::Migrate => Box::pin(migrate::run(file)).await,
        Command::Amd(args) => amd::run(&args),
        Command::Simulate(command) => Box::pin(simulate::run(command)).await,
        Command::Bench(args) => Box::pin(bench::run(args)).await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// All that can be asked for, as typed.
    fn typed(command: &clap::Command, before: &str, all: &mut BTreeSet<String>) {
        let name = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            command.get_subcommands().for_each(|part| typed(part, &format!("{name} "), all));
        } else {
            all.insert(name);
        }
    }

    #[test]
    fn the_documentation_names_every_command_and_no_other() {
        let mut known = BTreeSet::new();
        typed(&Cli::command(), "", &mut known);
        let page = include_str!("../../docs/cli.md");
        let rows = page.lines().filter(|line| line.starts_with("| `canvass "));
        let first = rows.filter_map(|line| line.split('|').nth(1));
        let told: BTreeSet<String> = first
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .map(|text| {
                let words = text.split(' ');
                let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                words.take_while(is_name).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(told, known);
    }
}
