//! The other end of AudioSocket: connects to the client, says which connection
//! it is, and sends what a callee says, 20 ms by 20 ms of simulated time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::call::Call;
use super::world::World;
use crate::audio::frame::{FRAME_MS, Frame};

/// As long as the real one tries.
const CONNECTS: Duration = Duration::from_secs(2);
/// The clock is looked at so often at most.
const SHORTEST_TICK: Duration = Duration::from_millis(2);
/// Frames in a row at most.
const BURST: u32 = 64;

/// A connection whose client knows which it is.
pub(super) async fn connect(host: &str, id: Uuid) -> io::Result<TcpStream> {
    let mut stream = timeout(CONNECTS, TcpStream::connect(host)).await??;
    stream.set_nodelay(true)?;
    let mut hello = vec![0x01, 0, 16];
    hello.extend_from_slice(id.as_bytes());
    stream.write_all(&hello).await?;
    Ok(stream)
}

/// Sends what is fed until the client closes or `stop`.
pub(super) async fn send(
    world: &World,
    stream: TcpStream,
    mut feed: watch::Receiver<Option<Arc<Call>>>,
    stop: CancellationToken,
) {
    let (mut reader, mut writer) = stream.into_split();
    let sends = async {
        loop {
            let call = feed.borrow_and_update().clone();
            let changed = match call {
                None => feed.changed().await,
                Some(call) => tokio::select! {
                    changed = feed.changed() => changed,
                    () = speak(world, &call, &mut writer) => return,
                },
            };
            if changed.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = closed(&mut reader) => {}
        () = sends => {}
    }
}

/// Ends when the client has closed the connection. What it says is not heard.
async fn closed(reader: &mut OwnedReadHalf) {
    let mut buffer = [0; 1_024];
    while !matches!(reader.read(&mut buffer).await, Ok(0) | Err(_)) {}
}

/// What the callee says from now on, until it cannot be sent any more.
async fn speak(world: &World, call: &Call, writer: &mut OwnedWriteHalf) {
    let Some((since_answer, answer)) = call.answered() else { return };
    let mix = world.callees().mix();
    let mut speech = answer.speech();
    speech.skip_to(since_answer.mul_f64(mix.speed));
    let each = mix.scaled(Duration::from_millis(FRAME_MS.into())).max(Duration::from_micros(1));
    let mut tick = interval(each.max(SHORTEST_TICK));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, mut sent) = (Instant::now(), 0.0);
    let mut bytes = Vec::new();
    loop {
        tick.tick().await;
        let due = began.elapsed().div_duration_f64(each);
        bytes.clear();
        for _ in 0..BURST {
            if sent > due {
                break;
            }
            sent += 1.0;
            encode(&speech.frame(), &mut bytes);
        }
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

fn encode(frame: &Frame, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&[0x10, 1, 64]);
    bytes.extend(frame.samples().iter().flat_map(|sample| sample.to_le_bytes()));
}
