//! Products: their AI, their place under a supplier, life and end.

use serde_json::{Value, json};

use crate::{
    assessments::approved,
    harness::{both, id, text},
};

both! {
    async fn whether_a_product_has_ai_is_unknown_until_someone_says(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        assert_eq!((&product["ai_features"], &product["status"], &product["rating"], &product["ai_profile"]), (&json!("unknown"), &json!("active"), &json!("unassessed"), &json!(null)));
        assert_eq!(app.get(&app.viewer, &format!("/products/{}", id(&product))).await.json(200), product);
    }

    async fn everything_said_of_a_product_and_its_ai_is_kept(app: App) {
        let supplier = app.supplier("Harbour").await;
        let profile = json!({
            "purpose": "Writes visit notes", "generative": "yes", "model": "Wren", "model_provider": "Birdsong", "model_version": "4.1", "trains_on_our_data": "no",
            "runs_in": ["GB", "IE"], "autonomy": "recommends", "affects": ["residents", "staff"], "overseer": "Jo Bell", "contest_route": "Ask the manager",
            "manual_fallback": "Pen and paper", "summarises_speech": "yes", "medical_device_class": "class_i", "safety_case_reference": "SC-1", "dpia_reference": "D-1",
            "transparency_record": "https://records.example/1", "eu_ai_act_class": "limited", "training_data": "Made-up visit notes",
            "limitations": "Not for medicines", "ethical_considerations": "Accents are heard less well", "energy_use": "2 Wh a note",
        });
        let said = json!({ "supplier_id": id(&supplier), "name": "Notes", "kind": "ai_system", "product_version": "3.2", "purpose": "Visit notes", "status": "prospective", "ai_features": "core", "ai_profile": profile, "notes": "On trial." });
        let product = app.post(&app.editor, "/products", said.clone()).await.json(201);
        for (field, value) in said.as_object().expect("an object") {
            assert_eq!(&product[field], value, "{field}");
        }
    }

    async fn a_product_contradicts_itself_neither_when_entered_nor_when_changed(app: App) {
        let supplier = app.supplier("Harbour").await;
        let with = |kind: &str, features: &str, profile: Value| json!({ "supplier_id": id(&supplier), "name": "Notes", "kind": kind, "ai_features": features, "ai_profile": profile });
        assert_eq!(app.post(&app.editor, "/products", with("software", "none", json!({ "model": "Wren" }))).await.faults(422), ["/ai_features contradiction"]);
        assert_eq!(app.post(&app.editor, "/products", with("ai_system", "none", json!(null))).await.faults(422), ["/ai_features contradiction"]);
        let product = app.post(&app.editor, "/products", with("software", "embedded", json!({ "model": "Wren" }))).await.json(201);
        let path = format!("/products/{}", id(&product));
        assert_eq!(app.patch(&app.editor, &path, &product, json!({ "ai_features": "none" })).await.faults(422), ["/ai_features contradiction"]);
        app.patch(&app.editor, &path, &product, json!({ "ai_features": "none", "ai_profile": null })).await.json(200);
    }

    async fn a_change_reaches_into_the_ai_profile_field_by_field(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.post(&app.editor, "/products", json!({ "supplier_id": id(&supplier), "name": "Notes", "kind": "software", "ai_features": "core", "ai_profile": { "model": "Wren", "overseer": "Jo", "generative": "yes" } })).await.json(201);
        let path = format!("/products/{}", id(&product));
        let changed = app.patch(&app.editor, &path, &product, json!({ "ai_profile": { "overseer": null, "generative": null, "model_version": "5" } })).await.json(200);
        let profile = &changed["ai_profile"];
        assert_eq!((&profile["model"], &profile["model_version"], &profile["overseer"], &profile["generative"]), (&json!("Wren"), &json!("5"), &json!(null), &json!("unknown")));
        assert_eq!(app.patch(&app.editor, &path, &changed, json!({ "ai_profile": { "runs_in": ["GB", "England"], "modle": "x" } })).await.faults(422), ["/ai_profile/modle unknown_field"]);
        assert_eq!(app.patch(&app.editor, &path, &changed, json!({ "ai_profile": { "runs_in": ["GB", "England"] } })).await.faults(422), ["/ai_profile/runs_in/1 country"]);
    }

    async fn a_product_stays_with_its_supplier(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        let path = format!("/products/{}", id(&product));
        assert_eq!(app.patch(&app.editor, &path, &product, json!({ "supplier_id": id(&other) })).await.faults(422), ["/supplier_id fixed"]);
        app.patch(&app.editor, &path, &product, json!({ "supplier_id": id(&supplier), "name": "Notes 2" })).await.json(200);
        let nobody = "sup_00000000000000000000000000000000";
        assert_eq!(app.post(&app.editor, "/products", json!({ "supplier_id": nobody, "name": "Notes", "kind": "software" })).await.faults(422), ["/supplier_id unknown_id"]);
    }

    async fn products_are_found_by_name_and_filtered_by_each_field(app: App) {
        let (supplier, other) = (app.minor("Harbour").await, app.supplier("Other").await);
        let notes = app.product(&supplier, "Ébène 50%_Notes").await;
        app.post(&app.editor, "/products", json!({ "supplier_id": id(&other), "name": "50 Notes", "kind": "device", "status": "exiting", "ai_features": "none" })).await.json(201);
        approved(&app, &notes, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        for (text, found) in [("NOTES", 2), ("%C3%89B%C3%88NE", 1), ("%25_", 1), ("0%25n", 0), ("harbour", 0)] {
            assert_eq!(app.walk(&format!("/products?q={text}"), 50).await.len(), found, "{text}");
        }
        for (field, value) in [("supplier_id", id(&supplier)), ("kind", "device"), ("status", "exiting"), ("ai_features", "none"), ("rating", "moderate")] {
            app.is_filtered("/products", &format!("{field}={value}"), |product| product[field] == json!(value)).await;
        }
    }

    async fn products_come_in_pages_of_any_size_in_every_order(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (day, name) in [("2027-03-01", "b"), ("2027-03-01", "A"), ("2027-03-02", "a"), ("2027-03-03", "B")] {
            app.goes_to(day);
            app.product(&supplier, name).await;
        }
        app.comes_in_pages("/products", "id", &["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"], |product, field| text(product, field).to_lowercase()).await;
        assert_eq!(app.walk("/products?updated_since=2027-03-02T09:00:00Z", 50).await.len(), 2);
    }

    async fn an_archived_product_counts_nowhere_until_it_is_restored(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let path = format!("/products/{}", id(&product));
        let archived = app.act(&app.editor, &format!("{path}/archive"), &product, None).await.json(200);
        app.act(&app.editor, &format!("{path}/archive"), &archived, None).await.faults(409);
        assert_eq!((app.walk("/register", 50).await.len(), app.walk("/reviews", 50).await.len()), (1, 1));
        app.post(&app.editor, "/assessments", json!({ "questionnaire": "ethical-ai-in-care", "subject_id": id(&product) })).await.faults(409);
        let restored = app.act(&app.editor, &format!("{path}/restore"), &archived, None).await.json(200);
        assert_eq!((&restored["status"], app.walk("/register", 50).await.len(), app.walk("/reviews", 50).await.len()), (&json!("active"), 2, 2));
        app.act(&app.editor, &format!("{path}/restore"), &restored, None).await.faults(409);
    }

    async fn only_a_product_that_nothing_hangs_on_can_be_taken_away(app: App) {
        let supplier = app.supplier("Harbour").await;
        let hang = [
            ("/evidence", json!({ "kind": "insurance" })),
            ("/assessments", json!({ "questionnaire": "ethical-ai-in-care" })),
            ("/risks", json!({ "title": "Something", "likelihood": 1, "impact": 1 })),
            ("/incidents", json!({ "title": "Down", "severity": "low", "occurred_on": "2027-02-01" })),
            ("/dependencies", json!({ "rests_on_id": id(&supplier), "kind": "host" })),
        ];
        for (path, mut body) in hang {
            let product = app.product(&supplier, "Hung").await;
            body["subject_id"] = product["id"].clone();
            app.post(&app.editor, path, body).await.json(201);
            app.delete(&app.editor, &format!("/products/{}", id(&product)), &product).await.faults(409);
            app.line(&product).await;
        }
        let free = app.product(&supplier, "Free").await;
        let path = format!("/products/{}", id(&free));
        assert_eq!(app.delete(&app.editor, &path, &free).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        assert_eq!(app.walk("/register?subject_type=product", 50).await.len(), 5);
    }
}
