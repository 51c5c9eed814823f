//! Who carries whom, through others and in circles.

use serde_json::{Value, json};

use crate::harness::{App, both, id, text};

pub(crate) async fn rests(app: &App, subject: &Value, base: &Value, kind: &str) -> Value {
    app.post(&app.editor, "/dependencies", json!({ "subject_id": id(subject), "rests_on_id": id(base), "kind": kind }))
        .await
        .json(201)
}

async fn of_weight(app: &App, name: &str, criticality: &str) -> Value {
    app.post(&app.editor, "/suppliers", json!({ "name": name, "service_criticality": criticality })).await.json(201)
}

/// One carrier in short: direct, through others, in all, vital, essential, highest tier.
async fn load(app: &App, base: &Value, query: &str) -> Option<[Value; 6]> {
    let told = app.get(&app.viewer, &format!("/concentration{query}")).await.json(200);
    let carrier =
        told["items"].as_array().expect("a list").iter().find(|carrier| carrier["supplier_id"] == base["id"])?.clone();
    Some(
        ["direct_count", "through_count", "supplier_count", "vital_count", "essential_count", "highest_tier"]
            .map(|field| carrier[field].clone()),
    )
}

both! {
    async fn what_rests_on_a_supplier_is_counted_directly_and_through_others(app: App) {
        let (rota, notes, laundry) = (of_weight(&app, "Rota", "vital").await, of_weight(&app, "Notes", "essential").await, of_weight(&app, "Laundry", "minor").await);
        let (host, centre) = (app.supplier("Host").await, app.supplier("Data centre").await);
        let product = app.product(&notes, "Notes for visits").await;
        let space = app.product(&host, "Space").await;
        rests(&app, &rota, &host, "host").await;
        rests(&app, &product, &space, "host").await;
        rests(&app, &product, &host, "sub_processor").await;
        rests(&app, &host, &centre, "host").await;
        // A product of the same supplier makes nobody depend on anyone else.
        rests(&app, &space, &host, "component").await;
        assert_eq!(load(&app, &host, "").await, Some([json!(2), json!(0), json!(2), json!(1), json!(1), json!("critical")]));
        assert_eq!(load(&app, &centre, "").await, Some([json!(1), json!(2), json!(3), json!(1), json!(1), json!("critical")]));
        assert_eq!(load(&app, &host, "?kind=sub_processor").await, Some([json!(1), json!(0), json!(1), json!(0), json!(1), json!("high")]));
        assert_eq!(load(&app, &centre, "?kind=component").await, None);
        let told = app.get(&app.viewer, "/concentration").await.json(200);
        // The data centre carries most, so it comes first.
        assert_eq!((text(&told["items"][0], "name"), &told["carrier_count"], &told["complete"], &told["link_count"]), ("Data centre", &json!(2), &json!(true), &json!(3)));
        let links: Vec<(&str, &str, &Value)> = told["links"].as_array().expect("a list").iter().map(|link| (text(link, "name"), text(link, "rests_on_name"), &link["kinds"])).collect();
        assert!(links.contains(&("Notes", "Host", &json!(["sub_processor", "host"]))) || links.contains(&("Notes", "Host", &json!(["host", "sub_processor"]))), "{links:?}");
        let first = app.get(&app.viewer, "/concentration?limit=1").await.json(200);
        assert_eq!((first["items"].as_array().map(Vec::len), &first["carrier_count"], &first["link_count"]), (Some(1), &json!(2), &json!(1)));
        app.get(&app.viewer, "/concentration?kind=friend").await.faults(422);
        // A circle comes to an end, and nobody rests on themselves.
        rests(&app, &centre, &rota, "component").await;
        assert_eq!(load(&app, &rota, "").await, Some([json!(1), json!(2), json!(3), json!(0), json!(1), json!("high")]));
        // What is archived rests on nothing.
        rests(&app, &laundry, &centre, "host").await;
        assert_eq!(load(&app, &centre, "").await.expect("a carrier")[2], json!(4));
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&laundry)), &laundry, None).await.json(200);
        assert_eq!(load(&app, &centre, "").await.expect("a carrier")[2], json!(3));
        // Nobody sees who carries the neighbours.
        assert_eq!(app.get(&app.neighbour, "/concentration").await.json(200)["items"], json!([]));
    }

    async fn who_carries_whom_costs_the_same_however_many_there_are(app: App) {
        let host = app.supplier("Host").await;
        let ask = async || {
            let before = app.store.statement_count();
            app.get(&app.viewer, "/concentration").await.json(200);
            app.store.statement_count() - before
        };
        for index in 0..3 {
            rests(&app, &app.supplier(&format!("Few {index}")).await, &host, "host").await;
        }
        ask().await;
        let few = ask().await;
        for index in 0..20 {
            let supplier = app.supplier(&format!("Many {index}")).await;
            rests(&app, &supplier, &host, "host").await;
            rests(&app, &host, &supplier, "other").await;
        }
        assert_eq!(ask().await, few);
    }
}
