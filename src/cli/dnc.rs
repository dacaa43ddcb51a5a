//! `canvass dnc`: the do-not-call list.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::app;
use crate::number::PhoneNumber;
use crate::store::DoNotCall;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Never call this number again, in any campaign, from now on.
    Add {
        /// The number, as people write it.
        number: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say whether a number is on the list. Exit status 1: it is not.
    Check {
        /// The number, as people write it.
        number: String,
    },
    /// Take a number off the list.
    Remove {
        /// The number, as people write it.
        number: String,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    let rules = app.config.number_rules();
    let parse = |text: &str| PhoneNumber::parse(text, rules).map_err(|why| anyhow::anyhow!("\"{text}\": {why}"));
    match command {
        Command::Add { number, reason } => {
            let number = parse(&number)?;
            let entry = DoNotCall { number, reason, source: "manual".into(), added_at: app.clock.now() };
            app.store.add_do_not_call(&entry).await?;
            println!("{number} is on the do-not-call list.");
        }
        Command::Check { number } => {
            let number = parse(&number)?;
            let Some(entry) = app.store.do_not_call(number).await? else {
                println!("{number} is not on the do-not-call list.");
                return Ok(ExitCode::FAILURE);
            };
            let reason = entry.reason.unwrap_or_else(|| "no reason given".into());
            println!("{number} is on the do-not-call list since {} ({}: {reason}).", entry.added_at, entry.source);
        }
        Command::Remove { number } => {
            let number = parse(&number)?;
            anyhow::ensure!(app.store.remove_do_not_call(number).await?, "{number} is not on the do-not-call list");
            println!("{number} is no longer on the do-not-call list.");
        }
    }
    Ok(ExitCode::SUCCESS)
}
