//! What one event of a real FreeSWITCH costs: cutting it out of the stream and
//! reading its name, the channel's id and the cause, as the adapter does.
//!
//! `cargo bench --bench event_decode`; divide by 48 events for the cost of one
//! (4.5 kB on average).

use bytes::BytesMut;
use canvass::switch::freeswitch::codec::Decoder;
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

/// 48 events among 15 replies, recorded from FreeSWITCH 1.10.12.
const RECORDED: &[u8] = include_bytes!("../tests/fixtures/freeswitch/freeswitch-1.10.12-sip-answered.bin");
const EVENTS: usize = 48;

fn main() {
    divan::main();
}

fn decode(decoder: &mut Decoder) -> usize {
    let mut events = 0;
    while let Ok(Some(frame)) = decoder.next_frame() {
        if let Some(event) = frame.into_event() {
            black_box((event.name(), event.get("Unique-ID"), event.get("Hangup-Cause")));
            events += 1;
        }
    }
    events
}

/// All of it in one read.
#[divan::bench]
fn one_read(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(RECORDED.len()))
        .with_inputs(|| {
            let mut decoder = Decoder::new();
            *decoder.buffer() = BytesMut::from(RECORDED);
            decoder
        })
        .bench_local_refs(|decoder| assert_eq!(decode(decoder), EVENTS));
}

/// Read by read through a buffer that is used again, as from a socket; the
/// copy out of the kernel is counted too.
#[divan::bench(args = [1_460, 16_384])]
fn socket_reads(bencher: Bencher<'_, '_>, size: usize) {
    let mut decoder = Decoder::new();
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(RECORDED.len())).bench_local(|| {
        let mut events = 0;
        for read in RECORDED.chunks(size) {
            decoder.buffer().extend_from_slice(read);
            events += decode(&mut decoder);
        }
        assert_eq!(events, EVENTS);
    });
}
