//! Dependencies: what rests on what.

use serde_json::{Value, json};

use crate::harness::{App, both, id, text};

async fn rests(app: &App, subject: &Value, on: &Value, kind: &str) -> crate::harness::Answer {
    app.post(&app.editor, "/dependencies", json!({ "subject_id": id(subject), "rests_on_id": id(on), "kind": kind }))
        .await
}

both! {
    async fn a_product_may_rest_on_a_supplier_in_several_ways_each_said_once(app: App) {
        let (supplier, host) = (app.supplier("Harbour").await, app.supplier("Host").await);
        let product = app.product(&supplier, "Notes").await;
        let dependency = rests(&app, &product, &host, "host").await.json(201);
        assert_eq!((&dependency["supplier_id"], &dependency["product_id"]), (&supplier["id"], &product["id"]));
        assert_eq!((&dependency["rests_on_supplier_id"], &dependency["rests_on_product_id"]), (&host["id"], &json!(null)));
        assert_eq!(app.get(&app.viewer, &format!("/dependencies/{}", id(&dependency))).await.json(200), dependency);
        rests(&app, &product, &host, "host").await.faults(409);
        rests(&app, &product, &host, "sub_processor").await.json(201);
        rests(&app, &host, &product, "host").await.json(201);
    }

    async fn nothing_rests_on_itself_or_on_what_is_not_there(app: App) {
        let supplier = app.supplier("Harbour").await;
        assert_eq!(rests(&app, &supplier, &supplier, "host").await.faults(422), ["/rests_on_id same"]);
        assert_eq!(rests(&app, &supplier, &json!({ "id": "prd_00000000000000000000000000000000" }), "host").await.faults(422), ["/rests_on_id unknown_id"]);
        assert_eq!(rests(&app, &json!({ "id": "sup_00000000000000000000000000000000" }), &supplier, "host").await.faults(422), ["/subject_id unknown_id"]);
    }

    async fn what_a_dependency_joins_stays_and_what_sort_it_is_can_change(app: App) {
        let (supplier, host, other) = (app.supplier("Harbour").await, app.supplier("Host").await, app.supplier("Other").await);
        let dependency = rests(&app, &supplier, &host, "host").await.json(201);
        rests(&app, &supplier, &host, "component").await.json(201);
        let path = format!("/dependencies/{}", id(&dependency));
        assert_eq!(app.patch(&app.editor, &path, &dependency, json!({ "subject_id": id(&other), "rests_on_id": id(&other) })).await.faults(422), ["/subject_id fixed", "/rests_on_id fixed"]);
        app.patch(&app.editor, &path, &dependency, json!({ "kind": "component" })).await.faults(409);
        let changed = app.patch(&app.editor, &path, &dependency, json!({ "kind": "sub_processor", "description": "Nightly copies" })).await.json(200);
        assert_eq!((&changed["kind"], &changed["version"]), (&json!("sub_processor"), &json!(2)));
        let cleared = app.patch(&app.editor, &path, &changed, json!({ "description": null })).await.json(200);
        assert_eq!((&cleared["kind"], &cleared["description"]), (&json!("sub_processor"), &json!(null)));
    }

    async fn dependencies_are_listed_from_either_end(app: App) {
        let (supplier, host, other) = (app.supplier("Harbour").await, app.supplier("Host").await, app.supplier("Other").await);
        rests(&app, &supplier, &host, "host").await.json(201);
        rests(&app, &supplier, &other, "component").await.json(201);
        app.goes_to("2027-03-02");
        rests(&app, &other, &host, "host").await.json(201);
        for (field, value) in [("subject_id", id(&supplier)), ("rests_on_id", id(&host)), ("kind", "component")] {
            app.is_filtered("/dependencies", &format!("{field}={value}"), |dependency| dependency[field] == json!(value)).await;
        }
        app.is_filtered("/dependencies", "updated_since=2027-03-02T09:00:00Z", |dependency| text(dependency, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/dependencies", "id", &[":created_at"], |dependency, field| text(dependency, field).to_owned()).await;
    }

    async fn a_dependency_taken_away_frees_both_ends(app: App) {
        let (supplier, host) = (app.supplier("Harbour").await, app.supplier("Host").await);
        let dependency = rests(&app, &supplier, &host, "host").await.json(201);
        let path = format!("/dependencies/{}", id(&dependency));
        assert_eq!(app.delete(&app.editor, &path, &dependency).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        for end in [supplier, host] {
            assert_eq!(app.delete(&app.editor, &format!("/suppliers/{}", id(&end)), &end).await.status, 204);
        }
    }
}
