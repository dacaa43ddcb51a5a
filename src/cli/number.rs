//! `canvass number`: our own numbers, and what is known of any.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use super::{app, audit};
use crate::number::PhoneNumber;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List our numbers.
    List,
    /// Make numbers known (E.164) and active.
    Add {
        /// The numbers.
        #[arg(required = true)]
        numbers: Vec<PhoneNumber>,
    },
    /// Use a number as caller ID again.
    Enable {
        /// The number.
        number: PhoneNumber,
    },
    /// Everything that is known of a number that was called, or not: consent,
    /// decisions, calls, opt-out.
    Show {
        /// The number (E.164).
        number: PhoneNumber,
        /// How to show it.
        #[arg(long, value_enum, default_value_t = audit::Format::Text)]
        format: audit::Format,
    },
    /// Use a number no more; campaigns skip it from now on.
    Disable {
        /// The number.
        number: PhoneNumber,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    match command {
        Command::List => {
            let mut table = Table::new();
            table.load_style(UTF8_FULL_CONDENSED).set_header(["number", "active", "label"]);
            for own in app.store.numbers().await? {
                let active = if own.active { "yes" } else { "no" };
                table.add_row([own.number.to_string(), active.to_owned(), own.label.unwrap_or_default()]);
            }
            println!("{table}");
        }
        Command::Add { numbers } => app.store.add_numbers(&numbers, app.clock.now()).await?,
        Command::Show { number, format } => audit::show(&app.store, number, format).await?,
        Command::Enable { number } => set(&app, number, true).await?,
        Command::Disable { number } => set(&app, number, false).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(app: &app::App, number: PhoneNumber, active: bool) -> anyhow::Result<()> {
    anyhow::ensure!(app.store.set_number_active(number, active).await?, "{number} is none of our numbers");
    Ok(())
}
