//! The media library: sounds in, out, under other names and away.

use serde_json::{Value, json};

use crate::api::{Home, Reply, on_both_engines, send};

on_both_engines!(
    a_sound_from_upload_to_delete,
    what_is_no_sound_is_refused,
    a_sound_in_parts,
    a_sound_that_is_played_keeps_its_name,
    a_text_is_spoken,
);

/// A second of a tone, so loud, as an 8 kHz WAV file.
fn tone(level: f64) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36_u32 + 16_000).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    bytes.extend(16_000_u32.to_le_bytes());
    for n in 0..8_000_u32 {
        let sample = (f64::from(n) * 440.0 * std::f64::consts::TAU / 8_000.0).sin() * level * 32_767.0;
        bytes.extend((sample as i16).to_le_bytes());
    }
    bytes
}

/// A form with a file and other fields.
async fn upload(home: &Home, file: &str, bytes: &[u8], others: &[(&str, &str)]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in others {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    if !file.is_empty() {
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\r\n");
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    let request = home.request("POST", "/api/media");
    send(request.header("content-type", "multipart/form-data; boundary=XX").body(body)).await
}

async fn add(home: &Home, name: &str) -> Value {
    upload(home, "x.wav", &tone(0.5), &[("name", name)]).await.expect(201)
}

async fn bytes(home: &Home, path: &str, headers: &[(&str, &str)]) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let mut request = home.request("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.expect("a body").to_vec())
}

async fn a_sound_from_upload_to_delete(home: &Home) {
    let made = upload(home, "Hello there.wav", &tone(0.5), &[]).await;
    let sound = made.expect(201);
    assert_eq!((&sound["name"], &sound["duration_ms"]), (&json!("Hello there"), &json!(1_000)));
    assert_eq!(sound["original_name"], "Hello there.wav");
    assert_eq!(sound["waveform"].as_array().map(Vec::len), Some(200));
    assert_eq!((&sound["files"][0]["bytes"], &sound["files"][1]["bytes"]), (&json!(16_044), &json!(32_044)));
    let path = format!("/api/media/{}", sound["id"].as_str().expect("an id"));
    assert_eq!(made.header("location"), path);
    assert_eq!(home.get(&path).await.expect(200), sound);
    upload(home, "Hello there.wav", &tone(0.5), &[]).await.expect(409);
    // The same content under another name, from a browser that sends folders.
    let other = upload(home, "C:\\sounds\\b.wav", &tone(0.5), &[]).await.expect(201);
    assert_eq!((&other["name"], &other["sha256"]), (&json!("b"), &sound["sha256"]));
    let list = home.get("/api/media?name=hello").await.expect(200);
    assert_eq!((&list["total"], &list["items"][0]["waveform"]), (&json!(1), &Value::Null));
    assert_eq!(home.get("/api/media?sort_by=created_at&limit=1").await.expect(200)["pages"], 2);
    assert_eq!(home.get("/api/media?sort_by=size").await.fields(), ["sort_by"]);

    assert_eq!(home.delete(&path).await.status, 204);
    home.get(&path).await.expect(404);
    home.delete(&path).await.expect(404);
    home.get(&format!("{path}/audio")).await.expect(404);
    let (status, ..) = bytes(home, other["files"][0]["url"].as_str().expect("a URL"), &[]).await;
    assert_eq!(status, 200, "its files stay for the other name");
}

async fn what_is_no_sound_is_refused(home: &Home) {
    assert_eq!(upload(home, "a.wav", b"no sound at all", &[]).await.fields(), ["file"]);
    assert_eq!(upload(home, "a.wav", &tone(0.5)[..9_000], &[]).await.fields(), ["file"]);
    assert_eq!(upload(home, "a.wav", b"", &[]).await.fields(), ["file"]);
    assert_eq!(upload(home, "", b"", &[("name", "a")]).await.fields(), ["file"]);
    assert_eq!(upload(home, "a.wav", &tone(0.5), &[("title", "a")]).await.fields(), ["title"]);
    for name in ["a/b", "", "a.wav", "say:x", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(upload(home, "x.wav", &tone(0.5), &[("name", name)]).await.fields(), ["name"], "{name}");
    }
    assert_eq!(upload(home, "a.wav", &tone(0.5), &[("name", &"x".repeat(2_000))]).await.fields(), ["name"]);
    // Larger than a sound may be: 20 MiB.
    let large = vec![0; (20 << 20) + 1];
    assert_eq!(upload(home, "a.wav", &large, &[]).await.expect(413)["type"], "/problems/too-large");
    let json = home.request("POST", "/api/media").json(&json!({"name": "x"}));
    send(json).await.expect(415);
    let cut = home.request("POST", "/api/media").header("content-type", "multipart/form-data; boundary=XX");
    send(cut.body("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF"))
        .await
        .expect(400);
    assert_eq!(home.get("/api/media").await.expect(200)["total"], 0);
}

async fn a_sound_in_parts(home: &Home) {
    let sound = add(home, "Grüße").await;
    let path = format!("/api/media/{}/audio", sound["id"].as_str().expect("an id"));
    let (status, headers, whole) = bytes(home, &path, &[]).await;
    assert_eq!((status, whole.len(), &whole[..4]), (200, 16_044, b"RIFF".as_slice()));
    let header = |name: &str| headers[name].to_str().expect("ASCII").to_owned();
    assert_eq!((header("content-type"), header("accept-ranges")), ("audio/wav".into(), "bytes".into()));
    assert!(header("content-disposition").contains("Gr%C3%BC%C3%9Fe.wav"));
    let tag = header("etag");
    let (status, headers, part) = bytes(home, &path, &[("range", "bytes=4-7"), ("if-range", &tag)]).await;
    assert_eq!((status, part.as_slice()), (206, &whole[4..8]));
    assert_eq!(headers["content-range"], "bytes 4-7/16044");
    let (status, _, end) = bytes(home, &path, &[("range", "bytes=-44")]).await;
    assert_eq!((status, end.as_slice()), (206, &whole[16_000..]));
    let (status, _, all) = bytes(home, &path, &[("range", "bytes=4-7"), ("if-range", "\"other\"")]).await;
    assert_eq!((status, all.len()), (200, 16_044));
    let (status, headers, _) = bytes(home, &path, &[("range", "bytes=16044-")]).await;
    assert_eq!((status, &headers["content-range"]), (416, &"bytes */16044".parse().expect("a value")));
    let beyond = send(home.request("GET", &path).header("range", "bytes=99999-")).await;
    assert_eq!(beyond.expect(416)["type"], "/problems/no-such-range");
    let (status, _, nothing) = bytes(home, &path, &[("if-none-match", &tag)]).await;
    assert_eq!((status, nothing.len()), (304, 0));
    let head = send(home.request("HEAD", &path).header("range", "bytes=4-7")).await;
    assert_eq!((head.status, head.header("content-length"), head.text.as_str()), (200, "16044", ""));
    let (_, _, wide) = bytes(home, &format!("{path}?rate=16000"), &[]).await;
    assert_eq!(wide.len(), 32_044);
    assert_eq!(home.get(&format!("{path}?rate=44100")).await.fields(), ["rate"]);
    // Somebody emptied the folder.
    let sha = sound["sha256"].as_str().expect("a digest");
    let file = home.world.folder.path().join(&sha[..2]).join(format!("{sha}.wav"));
    std::fs::remove_file(file).expect("removed");
    let gone = home.get(&path).await.expect(404);
    assert!(gone["detail"].as_str().is_some_and(|text| text.contains("add the sound again")), "{gone}");
    let shown = home.get(path.trim_end_matches("/audio")).await.expect(200);
    assert_eq!((&shown["files"][0]["bytes"], &shown["files"][1]["bytes"]), (&Value::Null, &json!(32_044)));
}

async fn a_sound_that_is_played_keeps_its_name(home: &Home) {
    let (welcome, other) = (add(home, "welcome").await, add(home, "other").await);
    let path = format!("/api/media/{}", welcome["id"].as_str().expect("an id"));
    let id = home.draft("Plays").await;
    let campaign = format!("/api/campaigns/{id}");
    home.patch(&campaign, json!({"prompts": ["welcome"]})).await.expect(200);
    let shown = home.get(&path).await.expect(200);
    assert_eq!(shown["used_by"], json!([{"id": id, "name": "Plays", "status": "draft"}]));
    for reply in [home.patch(&path, json!({"name": "hello"})).await, home.delete(&path).await] {
        let refused = reply.expect(409);
        assert!(refused["detail"].as_str().is_some_and(|text| text.contains("\"Plays\"")), "{refused}");
    }
    // By its id it may be called anything.
    home.patch(&campaign, json!({"prompts": [welcome["id"]]})).await.expect(200);
    let renamed = send(home.request("PATCH", &path).json(&json!({"name": "hello"}))).await;
    assert_eq!(renamed.expect(200)["name"], "hello");
    home.patch(&path, json!({"name": "other"})).await.expect(409);
    assert_eq!(home.patch(&path, json!({"name": "a/b"})).await.fields(), ["name"]);
    assert_eq!(home.patch(&path, json!({"name": null})).await.fields(), ["name"]);
    assert_eq!(home.patch(&path, json!({"nmae": "x"})).await.fields(), ["nmae"]);
    let again = home.request("PATCH", &path).header("if-match", "\"1\"").json(&json!({"name": "third"}));
    send(again).await.expect(412);
    let current = home.request("PATCH", &path).header("if-match", renamed.header("etag"));
    send(current.json(&json!({"name": "third"}))).await.expect(200);
    home.delete(&path).await.expect(409);
    // A survey keeps a name too, though nobody asks it.
    let survey = json!({"name": "S", "questions": [{"id": "a", "prompts": ["other"], "spoken": {}}]});
    home.post("/api/surveys", survey).await.expect(201);
    let path = format!("/api/media/{}", other["id"].as_str().expect("an id"));
    assert_eq!(home.get(&path).await.expect(200)["used_by_surveys"][0]["name"], "S");
    home.patch(&path, json!({"name": "x"})).await.expect(409);
}

async fn a_text_is_spoken(home: &Home) {
    assert_eq!(home.post("/api/media/say", json!({})).await.fields(), ["name", "text"]);
    assert_eq!(home.post("/api/media/say", json!({"name": "a", "text": ""})).await.fields(), ["text"]);
    assert_eq!(home.post("/api/media/say", json!({"name": "a/b", "text": "x"})).await.fields(), ["name"]);
    let long = json!({"name": "a", "text": "x ".repeat(2_000)});
    assert_eq!(home.post("/api/media/say", long).await.fields(), ["text"]);
    let said = home.post("/api/media/say", json!({"name": "bye", "text": "Goodbye, {{name|friend}}."})).await;
    if said.status == 409 {
        // No espeak-ng here: it is told so.
        assert!(said.text.contains("media.speech_command"), "{}", said.text);
        return;
    }
    let sound = said.expect(201);
    assert_eq!(sound["original_name"], "say:Goodbye, friend.");
    home.post("/api/media/say", json!({"name": "bye", "text": "Again."})).await.expect(409);
}
