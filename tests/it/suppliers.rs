//! Suppliers: profile and tier, identifiers, life and end.

use serde_json::json;

use crate::harness::{both, id};

both! {
    async fn a_supplier_with_nothing_but_a_name_is_of_low_tier_and_unassessed(app: App) {
        let answer = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Care Systems" })).await;
        let supplier = answer.json(201);
        assert_eq!(answer.header("location"), format!("/api/v1/suppliers/{}", id(&supplier)));
        assert_eq!(answer.header("etag"), "\"1\"");
        assert_eq!((&supplier["tier"], &supplier["rating"], &supplier["status"]), (&json!("low"), &json!("unassessed"), &json!("active")));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200), supplier);
    }

    async fn the_strictest_input_decides_the_tier_unless_someone_sets_it_with_a_reason(app: App) {
        let supplier = app.processor("Harbour").await;
        assert_eq!((&supplier["tier"], &supplier["tier_reason"]), (&json!("high"), &json!("data_sensitivity is special_category; system_access is standing")));
        let path = format!("/suppliers/{}", id(&supplier));
        assert_eq!(app.patch(&app.editor, &path, &supplier, json!({ "tier_override": "low" })).await.faults(422), ["/tier_override_reason required"]);
        let changed = app.patch(&app.editor, &path, &supplier, json!({ "tier_override": "low", "tier_override_reason": "only two users" })).await.json(200);
        assert_eq!(changed["tier"], json!("low"));
        assert_eq!(changed["tier_reason"], json!("set by hand (it would be high: data_sensitivity is special_category; system_access is standing): only two users"));
        let back = app.patch(&app.editor, &path, &changed, json!({ "tier_override": null, "tier_override_reason": null })).await.json(200);
        assert_eq!(back["tier"], json!("high"));
    }

    async fn two_people_never_overwrite_each_other_unknowingly(app: App) {
        let supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let first = app.patch(&app.editor, &path, &supplier, json!({ "notes": "first" })).await.json(200);
        assert_eq!(first["version"], json!(2));
        app.patch(&app.approver, &path, &supplier, json!({ "notes": "second" })).await.faults(412);
        app.send(&app.editor, poem::http::Method::PATCH, &path, Some(&json!({ "notes": "third" })), &[]).await.faults(428);
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["notes"], json!("first"));
    }
}
