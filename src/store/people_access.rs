//! Users and their sessions.

use jiff::Timestamp;

use super::listing::{Listed, Page};
use super::people::{Credentials, UserChanged, UserEdit, UserQuery};
use super::{Store, StoreError};
use crate::access::{PasswordHash, Session, User, UserId};

impl Store {
    /// Adds a user; `false`: another one has that login.
    pub async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_user(user, password).await)
    }

    /// Whether there is a user at all.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        on_engine!(self, db => db.has_users().await)
    }

    /// A page of users.
    pub async fn user_page(&self, query: &UserQuery, page: Page) -> Result<Listed<User>, StoreError> {
        on_engine!(self, db => db.user_page(query, page).await)
    }

    /// One user.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        on_engine!(self, db => db.user(id).await)
    }

    /// A user and the hash of their password, by their login, whatever its case.
    pub async fn credentials(&self, login: &str) -> Result<Option<Credentials>, StoreError> {
        on_engine!(self, db => db.credentials(login).await)
    }

    /// Changes a user. That an administrator remains who may log in is decided
    /// in the same transaction. Versions only grow.
    pub async fn edit_user(&self, id: UserId, edit: &UserEdit, now: Timestamp) -> Result<UserChanged, StoreError> {
        on_engine!(self, db => db.edit_user(id, edit, now).await)
    }

    /// Removes a user and their sessions, likewise.
    pub async fn remove_user(&self, id: UserId) -> Result<UserChanged, StoreError> {
        on_engine!(self, db => db.remove_user(id).await)
    }

    /// Replaces the password a user knows by one they chose, and ends their
    /// sessions but `keep`; `false`: `old` is not their password any more.
    pub async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        keep: &[u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.change_password(id, old, new, keep, now).await)
    }

    /// Notes that a user has logged in with this password; `false`: meanwhile
    /// it is not theirs any more, or they may not log in. Sessions that are
    /// over go, and so does the oldest of a user who has fifty.
    pub async fn open_session(
        &self,
        opened: &Session,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.open_session(opened, password, now).await)
    }

    /// Who is logged in with this secret; whether still, is for
    /// [`Session::is_valid`] to say.
    pub async fn session_of(&self, sha256: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        on_engine!(self, db => db.session_of(sha256).await)
    }

    /// Ends a session.
    pub async fn close_session(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        on_engine!(self, db => db.close_session(sha256).await)
    }
}
