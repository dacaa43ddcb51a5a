//! `canvass campaign …`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::Timestamp;
use serde_json::json;

use super::{app, import, watch};
use crate::campaign::TargetStatus;
use crate::config::read_campaign;
use crate::control::{self, Launch};
use crate::report;
use crate::store::{Campaign, Tally};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List all campaigns, newest first.
    List,
    /// Show one campaign: state, settings, contacts by status, calls by outcome.
    Show {
        /// Its id or name.
        campaign: String,
    },
    /// Make a draft of a campaign file.
    Create {
        /// The campaign file.
        file: PathBuf,
        /// Also import this list.
        #[arg(long, value_name = "CSV")]
        contacts: Option<PathBuf>,
    },
    /// Check a campaign and let the daemon dial it.
    Launch {
        /// Its id or name.
        campaign: String,
        /// Start then, with offset: 2026-03-01T09:00:00-05:00.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// Calls in progress at once, at most, from now on.
        #[arg(long, value_name = "N")]
        max_concurrent: Option<u32>,
    },
    /// Place no new calls; calls in progress go on to their end.
    Pause {
        /// Its id or name.
        campaign: String,
    },
    /// Go on where it was.
    Resume {
        /// Its id or name.
        campaign: String,
    },
    /// Stop for good; calls in progress go on to their end.
    Cancel {
        /// Its id or name.
        campaign: String,
    },
    /// Show progress until the campaign is no longer running.
    Watch {
        /// Its id or name.
        campaign: String,
    },
    /// Write a CSV with a row per call.
    Report {
        /// Its id or name.
        campaign: String,
        /// To this file instead of standard output.
        #[arg(long, short, value_name = "CSV")]
        output: Option<PathBuf>,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    let (store, now) = (&app.store, app.clock.now());
    match command {
        Command::List => println!("{}", list(&app).await?),
        Command::Show { campaign } => {
            let campaign = control::find(store, &campaign).await?;
            let tally = store.tally(campaign.id).await?;
            let organization = Arc::new(app.config.organization_rules()?);
            let waiting = control::waiting_until(store, &organization, &campaign, now).await?;
            println!("{}", show(&campaign, &tally, waiting)?);
        }
        Command::Create { file, contacts } => {
            let plan = read_campaign(&file)?;
            let id = control::create(store, &plan.name, &plan.settings, now).await?;
            app.note("campaigns.create", id, json!({ "name": plan.name })).await?;
            println!("Created campaign {id} \"{}\" as a draft.", plan.name);
            if let Some(list) = contacts {
                import::into(&app, id, &list, None).await?;
            }
        }
        Command::Launch { campaign, at, max_concurrent } => {
            let id = control::find(store, &campaign).await?.id;
            let organization = Some(Arc::new(app.config.organization_rules()?));
            let launch = Launch { scheduled_at: at, max_concurrent, usable_switches: None, organization };
            let report = control::launch(store, &app.config.sounds()?, id, &launch, now).await?;
            let how = json!({ "scheduled_at": at, "max_concurrent": max_concurrent });
            app.note("campaigns.launch", id, how).await?;
            for warning in report.warnings {
                eprintln!("warning: {warning}");
            }
            let later = at.filter(|at| *at > now);
            match later {
                Some(at) => println!("Scheduled for {at}; the daemon starts it then."),
                None => println!("Launched; the daemon dials it now."),
            }
        }
        Command::Pause { campaign } => {
            let id = control::find(store, &campaign).await?.id;
            control::pause(store, id, now).await?;
            app.note("campaigns.pause", id, json!({})).await?;
            println!("Paused; calls in progress go on to their end.");
        }
        Command::Resume { campaign } => {
            let id = control::find(store, &campaign).await?.id;
            let organization = Arc::new(app.config.organization_rules()?);
            control::resume(store, id, &organization, now).await?;
            app.note("campaigns.resume", id, json!({})).await?;
            println!("Resumed.");
        }
        Command::Cancel { campaign } => {
            let id = control::find(store, &campaign).await?.id;
            control::cancel(store, id, now).await?;
            app.note("campaigns.cancel", id, json!({})).await?;
            println!("Cancelled; calls in progress go on to their end.");
        }
        Command::Watch { campaign } => {
            let id = control::find(store, &campaign).await?.id;
            return watch::watch(store, id).await;
        }
        Command::Report { campaign, output } => {
            let id = control::find(store, &campaign).await?.id;
            match output {
                Some(path) => {
                    let rows = write_report(&app, id, &path).await?;
                    println!("{rows} calls written to {}.", path.display());
                }
                None => {
                    report::write(store, id, std::io::stdout().lock()).await?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a campaign's report to a file.
pub(super) async fn write_report(
    app: &app::App,
    id: crate::campaign::CampaignId,
    path: &PathBuf,
) -> anyhow::Result<u64> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    let rows = report::write(&app.store, id, &mut file).await?;
    file.flush()?;
    Ok(rows)
}

async fn list(app: &app::App) -> anyhow::Result<Table> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "id",
        "name",
        "status",
        "contacts",
        "pending",
        "in call",
        "completed",
        "calls",
    ]);
    for campaign in app.store.campaigns().await? {
        let tally = app.store.tally(campaign.id).await?;
        let in_call = tally.target(TargetStatus::Calling) + tally.target(TargetStatus::Connected);
        table.add_row([
            campaign.id.to_string(),
            campaign.name,
            campaign.status.to_string(),
            tally.total().to_string(),
            tally.target(TargetStatus::Pending).to_string(),
            in_call.to_string(),
            tally.target(TargetStatus::Completed).to_string(),
            tally.calls().to_string(),
        ]);
    }
    Ok(table)
}

fn show(campaign: &Campaign, tally: &Tally, waiting: Option<Timestamp>) -> anyhow::Result<String> {
    let time = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
    let mut text = format!("{} ({})\nstatus     {}", campaign.name, campaign.id, campaign.status);
    if let Some(reason) = &campaign.reason {
        text.push_str(&format!(": {reason}"));
    }
    if let Some(until) = waiting {
        text.push_str(&format!(", waiting until {until}"));
    }
    text.push_str(&format!(
        "\ncreated    {}\nscheduled  {}\nstarted    {}\nfinished   {}\n\ncontacts   {}\n",
        campaign.created_at,
        time(campaign.scheduled_at),
        time(campaign.started_at),
        time(campaign.finished_at),
        tally.total(),
    ));
    for (status, n) in &tally.targets {
        text.push_str(&format!("  {:<16}{n:>9}\n", status.to_string()));
    }
    text.push_str(&format!("calls      {}\n", tally.calls()));
    for (outcome, n) in &tally.outcomes {
        text.push_str(&format!("  {:<16}{n:>9}\n", outcome.to_string()));
    }
    text.push_str(&format!("\nsettings   {}", serde_json::to_string_pretty(&campaign.settings)?));
    Ok(text)
}
