//! Connections from switches, or from whoever finds the port: not more than a
//! daemon can spare, and none that just stays. Files and sockets that run out
//! would stop dialing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once; more wait to be accepted.
const MOST: usize = 256;
/// A connection without a byte either way for this long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// A listener with room for so many.
pub(super) struct Bounded {
    listener: TcpListener,
    room: Arc<Semaphore>,
    idle: Duration,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self::with(listener, MOST, IDLE)
    }

    fn with(listener: TcpListener, most: usize, idle: Duration) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(most)), idle }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // Never closed.
        let room = self.room.clone().acquire_owned().await.ok();
        let (stream, from) = Listener::accept(&mut self.listener).await;
        (Connection { stream, idle: self.idle, end: Box::pin(sleep(self.idle)), _room: room }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing happens on it.
pub(super) struct Connection {
    stream: TcpStream,
    idle: Duration,
    end: Pin<Box<Sleep>>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// What came of an attempt to read or write; too long nothing is an error.
    fn watched<T>(&mut self, poll: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            let end = Instant::now() + self.idle;
            self.end.as_mut().reset(end);
            return poll;
        }
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watched(poll, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(poll, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watched(poll, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    const WAIT: Duration = Duration::from_secs(10);

    async fn bounded(most: usize, idle: Duration) -> (Bounded, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        (Bounded::with(listener, most, idle), address)
    }

    #[tokio::test]
    async fn the_next_one_waits_until_another_has_gone() {
        let (mut listener, address) = bounded(1, WAIT).await;
        let _first = TcpStream::connect(address).await.expect("connected");
        let _second = TcpStream::connect(address).await.expect("in the queue");
        let (held, _) = listener.accept().await;
        assert!(timeout(Duration::from_millis(100), listener.accept()).await.is_err(), "no room");
        drop(held);
        timeout(WAIT, listener.accept()).await.expect("there is room");
    }

    #[tokio::test]
    async fn an_idle_connection_ends_and_a_busy_one_does_not() {
        let (mut listener, address) = bounded(2, Duration::from_secs(2)).await;
        let mut client = TcpStream::connect(address).await.expect("connected");
        let (mut held, _) = listener.accept().await;
        let mut buffer = [0];
        for byte in 0..8 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            client.write_all(&[byte]).await.expect("written");
            held.read_exact(&mut buffer).await.expect("each byte counts");
        }
        let ended = timeout(WAIT, held.read(&mut buffer)).await.expect("in time");
        assert_eq!(ended.expect_err("idle").kind(), io::ErrorKind::TimedOut);
        // Nor does one that takes nothing stay.
        let (mut held, _client) = {
            let client = TcpStream::connect(address).await.expect("connected");
            (listener.accept().await.0, client)
        };
        let ended = timeout(WAIT, async { while held.write(&[0; 65_536]).await.is_ok() {} }).await;
        assert!(ended.is_ok(), "in time");
    }
}
