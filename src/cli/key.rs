//! `canvass key`: who may use the API.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::app;
use crate::access::{ApiKey, KEY_PREFIX, KeySecret, Role, Scope};
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print it: it is shown once and kept nowhere.
    Create {
        /// Whose it is or what for.
        name: String,
        /// What its holder is: viewer, operator or admin.
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// The only areas it may touch, as campaigns:read; may be given several
        /// times. None: all its role may.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<Scope>,
        /// Days until it is refused; none: never.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires: Option<u32>,
    },
    /// List the keys there are.
    List,
    /// Let a key open nothing from now on.
    Revoke {
        /// Its id, its name if only one has it, or how it begins.
        key: String,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    let now = app.clock.now();
    match command {
        Command::Create { name, role, scopes, expires } => {
            if let Some(scope) = scopes.iter().find(|scope| !role.may(**scope)) {
                anyhow::bail!("no {role} may {scope}: give the key another role or leave the scope out");
            }
            let secret = KeySecret::generate()?;
            let key = ApiKey {
                scopes,
                created_by: Some("command line".into()),
                expires_at: expires
                    .and_then(|days| now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()),
                ..ApiKey::new(&secret, name, role, now)
            };
            app.store.add_api_key(&key).await?;
            let what =
                json!({ "name": key.name, "role": key.role, "scopes": key.scopes, "expires_at": key.expires_at });
            app.note("api-keys.create", key.id, what).await?;
            // The key alone on standard output: KEY=$(canvass key create …).
            eprintln!("Key {} \"{}\" of a {role}. It is shown this once:", key.id, key.name);
            println!("{}", secret.expose());
        }
        Command::List => println!("{}", list(&app.store.api_keys().await?, now)),
        Command::Revoke { key } => {
            let found = find(&app.store, &key).await?;
            app.store.revoke_api_key(found.id, now).await?;
            app.note("api-keys.delete", found.id, json!({ "name": found.name })).await?;
            println!("Key {} \"{}\" opens nothing any more.", found.id, found.name);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(store: &Store, wanted: &str) -> anyhow::Result<ApiKey> {
    let fits = |key: &ApiKey| {
        wanted.parse() == Ok(key.id) || wanted == key.name || wanted == format!("{KEY_PREFIX}{}", key.shown)
    };
    let mut found: Vec<_> =
        store.api_keys().await?.into_iter().filter(|key| key.revoked_at.is_none() && fits(key)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => anyhow::bail!("several keys are called \"{wanted}\": name one by its id"),
        (None, _) => anyhow::bail!("there is no key \"{wanted}\" that is not revoked"),
    }
}

fn list(keys: &[ApiKey], now: Timestamp) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "id",
        "name",
        "begins with",
        "role",
        "scopes",
        "state",
        "last used",
    ]);
    for key in keys {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let state = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) if at <= now => format!("expired {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "valid".to_owned(),
        };
        table.add_row([
            key.id.to_string(),
            key.name.clone(),
            format!("{KEY_PREFIX}{}", key.shown),
            key.role.to_string(),
            scopes.join(" "),
            state,
            key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]);
    }
    table
}
