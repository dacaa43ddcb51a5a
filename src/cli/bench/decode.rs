//! Decoding real events: frame, event, and the three headers every event's
//! handling begins with.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;

use super::Figure;
use crate::switch::freeswitch::codec::{Decoder, FrameKind};

/// What an unmodified FreeSWITCH 1.10.12 sent over six SIP calls.
const RECORDED: &[u8] = include_bytes!("../../../tests/fixtures/freeswitch/freeswitch-1.10.12-sip-answered.bin");
const ROUNDS: u32 = 2_000;

pub(super) fn measure(runs: u32) -> anyhow::Result<Vec<Figure>> {
    let mut values = Vec::new();
    for _ in 0..runs {
        let mut events = 0u32;
        let mut decoder = Decoder::default();
        let start = Instant::now();
        for _ in 0..ROUNDS {
            events += decode_all(&mut decoder).context("the recording is unreadable")?;
        }
        values.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(events.max(1)));
    }
    Ok(vec![Figure::new("event decode", "µs/event", values)])
}

fn decode_all(decoder: &mut Decoder) -> anyhow::Result<u32> {
    let mut events = 0;
    // As a socket gives it: 64 KiB at a time.
    for part in RECORDED.chunks(64 * 1024) {
        decoder.buffer().extend_from_slice(part);
        while let Some(frame) = decoder.next_frame()? {
            if frame.kind == FrameKind::Event
                && let Some(event) = frame.into_event()
            {
                black_box((event.name(), event.raw("Unique-ID"), event.get("Hangup-Cause")));
                events += 1;
            }
        }
    }
    Ok(events)
}
