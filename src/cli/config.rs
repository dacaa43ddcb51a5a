//! `canvass config`: what is in force.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::load;

pub(super) fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let config = load(file.as_deref())?;
    println!("{}", serde_json::to_string_pretty(&config)?);
    Ok(ExitCode::SUCCESS)
}
