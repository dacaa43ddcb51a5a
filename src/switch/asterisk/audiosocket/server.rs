//! The listener Asterisk connects to. It opens when it is first needed.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use tokio::sync::{OnceCell, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::codec::FramedRead;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::AudioOptions;
use super::codec::{Codec, Message};

/// A connection says whose sound it brings within this time.
const SAYS_WHO: Duration = Duration::from_secs(3);
/// Connections at a time that have not said so yet.
const UNKNOWN: usize = 64;

/// A connection that brings sound.
pub(in crate::switch::asterisk) type Sound = FramedRead<TcpStream, Codec>;

type Waiting = Arc<Mutex<HashMap<Uuid, oneshot::Sender<Sound>>>>;

/// One adapter's listener.
#[derive(Debug)]
pub(in crate::switch::asterisk) struct Server {
    options: AudioOptions,
    /// Host and port of ARI: from there Asterisk will come.
    ari: Option<(String, u16)>,
    waiting: Waiting,
    open: OnceCell<Open>,
}

#[derive(Debug)]
struct Open {
    /// `HOST:PORT`, as Asterisk is told.
    advertised: String,
    _closes_when_dropped: DropGuard,
}

/// A connection that was asked for. Dropping it gives it up.
#[derive(Debug)]
pub(in crate::switch::asterisk) struct Expected {
    id: Uuid,
    waiting: Waiting,
    sound: oneshot::Receiver<Sound>,
}

impl Server {
    pub(in crate::switch::asterisk) fn new(options: AudioOptions, ari: Option<(String, u16)>) -> Self {
        Self { options, ari, waiting: Waiting::default(), open: OnceCell::new() }
    }

    /// The address Asterisk is to connect to. Opens the listener if it is not
    /// open; a failure is tried again the next time.
    pub(in crate::switch::asterisk) async fn address(&self) -> io::Result<&str> {
        let open = self.open.get_or_try_init(|| self.open()).await?;
        Ok(&open.advertised)
    }

    /// Waits for the connection with this id.
    pub(in crate::switch::asterisk) fn expect(&self, id: Uuid) -> Expected {
        let (sender, sound) = oneshot::channel();
        lock(&self.waiting).insert(id, sender);
        Expected { id, waiting: Arc::clone(&self.waiting), sound }
    }

    async fn open(&self) -> io::Result<Open> {
        let bind = match self.options.bind {
            Some(bind) => bind,
            None => SocketAddr::new(self.local_ip().await?, 0),
        };
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let advertised = self.options.advertise.clone().unwrap_or_else(|| address.to_string());
        tracing::debug!(%address, advertised, "listening for the sound of calls");
        let stop = CancellationToken::new();
        let accept = accept(listener, Arc::clone(&self.waiting));
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept));
        Ok(Open { advertised, _closes_when_dropped: stop.drop_guard() })
    }

    /// The address from which ARI is reached.
    async fn local_ip(&self) -> io::Result<IpAddr> {
        let Some((host, port)) = &self.ari else { return Ok(Ipv4Addr::LOCALHOST.into()) };
        let mut error = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for ari in lookup_host((host.as_str(), *port)).await? {
            let any: IpAddr = if ari.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { [0_u16; 8].into() };
            // Nothing is sent: the system says which way it would go.
            let found = async {
                let socket = UdpSocket::bind((any, 0)).await?;
                socket.connect(ari).await?;
                socket.local_addr()
            };
            match found.await {
                Ok(local) => return Ok(local.ip()),
                Err(other) => error = other,
            }
        }
        Err(error)
    }
}

impl Expected {
    /// The connection, once it is there.
    pub(in crate::switch::asterisk) async fn sound(&mut self) -> Option<Sound> {
        (&mut self.sound).await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        lock(&self.waiting).remove(&self.id);
    }
}

