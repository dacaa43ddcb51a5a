//! Users and their sessions.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::access::{PasswordHash, Session, User, UserId};
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Listed, Page};
use crate::store::people::{Credentials, UserChanged, UserEdit, UserQuery, UserSort};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

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

/// Sessions of one user, at most.
const SESSIONS: i64 = 50;

impl Sqlite {
    /// See [`Store::add_user`](crate::store::Store::add_user).
    pub async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO users (id, login, name, role, active, password, must_change_password, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )
        .bind(user.id.0)
        .bind(text::clean(&user.login))
        .bind(text::clean(&user.name))
        .bind(user.role.as_str())
        .bind(user.active)
        .bind(password.as_str())
        .bind(user.must_change_password)
        .bind(micros(user.created_at))
        .bind(micros(user.updated_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::has_users`](crate::store::Store::has_users).
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        Ok(sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(reader.connection()?).await?.is_some())
    }

    /// See [`Store::user_page`](crate::store::Store::user_page).
    pub async fn user_page(&self, query: &UserQuery, page: Page) -> Result<Listed<User>, StoreError> {
        let mut reader = self.reader().await?;
        let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT count(*) FROM users");
        filter(&mut count, query);
        let total: i64 = count.build_query_scalar().fetch_one(reader.connection()?).await?;
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(select!(""));
        filter(&mut list, query);
        let way = if query.descending { " DESC" } else { "" };
        list.push(match query.sort {
            UserSort::Login => " ORDER BY lower(login)",
            UserSort::Name => " ORDER BY name",
            UserSort::CreatedAt => " ORDER BY created_at",
            UserSort::LastLoginAt => " ORDER BY coalesce(last_login_at, 0)",
        });
        list.push(way).push(", id").push(way);
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(ListedRow::user).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::user`](crate::store::Store::user).
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(ListedRow::user).transpose()
    }

    /// See [`Store::credentials`](crate::store::Store::credentials).
    pub async fn credentials(&self, login: &str) -> Result<Option<Credentials>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query("SELECT * FROM users WHERE lower(login) = lower(?1)")
            .bind(text::clean(login))
            .fetch_optional(reader.connection()?)
            .await?;
        row.as_ref().map(ListedRow::credentials).transpose()
    }

    /// See [`Store::edit_user`](crate::store::Store::edit_user).
    pub async fn edit_user(&self, id: UserId, edit: &UserEdit, now: Timestamp) -> Result<UserChanged, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(UserChanged::NotFound) };
        let before = row.user()?;
        if edit.if_version.is_some_and(|version| version != before.updated_at) {
            return Ok(UserChanged::Stale);
        }
        let taken = sqlx::query("SELECT 1 FROM users WHERE lower(login) = lower(?1) AND id <> ?2")
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
            "UPDATE users SET login = ?2, name = ?3, role = ?4, active = ?5, password = coalesce(?6, password),
                 must_change_password = must_change_password OR ?6 IS NOT NULL, updated_at = max(?7, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(text::clean(&edit.login))
        .bind(text::clean(&edit.name))
        .bind(edit.role.as_str())
        .bind(edit.active)
        .bind(edit.password.as_ref().map(PasswordHash::as_str))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        if !edit.active || edit.password.is_some() {
            sqlx::query("DELETE FROM sessions WHERE user_id = ?1").bind(id.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(UserChanged::Yes)
    }

    /// See [`Store::remove_user`](crate::store::Store::remove_user).
    pub async fn remove_user(&self, id: UserId) -> Result<UserChanged, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        if is_last_admin(&mut transaction, id).await? {
            return Ok(UserChanged::LastAdmin);
        }
        let done = sqlx::query("DELETE FROM users WHERE id = ?1").bind(id.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(if done.rows_affected() > 0 { UserChanged::Yes } else { UserChanged::NotFound })
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
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE users SET password = ?3, must_change_password = 0, updated_at = max(?4, updated_at + 1)
             WHERE id = ?1 AND password = ?2 AND active",
        )
        .bind(id.0)
        .bind(old.as_str())
        .bind(new.as_str())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM sessions WHERE user_id = ?1 AND sha256 <> ?2")
            .bind(id.0)
            .bind(keep.as_slice())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// See [`Store::open_session`](crate::store::Store::open_session).
    pub async fn open_session(
        &self,
        opened: &Session,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query("UPDATE users SET last_login_at = ?3 WHERE id = ?1 AND password = ?2 AND active")
            .bind(opened.user.id.0)
            .bind(password.as_str())
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "DELETE FROM sessions WHERE expires_at <= ?2 OR sha256 IN (
                SELECT sha256 FROM sessions WHERE user_id = ?1 ORDER BY created_at DESC LIMIT -1 OFFSET ?3)",
        )
        .bind(opened.user.id.0)
        .bind(micros(now))
        .bind(SESSIONS - 1)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("INSERT INTO sessions (sha256, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)")
            .bind(opened.sha256.as_slice())
            .bind(opened.user.id.0)
            .bind(micros(now))
            .bind(micros(opened.expires_at))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// See [`Store::session_of`](crate::store::Store::session_of).
    pub async fn session_of(&self, sha256: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT u.*, s.expires_at FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.sha256 = ?1",
        )
        .bind(sha256.as_slice())
        .fetch_optional(reader.connection()?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Session { sha256: *sha256, user: row.user()?, expires_at: row.instant("expires_at")? }))
    }

    /// See [`Store::close_session`](crate::store::Store::close_session).
    pub async fn close_session(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query("DELETE FROM sessions WHERE sha256 = ?1")
            .bind(sha256.as_slice())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

/// Whether a user is the only administrator who may log in.
async fn is_last_admin(connection: &mut SqliteConnection, id: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT count(*), coalesce(max(id = ?1), 0) FROM users WHERE role = 'admin' AND active")
        .bind(id.0)
        .fetch_one(connection)
        .await?;
    let (admins, among): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(admins == 1 && among == 1)
}

fn filter(to: &mut sqlx::QueryBuilder<sqlx::Sqlite>, query: &UserQuery) {
    to.push(" WHERE true");
    if let Some(role) = query.role {
        to.push(" AND role = ").push_bind(role.as_str());
    }
    if let Some(active) = query.active {
        to.push(" AND active = ").push_bind(active);
    }
    if let Some(wanted) = &query.text {
        let wanted = text::clean(wanted).to_lowercase();
        to.push(" AND (instr(lower(login), ").push_bind(wanted.clone());
        to.push(") > 0 OR instr(lower(name), ").push_bind(wanted).push(") > 0)");
    }
}
