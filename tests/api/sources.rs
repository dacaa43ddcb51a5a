//! The lists that were uploaded, as they came.

use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(an_uploaded_list_comes_back_by_a_link, a_list_goes_with_its_campaign);

const LIST: &str = "phone_number,name\n+15552000001,Ann\n+15552000001,Ann again\nnonsense,Bob\n";

async fn an_uploaded_list_comes_back_by_a_link(home: &Home) {
    let id = home.draft("Lists").await;
    let at = |what: &str| format!("/api/campaigns/{id}/{what}");
    home.get(&at("source-download-url")).await.expect(404);
    assert_eq!(home.get(&at("uploads")).await.expect(200)["total"], 0);
    let first = home.upload(&id, &[("frühling.csv", LIST)]).await.expect(200);
    home.upload(&id, &[("more.csv", "phone_number\n+15552000002\n")]).await.expect(200);
    // What is no list is not kept.
    home.upload(&id, &[("bad.csv", "a,b\n1,2\n")]).await.expect(422);
    let listed = home.get(&at("uploads")).await.expect(200);
    assert_eq!((&listed["total"], &listed["items"][0]["file"]), (&json!(2), &json!("more.csv")));
    let kept = &listed["items"][1];
    assert_eq!(kept["id"], first["files"][0]["upload_id"]);
    assert_eq!((&kept["accepted"], &kept["duplicates"], &kept["rejected"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(kept["bytes"], LIST.len());

    let newest = home.get(&at("source-download-url")).await.expect(200);
    assert_eq!(newest["upload"]["file"], "more.csv");
    let older = format!("source-download-url?upload={}", kept["id"].as_str().expect("an id"));
    let link = home.get(&at(&older)).await.expect(200);
    assert_eq!(&link["upload"], kept);
    let url = link["url"].as_str().expect("a URL");
    let expires: jiff::Timestamp = link["expires_at"].as_str().expect("a time").parse().expect("an instant");
    let left = expires.duration_since(home.world.clock.now());
    assert!(left <= jiff::SignedDuration::from_mins(15) && left > jiff::SignedDuration::from_mins(10), "{left}");

    // Anybody who has it, and as it came.
    let path = url.strip_prefix(home.base()).expect("where the client found us");
    let file = send(home.request_as(None, "GET", path)).await;
    assert_eq!((file.status, file.text.as_str()), (200, LIST));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"fr_hling.csv\"; filename*=UTF-8''"));
    assert!(file.header("content-type").starts_with("text/csv") && file.header("cache-control").contains("no-store"));
    let part = send(home.request_as(None, "GET", path).header("range", "bytes=0-11")).await;
    assert_eq!((part.status, part.text.as_str()), (206, "phone_number"));
    send(home.request_as(None, "GET", path).header("range", "bytes=9999-")).await.expect(416);
    for (from, to) in [("expires=1", "expires=2"), ("signature=", "signature=0"), ("/uploads/0", "/uploads/1")] {
        let forged = path.replacen(from, to, 1);
        assert_ne!(forged, path);
        send(home.request_as(None, "GET", &forged)).await.expect(404);
    }
    let bare = path.split('?').next().expect("a path");
    send(home.request_as(None, "GET", bare)).await.expect(404);
    send(home.request_as(None, "GET", &format!("{bare}?expires=soon"))).await.expect(422);
    send(home.request_as(None, "GET", &path.replace("expires=", "expires=-9223372036854775808&x="))).await.expect(422);

    let other = home.draft("Other").await;
    let elsewhere = format!("/api/campaigns/{other}/{older}");
    home.get(&elsewhere).await.expect(404);
    home.get("/api/campaigns/00000000-0000-0000-0000-000000000000/uploads").await.expect(404);
}

async fn a_list_goes_with_its_campaign(home: &Home) {
    let (one, other) = (home.draft("One").await, home.draft("Other").await);
    for id in [&one, &other] {
        home.upload(id, &[("a.csv", LIST)]).await.expect(200);
    }
    home.upload(&one, &[("b.csv", "phone_number\n+15552000003\n")]).await.expect(200);
    let files = || {
        let folder = std::fs::read_dir(home.world.folder.path().join("uploads")).expect("a folder");
        folder
            .filter(|file| file.as_ref().expect("an entry").path().extension().is_some_and(|end| end == "csv"))
            .count()
    };
    assert_eq!(files(), 2, "the same content is kept once");
    let link = home.get(&format!("/api/campaigns/{one}/source-download-url")).await.expect(200);
    assert_eq!(home.delete(&format!("/api/campaigns/{one}")).await.status, 204);
    assert_eq!(files(), 1);
    let path = link["url"].as_str().expect("a URL").strip_prefix(home.base()).expect("ours").to_owned();
    send(home.request_as(None, "GET", &path)).await.expect(404);
    assert_eq!(home.delete(&format!("/api/campaigns/{other}")).await.status, 204);
    assert_eq!(files(), 0);
}
