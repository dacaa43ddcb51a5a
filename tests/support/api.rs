//! A daemon's HTTP API with its engine and a simulated switch behind it, and a
//! client.

#![allow(dead_code)] // not every test binary uses all of it

use std::time::Duration;

use canvass::access::{ApiKey, KeySecret, Role, Scope};
use canvass::api::{InForce, KnownSwitch, Limits, Options, Server};
use canvass::config::Config;
use canvass::dialer::Engine;
use canvass::guard::Guard;
use canvass::metrics::{self, Metrics};
use canvass::settings::{Live, Overrides};
use canvass::store::Store;
use canvass::switch::simulator::CalleeMix;
use canvass::webhook::{self, Deliverer};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::postgres::Database;
use super::world::{Kind, Simulator, World, quick, stop};

/// Everything a user has.
pub(crate) struct Home {
    pub(crate) world: World,
    pub(crate) simulator: Simulator,
    pub(crate) admin: String,
    pub(crate) metrics: Metrics,
    base: String,
    client: reqwest::Client,
    server: Server,
    engine: Engine,
    deliverer: Deliverer,
    _database: Option<Database>,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// Its body, of this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let value = if self.text.is_empty() { Value::Null } else { self.json() };
        if status >= 400 {
            assert_eq!(self.header("content-type"), "application/problem+json");
            assert_eq!(value["status"], status);
            assert!(value["type"].as_str().is_some_and(|kind| kind.starts_with("/problems/")), "{value}");
        }
        value
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The names of the wrong fields.
    #[track_caller]
    pub(crate) fn fields(&self) -> Vec<String> {
        let problem = self.expect(422);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let mut fields: Vec<_> =
            errors.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect();
        fields.sort();
        fields
    }
}

impl Home {
    pub(crate) async fn sqlite() -> Self {
        Self::on(World::new().await, None, quick(), Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::on(World::new().await, None, quick(), limits).await
    }

    /// On Postgres, where there is one.
    pub(crate) async fn postgres(test: &str) -> Option<Self> {
        let database = Database::create(test).await?;
        let location = canvass::store::Location::Postgres(database.url().to_owned().into());
        let store = Store::open(&location).await.expect("a database");
        store.migrate().await.expect("migrated");
        Some(Self::on(World::on(store), Some(database), quick(), Limits::default()).await)
    }

    async fn on(world: World, database: Option<Database>, mix: CalleeMix, limits: Limits) -> Self {
        let simulator = Simulator::start(Kind::FreeSwitch, mix).await;
        let engine = world.engine(vec![simulator.connect("main", 100, 400.0)]).await;
        let in_force = InForce {
            switches: vec![KnownSwitch {
                name: "main".into(),
                trunks: vec!["carrier".into()],
                default_trunk: Some("carrier".into()),
            }],
            compliance: std::sync::Arc::new(canvass::compliance::Organization::laboratory()),
        };
        let measured = metrics::Options::new(world.store.clone(), world.clock);
        let metrics = Metrics::new(metrics::Options { refresh: Duration::ZERO, ..measured });
        metrics.watch(engine.handle());
        let options = Options {
            store: world.store.clone(),
            clock: world.clock,
            sounds: world.media().into(),
            settings: Live::new(Config::default().configured(), Overrides::default()),
            recordings: world.media().local,
            limits,
            uploads: canvass::uploads::Uploads::new(world.folder.path().join("uploads")),
            in_force: tokio::sync::watch::channel(std::sync::Arc::new(in_force)).1,
            engine: Some(engine.handle()),
            guard: Guard { allow_private: true },
            metrics: metrics.clone(),
        };
        let told = webhook::Options { store: world.store.clone(), clock: world.clock, guard: options.guard };

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = Server::start(listener, options).expect("the API");
        let base = format!("http://{}", server.address());
        // As main does; the second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let deliverer = Deliverer::start(told).expect("webhooks");
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
        let mut home = Self {
            world,
            simulator,
            metrics,
            admin: String::new(),
            base,
            client,
            server,
            engine,
            deliverer,
            _database: database,
        };
        home.admin = home.key(Role::Admin, &[]).await;
        home
    }

    /// The time as the API sees it.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.world.clock.now()
    }

