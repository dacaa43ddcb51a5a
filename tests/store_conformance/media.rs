//! The media library.

use canvass::campaign::{CampaignId, CampaignStatus, Settings};
use canvass::media::MediaId;
use canvass::store::{Media, MediaRemoved, StoredSurvey};
use canvass::survey::SurveyId;

use crate::bench::{Bench, later, now, on_both_engines};

on_both_engines!(
    a_sound_is_kept_and_found_by_name_and_id,
    a_name_is_given_once,
    sounds_are_listed_by_name,
    a_sound_in_use_stays,
    a_sound_is_in_use_wherever_it_is_named,
    the_last_name_of_a_content_is_told,
);

fn sound(name: &str, content: char) -> Media {
    Media {
        id: MediaId::new(),
        name: name.into(),
        sha256: content.to_string().repeat(64),
        duration_ms: 1_500,
        bytes: 72_088,
        original_name: "Spring \"final\".mp3".into(),
        waveform: (0..200_u8).map(|n| n / 2).collect(),
        created_at: now(),
        updated_at: now(),
    }
}

async fn add(bench: &Bench, media: &Media) {
    assert!(bench.store.add_media(media).await.unwrap());
}

async fn a_sound_is_kept_and_found_by_name_and_id(bench: &Bench) {
    let media = Media { name: "hel\0lo".into(), ..sound("", 'a') };
    add(bench, &media).await;
    let kept = Some(Media { name: "hello".into(), ..media });
    let id = kept.as_ref().unwrap().id.to_string();
    assert_eq!(bench.store.media("hello").await.unwrap(), kept);
    assert_eq!(bench.store.media(&id).await.unwrap(), kept);
    assert_eq!(bench.store.media(&id.to_uppercase()).await.unwrap(), kept);
    for other in ["Hello", "hell", "", "' OR 1=1 --", &MediaId::new().to_string(), &id.replace('-', "")] {
        assert_eq!(bench.store.media(other).await.unwrap(), None, "{other}");
    }
}

async fn a_name_is_given_once(bench: &Bench) {
    let first = sound("hello", 'a');
    add(bench, &first).await;
    assert!(!bench.store.add_media(&sound("hello", 'b')).await.unwrap());
    assert_eq!(bench.store.media_list().await.unwrap(), [first]);
}

async fn sounds_are_listed_by_name(bench: &Bench) {
    assert_eq!(bench.store.media_list().await.unwrap(), []);
    for name in ["b", "B", "é", "a b", "a"] {
        add(bench, &sound(name, 'c')).await;
    }
    let listed: Vec<_> = bench.store.media_list().await.unwrap().into_iter().map(|media| media.name).collect();
    assert_eq!(listed, ["B", "a", "a b", "b", "é"]);
}

async fn campaign(bench: &Bench, name: &str, prompt: &str, at: u64) -> CampaignId {
    let id = CampaignId::new();
    let settings = Settings { prompts: vec![prompt.into()], ..Settings::default() };
    bench.store.create_campaign(id, name, &settings, later(at)).await.unwrap();
    id
}

async fn a_sound_in_use_stays(bench: &Bench) {
    let media = sound("hello", 'a');
    add(bench, &media).await;
    bench.draft().await;
    campaign(bench, "another sound", "hello there", 0).await;
    let by_name = campaign(bench, "by name", "hello", 1).await;
    let by_id = campaign(bench, "by id", &media.id.to_string().to_uppercase(), 2).await;
    let in_use = |names: &[&str]| MediaRemoved::InUse(names.iter().map(ToString::to_string).collect());
    assert_eq!(bench.store.remove_media("hello").await.unwrap(), in_use(&["by name", "by id"]));
    for status in [CampaignStatus::Running, CampaignStatus::Paused, CampaignStatus::Scheduled] {
        bench.set_status(by_name, status).await;
        assert_eq!(bench.store.remove_media("hello").await.unwrap(), in_use(&["by name", "by id"]));
    }
    bench.set_status(by_name, CampaignStatus::Completed).await;
    assert_eq!(bench.store.remove_media(&media.id.to_string()).await.unwrap(), in_use(&["by id"]));
    assert_eq!(bench.store.media("hello").await.unwrap(), Some(media.clone()));
    bench.set_status(by_id, CampaignStatus::Cancelled).await;
    assert_eq!(bench.store.remove_media("hello").await.unwrap(), MediaRemoved::Yes { media, shared: false });
    assert_eq!(bench.store.media("hello").await.unwrap(), None);
    assert_eq!(bench.store.remove_media("hello").await.unwrap(), MediaRemoved::NotFound);
}

/// Whichever setting names it, or the survey that is asked.
async fn a_sound_is_in_use_wherever_it_is_named(bench: &Bench) {
    let media = sound("hello", 'a');
    add(bench, &media).await;
    let json = r#"{"questions": [{"id": "q", "prompts": ["hello"], "spoken": {}}]}"#;
    let survey = serde_json::from_str(json).unwrap();
    let stored =
        StoredSurvey { id: SurveyId::new(), name: "spring".into(), survey, created_at: now(), updated_at: now() };
    assert!(bench.store.add_survey(&stored).await.unwrap());
    let hello = || Some("hello".to_owned());
    let mut expected = Vec::new();
    for (name, settings) in [
        ("voicemail", r#"{"voicemail": {"action": "leave_message", "prompt": "hello"}}"#.to_owned()),
        ("transfer", r#"{"transfer": {"digit": "0", "to": {"queue": "q"}, "failed_prompt": "hello"}}"#.to_owned()),
        ("opt-out", serde_json::to_string(&Settings { opt_out_prompt: hello(), ..Settings::default() }).unwrap()),
        ("survey", r#"{"survey": "spring"}"#.to_owned()),
        ("survey by id", format!(r#"{{"survey": "{}"}}"#, stored.id)),
    ] {
        let settings = serde_json::from_str(&settings).unwrap();
        bench.store.create_campaign(CampaignId::new(), name, &settings, later(expected.len() as u64)).await.unwrap();
        expected.push(name.to_owned());
        assert_eq!(bench.store.remove_media("hello").await.unwrap(), MediaRemoved::InUse(expected.clone()));
    }
}

async fn the_last_name_of_a_content_is_told(bench: &Bench) {
    let (first, second) = (sound("first", 'a'), sound("second", 'a'));
    add(bench, &first).await;
    add(bench, &second).await;
    add(bench, &sound("other", 'b')).await;
    let removed = bench.store.remove_media("first").await.unwrap();
    assert_eq!(removed, MediaRemoved::Yes { media: first, shared: true });
    let removed = bench.store.remove_media("second").await.unwrap();
    assert_eq!(removed, MediaRemoved::Yes { media: second, shared: false });
}
