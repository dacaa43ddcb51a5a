//! The decoder on bytes a real FreeSWITCH 1.10.12 sent, whole, in pieces, cut
//! off, damaged; and on bytes nobody would send.

use std::collections::HashMap;

use canvass::switch::freeswitch::codec::{CodecError, Decoder, Frame, FrameKind};
use canvass::switch::freeswitch::event::Event;
use proptest::prelude::*;

const AUTH_REFUSED: &[u8] = include_bytes!("fixtures/freeswitch/freeswitch-1.10.12-auth-refused.bin");
const COMMANDS: &[u8] = include_bytes!("fixtures/freeswitch/freeswitch-1.10.12-commands.bin");
const LOOPBACK: &[u8] = include_bytes!("fixtures/freeswitch/freeswitch-1.10.12-loopback-all-events.bin");
const SIP: &[u8] = include_bytes!("fixtures/freeswitch/freeswitch-1.10.12-sip-answered.bin");
const ALL: [&[u8]; 4] = [AUTH_REFUSED, COMMANDS, LOOPBACK, SIP];

/// Feeds pieces one after the other; what came out and how many bytes are left.
fn feed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Frame>, usize), CodecError> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.buffer().extend_from_slice(piece);
        while let Some(frame) = decoder.next_frame()? {
            frames.push(frame);
        }
    }
    Ok((frames, decoder.pending()))
}

fn whole(bytes: &[u8]) -> Vec<Frame> {
    let (frames, left) = feed([bytes]).expect("recorded bytes");
    assert_eq!(left, 0);
    frames
}

fn events(frames: Vec<Frame>) -> Vec<Event> {
    frames.into_iter().filter_map(Frame::into_event).collect()
}

#[test]
fn every_frame_and_event_is_there() {
    for (bytes, frames, known) in [(AUTH_REFUSED, 3, 0), (COMMANDS, 17, 1), (LOOPBACK, 251, 241), (SIP, 63, 48)] {
        let all = whole(bytes);
        assert_eq!(all.len(), frames);
        assert!(all.iter().all(|frame| frame.kind != FrameKind::Unknown));
        let events = events(all);
        assert_eq!(events.len(), known);
        assert!(events.iter().all(|event| !event.name().is_empty() && event.raw("Event-Sequence").is_some()));
    }
}

#[test]
fn a_refused_password() {
    let frames = whole(AUTH_REFUSED);
    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [FrameKind::AuthRequest, FrameKind::CommandReply, FrameKind::DisconnectNotice]);
    assert_eq!(frames[1].text(), "-ERR invalid");
    assert!(frames[2].text().starts_with("Disconnected, goodbye.\n"));
}

#[test]
fn answers_to_commands() {
    let texts: Vec<_> = whole(COMMANDS).iter().map(Frame::text).collect();
    assert!(texts[2].contains("FreeSWITCH (Version 1.10.12-release"));
    assert_eq!(texts[3], "false");
    assert_eq!(texts[4], "-ERR nosuchcommand Command not found!\n");
    assert_eq!(texts[5], "-ERR command not found");
    assert!(texts.iter().any(|text| text.trim() == "{\"row_count\": 0}"));
    let job = &events(whole(COMMANDS))[0];
    assert_eq!(job.raw("Job-Command"), Some(&b"status"[..]));
    assert!(job.body_text().starts_with("UP 0 years"));
    assert_eq!(job.body().len(), 379);
}

#[test]
fn headers_are_what_a_plain_reading_finds() {
    for frame in ALL.into_iter().flat_map(whole).filter(|frame| frame.kind == FrameKind::Event) {
        let text = frame.text();
        let event = frame.into_event().expect("an event");
        let mut seen = HashMap::new();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").expect("a header");
            // Where a name comes twice, the first counts.
            let first = *seen.entry(name).or_insert(value);
            assert_eq!(event.raw(name), Some(first.as_bytes()), "{name}");
        }
        assert!(seen.len() > 10);
        assert_eq!(event.raw("No-Such-Header"), None);
    }
}

