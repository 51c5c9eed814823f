//! Files behind evidence: limited, hashed, true to their type, and kept while answers rest on them.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, etag, id};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn store(app: &App, evidence: &Value, name: &str, kind: &str, bytes: &[u8]) -> Answer {
    let tag = etag(evidence);
    let path = format!(
        "/evidence/{}/file{}",
        id(evidence),
        if name.is_empty() { String::new() } else { format!("?name={name}") }
    );
    app.raw(&app.editor, Method::POST, &path, Some(bytes.to_vec()), &[("content-type", kind), ("if-match", &tag)]).await
}

/// A ZIP archive of these files, none of them packed.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = u32::try_from(bytes.len()).expect("a small archive").to_le_bytes();
        let size = u32::try_from(content.len()).expect("a small file").to_le_bytes();
        let length = u16::try_from(name.len()).expect("a short name").to_le_bytes();
        let head = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &size[..], &size, &length, &[0, 0]].concat();
        bytes.extend([b"PK\x03\x04", &head[..], name.as_bytes(), content].concat());
        list.extend([b"PK\x01\x02\x14\0", &head[..], &[0; 10], &at, name.as_bytes()].concat());
    }
    let (at, size) = (
        u32::try_from(bytes.len()).expect("a small archive").to_le_bytes(),
        u32::try_from(list.len()).expect("a short list").to_le_bytes(),
    );
    let count = u16::try_from(files.len()).expect("few files").to_le_bytes();
    [&bytes[..], &list, b"PK\x05\x06\0\0\0\0", &count, &count, &size, &at, &[0, 0]].concat()
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

    async fn a_file_is_known_by_its_first_bytes_and_an_office_file_by_the_names_in_it(app: App) {
        let supplier = app.supplier("Harbour").await;
        let mut evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201);
        let office = archive(&[("[Content_Types].xml", &vec![b'x'; 20_000]), ("word/embeddings/xl/sheet.xlsx", &archive(&[("xl/workbook.xml", b"")])), ("word/document.xml", b"")]);
        for (name, bytes) in [
            ("policy.docx", office.clone()),
            ("policy.xlsx", archive(&[("_rels/.rels", b"x"), ("xl/workbook.xml", b"x")])),
            ("policy.pptx", archive(&[("ppt/presentation.xml", b"x")])),
            ("policy.odt", archive(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"x")])),
            ("policy.jpg", b"\xff\xd8\xff\xe0".to_vec()),
            ("policy.pdf", b"%PDF-1.7\n".to_vec()),
            // What programs and pictures begin with, texts may begin with too.
            ("contracts.csv", b"BMW fleet,2027\r\n".to_vec()),
            ("notes.txt", b"MZ is the initials of our auditor.".to_vec()),
        ] {
            evidence = store(&app, &evidence, name, "application/octet-stream", &bytes).await.json(200);
            assert_eq!(evidence["file"]["name"], json!(name));
        }
        // Frames to skip, each begun by the one before: whoever reads them by calling itself runs out of stack.
        let frames = b"\x50\x2a\x4d\x18\0\0\0\0".repeat(1 << 20);
        for (name, bytes) in [("policy.xlsx", office), ("policy.docx", b"PK\x03\x04word/".to_vec()), ("policy.pdf", frames.clone()), ("policy.txt", frames)] {
            assert_eq!(store(&app, &evidence, name, "application/octet-stream", &bytes).await.faults(422), ["false_type"], "{name}");
        }
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
