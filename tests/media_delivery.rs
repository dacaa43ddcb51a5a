//! Sounds by HTTP: the server as a switch sees it, the switches as they take
//! its URLs, and the commands that set it up.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use canvass::audio::convert::Limits;
use canvass::call::CallId;
use canvass::clock::Clock;
use canvass::media::{
    Delivery, Library, MediaServer, Player, Publisher, Resolved, SoundFile, SoundOptions, Sounds, SpeechOptions,
};
use canvass::switch::simulator::{CalleeMix, Fate};
use canvass::switch::{CallEvent, Originate};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use rstest::rstest;

#[path = "support/processes.rs"]
mod processes;
#[path = "support/world.rs"]
mod world;

use processes::{Process, SimulatorProcess, configuration};
use world::{Kind, Simulator, World, contact, everyone, pool};

const LIMITS: Limits = Limits { max_seconds: 600, max_bytes: 20 << 20 };

/// A media folder behind a server, with `hello.wav` and "speech" in the library.
struct Shop {
    world: World,
    sounds: Sounds,
    server: MediaServer,
    client: reqwest::Client,
}

/// URLs begin like this; requests go to wherever the server listens.
const BASE: &str = "http://pbx.test:8089";

impl Shop {
    async fn open() -> Self {
        Self::at(Clock::system()).await
    }

    async fn at(clock: Clock) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = World::new().await;
        world.prompt("hello.wav", Duration::from_secs(1));
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio/speech.mp3");
        Library::new(world.store.clone(), world.media().local, LIMITS)
            .add_file(&fixture, None, world.clock.now())
            .await
            .expect("added");
        let sounds = sounds(&world, BASE);
        let server = serve(&sounds, clock).await;
        Self { world, sounds, server, client: reqwest::Client::new() }
    }

    async fn file(&self, entry: &str) -> SoundFile {
        let found = self.sounds.look_up(&self.world.store, [("prompts", entry)]).await.expect("looked up");
        assert_eq!(found.missing, Vec::<String>::new());
        let Some(Resolved::Ready(file)) = found.sounds.get(entry) else { panic!("a file") };
        file.clone()
    }

    async fn url(&self, entry: &str) -> String {
        self.sounds.sound(&self.file(entry).await, Player::Asterisk, self.world.clock.now()).file
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let path = url.strip_prefix(BASE).expect("a URL of ours");
        self.client.request(method, format!("http://{}{path}", self.server.address()))
    }

    async fn get(&self, url: &str) -> Response {
        self.request(Method::GET, url).send().await.expect("an answer")
    }
}

fn sounds(world: &World, base: &str) -> Sounds {
    let valid = Duration::from_secs(86_400);
    let publisher = Publisher::new(base, valid, world.folder.path()).expect("a key");
    let speech = SpeechOptions { command: vec!["no-such-speaker".into(), "{file}".into()], ..Default::default() };
    let delivery = Delivery::Http(publisher);
    Sounds::new(SoundOptions { delivery, speech, ..SoundOptions::in_folder(world.media()) })
}

