//! `canvass dnc import`: a list of numbers never to be called.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::Written;
use crate::cli::app::App;
use crate::contact::{ListError, ListReader, RejectedWriter, Unwanted, import_do_not_call};
use crate::number::NumberRules;

/// Rejected rows shown on the terminal.
const SHOWN: usize = 10;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// CSV whose header names the column of numbers (phone_number), or a number
    /// a line. Its columns reason, source and added_at are kept.
    list: PathBuf,
    /// Why, for rows that do not say.
    #[arg(long)]
    reason: Option<String>,
    /// Where they came from, for rows that do not say.
    #[arg(long, default_value = "import", value_parser = super::source)]
    source: String,
    /// Write the rows that hold no number there, with the reason.
    #[arg(long, value_name = "CSV")]
    rejected: Option<PathBuf>,
    #[command(flatten)]
    written: Written,
}

pub(super) async fn run(app: &App, args: Args) -> anyhow::Result<ExitCode> {
    let path = &args.list;
    let list = open(path, args.written.rules(app))?;
    let rejects = match &args.rejected {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Some(RejectedWriter::new(file, &list)?)
        }
        None => None,
    };
    let unwanted = Unwanted { reason: args.reason, source: args.source };
    let summary = import_do_not_call(list, &app.store, unwanted, rejects, &app.clock).await;
    let summary = summary.with_context(|| path.display().to_string())?;
    let told = json!({ "accepted": summary.accepted, "duplicates": summary.duplicates, "rejected": summary.rejected });
    app.note("dnc.import", path.display(), told).await?;
    eprintln!(
        "{}: {} numbers added, {} were there already, {} rows rejected.",
        path.display(),
        summary.accepted,
        summary.duplicates,
        summary.rejected
    );
    for warning in &summary.warnings {
        eprintln!("warning: {warning}");
    }
    for row in summary.first_rejected.iter().take(SHOWN) {
        eprintln!("  line {}: {}", row.line, row.reason);
    }
    let more = summary.rejected.saturating_sub(SHOWN as u64);
    match &args.rejected {
        Some(path) if summary.rejected > 0 => eprintln!("  all of them are in {}", path.display()),
        None if more > 0 => eprintln!("  and {more} more; --rejected FILE writes them all"),
        Some(_) | None => {}
    }
    Ok(if summary.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A list with a header, or else numbers alone.
fn open(path: &Path, rules: NumberRules) -> anyhow::Result<ListReader<File>> {
    let file = || File::open(path).with_context(|| format!("cannot read {}", path.display()));
    let list = match ListReader::new(file()?, rules) {
        Err(ListError::NoHeader { .. }) => ListReader::of_numbers(file()?, rules),
        list => list,
    };
    list.with_context(|| path.display().to_string())
}