#[test]
fn values_are_decoded() {
    let all = events(whole(SIP));
    assert_eq!(all[0].get("Caller-Callee-ID-Name").as_deref(), Some("Outbound Call"));
    let sdp = all[0].get("variable_rtp_local_sdp_str").expect("an SDP");
    assert!(sdp.starts_with("v=0\r\no=FreeSWITCH "));
}

#[test]
fn byte_by_byte_gives_the_same_frames() {
    for bytes in ALL {
        assert_eq!(feed(bytes.chunks(1)), Ok((whole(bytes), 0)));
    }
}

#[test]
fn reads_of_any_size_give_the_same_frames() {
    for bytes in ALL {
        for size in [2, 3, 7, 64, 1_460, 4_096, 65_536] {
            assert_eq!(feed(bytes.chunks(size)), Ok((whole(bytes), 0)), "{size}");
        }
    }
}

#[test]
fn cut_off_anywhere_more_is_wanted() {
    for bytes in [AUTH_REFUSED, COMMANDS, &SIP[..12_000]] {
        let all = feed([bytes]).expect("recorded bytes").0;
        for end in 0..bytes.len() {
            let (frames, left) = feed([&bytes[..end]]).expect("no error");
            assert_eq!(frames, all[..frames.len()]);
            let (rest, _) = feed([&bytes[..end], &bytes[end..]]).expect("no error");
            assert_eq!(rest, all);
            assert!(left <= end);
        }
    }
    // Every offset of the large recordings, without starting over each time.
    for bytes in [LOOPBACK, SIP] {
        let mut decoder = Decoder::new();
        let mut count = 0;
        for byte in bytes {
            decoder.buffer().extend_from_slice(&[*byte]);
            count += usize::from(decoder.next_frame().expect("no error").is_some());
        }
        assert_eq!(count, whole(bytes).len());
    }
}

/// Reads all that can be read of whatever came out.
fn read_all(frames: Vec<Frame>) {
    for frame in frames {
        frame.text();
        frame.header("Reply-Text");
        if let Some(event) = frame.into_event() {
            event.name();
            event.body_text();
            event.get("Unique-ID");
            event.get("");
        }
    }
}

proptest! {
    #[test]
    fn garbage_is_an_error_or_incomplete(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok((frames, _)) = feed([&bytes[..]]) {
            read_all(frames);
        }
    }

    #[test]
    fn nearly_right_bytes_are_read_the_same_in_pieces(text in nearly_frames(), size in 1_usize..40) {
        let once = feed([text.as_bytes()]).map(|(frames, _)| frames);
        let pieces = feed(text.as_bytes().chunks(size)).map(|(frames, _)| frames);
        prop_assert_eq!(&once, &pieces);
        if let Ok(frames) = once {
            read_all(frames);
        }
    }

    #[test]
    fn damaged_recordings_do_no_harm(at in 0..40_000_usize, byte in any::<u8>()) {
        let mut bytes = SIP[..45_000].to_vec();
        bytes[at] = byte;
        if let Ok((frames, _)) = feed([&bytes[..]]) {
            read_all(frames);
        }
    }

    #[test]
    fn an_event_may_be_anything(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in "[A-Za-z-]{0,8}") {
        let event = Event::new(bytes.into());
        event.name();
        event.body();
        event.get(&name);
    }
}

fn nearly_frames() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("Content-Type: text/event-plain\n".to_owned()),
        Just("content-type: command/reply\n".to_owned()),
        (0_usize..60).prop_map(|length| format!("Content-Length: {length}\n")),
        Just("Content-Length: -5\n".to_owned()),
        Just("Event-Name: DTMF\n".to_owned()),
        Just("\n".to_owned()),
        "[a-z: \n%]{0,20}",
    ];
    proptest::collection::vec(line, 0..20).prop_map(|lines| lines.concat())
}