    /// A key, made as the command line makes one.
    pub(crate) async fn key(&self, role: Role, scopes: &[Scope]) -> String {
        let secret = KeySecret::generate().expect("a key");
        let now = self.world.clock.now();
        let key = ApiKey {
            scopes: scopes.to_vec(),
            expires_at: Some(now + SignedDuration::from_hours(1)),
            ..ApiKey::new(&secret, "test".into(), role, now)
        };
        self.world.store.add_api_key(&key).await.expect("added");
        secret.expose().to_owned()
    }

    /// Where the API is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A request, as one builds it.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.admin)
    }

    /// A request with another key, or none.
    pub(crate) fn request_as(&self, key: Option<&str>, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method.parse().expect("a method"), format!("{}{path}", self.base));
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Where it listens: address and port.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        send(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        send(self.request("POST", path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        send(self.request("PATCH", path).json(&body)).await
    }

    /// A request without a body.
    pub(crate) async fn act(&self, path: &str) -> Reply {
        send(self.request("POST", path)).await
    }

    /// Uploads files, as a browser or curl would.
    pub(crate) async fn upload(&self, campaign: &str, files: &[(&str, &str)]) -> Reply {
        self.upload_to(&format!("/api/campaigns/{campaign}/upload-csv"), files).await
    }

    pub(crate) async fn upload_to(&self, path: &str, files: &[(&str, &str)]) -> Reply {
        let mut body = Vec::new();
        for (name, text) in files {
            body.extend(
                format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n")
                    .into_bytes(),
            );
        }
        body.extend(b"--XX--\r\n");
        let request = self.request("POST", path);
        send(request.header("content-type", "multipart/form-data; boundary=XX").body(body)).await
    }

    /// A draft with caller IDs of ours; its id.
    pub(crate) async fn draft(&self, name: &str) -> String {
        for number in ["+15550100001", "+15550100002"] {
            let added = self.post("/api/phone-numbers", json!({"phone_number": number})).await;
            assert!([201, 409].contains(&added.status), "{}", added.text);
        }
        let body = json!({"name": name, "max_concurrent": 3, "number_pool": ["+15550100001", "+15550100002"]});
        let made = self.post("/api/campaigns", body).await.expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Adds so many contacts, beginning with this one.
    pub(crate) async fn fill(&self, campaign: &str, from: u32, count: u32) {
        let contacts: Vec<_> = (from..from + count)
            .map(|n| json!({"phone_number": format!("+1555{:07}", 2_000_000 + n), "name": format!("Contact {n}")}))
            .collect();
        let path = format!("/api/campaigns/{campaign}/contacts");
        let added = self.post(&path, json!({"contacts": contacts})).await.expect(201);
        assert_eq!(added["accepted"], count);
    }

    /// Waits until a campaign is in this state.
    pub(crate) async fn until(&self, campaign: &str, status: &str) -> Value {
        for _ in 0..600 {
            let body = self.get(&format!("/api/campaigns/{campaign}")).await.expect(200);
            if body["status"] == status {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the campaign never was {status}")
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
        stop(self.engine).await;
        self.deliverer.stop().await;
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, text: response.text().await.expect("text") }
}

/// Makes of each scenario a test on SQLite and one on Postgres.
macro_rules! on_both_engines {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let home = crate::api::Home::sqlite().await;
                Box::pin(super::$scenario(&home)).await;
                Box::pin(home.stop()).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let name = concat!(module_path!(), "::", stringify!($scenario));
                if let Some(home) = crate::api::Home::postgres(name).await {
                    Box::pin(super::$scenario(&home)).await;
                    Box::pin(home.stop()).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;
