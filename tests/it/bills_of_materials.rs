//! Bills of materials with model cards: what a maker says fills an AI profile, marked as the maker's word.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id, text},
    operations::run,
    pages::{form_data, hidden, holds, lacks, shown, someone},
};

/// A document about one model, by the names of the specification (CycloneDX 1.6).
pub(crate) fn document() -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "metadata": { "supplier": { "name": "Harbour Care Systems" } },
        "components": [
            {
                "type": "machine-learning-model", "bom-ref": "wren", "name": "Wren", "version": "4.1",
                "manufacturer": { "name": "Birdsong" }, "publisher": "Somebody else",
                "modelCard": {
                    "modelParameters": {
                        "approach": { "type": "supervised" }, "task": "text-generation",
                        "datasets": [
                            { "ref": "visits" },
                            { "type": "dataset", "name": "Invented letters", "classification": "public", "sensitiveData": ["health"] },
                        ],
                    },
                    "considerations": {
                        "useCases": ["Writes visit notes", "Sums up\n a week"],
                        "technicalLimitations": ["Not for children"], "performanceTradeoffs": ["Slow on telephones"],
                        "ethicalConsiderations": [{ "name": "May invent facts", "mitigationStrategy": "A person reads each note" }],
                        "fairnessAssessments": [{ "groupAtRisk": "People with an accent", "harms": "More errors" }],
                        "environmentalConsiderations": { "energyConsumptions": [{
                            "activity": "training", "activityEnergyCost": { "value": 0.5, "unit": "kWh" }, "co2CostEquivalent": { "value": 2, "unit": "tCO2eq" },
                        }] },
                    },
                },
            },
            { "type": "data", "bom-ref": "visits", "name": "Visit notes 2019", "data": [{ "type": "dataset", "classification": "confidential", "description": "Of three homes" }] },
            { "type": "library", "name": "Sums", "version": "1" },
        ],
    })
}

async fn brings_in(app: &App, item: &Value, query: &str, document: &Value) -> Answer {
    let tag = format!("\"{}\"", item["version"]);
    let headers = [("content-type", "application/vnd.cyclonedx+json"), ("if-match", tag.as_str())];
    let path = format!("/products/{}/bill-of-materials{query}", id(item));
    app.raw(&app.editor, Method::POST, &path, Some(document.to_string().into_bytes()), &headers).await
}

fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    report["fields"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|field| (text(field, "field"), text(field, "outcome")))
        .collect()
}

/// A change to a document at this place.
fn with(place: &str, value: Value) -> Value {
    let mut whole = document();
    let (parent, name) = place.rsplit_once('/').expect("a place");
    whole.pointer_mut(parent).expect("a parent")[name] = value;
    whole
}

