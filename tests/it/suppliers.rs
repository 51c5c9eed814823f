//! Suppliers: profile and tier, identifiers, life and end.

use serde_json::{Value, json};

use crate::{
    assessments::approved,
    harness::{as_read, both, id, text},
};

both! {
    async fn a_supplier_with_nothing_but_a_name_is_of_unknown_tier_and_unassessed(app: App) {
        let answer = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Care Systems" })).await;
        let supplier = as_read(answer.json(201));
        assert_eq!(answer.header("location"), format!("/api/v1/suppliers/{}", id(&supplier)));
        assert_eq!(answer.header("etag"), "\"1\"");
        assert_eq!((&supplier["tier"], &supplier["rating"], &supplier["status"]), (&json!("unknown"), &json!("unassessed"), &json!("active")));
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

    async fn everything_said_of_a_supplier_is_kept(app: App) {
        let said = json!({
            "name": "Harbour Care Systems", "legal_name": "Harbour Care Systems Limited", "website": "https://harbour.example", "country": "GB",
            "status": "prospective", "relationship_owner": "Jo Bell",
            "contacts": [{ "name": "Ada Moss", "role": "data protection officer", "email": "ada@harbour.example", "telephone": "020 7946 0000" }],
            "identifiers": [{ "scheme": "GB-COH", "id": "SC123456" }, { "scheme": "GB-SC", "id": "SC123456" }],
            "contracts": [{ "reference": "C-1", "starts_on": "2026-04-01", "ends_on": "2029-03-31", "notice_days": 90, "renews_for_months": 12, "value": { "amount_minor": 1_250_000, "currency": "GBP" } }],
            "data_role": "joint_controller", "personal_data": ["contact", "care_records"], "data_locations": ["GB", "IE"],
            "data_sensitivity": "personal", "system_access": "none", "service_criticality": "minor", "people_affected": "few",
            "tier_override": "critical", "tier_override_reason": "the only one in the county", "notes": "Renewed twice.",
        });
        let supplier = as_read(app.post(&app.editor, "/suppliers", said.clone()).await.json(201));
        for (field, value) in said.as_object().expect("an object") {
            assert_eq!(&supplier[field], value, "{field}");
        }
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200), supplier);
    }

    async fn identifiers_are_taken_by_their_issuers_rules_and_as_people_write_them(app: App) {
        for (scheme, given, kept) in [
            ("GB-COH", "IP00525R", "IP00525R"),
            ("GB-COH", "sp1692rs", "SP1692RS"),
            ("GB-COH", " sc 12345", "SC012345"),
            ("GB-CQC", "RGT", "RGT"),
            ("GB-CQC", "rgt01", "RGT01"),
            ("GB-VAT", "HA500", "HA500"),
            ("GB-VAT", "GB HA 599", "HA599"),
            ("GB-VAT", "XI 434 0314 94", "434031494"),
        ] {
            let made = app.post(&app.editor, "/suppliers", json!({ "name": given.trim(), "identifiers": [{ "scheme": scheme, "id": given }] })).await.json(201);
            assert_eq!(made["identifiers"], json!([{ "scheme": scheme, "id": kept }]), "{given}");
        }
        let wrong: Vec<Value> = [("GB-COH", "IP123456R"), ("GB-CQC", "QRV"), ("GB-VAT", "HA499"), ("GB-VAT", "GD500")].iter().map(|(scheme, id)| json!({ "scheme": scheme, "id": id })).collect();
        let faults = app.post(&app.editor, "/suppliers", json!({ "name": "Wrong", "identifiers": wrong })).await.faults(422);
        assert_eq!(faults, ["/identifiers/0/id identifier", "/identifiers/1/id identifier", "/identifiers/2/id identifier", "/identifiers/3/id identifier"]);
    }

    async fn web_addresses_are_taken_as_people_write_them_and_kept_one_way(app: App) {
        let made = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "website": "www.Harbour.example/Care" })).await.json(201);
        assert_eq!(text(&made, "website"), "https://www.harbour.example/Care");
        let path = format!("/suppliers/{}", id(&made));
        let changed = app.patch(&app.editor, &path, &made, json!({ "website": "HTTPS://Harbour.example" })).await.json(200);
        assert_eq!(text(&changed, "website"), "https://harbour.example");
        let same = app.post(&app.editor, "/suppliers/import", json!({ "rows": [{ "id": id(&made), "website": "harbour.example" }] })).await.json(200);
        assert_eq!(same["unchanged_count"], json!(1), "{same}");
        let paper = json!({ "subject_id": id(&made), "kind": "cyber_essentials", "address": "Certificates.example/Harbour" });
        assert_eq!(text(&app.post(&app.editor, "/evidence", paper).await.json(201), "address"), "https://certificates.example/Harbour");
        for wrong in ["nowhere", "jo@harbour.example", "javascript:alert(1)", "ftp://harbour.example"] {
            assert_eq!(app.post(&app.editor, "/suppliers", json!({ "name": "x", "website": wrong })).await.faults(422), ["/website url"], "{wrong}");
        }
    }

    async fn everything_wrong_with_a_supplier_is_told_at_once(app: App) {
        let wrong = json!({
            "name": "", "website": "javascript:alert(1)", "country": "gb", "contacts": [{ "name": "Ada", "email": "ada" }],
            "contracts": [{ "reference": "C-1", "starts_on": "2027-02-01", "ends_on": "2027-01-31" }], "tier_override": "low",
        });
        let mut faults = app.post(&app.editor, "/suppliers", wrong).await.faults(422);
        faults.sort();
        assert_eq!(faults, ["/contacts/0/email email", "/contracts/0 order", "/country country", "/name length", "/website url"]);
        let wrong = json!({ "name": "Harbour", "identifiers": [{ "scheme": "GB-CQC", "id": "2" }, { "scheme": "GB-NHS", "id": "8k417" }, { "scheme": "GB-NHS", "id": "8K417" }], "data_locations": ["GB", "uk"], "tier_override": "low" });
        let faults = app.post(&app.editor, "/suppliers", wrong).await.faults(422);
        assert_eq!(faults, ["/identifiers/0/id identifier", "/identifiers/2 duplicate", "/data_locations/1 country", "/tier_override_reason required"]);
        assert_eq!(app.walk("/suppliers", 50).await, Vec::<Value>::new());
    }

    async fn null_clears_a_field_and_an_absent_one_stays(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "legal_name": "Harbour Ltd", "notes": "x", "contacts": [{ "name": "Ada" }], "data_sensitivity": "special_category" })).await.json(201);
        let path = format!("/suppliers/{}", id(&supplier));
        let changed = app.patch(&app.editor, &path, &supplier, json!({ "notes": null, "contacts": null, "data_sensitivity": null })).await.json(200);
        assert_eq!((&changed["notes"], &changed["contacts"], &changed["data_sensitivity"], &changed["tier"]), (&json!(null), &json!([]), &json!(null), &json!("unknown")));
        assert_eq!((&changed["name"], &changed["legal_name"]), (&json!("Harbour"), &json!("Harbour Ltd")));
        assert_eq!(app.patch(&app.editor, &path, &changed, json!({ "name": null })).await.faults(422), ["/name type"]);
    }

    async fn no_input_is_less_strict_than_the_tier(app: App) {
        let inputs = [
            ("data_sensitivity", [("none", 0), ("business", 0), ("personal", 1), ("special_category", 2)]),
            ("system_access", [("none", 0), ("limited", 1), ("standing", 2), ("privileged", 3)]),
            ("service_criticality", [("minor", 0), ("important", 1), ("essential", 2), ("vital", 3)]),
            ("people_affected", [("none", 0), ("few", 0), ("many", 1), ("all", 2)]),
        ];
        let mut supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        // Every value of every input, each beside another mixture of the other three.
        for round in 0..16 {
            let chosen: Vec<(&str, (&str, usize))> = inputs.iter().enumerate().map(|(place, (name, values))| (*name, values[(round / 4_usize + round * (place + 1)) % 4])).collect();
            let change: serde_json::Map<String, Value> = chosen.iter().map(|(name, (value, _))| ((*name).to_owned(), json!(value))).collect();
            supplier = app.patch(&app.editor, &path, &supplier, change.into()).await.json(200);
            let strictest = chosen.iter().map(|(_, (_, rank))| *rank).max().expect("four");
            assert_eq!(supplier["tier"], json!(["low", "medium", "high", "critical"][strictest]), "{chosen:?}");
            for (name, (value, rank)) in chosen {
                assert_eq!(text(&supplier, "tier_reason").contains(&format!("{name} is {value}")), rank == strictest, "{supplier}");
            }
        }
    }

    async fn an_identifier_belongs_to_one_supplier_and_is_written_as_its_scheme_writes_it(app: App) {
        let with = |name: &str, number: &str| json!({ "name": name, "identifiers": [{ "scheme": "GB-COH", "id": number }] });
        let holder = app.post(&app.editor, "/suppliers", with("Harbour", " 4142000")).await.json(201);
        assert_eq!(holder["identifiers"], json!([{ "scheme": "GB-COH", "id": "04142000" }]));
        assert_eq!(app.post(&app.editor, "/suppliers", with("Other", "04142000")).await.faults(409), ["/identifiers/0 duplicate"]);
        let other = app.post(&app.editor, "/suppliers", with("Other", "SC123456")).await.json(201);
        let path = format!("/suppliers/{}", id(&other));
        assert_eq!(app.patch(&app.editor, &path, &other, with("Other", "4142000")).await.faults(409), ["/identifiers/0 duplicate"]);
        app.post(&app.editor, "/suppliers", json!({ "name": "A charity of the same number", "identifiers": [{ "scheme": "GB-SC", "id": "sc123456" }] })).await.json(201);
        app.post(&app.neighbour, "/suppliers", with("In another register", "4142000")).await.json(201);
        // Once given up, another may have it.
        app.patch(&app.editor, &format!("/suppliers/{}", id(&holder)), &holder, json!({ "identifiers": [] })).await.json(200);
        app.patch(&app.editor, &path, &other, with("Other", "4142000")).await.json(200);
    }

    async fn a_search_takes_capitals_for_small_letters_and_wildcards_for_themselves(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "Ängel 100% Care", "legal_name": "Oak_Tree Limited", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] })).await.json(201);
        app.post(&app.editor, "/suppliers", json!({ "name": "Oak Tree 100 Care", "legal_name": "Back\\slash", "notes": "ängel" })).await.json(201);
        for (text, found) in [("CARE", 2), ("ÄNGEL", 1), ("100%25", 1), ("k_t", 1), ("OAK_TREE", 1), ("oak%20tree", 1), ("8k417", 1), ("8K4", 1), ("%5C", 1), ("%25", 1), ("_", 1), ("o%25e", 0), ("nowhere", 0)] {
            assert_eq!(app.walk(&format!("/suppliers?q={}", text.replace('Ä', "%C3%84")), 50).await.len(), found, "{text}");
        }
    }

    async fn a_list_of_suppliers_is_filtered_by_each_of_its_fields(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "A", "data_role": "processor", "relationship_owner": "Jo" })).await.json(201);
        app.post(&app.editor, "/suppliers", json!({ "name": "B", "status": "exiting", "system_access": "privileged", "relationship_owner": "jo" })).await.json(201);
        let assessed = app.minor("C").await;
        approved(&app, &assessed, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        for (field, value) in [("status", "exiting"), ("tier", "critical"), ("rating", "moderate"), ("data_role", "processor"), ("relationship_owner", "Jo")] {
            app.is_filtered("/suppliers", &format!("{field}={value}"), |supplier| supplier[field] == json!(value)).await;
        }
    }

    async fn suppliers_come_in_pages_of_any_size_in_every_order(app: App) {
        for (day, name) in [("2027-03-01", "b"), ("2027-03-01", "A"), ("2027-03-02", "a"), ("2027-03-02", "É"), ("2027-03-03", "B")] {
            app.goes_to(day);
            app.supplier(name).await;
        }
        let first = app.get(&app.viewer, "/suppliers?limit=1").await.json(200)["items"][0].clone();
        app.patch(&app.editor, &format!("/suppliers/{}", id(&first)), &first, json!({ "notes": "later" })).await.json(200);
        app.comes_in_pages("/suppliers", "id", &["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"], |supplier, field| text(supplier, field).to_lowercase()).await;
    }

    async fn a_nightly_sync_gets_what_changed_since(app: App) {
        let before = app.supplier("Before").await;
        app.supplier("Untouched").await;
        app.goes_to("2027-03-02");
        let product = app.product(&before, "Notes").await;
        app.goes_to("2027-03-03");
        app.supplier("New").await;
        assert_eq!(app.walk("/suppliers?updated_since=2027-03-03T09:00:00Z", 50).await.len(), 1);
        // An approval changes the rating of the supplier whose product it is, and so the supplier.
        approved(&app, &before, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        approved(&app, &product, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        let names: Vec<Value> = app.walk("/suppliers?updated_since=2027-03-03T09:00:00Z", 50).await.into_iter().map(|supplier| supplier["name"].clone()).collect();
        assert_eq!(names, [json!("Before"), json!("New")]);
        assert_eq!(app.walk("/suppliers?updated_since=2027-03-03T10:00:01%2B01:00", 50).await, Vec::<Value>::new());
    }

    async fn whoever_has_a_suppliers_version_already_still_learns_its_new_rating(app: App) {
        let supplier = app.supplier("Harbour").await;
        approved(&app, &supplier, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        let answer = app.send(&app.viewer, poem::http::Method::GET, &format!("/suppliers/{}", id(&supplier)), None, &[("if-none-match", "\"1\"")]).await;
        assert_eq!(answer.json(200)["rating"], json!("high"));
    }

    async fn an_archived_supplier_counts_nowhere_until_it_is_restored(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let archived = app.act(&app.editor, &format!("{path}/archive"), &supplier, None).await.json(200);
        assert_eq!(archived["status"], json!("archived"));
        app.act(&app.editor, &format!("{path}/archive"), &archived, None).await.faults(409);
        assert_eq!((app.walk("/register", 50).await.len(), app.walk("/reviews", 50).await.len()), (0, 0));
        let lines = app.walk("/register?status=archived", 50).await;
        assert_eq!((lines.len(), &lines[1]["status"], &lines[1]["next_review_on"]), (2, &json!("archived"), &json!(null)));
        app.post(&app.editor, "/assessments", json!({ "questionnaire": "ethical-ai-in-care", "subject_id": id(&product) })).await.faults(409);
        let restored = app.act(&app.editor, &format!("{path}/restore"), &archived, None).await.json(200);
        assert_eq!((&restored["status"], app.walk("/register", 50).await.len(), app.walk("/reviews", 50).await.len()), (&json!("active"), 2, 2));
        app.act(&app.editor, &format!("{path}/restore"), &restored, None).await.faults(409);
    }

    async fn a_supplier_that_nothing_hangs_on_can_be_taken_away_without_trace(app: App) {
        let said = json!({ "name": "Harbour", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] });
        let supplier = app.post(&app.editor, "/suppliers", said.clone()).await.json(201);
        let path = format!("/suppliers/{}", id(&supplier));
        assert_eq!(app.delete(&app.editor, &path, &supplier).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        assert_eq!((app.walk("/register", 50).await.len(), app.walk("/reviews", 50).await.len()), (0, 0));
        app.post(&app.editor, "/suppliers", said).await.json(201);
    }

    async fn a_supplier_that_something_hangs_on_stays(app: App) {
        let host = app.supplier("Host").await;
        let hang = [
            ("/products", json!({ "name": "Notes", "kind": "software" })),
            ("/evidence", json!({ "kind": "insurance" })),
            ("/assessments", json!({ "questionnaire": "supplier-security" })),
            ("/risks", json!({ "title": "Something", "likelihood": 1, "impact": 1 })),
            ("/incidents", json!({ "title": "Down", "severity": "low", "occurred_on": "2027-02-01" })),
            ("/dependencies", json!({ "rests_on_id": id(&host), "kind": "host" })),
        ];
        for (path, mut body) in hang {
            let supplier = app.supplier("Harbour").await;
            body[if path == "/products" { "supplier_id" } else { "subject_id" }] = supplier["id"].clone();
            app.post(&app.editor, path, body).await.json(201);
            app.delete(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier).await.faults(409);
            app.line(&supplier).await;
        }
        assert_eq!(app.walk("/suppliers?q=harbour", 50).await.len(), 6);
        app.delete(&app.editor, &format!("/suppliers/{}", id(&host)), &host).await.faults(409);
    }
}
