//! Single calls, and what is said about them afterwards.

use canvass::agent::{Agent, AgentFields, AgentId, Protocol, Secrets};
use canvass::call::{CallId, Completion, Given, Outcome, Transcript, TransferState, Turn};
use canvass::campaign::{CampaignStatus, Settings, TargetStatus};
use canvass::number::PhoneNumber;
use canvass::store::listing::{DncWithdrawal, Page};
use canvass::store::{
    AgentChanged, AgentRemoved, CallEdit, CallEdited, CallSearch, Changed, Completed, LedgerBatch, SaidBy,
};
use serde_json::{Value, json};

use crate::answers::{given, key};
use crate::bench::{Bench, later, now, number, on_both_engines, settlement};

on_both_engines!(
    everything_of_a_call_is_told,
    a_call_that_goes_on_is_told_too,
    a_person_edits_what_is_said,
    a_completion_counts_once_and_is_merged,
    an_agent_opts_out_at_once,
    many_at_once_are_one_after_the_other,
    the_newest_calls_come_first,
    a_removed_recording_is_known_to_have_been,
    agents_are_kept_with_their_secrets,
    an_agent_stays_as_long_as_it_is_named,
);

fn completion(body: Value) -> Completion {
    serde_json::from_value(body).expect("a completion")
}

fn text(text: &str) -> Option<Option<String>> {
    Some(Some(text.to_owned()))
}

async fn everything_of_a_call_is_told(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let answers = vec![given(id, &claimed, 1, key('1', "Yes")), given(id, &claimed, 2, Given::Nothing)];
    bench.store.commit(&LedgerBatch { answers, ..LedgerBatch::default() }, now()).await.unwrap();
    let mut end = settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed);
    end.facts.placed_at = Some(later(1));
    end.facts.trunk = Some("carrier".into());
    end.facts.answered_at = Some(later(5));
    end.facts.talk.transfer = Some(TransferState::Connected);
    end.facts.talk.transfer_at = Some(later(12));
    end.facts.talk.transferred_at = Some(later(15));
    end.facts.talk.opted_out = true;
    end.facts.talk.opted_out_at = Some(later(11));
    let facts = end.facts.clone();
    bench.settle(vec![end]).await;
    let detail = bench.store.call_detail(claimed.planned.call).await.unwrap().expect("a call");
    assert_eq!((detail.call.campaign, detail.call.campaign_name.as_str()), (id, "spring survey"));
    // An answer was given, so a survey was begun.
    assert_eq!(detail.call.row.facts.talk.transferred_at, facts.talk.transferred_at);
    assert_eq!(detail.call.row.facts.talk.opted_out_at, facts.talk.opted_out_at);
    assert_eq!((detail.call.row.facts.placed_at, &detail.call.row.facts.trunk), (facts.placed_at, &facts.trunk));
    assert_eq!(detail.answers.len(), 2);
    assert_eq!((detail.notes, detail.transcript, detail.version), (None, None, now()));
    assert_eq!(bench.store.calls_page(id, None, 10).await.unwrap(), [detail.call.row]);
    assert_eq!(bench.store.call_detail(CallId::new()).await.unwrap(), None);
}

async fn a_call_that_goes_on_is_told_too(bench: &Bench) {
    let id = bench.running(1).await;
    let call = bench.claim(id, 1).await.claimed.remove(0).planned.call;
    bench
        .store
        .commit(&LedgerBatch { answered: vec![(call, later(3))], ..LedgerBatch::default() }, now())
        .await
        .unwrap();
    let row = bench.store.call_detail(call).await.unwrap().expect("a call").call.row;
    assert_eq!((row.outcome, row.facts.answered_at, row.facts.placed_at), (None, Some(later(3)), None));
}

