//! Users, their sessions, and the settings they change.

use canvass::access::{Password, PasswordHash, Role, SESSION, Session, SessionSecret, User, UserId};
use canvass::settings::Overrides;
use canvass::store::listing::Page;
use canvass::store::people::{UserChanged, UserEdit, UserQuery, UserSort};

use crate::bench::{Bench, later, now, on_both_engines};

on_both_engines!(
    logins_are_unique_whatever_the_case,
    pages_of_users,
    an_administrator_remains,
    two_administrators_do_not_remove_each_other,
    sessions_begin_and_end,
    a_password_is_changed_by_who_knows_it,
    settings_are_changed_from_their_version,
);

fn user(login: &str, role: Role) -> User {
    User {
        id: UserId::new(),
        login: login.into(),
        name: format!("Name of {login}"),
        role,
        active: true,
        must_change_password: true,
        created_at: now(),
        updated_at: now(),
        last_login_at: None,
    }
}

/// Stands for a hash: the store only keeps it.
fn hash(text: &str) -> PasswordHash {
    PasswordHash::kept(text.into())
}

async fn added(bench: &Bench, login: &str, role: Role) -> User {
    let user = user(login, role);
    assert!(bench.store.add_user(&user, &hash("old")).await.unwrap());
    user
}

async fn current(bench: &Bench, user: &User) -> User {
    bench.store.user(user.id).await.unwrap().unwrap()
}

async fn logins_are_unique_whatever_the_case(bench: &Bench) {
    assert!(!bench.store.has_users().await.unwrap());
    let anna = added(bench, "Anna@Example.com", Role::Admin).await;
    assert!(bench.store.has_users().await.unwrap());
    assert!(!bench.store.add_user(&user("anna@example.COM", Role::Viewer), &hash("x")).await.unwrap());
    let found = bench.store.credentials("ANNA@example.com").await.unwrap().unwrap();
    assert_eq!((&found.user, found.password.as_str()), (&anna, "old"));
    assert_eq!(bench.store.credentials("nobody").await.unwrap(), None);
    let bert = added(bench, "bert", Role::Viewer).await;
    let edit = UserEdit { login: "anna@EXAMPLE.com".into(), ..UserEdit::of(&bert) };
    assert_eq!(bench.store.edit_user(bert.id, &edit, now()).await.unwrap(), UserChanged::LoginTaken);
    let edit = UserEdit { login: "BERT".into(), ..UserEdit::of(&bert) };
    assert_eq!(bench.store.edit_user(bert.id, &edit, now()).await.unwrap(), UserChanged::Yes);
    let after = current(bench, &bert).await;
    assert!(after.login == "BERT" && after.updated_at > bert.updated_at, "versions grow even if time does not");
    assert_eq!(bench.store.edit_user(bert.id, &edit, now()).await.unwrap(), UserChanged::Stale);
    assert_eq!(bench.store.edit_user(UserId::new(), &edit, now()).await.unwrap(), UserChanged::NotFound);
}

async fn pages_of_users(bench: &Bench) {
    for (login, role) in [("carl", Role::Viewer), ("Bert", Role::Admin), ("anna", Role::Viewer)] {
        added(bench, login, role).await;
    }
    let logins = async |query: UserQuery| {
        let listed = bench.store.user_page(&query, Page { offset: 0, limit: 2 }).await.unwrap();
        (listed.total, listed.items.into_iter().map(|user| user.login).collect::<Vec<_>>())
    };
    assert_eq!(logins(UserQuery::default()).await, (3, vec!["anna".into(), "Bert".into()]));
    let query = UserQuery { sort: UserSort::Name, descending: true, ..UserQuery::default() };
    assert_eq!(logins(query).await, (3, vec!["carl".into(), "anna".into()]));
    let query = UserQuery { role: Some(Role::Viewer), text: Some("OF CA".into()), ..UserQuery::default() };
    assert_eq!(logins(query).await, (1, vec!["carl".into()]));
    let query = UserQuery { active: Some(false), sort: UserSort::LastLoginAt, ..UserQuery::default() };
    assert_eq!(logins(query).await, (0, vec![]));
}

async fn an_administrator_remains(bench: &Bench) {
    let anna = added(bench, "anna", Role::Admin).await;
    let bert = added(bench, "bert", Role::Admin).await;
    let disabled = UserEdit { active: false, ..UserEdit::of(&bert) };
    assert_eq!(bench.store.edit_user(bert.id, &disabled, later(1)).await.unwrap(), UserChanged::Yes);
    let demoted = UserEdit { role: Role::Operator, ..UserEdit::of(&anna) };
    assert_eq!(bench.store.edit_user(anna.id, &demoted, later(1)).await.unwrap(), UserChanged::LastAdmin);
    assert_eq!(bench.store.remove_user(anna.id).await.unwrap(), UserChanged::LastAdmin);
    assert_eq!(current(bench, &anna).await, anna, "nothing was changed");
    let renamed = UserEdit { name: "Anna".into(), ..UserEdit::of(&anna) };
    assert_eq!(bench.store.edit_user(anna.id, &renamed, later(1)).await.unwrap(), UserChanged::Yes);
    assert_eq!(bench.store.remove_user(bert.id).await.unwrap(), UserChanged::Yes, "he could not log in anyway");
    assert_eq!(bench.store.remove_user(bert.id).await.unwrap(), UserChanged::NotFound);
}

