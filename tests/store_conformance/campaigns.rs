//! Campaigns: created, listed, moved from state to state, changed.

use canvass::campaign::{Action, CampaignId, CampaignStatus, Settings};
use canvass::store::{Changed, StatusChange};

use crate::bench::{Bench, later, now, on_both_engines};

on_both_engines!(
    a_new_campaign_is_a_draft,
    campaigns_are_listed_newest_first_and_active_ones_oldest_first,
    a_change_of_state_is_made_only_from_the_states_named,
    instants_of_a_campaigns_life_are_kept,
    settings_change_only_where_editing_is_allowed,
    any_text_is_a_name,
);

fn to(to: CampaignStatus, from: Vec<CampaignStatus>) -> StatusChange {
    StatusChange { to, from, reason: None, scheduled_at: None }
}

async fn a_new_campaign_is_a_draft(bench: &Bench) {
    let id = CampaignId::new();
    let settings = Settings { max_concurrent: 17, prompts: vec!["hello.wav".into()], ..Settings::default() };
    bench.store.create_campaign(id, "spring", &settings, now()).await.unwrap();
    let campaign = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!((campaign.id, campaign.name.as_str()), (id, "spring"));
    assert_eq!(campaign.status, CampaignStatus::Draft);
    assert_eq!(campaign.settings, settings);
    assert_eq!(campaign.created_at, now());
    assert_eq!((campaign.reason, campaign.scheduled_at, campaign.started_at, campaign.finished_at), Default::default());
    assert_eq!(bench.store.campaign(CampaignId::new()).await.unwrap(), None);
    let again = bench.store.create_campaign(id, "spring", &settings, now()).await;
    assert!(matches!(again, Err(canvass::store::StoreError::Refused(_))), "{again:?}");
}

async fn campaigns_are_listed_newest_first_and_active_ones_oldest_first(bench: &Bench) {
    let mut ids = Vec::new();
    for n in 0..4 {
        let id = CampaignId::new();
        bench.store.create_campaign(id, "c", &Settings::default(), later(n)).await.unwrap();
        ids.push(id);
    }
    bench.set_status(ids[0], CampaignStatus::Running).await;
    bench.set_status(ids[1], CampaignStatus::Paused).await;
    bench.set_status(ids[3], CampaignStatus::Scheduled).await;
    let listed: Vec<_> = bench.store.campaigns().await.unwrap().iter().map(|campaign| campaign.id).collect();
    assert_eq!(listed, [ids[3], ids[2], ids[1], ids[0]]);
    let active: Vec<_> =
        bench.store.active_campaigns().await.unwrap().campaigns.iter().map(|campaign| campaign.id).collect();
    assert_eq!(active, [ids[0], ids[3]]);
}

async fn a_change_of_state_is_made_only_from_the_states_named(bench: &Bench) {
    let id = bench.draft().await;
    let pause = to(CampaignStatus::Paused, CampaignStatus::sources(Action::Pause));
    let refused = bench.store.change_status(id, &pause, now()).await.unwrap();
    assert_eq!(refused, Changed::Conflict(CampaignStatus::Draft));
    assert_eq!(bench.store.campaign(id).await.unwrap().unwrap().status, CampaignStatus::Draft);
    let nobody = bench.store.change_status(CampaignId::new(), &pause, now()).await.unwrap();
    assert_eq!(nobody, Changed::NotFound);
    let fail = StatusChange {
        reason: Some("its trunk was removed".into()),
        ..to(CampaignStatus::Failed, vec![CampaignStatus::Draft])
    };
    assert_eq!(bench.store.change_status(id, &fail, now()).await.unwrap(), Changed::Yes);
    let campaign = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!(campaign.reason.as_deref(), Some("its trunk was removed"));
}

async fn instants_of_a_campaigns_life_are_kept(bench: &Bench) {
    use CampaignStatus as S;
    let id = bench.draft().await;
    let schedule = StatusChange { scheduled_at: Some(later(600)), ..to(S::Scheduled, vec![S::Draft]) };
    bench.store.change_status(id, &schedule, later(1)).await.unwrap();
    let run = to(S::Running, vec![S::Scheduled, S::Paused]);
    bench.store.change_status(id, &run, later(600)).await.unwrap();
    bench.store.change_status(id, &to(S::Paused, vec![S::Running]), later(700)).await.unwrap();
    bench.store.change_status(id, &run, later(800)).await.unwrap();
    let campaign = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!(campaign.scheduled_at, Some(later(600)));
    assert_eq!(campaign.started_at, Some(later(600)), "the first time");
    assert_eq!(campaign.finished_at, None);
    bench.store.change_status(id, &to(S::Completed, vec![S::Running]), later(900)).await.unwrap();
    let campaign = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!(campaign.finished_at, Some(later(900)));
}

async fn settings_change_only_where_editing_is_allowed(bench: &Bench) {
    let id = bench.draft().await;
    let settings = Settings { retry_attempts: 3, ..Settings::default() };
    assert_eq!(bench.store.set_settings(id, &settings, now()).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.campaign(id).await.unwrap().unwrap().settings, settings);
    bench.set_status(id, CampaignStatus::Running).await;
    let refused = bench.store.set_settings(id, &Settings::default(), now()).await.unwrap();
    assert_eq!(refused, Changed::Conflict(CampaignStatus::Running));
    assert_eq!(bench.store.campaign(id).await.unwrap().unwrap().settings, settings);
    let nobody = bench.store.set_settings(CampaignId::new(), &settings, now()).await.unwrap();
    assert_eq!(nobody, Changed::NotFound);
}

async fn any_text_is_a_name(bench: &Bench) {
    for (given, kept) in [
        ("O'Brien; DROP TABLE calls --", None),
        ("\"quoted\" \\ back", None),
        ("日本語 🎉", None),
        ("a\0b", Some("ab")),
    ] {
        let id = CampaignId::new();
        let settings = Settings { switch: Some(given.into()), ..Settings::default() };
        bench.store.create_campaign(id, given, &settings, now()).await.unwrap();
        let campaign = bench.store.campaign(id).await.unwrap().unwrap();
        assert_eq!(campaign.name, kept.unwrap_or(given));
        assert_eq!(campaign.settings.switch.as_deref(), Some(kept.unwrap_or(given)));
    }
}
