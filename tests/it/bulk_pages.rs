//! Many at once, by the pages: ticked, looked at, done.

use serde_json::json;

use crate::{
    harness::{both, id},
    pages::{goes_to, holds, lacks, shown, someone},
};

both! {
    async fn fifty_suppliers_are_asked_with_eight_actions_at_the_most(app: App) {
        for number in 0..50 {
            app.minor(&format!("Quay {number}")).await;
        }
        app.supplier("Ferry").await;
        let mut editor = someone(&app, "editor").await;
        let mut actions = 0;
        let mut acts = |count: usize| actions += count;
        // Narrowed, and all of it: choosing the tier and showing it, then the button.
        let page = shown(&mut editor, &app, "/register?tier=low").await;
        acts(2);
        holds(&page.text, &["50 of 51 suppliers and products", "Do something with all 50"]);
        let choose = shown(&mut editor, &app, "/bulk?tier=low&which=all").await;
        acts(1);
        holds(&choose.text, &["50 suppliers and products: all that the register shows"]);
        // What, which questionnaire, and the button.
        let checked = editor.fills(&app, &choose, "/bulk", &[("what", "ask"), ("questionnaire", "supplier-security"), ("then", "check")]).await;
        acts(3);
        assert_eq!(checked.status, 200, "{}", checked.text);
        holds(&checked.text, &["50 would be done", "Do it to 50"]);
        assert!(app.walk("/assessments", 50).await.is_empty());
        let done = editor.fills(&app, &checked, "/bulk", &[("then", "apply")]).await;
        acts(1);
        assert_eq!(goes_to(&done), "/bulk?done=50");
        assert!(actions <= 8, "{actions}");
        assert_eq!(app.walk("/assessments", 50).await.len(), 50);
        holds(&shown(&mut editor, &app, "/bulk?done=50").await.text, &["Done to 50 suppliers and products"]);
        // The same form sent again does nothing again.
        let before = app.event_count().await;
        assert_eq!(goes_to(&editor.fills(&app, &checked, "/bulk", &[("then", "apply")]).await), "/bulk?done=50");
        assert_eq!(app.event_count().await, before);
    }

    async fn what_is_refused_comes_first_and_can_be_left_out(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let mut editor = someone(&app, "editor").await;
        let choose = shown(&mut editor, &app, &format!("/bulk?which=ticked&id={}&id={}", id(&supplier), id(&product))).await;
        let fields = [("what", "profile"), ("service_criticality", "vital"), ("then", "check")];
        let checked = editor.fills(&app, &choose, "/bulk", &fields).await;
        holds(&checked.text, &["1 refused", "service_criticality is of its supplier", "Leave the refused out (1)"]);
        lacks(&checked.text, &["value=\"apply\""]);
        let rest = editor.fills(&app, &checked, "/bulk", &[("then", "leave_out")]).await;
        holds(&rest.text, &["1 would be done", "0 refused", "Do it to 1"]);
        goes_to(&editor.fills(&app, &rest, "/bulk", &[("then", "apply")]).await);
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["tier"], json!("critical"));
    }

    async fn links_are_shown_once_and_saved_and_what_is_ticked_is_a_file(app: App) {
        let all = [app.supplier("Avon").await, app.supplier("Bourne").await];
        let mut editor = someone(&app, "editor").await;
        let choose = shown(&mut editor, &app, &format!("/bulk?which=ticked&id={}", id(&all[0]))).await;
        let file = editor.fills(&app, &choose, "/bulk", &[("then", "export")]).await;
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"register.csv\"");
        assert!(file.text.contains("Avon") && !file.text.contains("Bourne"), "{}", file.text);
        let fields = [("what", "ask"), ("questionnaire", "supplier-security"), ("with_links", "yes"), ("then", "check")];
        let checked = editor.fills(&app, &choose, "/bulk", &fields).await;
        holds(&checked.text, &["A link for Avon, to be handed over"]);
        let done = editor.fills(&app, &checked, "/bulk", &[("then", "apply")]).await;
        assert_eq!(done.status, 200, "{}", done.text);
        holds(&done.text, &["/respond#dlr_", "they are shown only here"]);
        let saved = editor.fills(&app, &done, "/bulk", &[("then", "links")]).await;
        assert_eq!(saved.header("content-disposition"), "attachment; filename=\"links.csv\"");
        holds(&saved.text, &["name,contact,email,link", "Avon,Avon,,", "/respond#dlr_"]);
    }

    async fn what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(app: App) {
        let supplier = app.supplier("Harbour").await;
        let mut editor = someone(&app, "editor").await;
        let choose = shown(&mut editor, &app, &format!("/bulk?which=ticked&id={}", id(&supplier))).await;
        for (what, field) in [("", "what"), ("ask", "questionnaire"), ("status", "status"), ("reschedule", "review_on")] {
            let wrong = editor.fills(&app, &choose, "/bulk", &[("what", what), ("reason", "After the move"), ("then", "check")]).await;
            assert_eq!(wrong.status, 422, "{what}");
            holds(&wrong.text, &[&format!("href=\"#{field}\""), "value=\"After the move\"", id(&supplier)]);
        }
        holds(&shown(&mut editor, &app, "/bulk?which=ticked").await.text, &["Nothing is ticked"]);
        let mut viewer = someone(&app, "viewer").await;
        lacks(&shown(&mut viewer, &app, "/register").await.text, &["/bulk", "type=\"checkbox\" class=\"only-screen\""]);
    }
}
