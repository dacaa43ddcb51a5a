//! `canvass dnc`: the do-not-call list.
//!
//! The dialplans run `canvass dnc add` when a caller opts out, and tell the
//! caller what its exit status says. So it must never be 0 for a number that is
//! not on the list that campaigns look at: no database is made here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::{app, note};
use crate::number::{PhoneNumber, Region};
use crate::store::DoNotCall;
use crate::store::dnc::{self, NoListSource};
use crate::store::listing::DncWithdrawal;

mod export;
mod import;

/// Exit status of `check` where it could not find out; 1 says "not on the list".
const UNKNOWN: u8 = 2;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Never call this number again, in any campaign, from now on. Exit status
    /// 0: it is on the list, whether it was before or not.
    Add {
        /// The number, as people write it.
        number: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// Where the wish came from: letters, digits, - and _.
        #[arg(long, default_value = dnc::MANUAL, value_parser = source)]
        source: String,
        #[command(flatten)]
        written: Written,
    },
    /// Say whether a number is on the list. Exit status 0: it is; 1: it is not;
    /// 2: nobody knows.
    Check {
        /// The number, as people write it.
        number: String,
        #[command(flatten)]
        written: Written,
    },
    /// Take a number off the list. Exit status 0: it is not on the list,
    /// whether it was before or not. That it was is kept for ever, with the reason.
    Remove {
        /// The number, as people write it.
        number: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        written: Written,
    },
    /// Put a whole list of numbers on it. Exit status 0: every row; 1: not all,
    /// or what was to be replaced was not.
    Import(import::Args),
    /// Write the list as CSV, by number.
    #[command(visible_alias = "list")]
    Export {
        /// The file; without it, standard output.
        file: Option<PathBuf>,
    },
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Written {
    /// Country (ISO 3166) of numbers without a country code; without it
    /// organization.region.
    #[arg(long, value_name = "COUNTRY")]
    region: Option<Region>,
}

impl Written {
    fn rules(self, app: &app::App) -> crate::number::NumberRules {
        let usual = app.config.number_rules();
        crate::number::NumberRules { region: self.region.unwrap_or(usual.region), ..usual }
    }

    fn parse(self, app: &app::App, text: &str) -> anyhow::Result<PhoneNumber> {
        PhoneNumber::parse(text, self.rules(app)).map_err(|why| anyhow::anyhow!("\"{text}\": {why}"))
    }
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let is_question = matches!(command, Command::Check { .. });
    match answer(file, command).await {
        Err(error) if is_question => {
            eprintln!("canvass: {error:#}");
            Ok(ExitCode::from(UNKNOWN))
        }
        answer => answer,
    }
}

async fn answer(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open_existing(file.as_deref(), true).await?;
    match command {
        Command::Add { number, reason, source, written } => {
            let number = written.parse(&app, &number)?;
            let entry = DoNotCall { number, reason, source, added_at: app.clock.now() };
            app.store.add_do_not_call(&entry).await?;
            app.note("dnc.create", number, json!({ "reason": entry.reason, "source": entry.source })).await?;
            println!("{number} is on the do-not-call list.");
        }
        Command::Check { number, written } => {
            let number = written.parse(&app, &number)?;
            let Some(listed) = app.store.do_not_call_number(number).await? else {
                println!("{number} is not on the do-not-call list.");
                return Ok(ExitCode::FAILURE);
            };
            println!("{number} is on the do-not-call list {}.", since(&listed.entry));
            for also in &listed.also {
                println!("  also {}", since(also));
            }
        }
        Command::Remove { number, reason, written } => {
            let number = written.parse(&app, &number)?;
            let withdrawal = DncWithdrawal { number, by: note::actor(), reason };
            let was_there = app.store.remove_do_not_call(&withdrawal, app.clock.now()).await?;
            app.note("dnc.delete", number, json!({ "was_listed": was_there })).await?;
            println!("{number} {} on the do-not-call list.", if was_there { "is no longer" } else { "was not" });
        }
        Command::Import(args) => return import::run(&app, args).await,
        Command::Export { file } => export::run(&app, file.as_deref()).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn since(entry: &DoNotCall) -> String {
    let reason = entry.reason.as_deref().unwrap_or("no reason given");
    format!("since {} ({}: {reason})", entry.added_at, entry.source)
}

/// Where an entry came from: one word.
fn source(text: &str) -> Result<String, NoListSource> {
    if dnc::is_source(text) { Ok(text.to_owned()) } else { Err(NoListSource::NotAWord) }
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn a_source_is_one_word() {
        assert_eq!(source("inbound").as_deref(), Ok("inbound"));
        assert!(source("by letter").is_err());
    }
}
