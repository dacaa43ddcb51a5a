//! ARI's REST side: requests out, answers in. Knows HTTP, not calls.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A connection is made within this time or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Asterisk answers in a few milliseconds, or has a problem.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Requests at a time. Each holds one of Asterisk's HTTP sessions, and by
/// default (`sessionlimit` of http.conf) there are 100 for all clients.
const REQUESTS: usize = 32;
/// Asterisk closes an idle connection after 15 s by default
/// (`session_keep_alive`); a request sent at that moment has an unknown fate.
const IDLE: Duration = Duration::from_secs(5);

/// Files fetched at a time, besides.
const DOWNLOADS: usize = 4;
/// A file comes within this time or not at all.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// A client of one Asterisk.
#[derive(Debug)]
pub(super) struct Rest {
    client: Client,
    base: String,
    authorization: HeaderValue,
    permits: Semaphore,
    downloads: Semaphore,
}

/// What Asterisk answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// What Asterisk answered where a file was asked for.
pub(super) enum Download<'a> {
    /// The file, to be read.
    File(File<'a>),
    /// Something else.
    Answer(Answer),
}

/// A file that comes.
pub(super) struct File<'a> {
    response: reqwest::Response,
    _permit: SemaphorePermit<'a>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestError {
    /// Asterisk never got the request.
    #[error("{0}")]
    NotSent(String),
    /// Asterisk may have got it.
    #[error("{0}")]
    NoAnswer(String),
}

impl Rest {
    /// A client for ARI at this URL; connects when it is first needed.
    pub(super) fn new(url: &Url, authorization: HeaderValue) -> Result<Self, String> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // reqwest panics without one, even for http. Fails only if another
            // thread was faster, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(REQUESTS)
            .tcp_nodelay(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(words)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            base,
            authorization,
            permits: Semaphore::new(REQUESTS),
            downloads: Semaphore::new(DOWNLOADS),
        })
    }

    /// `GET` of a path below the base URL.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, RestError> {
        self.send(Method::GET, path, None::<&()>).await
    }

    /// `DELETE` of a path below the base URL.
    pub(super) async fn delete(&self, path: &str) -> Result<Answer, RestError> {
        self.send(Method::DELETE, path, None::<&()>).await
    }

    /// `POST` to a path below the base URL, the parameters as JSON.
    pub(super) async fn post(&self, path: &str, body: Option<&impl Serialize>) -> Result<Answer, RestError> {
        self.send(Method::POST, path, body).await
    }

    /// `GET` of a file below the base URL.
    pub(super) async fn download(&self, path: &str) -> Result<Download<'_>, RestError> {
        // Never closed.
        let permit = self.downloads.acquire().await.map_err(|error| RestError::NotSent(error.to_string()))?;
        let request = self.request(Method::GET, path).timeout(DOWNLOAD_TIMEOUT);
        let response = sent(Box::pin(request.send()).await)?;
        if response.status().is_success() {
            return Ok(Download::File(File { response, _permit: permit }));
        }
        let status = response.status().as_u16();
        let body = Box::pin(response.bytes()).await.unwrap_or_default();
        Ok(Download::Answer(Answer { status, body }))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.base)).header(AUTHORIZATION, self.authorization.clone())
    }

    async fn send(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Answer, RestError> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let permit = self.permits.acquire().await;
        let response = sent(Box::pin(request.send()).await)?;
        let status = response.status().as_u16();
        // Read to the end, so that the connection can be used again. The status
        // alone has the answer to all that is not a question.
        let body = match Box::pin(response.bytes()).await {
            Ok(body) => body,
            Err(error) if status == 200 => return Err(RestError::NoAnswer(words(error))),
            Err(_) => Bytes::new(),
        };
        drop(permit);
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The body as JSON; none if it is something else.
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What Asterisk says is wrong, if the answer is in its own words.
    pub(super) fn message(&self) -> Option<String> {
        // `message` as a rule; `error` where originating fails.
        #[derive(Deserialize)]
        struct Refusal {
            #[serde(alias = "error")]
            message: String,
        }
        self.json().map(|refusal: Refusal| refusal.message)
    }

    /// The status, and Asterisk's words if there are any.
    pub(super) fn words(&self) -> String {
        match self.message() {
            Some(message) => format!("{message} (HTTP {})", self.status),
            None => format!("HTTP {}", self.status),
        }
    }
}

impl File<'_> {
    /// Its length, as announced.
    pub(super) fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece; none at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, RestError> {
        self.response.chunk().await.map_err(|error| RestError::NoAnswer(words(error)))
    }
}

fn sent(result: reqwest::Result<reqwest::Response>) -> Result<reqwest::Response, RestError> {
    result.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            RestError::NotSent(words(error))
        } else {
            RestError::NoAnswer(words(error))
        }
    })
}

/// An error and its causes in one line, without the URL: media URLs are signed.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.ends_with(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn asterisk_has_two_ways_to_say_what_is_wrong() {
        assert_eq!(answer(500, r#"{"error":"Allocation failed"}"#).words(), "Allocation failed (HTTP 500)");
        assert_eq!(answer(404, r#"{"message":"Channel not found"}"#).words(), "Channel not found (HTTP 404)");
        for garbage in ["", "<html>", "[]", r#"{"message":7}"#, "\u{0}"] {
            assert_eq!(answer(502, garbage).words(), "HTTP 502");
        }
    }

    #[tokio::test]
    async fn an_unreachable_asterisk_was_never_asked() {
        // Bound and dropped: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let url = format!("http://127.0.0.1:{port}/ari/").parse().expect("a URL");
        let rest = Rest::new(&url, HeaderValue::from_static("Basic eDp5")).expect("a client");
        let error = rest.get("channels").await.expect_err("nobody there");
        let RestError::NotSent(words) = error else { panic!("not sent, but {error:?}") };
        assert!(!words.contains("http://"), "{words}");
    }
}