async fn a_person_edits_what_is_said(bench: &Bench) {
    let id = bench.running(1).await;
    let call = bench.claim(id, 1).await.claimed.remove(0).planned.call;
    let edit = CallEdit { disposition: text("sold\0"), notes: text("Ask for Ann.\nLater."), if_version: Some(now()) };
    assert_eq!(bench.store.edit_call(call, &edit, now()).await.unwrap(), CallEdited::Yes);
    let detail = bench.store.call_detail(call).await.unwrap().expect("a call");
    assert_eq!(detail.call.row.results.disposition.as_deref(), Some("sold"));
    assert_eq!(detail.notes.as_deref(), Some("Ask for Ann.\nLater."));
    assert!(detail.version > now());
    // The same version again loses; without one, the last wins.
    assert_eq!(bench.store.edit_call(call, &edit, later(1)).await.unwrap(), CallEdited::Stale);
    let clear = CallEdit { disposition: Some(None), ..CallEdit::default() };
    assert_eq!(bench.store.edit_call(call, &clear, later(2)).await.unwrap(), CallEdited::Yes);
    let detail = bench.store.call_detail(call).await.unwrap().expect("a call");
    assert_eq!((detail.call.row.results.disposition, detail.notes.is_some()), (None, true));
    let history: Vec<_> = detail.dispositions.iter().map(|change| (change.disposition.as_deref(), change.by)).collect();
    assert_eq!(history, [(Some("sold"), SaidBy::Person), (None, SaidBy::Person)]);
    assert_eq!(detail.call.row.outcome, None, "nothing of the call itself changed");
    assert_eq!(bench.store.edit_call(CallId::new(), &clear, now()).await.unwrap(), CallEdited::NotFound);
    // History is bounded.
    for n in 0..105 {
        let edit = CallEdit { disposition: text(&format!("d{n}")), ..CallEdit::default() };
        bench.store.edit_call(call, &edit, later(3)).await.unwrap();
    }
    let detail = bench.store.call_detail(call).await.unwrap().expect("a call");
    assert_eq!(detail.dispositions.len(), 100);
    assert_eq!(detail.dispositions[99].disposition.as_deref(), Some("d104"));
}

