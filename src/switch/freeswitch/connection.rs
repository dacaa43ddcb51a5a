//! One task owns the socket: commands go out pipelined, answers come back in
//! the same order, events go to a callback. No telephony here.
//!
//! FreeSWITCH answers strictly in the order of commands, so a queue of waiters
//! is all the bookkeeping there is. A caller that stops waiting leaves its
//! place in the queue behind; otherwise every later answer would go to the
//! wrong caller.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::codec::{CodecError, Decoder, Frame, FrameKind};
use super::command::Command;
use super::event::Event;

/// How often silence is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Silent for so long, the peer is asked something.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// Silent for so long, it is dead: a peer that lost power sends no FIN.
const DEAD_AFTER: Duration = Duration::from_secs(25);
/// Commands taken from the queue at once, to be written with one system call.
const BATCH: usize = 256;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply(pub(super) String);

impl Reply {
    /// What the switch said, without the line's end.
    pub(super) fn text(&self) -> &str {
        self.0.trim_end()
    }

    /// Its words, if it refused (`-ERR …`, `-USAGE: …`).
    pub(super) fn refusal(&self) -> Option<&str> {
        self.0.starts_with('-').then(|| self.text())
    }
}

/// The connection ended before the answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Lost {
    /// Whether any byte of the command went out: if not, the switch has
    /// certainly not seen it.
    pub(super) sent: bool,
    /// Why it ended.
    pub(super) reason: String,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("closed by us")]
    ByUs,
    #[error("the switch closed the connection")]
    ByPeer,
    #[error("the switch said: {0}")]
    Notice(String),
    #[error("connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("unreadable bytes from the switch: {0}")]
    Unreadable(#[from] CodecError),
    #[error("the switch answered a question nobody asked")]
    OutOfStep,
    #[error("nothing heard from the switch for {} seconds", DEAD_AFTER.as_secs())]
    Silent,
}

/// Sends commands over a connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Handle(mpsc::UnboundedSender<Request>);

/// What [`Handle`]s have asked for, for [`run`].
pub(super) type Requests = mpsc::UnboundedReceiver<Request>;

/// A command on its way to the socket.
#[derive(Debug)]
pub(super) struct Request {
    command: Command,
    /// None: nobody wants the answer, but it will come all the same.
    reply: Option<oneshot::Sender<Result<Reply, Lost>>>,
}

/// A new connection's two ends.
pub(super) fn queue() -> (Handle, Requests) {
    let (sender, requests) = mpsc::unbounded_channel();
    (Handle(sender), requests)
}

impl Handle {
    /// Queues a command at once; the future is its answer. Dropped before the
    /// command was written, the command is not written at all.
    pub(super) fn send(&self, command: Command) -> impl Future<Output = Result<Reply, Lost>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let queued = self.0.send(Request { command, reply: Some(reply) }).is_ok();
        async move {
            if !queued {
                return Err(Lost { sent: false, reason: "not connected".into() });
            }
            // Without a word from the task (it was aborted), nothing is known.
            let unknown = |_| Err(Lost { sent: true, reason: "connection abandoned".into() });
            answer.await.unwrap_or_else(unknown)
        }
    }

    /// Queues a command whose answer does not matter.
    pub(super) fn tell(&self, command: Command) {
        // A closed connection has no use for it.
        let _ = self.0.send(Request { command, reply: None });
    }
}

/// Somebody whose answer is still to come.
struct Waiter {
    reply: Option<oneshot::Sender<Result<Reply, Lost>>>,
    /// Where in the stream of bytes its command begins.
    at: u64,
}

/// What is on the way in and out.
#[derive(Default)]
struct Traffic {
    out: BytesMut,
    /// Bytes handed to the kernel so far.
    written: u64,
    waiters: VecDeque<Waiter>,
}

