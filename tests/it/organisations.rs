//! The organisation: its name, and nobody else's.

use serde_json::json;

use crate::harness::both;

both! {
    async fn an_organisation_reads_and_renames_itself(app: App) {
        let organisation = app.get(&app.viewer, "/organisation").await.json(200);
        assert_eq!((&organisation["name"], &organisation["version"]), (&json!("Meadow View Care"), &json!(1)));
        app.patch(&app.approver, "/organisation", &organisation, json!({ "name": "Meadow View" })).await.faults(403);
        assert_eq!(app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "" })).await.faults(422), ["/name length"]);
        let renamed = app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "Meadow View" })).await.json(200);
        assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Meadow View"), &json!(2)));
        app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "x" })).await.faults(412);
        assert_eq!(app.get(&app.viewer, "/organisation").await.json(200), renamed);
    }

    async fn two_organisations_never_have_one_name(app: App) {
        let organisation = app.get(&app.viewer, "/organisation").await.json(200);
        app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "Riverside Council" })).await.faults(409);
        assert_eq!(app.get(&app.viewer, "/organisation").await.json(200)["name"], json!("Meadow View Care"));
        assert_eq!(app.get(&app.neighbour, "/organisation").await.json(200)["name"], json!("Riverside Council"));
    }
}
