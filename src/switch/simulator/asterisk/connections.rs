//! TCP connections that can be cut from our side, all at once.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The connections that are open now.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    stop: CancellationToken,
    token: Arc<Mutex<CancellationToken>>,
}

impl Connections {
    /// No connections yet; `stop` will cut them, and whatever comes later.
    pub(super) fn new(stop: CancellationToken) -> Self {
        let token = Arc::new(Mutex::new(stop.child_token()));
        Self { stop, token }
    }

    /// Cuts them; later ones are not affected.
    pub(super) fn cut(&self) {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *token, self.stop.child_token()).cancel();
    }

    fn current(&self) -> CancellationToken {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Accepts connections that belong to [`Connections`].
#[derive(Debug)]
pub(super) struct CuttableListener {
    listener: TcpListener,
    connections: Connections,
}

impl CuttableListener {
    pub(super) fn new(listener: TcpListener, connections: Connections) -> Self {
        Self { listener, connections }
    }
}

impl axum::serve::Listener for CuttableListener {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // An event is one small packet: do not wait for the next.
                    let _ = stream.set_nodelay(true);
                    return (Cuttable::new(stream, self.connections.current()), address);
                }
                // Out of file descriptors, as a rule: they come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Cuttable {
    stream: TcpStream,
    token: CancellationToken,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Cuttable {
    fn new(stream: TcpStream, token: CancellationToken) -> Self {
        let cut = Box::pin(token.clone().cancelled_owned());
        Self { stream, token, cut }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        // The future must not be polled again once it was ready.
        if self.token.is_cancelled() || self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::serve::Listener;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_cut_ends_what_is_open_and_nothing_later() {
        let stop = CancellationToken::new();
        let connections = Connections::new(stop.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut listener = CuttableListener::new(listener, connections.clone());
        let address = listener.local_addr().expect("an address");

        let mut client = TcpStream::connect(address).await.expect("connects");
        let (mut before, _) = listener.accept().await;
        let reading = tokio::spawn(async move { before.read_u8().await });
        tokio::task::yield_now().await;
        connections.cut();
        let error = reading.await.expect("ends").expect_err("cut");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(client.read(&mut [0]).await.ok(), Some(0), "the client notices");

        let mut client = TcpStream::connect(address).await.expect("connects");
        let (mut after, _) = listener.accept().await;
        client.write_u8(7).await.expect("writes");
        assert_eq!(after.read_u8().await.ok(), Some(7));
        stop.cancel();
        assert!(after.read_u8().await.is_err(), "the end of all");
    }
}
