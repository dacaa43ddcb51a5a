use super::*;

use proptest::prelude::*;
use tokio::io::{DuplexStream, ReadHalf, duplex, split};
use tokio::task::JoinHandle;

use crate::call::CallId;

/// A connection whose other end is the test.
struct Scene {
    handle: Handle,
    peer: DuplexStream,
    closing: CancellationToken,
    events: mpsc::UnboundedReceiver<Event>,
    task: JoinHandle<Ended>,
}

/// `room`: how many bytes fit into the "socket" before a write has to wait.
fn scene(room: usize) -> Scene {
    let (near, peer) = duplex(room);
    let (handle, requests) = queue();
    let (told, events) = mpsc::unbounded_channel();
    let closing = CancellationToken::new();
    let token = closing.clone();
    let task = tokio::spawn(async move {
        run(split(near), Decoder::new(), requests, &token, |event| told.send(event).expect("the test listens")).await
    });
    Scene { handle, peer, closing, events, task }
}

impl Scene {
    /// Reads commands until there are so many.
    async fn commands(&mut self, count: usize) -> Vec<String> {
        let mut text = String::new();
        while text.matches("\n\n").count() < count {
            let mut bytes = [0; 4096];
            let read = self.peer.read(&mut bytes).await.expect("readable");
            assert!(read > 0, "closed after {text:?}");
            text.push_str(std::str::from_utf8(&bytes[..read]).expect("UTF-8"));
        }
        text.split_terminator("\n\n").map(str::to_owned).collect()
    }

    async fn say(&mut self, text: &str) {
        self.peer.write_all(text.as_bytes()).await.expect("writable");
    }
}

fn reply(text: &str) -> String {
    format!("Content-Type: command/reply\nReply-Text: {text}\n\n")
}

fn response(text: &str) -> String {
    format!("Content-Type: api/response\nContent-Length: {}\n\n{text}", text.len())
}

fn event(name: &str) -> String {
    let text = format!("Event-Name: {name}\n\n");
    format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{text}", text.len())
}

#[tokio::test]
async fn answers_reach_their_callers_in_order_with_events_between() {
    let mut scene = scene(4096);
    let calls: Vec<_> = (0..3).map(|_| CallId::new()).collect();
    let answers: Vec<_> = calls.iter().map(|call| scene.handle.send(Command::kill(call.0))).collect();
    let want: Vec<_> = calls.iter().map(|call| format!("api uuid_kill {call}")).collect();
    assert_eq!(scene.commands(3).await, want);
    let text = [response("+OK\n"), event("DTMF"), reply("-ERR no"), event("CHANNEL_PARK"), response("three")];
    scene.say(&text.concat()).await;
    let mut texts = Vec::new();
    for answer in answers {
        texts.push(answer.await.expect("answered").text().to_owned());
    }
    assert_eq!(texts, ["+OK", "-ERR no", "three"]);
    assert_eq!(scene.events.recv().await.expect("an event").name(), b"DTMF");
    assert_eq!(scene.events.recv().await.expect("an event").name(), b"CHANNEL_PARK");
}

#[tokio::test]
async fn a_caller_that_gave_up_keeps_its_place() {
    let mut scene = scene(4096);
    let first = tokio::spawn(scene.handle.send(Command::version()));
    let second = scene.handle.send(Command::channels());
    assert_eq!(scene.commands(2).await.len(), 2);
    first.abort();
    assert!(first.await.is_err());
    scene.handle.tell(Command::ping());
    let third = scene.handle.send(Command::version());
    assert_eq!(scene.commands(2).await, ["api uptime", "api version"]);
    scene.say(&["1", "2", "0", "3"].map(response).concat()).await;
    assert_eq!(second.await.expect("answered").text(), "2");
    assert_eq!(third.await.expect("answered").text(), "3");
}

#[tokio::test]
async fn a_command_given_up_before_it_was_written_is_not_written() {
    let mut scene = scene(4096);
    drop(scene.handle.send(Command::version()));
    let kept = scene.handle.send(Command::channels());
    assert_eq!(scene.commands(1).await, ["api show channels as json"]);
    scene.say(&response("{}")).await;
    assert_eq!(kept.await.expect("answered").text(), "{}");
}

