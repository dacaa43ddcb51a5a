//! `canvass test-call`: one call, to try a switch, a trunk, a caller ID or a
//! prompt.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use serde_json::json;

use super::{app, note};
use crate::campaign::Settings;
use crate::control::{self, ControlError, LONGEST_REASON, LONGEST_TEXT, TestCall, Wish, words};
use crate::number::PhoneNumber;

/// Whom to call, and what they hear.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whom to call, written in any way.
    number: String,
    /// The switch that is to carry the call.
    #[arg(long)]
    switch: String,
    /// Its trunk, if not the default.
    #[arg(long)]
    trunk: Option<String>,
    /// What they see: one of our active numbers; the first if not said.
    #[arg(long, value_name = "NUMBER")]
    caller_id: Option<PhoneNumber>,
    /// What they hear, as in a campaign; may be repeated.
    #[arg(long = "prompt", value_name = "SOUND")]
    prompts: Vec<String>,
    /// A text to be spoken to them after that; up to 1,000 characters.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    say: Option<String>,
    /// Call although rules forbid it. Noted with your name and the reason.
    #[arg(long, requires = "reason")]
    force: bool,
    /// Why it is forced; up to 500 characters.
    #[arg(long, value_name = "TEXT", requires = "force", value_parser = reason)]
    reason: Option<String>,
}

pub(super) async fn run(file: Option<PathBuf>, args: Args) -> anyhow::Result<ExitCode> {
    let app = app::open_existing(file.as_deref(), true).await?;
    let number = PhoneNumber::parse(&args.number, app.config.number_rules()).context("cannot call that")?;
    let Some(switch) = app.config.switches.get(&args.switch) else {
        let known: Vec<_> = app.config.switches.keys().map(String::as_str).collect();
        anyhow::bail!("there is no switch {}; there is {}", args.switch, known.join(", "));
    };
    if let Some(trunk) = args.trunk.as_ref().filter(|trunk| !switch.trunks.contains_key(*trunk)) {
        let known: Vec<_> = switch.trunks.keys().map(String::as_str).collect();
        anyhow::bail!("switch {} has no trunk {trunk}; it has {}", args.switch, known.join(", "));
    }
    let forced = args.reason.clone().filter(|_| args.force).map(|reason| Wish { by: note::actor(), reason });
    let shown = match args.caller_id {
        Some(shown) => shown,
        None => app
            .store
            .numbers()
            .await?
            .into_iter()
            .find(|own| own.active)
            .map(|own| own.number)
            .context("no number of ours is active: canvass number add +1…")?,
    };
    let now = app.clock.now();
    let settings = Settings {
        number_pool: vec![shown],
        prompts: args.prompts.into_iter().chain(args.say.map(|text| format!("say:{text}"))).collect(),
        switch: Some(args.switch.clone()),
        trunk: args.trunk,
        ..Settings::default()
    };
    let name = TestCall::name_of(&args.switch, now);
    let call = TestCall { name, number, settings, forced };
    let organization = Arc::new(app.config.organization_rules()?);
    let placed = match control::test_call(&app.store, &app.config.sounds()?, &organization, call, now).await {
        Err(ControlError::Forbidden(forbidden)) if forbidden.may_be_forced() && !args.force => {
            anyhow::bail!("{forbidden}\n--force --reason \"…\" has it called all the same; that is noted");
        }
        placed => placed?,
    };
    let mut told = json!({ "phone_number": number, "made": placed.campaign });
    if let Some(reason) = &args.reason {
        told["forced"] = json!({ "reason": reason, "overridden": placed.overridden });
    }
    app.note("switches.test-call", &args.switch, told).await?;
    for warning in placed.warnings {
        eprintln!("warning: {warning}");
    }
    if !placed.overridden.is_empty() {
        let rules: Vec<_> = placed.overridden.iter().map(|rule| rule.as_str()).collect();
        eprintln!("Forced against {}; this is on record.", rules.join(", "));
    }
    println!("Test call {}: the daemon places it now.", placed.campaign);
    println!("canvass campaign watch {}", placed.campaign);
    Ok(ExitCode::SUCCESS)
}

fn text(written: &str) -> Result<String, String> {
    bounded(written, LONGEST_TEXT)
}

fn reason(written: &str) -> Result<String, String> {
    bounded(written, LONGEST_REASON)
}

fn bounded(written: &str, most: usize) -> Result<String, String> {
    words(written, most).map(ToOwned::to_owned).ok_or_else(|| format!("must have 1 to {most} characters"))
}
