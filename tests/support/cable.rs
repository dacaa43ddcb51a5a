//! A cable between a client and a server on loopback that can be pulled: bytes
//! go both ways until then, and no connection is made until it is back.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Cable {
    address: SocketAddr,
    plugged: Arc<watch::Sender<bool>>,
}

impl Cable {
    /// To the server at `to`.
    pub(crate) async fn lay(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let plugged = Arc::new(watch::Sender::new(true));
        let state = plugged.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *state.borrow() {
                    tokio::spawn(carry(client, to, state.subscribe()));
                }
            }
        });
        Self { address, plugged }
    }

    /// Where the client connects to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Pulls it, or puts it back.
    pub(crate) fn plug(&self, plugged: bool) {
        self.plugged.send_replace(plugged);
    }
}

async fn carry(mut client: TcpStream, to: SocketAddr, mut plugged: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = plugged.wait_for(|plugged| !plugged) => {}
    }
}
