//! `canvass user`: the people who may use the API.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::json;

use super::app::{self, App};
use crate::access::{Password, Role, User, UserId, checked_login};
use crate::store::listing::Page;
use crate::store::people::{UserChanged, UserEdit, UserQuery};

/// Users read at a time.
const STEP: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the users there are.
    List,
    /// Add a user and print a password to log in with once, which must be
    /// changed then.
    Create {
        /// What they log in with: a name or an e-mail address.
        #[arg(value_parser = checked_login)]
        login: String,
        /// What they may do: viewer, operator or admin.
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// What they are called; the login if not said.
        #[arg(long)]
        name: Option<String>,
    },
    /// Give a user another password to log in with once, and print it. Their
    /// sessions end.
    Reset {
        /// Their login.
        login: String,
    },
    /// Let a user log in no more. Their sessions end.
    Disable {
        /// Their login.
        login: String,
    },
    /// Let a user log in again.
    Enable {
        /// Their login.
        login: String,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    match command {
        Command::List => println!("{}", list(&app).await?),
        Command::Create { login, role, name } => create(&app, login, role, name).await?,
        Command::Reset { login } => {
            let user = find(&app, &login).await?;
            let password = Password::one_time()?;
            change(&app, &user, UserEdit { password: Some(password.hash()?), ..UserEdit::of(&user) }).await?;
            app.note("users.reset-password", user.id, json!({ "login": user.login })).await?;
            eprintln!("{} logs in once with this password, and must change it then:", user.login);
            println!("{}", password.expose());
        }
        Command::Disable { login } => {
            let user = find(&app, &login).await?;
            change(&app, &user, UserEdit { active: false, ..UserEdit::of(&user) }).await?;
            app.note("users.edit", user.id, json!({ "login": user.login, "active": false })).await?;
            println!("{} may log in no more.", user.login);
        }
        Command::Enable { login } => {
            let user = find(&app, &login).await?;
            change(&app, &user, UserEdit { active: true, ..UserEdit::of(&user) }).await?;
            app.note("users.edit", user.id, json!({ "login": user.login, "active": true })).await?;
            println!("{} may log in.", user.login);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(app: &App, login: String, role: Role, name: Option<String>) -> anyhow::Result<()> {
    let password = Password::one_time()?;
    let now = app.clock.now();
    let user = User {
        id: UserId::new(),
        name: name.unwrap_or_else(|| login.clone()),
        login,
        role,
        active: true,
        must_change_password: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    };
    let added = app.store.add_user(&user, &password.hash()?).await?;
    anyhow::ensure!(added, "there is a user {} already: `canvass user reset` gives them another password", user.login);
    app.note("users.create", user.id, json!({ "login": user.login, "role": role })).await?;
    // The password alone on standard output.
    eprintln!("{} is added as {role}, logs in once with this password, and must change it then:", user.login);
    println!("{}", password.expose());
    Ok(())
}

async fn find(app: &App, login: &str) -> anyhow::Result<User> {
    let found = app.store.credentials(login).await?;
    found.map(|found| found.user).with_context(|| format!("there is no user {login}"))
}

async fn change(app: &App, user: &User, edit: UserEdit) -> anyhow::Result<()> {
    match app.store.edit_user(user.id, &edit, app.clock.now()).await? {
        UserChanged::Yes => Ok(()),
        UserChanged::LastAdmin => anyhow::bail!("{} is the only administrator who may log in", user.login),
        UserChanged::Stale | UserChanged::LoginTaken => anyhow::bail!("somebody else changed {} just now", user.login),
        UserChanged::NotFound => anyhow::bail!("{} was removed just now", user.login),
    }
}

async fn list(app: &App) -> anyhow::Result<Table> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["login", "name", "role", "state", "last login"]);
    let mut offset = 0;
    loop {
        let page = app.store.user_page(&UserQuery::default(), Page { offset, limit: STEP }).await?;
        if page.items.is_empty() {
            return Ok(table);
        }
        offset += u64::from(STEP);
        for user in page.items {
            let state = match (user.active, user.must_change_password) {
                (false, _) => "disabled",
                (true, true) => "must change the password",
                (true, false) => "active",
            };
            let last = user.last_login_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            table.add_row([user.login, user.name, user.role.to_string(), state.to_owned(), last]);
        }
    }
}
