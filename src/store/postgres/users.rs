//! Users and their sessions.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, QueryBuilder};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::access::{PasswordHash, Session, User, UserId};
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Listed, Page};
use crate::store::people::{Credentials, UserChanged, UserEdit, UserQuery, UserSort};
use crate::store::rows::StoredRow;
use crate::store::text;

/// The columns of a user, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, login, name, role, active, must_change_password, created_at, updated_at, last_login_at
             FROM users ",
            $rest
        )
    };
}

/// Changes of users take turns, so that two administrators cannot remove each
/// other at once. Who reads waits for nobody.
const LOCK: &str = "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE";

/// Sessions of one user, at most.
const SESSIONS: i64 = 50;

impl Postgres {
    /// See [`Store::add_user`](crate::store::Store::add_user).
    pub async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let done = sqlx::query(
                "INSERT INTO users (id, login, name, role, active, password, must_change_password, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            )
            .bind(user.id.0)
            .bind(text::clean(&user.login))
            .bind(text::clean(&user.name))
            .bind(user.role.as_str())
            .bind(user.active)
            .bind(password.as_str())
            .bind(user.must_change_password)
            .bind(at(user.created_at))
            .bind(at(user.updated_at))
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::has_users`](crate::store::Store::has_users).
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(session.connection()).await?;
            session.keep();
            Ok(row.is_some())
        })
        .await
    }

    /// See [`Store::user_page`](crate::store::Store::user_page).
    pub async fn user_page(&self, query: &UserQuery, page: Page) -> Result<Listed<User>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut count = QueryBuilder::<sqlx::Postgres>::new("SELECT count(*) FROM users");
            filter(&mut count, query);
            let total: i64 = count.build_query_scalar().fetch_one(session.connection()).await?;
            let mut list = QueryBuilder::<sqlx::Postgres>::new(select!(""));
            filter(&mut list, query);
            let way = if query.descending { " DESC" } else { "" };
            list.push(match query.sort {
                UserSort::Login => " ORDER BY lower(login)",
                UserSort::Name => " ORDER BY name COLLATE \"C\"",
                UserSort::CreatedAt => " ORDER BY created_at",
                UserSort::LastLoginAt => " ORDER BY coalesce(last_login_at, 'epoch')",
            });
            list.push(way).push(", id").push(way);
            list.push(" LIMIT ").push_bind(i64::from(page.limit));
            list.push(" OFFSET ").push_bind(text::stored(page.offset));
            let found: Vec<_> = list.build().fetch_all(session.connection()).await?;
            session.keep();
            let items = found.iter().map(ListedRow::user).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::user`](crate::store::Store::user).
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(ListedRow::user).transpose()
        })
        .await
    }

    /// See [`Store::credentials`](crate::store::Store::credentials).
    pub async fn credentials(&self, login: &str) -> Result<Option<Credentials>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query("SELECT * FROM users WHERE lower(login) = lower($1)")
                .bind(text::clean(login))
                .fetch_optional(session.connection())
                .await?;
            session.keep();
            row.as_ref().map(ListedRow::credentials).transpose()
        })
        .await
    }

    /// See [`Store::edit_user`](crate::store::Store::edit_user).
    pub async fn edit_user(&self, id: UserId, edit: &UserEdit, now: Timestamp) -> Result<UserChanged, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(&mut *transaction).await?;
            let Some(row) = row else { return Ok(UserChanged::NotFound) };
            let before = row.user()?;
            if edit.if_version.is_some_and(|version| version != before.updated_at) {
                return Ok(UserChanged::Stale);
            }
            let taken = sqlx::query("SELECT 1 FROM users WHERE lower(login) = lower($1) AND id <> $2")
                .bind(text::clean(&edit.login))
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
            if taken.is_some() {
                return Ok(UserChanged::LoginTaken);
            }
            if !edit.leaves_admin() && is_last_admin(&mut transaction, id).await? {
                return Ok(UserChanged::LastAdmin);
            }
            sqlx::query(
                "UPDATE users SET login = $2, name = $3, role = $4, active = $5, password = coalesce($6, password),
                     must_change_password = must_change_password OR $6::text IS NOT NULL, updated_at = greatest($7, updated_at + interval '1 microsecond')
                 WHERE id = $1",
            )
            .bind(id.0)
            .bind(text::clean(&edit.login))
            .bind(text::clean(&edit.name))
            .bind(edit.role.as_str())
            .bind(edit.active)
            .bind(edit.password.as_ref().map(PasswordHash::as_str))
            .bind(at(now))
            .execute(&mut *transaction)
            .await?;
            if !edit.active || edit.password.is_some() {
                sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(id.0).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            session.keep();
            Ok(UserChanged::Yes)
        })
        .await
    }

    /// See [`Store::remove_user`](crate::store::Store::remove_user).
    pub async fn remove_user(&self, id: UserId) -> Result<UserChanged, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            if is_last_admin(&mut transaction, id).await? {
                return Ok(UserChanged::LastAdmin);
            }
            let done = sqlx::query("DELETE FROM users WHERE id = $1").bind(id.0).execute(&mut *transaction).await?;
            transaction.commit().await?;
            session.keep();
            Ok(if done.rows_affected() > 0 { UserChanged::Yes } else { UserChanged::NotFound })
        })
        .await
    }

    /// See [`Store::change_password`](crate::store::Store::change_password).
    pub async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        keep: &[u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let done = sqlx::query(
                "UPDATE users SET password = $3, must_change_password = false, updated_at = greatest($4, updated_at + interval '1 microsecond')
                 WHERE id = $1 AND password = $2 AND active",
            )
            .bind(id.0)
            .bind(old.as_str())
            .bind(new.as_str())
            .bind(at(now))
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND sha256 <> $2")
                .bind(id.0)
                .bind(keep.as_slice())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            session.keep();
            Ok(true)
        })
        .await
    }

    /// See [`Store::open_session`](crate::store::Store::open_session).
    pub async fn open_session(
        &self,
        opened: &Session,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let done = sqlx::query("UPDATE users SET last_login_at = $3 WHERE id = $1 AND password = $2 AND active")
                .bind(opened.user.id.0)
                .bind(password.as_str())
                .bind(at(now))
                .execute(&mut *transaction)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(
                "DELETE FROM sessions WHERE expires_at <= $2 OR sha256 IN (
                    SELECT sha256 FROM sessions WHERE user_id = $1 ORDER BY created_at DESC OFFSET $3)",
            )
            .bind(opened.user.id.0)
            .bind(at(now))
            .bind(SESSIONS - 1)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("INSERT INTO sessions (sha256, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
                .bind(opened.sha256.as_slice())
                .bind(opened.user.id.0)
                .bind(at(now))
                .bind(at(opened.expires_at))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            session.keep();
            Ok(true)
        })
        .await
    }

    /// See [`Store::session_of`](crate::store::Store::session_of).
    pub async fn session_of(&self, sha256: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(
                "SELECT u.*, s.expires_at FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.sha256 = $1",
            )
            .bind(sha256.as_slice())
            .fetch_optional(session.connection())
            .await?;
            session.keep();
            let Some(row) = row else { return Ok(None) };
            Ok(Some(Session { sha256: *sha256, user: row.user()?, expires_at: row.instant("expires_at")? }))
        })
        .await
    }

    /// See [`Store::close_session`](crate::store::Store::close_session).
    pub async fn close_session(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query("DELETE FROM sessions WHERE sha256 = $1")
                .bind(sha256.as_slice())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }
}

/// Whether a user is the only administrator who may log in.
async fn is_last_admin(connection: &mut PgConnection, id: UserId) -> Result<bool, StoreError> {
    let admins: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM users WHERE role = 'admin' AND active").fetch_all(connection).await?;
    Ok(admins == [id.0])
}

fn filter(to: &mut QueryBuilder<sqlx::Postgres>, query: &UserQuery) {
    to.push(" WHERE true");
    if let Some(role) = query.role {
        to.push(" AND role = ").push_bind(role.as_str());
    }
    if let Some(active) = query.active {
        to.push(" AND active = ").push_bind(active);
    }
    if let Some(wanted) = &query.text {
        let wanted = text::clean(wanted).to_lowercase();
        to.push(" AND (strpos(lower(login), ").push_bind(wanted.clone());
        to.push(") > 0 OR strpos(lower(name), ").push_bind(wanted).push(") > 0)");
    }
}
