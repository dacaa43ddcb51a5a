//! What callees answered, and what else a call tells when it is over.

use canvass::call::{CallFacts, CallId, Detected, Given, GivenAnswer, Outcome, SurveyState, TalkFacts, TransferState};
use canvass::campaign::{CampaignId, TargetStatus};
use canvass::store::{CallAnswer, Claimed, DoNotCall, LedgerBatch, Settlement, StoreError};

use crate::bench::{Bench, later, now, number, on_both_engines, planned, settlement, wish};

on_both_engines!(
    answers_are_kept_as_given,
    an_answer_repeated_is_an_answer_once,
    answers_arrive_after_the_end_too,
    a_call_with_answers_has_a_survey_that_was_begun,
    an_answer_of_an_unknown_call_changes_nothing,
    what_came_of_a_talk_is_kept,
    a_word_nobody_knows_costs_no_end,
    an_opt_out_counts_before_the_claims_of_its_batch,
    calls_are_paged_with_their_answers,
    answers_go_with_their_campaign,
    a_wrong_answer_is_refused,
    the_view_shows_answers_as_text,
);

pub(crate) fn given(campaign: CampaignId, claimed: &Claimed, position: u16, given: Given) -> CallAnswer {
    let answer = GivenAnswer { question: format!("q{position}"), position, given, at: later(10 + u64::from(position)) };
    CallAnswer { call: claimed.planned.call, campaign, target: claimed.target, answer }
}

pub(crate) fn key(digit: char, label: &str) -> Given {
    Given::Key { digit, label: label.into() }
}

pub(crate) fn speech(recording: &str) -> Given {
    Given::Speech { recording: recording.into() }
}

async fn write(bench: &Bench, answers: Vec<CallAnswer>) {
    bench.store.commit(&LedgerBatch { answers, ..LedgerBatch::default() }, now()).await.unwrap();
}

/// The answers of a campaign's calls, in order.
async fn stored(bench: &Bench, id: CampaignId) -> Vec<Vec<GivenAnswer>> {
    let calls = bench.store.surveyed_calls_page(id, None, 1_000).await.unwrap();
    assert!(calls.iter().map(|call| &call.row).eq(&bench.store.calls_page(id, None, 1_000).await.unwrap()));
    calls.into_iter().map(|call| call.answers).collect()
}

fn answers(of: &[CallAnswer]) -> Vec<GivenAnswer> {
    of.iter().map(|answer| answer.answer.clone()).collect()
}

async fn answers_are_kept_as_given(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let all = vec![
        given(id, &claimed, 1, key('1', "Ja, \"gern\" O'Brien")),
        given(id, &claimed, 2, key('*', "")),
        given(id, &claimed, 3, key('#', "日本語")),
        given(id, &claimed, 4, Given::Nothing),
        given(id, &claimed, 5, speech("0190-5")),
        given(id, &claimed, u16::MAX, Given::Nothing),
    ];
    // One as it comes, the rest in one batch.
    write(bench, all[..1].to_vec()).await;
    write(bench, all[1..].to_vec()).await;
    assert_eq!(stored(bench, id).await, [answers(&all)]);
    let nul = given(id, &claimed, 6, key('0', "No\0ne"));
    write(bench, vec![nul]).await;
    assert_eq!(stored(bench, id).await[0][5].given, key('0', "None"));
}

async fn an_answer_repeated_is_an_answer_once(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let first = given(id, &claimed, 1, key('1', "Yes"));
    let other = given(id, &claimed, 1, key('2', "No"));
    write(bench, vec![first.clone(), other.clone()]).await;
    write(bench, vec![other]).await;
    write(bench, vec![first.clone()]).await;
    assert_eq!(stored(bench, id).await, [answers(&[first])]);
}

async fn answers_arrive_after_the_end_too(bench: &Bench) {
    let id = bench.running(2).await;
    let claimed = bench.claim(id, 2).await.claimed;
    let (one, two) = (given(id, &claimed[0], 1, Given::Nothing), given(id, &claimed[1], 1, key('1', "Yes")));
    // In the batch of its end.
    let end = settlement(id, &claimed[0], Outcome::Answered, TargetStatus::Completed);
    let batch = LedgerBatch { answers: vec![one.clone()], settlements: vec![end], ..LedgerBatch::default() };
    for _ in 0..2 {
        bench.store.commit(&batch, now()).await.unwrap();
    }
    // After it.
    bench.settle(vec![settlement(id, &claimed[1], Outcome::Answered, TargetStatus::Completed)]).await;
    write(bench, vec![two.clone()]).await;
    assert_eq!(stored(bench, id).await, [answers(&[one]), answers(&[two])]);
    bench.assert_tally(id).await;
}

