//! The media library.

use canvass::campaign::{CampaignId, CampaignStatus, Settings};
use canvass::media::MediaId;
use canvass::store::blocks::{BlockQuery, BlockSort, MediaRenamed};
use canvass::store::listing::Page;
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
    a_sound_is_renamed_unless_its_name_is_needed,
    sounds_come_in_pages,
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

async fn a_sound_is_renamed_unless_its_name_is_needed(bench: &Bench) {
    let media = sound("hello", 'a');
    add(bench, &media).await;
    add(bench, &sound("taken", 'b')).await;
    let rename = async |name: &str, version| bench.store.rename_media(media.id, name, version, later(3)).await.unwrap();
    assert_eq!(rename("taken", None).await, MediaRenamed::NameTaken);
    assert_eq!(rename("x", Some(later(1))).await, MediaRenamed::Stale);
    assert_eq!(rename("hello", Some(now())).await, MediaRenamed::Yes(media.clone()), "nothing changes");
    let by_id = campaign(bench, "by id", &media.id.to_string(), 0).await;
    let renamed = Media { name: "welcome".into(), updated_at: later(3), ..media.clone() };
    assert_eq!(rename("wel\0come", Some(now())).await, MediaRenamed::Yes(renamed.clone()));
    assert_eq!(bench.store.media("welcome").await.unwrap(), Some(renamed.clone()));
    assert_eq!(bench.store.media("hello").await.unwrap(), None);
    let MediaRenamed::Yes(again) = rename("hello", None).await else { panic!("renamed") };
    assert!(again.updated_at > renamed.updated_at, "versions only grow");
    let by_name = campaign(bench, "by name", "hello", 1).await;
    let campaigns = vec!["by name".to_owned()];
    assert_eq!(rename("x", None).await, MediaRenamed::InUse { campaigns, surveys: vec![] });
    let uses = bench.store.media_uses(&again).await.unwrap();
    assert_eq!(uses.campaigns.iter().map(|one| one.id).collect::<Vec<_>>(), [by_id, by_name]);
    bench.set_status(by_name, CampaignStatus::Cancelled).await;
    let json = r#"{"questions": [{"id": "q", "prompts": ["hello"], "spoken": {}}]}"#;
    let survey = serde_json::from_str(json).unwrap();
    let id = SurveyId::new();
    let stored = StoredSurvey { id, name: "spring".into(), survey, created_at: now(), updated_at: now() };
    assert!(bench.store.add_survey(&stored).await.unwrap());
    let surveys = vec!["spring".to_owned()];
    assert_eq!(rename("x", None).await, MediaRenamed::InUse { campaigns: vec![], surveys });
    assert_eq!(bench.store.media_uses(&again).await.unwrap().surveys, [(id, "spring".to_owned())]);
    let nobody = bench.store.rename_media(MediaId::new(), "x", None, now()).await.unwrap();
    assert_eq!(nobody, MediaRenamed::NotFound);
}

async fn sounds_come_in_pages(bench: &Bench) {
    for (name, at) in [("b", 1), ("A%", 3), ("ab_", 2)] {
        add(bench, &Media { created_at: later(at), updated_at: later(10 - at), ..sound(name, 'c') }).await;
    }
    let names = async |query: BlockQuery, offset, limit| {
        let listed = bench.store.media_page(&query, Page { offset, limit }).await.unwrap();
        let names: Vec<_> = listed.items.into_iter().map(|media| media.name).collect();
        (names.join(" "), listed.total)
    };
    let by = |sort, descending| BlockQuery { sort, descending, ..BlockQuery::default() };
    assert_eq!(names(BlockQuery::default(), 0, 10).await, ("A% ab_ b".into(), 3));
    assert_eq!(names(by(BlockSort::Name, true), 1, 1).await, ("ab_".into(), 3));
    assert_eq!(names(by(BlockSort::CreatedAt, false), 0, 10).await, ("b ab_ A%".into(), 3));
    assert_eq!(names(by(BlockSort::UpdatedAt, false), 0, 10).await, ("A% ab_ b".into(), 3));
    let like = |name: &str| BlockQuery { name: Some(name.into()), ..BlockQuery::default() };
    assert_eq!(names(like("a"), 0, 10).await, ("A% ab_".into(), 2));
    assert_eq!(names(like("%"), 0, 10).await, ("A%".into(), 1));
}
