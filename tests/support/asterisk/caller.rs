//! Somebody who calls Asterisk, with whatever From header a test writes: as
//! little of a SIP telephone as that takes (UDP, no media, keys by INFO).

#![allow(dead_code)] // not every test binary uses all of it

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

/// Longer than anything the called side plays.
const PATIENCE: Duration = Duration::from_secs(60);

/// One call, answered.
pub(crate) struct Caller {
    socket: UdpSocket,
    peer: u16,
    /// Call-ID, which tells the call's messages from stray ones.
    id: String,
    from: String,
    /// With the tag of the called side.
    to: String,
    target: String,
    sequence: u32,
    hung_up: bool,
}

impl Caller {
    /// Calls and waits until it is answered.
    pub(crate) async fn call(peer: u16, from: &str, number: &str) -> Self {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let target = format!("sip:{number}@127.0.0.1:{peer}");
        let mut caller = Self {
            id: format!("{}-{}", std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed)),
            from: format!("{from};tag=caller"),
            to: format!("<{target}>"),
            socket,
            peer,
            target,
            sequence: 1,
            hung_up: false,
        };
        let port = caller.port();
        // Nobody listens on the media port: what is played is told by the log.
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=ptime:20\r\n"
        );
        caller.send("INVITE", 1, "application/sdp", &offer).await;
        let answer = loop {
            let message = caller.receive(PATIENCE).await.unwrap_or_else(|| panic!("no answer to {from}"));
            if message.starts_with("SIP/2.0 1") {
                continue;
            }
            break message;
        };
        assert!(answer.starts_with("SIP/2.0 200"), "{from}: {answer}");
        caller.to = header(&answer, "To").expect("a To header");
        let contact = header(&answer, "Contact").expect("a Contact header");
        caller.target = contact.trim_start_matches('<').split('>').next().expect("a URI").to_owned();
        caller.send("ACK", 1, "", "").await;
        caller
    }

    /// Presses a key.
    pub(crate) async fn press(&mut self, key: char) {
        if !self.hung_up {
            self.sequence += 1;
            let body = format!("Signal={key}\r\nDuration=160\r\n");
            self.send("INFO", self.sequence, "application/dtmf-relay", &body).await;
        }
    }

    /// Ends the call.
    pub(crate) async fn hang_up(mut self) {
        self.sequence += 1;
        self.send("BYE", self.sequence, "", "").await;
    }

    /// Waits this long, or until the other side hangs up; whether it has.
    pub(crate) async fn is_hung_up_within(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.hung_up {
            let Some(message) = self.receive(end.saturating_duration_since(Instant::now())).await else { break };
            if message.starts_with("BYE ") {
                self.accept(&message).await;
                self.hung_up = true;
            }
        }
        self.hung_up
    }

    /// Waits until the other side hangs up.
    pub(crate) async fn wait_for_hang_up(&mut self) {
        assert!(self.is_hung_up_within(PATIENCE).await, "nobody hung up");
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().expect("a bound socket").port()
    }

    async fn send(&self, method: &str, sequence: u32, kind: &str, body: &str) {
        let Self { id, from, to, target, .. } = self;
        let port = self.port();
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{id}-{method}-{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {sequence} {method}\r\n\
             Contact: <sip:caller@127.0.0.1:{port}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send_to(text.as_bytes(), ("127.0.0.1", self.peer)).await.expect("sent");
    }

    /// Agrees to a request.
    async fn accept(&self, request: &str) {
        let mut text = "SIP/2.0 200 OK\r\n".to_owned();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let value = header(request, name).expect("a header every request has");
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        self.socket.send_to(text.as_bytes(), ("127.0.0.1", self.peer)).await.expect("sent");
    }

    /// The next message of this call.
    async fn receive(&self, time: Duration) -> Option<String> {
        let mut buffer = vec![0; 65_536];
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (length, _) = timeout(left, self.socket.recv_from(&mut buffer)).await.ok()?.expect("received");
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if header(&message, "Call-ID").as_deref() == Some(&self.id) {
                return Some(message);
            }
        }
    }
}

fn header(message: &str, name: &str) -> Option<String> {
    let lines = message.lines().take_while(|line| !line.is_empty());
    let mut fields = lines.filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}