/// Whether or not anybody lives to tell how far it got.
async fn a_call_with_answers_has_a_survey_that_was_begun(bench: &Bench) {
    let id = bench.running(4).await;
    let claimed = bench.claim(id, 4).await.claimed;
    let end = |at: usize, survey| {
        let end = settlement(id, &claimed[at], Outcome::Answered, TargetStatus::Completed);
        Settlement { facts: CallFacts { talk: TalkFacts { survey, ..TalkFacts::default() }, ..end.facts }, ..end }
    };
    write(bench, (0..3).map(|at| given(id, &claimed[at], 1, Given::Nothing)).collect()).await;
    let so_far: Vec<_> = surveys(bench, id).await;
    assert_eq!(so_far, [Some(SurveyState::Partial), Some(SurveyState::Partial), Some(SurveyState::Partial), None]);
    let complete = Some(SurveyState::Complete);
    bench.settle(vec![end(0, complete), end(1, None), end(2, Some(SurveyState::Partial)), end(3, None)]).await;
    write(bench, vec![given(id, &claimed[0], 2, Given::Nothing)]).await;
    let after = [complete, Some(SurveyState::Partial), Some(SurveyState::Partial), None];
    assert_eq!(surveys(bench, id).await, after);
}

async fn surveys(bench: &Bench, id: CampaignId) -> Vec<Option<SurveyState>> {
    let calls = bench.store.calls_page(id, None, 10).await.unwrap();
    calls.into_iter().map(|row| row.facts.talk.survey).collect()
}

async fn an_answer_of_an_unknown_call_changes_nothing(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let stranger = Claimed { planned: planned(1).remove(0), ..claimed.clone() };
    let known = given(id, &claimed, 1, Given::Nothing);
    write(bench, vec![given(id, &stranger, 1, Given::Nothing), known.clone()]).await;
    assert_eq!(stored(bench, id).await, [answers(&[known])]);
}

async fn what_came_of_a_talk_is_kept(bench: &Bench) {
    let id = bench.running(6).await;
    let claimed = bench.claim(id, 6).await.claimed;
    let heard = |answer: &str| Some(Detected { answer: answer.into(), reason: "long greeting".into(), at_ms: 1_234 });
    let talks = [
        TalkFacts::default(),
        TalkFacts { detected: heard("human"), survey: Some(SurveyState::Complete), ..TalkFacts::default() },
        TalkFacts { detected: heard("machine"), message_left: true, ..TalkFacts::default() },
        TalkFacts { opted_out: true, survey: Some(SurveyState::Partial), ..TalkFacts::default() },
        TalkFacts {
            transfer: Some(TransferState::Connected),
            recording: Some("r \"1\"".into()),
            ..TalkFacts::default()
        },
        TalkFacts { transfer: Some(TransferState::Tried), detected: heard("sit"), ..TalkFacts::default() },
    ];
    let ends: Vec<_> = claimed
        .iter()
        .zip(&talks)
        .map(|(claimed, talk)| {
            let end = settlement(id, claimed, Outcome::Answered, TargetStatus::Completed);
            let facts = CallFacts { talk: talk.clone(), answered_at: Some(later(3)), ..end.facts };
            Settlement { facts, ..end }
        })
        .collect();
    bench.settle(ends.clone()).await;
    let kept: Vec<_> = bench.store.calls_page(id, None, 10).await.unwrap().into_iter().map(|row| row.facts).collect();
    assert_eq!(kept, ends.iter().map(|end| end.facts.clone()).collect::<Vec<_>>());
    // A second end, with less to tell, changes nothing.
    let less = settlement(id, &claimed[1], Outcome::Lost, TargetStatus::Failed);
    bench.settle(vec![less]).await;
    assert_eq!(bench.store.calls_page(id, None, 10).await.unwrap()[1].facts, kept[1]);
    bench.assert_tally(id).await;
}

async fn a_word_nobody_knows_costs_no_end(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let mut end = settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed);
    let detected = Detected { answer: "HANG\0UP".into(), reason: "x\0y".into(), at_ms: u32::MAX };
    end.facts.talk.detected = Some(detected);
    bench.settle(vec![end]).await;
    let row = bench.store.calls_page(id, None, 1).await.unwrap().remove(0);
    assert_eq!(row.outcome, Some(Outcome::Answered));
    let detected = row.facts.talk.detected.unwrap();
    assert_eq!((detected.answer.as_str(), detected.reason.as_str()), ("unsure", "HANGUP: xy"));
}