/// Serves a connection until it ends, then fails all who still wait.
///
/// `on_event` is called in the order of events and must not block.
pub(super) async fn run<R, W>(
    (mut reader, mut writer): (R, W),
    mut decoder: Decoder,
    mut requests: Requests,
    closing: &CancellationToken,
    mut on_event: impl FnMut(Event),
) -> Ended
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut traffic = Traffic::default();
    let serving = traffic.serve(&mut reader, &mut writer, &mut decoder, &mut requests, &mut on_event);
    let ended = tokio::select! {
        ended = serving => ended.unwrap_or_else(|error| error),
        () = closing.cancelled() => Ended::ByUs,
    };
    traffic.fail(&mut requests, &ended.to_string());
    ended
}

impl Traffic {
    /// `Ok` and `Err` both say why it ended; `Err` is for `?`.
    async fn serve<R, W>(
        &mut self,
        reader: &mut R,
        writer: &mut W,
        decoder: &mut Decoder,
        requests: &mut Requests,
        on_event: &mut impl FnMut(Event),
    ) -> Result<Ended, Ended>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut heard = Instant::now();
        let mut asked = false;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        // The greeting may have brought events along already.
        self.take_frames(decoder, on_event)?;
        loop {
            tokio::select! {
                read = reader.read_buf(decoder.buffer()) => {
                    if read? == 0 {
                        return Ok(Ended::ByPeer);
                    }
                    (heard, asked) = (Instant::now(), false);
                    self.take_frames(decoder, on_event)?;
                }
                count = requests.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Ok(Ended::ByUs);
                    }
                    for request in batch.drain(..) {
                        self.enqueue(request);
                    }
                }
                wrote = writer.write_buf(&mut self.out), if self.out.has_remaining() => {
                    match wrote? {
                        0 => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                        count => self.written += count as u64,
                    }
                }
                _ = look.tick() => {
                    let silent = heard.elapsed();
                    if silent >= DEAD_AFTER {
                        return Ok(Ended::Silent);
                    }
                    if silent >= ASK_AFTER && !asked {
                        asked = true;
                        self.enqueue(Request { command: Command::ping(), reply: None });
                    }
                }
            }
        }
    }

    fn enqueue(&mut self, request: Request) {
        // Whoever gave up before it was written will not learn of its effects.
        if request.reply.as_ref().is_some_and(oneshot::Sender::is_closed) {
            return;
        }
        let at = self.written + self.out.len() as u64;
        self.out.extend_from_slice(request.command.as_bytes());
        self.waiters.push_back(Waiter { reply: request.reply, at });
    }

    fn take_frames(&mut self, decoder: &mut Decoder, on_event: &mut impl FnMut(Event)) -> Result<(), Ended> {
        while let Some(frame) = decoder.next_frame()? {
            match frame.kind {
                FrameKind::Event => {
                    if let Some(event) = frame.into_event() {
                        on_event(event);
                    }
                }
                FrameKind::CommandReply | FrameKind::ApiResponse => self.answer(&frame)?,
                FrameKind::DisconnectNotice | FrameKind::RudeRejection => {
                    return Err(Ended::Notice(first_line(&frame)));
                }
                FrameKind::AuthRequest | FrameKind::LogData | FrameKind::Unknown => {
                    tracing::debug!(?frame, "frame of no use");
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, frame: &Frame) -> Result<(), Ended> {
        let waiter = self.waiters.pop_front().ok_or(Ended::OutOfStep)?;
        if let Some(reply) = waiter.reply {
            // A caller that gave up does not mind.
            let _ = reply.send(Ok(Reply(frame.text())));
        }
        Ok(())
    }

    fn fail(&mut self, requests: &mut Requests, reason: &str) {
        let fail = |reply: Option<oneshot::Sender<_>>, sent| {
            if let Some(reply) = reply {
                let _ = reply.send(Err(Lost { sent, reason: reason.to_owned() }));
            }
        };
        for waiter in self.waiters.drain(..) {
            fail(waiter.reply, waiter.at < self.written);
        }
        requests.close();
        while let Ok(request) = requests.try_recv() {
            fail(request.reply, false);
        }
    }
}

/// The first line of what the switch says in a notice.
pub(super) fn first_line(frame: &Frame) -> String {
    frame.text().lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
