//! What is asked of the store about users and their sessions, and given.

use jiff::Timestamp;

use crate::access::{PasswordHash, Role, User};

/// A user and the hash of their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub user: User,
    /// The hash.
    pub password: PasswordHash,
}

/// Which users, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those who may log in, or may not.
    pub active: Option<bool>,
    /// Only those with this in their login or name, whatever the case.
    pub text: Option<String>,
    /// By what they are sorted.
    pub sort: UserSort,
    /// The other way round.
    pub descending: bool,
}

/// What users are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    /// Their logins.
    #[default]
    Login,
    /// Their names.
    Name,
    /// When they were added.
    CreatedAt,
    /// When they last logged in; those who never did come first.
    LastLoginAt,
}

/// What a user becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEdit {
    /// What they log in with.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may log in; if not, their sessions end.
    pub active: bool,
    /// A password that somebody chose for them, which they must change; their
    /// sessions end. None: the one they have.
    pub password: Option<PasswordHash>,
    /// Only if this is still their version.
    pub if_version: Option<Timestamp>,
}

impl UserEdit {
    /// One that changes nothing, of the version that was read.
    pub fn of(user: &User) -> Self {
        Self {
            login: user.login.clone(),
            name: user.name.clone(),
            role: user.role,
            active: user.active,
            password: None,
            if_version: Some(user.updated_at),
        }
    }

    /// Whether the user is an administrator who may log in, after it.
    pub(super) fn leaves_admin(&self) -> bool {
        self.active && self.role == Role::Admin
    }
}

/// What came of a change or removal of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChanged {
    /// It was made.
    Yes,
    /// Somebody else changed them first.
    Stale,
    /// Another user has that login.
    LoginTaken,
    /// No administrator would be left who may log in.
    LastAdmin,
    /// There is no such user.
    NotFound,
}
