//! `canvass import`: a list of contacts into a campaign.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::app;
use crate::campaign::{Action, CampaignId};
use crate::clock::Clock;
use crate::contact::{ImportSummary, ListReader, RejectedWriter, import_list};
use crate::control;
use crate::number::NumberRules;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The campaign's id or name; it must be a draft or paused.
    campaign: String,
    /// The list.
    #[arg(value_name = "CONTACTS.csv")]
    list: PathBuf,
    /// Write the rows that were not accepted there, with the reason.
    #[arg(long, value_name = "CSV")]
    rejected: Option<PathBuf>,
}

/// Rejected rows shown on the terminal.
const SHOWN: usize = 10;

pub(super) async fn run(file: Option<PathBuf>, args: Args) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    let campaign = control::find(&app.store, &args.campaign).await?;
    if !campaign.status.allows(Action::Edit) {
        return Err(control::ControlError::Conflict { action: Action::Edit, status: campaign.status }.into());
    }
    into(&app, campaign.id, &args.list, args.rejected.as_deref()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Imports a list and tells what came of it.
pub(super) async fn into(
    app: &app::App,
    campaign: CampaignId,
    path: &Path,
    rejected: Option<&Path>,
) -> anyhow::Result<()> {
    let summary = list(&app.store, app.config.number_rules(), &app.clock, campaign, path, rejected).await?;
    let told = json!({ "accepted": summary.accepted, "duplicates": summary.duplicates, "rejected": summary.rejected });
    app.note("campaigns.upload-csv", campaign, told).await?;
    eprintln!(
        "{}: {} contacts added, {} duplicates skipped, {} rows rejected.",
        path.display(),
        summary.accepted,
        summary.duplicates,
        summary.rejected
    );
    if summary.do_not_call > 0 {
        eprintln!("{} of the numbers are on the do-not-call list and will not be called.", summary.do_not_call);
    }
    for warning in &summary.warnings {
        eprintln!("warning: {warning}");
    }
    if let Err(error) = keep(app, campaign, path, &summary).await {
        eprintln!("warning: {error:#}");
    }
    for row in summary.first_rejected.iter().take(SHOWN) {
        eprintln!("  line {}: {}", row.line, row.reason);
    }
    let more = summary.rejected.saturating_sub(SHOWN as u64);
    match rejected {
        Some(path) => eprintln!("  all of them, and the duplicates, are in {}", path.display()),
        None if more > 0 => eprintln!("  and {more} more; --rejected FILE writes them all"),
        None => {}
    }
    Ok(())
}

/// Keeps the list as it came, as an upload is kept, if it might be one.
async fn keep(app: &app::App, campaign: CampaignId, path: &Path, summary: &ImportSummary) -> anyhow::Result<()> {
    let metadata = std::fs::metadata(path)?;
    // A pipe was read to its end; and what would be no upload is not kept as one.
    if !metadata.is_file() || metadata.len() > app.config.api.limits().upload_bytes {
        return Ok(());
    }
    let file = File::open(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    app.config.uploads().keep(&app.store, campaign, &name, file, summary, app.clock.now()).await?;
    Ok(())
}

/// Imports a list.
pub(super) async fn list(
    store: &Store,
    rules: NumberRules,
    clock: &Clock,
    campaign: CampaignId,
    path: &Path,
    rejected: Option<&Path>,
) -> anyhow::Result<ImportSummary> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let reader = ListReader::new(file, rules).with_context(|| path.display().to_string())?;
    let rejects = match rejected {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Some(RejectedWriter::new(file, &reader)?)
        }
        None => None,
    };
    import_list(reader, store, campaign, rejects, clock, |_| ()).await.with_context(|| path.display().to_string())
}
