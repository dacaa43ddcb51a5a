//! A Postgres for a test: a fresh database in the server named by
//! `CANVASS_TEST_POSTGRES`, or a private cluster in a temporary folder, from
//! the programs in `CANVASS_PG_BIN`, the search path, or where Debian puts them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::need::{self, Need};

/// Whom a cluster runs as when the tests run as root, which Postgres refuses.
const UNPRIVILEGED: &str = "nobody";

/// A database of its own for one test.
pub struct Database {
    url: String,
    server: Option<Server>,
}

impl Database {
    /// A fresh, empty database; none where there is no Postgres, which is
    /// said, and is a failure under `CI=true`.
    pub async fn create(test: &str) -> Option<Self> {
        let database = if let Ok(url) = std::env::var("CANVASS_TEST_POSTGRES") {
            Some(Self { url: create_database(&url).await, server: None })
        } else {
            Server::start().map(|server| Self { url: server.url(), server: Some(server) })
        };
        note(test, database.is_some());
        database
    }

    /// As [`Database::create`], but with a server of its own that may be
    /// stopped.
    pub fn with_server(test: &str) -> Option<Self> {
        let server = Server::start();
        note(test, server.is_some());
        server.map(|server| Self { url: server.url(), server: Some(server) })
    }

    /// `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server, where it is this test's own.
    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("a server of this test's own: use Database::with_server")
    }
}

fn note(test: &str, there: bool) {
    if there { need::ran(Need::Postgres, test) } else { need::skip(Need::Postgres, test) }
}

/// Makes a database beside the one of the URL.
async fn create_database(url: &str) -> String {
    let options: PgConnectOptions = url.parse().expect("CANVASS_TEST_POSTGRES is a postgres:// URL");
    let mut connection = options.connect().await.expect("the server of CANVASS_TEST_POSTGRES answers");
    let name = format!("canvass_test_{}", uuid::Uuid::new_v4().simple());
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a new database");
    connection.close().await.expect("good-bye");
    let (start, query) = url.split_once('?').map_or((url, None), |(start, query)| (start, Some(query)));
    let scheme_end = start.find("://").expect("a URL") + 3;
    let server = start[scheme_end..].find('/').map_or(start, |slash| &start[..scheme_end + slash]);
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// A private cluster. Ends with this value.
pub struct Server {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    process: Option<Child>,
    // Removed last.
    _folder: tempfile::TempDir,
}

impl Server {
    /// Makes a cluster and starts it; none where there is no Postgres.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("canvass-postgres-").tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        if is_root() {
            run(Command::new("chown").arg(UNPRIVILEGED).arg(folder.path()));
        }
        run(unprivileged(&programs.join("initdb"))
            .args([
                "--no-sync",
                "--wal-segsize=1",
                "--auth=trust",
                "--username=canvass",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data));
        let mut server = Self { programs, data, port: free_port(), process: None, _folder: folder };
        // Somebody else may take the port between the look and the start.
        for _ in 0..3 {
            if server.try_resume() {
                return Some(server);
            }
            server.port = free_port();
        }
        panic!("postgres does not get ready:\n{}", server.log());
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("postgres://canvass@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // SIGQUIT is Postgres' immediate shutdown.
        let _ = Command::new("kill").arg("-QUIT").arg(process.id().to_string()).status();
        let until = Instant::now() + Duration::from_secs(20);
        while process.try_wait().expect("the state of the process").is_none() {
            if Instant::now() > until {
                let _ = process.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Freezes (`true`) or thaws it: it keeps its connections and answers nothing.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let process = self.process.as_ref().expect("it runs").id();
        // First itself, so that it forks no more; then those it has forked.
        run(Command::new("kill").arg(signal).arg(process.to_string()));
        let children =
            Command::new("ps").args(["-o", "pid=", "--ppid", &process.to_string()]).output().expect("ps runs");
        for child in String::from_utf8_lossy(&children.stdout).split_whitespace() {
            let _ = Command::new("kill").args([signal, child]).status();
        }
    }

    /// Starts it again, on the same port with the same data.
    pub fn resume(&mut self) {
        assert!(self.try_resume(), "postgres does not get ready:\n{}", self.log());
    }

    fn try_resume(&mut self) -> bool {
        assert!(self.process.is_none(), "it runs already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.data.with_extension("log"));
        let process = unprivileged(&self.programs.join("postgres"))
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "fsync=off", "-c", "max_connections=100", "-c", "shared_buffers=32MB"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a log file"))
            .spawn()
            .expect("postgres starts");
        self.process = Some(process);
        let until = Instant::now() + Duration::from_secs(60);
        while !self.is_ready() {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > until {
                self.stop();
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// What it says of itself, so that nobody else's server on the same port
    /// is taken for it.
    fn is_ready(&self) -> bool {
        let told = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<_> = told.lines().map(str::trim).collect();
        let process = self.process.as_ref().map(|process| process.id().to_string());
        lines.first().map(|line| (*line).to_owned()) == process && lines.get(7) == Some(&"ready")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let named = std::env::var_os("CANVASS_PG_BIN").map(PathBuf::from).into_iter().collect::<Vec<_>>();
    let path =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut debian: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    // The newest first, more or less.
    debian.sort();
    debian.reverse();
    let complete = |folder: &Path| ["initdb", "postgres"].iter().all(|name| folder.join(name).exists());
    named.into_iter().chain(path).chain(debian).find(|folder| complete(folder))
}

/// A program, run as somebody who is not root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--clear-groups", "--inh-caps=-all"]).arg(program);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
