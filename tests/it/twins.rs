//! Twins: names as people compare them, a word before one is entered twice, and pairs to tell apart.

use serde_json::{Value, json};

use crate::harness::{both, id};

fn names(answer: &Value) -> Vec<(&str, &str)> {
    let twins = answer["twins"].as_array().expect("a list").iter();
    twins.map(|twin| (twin["name"].as_str().expect("a name"), twin["why"].as_str().expect("a word"))).collect()
}

/// The pairs of a list, by name, and why.
fn pairs(items: &[Value]) -> Vec<(&str, &str, &str)> {
    items
        .iter()
        .map(|pair| {
            let name = |side: &str| pair[side]["name"].as_str().expect("a name");
            (name("one"), name("other"), pair["why"].as_str().expect("a word"))
        })
        .collect()
}

both! {
    async fn before_a_supplier_is_entered_twice_one_is_told(app: App) {
        let body = json!({ "name": "Harbour Linen Ltd", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] });
        app.post(&app.editor, "/suppliers", body).await.json(201);
        app.supplier("Tidal Care Software").await;
        for (query, expected) in [
            ("name=HARBOUR%20linen%20limited", vec![("Harbour Linen Ltd", "same_name")]),
            ("name=Harbour%20Linen%20Services%20UK", vec![("Harbour Linen Ltd", "near_name")]),
            ("name=Tidal%20Care%20Sofware", vec![("Tidal Care Software", "near_name")]),
            ("identifier=GB-COH:4142000", vec![("Harbour Linen Ltd", "same_identifier")]),
            ("name=Harbour%20Linen&identifier=GB-COH:4142000", vec![("Harbour Linen Ltd", "same_identifier")]),
            ("name=Meadow%20Laundry", vec![]),
            ("", vec![]),
        ] {
            let answer = app.get(&app.viewer, &format!("/suppliers/twins?{query}")).await.json(200);
            assert_eq!(names(&answer), expected, "{query}");
        }
        assert_eq!(app.get(&app.viewer, "/suppliers/twins?identifier=nothing").await.faults(422), ["?identifier identifier"]);
        // Nobody is told of another organisation's.
        assert_eq!(names(&app.get(&app.neighbour, "/suppliers/twins?name=Harbour%20Linen").await.json(200)), []);
    }

    async fn whoever_enters_a_second_one_of_a_name_is_told_of_the_first(app: App) {
        let first = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Linen Ltd" })).await.json(201);
        assert_eq!(first["twins"], json!([]));
        let id = first["id"].as_str().expect("an id");
        // A neighbour's is nobody's twin here, nor is a name that is nearly the same: that is asked beforehand.
        app.post(&app.neighbour, "/suppliers", json!({ "name": "Harbour Linen" })).await.json(201);
        app.supplier("Harbour Linens").await;
        let second = app.post(&app.editor, "/suppliers", json!({ "name": "HARBOUR linen limited" })).await.json(201);
        assert_eq!(second["twins"], json!([{ "id": id, "name": "Harbour Linen Ltd", "why": "same_name" }]));
        let read = app.get(&app.viewer, &format!("/suppliers/{}", second["id"].as_str().expect("an id"))).await.json(200);
        assert_eq!(read["name"], "HARBOUR linen limited");
        assert!(read.get("twins").is_none());

        let product = json!({ "supplier_id": id, "name": "Rota Planner", "kind": "software" });
        let first = app.post(&app.editor, "/products", product).await.json(201);
        assert_eq!(first["twins"], json!([]));
        // Of another supplier it is another product.
        let elsewhere = json!({ "supplier_id": second["id"], "name": "rota planner", "kind": "software" });
        assert_eq!(app.post(&app.editor, "/products", elsewhere).await.json(201)["twins"], json!([]));
        let again = json!({ "supplier_id": id, "name": "rota-planner", "kind": "software" });
        let again = app.post(&app.editor, "/products", again).await.json(201);
        assert_eq!(again["twins"], json!([{ "id": first["id"], "name": "Rota Planner", "why": "same_name" }]));
    }

    async fn a_product_is_looked_for_among_those_of_its_supplier(app: App) {
        let (harbour, tidal) = (app.supplier("Harbour").await, app.supplier("Tidal").await);
        app.product(&harbour, "Rota Planner").await;
        for (supplier, expected) in [(&harbour, vec![("Rota Planner", "same_name")]), (&tidal, vec![])] {
            let path = format!("/products/twins?name=rota-planner&supplier_id={}", id(supplier));
            assert_eq!(names(&app.get(&app.viewer, &path).await.json(200)), expected);
        }
        let anyone = app.get(&app.viewer, "/products/twins?name=rota%20planner").await.json(200);
        assert_eq!(names(&anyone), [("Rota Planner", "same_name")]);
    }

    async fn pairs_are_listed_until_somebody_tells_them_apart(app: App) {
        let mut made = Vec::new();
        for name in ["Harbour Linen Ltd", "Harbour Linen", "Harbour Linnen", "Tidal Care"] {
            made.push(app.supplier(name).await);
        }
        let expected = [
            ("Harbour Linen Ltd", "Harbour Linen", "same_name"),
            ("Harbour Linen Ltd", "Harbour Linnen", "near_name"),
        ];
        assert_eq!(pairs(&app.walk("/twins", 200).await), expected);
        // A page ends wherever one likes.
        assert_eq!(pairs(&app.walk("/twins", 1).await), expected);
        let pair = json!({ "one_id": id(&made[1]), "other_id": id(&made[0]) });
        for _ in 0..2 {
            assert_eq!(app.post(&app.editor, "/twins/apart", pair.clone()).await.json(200), pair);
        }
        assert_eq!(pairs(&app.walk("/twins", 200).await), expected[1..]);
        assert_eq!(app.get(&app.viewer, "/twins?cursor=5b5d").await.faults(422), ["?cursor cursor"]);
        for (body, fault) in [
            (json!({ "one_id": id(&made[0]), "other_id": id(&made[0]) }), "/other_id same"),
            (json!({ "one_id": id(&made[0]), "other_id": "sup_00000000000000000000000000000000" }), "/other_id unknown_id"),
            (json!({ "one_id": id(&made[0]), "other_id": "prd_00000000000000000000000000000000" }), "/other_id kind"),
        ] {
            assert_eq!(app.post(&app.editor, "/twins/apart", body).await.faults(422), [fault]);
        }
    }

    async fn products_are_pairs_only_of_one_supplier(app: App) {
        let (harbour, tidal) = (app.supplier("Harbour").await, app.supplier("Tidal").await);
        for (supplier, name) in [(&harbour, "Rota Planner"), (&harbour, "ROTA PLANNER"), (&tidal, "Rota Planner")] {
            app.product(supplier, name).await;
        }
        let items = app.walk("/twins?noun=product", 200).await;
        assert_eq!(pairs(&items), [("Rota Planner", "ROTA PLANNER", "same_name")]);
        assert_eq!(items[0]["supplier_id"], harbour["id"]);
    }
}
