//! `canvass dnc import`: a list of numbers never to be called.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::{Written, note};
use crate::cli::app::App;
use crate::contact::{
    ListError, ListReader, NotReplaced, RejectedWriter, Replaced, Replacement, SHRINK, Unwanted, import_do_not_call,
};
use crate::number::NumberRules;
use crate::store::dnc::{self, ListSource};

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
    #[arg(long, default_value = dnc::IMPORT, value_parser = super::source)]
    source: String,
    /// The whole list of this source, as federal: what it named before and names
    /// no longer is taken off, unless something else names it. Not if a row
    /// holds no number.
    #[arg(long, value_name = "SOURCE", conflicts_with = "source")]
    replace_source: Option<ListSource>,
    /// With --replace-source: take nothing off if more than so many of a hundred
    /// numbers would go.
    #[arg(long, value_name = "PERCENT", default_value_t = SHRINK, requires = "replace_source",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    shrink: u8,
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
    let failed = || path.display().to_string();
    let (summary, replaced) = match args.replace_source {
        None => {
            let unwanted = Unwanted { reason: args.reason, source: args.source };
            let summary = import_do_not_call(list, &app.store, unwanted, rejects, &app.clock).await;
            (summary.with_context(failed)?, None)
        }
        Some(source) => {
            let begun = Replacement::begin(&app.store, &app.clock, source, args.reason, note::actor()).await;
            let mut replacement = begun.with_context(failed)?;
            let summary = replacement.import(list, rejects).await.with_context(failed)?;
            (summary, Some(replacement.finish(args.shrink).await))
        }
    };
    let mut told =
        json!({ "accepted": summary.accepted, "duplicates": summary.duplicates, "rejected": summary.rejected });
    if let Some(replaced) = &replaced {
        told["replaced"] = replaced.as_ref().map_or_else(|error| json!(error.to_string()), Replaced::details);
    }
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
    let replaced = replaced.transpose().context("not everything was taken off: import the list again")?;
    let is_done = replaced.as_ref().is_none_or(tell);
    Ok(if summary.rejected == 0 && is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what came of a replacement; gives whether it was made.
fn tell(replaced: &Replaced) -> bool {
    let Replaced { source, held, left_out, removed, still_listed, refused } = replaced;
    eprintln!("{source}: named {held} numbers before, {left_out} of them no longer.");
    match refused {
        Some(why @ NotReplaced::Overtaken) => eprintln!("  {removed} were taken off, then no more: {why}"),
        Some(why) => eprintln!("  none was taken off: {why}"),
        None if *still_listed > 0 => {
            eprintln!(
                "  {removed} were taken off; {still_listed} of them stay on the list, something else names them."
            );
        }
        None => eprintln!("  {removed} were taken off."),
    }
    if let Some(NotReplaced::Shrink { .. }) = refused {
        eprintln!("  If it is: --shrink PERCENT");
    }
    refused.is_none()
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
