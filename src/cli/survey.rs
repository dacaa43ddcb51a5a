//! `canvass survey`: what campaigns ask, and what was answered.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Value, json};

use super::app::{self, App};
use super::survey_results;
use crate::config::{SurveyFile, read_survey};
use crate::control;
use crate::store::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::survey::{Next, Problem, Question, Survey, SurveyId, check_name, taken_keys};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a survey file and keep the survey.
    Add {
        /// The file, TOML or JSON.
        file: PathBuf,
        /// What campaigns call it; without it the name in the file.
        #[arg(long)]
        name: Option<String>,
        /// Change the survey of that name, unless it is being asked.
        #[arg(long)]
        replace: bool,
    },
    /// List the surveys.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a survey asks.
    Show {
        /// Its name or id.
        #[arg(value_name = "NAME")]
        reference: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say everything that is wrong with a survey file. Exit status 1: it
    /// cannot be asked.
    Check {
        /// The file, TOML or JSON.
        file: PathBuf,
        /// Also look for keys that this campaign takes: its id or name.
        #[arg(long)]
        campaign: Option<String>,
    },
    /// Remove a survey, unless a campaign that is not over asks it, or one that
    /// has calls.
    Remove {
        /// Its name or id.
        #[arg(value_name = "NAME")]
        reference: String,
    },
    /// Count what a campaign's calls answered.
    Results {
        /// The campaign's id or name.
        campaign: String,
        /// Count the answers to two questions against each other.
        #[arg(long, num_args = 2, value_names = ["ROWS", "COLUMNS"])]
        cross: Option<Vec<String>>,
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Write a row per call to this file instead; `-`: to standard output.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["cross", "json"])]
        csv: Option<PathBuf>,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    match command {
        Command::Add { file, name, replace } => add(&app, &file, name, replace).await?,
        Command::List { json } => list(&app, json).await?,
        Command::Show { reference, json } => {
            let Some(stored) = app.store.survey(&reference).await? else { bail!("there is no survey \"{reference}\"") };
            println!("{}", if json { serde_json::to_string_pretty(&as_json(&stored))? } else { as_text(&stored) });
        }
        Command::Check { file, campaign } => return check(&app, &file, campaign.as_deref()).await,
        Command::Remove { reference } => remove(&app, &reference).await?,
        Command::Results { campaign, cross, json, csv } => {
            let campaign = control::find(&app.store, &campaign).await?;
            if let Some(path) = csv {
                survey_results::write_csv(&app.store, &campaign, &path).await?;
            } else {
                let cross = cross.as_deref().and_then(|ids| Some((ids.first()?.as_str(), ids.get(1)?.as_str())));
                let results = survey_results::collect(&app.store, &campaign, cross).await?;
                let text =
                    if json { serde_json::to_string_pretty(&results.json())? } else { survey_results::text(&results) };
                println!("{text}");
            }
        }
    }
    app.store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn add(app: &App, file: &Path, name: Option<String>, replace: bool) -> anyhow::Result<()> {
    let SurveyFile { name: written, survey } = read_survey(file)?;
    let Some(name) = name.or(written) else {
        bail!("{}: name: is missing; give one with --name, or in the file", file.display());
    };
    if let Err(message) = check_name(&name) {
        bail!("the name \"{}\" {message}", name.escape_debug());
    }
    let problems = survey.check(&[]);
    if !problems.is_empty() {
        bail!("{}", told(file, &problems));
    }
    // Which keys are taken is for each campaign to say: it is looked at again
    // when one is launched.
    for problem in survey.clashes() {
        eprintln!("warning: {problem}");
    }
    let (now, count) = (app.clock.now(), survey.questions.len());
    let stored = StoredSurvey { id: SurveyId::new(), name: name.clone(), survey, created_at: now, updated_at: now };
    if replace && app.store.survey(&name).await?.is_some() {
        return match app.store.update_survey(&name, &stored.survey, now).await? {
            SurveyUpdated::Yes => {
                app.note("surveys.edit", &name, json!({ "questions": count })).await?;
                println!("\"{name}\" has changed: {count} questions.");
                Ok(())
            }
            SurveyUpdated::InUse(campaigns) => {
                bail!("\"{name}\" is being asked by {}: add it under another name", quoted(&campaigns))
            }
            SurveyUpdated::NotFound => bail!("\"{name}\" was removed just now"),
            // Its name stays, and any version of it is changed.
            SurveyUpdated::Named(_) | SurveyUpdated::NameTaken | SurveyUpdated::Stale => {
                bail!("\"{name}\" was changed just now")
            }
        };
    }
    if !app.store.add_survey(&stored).await? {
        bail!("there is a survey called \"{name}\" already: --replace it, or give this one another --name");
    }
    app.note("surveys.create", &name, json!({ "questions": count })).await?;
    println!("\"{name}\" is kept: {count} questions.");
    Ok(())
}

