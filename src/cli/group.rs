//! `canvass group`: groups of saved contacts, which campaigns share.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::json;

use super::app::{self, App};
use crate::contact::{ContactGroupId, GroupImport, ListReader, RejectedWriter, import_group};
use crate::store::Store;
use crate::store::book::{ContactGroup, GroupRemoved};
use crate::store::listing::Page;

/// Groups read from the database at a time.
const PAGE: u32 = 500;
/// Rejected rows shown on the terminal.
const SHOWN: usize = 10;
/// Longest name, in characters.
const NAME: usize = 200;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the groups and how many contacts are in each.
    List,
    /// Make an empty group and print its id.
    Create {
        /// What it is called; no two names differ in case alone.
        name: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
    /// Add a list of contacts to a group.
    Import {
        /// The group's id or name.
        group: String,
        /// The list.
        #[arg(value_name = "CONTACTS.csv")]
        list: PathBuf,
        /// Write the rows that were not accepted there, with the reason.
        #[arg(long, value_name = "CSV")]
        rejected: Option<PathBuf>,
    },
    /// Remove a group; its contacts stay.
    Remove {
        /// The group's id or name.
        group: String,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    match command {
        Command::List => println!("{}", list(&app.store).await?),
        Command::Create { name, description } => {
            let name = name.trim().to_owned();
            if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
                anyhow::bail!("a name has 1 to {NAME} characters, none of them a control character");
            }
            let (id, now) = (ContactGroupId::new(), app.clock.now());
            let group = ContactGroup { id, name, description, members: 0, created_at: now, updated_at: now };
            if !app.store.add_group(&group).await? {
                anyhow::bail!("a group is called \"{}\" already", group.name);
            }
            app.note("contact-groups.create", id, json!({ "name": group.name })).await?;
            println!("{id}");
        }
        Command::Import { group, list, rejected } => {
            let group = find(&app.store, &group).await?;
            let imported = import(&app, &group, &list, rejected.as_deref()).await;
            let imported = imported.with_context(|| list.display().to_string())?;
            let told = json!({ "file": list.display().to_string(), "accepted": imported.summary.accepted });
            app.note("contact-groups.import", group.id, told).await?;
            tell(&list.display().to_string(), &imported);
        }
        Command::Remove { group } => {
            let group = find(&app.store, &group).await?;
            match app.store.remove_group(group.id).await? {
                GroupRemoved::Yes => {
                    app.note("contact-groups.delete", group.id, json!({ "name": group.name })).await?;
                    println!("The group \"{}\" is gone; its contacts stay.", group.name);
                }
                GroupRemoved::InUse(campaigns) => {
                    anyhow::bail!("campaigns that are not over name it: {}", campaigns.join(", "))
                }
                GroupRemoved::NotFound => anyhow::bail!("the group is gone already"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(store: &Store, wanted: &str) -> anyhow::Result<ContactGroup> {
    let found = match wanted.parse() {
        Ok(id) => store.group(id).await?,
        Err(_) => store.group_named(wanted).await?,
    };
    found.with_context(|| format!("there is no contact group \"{wanted}\""))
}

async fn list(store: &Store) -> anyhow::Result<Table> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["id", "name", "contacts", "description"]);
    let mut offset = 0;
    loop {
        let page = store.group_page(None, false, Page { offset, limit: PAGE }).await?;
        if page.items.is_empty() {
            return Ok(table);
        }
        offset += page.items.len() as u64;
        for group in page.items {
            let description = group.description.unwrap_or_default();
            table.add_row([group.id.to_string(), group.name, group.members.to_string(), description]);
        }
    }
}

async fn import(
    app: &App,
    group: &ContactGroup,
    path: &std::path::Path,
    rejected: Option<&std::path::Path>,
) -> anyhow::Result<GroupImport> {
    let reader = ListReader::new(File::open(path).context("cannot read")?, app.config.number_rules())?;
    let rejects = match rejected {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Some(RejectedWriter::new(file, &reader)?)
        }
        None => None,
    };
    Ok(import_group(reader, &app.store, group.id, rejects, &app.clock).await?)
}

fn tell(path: &str, imported: &GroupImport) {
    let GroupImport { summary, created } = imported;
    eprintln!(
        "{path}: {} contacts joined, {created} of them new; {} were in the group already, {} rows rejected.",
        summary.accepted, summary.duplicates, summary.rejected
    );
    if summary.do_not_call > 0 {
        eprintln!("{} of the numbers are on the do-not-call list and will not be called.", summary.do_not_call);
    }
    for warning in &summary.warnings {
        eprintln!("warning: {warning}");
    }
    for row in summary.first_rejected.iter().take(SHOWN) {
        eprintln!("  line {}: {}", row.line, row.reason);
    }
    let more = summary.rejected.saturating_sub(SHOWN as u64);
    if more > 0 {
        eprintln!("  and {more} more; --rejected FILE writes them all");
    }
}
