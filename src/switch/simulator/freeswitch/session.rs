//! One client's connection: the dialogue of the event socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::api::{cause, execute, split};
use super::channel::{App, Ports, Waiter};
use super::core::{Core, api_lines, job_lines};
use super::event::EventSet;
use super::outlet::Outlet;
use super::wire::{self, Request};
use crate::call::Cause;

const GOODBYE: &str = "Content-Type: text/disconnect-notice\nContent-Length: 67\n\n\
                       Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";
/// How long the last bytes to a client may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

struct Session {
    core: Arc<Core>,
    outlet: Arc<Outlet>,
    authorized: bool,
}

/// What follows a request.
enum Next {
    /// The next request.
    Request,
    /// The result of an `api originate`, before anything else is read.
    Result(oneshot::Receiver<String>),
    /// The end.
    Close,
}

/// Serves a client until it leaves or is cut off.
pub(super) async fn serve(core: Arc<Core>, stream: TcpStream) {
    // Events are small and urgent; an error here only costs time.
    let _ = stream.set_nodelay(true);
    let (mut read, write) = stream.into_split();
    let outlet = Arc::new(Outlet::new(core.stop.child_token()));
    let last = CancellationToken::new();
    core.tasks.spawn(write_out(outlet.clone(), write, last.clone()));
    core.hub.add(outlet.clone());
    outlet.write(&[b"Content-Type: auth/request\n\n"]);

    let mut session = Session { core: core.clone(), outlet: outlet.clone(), authorized: false };
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let orderly = loop {
        match session.answer_all(&mut buffer).await {
            Ok(true) => {}
            Ok(false) => break true,
            Err(wire::TooLong) => break false,
        }
        tokio::select! {
            () = outlet.cut.cancelled() => break false,
            read = read.read_buf(&mut buffer) => if !matches!(read, Ok(1..)) { break false },
        }
    };
    core.hub.remove(&outlet);
    if orderly { last.cancel() } else { outlet.cut.cancel() }
}

async fn write_out(outlet: Arc<Outlet>, mut write: OwnedWriteHalf, last: CancellationToken) {
    let mut bytes = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = outlet.cut.cancelled() => return,
            () = outlet.take(&mut bytes) => {}
            () = last.cancelled() => {
                outlet.take_rest(&mut bytes);
                let _ = tokio::time::timeout(LAST_WORDS, write.write_all(&bytes)).await;
                let _ = write.shutdown().await;
                return;
            }
        }
        tokio::select! {
            () = outlet.cut.cancelled() => return,
            written = write.write_all(&bytes) => if written.is_err() {
                outlet.cut.cancel();
                return;
            },
        }
    }
}

impl Session {
    /// Answers the whole requests in `buffer`; `false` at the end.
    async fn answer_all(&mut self, buffer: &mut BytesMut) -> Result<bool, wire::TooLong> {
        while let Some(request) = wire::next(buffer)? {
            match self.answer(&request) {
                Next::Request => {}
                Next::Close => return Ok(false),
                Next::Result(result) => tokio::select! {
                    () = self.outlet.cut.cancelled() => return Ok(false),
                    result = result => self.response(&result.unwrap_or_else(|_| "-ERR SYSTEM_SHUTDOWN\n".to_owned())),
                },
            }
        }
        Ok(true)
    }

    fn answer(&mut self, request: &Request) -> Next {
        let (command, argument) = split(&request.line);
        if !self.authorized {
            return self.authorize(command, argument);
        }
        match command {
            "auth" => self.reply("+OK accepted"),
            "api" => return self.api(argument),
            "bgapi" => self.bgapi(argument, request.header("Job-UUID")),
            "event" => self.subscribe(argument),
            "nixevent" => {
                let kept = self.outlet.events().0 & !EventSet::read(argument).0;
                self.set_events(EventSet(kept));
                self.reply("+OK events nixed");
            }
            "noevents" => {
                let listening = self.outlet.events() != EventSet::default();
                self.set_events(EventSet::default());
                self.reply(if listening {
                    "+OK no longer listening for events"
                } else {
                    "-ERR not listening for events"
                });
            }
            "filter" => self.filter(argument),
            "myevents" => match self.core.find(argument.trim()) {
                Some(channel) => {
                    self.outlet.add_filter("Unique-ID", &channel.uuid);
                    self.set_events(EventSet::read("ALL"));
                    self.reply("+OK Events Enabled");
                }
                None => self.reply("-ERR invalid session id"),
            },
            "log" => {
                let level = argument.trim().parse::<u8>().unwrap_or(7).min(7);
                self.reply(&format!("+OK log level {level} [{level}]"));
            }
            "nolog" => self.reply("+OK no longer logging"),
            // Only a socket that controls a call can linger.
            "linger" | "nolinger" => self.reply("-ERR not controlling a session"),
            "sendmsg" => self.message(argument.trim(), request),
            "exit" => {
                self.reply("+OK bye");
                self.outlet.write(&[GOODBYE.as_bytes()]);
                return Next::Close;
            }
            _ => self.reply("-ERR command not found"),
        }
        Next::Request
    }

