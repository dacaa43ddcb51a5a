//! A connection whose other end must take what it is sent, and gets to see
//! the answer to what it sent too much of.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// After the last answer what still comes is read, so long and so much: closed
/// on unread bytes, a connection takes the answer with it.
const LINGERS: Duration = Duration::from_secs(1);
const THROWN_AWAY: usize = 64 * 1024 * 1024;

/// Breaks off when a write has waited for so long: whoever asks for a long
/// report and reads none of it does not hold it, and its connection, for ever.
#[derive(Debug)]
pub(super) struct Unread<S> {
    stream: S,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Set once all of ours is written.
    lingers: Option<Pin<Box<Sleep>>>,
    thrown_away: usize,
}

impl<S> Unread<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, waiting: None, lingers: None, thrown_away: 0 }
    }

    /// Passes on what a write came to; one that waits too long has failed.
    fn timed<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unread<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Unread<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.timed(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingers.is_none() {
            let shut = Pin::new(&mut this.stream).poll_shutdown(context);
            ready!(this.timed(context, shut))?;
        }
        let lingers = this.lingers.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGERS)));
        if lingers.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [0; 8 * 1024];
        while this.thrown_away < THROWN_AWAY {
            let mut into = ReadBuf::new(&mut scratch);
            if ready!(Pin::new(&mut this.stream).poll_read(context, &mut into)).is_err() || into.filled().is_empty() {
                break;
            }
            this.thrown_away += into.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_gets_all_and_who_does_not_read_gets_no_more() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut stream = Unread::new(ours, Duration::from_secs(30));
        let reading = tokio::spawn(async move {
            let mut read = Vec::new();
            while read.len() < 24 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                let mut some = [0; 8];
                let count = theirs.read(&mut some).await.expect("read");
                read.extend_from_slice(&some[..count]);
            }
            (theirs, read)
        });
        stream.write_all(&[7; 24]).await.expect("slow, but it goes on");
        let (_theirs, read) = reading.await.expect("no panic");
        assert_eq!(read, [7; 24]);
        let error = stream.write_all(&[7; 24]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_the_answer_does_not_break_it() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut stream = Unread::new(ours, Duration::from_secs(30));
        let sending = tokio::spawn(async move {
            theirs.write_all(&[7; 1_000]).await.expect("all of it is taken");
            let mut answer = Vec::new();
            theirs.read_to_end(&mut answer).await.expect("read");
            answer
        });
        stream.write_all(b"413").await.expect("written");
        stream.shutdown().await.expect("shut");
        assert_eq!(sending.await.expect("no panic"), b"413");
        let (ours, _theirs) = tokio::io::duplex(8);
        Unread::new(ours, Duration::from_secs(30)).shutdown().await.expect("who stays is not waited for");
    }
}
