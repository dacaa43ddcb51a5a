//! The HTTP server that switches fetch sounds from.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::listener::Bounded;
use super::{PROBE, Publisher, Refusal, locate};
use crate::api::served_file::{self, Served};
use crate::clock::Clock;

/// Seconds for which a file that may change is kept without asking again.
const CHANGING: u64 = 60;

/// A server of signed URLs. Ends when dropped.
#[derive(Debug)]
pub struct MediaServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// What every request needs.
struct Shop {
    publisher: Publisher,
    folder: PathBuf,
    clock: Clock,
}

impl MediaServer {
    /// Serves the files of `folder` that `publisher` made URLs for.
    pub(in crate::media) async fn start(
        listen: SocketAddr,
        publisher: Publisher,
        folder: PathBuf,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shop = Arc::new(Shop { publisher, folder, clock });
        // `get` answers HEAD too, without the body.
        let app = Router::new().fallback(get(respond)).with_state(shop);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(Bounded::new(listener), app).await {
                tracing::error!(%error, "sounds are no longer served by HTTP");
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MediaServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(State(shop): State<Arc<Shop>>, request: Request) -> Response<Body> {
    let granted = match shop.publisher.granted(request.uri().path(), shop.clock.now()) {
        Ok(granted) => granted,
        Err(Refusal::Forged) => return refused(StatusCode::FORBIDDEN, "the signature is wrong"),
        Err(Refusal::Expired) => return refused(StatusCode::GONE, "this address has expired"),
        Err(Refusal::NoSuchPlace) => return refused(StatusCode::NOT_FOUND, "no such place"),
    };
    let max_age = if is_named_by_content(&granted.file) { granted.left } else { granted.left.min(CHANGING) };
    let (place, name) = (shop.clone(), granted.file.clone());
    let found = tokio::task::spawn_blocking(move || locate(&place.folder, &name)).await;
    let Ok(Ok(path)) = found else {
        if granted.file != PROBE {
            // A switch was told to play it a moment ago.
            tracing::warn!(file = %granted.file, "a switch asks for a sound that is not there");
        }
        return refused(StatusCode::NOT_FOUND, "no such file");
    };
    let served = Served {
        content_type: "audio/wav",
        cache: format!("private, max-age={max_age}"),
        tag: None,
        disposition: None,
    };
    match served_file::answer(&path, request.method(), request.headers(), &served).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a sound cannot be served");
            refused(StatusCode::NOT_FOUND, "no such file")
        }
    }
}

fn refused(status: StatusCode, reason: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(reason));
    *answer.status_mut() = status;
    answer
}

/// Whether the file's name says what is in it: then it never changes.
fn is_named_by_content(file: &str) -> bool {
    let name = file.rsplit('/').next().and_then(|name| name.strip_suffix(".wav")).unwrap_or_default();
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