async fn two_administrators_do_not_remove_each_other(bench: &Bench) {
    for round in 0..5 {
        let (one, other) = (added(bench, "one", Role::Admin).await, added(bench, "other", Role::Admin).await);
        let demoted = UserEdit { role: Role::Viewer, ..UserEdit::of(&one) };
        let (demote, remove) =
            tokio::join!(bench.store.edit_user(one.id, &demoted, later(1)), bench.store.remove_user(other.id));
        let (demote, remove) = (demote.unwrap(), remove.unwrap());
        let yes = [demote, remove].iter().filter(|changed| **changed == UserChanged::Yes).count();
        assert_eq!(yes, 1, "round {round}: {demote:?} {remove:?}");
        bench.execute("DELETE FROM users").await;
    }
}

async fn sessions_begin_and_end(bench: &Bench) {
    let anna = added(bench, "anna", Role::Operator).await;
    let open = async |password: &str, at| {
        let sha256 = SessionSecret::generate().unwrap().sha256();
        let session = Session { sha256, user: anna.clone(), expires_at: at + SESSION };
        bench.store.open_session(&session, &hash(password), at).await.unwrap().then_some(sha256)
    };
    assert_eq!(open("wrong", now()).await, None);
    let first = open("old", now()).await.unwrap();
    let found = bench.store.session_of(&first).await.unwrap().unwrap();
    assert_eq!((found.user.last_login_at, found.expires_at), (Some(now()), now() + SESSION));
    assert!(found.is_valid(now()) && !found.is_valid(now() + SESSION));
    let second = open("old", later(1)).await.unwrap();
    bench.store.close_session(&second).await.unwrap();
    assert_eq!(bench.store.session_of(&second).await.unwrap(), None);
    for n in 0..50 {
        open("old", later(2 + n)).await.unwrap();
    }
    assert_eq!(bench.store.session_of(&first).await.unwrap(), None, "the oldest of fifty goes");
    open("old", later(2) + SESSION).await.unwrap();
    let left = bench.pairs("SELECT 'sessions', count(*) FROM sessions".into()).await;
    assert_eq!(left, [("sessions".into(), 50)], "those that are over too");

    let last = open("old", later(9)).await.unwrap();
    let before = current(bench, &anna).await;
    let disabled = UserEdit { active: false, ..UserEdit::of(&before) };
    assert_eq!(bench.store.edit_user(anna.id, &disabled, later(10)).await.unwrap(), UserChanged::Yes);
    assert_eq!(bench.store.session_of(&last).await.unwrap(), None);
    assert_eq!(open("old", later(11)).await, None, "who is disabled does not get in");
}

async fn a_password_is_changed_by_who_knows_it(bench: &Bench) {
    let anna = added(bench, "anna", Role::Admin).await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let sha256 = SessionSecret::generate().unwrap().sha256();
        let session = Session { sha256, user: anna.clone(), expires_at: later(3_600) };
        assert!(bench.store.open_session(&session, &hash("old"), now()).await.unwrap());
        sessions.push(sha256);
    }
    let new = Password::one_time().unwrap().hash().unwrap();
    let change =
        async |old: &str| bench.store.change_password(anna.id, &hash(old), &new, &sessions[0], later(1)).await.unwrap();
    assert!(!change("wrong").await);
    assert!(change("old").await);
    assert!(!change("old").await, "it is not the password any more");
    assert!(!current(bench, &anna).await.must_change_password);
    assert!(bench.store.session_of(&sessions[0]).await.unwrap().is_some(), "the one it was changed in");
    assert_eq!(bench.store.session_of(&sessions[1]).await.unwrap(), None);
    let before = current(bench, &anna).await;
    let reset = UserEdit { password: Some(hash("reset")), ..UserEdit::of(&before) };
    assert_eq!(bench.store.edit_user(anna.id, &reset, later(2)).await.unwrap(), UserChanged::Yes);
    assert!(current(bench, &anna).await.must_change_password);
    assert_eq!(bench.store.session_of(&sessions[0]).await.unwrap(), None);
}

async fn settings_are_changed_from_their_version(bench: &Bench) {
    let (overrides, version) = bench.store.overrides().await.unwrap();
    assert_eq!(overrides, Overrides::default());
    let wanted = Overrides { outbound_rate_limit: Some(7), region: "DE".parse().ok(), ..Overrides::default() };
    let first = bench.store.set_overrides(&wanted, "user:anna", version, now()).await.unwrap().unwrap();
    assert_eq!(bench.store.overrides().await.unwrap(), (wanted.clone(), first));
    assert_eq!(bench.store.set_overrides(&wanted, "user:bert", version, later(1)).await.unwrap(), None);
    let second = bench.store.set_overrides(&Overrides::default(), "user:bert", first, now()).await.unwrap().unwrap();
    assert!(second > first, "versions grow even if time does not");
    assert_eq!(bench.store.overrides().await.unwrap(), (Overrides::default(), second));
}