both! {
    async fn what_a_maker_says_of_its_model_fills_the_profile_and_is_marked_as_its_word(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        let path = format!("/products/{}", id(&product));
        let dry = brings_in(&app, &product, "?dry_run=true", &document()).await.json(200);
        assert_eq!((&dry["dry_run"], &dry["version"], &dry["component"]), (&json!(true), &json!(1), &json!("Wren@4.1")));
        assert_eq!(app.get(&app.viewer, &path).await.json(200), product);
        let answer = brings_in(&app, &product, "", &document()).await;
        let report = answer.json(200);
        assert_eq!((answer.header("etag"), &report["version"], &report["fields"]), ("\"2\"", &json!(2), &dry["fields"]));
        let filled = app.get(&app.viewer, &path).await.json(200);
        let profile = &filled["ai_profile"];
        for (field, said) in [
            ("model", "Wren"), ("model_version", "4.1"), ("model_provider", "Birdsong"), ("generative", "yes"), ("purpose", "Writes visit notes\nSums up a week"),
            ("training_data", "Approach: supervised\nVisit notes 2019 (classification: confidential): Of three homes\nInvented letters (classification: public; sensitive: health)"),
            ("limitations", "Not for children\nSlow on telephones"),
            ("ethical_considerations", "May invent facts. What is done about it: A person reads each note\nGroup at risk: People with an accent: More errors"),
            ("energy_use", "training: 0.5 kWh, 2 tCO2eq"),
        ] {
            assert_eq!(text(profile, field), said, "{field}");
            let source = &filled["profile_sources"][field];
            assert_eq!((text(source, "said_by"), text(source, "document")), ("maker", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"), "{field}");
        }
        // What somebody says otherwise is no longer the maker's word; the rest still is.
        let changed = app.patch(&app.editor, &path, &filled, json!({ "ai_profile": { "model": "Wren (hosted)" }, "notes": "x" })).await.json(200);
        assert_eq!((&changed["profile_sources"]["model"], text(&changed["profile_sources"]["model_version"], "said_by")), (&json!(null), "maker"));
        let emptied = app.patch(&app.editor, &path, &changed, json!({ "ai_profile": null })).await.json(200);
        assert_eq!(emptied["profile_sources"], json!(null));
    }

    async fn what_is_said_already_stays_unless_it_is_to_be_replaced_and_what_differs_is_listed(app: App) {
        let body = json!({ "supplier_id": id(&app.supplier("Harbour").await), "name": "Notes", "kind": "ai_system", "ai_features": "core", "ai_profile": { "model": "Robin", "model_version": "4.1" } });
        let product = app.post(&app.editor, "/products", body).await.json(201);
        let path = format!("/products/{}", id(&product));
        let report = brings_in(&app, &product, "", &document()).await.json(200);
        assert_eq!(outcomes(&report)[..3], [("model", "kept"), ("model_version", "same"), ("model_provider", "filled")]);
        assert_eq!((text(&report["fields"][0], "before"), text(&report["fields"][0], "said")), ("Robin", "Wren"));
        let kept = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((text(&kept["ai_profile"], "model"), &kept["profile_sources"]["model"], &kept["profile_sources"]["model_version"]), ("Robin", &json!(null), &json!(null)));
        let replaced = brings_in(&app, &kept, "?overwrite=true", &document()).await.json(200);
        assert_eq!(outcomes(&replaced)[0], ("model", "replaced"));
        let now = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((text(&now["ai_profile"], "model"), text(&now["profile_sources"]["model"], "said_by")), ("Wren", "maker"));
        // The same again changes nothing.
        let again = brings_in(&app, &now, "?overwrite=true", &document()).await.json(200);
        assert_eq!(again["version"], now["version"]);
        assert!(outcomes(&again).iter().all(|(_, outcome)| *outcome == "same"), "{again}");
        brings_in(&app, &product, "", &document()).await.faults(412);
    }

    async fn of_several_models_it_is_asked_which_is_meant(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        let mut two = document();
        let robin = json!({ "type": "machine-learning-model", "bom-ref": "robin", "name": "Robin", "version": "1", "components": [] });
        two["components"].as_array_mut().expect("a list").push(json!({ "type": "framework", "name": "Nest", "components": [robin] }));
        let asked = brings_in(&app, &product, "", &two).await;
        assert_eq!(asked.faults(422), ["?component question"]);
        assert!(asked.text.contains("wren, robin"), "{}", asked.text);
        assert_eq!(brings_in(&app, &product, "?component=sparrow", &two).await.faults(422), ["?component unknown"]);
        for named in ["robin", "Robin", "Robin@1"] {
            let report = brings_in(&app, &product, &format!("?dry_run=true&component={named}"), &two).await.json(200);
            assert_eq!(text(&report, "component"), "Robin@1", "{named}");
        }
        // What the document is about is what it is about.
        two["metadata"] = json!({ "component": { "type": "machine-learning-model", "name": "Owl" }, "supplier": { "name": "Night Ltd" } });
        let report = brings_in(&app, &product, "", &two).await.json(200);
        assert_eq!((text(&report, "component"), text(&report["fields"][1], "said")), ("Owl", "Night Ltd"));
    }

    async fn what_is_no_such_document_is_refused_and_changes_nothing(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        for (place, value, told) in [
            ("/bomFormat", json!("SPDX"), "/bomFormat choice"),
            ("/specVersion", json!("1.4"), "/specVersion choice"),
            ("/serialNumber", json!("3e671687"), "/serialNumber format"),
            ("/version", json!(0), "/version range"),
            ("/components", json!({}), "/components type"),
            ("/components", json!([]), "/components required"),
            ("/components", json!([{ "type": "library", "name": "Sums" }]), "/components required"),
        ] {
            assert_eq!(brings_in(&app, &product, "", &with(place, value)).await.faults(422), [told], "{place}");
        }
        let all = brings_in(&app, &product, "", &json!([])).await.faults(422);
        assert_eq!(all, ["type", "/bomFormat choice", "/specVersion choice"]);
        let path = format!("/products/{}/bill-of-materials", id(&product));
        let sent = async |kind: &str, bytes: &[u8]| {
            app.raw(&app.editor, Method::POST, &path, Some(bytes.to_vec()), &[("content-type", kind), ("if-match", "\"1\"")]).await
        };
        for kind in ["application/xml", "application/vnd.cyclonedx+xml", "application/json"] {
            let xml = sent(kind, b"\xef\xbb\xbf <?xml version=\"1.0\"?><bom/>").await;
            assert_eq!(xml.faults(422), ["format"]);
            assert!(xml.text.contains("CycloneDX JSON"), "{}", xml.text);
        }
        assert_eq!(sent("application/json", b"{\"a\": 1, \"a\": 2}").await.status, 400);
        assert_eq!(sent("text/csv", b"a").await.status, 415);
        assert_eq!(sent("application/json", &vec![b' '; (5 << 20) + 1]).await.status, 413);
        let none = json!({ "supplier_id": product["supplier_id"], "name": "Plain", "kind": "software", "ai_features": "none" });
        let plain = app.post(&app.editor, "/products", none).await.json(201);
        assert_eq!(brings_in(&app, &plain, "", &document()).await.faults(422), ["/ai_features contradiction"]);
        assert_eq!(app.get(&app.viewer, &format!("/products/{}", id(&product))).await.json(200), product);
    }

    async fn a_document_is_brought_in_on_the_page_of_its_product(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        let (path, mut editor) = (format!("/products/{}", id(&product)), someone(&app, "editor").await);
        let action = format!("{path}/bill-of-materials");
        holds(&shown(&mut editor, &app, &path).await, &[&format!("href=\"{action}\"")]);
        let page = shown(&mut editor, &app, &action).await;
        let csrf = hidden(&page.text, &action).into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        let sends = async |editor: &mut crate::pages::Browser, more: &[(&str, &str)], bytes: &[u8]| {
            let fields = [[("csrf", csrf.as_str()), ("version", "1")].as_slice(), more].concat();
            editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("notes.cdx.json", "application/json", bytes)))).await
        };
        let xml = sends(&mut editor, &[], b"<bom/>").await;
        assert_eq!(xml.status, 422);
        holds(&xml.text, &["This is XML", "href=\"#file\""]);
        let bytes = with("/components/0/name", json!("Wren <b>")).to_string().into_bytes();
        let dry = sends(&mut editor, &[("dry_run", "true")], &bytes).await;
        assert_eq!(dry.status, 200, "{}", dry.text);
        holds(&dry.text, &["What would happen", "Wren &#60;b&#62;", "would be filled in"]);
        assert_eq!(app.get(&app.viewer, &path).await.json(200), product);
        let done = sends(&mut editor, &[], &bytes).await;
        holds(&done.text, &["What the document says", "filled in", "Which model is it?"]);
        let page = shown(&mut editor, &app, &path).await;
        holds(&page, &["The maker says", "Which model is it?", "urn:uuid:3e671687", "Not for children"]);
        assert_eq!(sends(&mut editor, &[], &bytes).await.status, 409);
        let mut viewer = someone(&app, "viewer").await;
        lacks(&shown(&mut viewer, &app, &path).await, &[&format!("href=\"{action}\"")]);
    }
}