#[tokio::test]
async fn many_commands_leave_in_one_write() {
    let mut scene = scene(64 * 1024);
    for _ in 0..100 {
        scene.handle.tell(Command::ping());
    }
    let mut bytes = vec![0; 64 * 1024];
    let read = scene.peer.read(&mut bytes).await.expect("readable");
    assert_eq!(read, 100 * Command::ping().as_bytes().len());
}

#[tokio::test]
async fn a_close_tells_what_was_sent_and_what_was_not() {
    // Room for the first command and a bit of the second, not the third.
    let first = Command::version().as_bytes().len();
    let mut scene = scene(first + 5);
    let answers: Vec<_> = (0..3).map(|_| scene.handle.send(Command::version())).collect();
    let mut bytes = vec![0; 1];
    scene.peer.read_exact(&mut bytes).await.expect("something was written");
    drop(scene.peer);
    let mut sent = Vec::new();
    for answer in answers {
        sent.push(answer.await.expect_err("lost").sent);
    }
    assert_eq!(sent, [true, true, false]);
    assert!(matches!(scene.task.await.expect("no panic"), Ended::ByPeer | Ended::Broken(_)));
    let late = scene.handle.send(Command::version()).await.expect_err("closed");
    assert!(!late.sent);
}

#[tokio::test]
async fn reads_go_on_while_a_write_is_stuck() {
    let mut scene = scene(16);
    scene.handle.tell(Command::channels());
    // Nobody reads our command, and still the event gets through.
    let text = event("CHANNEL_ANSWER");
    scene.say(&text).await;
    assert_eq!(scene.events.recv().await.expect("an event").name(), b"CHANNEL_ANSWER");
}

#[tokio::test]
async fn notices_strange_answers_and_garbage_end_the_connection() {
    let notice = "Disconnected, goodbye.\nSee you!\n";
    let notice = format!("Content-Type: text/disconnect-notice\nContent-Length: {}\n\n{notice}", notice.len());
    for (text, reason) in [
        (notice, "the switch said: Disconnected, goodbye."),
        (reply("+OK"), "the switch answered a question nobody asked"),
        ("HTTP/1.1 200 OK\n\n".into(), "unreadable bytes from the switch: header line without a colon"),
    ] {
        let mut scene = scene(4096);
        scene.say(&text).await;
        assert_eq!(scene.task.await.expect("no panic").to_string(), reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_and_then_given_up() {
    let mut scene = scene(4096);
    let waiting = scene.handle.send(Command::version());
    assert_eq!(scene.commands(1).await, ["api version"]);
    assert_eq!(scene.commands(1).await, ["api uptime"]);
    let lost = waiting.await.expect_err("dead");
    assert_eq!((lost.sent, lost.reason.as_str()), (true, "nothing heard from the switch for 25 seconds"));
    assert!(matches!(scene.task.await.expect("no panic"), Ended::Silent));
}

#[tokio::test(start_paused = true)]
async fn an_idle_peer_that_answers_stays() {
    let mut scene = scene(4096);
    for _ in 0..20 {
        assert_eq!(scene.commands(1).await, ["api uptime"]);
        scene.say(&response("100")).await;
    }
    assert!(!scene.task.is_finished());
    scene.closing.cancel();
    assert!(matches!(scene.task.await.expect("no panic"), Ended::ByUs));
}

#[tokio::test]
async fn dropping_every_handle_ends_it() {
    let scene = scene(4096);
    drop(scene.handle);
    assert!(matches!(scene.task.await.expect("no panic"), Ended::ByUs));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever the peer says, every caller gets an answer.
    #[test]
    fn nobody_waits_for_ever(pieces in proptest::collection::vec(piece(), 0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut scene = scene(4096);
            let answers: Vec<_> = (0..3).map(|_| scene.handle.send(Command::version())).collect();
            let (mut reader, mut writer) = split(scene.peer);
            let reading = async { drain(&mut reader).await };
            let writing = async {
                for piece in pieces {
                    if writer.write_all(&piece).await.is_err() {
                        break;
                    }
                }
                let _ = writer.shutdown().await;
            };
            let waiting = async {
                for answer in answers {
                    let _ = answer.await;
                }
            };
            let ((), (), ()) = tokio::join!(reading, writing, waiting);
            scene.events.close();
        });
    }
}

async fn drain(reader: &mut ReadHalf<DuplexStream>) {
    let mut bytes = [0; 1024];
    while reader.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(reply("+OK").into_bytes()),
        Just(response("x").into_bytes()),
        Just(event("DTMF").into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ]
}
