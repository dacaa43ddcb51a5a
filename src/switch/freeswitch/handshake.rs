//! From a fresh socket to a subscribed one.

use std::io;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::codec::{CodecError, Decoder, Frame, FrameKind};
use super::command::{Command, UnsafeText};
use super::connection::first_line;

/// Connecting, and then each answer, may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no connection, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("cannot connect to {address}: {error}")]
    Unreachable { address: String, error: io::Error },
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Silent,
    #[error("the switch's access list (event_socket.conf.xml, apply-inbound-acl) does not let us in: {0}")]
    Rejected(String),
    #[error("wrong password for the event socket (event_socket.conf.xml): {0}")]
    WrongPassword(String),
    #[error("the password cannot be sent: {0}")]
    UnsendablePassword(#[from] UnsafeText),
    #[error("events refused: {0}")]
    Refused(String),
    #[error("this is no FreeSWITCH event socket: {0}")]
    Unreadable(#[from] CodecError),
    #[error("the switch closed the connection while we logged in")]
    Closed,
    #[error("connection broke while we logged in: {0}")]
    Broken(io::Error),
}

impl HandshakeError {
    /// Whether only the operator can mend it: to try again soon is no use.
    pub(super) fn needs_operator(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::WrongPassword(_) | Self::UnsendablePassword(_) | Self::Refused(_) => true,
            Self::Unreachable { .. } | Self::Silent | Self::Unreadable(_) | Self::Closed | Self::Broken(_) => false,
        }
    }
}

/// Opens a connection.
pub(super) async fn connect(address: &str) -> Result<TcpStream, HandshakeError> {
    let unreachable = |error| HandshakeError::Unreachable { address: address.to_owned(), error };
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await.map_err(|_| HandshakeError::Silent)?;
    let stream = stream.map_err(unreachable)?;
    // Commands are small, and each is waited for.
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

/// Logs in and subscribes to events. The decoder may hold the first of them.
pub(super) async fn greet<S>(
    stream: &mut S,
    decoder: &mut Decoder,
    password: &SecretString,
) -> Result<(), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    expect(stream, decoder, FrameKind::AuthRequest).await?;
    let accepted = ask(stream, decoder, &Command::auth(password)?).await?;
    if !accepted.starts_with("+OK") {
        return Err(HandshakeError::WrongPassword(accepted));
    }
    let subscribed = ask(stream, decoder, &Command::subscribe()).await?;
    if !subscribed.starts_with("+OK") {
        return Err(HandshakeError::Refused(subscribed));
    }
    Ok(())
}

async fn ask<S>(stream: &mut S, decoder: &mut Decoder, command: &Command) -> Result<String, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(command.as_bytes()).await.map_err(HandshakeError::Broken)?;
    Ok(expect(stream, decoder, FrameKind::CommandReply).await?.text())
}

/// The next frame of a kind; other kinds before it are of no use yet.
async fn expect<S>(stream: &mut S, decoder: &mut Decoder, kind: FrameKind) -> Result<Frame, HandshakeError>
where
    S: AsyncRead + Unpin,
{
    let found = async {
        loop {
            while let Some(frame) = decoder.next_frame()? {
                match frame.kind {
                    found if found == kind => return Ok(frame),
                    FrameKind::RudeRejection => return Err(HandshakeError::Rejected(first_line(&frame))),
                    FrameKind::DisconnectNotice => return Err(HandshakeError::Closed),
                    FrameKind::AuthRequest
                    | FrameKind::CommandReply
                    | FrameKind::ApiResponse
                    | FrameKind::Event
                    | FrameKind::LogData
                    | FrameKind::Unknown => {}
                }
            }
            if stream.read_buf(decoder.buffer()).await.map_err(HandshakeError::Broken)? == 0 {
                return Err(HandshakeError::Closed);
            }
        }
    };
    timeout(PATIENCE, found).await.unwrap_or(Err(HandshakeError::Silent))
}
