//! `canvass run CAMPAIGN.toml CONTACTS.csv`: one campaign in the foreground.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::foreground::{Ended, dial};
use super::{app, campaign, import, serve};
use crate::campaign::{Action, CampaignId, CampaignStatus};
use crate::config::{CampaignFile, read_campaign};
use crate::control::{self, ControlError, Launch};
use crate::store::Changed;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The campaign file.
    #[arg(value_name = "CAMPAIGN.toml")]
    campaign: PathBuf,
    /// The list of contacts.
    #[arg(value_name = "CONTACTS.csv")]
    contacts: PathBuf,
    /// Where to write the report, a row per call.
    #[arg(long, value_name = "CSV", default_value = "report.csv")]
    report: PathBuf,
    /// Write the rows that were not accepted there, with the reason.
    #[arg(long, value_name = "CSV")]
    rejected: Option<PathBuf>,
    /// Call the whole list although a campaign of this name was run before.
    #[arg(long)]
    again: bool,
}

pub(super) async fn run(file: Option<PathBuf>, args: Args) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    anyhow::ensure!(
        !app.config.switches.is_empty(),
        "no switch is configured: nothing could be dialed (see `canvass doctor`)"
    );
    let plan = read_campaign(&args.campaign)?;
    let id = prepare(&app, &plan, &args).await?;
    let _media = serve::media_server(&app).await?;
    let options = serve::options(&app.config, app.store.clone()).await?;
    let ended = Box::pin(dial(options, id, launch(&app, id))).await?;
    let (summary, interrupted) = match ended {
        Ended::Campaign(summary) => (summary, false),
        Ended::Interrupted(summary) => (summary, true),
        Ended::Abandoned => return Ok(ExitCode::FAILURE),
    };
    println!("{}", summary.table());
    let rows = campaign::write_report(&app, id, &args.report).await?;
    println!("Report            {} ({rows} calls)", args.report.display());
    if interrupted {
        println!("Interrupted: the same command goes on where it stopped.");
    }
    app.store.close().await;
    Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn launch(app: &app::App, id: CampaignId) -> anyhow::Result<()> {
    let now = app.clock.now();
    let organization = Some(Arc::new(app.config.organization_rules()?));
    let asked = Launch { organization, ..Launch::default() };
    match control::launch(&app.store, &app.config.sounds()?, id, &asked, now).await {
        Ok(report) => {
            app.note("campaigns.launch", id, json!({})).await?;
            report.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
        }
        // It was running when an earlier process died: go on.
        Err(ControlError::Conflict { status: CampaignStatus::Running, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Finds the campaign of an earlier, interrupted run, or makes a new one, and
/// imports the list. Nobody is called twice because a command was repeated.
async fn prepare(app: &app::App, plan: &CampaignFile, args: &Args) -> anyhow::Result<CampaignId> {
    let earlier: Vec<_> = app.store.campaigns().await?.into_iter().filter(|c| c.name == plan.name).collect();
    if let Some(open) = earlier.iter().find(|campaign| !campaign.status.is_final()) {
        eprintln!("Going on with campaign {} \"{}\" ({}).", open.id, open.name, open.status);
        if open.status == CampaignStatus::Running {
            eprintln!("It was running: settings and list stay as they were.");
            return Ok(open.id);
        }
        app.store.add_numbers(&plan.settings.number_pool, app.clock.now()).await?;
        match app.store.set_settings(open.id, &plan.settings, app.clock.now()).await? {
            Changed::Yes => app.note("campaigns.edit", open.id, json!({})).await?,
            Changed::Conflict(status) => return Err(ControlError::Conflict { action: Action::Edit, status }.into()),
            Changed::NotFound => return Err(ControlError::NotFound(open.id.to_string()).into()),
        }
        import::into(app, open.id, &args.contacts, args.rejected.as_deref()).await?;
        return Ok(open.id);
    }
    if let Some(done) = earlier.first().filter(|_| !args.again) {
        anyhow::bail!(
            "a campaign called \"{}\" was run before and is {}: give the new one another name, or say --again to call the whole list once more",
            plan.name,
            done.status
        );
    }
    let id = control::create(&app.store, &plan.name, &plan.settings, app.clock.now()).await?;
    app.note("campaigns.create", id, json!({ "name": plan.name })).await?;
    import::into(app, id, &args.contacts, args.rejected.as_deref()).await?;
    Ok(id)
}