async fn a_completion_counts_once_and_is_merged(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let call = claimed.planned.call;
    let store = &bench.store;
    let first = completion(json!({
        "transcript": [{"role": "agent", "text": "Hi\u{0}"}, {"role": "user", "text": "日本", "at": 1.5}],
        "disposition": "callback", "extracted_data": {"bud\u{0}get": [1, null, "x\u{0}"]}, "duration_seconds": 42.5
    }));
    // During the call.
    assert_eq!(store.complete_call(call, &first, later(1)).await.unwrap(), Completed::Yes);
    bench.settle(vec![settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    assert_eq!(store.complete_call(call, &first, later(2)).await.unwrap(), Completed::Again);
    // Days later.
    let second = completion(json!({"summary": "Wants a callback.", "sentiment": "positive", "successful": true}));
    assert_eq!(store.complete_call(call, &second, later(200_000)).await.unwrap(), Completed::Yes);
    // The first, late and once more: it undoes nothing.
    assert_eq!(store.complete_call(call, &first, later(200_001)).await.unwrap(), Completed::Again);
    let detail = store.call_detail(call).await.unwrap().expect("a call");
    let turns = vec![
        Turn { role: "agent".into(), text: "Hi".into(), at: None },
        Turn { role: "user".into(), text: "日本".into(), at: Some(1.5) },
    ];
    assert_eq!(detail.transcript, Some(Transcript::Turns(turns)));
    assert_eq!((detail.agent_ms, detail.successful, detail.opt_out), (Some(42_500), Some(true), false));
    let results = &detail.call.row.results;
    assert_eq!(results.summary.as_deref(), Some("Wants a callback."));
    assert_eq!(results.disposition.as_deref(), Some("callback"));
    assert_eq!(Value::Object(results.extracted_data.clone().expect("data")), json!({"budget": [1, null, "x"]}));
    assert_eq!(detail.completions, [later(1), later(200_000)]);
    assert_eq!(store.calls_page(id, None, 1).await.unwrap()[0].results, *results);
    // What a person says stays.
    let edit = CallEdit { disposition: text("not interested"), ..CallEdit::default() };
    store.edit_call(call, &edit, later(200_002)).await.unwrap();
    let third = completion(json!({"disposition": "sold", "transcript": "AI: Hi"}));
    assert_eq!(store.complete_call(call, &third, later(200_003)).await.unwrap(), Completed::Yes);
    let detail = store.call_detail(call).await.unwrap().expect("a call");
    assert_eq!(detail.call.row.results.disposition.as_deref(), Some("not interested"));
    assert_eq!(detail.transcript, Some(Transcript::Text("AI: Hi".into())));
    assert_eq!(store.complete_call(CallId::new(), &first, now()).await.unwrap(), Completed::NotFound);
    for n in 3..50 {
        let next = completion(json!({"summary": n.to_string()}));
        assert_eq!(store.complete_call(call, &next, later(200_004)).await.unwrap(), Completed::Yes);
    }
    let one_more = completion(json!({"summary": "one more"}));
    assert_eq!(store.complete_call(call, &one_more, later(200_005)).await.unwrap(), Completed::TooMany);
    // It goes with its campaign.
    bench.set_status(id, CampaignStatus::Completed).await;
    assert_eq!(store.delete_campaign(id, now()).await.unwrap(), Changed::Yes);
    assert_eq!(store.call_detail(call).await.unwrap(), None);
}

async fn an_agent_opts_out_at_once(bench: &Bench) {
    let id = bench.running(2).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let call = claimed.planned.call;
    let stays = completion(json!({"opt_out": false}));
    bench.store.complete_call(call, &stays, now()).await.unwrap();
    assert_eq!(bench.store.do_not_call(claimed.number).await.unwrap(), None);
    let out = completion(json!({"opt_out": true}));
    assert_eq!(bench.store.complete_call(call, &out, later(1)).await.unwrap(), Completed::Yes);
    let entry = bench.store.do_not_call(claimed.number).await.unwrap().expect("on the list");
    assert_eq!((entry.source.as_str(), entry.added_at), ("agent", later(1)));
    assert!(entry.reason.is_some_and(|reason| reason.contains(&call.to_string())));
    assert!(bench.store.call_detail(call).await.unwrap().expect("a call").opt_out);
    // Taken off by a person, the same report does not put it there again.
    assert!(bench.store.remove_do_not_call(&off(claimed.number), now()).await.unwrap());
    assert_eq!(bench.store.complete_call(call, &out, later(2)).await.unwrap(), Completed::Again);
    assert_eq!(bench.store.do_not_call(claimed.number).await.unwrap(), None);
    // Of a number that a list has put there during the call, it is kept beside.
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    bench.bar(claimed.number).await;
    assert_eq!(bench.store.complete_call(claimed.planned.call, &out, later(3)).await.unwrap(), Completed::Yes);
    let listed = bench.store.do_not_call_number(claimed.number).await.unwrap().expect("on the list");
    assert_eq!(listed.sources().map(|entry| entry.source.as_str()).collect::<Vec<_>>(), ["manual", "agent"]);
}

/// Completions and edits of one call, and the ledger settling it.
async fn many_at_once_are_one_after_the_other(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let call = claimed.planned.call;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12 {
        let store = bench.store.clone();
        tasks.spawn(async move {
            let report = completion(json!({"summary": (n % 4).to_string(), "opt_out": n % 2 == 0}));
            i32::from(store.complete_call(call, &report, now()).await.unwrap() == Completed::Yes)
        });
        let store = bench.store.clone();
        tasks.spawn(async move {
            let edit = CallEdit { notes: text(&n.to_string()), if_version: Some(now()), ..CallEdit::default() };
            100 * i32::from(store.edit_call(call, &edit, now()).await.unwrap() == CallEdited::Yes)
        });
    }
    bench.settle(vec![settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    let counted: i32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(counted, 104, "four different reports, and one edit of the first version");
    let detail = bench.store.call_detail(call).await.unwrap().expect("a call");
    assert_eq!((detail.completions.len(), detail.opt_out), (4, true));
    assert_eq!(detail.call.row.outcome, Some(Outcome::Answered));
}

async fn the_newest_calls_come_first(bench: &Bench) {
    // Of two campaigns over one number the second would wait.
    let (one, two) = (bench.running(5).await, bench.running_over(100..105).await);
    let mut calls = Vec::new();
    for n in 0..5 {
        for id in [one, two] {
            let claimed = bench.claim_at(id, 1, later(n)).await.claimed.remove(0);
            if n % 2 == 0 {
                bench.settle(vec![settlement(id, &claimed, Outcome::Busy, TargetStatus::Busy)]).await;
            }
            calls.push((id, claimed));
        }
    }
    let found = async |search: CallSearch, limit: u32| -> Vec<usize> {
        let found = bench.store.search_calls(&search, limit).await.unwrap();
        let place = |call| calls.iter().position(|(_, claimed)| claimed.planned.call == call).expect("one of them");
        found.into_iter().map(|found| place(found.row.call)).collect()
    };
    let all = CallSearch::default;
    // Two of one instant come in the order of their ids, the later first.
    assert_eq!(found(all(), 500).await, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    for search in [all(), CallSearch { campaign: Some(one), ..all() }] {
        let (whole, mut parts, mut before) = (found(search.clone(), 500).await, Vec::new(), None);
        loop {
            let part = found(CallSearch { before, ..search.clone() }, 3).await;
            let Some(last) = part.last() else { break };
            before = Some(calls[*last].1.planned.call);
            parts.extend(part);
        }
        assert_eq!(parts, whole);
    }
    assert_eq!(found(CallSearch { campaign: Some(two), ..all() }, 2).await, [9, 7]);
    assert_eq!(found(CallSearch { outcomes: vec![Outcome::Busy], ..all() }, 2).await, [9, 8]);
    assert_eq!(found(CallSearch { in_progress: Some(true), ..all() }, 500).await, [7, 6, 3, 2]);
    assert_eq!(found(CallSearch { number: Some(number(102)), ..all() }, 500).await, [5]);
    let both = CallSearch { number: Some(number(2)), campaign: Some(one), ..all() };
    assert_eq!(found(both, 500).await, [4]);
    let some = CallSearch { from: Some(later(1)), until: Some(later(3)), ..all() };
    assert_eq!(found(some, 500).await, [5, 4, 3, 2]);
    let target = Some(calls[4].1.target);
    assert_eq!(found(CallSearch { target, ..all() }, 500).await, [4]);
    assert_eq!(found(CallSearch { caller_id: Some(number(1)), ..all() }, 500).await, [] as [usize; 0]);
}

async fn a_removed_recording_is_known_to_have_been(bench: &Bench) {
    let id = bench.running(2).await;
    let claimed = bench.claim(id, 2).await.claimed;
    let mut recorded = settlement(id, &claimed[0], Outcome::Answered, TargetStatus::Completed);
    recorded.facts.talk.recording = Some("r-1".into());
    bench.settle(vec![recorded, settlement(id, &claimed[1], Outcome::Busy, TargetStatus::Busy)]).await;
    for claimed in &claimed {
        bench.store.forget_recording(claimed.planned.call).await.unwrap();
    }
    for (claimed, had) in claimed.iter().zip([true, false]) {
        let detail = bench.store.call_detail(claimed.planned.call).await.unwrap().expect("a call");
        assert_eq!((detail.recording_removed, detail.call.row.facts.talk.recording), (had, None));
    }
}

fn agent(name: &str) -> Agent {
    let fields = AgentFields {
        name: name.into(),
        url: "wss://agent.example/stream".into(),
        protocol: Protocol::Raw,
        headers: Secrets::new([("Authorization".to_owned(), "Bearer hush".to_owned())].into()),
        prompt: Some("Ask {{name}}.".into()),
        first_message: None,
        variables: [("language".to_owned(), "en".to_owned())].into(),
        max_concurrent_calls: 5,
        fallback_prompt: Some("say:Sorry".into()),
    };
    Agent { id: AgentId::new(), fields, created_at: now(), updated_at: now() }
}

async fn agents_are_kept_with_their_secrets(bench: &Bench) {
    let (sarah, tom) = (agent("Sarah"), agent("Tom"));
    for one in [&tom, &sarah] {
        assert!(bench.store.add_agent(one).await.unwrap());
    }
    assert!(!bench.store.add_agent(&agent("Sarah")).await.unwrap());
    assert_eq!(bench.store.agent(sarah.id).await.unwrap(), Some(sarah.clone()));
    let listed = bench.store.agent_page(Page { offset: 1, limit: 5 }).await.unwrap();
    assert_eq!((listed.items, listed.total), (vec![tom], 2));
    let changed = AgentFields { prompt: None, name: "Sue".into(), ..sarah.fields.clone() };
    let edit =
        async |fields: &AgentFields, version| bench.store.edit_agent(sarah.id, fields, version, now()).await.unwrap();
    let AgentChanged::Yes(after) = edit(&changed, now()).await else { panic!("changed") };
    assert_eq!(after.fields, changed);
    assert!(after.updated_at > now(), "even within one microsecond");
    assert_eq!(edit(&changed, now()).await, AgentChanged::Stale);
    let taken = AgentFields { name: "Tom".into(), ..changed.clone() };
    assert_eq!(edit(&taken, after.updated_at).await, AgentChanged::NameTaken);
    assert_eq!(bench.store.edit_agent(AgentId::new(), &changed, now(), now()).await.unwrap(), AgentChanged::NotFound);
}

async fn an_agent_stays_as_long_as_it_is_named(bench: &Bench) {
    let sarah = agent("Sarah");
    bench.store.add_agent(&sarah).await.unwrap();
    let id = bench.draft().await;
    let settings = Settings { agent_id: Some(sarah.id), ..Settings::default() };
    bench.store.set_settings(id, &settings, now()).await.unwrap();
    let removed = bench.store.remove_agent(sarah.id).await.unwrap();
    assert_eq!(removed, AgentRemoved::InUse(vec!["spring survey".into()]));
    bench.set_status(id, CampaignStatus::Cancelled).await;
    assert_eq!(bench.store.remove_agent(sarah.id).await.unwrap(), AgentRemoved::Yes);
    assert_eq!(bench.store.remove_agent(sarah.id).await.unwrap(), AgentRemoved::NotFound);
    // The campaign is read all the same.
    let campaign = bench.store.campaign(id).await.unwrap().expect("there");
    assert_eq!(campaign.settings.agent_id, Some(sarah.id));
}

fn off(number: PhoneNumber) -> DncWithdrawal {
    DncWithdrawal { number, by: "test".into(), reason: None }
}
