//! The Asterisk adapter and simulator against peers that misbehave.

use std::sync::Arc;

use canvass::call::{CallId, Cause};
use canvass::switch::asterisk::Asterisk;
use canvass::switch::simulator::asterisk::AsteriskSimulator;
use canvass::switch::{CallEvent, CommandError, HungUp, LinkEvent, LinkEvents, Originate, OriginateError, Presence};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{WAIT, connect, heard, options, order};

/// A server that opens the event socket, sends these messages on it, and gives
/// the same answer, byte by byte, to every request; an empty one is a hang-up.
async fn fake(messages: Vec<Message>, answer: &'static str) -> (Asterisk, LinkEvents) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let messages = Arc::new(messages);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&messages), answer));
        }
    });
    connect(options(address, "p")).await
}

async fn serve(mut stream: TcpStream, messages: Arc<Vec<Message>>, answer: &'static str) {
    let mut head = [0; 15];
    while let Ok(read) = stream.peek(&mut head).await
        && read > 0
    {
        if head.starts_with(b"GET /ari/events") {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
            for message in messages.iter() {
                let _ = socket.send(message.clone()).await;
            }
            std::future::pending::<()>().await;
            return;
        }
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn originate(call: CallId) -> Originate {
    Originate { call, ..order('1') }
}

async fn originate_error(answer: &'static str) -> OriginateError {
    let (asterisk, _link) = fake(Vec::new(), answer).await;
    asterisk.originate(&originate(CallId::new())).await.expect_err("not placed")
}

#[tokio::test]
async fn an_answer_tells_whether_the_call_may_be_placed_again() {
    let unknown = [
        "",
        "garbage\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    ];
    for answer in unknown {
        let error = originate_error(answer).await;
        assert!(matches!(error, OriginateError::Unknown(_)), "{answer:?} gave {error:?}");
    }
    let not_sent = [
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 37\r\n\r\n{\"message\":\"Authentication required\"}",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 33\r\n\r\n{\"message\":\"Asterisk not booted\"}",
    ];
    for answer in not_sent {
        let error = originate_error(answer).await;
        assert!(matches!(error, OriginateError::NotSent(_)), "{answer:?} gave {error:?}");
    }
    let bad_request = "HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\n\r\n{\"message\":\"bad\"}";
    let want = OriginateError::Refused { cause: None, detail: "bad (HTTP 400)".into() };
    assert_eq!(originate_error(bad_request).await, want);
    let down = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 29\r\n\r\n{\"error\":\"Allocation failed\"}";
    let want = OriginateError::Refused { cause: Some(Cause(44)), detail: "Allocation failed (HTTP 500)".into() };
    assert_eq!(originate_error(down).await, want);
}

#[tokio::test]
async fn events_prove_a_call_whose_answer_is_lost() {
    let call = CallId::new();
    let dial = format!(r#"{{"type":"Dial","dialstatus":"RINGING","peer":{{"id":"{call}"}}}}"#);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (events, _) = listener.accept().await.expect("the event socket");
        let mut events = tokio_tungstenite::accept_async(events).await.expect("a handshake");
        let (mut request, _) = listener.accept().await.expect("the request");
        let _ = request.read(&mut [0; 4096]).await;
        events.send(Message::text(dial)).await.expect("sent");
        // A pong to this comes when the event before it has been read.
        events.send(Message::Ping("mark".into())).await.expect("sent");
        while let Some(Ok(message)) = events.next().await {
            if message == Message::Pong("mark".into()) {
                break;
            }
        }
        drop(request);
        std::future::pending::<()>().await;
    });
    let (asterisk, _link) = connect(options(address, "p")).await;
    let mut events = asterisk.originate(&originate(call)).await.expect("placed");
    assert_eq!(events.recv().await, Some(CallEvent::Ringing));
}

#[tokio::test]
async fn only_asterisk_itself_can_say_that_a_channel_is_gone() {
    let call = CallId::new();
    let gone = "HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n{\"message\":\"Channel not found\"}";
    let (asterisk, _link) = fake(Vec::new(), gone).await;
    assert_eq!(asterisk.presence(call).await, Ok(Presence::Gone));
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 32\r\n\r\n{\"message\":\"Resource not found\"}",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    ] {
        let (asterisk, _link) = fake(Vec::new(), answer).await;
        assert!(matches!(asterisk.presence(call).await, Err(CommandError::Refused(_))), "{answer}");
        assert!(asterisk.live_calls().await.is_err(), "{answer}");
    }
    let (asterisk, _link) = fake(Vec::new(), "").await;
    assert!(matches!(asterisk.presence(call).await, Err(CommandError::Disconnected(_))));
}

#[tokio::test]
async fn garbage_between_events_loses_none_of_them() {
    let call = CallId::new();
    let destroyed = format!(
        r#"{{"type":"ChannelDestroyed","cause":17,"tech_cause":{{}},"channel":{{"id":"{call}","state":["new"]}}}}"#
    );
    let orphan = format!(r#"{{"type":"StasisStart","channel":{{"id":"{call}"}}}}"#);
    let messages = vec![
        Message::text("{not json"),
        Message::binary(vec![0xFF; 100]),
        Message::text(""),
        Message::text(r#"{"type":"Nonsense","channel":{"id":"x"}}"#),
        Message::text(orphan),
        Message::text(destroyed),
    ];
    let (_asterisk, mut link) = fake(messages, "").await;
    assert_eq!(heard(&mut link).await, LinkEvent::Gap);
    assert_eq!(heard(&mut link).await, LinkEvent::Gap);
    assert_eq!(heard(&mut link).await, LinkEvent::Orphan(call));
}

#[tokio::test]
async fn an_endless_message_costs_the_connection_only() {
    let (_asterisk, mut link) = fake(vec![Message::text("x".repeat(5 * 1024 * 1024))], "").await;
    assert!(matches!(heard(&mut link).await, LinkEvent::Down { .. }));
    assert_eq!(heard(&mut link).await, LinkEvent::Up { epoch: 2 });
}

#[tokio::test]
async fn a_silent_asterisk_is_noticed() {
    // The fake answers no ping.
    let (asterisk, mut link) = fake(Vec::new(), "").await;
    tokio::time::pause();
    let event = link.recv().await;
    assert!(matches!(&event, Some(LinkEvent::Down { reason }) if reason.contains("silent")), "{event:?}");
    assert!(!asterisk.is_up());
}

#[tokio::test]
async fn the_simulator_survives_what_clients_send() {
    let simulator = AsteriskSimulator::start("127.0.0.1:0", Default::default()).await.expect("starts");
    for request in [
        "garbage\r\n\r\n",
        "POST /ari/channels HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET /ari/events?app=%FF%FE HTTP/1.1\r\nHost: x\r\nAuthorization: Basic AAAA\r\n\r\n",
        "DELETE /ari/channels/%2F..%2F HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(simulator.address()).await.expect("connects");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 64];
        let read = tokio::time::timeout(WAIT, stream.read(&mut answer)).await.expect("in time").unwrap_or(0);
        assert!(!answer[..read].starts_with(b"HTTP/1.1 2"), "{request}");
    }
    let (asterisk, _link) = connect(options(simulator.address(), "simulated")).await;
    let mut events = asterisk.originate(&originate(CallId::new())).await.expect("placed");
    asterisk.hang_up(simulated(&simulator)).await.expect("hangs up");
    loop {
        match events.recv().await.expect("an event") {
            CallEvent::HungUp(HungUp { answered, .. }) => {
                assert!(!answered);
                break;
            }
            CallEvent::Ringing => {}
            other => panic!("{other:?} is not expected"),
        }
    }
}

fn simulated(simulator: &AsteriskSimulator) -> CallId {
    let calls = simulator.journal().by_call();
    calls.keys().next().expect("a call").parse().expect("an id")
}
