//! Recordings: found again, and let go when their time is over.

use canvass::call::{CallFacts, CallId, Given, Outcome, TalkFacts};
use canvass::campaign::{CampaignId, TargetStatus};
use canvass::store::{Claimed, LedgerBatch, RecordedCall, Settlement};

use crate::answers::{given, key, speech};
use crate::bench::{Bench, later, now, on_both_engines, settlement};

on_both_engines!(
    a_recording_leads_to_its_call,
    recordings_are_kept_so_long_and_no_longer,
    a_spoken_answer_outlives_its_recording,
);

/// Ends a call after so many seconds, recorded or not.
async fn end(bench: &Bench, id: CampaignId, claimed: &Claimed, after: u64, recording: Option<&str>) {
    let end = settlement(id, claimed, Outcome::Answered, TargetStatus::Completed);
    let talk = TalkFacts { recording: recording.map(ToOwned::to_owned), ..TalkFacts::default() };
    let facts = CallFacts { ended_at: Some(later(after)), talk, ..end.facts };
    bench.settle(vec![Settlement { facts, ..end }]).await;
}

async fn say(bench: &Bench, id: CampaignId, claimed: &Claimed, answers: Vec<Given>) {
    let answers = answers.into_iter().zip(1..).map(|(what, at)| given(id, claimed, at, what)).collect();
    bench.store.commit(&LedgerBatch { answers, ..LedgerBatch::default() }, now()).await.unwrap();
}

fn recorded(claimed: &Claimed, names: &[&str]) -> RecordedCall {
    let recordings = names.iter().map(ToString::to_string).collect();
    RecordedCall { call: claimed.planned.call, switch: "fs1".into(), recordings }
}

async fn a_recording_leads_to_its_call(bench: &Bench) {
    let id = bench.running(2).await;
    let claimed = bench.claim(id, 2).await.claimed;
    say(bench, id, &claimed[0], vec![speech("one-1"), Given::Nothing, speech("one-3")]).await;
    end(bench, id, &claimed[0], 20, Some("one")).await;
    end(bench, id, &claimed[1], 20, Some("two 'x'")).await;
    let found = async |name: &str| bench.store.call_of_recording(name).await.unwrap();
    for (name, at) in [("one", 0), ("one-1", 0), ("one-3", 0), ("two 'x'", 1)] {
        assert_eq!(found(name).await, Some(claimed[at].planned.call), "{name}");
    }
    for name in ["", "one-2", "On", "one\0x", "' OR 1=1 --"] {
        assert_eq!(found(name).await, None, "{name}");
    }
}

async fn recordings_are_kept_so_long_and_no_longer(bench: &Bench) {
    let id = bench.running(6).await;
    let claimed = bench.claim(id, 6).await.claimed;
    // Recorded as a whole; only answers; both; nothing; too young; going on.
    say(bench, id, &claimed[1], vec![speech("b1"), key('1', "Yes"), speech("b3")]).await;
    say(bench, id, &claimed[2], vec![speech("c1")]).await;
    say(bench, id, &claimed[3], vec![key('1', "Yes")]).await;
    say(bench, id, &claimed[5], vec![speech("f1")]).await;
    end(bench, id, &claimed[0], 100, Some("a")).await;
    end(bench, id, &claimed[1], 100, None).await;
    end(bench, id, &claimed[2], 100, Some("c")).await;
    end(bench, id, &claimed[3], 100, None).await;
    end(bench, id, &claimed[4], 200, Some("e")).await;

    let before = async |seconds, limit| bench.store.recordings_before(later(seconds), limit, &[]).await.unwrap();
    assert_eq!(before(100, 10).await, []);
    let old =
        [recorded(&claimed[0], &["a"]), recorded(&claimed[1], &["b1", "b3"]), recorded(&claimed[2], &["c", "c1"])];
    assert_eq!(before(101, 10).await, old);
    let since = async |seconds| bench.store.recordings_since(later(seconds), 100).await.unwrap();
    let young = [recorded(&claimed[4], &["e"]), recorded(&claimed[5], &["f1"])];
    assert_eq!(since(0).await, [&old[..], &young[..]].concat());
    assert_eq!(since(150).await, young[..1]);
    // A few at a time, until none is left.
    let mut gone: Vec<CallId> = Vec::new();
    loop {
        let some = before(101, 2).await;
        assert!(some.len() <= 2);
        let Some(first) = some.first() else { break };
        assert!(old.contains(first));
        for _ in 0..2 {
            bench.store.forget_recording(first.call).await.unwrap();
        }
        gone.push(first.call);
    }
    assert_eq!(gone.len(), 3);
    assert_eq!(bench.store.call_of_recording("c1").await.unwrap(), None);
    assert_eq!(before(1_000, 10).await, [recorded(&claimed[4], &["e"])]);
    bench.store.forget_recording(CallId::new()).await.unwrap();
}

async fn a_spoken_answer_outlives_its_recording(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    say(bench, id, &claimed, vec![speech("said"), key('1', "Yes")]).await;
    end(bench, id, &claimed, 20, Some("whole")).await;
    bench.store.forget_recording(claimed.planned.call).await.unwrap();
    let call = bench.store.surveyed_calls_page(id, None, 1).await.unwrap().remove(0);
    assert_eq!(call.row.facts.talk.recording, None);
    let given: Vec<_> = call.answers.into_iter().map(|answer| answer.given).collect();
    assert_eq!(given, [speech(""), key('1', "Yes")]);
}
