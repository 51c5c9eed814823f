//! The pages of twins and mergers: what people see and do who never meet the API.

use serde_json::json;

use crate::{
    assessments::certificate,
    harness::{both, id},
    pages::{goes_to, holds, lacks, shown, someone},
};

both! {
    async fn entering_a_supplier_that_is_there_already_asks_first_and_loses_nothing(app: App) {
        let known = app.supplier("Harbour Linen Ltd").await;
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, "/suppliers/new").await;
        lacks(&page, &["This may be there already"]);
        let typed = [("name", "Harbour Linen"), ("notes", "Two vans <each>.")];
        let again = editor.fills(&app, &page, "/suppliers/new", &typed).await;
        assert_eq!(again.status, 409);
        let link = format!("href=\"/suppliers/{}\"", id(&known));
        holds(&again, &["This may be there already", &link, "Enter it anyway", "Two vans &#60;each&#62;.", "value=\"Harbour Linen\""]);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 1);
        // Another name is another question.
        let other = [("name", "Harbour Linen Limited"), ("notes", "Two vans.")];
        assert_eq!(editor.fills(&app, &again, "/suppliers/new", &other).await.status, 409);
        goes_to(&editor.fills(&app, &again, "/suppliers/new", &typed).await);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 2);
        // What is called like nothing else is entered at once.
        goes_to(&editor.fills(&app, &page, "/suppliers/new", &[("name", "Tidal Care")]).await);
    }

    async fn entering_a_product_that_is_there_already_asks_first(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.product(&supplier, "Rota Planner").await;
        let mut editor = someone(&app, "editor").await;
        let new = format!("/suppliers/{}/products/new", id(&supplier));
        let page = shown(&mut editor, &app, &new).await;
        let typed = [("name", "rota planner"), ("kind", "software")];
        let again = editor.fills(&app, &page, &new, &typed).await;
        assert_eq!(again.status, 409);
        holds(&again, &["This may be there already", "Rota Planner"]);
        goes_to(&editor.fills(&app, &again, &new, &typed).await);
        assert_eq!(app.walk("/products", 200).await.len(), 2);
    }

    async fn twins_are_told_apart_or_merged_and_a_merger_is_undone(app: App) {
        let kept = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Linen", "country": "GB" })).await.json(201);
        let other = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Linen Ltd", "country": "IE" })).await.json(201);
        for name in ["Tidal Care", "TIDAL CARE"] {
            app.supplier(name).await;
        }
        certificate(&app, &other, "2027-12-31").await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/twins").await;
        holds(&page, &["Harbour Linen Ltd", "TIDAL CARE", "the same name"]);
        lacks(&page, &["They are two", "/merge?other="]);
        let mut approver = someone(&app, "approver").await;
        let page = shown(&mut approver, &app, "/twins").await;
        let merge = format!("/suppliers/{}/merge", id(&kept));
        let way = format!("{merge}?other={}", id(&other));
        holds(&page, &[&format!("href=\"{way}\"")]);
        // Whoever comes from a supplier finds the other by name.
        holds(&shown(&mut approver, &app, &format!("/suppliers/{}", id(&kept))).await, &[&format!("href=\"{merge}\"")]);
        holds(&shown(&mut approver, &app, &format!("{merge}?q=harbour")).await, &[&format!("href=\"{way}\"")]);
        let page = shown(&mut approver, &app, &way).await;
        holds(&page, &["Where it is based", "As the other:</span> <span class=\"lines\">IE</span>", "Evidence: 1", "Merge them"]);
        let mut editor = someone(&app, "editor").await;
        assert_eq!(editor.opens(&app, &way).await.status, 403);
        let place = goes_to(&approver.fills(&app, &page, &merge, &[("choice.country", "other")]).await);
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        assert_eq!(one["country"], "IE");
        // Who follows an old link comes to the one that was kept.
        assert_eq!(goes_to(&viewer.opens(&app, &format!("/suppliers/{}", id(&other))).await), format!("/suppliers/{}", id(&kept)));
        lacks(&shown(&mut viewer, &app, &place).await, &["<button>Undo</button>"]);
        let page = shown(&mut approver, &app, &place).await;
        holds(&page, &["Harbour Linen Ltd", "Evidence: 1", "<button>Undo</button>"]);
        let undo = format!("{place}/undo");
        goes_to(&approver.fills(&app, &page, &undo, &[]).await);
        holds(&shown(&mut viewer, &app, &place).await, &["are two again"]);
        assert_eq!(approver.fills(&app, &page, &undo, &[]).await.status, 412, "it was undone already");
        shown(&mut viewer, &app, &format!("/suppliers/{}", id(&other))).await;
    }

    async fn two_that_are_two_are_listed_no_more(app: App) {
        let (one, other) = (app.supplier("Tidal Care").await, app.supplier("TIDAL CARE").await);
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, "/twins").await;
        let pair = [("one_id", id(&one)), ("other_id", id(&other))];
        let token = crate::pages::token(&page);
        let fields: Vec<(&str, &str)> = pair.into_iter().chain([("csrf", token.as_str())]).collect();
        assert_eq!(goes_to(&editor.fills_only(&app, "/twins/apart", &fields).await), "/twins?noun=supplier");
        holds(&shown(&mut editor, &app, "/twins").await, &["There are none."]);
    }
}
