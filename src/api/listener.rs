//! Connections: how many, and how long each may keep us waiting. Whoever sends
//! a request letter by letter, or never ends it, is sent away.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::seats::{Seat, Seats};
use super::unread::Unread;

/// Bytes the head of a request may have.
const HEAD: usize = 64 * 1024;

/// Headers of a request.
const HEADERS: usize = 100;

/// After a fault of our own, such as no more files, accepting waits so long.
const OUT_OF_BREATH: Duration = Duration::from_secs(1);

/// What those hear for whom there is no seat.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\n\
    content-length: 104\r\n\
    retry-after: 5\r\n\
    connection: close\r\n\r\n\
    {\"type\":\"/problems/unavailable\",\"title\":\"Too many connections\",\"status\":503,\"detail\":\"try again later\"}\n";

/// Answers until `end` says so, or its sender is gone; then what is being
/// answered is answered.
pub(super) async fn serve(listener: TcpListener, router: Router, limits: Limits, end: watch::Receiver<bool>) {
    let seats = Seats::new(limits.connections as usize, limits.connections_of_one as usize);
    let connections = TaskTracker::new();
    let mut ending = end.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ended(&mut ending) => break,
        };
        match accepted {
            Ok((stream, peer)) => match seats.take(peer.ip()) {
                Some(seat) => {
                    let (router, end) = (router.clone(), end.clone());
                    connections.spawn(converse(stream, peer, seat, router, limits.client_pause, end));
                }
                None => refuse(&stream, peer),
            },
            Err(error) if is_theirs(&error) => {}
            Err(error) => {
                tracing::error!(%error, "the HTTP API cannot accept connections");
                tokio::time::sleep(OUT_OF_BREATH).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn ended(end: &mut watch::Receiver<bool>) {
    let _ = end.wait_for(|ending| *ending).await;
}

/// One connection to its end.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    router: Router,
    pause: Duration,
    mut end: watch::Receiver<bool>,
) {
    let _seat = seat;
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // From the end of one request on: a connection nobody uses ends too.
        .header_read_timeout(pause)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Unread::new(stream, pause)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ended(&mut end) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended badly");
    }
}

/// There is no seat: said as well as can be without waiting.
fn refuse(stream: &TcpStream, peer: SocketAddr) {
    tracing::warn!(%peer, "too many connections: one more is refused");
    let _ = stream.try_write(FULL);
}

/// Whether it concerns only the connection that came.
fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(error.kind(), E::ConnectionRefused | E::ConnectionAborted | E::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = String::from_utf8(FULL.to_vec()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["status"], 503);
    }
}
