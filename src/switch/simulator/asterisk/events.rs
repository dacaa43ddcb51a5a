//! The event WebSocket, from the server's side.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::SinkExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::world::World;

/// A client that takes no data for this long is disconnected
/// (`websocket_write_timeout` of ari.conf).
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Events written before they are flushed.
const BATCH: usize = 64;

/// One event socket and the applications it hears; they are free again when
/// it is dropped.
struct Subscription {
    world: Arc<World>,
    socket: u64,
    outgoing: mpsc::UnboundedReceiver<Utf8Bytes>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.world.disconnect(self.socket);
    }
}

/// Subscribes to the applications, then opens the socket: an event between the
/// two waits.
pub(super) fn open(world: Arc<World>, apps: &[&str], upgrade: WebSocketUpgrade) -> Response {
    let (outbox, outgoing) = mpsc::unbounded_channel();
    let socket = world.next();
    for app in apps {
        world.connect(app, socket, outbox.clone());
    }
    let subscription = Subscription { world, socket, outgoing };
    upgrade.on_upgrade(move |socket| serve(socket, subscription))
}

async fn serve(mut socket: WebSocket, mut subscription: Subscription) {
    let mut replaced = false;
    loop {
        tokio::select! {
            // Pings are answered by the socket itself; ARI has nothing to say.
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
            },
            event = subscription.outgoing.recv(), if !replaced => match event {
                Some(event) => {
                    let sent = timeout(WRITE_TIMEOUT, send(&mut socket, event, &mut subscription.outgoing)).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return;
                    }
                }
                // Another socket has all our applications: this one stays open.
                None => replaced = true,
            },
        }
    }
}

async fn send(
    socket: &mut WebSocket,
    first: Utf8Bytes,
    more: &mut mpsc::UnboundedReceiver<Utf8Bytes>,
) -> Result<(), axum::Error> {
    socket.feed(Message::Text(first)).await?;
    for _ in 1..BATCH {
        let Ok(event) = more.try_recv() else { break };
        socket.feed(Message::Text(event)).await?;
    }
    socket.flush().await
}
