//! Answers packed for whoever asks, and versions in every form that this, or a proxy, gives their tags.

use std::io::Read as _;

use poem::http::Method;
use serde_json::json;

use crate::harness::{Answer, App, Person, both, id, text};

/// The body, unpacked if it is packed.
fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut body = Vec::new();
    match answer.header("content-encoding") {
        "gzip" => flate2::read::GzDecoder::new(answer.bytes.as_slice()).read_to_end(&mut body).expect("gzip"),
        "zstd" => zstd::stream::read::Decoder::new(answer.bytes.as_slice())
            .expect("zstd")
            .read_to_end(&mut body)
            .expect("zstd"),
        other => {
            assert_eq!(other, "");
            body.clone_from(&answer.bytes);
            0
        }
    };
    body
}

async fn get(app: &App, who: &Person, path: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(who, Method::GET, path, None, headers).await
}

both! {
    async fn an_item_is_packed_for_whoever_asks_and_its_tag_comes_back(app: App) {
        let supplier = app.supplier("Harbour").await;
        let body = json!({ "subject_id": id(&supplier), "title": "No clean linen", "likelihood": 2, "impact": 3, "description": "They wash what we wear. ".repeat(100) });
        let risk = app.post(&app.editor, "/risks", body).await.json(201);
        let path = format!("/risks/{}", id(&risk));
        let plain = get(&app, &app.viewer, &path, &[]).await;
        assert_eq!((plain.header("content-encoding"), plain.header("etag"), plain.header("vary")), ("", "\"1\"", "Accept-Encoding"));
        for (version, coding) in [(1, "gzip"), (2, "zstd")] {
            let packed = get(&app, &app.viewer, &path, &[("accept-encoding", coding)]).await;
            let tag = format!("\"{version}-{coding}\"");
            assert_eq!((packed.header("content-encoding"), packed.header("etag"), packed.header("vary")), (coding, tag.as_str(), "Accept-Encoding"));
            assert_eq!(packed.header("cache-control"), "private, no-cache");
            assert!(packed.bytes.len() < plain.bytes.len() / 4, "{} bytes", packed.bytes.len());
            let body: serde_json::Value = serde_json::from_slice(&unpacked(&packed)).expect("JSON");
            assert_eq!((&body["version"], &body["description"]), (&json!(version), &risk["description"]));

            // Whoever has it is told that theirs is good, by its own tag.
            let same = get(&app, &app.viewer, &path, &[("accept-encoding", coding), ("if-none-match", &tag)]).await;
            assert_eq!((same.status.as_u16(), same.bytes.len(), same.header("etag"), same.header("vary")), (304, 0, tag.as_str(), "Accept-Encoding"));
            let change = json!({ "title": format!("No clean linen, {version}") });
            app.send(&app.editor, Method::PATCH, &path, Some(&change), &[("if-match", &tag)]).await.json(200);
            assert_eq!(app.send(&app.editor, Method::PATCH, &path, Some(&change), &[("if-match", &tag)]).await.status, 412);
            let other = get(&app, &app.viewer, &path, &[("accept-encoding", coding), ("if-none-match", &tag)]).await;
            assert_eq!(other.status, 200);
        }
    }

    async fn a_change_is_taken_by_every_tag_that_a_proxy_makes_of_ours(app: App) {
        let supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let change = async |tag: &str, notes: &str| app.send(&app.editor, Method::PATCH, &path, Some(&json!({ "notes": notes })), &[("if-match", tag)]).await;
        let mut version = 1;
        for form in [
            "W/\"N\"", "\"N-gzip\"", "\"N;gzip\"", "\"N-br\"", "W/\"N-gzip\"", "\"N--gzip\"", "\"N-zstd\"", "\"N;br\"", "\"N-df\"", "\"N-gzip-gzip\"", "\"1\", W/\"N\"", "\"N\",\"N-gzip\"",
        ] {
            let changed = change(&form.replace('N', &version.to_string()), form).await.json(200);
            version += 1;
            assert_eq!((&changed["version"], text(&changed, "notes")), (&json!(version), form));
            // What was read before is stale in every form.
            let stale = change(&form.replace('N', &(version - 1).to_string()), "lost").await;
            assert_eq!(stale.status, 412, "{form}");
        }
        assert_eq!(change("*", "lost").await.status, 428);
        for none in ["\"0\"", "W/N", "\"13-3\"", "\"13gzip\"", "\"13\" \"13\""] {
            assert_eq!(change(none, "lost").await.status, 412, "{none}");
        }
    }

    async fn exports_are_packed_while_they_are_read(app: App) {
        let rows: String = (0..450).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(40))).collect();
        let headers = [("content-type", "text/csv")];
        app.raw(&app.editor, Method::POST, "/suppliers/import", Some(format!("name,notes\r\n{rows}").into_bytes()), &headers).await.json(200);
        for path in ["/suppliers.csv", "/register.csv", "/suppliers?limit=200", "/api/v1/openapi.json"] {
            let plain = get(&app, &app.admin, path, &[]).await;
            assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
            for coding in ["gzip", "zstd"] {
                let packed = get(&app, &app.admin, path, &[("accept-encoding", coding)]).await;
                assert_eq!(packed.header("content-encoding"), coding, "{path}");
                assert!(packed.bytes.len() < plain.bytes.len() / 4, "{path}: {} of {} bytes", packed.bytes.len(), plain.bytes.len());
                assert_eq!(unpacked(&packed), plain.bytes, "{path} as {coding}");
            }
        }
    }

    async fn what_gains_nothing_is_sent_as_it_is(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("supplier-security", &supplier).await;
        let asked = [("accept-encoding", "zstd, gzip")];
        // A workbook is packed already.
        let sheet = get(&app, &app.editor, &format!("/assessments/{}/sheet", id(&assessment)), &asked).await;
        assert_eq!((sheet.status.as_u16(), sheet.header("content-encoding"), sheet.header("vary")), (200, "", ""));
        let tiny = get(&app, &app.viewer, "/health/live", &asked).await;
        assert_eq!((tiny.text.as_str(), tiny.header("content-encoding"), tiny.header("vary")), ("alive\n", "", "Accept-Encoding"));
        let nothing = get(&app, &app.viewer, "/suppliers/sup_0", &asked).await;
        assert_eq!((nothing.status.as_u16(), nothing.header("content-encoding")), (404, ""));
        // Unless nothing else is taken.
        let refused = get(&app, &app.viewer, "/health/live", &[("accept-encoding", "gzip, identity;q=0")]).await;
        assert_eq!((refused.header("content-encoding"), unpacked(&refused).as_slice()), ("gzip", &b"alive\n"[..]));
        let impossible = get(&app, &app.viewer, "/health/live", &[("accept-encoding", "identity;q=0")]).await;
        assert_eq!((impossible.status.as_u16(), impossible.text.as_str()), (200, "alive\n"));
        let head = app.send(&app.viewer, Method::HEAD, "/suppliers.csv", None, &asked).await;
        assert!(head.bytes.is_empty());
    }

    async fn no_other_site_can_measure_a_page_that_it_has_someone_open(app: App) {
        let person = app.member("editor").await;
        let (cookie, _) = person.session().expect("a session");
        let cookie = format!("__Host-diligence={cookie}");
        let page = async |site: &[(&str, &str)]| {
            let mut request = app.client.get("/register?q=guess").header("cookie", &cookie).header("accept", "text/html").header("accept-encoding", "gzip");
            for (name, value) in site {
                request = request.header(*name, *value);
            }
            Answer::of(request.send().await).await
        };
        for site in [&[("sec-fetch-site", "same-origin")][..], &[("sec-fetch-site", "none")]] {
            let packed = page(site).await;
            assert_eq!((packed.status.as_u16(), packed.header("content-encoding")), (200, "gzip"));
            assert!(String::from_utf8(unpacked(&packed)).expect("text").contains("name=\"csrf\""));
        }
        for site in [&[][..], &[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")]] {
            let plain = page(site).await;
            assert_eq!((plain.status.as_u16(), plain.header("content-encoding"), plain.header("cache-control")), (200, "", "no-store, no-transform"));
        }
        // A key as a password of HTTP Basic is sent by browsers unasked, too; as Bearer it is not.
        let list = async |authorization: String| get(&app, &app.stranger, "/openapi.json", &[("authorization", authorization.as_str()), ("accept-encoding", "gzip")]).await;
        assert_eq!(list("Basic eDp5".into()).await.header("content-encoding"), "");
        assert_eq!(list(format!("Bearer {}", app.viewer.key.as_deref().expect("a key"))).await.header("content-encoding"), "gzip");
    }
}
