//! Connections of clients that are slow, silent, many, or deaf.

use std::time::Duration;

use canvass::api::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::api::Home;

/// Longer than anything here takes: a test that hangs is a fault.
const FOR_EVER: Duration = Duration::from_secs(60);

fn impatient() -> Limits {
    Limits { client_pause: Duration::from_millis(300), ..Limits::default() }
}

async fn connect(home: &Home) -> TcpStream {
    TcpStream::connect(home.address()).await.expect("a connection")
}

/// What is answered until the daemon closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(FOR_EVER, stream.read_to_end(&mut answer)).await.expect("it is closed");
    // Closed while something of ours was unread is an end too.
    if let Err(error) = read {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn one_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") && !answer.ends_with(b"\n") {
        let mut some = [0; 4096];
        let count = tokio::time::timeout(FOR_EVER, stream.read(&mut some)).await.expect("in time").expect("read");
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_keeps_the_daemon_waiting_is_sent_away() {
    let home = Home::with_limits(impatient()).await;
    // Nothing at all; half a head; a head that never ends.
    for begun in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: b\r\n"] {
        let mut stream = connect(&home).await;
        stream.write_all(begun.as_bytes()).await.expect("sent");
        assert!(!rest(&mut stream).await.contains("200 OK"), "{begun:?}");
    }
    // A head letter by letter, never long silent.
    let mut stream = connect(&home).await;
    let dripping = async {
        for letter in "GET /healthz HTTP/1.1\r\n".bytes().chain(std::iter::repeat(b'x')).take(600) {
            if stream.write_all(&[letter]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody objects to a head that takes half a minute");
    };
    tokio::time::timeout(FOR_EVER, dripping).await.expect("an end");

    // A body that stands still is answered; the connection goes.
    let mut stream = connect(&home).await;
    let head = format!(
        "POST /api/campaigns HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{\"name\"",
        home.admin
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("too slowly"), "{answer}");

    // A connection kept alive with nothing to ask.
    let mut stream = connect(&home).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_have_a_size() {
    let home = Home::sqlite().await;
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(300 * 1024));
    for headers in [many, long] {
        let mut stream = connect(&home).await;
        // It may be refused before it was sent as a whole.
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_every_connection() {
    let home = Home::with_limits(Limits { connections_of_one: 3, ..Limits::default() }).await;
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&home).await;
        stream.write_all(ask).await.expect("sent");
        assert!(one_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
    let mut refused = connect(&home).await;
    let answer = rest(&mut refused).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("Too many connections"), "{answer}");
    held.pop();
    // The seat is free once the daemon has seen the end of it.
    let mut seated = false;
    for _ in 0..200 {
        let mut stream = connect(&home).await;
        let _ = stream.write_all(ask).await;
        let mut first = [0; 12];
        if stream.read_exact(&mut first).await.is_ok() && &first == b"HTTP/1.1 200" {
            seated = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(seated, "a seat that is free again");
    // Connections that are idle hold up no end.
    tokio::time::timeout(FOR_EVER, home.stop()).await.expect("an end");
}
