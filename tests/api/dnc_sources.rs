//! Several sources of one number on the do-not-call list, and lists from
//! outside that replace what their source said.

use serde_json::{Value, json};

use crate::api::{Home, on_both_engines};
use crate::book::upload;

on_both_engines!(whatever_names_a_number_is_shown, a_list_replaces_its_source, what_a_replacement_refuses);

/// Numbers, a line each.
fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(|n| format!("+1212{}\n", 2_000_000 + n)).collect()
}

async fn listed(home: &Home, n: u64) -> Value {
    home.get(&format!("/api/dnc/check?phone_number=1212{}", 2_000_000 + n)).await.expect(200)
}

async fn whatever_names_a_number_is_shown(home: &Home) {
    upload(home, "/api/dnc/import?source=federal", "f.txt", &lines([0, 1])).await.expect(200);
    let added = home.post("/api/dnc", json!({"phone_number": "+12122000000", "reason": "asked"})).await.expect(201);
    assert_eq!((&added["source"], &added["also"][0]["reason"]), (&json!("federal"), &json!("asked")));
    home.post("/api/dnc", json!({"phone_number": "+12122000000", "reason": "again"})).await.expect(201);
    let shown = home.get("/api/dnc/+12122000000").await.expect(200);
    assert_eq!((&shown["phone_number"], &shown["source"]), (&json!("+12122000000"), &json!("federal")));
    let also = shown["also"].as_array().expect("a list");
    assert_eq!((also.len(), &also[0]["source"], &also[0]["reason"]), (1, &json!("api"), &json!("asked")));
    assert!(also[0]["added_at"].is_string(), "{shown}");
    assert_eq!(home.get("/api/dnc/+12122000001").await.expect(200)["also"], json!([]));
    let check = listed(home, 0).await;
    assert_eq!((&check["entry"]["source"], &check["also"][0]["source"]), (&json!("federal"), &json!("api")));
    let checked = home.post("/api/dnc/check", json!({"phone_numbers": ["+12122000000", "+12122000009"]})).await;
    let checked = checked.expect(200);
    assert_eq!((&checked["items"][0]["also"], &checked["items"][1]["also"]), (&json!(also), &json!([])));
    let known = home.get("/api/audit/numbers/+12122000000").await.expect(200);
    assert_eq!((&known["do_not_call"]["source"], &known["do_not_call_also"]), (&json!("federal"), &json!(also)));
    let csv = home.get("/api/audit/numbers/+12122000000?format=csv").await.text;
    assert!(csv.contains("federal") && csv.contains("api: asked"), "{csv}");
    let total = async |query: &str| home.get(&format!("/api/dnc?{query}")).await.expect(200)["total"].clone();
    assert_eq!((total("source=federal").await, total("source=api").await), (json!(2), json!(0)), "by what came first");

    // A line for each source, and the same list again where they are imported.
    let export = home.get("/api/dnc/export").await.text;
    let sources: Vec<_> = export.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(sources, ["federal", "api", "federal"]);
    for n in [0, 1] {
        assert_eq!(home.delete(&format!("/api/dnc/+121220000{n:02}?reason=moved")).await.status, 204);
    }
    let history = home.get("/api/dnc/+12122000000/history").await.expect(200);
    assert_eq!((&history["listed"], &history["also"]), (&json!(false), &json!([])));
    let removed: Vec<_> = history["removals"].as_array().expect("removals").iter().collect();
    assert_eq!(removed.iter().map(|one| &one["entry"]["source"]).collect::<Vec<_>>(), ["federal", "api"]);
    assert!(removed.iter().all(|one| one["removed_reason"] == "moved"), "{history}");
    upload(home, "/api/dnc/import", "list.csv", &export).await.expect(200);
    assert_eq!(home.get("/api/dnc/export").await.text, export);
}