async fn serve(sounds: &Sounds, clock: Clock) -> MediaServer {
    let listen = "127.0.0.1:0".parse().expect("an address");
    sounds.serve(listen, clock).await.expect("listens").expect("by HTTP")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn a_sound_is_fetched_whole_in_part_and_not_twice() {
    let shop = Shop::open().await;
    let url = shop.url("hello.wav").await;
    let bytes = std::fs::read(shop.world.folder.path().join("hello.wav")).expect("read");
    let answer = shop.get(&url).await;
    assert_eq!((answer.status(), header(&answer, "content-type")), (StatusCode::OK, "audio/wav"));
    assert_eq!(header(&answer, "content-length"), bytes.len().to_string());
    assert_eq!(header(&answer, "cache-control"), "private, max-age=60", "it may be replaced");
    let tag = header(&answer, "etag").to_owned();
    assert_eq!(answer.bytes().await.expect("a body"), bytes);

    let head = shop.request(Method::HEAD, &url).send().await.expect("an answer");
    assert_eq!((head.status(), header(&head, "etag")), (StatusCode::OK, tag.as_str()));
    assert_eq!(header(&head, "content-length"), bytes.len().to_string());
    assert!(head.bytes().await.expect("no body").is_empty());

    let part = shop.request(Method::GET, &url).header("range", "bytes=8-11").send().await.expect("an answer");
    let range = format!("bytes 8-11/{}", bytes.len());
    assert_eq!((part.status(), header(&part, "content-range")), (StatusCode::PARTIAL_CONTENT, range.as_str()));
    assert_eq!(part.bytes().await.expect("a body"), b"WAVE".as_slice());
    let other = shop.request(Method::GET, &url).header("range", "bytes=8-11").header("if-range", "\"x\"");
    assert_eq!(other.send().await.expect("an answer").status(), StatusCode::OK);
    let beyond = shop.request(Method::GET, &url).header("range", "bytes=999999-").send().await.expect("an answer");
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let known = shop.request(Method::GET, &url).header("if-none-match", &tag).send().await.expect("an answer");
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    shop.world.prompt("hello.wav", Duration::from_secs(2));
    let changed = shop.request(Method::GET, &url).header("if-none-match", &tag).send().await.expect("an answer");
    assert_eq!((changed.status(), changed.bytes().await.expect("a body").len()), (StatusCode::OK, 44 + 32_000));
    let posted = shop.request(Method::POST, &url).send().await.expect("an answer");
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_sound_named_by_its_content_is_kept_as_long_as_its_url_works() {
    let shop = Shop::open().await;
    let answer = shop.get(&shop.url("speech").await).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let age = header(&answer, "cache-control").strip_prefix("private, max-age=").expect("an age");
    let age: u64 = age.parse().expect("a number");
    assert!((86_390..=2 * 86_400).contains(&age), "{age}");
}

#[tokio::test]
async fn only_what_was_signed_is_given_and_only_in_time() {
    let start: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
    let shop = Shop::at(Clock::starting_at(start)).await;
    let file = shop.file("hello.wav").await;
    let url_at = |time: &str| {
        let time = time.parse().expect("an instant");
        shop.sounds.sound(&file, Player::Asterisk, time).file
    };
    assert_eq!(shop.get(&url_at("2026-02-28T00:00:00Z")).await.status(), StatusCode::GONE);
    let url = url_at("2026-02-28T00:00:01Z");
    assert_eq!(shop.get(&url).await.status(), StatusCode::OK);

    let parts: Vec<&str> = url.split('/').collect();
    let (expires, signature) = (parts[4], parts[5]);
    let later = url.replace(expires, "1900000000");
    let other = url.replace("hello.wav", "canvass.db");
    let unsigned = url.replace(signature, &"0".repeat(64));
    for forged in [&later, &other, &unsigned, &url.replace("hello.wav", ".url-key")] {
        let answer = shop.get(forged).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{forged}");
        assert!(!answer.text().await.expect("a body").contains("RIFF"));
    }
    for nowhere in ["/", "/media/", "/media/1/2", "/hello.wav", "/media/x/y/hello.wav"] {
        assert_eq!(shop.get(&format!("{BASE}{nowhere}")).await.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[tokio::test]
async fn a_signature_opens_no_door_out_of_the_folder() {
    let shop = Shop::open().await;
    let now = shop.world.clock.now();
    let secret = shop.world.folder.path().join("secret.txt");
    std::fs::write(&secret, "secret").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", shop.world.folder.path().join("link.wav")).expect("linked");
    let there = "gone.wav link.wav secret.txt .url-key canvass.db ../x.wav /etc/passwd";
    for path in there.split(' ') {
        let file = SoundFile { path: path.to_owned(), length: None };
        let url = shop.sounds.sound(&file, Player::Asterisk, now).file;
        // A path that begins with a slash has two of them in its URL.
        assert_eq!(shop.get(&url).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn urls_stay_good_over_a_restart() {
    let shop = Shop::open().await;
    let url = shop.url("speech").await;
    let Shop { world, server, .. } = shop;
    drop(server);
    let again = sounds(&world, BASE);
    let server = serve(&again, world.clock).await;
    let shop = Shop { world, sounds: again, server, client: reqwest::Client::new() };
    assert_eq!(shop.url("speech").await, url);
    assert_eq!(shop.get(&url).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn by_path_nothing_listens() {
    let world = World::new().await;
    let sounds = Sounds::new(SoundOptions::in_folder(world.media()));
    let server = sounds.serve("127.0.0.1:0".parse().expect("an address"), world.clock).await;
    assert!(server.expect("nothing to do").is_none());
    assert!(!world.folder.path().join(".url-key").exists());
}

/// Both adapters take both forms, whatever the file is called.
#[rstest]
#[tokio::test]
async fn a_switch_plays_what_it_is_told(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
    #[values(false, true)] http: bool,
) {
    let world = World::new().await;
    let sounds = match http {
        true => sounds(&world, BASE),
        false => Sounds::new(SoundOptions::in_folder(world.media())),
    };
    let mix = CalleeMix { ring_ms: (10, 20), talk_ms: (600_000, 600_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(kind, mix).await;
    let mut setup = simulator.connect("one", 10, 0.0);
    tokio::time::timeout(Duration::from_secs(10), setup.events.recv()).await.expect("in time").expect("connected");
    let endpoint = match kind {
        Kind::FreeSwitch => "sofia/gateway/carrier/+15552000001",
        Kind::Asterisk => "PJSIP/+15552000001@carrier",
    };
    let call = Originate {
        call: CallId::new(),
        endpoint: endpoint.into(),
        number: contact(1),
        caller_id: pool(1)[0],
        ring_timeout: Duration::from_secs(30),
        max_call: Duration::from_secs(60),
    };
    let mut events = setup.switch.originate(&call).await.expect("placed");
    let mut next = async || {
        let next = tokio::time::timeout(Duration::from_secs(10), events.recv());
        next.await.expect("in time").expect("an event")
    };
    while next().await != CallEvent::Answered {}
    let names = ["hello.wav", "Hello again.wav"];
    for name in names {
        world.prompt(name, Duration::from_secs(1));
        let found = sounds.look_up(&world.store, [("prompts", name)]).await.expect("looked up");
        let Some(Resolved::Ready(file)) = found.sounds.get(name) else { panic!("{:?}", found.missing) };
        let sound = sounds.sound(file, Player::from(&setup.switch), world.clock.now());
        setup.switch.play(call.call, &sound.file).await.expect("taken");
        assert_eq!(next().await, CallEvent::PlaybackFinished { failure: None }, "{}", sound.file);
    }
    // What such a line would look like if it had not been played.
    let gone = SoundFile { path: "gone.wav".into(), length: None };
    let sound = sounds.sound(&gone, Player::from(&setup.switch), world.clock.now());
    setup.switch.play(call.call, &sound.file).await.expect("taken");
    let CallEvent::PlaybackFinished { failure } = next().await else { panic!("an end") };
    // The simulated switches fetch nothing: by HTTP anything plays.
    assert_eq!(failure.is_some(), !http, "{failure:?}");
    setup.switch.close().await;
}

/// An installation as a user has it, beside a simulated switch.
struct Home {
    folder: tempfile::TempDir,
    simulator: SimulatorProcess,
}

struct Said {
    well: bool,
    out: String,
    err: String,
}

impl Home {
    /// `media` goes into that section of the configuration.
    fn new(media: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let simulator = SimulatorProcess::start("freeswitch", "127.0.0.1:0", folder.path(), "");
        let home = Self { folder, simulator };
        home.configure(media);
        home
    }

    fn configure(&self, media: &str) {
        let database = format!("sqlite:{}", self.folder.path().join("canvass.db").display());
        let path = configuration(self.folder.path(), &database, "freeswitch", &self.simulator.address);
        let text = std::fs::read_to_string(&path).expect("read");
        std::fs::write(&path, text.replace("[media]", &format!("[media]\n{media}"))).expect("written");
    }

    fn canvass(&self, arguments: &[&str]) -> Said {
        // As a careful user runs it: files of ours are for nobody else.
        let done = std::process::Command::new("/bin/sh")
            .args(["-c", "umask 077; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_canvass")])
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .env("CANVASS__DATABASE__URL_FILE", self.folder.path().join("url"))
            .args(arguments)
            .output()
            .expect("canvass runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { well: done.status.success(), out: text(done.stdout), err: text(done.stderr) }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }
}

#[test]
fn a_text_is_added_by_a_command_that_learns_no_secret() {
    let home = Home::new("");
    home.write("url", &format!("sqlite:{}", home.folder.path().join("canvass.db").display()));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio/speech-24bit.wav");
    let script = format!("env > ${{0%/*}}/environment; cat > ${{0%/*}}/text; cp '{}' \"$1\"", fixture.display());
    let script = home.write("say.sh", &script);
    home.configure(&format!("speech_command = [\"/bin/sh\", \"{script}\", \"{{file}}\"]"));
    let said = home.canvass(&["media", "say", "Hello {{name|there}}, \"x\".", "--name", "greeting"]);
    assert!(said.well && said.out.contains("\"greeting\" is in the library"), "{}{}", said.out, said.err);
    assert!(said.err.contains("name had no value here"), "{}", said.err);
    let read = |name: &str| std::fs::read_to_string(home.folder.path().join(name)).expect("read");
    assert_eq!(read("text"), "Hello there, \"x\".");
    assert!(read("environment").contains("PATH=") && !read("environment").contains("CANVASS"));
    let shown = home.canvass(&["media", "show", "greeting"]);
    assert!(shown.out.contains("say:Hello there"), "{}", shown.out);
    assert!(!shown.out.contains("MISSING"), "{}", shown.out);
    // The switch is another user, and must get at it all the same.
    let mut folders = vec![home.folder.path().join("speech")];
    while let Some(folder) = folders.pop() {
        for inner in std::fs::read_dir(&folder).expect("a folder") {
            let inner = inner.expect("an entry");
            let want = if inner.path().is_dir() { 0o755 } else { 0o644 };
            assert_eq!(inner.metadata().expect("there").mode() & 0o777, want, "{}", inner.path().display());
            folders.extend(inner.path().is_dir().then(|| inner.path()));
        }
        assert_eq!(folder.metadata().expect("there").mode() & 0o777, 0o755, "{}", folder.display());
    }

    home.configure("speech_command = [\"no-such-speaker\", \"{file}\"]");
    let said = home.canvass(&["media", "say", "Hello", "--name", "other"]);
    assert!(!said.well && said.err.contains("media.speech_command"), "{}", said.err);
    let doctor = home.canvass(&["doctor"]);
    assert!(!doctor.well && doctor.out.contains("BAD   speech: texts cannot be spoken"), "{}", doctor.out);
}

#[test]
fn a_daemon_serves_sounds_and_doctor_asks_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let home = Home::new(&format!("delivery = \"http\"\nlisten = \"{free}\""));
    home.write("url", &format!("sqlite:{}", home.folder.path().join("canvass.db").display()));
    let doctor = home.canvass(&["doctor"]);
    let good = format!("ok    media delivery: by HTTP at http://{free}");
    assert!(doctor.out.contains(&format!("{good} (this check listened itself)")), "{}", doctor.out);

    let config = home.folder.path().join("canvass.toml").display().to_string();
    let mut daemon = Process::start(&["--config", &config, "serve"], &home.folder.path().join("daemon.log"));
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(free).is_err() {
        assert!(std::time::Instant::now() < until && daemon.is_running(), "the daemon listens");
        std::thread::sleep(Duration::from_millis(20));
    }
    let doctor = home.canvass(&["doctor"]);
    assert!(doctor.out.contains(&format!("{good} (the daemon that runs answered)")), "{}", doctor.out);
    let second = home.canvass(&["serve"]);
    assert!(!second.well && second.err.contains("media.listen"), "{}", second.err);

    // Another installation's daemon, and nobody at all.
    std::fs::remove_file(home.folder.path().join(".url-key")).expect("removed");
    let doctor = home.canvass(&["doctor"]);
    assert!(!doctor.well && doctor.out.contains("does not know our signatures"), "{}", doctor.out);
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
    home.configure(&format!("delivery = \"http\"\nlisten = \"{free}\"\npublic_url = \"http://127.0.0.1:1\""));
    let doctor = home.canvass(&["doctor"]);
    assert!(!doctor.well && doctor.out.contains("http://127.0.0.1:1 does not answer"), "{}", doctor.out);
}