#[tokio::test]
async fn a_document_is_brought_in_on_the_command_line() {
    let (url, folder) = crate::harness::empty_database(crate::harness::On::Sqlite).await;
    let folder = folder.expect("a folder");
    let (list, file) = (folder.0.join("products.json"), folder.0.join("notes.cdx.json"));
    let suppliers = folder.0.join("suppliers.json");
    std::fs::write(&suppliers, json!({ "rows": [{ "name": "Harbour" }] }).to_string()).expect("a file");
    std::fs::write(
        &list,
        json!({ "rows": [{ "supplier_name": "Harbour", "name": "Notes", "kind": "software" }] }).to_string(),
    )
    .expect("a file");
    std::fs::write(&file, document().to_string()).expect("a file");
    let place = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let whose = ["--organisation", "Ours", "--database-url", &url];
    let fine = |arguments: &[&str]| {
        let (code, out, told) = run(&[arguments, &whose].concat());
        assert_eq!(code, Some(0), "{told}");
        out
    };
    fine(&["import", "suppliers", &place(&suppliers), "--create-organisation"]);
    fine(&["import", "products", &place(&list)]);
    let product = fine(&["export", "products"]);
    let product = product.lines().nth(1).and_then(|line| line.split(',').next()).expect("an id").to_owned();
    let dry = fine(&["bill-of-materials", &place(&file), "--product", &product, "--dry-run"]);
    assert!(
        dry.starts_with("Wren@4.1\nfilled\tmodel\tWren\n") && dry.ends_with("a dry run: nothing was changed\n"),
        "{dry}"
    );
    assert!(!fine(&["export", "products"]).contains("Wren"));
    fine(&["bill-of-materials", &place(&file), "--product", &product]);
    assert!(fine(&["export", "products"]).contains("Wren"));
    let again = fine(&["bill-of-materials", &place(&file), "--product", &product]);
    assert!(again.contains("same\tmodel\tWren"), "{again}");
    std::fs::write(&file, "<bom/>").expect("a file");
    let (code, _, told) =
        run(&[["bill-of-materials", &place(&file), "--product", &product].as_slice(), &whose].concat());
    assert!(code == Some(6) && told.contains("this is XML"), "{told}");
}