async fn a_list_replaces_its_source(home: &Home) {
    let path = "/api/dnc/import?source=federal&replace=true";
    let first = upload(home, path, "f.txt", &lines(0..10)).await.expect(200);
    assert_eq!((&first["accepted"], &first["replaced"]["held"]), (&json!(10), &json!(0)));
    home.post("/api/dnc", json!({"phone_number": "+12122000009", "reason": "asked"})).await.expect(201);
    // Several files are one list.
    let files = [("a.csv", format!("phone_number\n{}", lines(0..5))), ("b.txt", lines((5..8).chain([20])))];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let second = home.upload_to(path, &files).await.expect(200);
    assert_eq!((&second["accepted"], &second["duplicates"]), (&json!(1), &json!(8)));
    let replaced = json!({"source": "federal", "done": true, "held": 10, "kept": 8, "left_out": 2, "removed": 2,
        "still_listed": 1, "refused": null, "detail": null});
    assert_eq!(second["replaced"], replaced);
    assert_eq!(listed(home, 8).await["listed"], false);
    let asked = listed(home, 9).await;
    assert_eq!((&asked["entry"]["source"], &asked["also"]), (&json!("api"), &json!([])));
    let history = home.get("/api/dnc/+12122000009/history").await.expect(200);
    let removal = &history["removals"][0];
    assert_eq!((&history["listed"], &removal["entry"]["source"]), (&json!(true), &json!("federal")));
    assert_eq!(removal["removed_reason"], "no longer on the list of federal");
    let log = home.get("/api/audit?limit=1").await.expect(200);
    let record = &log["items"][0];
    assert_eq!((&record["action"], &record["actor"]), (&json!("dnc.import"), &removal["removed_by"]));
    let noted = &record["details"]["imported"];
    assert_eq!((&noted["source"], &noted["accepted"]), (&json!("federal"), &json!(1)));
    assert_eq!((&noted["replaced"]["removed"], &noted["replaced"]["kept"]), (&json!(2), &json!(8)));
    // An import as any takes nothing off.
    let plain = upload(home, "/api/dnc/import?source=federal", "f.txt", &lines([30])).await.expect(200);
    assert_eq!((&plain["accepted"], &plain["replaced"]), (&json!(1), &Value::Null));
    assert_eq!(home.get("/api/dnc?limit=1").await.expect(200)["total"], 11);
}

async fn what_a_replacement_refuses(home: &Home) {
    let import = async |query: &str, text: &str| upload(home, &format!("/api/dnc/import?{query}"), "f.txt", text).await;
    let one = lines([0]);
    assert_eq!(import("replace=true", &one).await.fields(), ["source"]);
    for source in ["manual", "api", "key", "agent", "inbound", "import", "KEY", "a+b", ""] {
        assert_eq!(import(&format!("replace=true&source={source}"), &one).await.fields(), ["source"], "{source}");
    }
    assert_eq!(import("source=federal&shrink=20", &one).await.fields(), ["shrink"]);
    assert_eq!(import("source=federal&replace=true&shrink=101", &one).await.fields(), ["shrink"]);
    assert_eq!(import("source=key&replace=true&shrink=101", &one).await.fields(), ["shrink", "source"]);
    assert_eq!(import("source=federal&replace=maybe", &one).await.status, 422);
    assert_eq!(home.get("/api/dnc?limit=1").await.expect(200)["total"], 0);

    let federal = "source=federal&replace=true&shrink";
    import(&format!("{federal}=0"), &lines(0..10)).await.expect(200);
    let other = "phone_number,source\n+12122000000,state\n";
    for (text, shrink, why) in [
        (lines(0..7), "29", "shrink"),
        (format!("{}12\n", lines(0..9)), "100", "rejected"),
        (other.to_owned(), "100", "other_source"),
    ] {
        let replaced = import(&format!("{federal}={shrink}"), &text).await.expect(200)["replaced"].clone();
        assert_eq!((&replaced["refused"], &replaced["removed"]), (&json!(why), &json!(0)), "{replaced}");
        assert_eq!((&replaced["done"], &replaced["held"]), (&json!(false), &json!(10)), "{replaced}");
        assert!(replaced["detail"].is_string(), "{replaced}");
    }
    // The second file is no list: the first is in, and nothing was taken off.
    let files = [("a.txt", lines([0, 50])), ("b.csv", "name,city\nAnn,X\n".to_owned())];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    home.upload_to(&format!("/api/dnc/import?{federal}=100"), &files).await.expect(422);
    assert_eq!(home.get("/api/dnc?limit=1").await.expect(200)["total"], 11);
    let done = import(&format!("{federal}=30"), &lines((0..7).chain([50]))).await.expect(200)["replaced"].clone();
    assert_eq!((&done["done"], &done["held"], &done["removed"]), (&json!(true), &json!(11), &json!(3)), "{done}");
}