async fn check(app: &App, file: &Path, campaign: Option<&str>) -> anyhow::Result<ExitCode> {
    let settings = match campaign {
        Some(reference) => Some(control::find(&app.store, reference).await?.settings),
        None => None,
    };
    let taken = settings.as_ref().map(taken_keys).unwrap_or_default();
    let SurveyFile { name, survey } = read_survey(file)?;
    let mut problems = survey.check(&taken);
    if let Some(message) = name.and_then(|name| check_name(&name).err()) {
        problems.push(Problem { question: None, id: String::new(), choice: None, field: "name".into(), message });
    }
    if problems.is_empty() {
        println!("{} can be asked: {} questions.", file.display(), survey.questions.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", told(file, &problems));
    Ok(ExitCode::FAILURE)
}

async fn remove(app: &App, reference: &str) -> anyhow::Result<()> {
    match app.store.remove_survey(reference).await? {
        SurveyRemoved::Yes(survey) => {
            app.note("surveys.delete", &survey.name, json!({})).await?;
            println!("\"{}\" is no longer kept.", survey.name);
        }
        SurveyRemoved::NotFound => bail!("there is no survey \"{reference}\""),
        SurveyRemoved::InUse(campaigns) => {
            bail!("\"{reference}\" is asked by {}: change or end them first", quoted(&campaigns))
        }
        SurveyRemoved::HasResults(campaigns) => {
            bail!("\"{reference}\" stays: the results of {} need it", quoted(&campaigns))
        }
    }
    Ok(())
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let surveys = app.store.surveys().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&surveys.iter().map(as_json).collect::<Vec<_>>())?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["name", "questions", "added", "changed", "id"]);
    for stored in surveys {
        table.add_row([
            stored.name,
            stored.survey.questions.len().to_string(),
            stored.created_at.strftime("%F %H:%M").to_string(),
            stored.updated_at.strftime("%F %H:%M").to_string(),
            stored.id.to_string(),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn as_json(stored: &StoredSurvey) -> Value {
    json!({
        "id": stored.id.to_string(),
        "name": stored.name,
        "created_at": stored.created_at.to_string(),
        "updated_at": stored.updated_at.to_string(),
        "definition": stored.survey,
    })
}

fn as_text(stored: &StoredSurvey) -> String {
    let StoredSurvey { id, name, survey, created_at, updated_at } = stored;
    let mut lines = vec![
        format!("Name              {name}"),
        format!("Id                {id}"),
        format!("Added             {created_at}"),
        format!("Changed           {updated_at}"),
        format!("Closing           {}", or_none(&survey.closing)),
    ];
    for (at, question) in survey.questions.iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("{}. {}  {}", at + 1, question.id, question.text).trim_end().to_owned());
        lines.push(format!("   asked by       {}", or_none(&question.prompts)));
        lines.extend(answers(survey, at, question));
    }
    lines.join("\n")
}

fn answers(survey: &Survey, at: usize, question: &Question) -> Vec<String> {
    let to = |next: &Next| match survey.follow(at, next).and_then(|to| survey.questions.get(to)) {
        Some(next) => next.id.clone(),
        None => "the end".to_owned(),
    };
    let mut lines: Vec<_> = question
        .choices
        .iter()
        .map(|choice| format!("   {}              {} → {}", choice.digit, choice.label, to(&choice.next)))
        .collect();
    if let Some(spoken) = &question.spoken {
        lines.push(format!(
            "   spoken         up to {} s, ended by {} s of silence → {}",
            spoken.max_seconds,
            spoken.silence_seconds,
            to(&Next::Following)
        ));
    } else {
        lines.push(format!(
            "   wrong or none  after {} s, asked again {} times, wrong: {}",
            question.timeout_seconds,
            question.retries,
            or_none(&question.invalid)
        ));
    }
    lines.push(format!("   no answer      → {}", to(&question.no_answer)));
    lines
}

fn or_none(entries: &[String]) -> String {
    if entries.is_empty() { "–".to_owned() } else { entries.join(", ") }
}

fn told(file: &Path, problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(|problem| format!("{}: {problem}", file.display())).collect();
    lines.join("\n")
}

fn quoted(campaigns: &[String]) -> String {
    campaigns.iter().map(|name| format!("campaign \"{name}\"")).collect::<Vec<_>>().join(", ")
}
