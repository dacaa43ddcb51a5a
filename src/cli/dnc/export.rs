//! `canvass dnc export`: the list as CSV, which `canvass dnc import` reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use crate::cli::app::App;
use crate::report::{DO_NOT_CALL_HEADER, do_not_call_record};
use crate::store::Store;

/// Entries read from the database at a time.
const PAGE: u32 = 10_000;

pub(super) async fn run(app: &App, file: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = file else {
        write(&app.store, BufWriter::new(std::io::stdout())).await?;
        return Ok(());
    };
    let failed = || format!("cannot write {}", path.display());
    let file = File::create(path).with_context(failed)?;
    let written = write(&app.store, BufWriter::new(file)).await.with_context(failed)?;
    eprintln!("{}: {written} numbers.", path.display());
    Ok(())
}

/// Constant memory however long the list.
async fn write(store: &Store, to: impl Write) -> anyhow::Result<u64> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(DO_NOT_CALL_HEADER)?;
    let (mut written, mut after) = (0, None);
    loop {
        let page = store.do_not_call_page(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.entry.number);
        for number in &page {
            for source in number.sources() {
                csv.write_record(do_not_call_record(source))?;
            }
            written += 1;
        }
    }
    csv.flush()?;
    Ok(written)
}
