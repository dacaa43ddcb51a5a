//! `canvass migrate`: the database's schema.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::app;
use crate::config::load;
use crate::store::Store;

pub(super) async fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let config = load(file.as_deref())?;
    app::start_log(&config.log, true)?;
    let store = Store::open(&config.location()?).await.context("cannot open the database")?;
    let applied = store.migrate().await?;
    match applied.as_slice() {
        [] => println!("The database is at this version already."),
        some => println!("Applied {} migrations, the last is {}.", some.len(), some.last().unwrap_or(&0)),
    }
    Ok(ExitCode::SUCCESS)
}