async fn an_opt_out_counts_before_the_claims_of_its_batch(bench: &Bench) {
    let id = bench.running(3).await;
    let entry = |n, source: &str, at| DoNotCall {
        number: number(n),
        reason: Some("pressed\0 9".into()),
        source: source.into(),
        added_at: later(at),
    };
    bench.store.add_do_not_call(&DoNotCall { reason: None, ..entry(1, "manual", 0) }).await.unwrap();
    let opt_outs = vec![entry(0, "key", 5), entry(1, "key", 6), entry(0, "key", 7)];
    let batch = LedgerBatch { opt_outs, ..wish(id, 3) };
    let result = bench.store.commit(&batch, later(1)).await.unwrap().remove(0);
    assert_eq!(result.claimed.iter().map(|claimed| claimed.number).collect::<Vec<_>>(), [number(2)]);
    assert_eq!(result.do_not_call, [number(0), number(1)]);
    let kept = bench.store.do_not_call(number(0)).await.unwrap();
    assert_eq!(kept, Some(DoNotCall { reason: Some("pressed 9".into()), ..entry(0, "key", 5) }));
    let kept = bench.store.do_not_call(number(1)).await.unwrap().unwrap();
    assert_eq!((kept.source.as_str(), kept.reason), ("manual", None), "the entry that was there stays");
    bench.store.commit(&batch, later(2)).await.unwrap();
    bench.assert_tally(id).await;
}

async fn calls_are_paged_with_their_answers(bench: &Bench) {
    let (id, other) = (bench.running(12).await, bench.running_over(20..32).await);
    let mut expected = Vec::new();
    for n in 0..12_u16 {
        let claimed = bench.claim(id, 1).await.claimed.remove(0);
        let strange = bench.claim(other, 1).await.claimed.remove(0);
        let mine: Vec<_> = (1..=n % 4).map(|position| given(id, &claimed, position, key('1', "Yes"))).collect();
        write(bench, mine.clone()).await;
        write(bench, vec![given(other, &strange, 1, Given::Nothing)]).await;
        expected.push((claimed.planned.call, answers(&mine)));
    }
    for limit in [1, 5, 12, 100] {
        let (mut seen, mut after) = (Vec::new(), None::<CallId>);
        loop {
            let page = bench.store.surveyed_calls_page(id, after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit as usize);
            after = Some(last.row.call);
            seen.extend(page.into_iter().map(|call| (call.row.call, call.answers)));
        }
        assert_eq!(seen, expected, "by {limit}");
    }
}

async fn answers_go_with_their_campaign(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    write(bench, vec![given(id, &claimed, 1, Given::Nothing)]).await;
    // SQLite looks at foreign keys only where it is told to.
    let pragma = if bench.store.engine() == "sqlite" { "PRAGMA foreign_keys = ON;" } else { "" };
    bench.execute(&format!("{pragma} DELETE FROM campaigns")).await;
    assert_eq!(bench.pairs("SELECT 'answers', count(*) FROM answers".into()).await, [("answers".into(), 0)]);
}

async fn a_wrong_answer_is_refused(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    for wrong in [given(id, &claimed, 1, key('A', "Yes")), given(id, &claimed, 0, Given::Nothing)] {
        let batch = LedgerBatch { answers: vec![wrong], ..LedgerBatch::default() };
        let refused = bench.store.commit(&batch, now()).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert_eq!(stored(bench, id).await, [vec![]]);
}

async fn the_view_shows_answers_as_text(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    write(bench, vec![given(id, &claimed, 1, key('1', "Yes")), given(id, &claimed, 2, speech("s"))]).await;
    let show = |columns: &str| format!("SELECT {columns}, position FROM survey_answers ORDER BY position");
    for (column, first, second) in [
        ("CAST(call_id AS text)", claimed.planned.call.to_string(), claimed.planned.call.to_string()),
        ("campaign", "spring survey".into(), "spring survey".into()),
        ("given", "key".into(), "speech".into()),
        ("coalesce(label, recording)", "Yes".into(), "s".into()),
        ("survey", "partial".into(), "partial".into()),
    ] {
        let cast = show(column).replace("position FROM", "CAST(position AS bigint) FROM");
        assert_eq!(bench.pairs(cast).await, [(first, 1), (second, 2)], "{column}");
    }
    let at = bench
        .pairs("SELECT CAST(answered_at AS text), 0 FROM survey_answers LIMIT 1".replace(", 0", ", CAST(0 AS bigint)"))
        .await;
    assert_eq!(at[0].0.replace(' ', "T").replace("+00", "Z"), later(11).to_string());
}
