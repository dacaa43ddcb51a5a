//! The adapter against a scripted event socket over loopback: logging in,
//! losing the connection, placing and steering calls.

use std::time::Duration;

use canvass::call::{CallId, Cause};
use canvass::number::PhoneNumber;
use canvass::switch::freeswitch::{FreeSwitch, Options};
use canvass::switch::{
    CallEvent, CallEvents, CommandError, HungUp, LinkEvent, LinkEvents, Originate, OriginateError, Presence,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Nothing here takes long; a test that hangs ends after this.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens soon")
}

/// The switch's end of a connection.
struct Peer(BufReader<TcpStream>);

impl Peer {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = soon(listener.accept()).await.expect("a connection");
        Self(BufReader::new(stream))
    }

    /// Accepts, lets in and takes the subscription.
    async fn welcome(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener).await;
        peer.say("Content-Type: auth/request\n\n").await;
        assert_eq!(peer.command().await, ["auth ClueCon"]);
        peer.reply("+OK accepted").await;
        let subscription = peer.command().await.concat();
        assert!(subscription.starts_with("event plain ") && subscription.contains(" CHANNEL_HANGUP_COMPLETE "));
        peer.reply("+OK event listener enabled plain").await;
        peer
    }

    /// The lines of the next command.
    async fn command(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            soon(self.0.read_line(&mut line)).await.expect("readable");
            match line.trim_end() {
                "" => return lines,
                text => lines.push(text.to_owned()),
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.expect("writable");
    }

    async fn reply(&mut self, text: &str) {
        self.say(&format!("Content-Type: command/reply\nReply-Text: {text}\n\n")).await;
    }

    async fn respond(&mut self, text: &str) {
        self.say(&format!("Content-Type: api/response\nContent-Length: {}\n\n{text}", text.len())).await;
    }

    async fn event(&mut self, name: &str, lines: &str) {
        let text = format!("Event-Name: {name}\n{lines}\n\n");
        self.say(&format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{text}", text.len())).await;
    }

    async fn channel(&mut self, call: CallId, name: &str, lines: &str) {
        self.event(name, &format!("Unique-ID: {call}\n{lines}")).await;
    }

    async fn job(&mut self, call: CallId, output: &str) {
        let output = format!("{output}\n");
        let head = format!("Event-Name: BACKGROUND_JOB\nJob-UUID: {call}\nContent-Length: {}\n\n", output.len());
        let length = head.len() + output.len();
        self.say(&format!("Content-Length: {length}\nContent-Type: text/event-plain\n\n{head}{output}")).await;
    }
}

fn start(address: String) -> (FreeSwitch, LinkEvents) {
    FreeSwitch::start(Options { address, password: "ClueCon".to_owned().into(), node: "node-1".into() })
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A switch that is up, its connection events and the other end.
async fn connected() -> (FreeSwitch, LinkEvents, Peer) {
    let (listener, address) = listen().await;
    let (switch, mut links) = start(address);
    let peer = Peer::welcome(&listener).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
    assert!(switch.is_up());
    (switch, links, peer)
}

fn order() -> Originate {
    Originate {
        call: CallId::new(),
        endpoint: "sofia/gateway/carrier/+15551234567".into(),
        number: PhoneNumber::from_e164("+15551234567").expect("a number"),
        caller_id: PhoneNumber::from_e164("+15550001111").expect("a number"),
        ring_timeout: Duration::from_secs(30),
        max_call: Duration::from_secs(300),
    }
}

/// Places a call that the switch accepts.
async fn placed(switch: &FreeSwitch, peer: &mut Peer) -> (CallId, CallEvents) {
    let order = order();
    let (events, ()) = tokio::join!(switch.originate(&order), async {
        let lines = peer.command().await;
        assert!(lines[0].starts_with(&format!("bgapi originate {{origination_uuid={},", order.call)));
        assert!(lines[0].ends_with("canvass_node=node-1}sofia/gateway/carrier/+15551234567 &park()"));
        assert_eq!(lines[1..], [format!("Job-UUID: {}", order.call)]);
        peer.reply(&format!("+OK Job-UUID: {}", order.call)).await;
    });
    (order.call, events.expect("accepted"))
}

async fn down(links: &mut LinkEvents) -> String {
    match soon(links.recv()).await {
        Some(LinkEvent::Down { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_in_words() {
    let (listener, address) = listen().await;
    let (switch, mut links) = start(address);
    let mut peer = Peer::accept(&listener).await;
    peer.say("Content-Type: auth/request\n\n").await;
    peer.command().await;
    peer.reply("-ERR invalid").await;
    let reason = down(&mut links).await;
    assert!(reason.starts_with("wrong password") && !reason.contains("ClueCon"), "{reason}");
    assert!(!switch.is_up());
    assert!(matches!(switch.version().await, Err(CommandError::Disconnected(_))));
    assert!(matches!(switch.originate(&order()).await, Err(OriginateError::NotSent(_))));
    soon(switch.close()).await;
    assert_eq!(soon(links.recv()).await, None);
}

#[tokio::test]
async fn an_access_list_is_told_in_words() {
    let (listener, address) = listen().await;
    let (_switch, mut links) = start(address);
    let mut peer = Peer::accept(&listener).await;
    peer.say("Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n").await;
    let reason = down(&mut links).await;
    assert!(reason.contains("apply-inbound-acl") && reason.contains("Access Denied"), "{reason}");
}

#[tokio::test]
async fn something_else_listening_there_is_told_in_words() {
    let (listener, address) = listen().await;
    let (_switch, mut links) = start(address);
    let mut peer = Peer::accept(&listener).await;
    peer.say("SSH-2.0-OpenSSH_9.7\r\n\n").await;
    assert!(down(&mut links).await.starts_with("this is no FreeSWITCH event socket"));
}

#[tokio::test]
async fn a_lost_connection_comes_back_with_the_next_epoch_and_calls_stay() {
    let (listener, address) = listen().await;
    let (switch, mut links) = start(address);
    let mut peer = Peer::welcome(&listener).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
    let (call, mut events) = placed(&switch, &mut peer).await;
    drop(peer);
    down(&mut links).await;
    let mut peer = Peer::welcome(&listener).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 2 }));
    peer.channel(call, "CHANNEL_HANGUP_COMPLETE", "Hangup-Cause: USER_BUSY").await;
    let end = HungUp { cause: Some(Cause(17)), ..HungUp::default() };
    assert_eq!(soon(events.recv()).await, Some(CallEvent::HungUp(end)));
}

#[tokio::test]
async fn nobody_there_is_told_once() {
    let (listener, address) = listen().await;
    drop(listener);
    let (switch, mut links) = start(address.clone());
    assert!(down(&mut links).await.starts_with(&format!("cannot connect to {address}")));
    // It goes on trying: the next news is that it worked.
    let listener = TcpListener::bind(&address).await.expect("the same port");
    let _peer = Peer::welcome(&listener).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
    soon(switch.close()).await;
    assert_eq!(down(&mut links).await, "closed by us");
    assert!(!switch.is_up());
}

#[tokio::test]
async fn a_call_from_ringing_to_its_end() {
    let (switch, _links, mut peer) = connected().await;
    let (call, mut events) = placed(&switch, &mut peer).await;
    peer.channel(call, "CHANNEL_PROGRESS", "Answer-State: ringing").await;
    assert_eq!(soon(events.recv()).await, Some(CallEvent::Ringing));
    peer.channel(call, "CHANNEL_ANSWER", "Answer-State: answered").await;
    peer.job(call, &format!("+OK {call}")).await;
    peer.channel(call, "CHANNEL_PARK", "Answer-State: answered").await;
    assert_eq!(soon(events.recv()).await, Some(CallEvent::Answered));

    let (played, playback) = tokio::join!(switch.play(call, "/media/hello.wav"), async {
        let lines = peer.command().await;
        assert_eq!(lines[0], format!("sendmsg {call}"));
        assert!(lines.contains(&"execute-app-arg: /media/hello.wav".to_owned()));
        peer.reply("+OK").await;
        lines[4].strip_prefix("Event-UUID: ").expect("an id of ours").to_owned()
    });
    assert_eq!(played, Ok(()));
    let lines = format!("Application: playback\nApplication-UUID: {playback}\nApplication-Response: FILE%20PLAYED");
    peer.channel(call, "CHANNEL_EXECUTE_COMPLETE", &lines).await;
    assert_eq!(soon(events.recv()).await, Some(CallEvent::PlaybackFinished { failure: None }));

    let (hung_up, ()) = tokio::join!(switch.hang_up(call), async {
        assert_eq!(peer.command().await, [format!("api uuid_kill {call}")]);
        peer.respond("+OK\n").await;
    });
    assert_eq!(hung_up, Ok(()));
    peer.channel(call, "CHANNEL_HANGUP_COMPLETE", "Hangup-Cause: NORMAL_CLEARING").await;
    let end = HungUp { cause: Some(Cause(16)), answered: true, ..HungUp::default() };
    assert_eq!(soon(events.recv()).await, Some(CallEvent::HungUp(end)));
}

#[tokio::test]
async fn not_sent_refused_and_unknown_are_told_apart() {
    let (switch, mut links, mut peer) = connected().await;

    let unsafe_endpoint = Originate { endpoint: "loopback/1,loopback/2".into(), ..order() };
    assert!(matches!(switch.originate(&unsafe_endpoint).await, Err(OriginateError::Refused { .. })));

    let first = order();
    let (refused, ()) = tokio::join!(switch.originate(&first), async {
        peer.command().await;
        peer.reply("-ERR command not found").await;
    });
    let detail = "-ERR command not found".to_owned();
    assert_eq!(refused.err(), Some(OriginateError::Refused { cause: None, detail }));

    // Written, and the connection breaks before the answer.
    let second = order();
    let (unknown, ()) = tokio::join!(switch.originate(&second), async {
        peer.command().await;
        drop(peer);
    });
    assert!(matches!(unknown, Err(OriginateError::Unknown(_))), "{unknown:?}");
    down(&mut links).await;
    assert!(matches!(switch.originate(&order()).await, Err(OriginateError::NotSent(_))));
}

#[tokio::test]
async fn an_originate_that_fails_without_a_channel_ends() {
    let (switch, _links, mut peer) = connected().await;
    let (call, mut events) = placed(&switch, &mut peer).await;
    peer.job(call, "-ERR INVALID_GATEWAY").await;
    let detail = Some("originate: -ERR INVALID_GATEWAY".to_owned());
    let end = HungUp { cause: Some(Cause(608)), detail, ..HungUp::default() };
    assert_eq!(soon(events.recv()).await, Some(CallEvent::HungUp(end)));

    // One that should have had a channel ends too, a moment later.
    let (call, mut events) = placed(&switch, &mut peer).await;
    peer.job(call, "-ERR USER_BUSY").await;
    let Some(CallEvent::HungUp(end)) = soon(events.recv()).await else { panic!("ends") };
    assert_eq!(end.cause, Some(Cause(17)));
}

#[tokio::test]
async fn a_channel_under_another_id_is_hung_up() {
    let (switch, _links, mut peer) = connected().await;
    let (call, mut events) = placed(&switch, &mut peer).await;
    let other = CallId::new();
    peer.job(call, &format!("+OK {other}")).await;
    assert_eq!(peer.command().await, [format!("api uuid_kill {other}")]);
    assert!(matches!(soon(events.recv()).await, Some(CallEvent::HungUp(HungUp { answered: false, .. }))));
}

#[tokio::test]
async fn a_call_hung_up_too_early_dies_when_its_channel_shows_up() {
    let (switch, _links, mut peer) = connected().await;
    let (call, _events) = placed(&switch, &mut peer).await;
    let (hung_up, ()) = tokio::join!(switch.hang_up(call), async {
        peer.command().await;
        peer.respond("-ERR No such channel!\n").await;
    });
    assert_eq!(hung_up, Ok(()));
    peer.channel(call, "CHANNEL_PROGRESS", "Answer-State: ringing").await;
    assert_eq!(peer.command().await, [format!("api uuid_kill {call}")]);
}

#[tokio::test]
async fn commands_about_a_channel_that_is_gone() {
    let (switch, _links, mut peer) = connected().await;
    let call = CallId::new();
    let _events = switch.attach(call);
    let gone = "-ERR No such channel!\n";
    let ((stopped, hung_up, presence, played), ()) = tokio::join!(
        async {
            let stopped = switch.stop_playback(call).await;
            let hung_up = switch.hang_up(call).await;
            (stopped, hung_up, switch.presence(call).await, switch.play(call, "/a.wav").await)
        },
        async {
            for command in ["uuid_break", "uuid_kill", "uuid_dump"] {
                assert!(peer.command().await[0].starts_with(&format!("api {command} {call}")));
                peer.respond(gone).await;
            }
            peer.command().await;
            peer.reply(&format!("-ERR invalid session id [{call}]")).await;
        }
    );
    assert_eq!(stopped, Err(CommandError::NoSuchChannel));
    assert_eq!(hung_up, Err(CommandError::NoSuchChannel));
    assert_eq!(presence, Ok(Presence::Gone));
    assert_eq!(played, Err(CommandError::NoSuchChannel));
    assert!(matches!(switch.play(call, "/a.wav\n\napi shutdown").await, Err(CommandError::Refused(_))));
    assert_eq!(switch.play(CallId::new(), "/a.wav").await, Err(CommandError::NoSuchChannel));
}

#[tokio::test]
async fn presence_tells_dialing_from_up() {
    let (switch, _links, mut peer) = connected().await;
    for (dump, want) in [
        ("Answer-State: ringing\nCaller-Channel-Answered-Time: 0\n", Presence::Dialing),
        ("Answer-State: answered\nCaller-Channel-Answered-Time: 1795236559919644\n", Presence::Up),
        ("Answer-State: hangup\nCaller-Channel-Answered-Time: 1795236559919644\n", Presence::Up),
    ] {
        let (presence, ()) = tokio::join!(switch.presence(CallId::new()), async {
            peer.command().await;
            peer.respond(&format!("Event-Name: CHANNEL_DATA\n{dump}\n")).await;
        });
        assert_eq!(presence, Ok(want));
    }
}

#[tokio::test]
async fn live_calls_are_the_channels_with_our_mark() {
    let (switch, _links, mut peer) = connected().await;
    let calls: Vec<_> = (0..4).map(|_| CallId::new()).collect();
    let foreign = "f80cc105-b3dd-45df-80a5-63603e2070b7";
    let rows: Vec<_> = calls.iter().map(|call| format!("{{\"uuid\":\"{call}\",\"name\":\"x\"}}")).collect();
    let list =
        format!("{{\"row_count\":6,\"rows\":[{},{{\"uuid\":\"{foreign}\"}},{{\"uuid\":\"odd\"}}]}}", rows.join(","));
    let (live, ()) = tokio::join!(switch.live_calls(), async {
        assert_eq!(peer.command().await, ["api show channels as json"]);
        peer.respond(&list).await;
        for (call, answer) in calls.iter().zip(["node-1", "node-2", "_undef_", "-ERR No such channel!\n"]) {
            assert_eq!(peer.command().await, [format!("api uuid_getvar {call} canvass_node")]);
            peer.respond(answer).await;
        }
        // The others may be other parties of calls; one is of a call that is gone.
        let (here, gone) = (CallId::new(), CallId::new());
        let marks = [format!("node-1/{gone}"), format!("node-1/{here}"), format!("node-2/{gone}")];
        for (leg, mark) in calls[1..].iter().zip(&marks) {
            assert_eq!(peer.command().await, [format!("api uuid_getvar {leg} canvass_leg")]);
            peer.respond(mark).await;
        }
        assert_eq!(peer.command().await, [format!("api uuid_exists {gone}")]);
        peer.respond("false").await;
        let mut rest = vec![peer.command().await];
        rest.push(peer.command().await);
        rest.sort();
        assert_eq!(rest, [[format!("api uuid_exists {here}")], [format!("api uuid_kill {}", calls[1])]]);
        // Answers are told apart by their order alone.
        peer.respond("true").await;
        peer.respond("true").await;
    });
    assert_eq!(live, Ok(vec![calls[0]]));

    for (list, want) in [("{\"row_count\": 0}\n", Some(vec![])), ("-ERR no reply\n", None)] {
        let (live, ()) = tokio::join!(switch.live_calls(), async {
            peer.command().await;
            peer.respond(list).await;
        });
        assert_eq!(live.ok(), want);
    }
}

#[tokio::test]
async fn version_and_orphans() {
    let (switch, mut links, mut peer) = connected().await;
    let (version, ()) = tokio::join!(switch.version(), async {
        assert_eq!(peer.command().await, ["api version"]);
        peer.respond("FreeSWITCH Version 1.10.12-release (64bit)\n").await;
    });
    assert_eq!(version.as_deref(), Ok("FreeSWITCH Version 1.10.12-release (64bit)"));

    let call = CallId::new();
    let mark = format!("variable_origination_uuid: {call}\nvariable_canvass_node: node-1");
    peer.channel(call, "CHANNEL_PARK", &mark).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Orphan(call)));

    // A call whose listener went away is nobody's either.
    let (call, events) = placed(&switch, &mut peer).await;
    drop(events);
    let mark = format!("Answer-State: answered\nvariable_origination_uuid: {call}\nvariable_canvass_node: node-1");
    peer.channel(call, "CHANNEL_PARK", &mark).await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Orphan(call)));
}