async fn accept(listener: TcpListener, waiting: Waiting) {
    let unknown = Arc::new(Semaphore::new(UNKNOWN));
    loop {
        // Closed only with the listener.
        let Ok(permit) = Arc::clone(&unknown).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Out of file descriptors, as a rule: they come back.
            Err(error) => {
                tracing::warn!(%error, "a connection with the sound of a call could not be accepted");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let waiting = Arc::clone(&waiting);
        tokio::spawn(async move {
            // Whoever says nothing, or nothing we wait for, is cut off.
            let _ = timeout(SAYS_WHO, introduce(stream, &waiting)).await;
            drop(permit);
        });
    }
}

async fn introduce(stream: TcpStream, waiting: &Waiting) {
    let mut sound = FramedRead::with_capacity(stream, Codec, 1_024);
    let Some(Ok(Message::Id(id))) = sound.next().await else { return };
    let sender = lock(waiting).remove(&id);
    if let Some(sender) = sender {
        // Given up meanwhile: the connection is dropped.
        let _ = sender.send(sound);
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, HashMap<Uuid, oneshot::Sender<Sound>>> {
    // A panic elsewhere cannot leave the map half changed.
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn connect(server: &Server, first: &[u8]) -> TcpStream {
        let address = server.address().await.expect("listens");
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(first).await.expect("written");
        stream
    }

    fn introduction(id: Uuid) -> Vec<u8> {
        [&[1, 0, 16][..], id.as_bytes()].concat()
    }

    async fn is_cut_off(mut stream: TcpStream) -> bool {
        matches!(timeout(Duration::from_secs(10), stream.read(&mut [0; 8])).await, Ok(Ok(0) | Err(_)))
    }

    #[tokio::test]
    async fn a_connection_finds_who_waits_for_it() {
        let server = Server::new(AudioOptions::default(), Some(("127.0.0.1".into(), 9)));
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let mut expected = ids.map(|id| server.expect(id));
        let mut streams = Vec::new();
        for id in ids.iter().rev() {
            streams.push(connect(&server, &introduction(*id)).await);
        }
        streams[0].write_all(&[0x10, 0, 2, 5, 0]).await.expect("written");
        let mut sound = expected[1].sound().await.expect("connected");
        assert_eq!(sound.next().await.expect("open").ok(), Some(Message::Audio(vec![5, 0].into())));
        assert!(expected[0].sound().await.is_some());
        assert!(server.address().await.expect("open").starts_with("127.0.0.1:"));
    }

    #[tokio::test]
    async fn strangers_are_cut_off() {
        let server = Server::new(AudioOptions::default(), None);
        let given_up = Uuid::new_v4();
        drop(server.expect(given_up));
        for first in [introduction(Uuid::new_v4()), introduction(given_up), vec![0x10, 0, 0], b"GET / HTTP".to_vec()] {
            let stream = connect(&server, &first).await;
            assert!(is_cut_off(stream).await, "{first:?}");
        }
        assert!(lock(&server.waiting).is_empty());
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_cut_off_and_others_get_through() {
        let server = Server::new(AudioOptions::default(), None);
        let mut mute = Vec::new();
        for _ in 0..UNKNOWN + 5 {
            mute.push(connect(&server, &[1, 0]).await);
        }
        let id = Uuid::new_v4();
        let mut expected = server.expect(id);
        let _stream = connect(&server, &introduction(id)).await;
        assert!(timeout(Duration::from_secs(10), expected.sound()).await.expect("in time").is_some());
        for stream in mute {
            assert!(is_cut_off(stream).await);
        }
    }

    #[tokio::test]
    async fn an_address_of_its_own_is_told_as_it_is() {
        let options = AudioOptions {
            bind: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            advertise: Some("canvass.example:9092".into()),
        };
        let server = Server::new(options, Some(("no.such.host.invalid".into(), 8088)));
        assert_eq!(server.address().await.expect("listens"), "canvass.example:9092");
    }
}
