//! Files behind evidence: limited, hashed, true to their type, and kept while answers rest on them.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, etag, id};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn store(app: &App, evidence: &Value, name: &str, kind: &str, bytes: &[u8]) -> Answer {
    let tag = etag(evidence);
    let path = format!("/evidence/{}/file{}", id(evidence), if name.is_empty() { String::new() } else { format!("?name={name}") });
    app.raw(&app.editor, Method::POST, &path, Some(bytes.to_vec()), &[("content-type", kind), ("if-match", &tag)]).await
}

both! {
    async fn a_file_is_kept_as_it_came_and_given_back_as_a_download(app: App) {
        let supplier = app.supplier("Harbour").await;
        let evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201);
        app.get(&app.viewer, &format!("/evidence/{}/file", id(&evidence))).await.faults(404);
        let stored = store(&app, &evidence, "Polisi%20t%C5%B7.png", "image/png", PNG).await.json(200);
        assert_eq!((&stored["file"]["name"], &stored["file"]["media_type"], &stored["file"]["byte_count"]), (&json!("Polisi tŷ.png"), &json!("image/png"), &json!(PNG.len())));
        let file = app.get(&app.viewer, &format!("/evidence/{}/file", id(&evidence))).await;
        assert_eq!((file.bytes.as_slice(), file.header("content-type"), file.header("x-content-type-options")), (PNG, "image/png", "nosniff"));
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"Polisi t_.png\"; filename*=UTF-8''Polisi%20t%C5%B7.png");
        let table = app.get(&app.viewer, "/evidence.csv").await.text;
        assert!(table.contains(stored["file"]["sha256"].as_str().expect("a hash")), "{table}");
        // A change of the evidence leaves its file; taken away, it is gone.
        let changed = app.patch(&app.editor, &format!("/evidence/{}", id(&evidence)), &stored, json!({ "reference": "P-1" })).await.json(200);
        assert_eq!(changed["file"], stored["file"]);
        assert_eq!(app.delete(&app.editor, &format!("/evidence/{}/file", id(&evidence)), &changed).await.status, 204);
        app.get(&app.viewer, &format!("/evidence/{}/file", id(&evidence))).await.faults(404);
    }

    async fn a_file_of_a_false_type_or_too_large_is_refused_and_nothing_is_kept(app: App) {
        let supplier = app.supplier("Harbour").await;
        let evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201);
        let program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".as_slice();
        for (name, kind, bytes, faults) in [
            ("certificate.pdf", "application/octet-stream", PNG, vec!["false_type"]),
            ("certificate.pdf", "image/png", PNG, vec!["false_type", "false_type"]),
            ("certificate.png", "application/octet-stream", program, vec!["false_type"]),
            ("certificate.exe", "application/octet-stream", program, vec!["?name kind"]),
            ("", "application/octet-stream", program, vec!["?name kind"]),
            ("notes.txt", "text/plain", b"\xff\xfe".as_slice(), vec!["false_type"]),
            ("..%2Fnotes.txt", "text/plain", b"x".as_slice(), vec!["?name name"]),
            ("notes.txt", "text/plain", b"".as_slice(), vec!["empty"]),
        ] {
            assert_eq!(store(&app, &evidence, name, kind, bytes).await.faults(422), faults, "{name}");
        }
        store(&app, &evidence, "notes.txt", "text/html", b"x").await.faults(415);
        store(&app, &evidence, "notes.txt", "text/plain", &vec![b'x'; (10 << 20) + 1]).await.faults(413);
        assert_eq!(app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200)["file"], Value::Null);
    }

    async fn a_file_that_an_answer_rests_on_stays(app: App) {
        let mut document = crate::questionnaires::house_check("2027.1");
        let principle = document["principles"][0]["key"].clone();
        document["sections"][0]["questions"].as_array_mut().expect("questions").push(json!({ "key": "paper", "principle": principle, "text": "Your policy?", "type": "file" }));
        app.post(&app.editor, "/questionnaires", document).await.json(201);
        let supplier = app.supplier("Harbour").await;
        let evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201);
        let assessment = app.assessment("house-check", &supplier).await;
        let path = format!("/assessments/{}/answers", id(&assessment));
        let answer = json!({ "paper": { "value": id(&evidence) } });
        assert_eq!(app.patch(&app.editor, &path, &assessment, answer.clone()).await.faults(422), ["/paper/value no_file"]);
        let stored = store(&app, &evidence, "policy.txt", "text/plain", b"We lock up.").await.json(200);
        app.patch(&app.editor, &path, &assessment, answer).await.json(200);
        store(&app, &stored, "policy.txt", "text/plain", b"We do not.").await.faults(409);
        app.delete(&app.editor, &format!("/evidence/{}/file", id(&evidence)), &stored).await.faults(409);
        app.delete(&app.editor, &format!("/evidence/{}", id(&evidence)), &stored).await.faults(409);
    }
}
