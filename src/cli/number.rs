//! `canvass number`: our own numbers, and what is known of any.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::SignedDuration;
use serde_json::json;

use super::{app, audit};
use crate::contact::ListReader;
use crate::control::{NumberEdited, edit_number, import_numbers};
use crate::number::PhoneNumber;
use crate::store::OwnNumber;

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
    /// Take over a list of numbers.
    Import {
        /// CSV whose header names the column of numbers (phone_number), and label,
        /// active, daily_cap, cool_down_seconds, max_concurrent as far as there
        /// are such.
        list: PathBuf,
    },
    /// Limit how much a number is used; 0: no such limit.
    Limit {
        /// The number.
        number: PhoneNumber,
        /// Calls started from it within 24 hours, at most.
        #[arg(long)]
        daily_cap: Option<u32>,
        /// Seconds between the starts of two calls from it.
        #[arg(long, value_name = "SECONDS")]
        cool_down: Option<u32>,
        /// Calls in progress from it at once, at most.
        #[arg(long)]
        max_concurrent: Option<u32>,
    },
    /// Do not use a number for some hours; 0: use it again.
    Rest {
        /// The number.
        number: PhoneNumber,
        /// For how long.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=8_760))]
        hours: u32,
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
        Command::List => list(&app).await?,
        Command::Import { list } => return import(&app, &list).await,
        Command::Limit { number, daily_cap, cool_down, max_concurrent } => {
            limit(&app, number, [daily_cap, cool_down, max_concurrent]).await?;
            let said = json!({
                "daily_cap": daily_cap, "cool_down_seconds": cool_down, "max_concurrent": max_concurrent
            });
            app.note("phone-numbers.edit", number, said).await?;
        }
        Command::Rest { number, hours } => {
            let until = app.clock.now() + SignedDuration::from_hours(hours.into());
            anyhow::ensure!(
                app.store.rest_number(number, until, "asked for").await?,
                "{number} is none of our numbers"
            );
            app.note("phone-numbers.edit", number, json!({ "resting_until": until })).await?;
        }
        Command::Add { numbers } => {
            app.store.add_numbers(&numbers, app.clock.now()).await?;
            for number in numbers {
                app.note("phone-numbers.create", number, json!({})).await?;
            }
        }
        Command::Show { number, format } => audit::show(&app.store, number, format).await?,
        Command::Enable { number } => set(&app, number, true).await?,
        Command::Disable { number } => set(&app, number, false).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &app::App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let days = app.store.number_days(now).await?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["number", "status", "calls of 24 h", "answered", "short", "flagged", "label"]);
    for own in app.store.numbers().await? {
        let resting = own.resting_until.filter(|until| *until > now);
        let status = match resting {
            _ if !own.active => "inactive".to_owned(),
            Some(until) => format!("rests until {until:.0} ({})", own.rest_reason.unwrap_or_default()),
            None => "active".to_owned(),
        };
        let figures = days.get(&own.number).copied().unwrap_or_default().figures;
        let cap = own.limits.daily_cap.map(|cap| format!(" of {cap}")).unwrap_or_default();
        let rate = figures.share(figures.answered).map(|rate| format!("{:.0} %", rate * 100.0)).unwrap_or_default();
        table.add_row([
            own.number.to_string(),
            status,
            format!("{}{cap}", figures.calls),
            rate,
            figures.short.to_string(),
            figures.flagged.to_string(),
            own.label.unwrap_or_default(),
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn import(app: &app::App, path: &Path) -> anyhow::Result<ExitCode> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let shown = || path.display().to_string();
    let list = ListReader::new(file, app.config.number_rules()).with_context(shown)?;
    let summary = import_numbers(list, &app.store, app.clock.now()).await.with_context(shown)?;
    let told = json!({ "file": shown(), "added": summary.accepted, "changed": summary.duplicates });
    app.note("phone-numbers.import", "", told).await?;
    eprintln!(
        "{}: {} numbers added, {} were ours already and take over what their rows say, {} rows rejected.",
        path.display(),
        summary.accepted,
        summary.duplicates,
        summary.rejected
    );
    for row in &summary.first_rejected {
        eprintln!("  line {}: {}", row.line, row.reason);
    }
    Ok(if summary.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Daily cap, cool-down, calls at once; none: as it is.
async fn limit(app: &app::App, number: PhoneNumber, limits: [Option<u32>; 3]) -> anyhow::Result<()> {
    let over = |mut own: OwnNumber| {
        let of = &mut own.limits;
        let parts = [&mut of.daily_cap, &mut of.cool_down_seconds, &mut of.max_concurrent];
        for (limit, said) in parts.into_iter().zip(limits) {
            if let Some(said) = said {
                *limit = (said > 0).then_some(said);
            }
        }
        own
    };
    if let Some(wrong) = over(OwnNumber::new(number)).limits.check().first() {
        anyhow::bail!("{wrong}");
    }
    match edit_number(&app.store, number, over).await? {
        NumberEdited::Yes => {}
        NumberEdited::NotOurs => anyhow::bail!("{number} is none of our numbers"),
        NumberEdited::Restless => anyhow::bail!("{number} is being changed by others"),
    }
    Ok(())
}

async fn set(app: &app::App, number: PhoneNumber, active: bool) -> anyhow::Result<()> {
    anyhow::ensure!(app.store.set_number_active(number, active).await?, "{number} is none of our numbers");
    app.note("phone-numbers.edit", number, json!({ "active": active })).await
}