    fn authorize(&mut self, command: &str, password: &str) -> Next {
        if command != "auth" {
            self.reply("-ERR command not found");
            return Next::Request;
        }
        self.authorized = password == self.core.options.password;
        if self.authorized {
            self.reply("+OK accepted");
            return Next::Request;
        }
        self.reply("-ERR invalid");
        self.outlet.write(&[GOODBYE.as_bytes()]);
        Next::Close
    }

    fn api(&self, line: &str) -> Next {
        let (command, argument) = split(line);
        if command == "originate" {
            let (reply, result) = oneshot::channel();
            let prepared = self.core.prepare(argument);
            self.core.begin(prepared, Waiter::Reply(reply), argument);
            return Next::Result(result);
        }
        let result = execute(&self.core, command, argument);
        api_lines(&self.core.hub, command, argument);
        self.response(&result);
        Next::Request
    }

    fn bgapi(&self, line: &str, job: Option<&str>) {
        let (command, argument) = split(line);
        let job = job.filter(|job| !job.is_empty()).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        // A call is in the journal before the client hears of it.
        let prepared = (command == "originate").then(|| self.core.prepare(argument));
        self.reply(&format!("+OK Job-UUID: {job}\nJob-UUID: {job}"));
        match prepared {
            Some(prepared) => self.core.begin(prepared, Waiter::Job { job }, argument),
            None => {
                let result = execute(&self.core, command, argument);
                job_lines(&self.core.hub, &job, command, argument, &result);
            }
        }
    }

    fn subscribe(&self, argument: &str) {
        let (format, events) = split(argument);
        match format {
            "plain" if !events.trim().is_empty() => {
                self.set_events(EventSet(self.outlet.events().0 | EventSet::read(events).0));
                self.reply("+OK event listener enabled plain");
            }
            "plain" | "" => self.reply("-ERR no keywords supplied"),
            // A simulator's limit: clients of this one read plain events.
            _ => self.reply("-ERR only plain events are simulated"),
        }
    }

    fn set_events(&self, events: EventSet) {
        self.outlet.set_events(events);
        self.core.hub.subscriptions_changed();
    }

    fn filter(&self, argument: &str) {
        match argument.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["delete", header] => {
                self.outlet.remove_filter(header, None);
                self.reply(&format!("+OK filter deleted. [{header}]"));
            }
            ["delete", header, value @ ..] => {
                let value = value.join(" ");
                self.outlet.remove_filter(header, Some(&value));
                self.reply(&format!("+OK filter deleted. [{header}]=[{value}]"));
            }
            [header, value @ ..] if !value.is_empty() => {
                let value = value.join(" ");
                self.outlet.add_filter(header, &value);
                self.reply(&format!("+OK filter added. [{header}]=[{value}]"));
            }
            _ => self.reply("-ERR invalid syntax"),
        }
    }

    fn message(&self, uuid: &str, request: &Request) {
        let Some(channel) = self.core.find(uuid) else {
            return self.reply(&format!("-ERR invalid session id [{uuid}]"));
        };
        match request.header("call-command") {
            Some("execute") => {
                let argument = match request.header("execute-app-arg") {
                    Some(argument) => argument,
                    None => request.body.trim_end_matches(['\r', '\n']),
                };
                if let Some(name) = request.header("execute-app-name") {
                    channel.send(App::with_id(name, argument, request.header("Event-UUID")));
                }
            }
            Some("hangup") => {
                let cause = request.header("hangup-cause").and_then(cause);
                channel.kill(cause.unwrap_or(Cause(16)));
            }
            Some("unicast") => {
                if let Some(ports) = Ports::read(request) {
                    channel.unicast(ports);
                }
            }
            // The real one takes any message and looks at it later.
            Some(_) | None => {}
        }
        self.reply("+OK");
    }

    fn reply(&self, text: &str) {
        self.outlet.write(&[b"Content-Type: command/reply\nReply-Text: ", text.as_bytes(), b"\n\n"]);
    }

    fn response(&self, text: &str) {
        let text = if text.is_empty() { "-ERR no reply\n" } else { text };
        let head = format!("Content-Type: api/response\nContent-Length: {}\n\n", text.len());
        self.outlet.write(&[head.as_bytes(), text.as_bytes()]);
    }
}
