//! A plain event-socket client, and a reader of recordings.

use std::collections::VecDeque;
use std::time::Duration;

use canvass::switch::simulator::CalleeMix;
use canvass::switch::simulator::freeswitch::{FreeSwitchSimulator, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::callees;

/// Longer than anything here takes, so that a hang fails instead of staying.
const PATIENCE: Duration = Duration::from_secs(20);

/// A frame: its header lines and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// An event's headers, values as sent, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Event {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn name(&self) -> &str {
        self.get("Event-Name").expect("a name")
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name() == name
    }
}

impl Frame {
    pub(crate) fn event(&self) -> Option<Event> {
        if !self.head.contains("text/event-plain") {
            return None;
        }
        let (head, body) = self.body.split_once("\n\n").expect("an event");
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Event { headers, body: body.to_owned() })
    }
}

/// Takes the first whole frame.
pub(crate) fn take_frame(bytes: &mut Vec<u8>) -> Option<Frame> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
    if bytes.len() < end + 2 + length {
        return None;
    }
    let body = String::from_utf8(bytes[end + 2..end + 2 + length].to_vec()).expect("text");
    bytes.drain(..end + 2 + length);
    Some(Frame { head, body })
}

/// The frames of a recording.
pub(crate) fn recorded(name: &str) -> Vec<Frame> {
    let path = format!("{}/tests/fixtures/freeswitch/freeswitch-1.10.12-{name}.bin", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = std::fs::read(path).expect("a recording");
    std::iter::from_fn(|| take_frame(&mut bytes)).collect()
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    bytes: Vec<u8>,
    events: VecDeque<Event>,
}

impl Client {
    /// Connects and reads the greeting.
    pub(crate) async fn connect(simulator: &FreeSwitchSimulator) -> Self {
        let stream = TcpStream::connect(simulator.address()).await.expect("a connection");
        let mut client = Self { stream, bytes: Vec::new(), events: VecDeque::new() };
        assert_eq!(client.frame().await.expect("a greeting").head, "Content-Type: auth/request");
        client
    }

    /// Connects, authorizes and subscribes.
    pub(crate) async fn listening(simulator: &FreeSwitchSimulator, events: &str) -> Self {
        let mut client = Self::connect(simulator).await;
        client.ask("auth ClueCon").await;
        client.ask(&format!("event plain {events}")).await;
        client
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("sent");
    }

    /// The next frame; none once the other side closed.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = take_frame(&mut self.bytes) {
                return Some(frame);
            }
            let read = self.stream.read_buf(&mut self.bytes);
            match tokio::time::timeout(PATIENCE, read).await.expect("an answer in time") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Sends a command and waits for its reply; events are kept for later.
    pub(crate) async fn ask(&mut self, command: &str) -> Frame {
        self.send(&format!("{command}\n\n")).await;
        loop {
            let frame = self.frame().await.expect("a reply");
            match frame.event() {
                Some(event) => self.events.push_back(event),
                None => return frame,
            }
        }
    }

    /// What an `api` command prints.
    pub(crate) async fn api(&mut self, command: &str) -> String {
        self.ask(&format!("api {command}")).await.body
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Event {
        if let Some(event) = self.events.pop_front() {
            return event;
        }
        loop {
            let frame = self.frame().await.expect("an event");
            if let Some(event) = frame.event() {
                return event;
            }
        }
    }

    /// The next event of this name; others are dropped.
    pub(crate) async fn wait_for(&mut self, name: &str) -> Event {
        loop {
            let event = self.event().await;
            if event.is(name) {
                return event;
            }
        }
    }

    /// All events up to and with one of this name.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await);
            if events.last().is_some_and(|event| event.is(name)) {
                return events;
            }
        }
    }
}

/// Quick callees whose fate is in the last digit of their number: 1 answers, 2
/// is busy, 3 does not answer, 4 refuses, 5 is no number, 6 has no line, 7
/// answers, presses 2 and hangs up soon.
pub(crate) fn mix() -> CalleeMix {
    CalleeMix {
        ring_ms: (1_000, 1_000),
        talk_ms: (3_600_000, 3_600_000),
        speed: 100.0,
        endings: callees::by_last_digit(),
        ..CalleeMix::default()
    }
}

/// A simulator with these callees.
pub(crate) async fn start(mix: CalleeMix) -> FreeSwitchSimulator {
    start_with(Options { mix, ..Options::default() }).await
}

/// A simulator on a free port.
pub(crate) async fn start_with(options: Options) -> FreeSwitchSimulator {
    FreeSwitchSimulator::start("127.0.0.1:0", options).await.expect("a simulator")
}

/// The command that calls a number.
pub(crate) fn originate(uuid: &str, number: &str) -> String {
    format!(
        "bgapi originate {{origination_uuid={uuid},origination_caller_id_number=15550001111,ignore_early_media=true,\
         originate_timeout=10,canvass_node=n1}}sofia/gateway/carrier/{number} &park()\nJob-UUID: job-{uuid}"
    )
}
