//! The register view: a line for each supplier and product that says what its parts say, and a summary that adds up.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor, submitted},
    harness::{App, both, id, text},
};

/// Suppliers and products of many sorts: a good one, a poor one with an incident, one under way, one archived.
async fn mixture(app: &App) {
    let strong = app
        .post(&app.editor, "/suppliers", json!({ "name": "Bright", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }], "data_sensitivity": "personal" }))
        .await
        .json(201);
    approved(app, &strong, good(&certificate(app, &strong, "2027-12-31").await)).await;
    let notes = app
        .post(
            &app.editor,
            "/products",
            json!({ "supplier_id": id(&strong), "name": "Notes 50%", "kind": "ai_system", "ai_features": "core" }),
        )
        .await
        .json(201);
    approved(app, &notes, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "unknown" } })).await;
    let poorly = app.processor("Poorly").await;
    approved(app, &poorly, poor()).await;
    app.post(
        &app.editor,
        "/incidents",
        json!({ "subject_id": id(&poorly), "title": "Down", "severity": "low", "occurred_on": "2027-02-28" }),
    )
    .await
    .json(201);
    app.goes_to("2027-03-02");
    app.product(&poorly, "bright lamps").await;
    let begun = app.supplier("begun").await;
    submitted(app, &begun, poor()).await;
    for (likelihood, impact) in [(1, 1), (2, 2), (2, 2), (3, 3), (5, 5)] {
        app.post(
            &app.editor,
            "/risks",
            json!({ "subject_id": id(&begun), "title": "x", "likelihood": likelihood, "impact": impact, "residual_likelihood": 1, "residual_impact": impact }),
        )
        .await
        .json(201);
    }
    let left = app.post(&app.editor, "/suppliers", json!({ "name": "Left", "status": "exiting" })).await.json(201);
    approved(app, &left, good(&certificate(app, &left, "2028-12-31").await)).await;
    let gone = app.supplier("Gone").await;
    app.product(&gone, "Gone too").await;
    for (subject, likelihood) in [(&left, 2), (&gone, 4)] {
        app.post(
            &app.editor,
            "/risks",
            json!({ "subject_id": id(subject), "title": "x", "likelihood": likelihood, "impact": 3 }),
        )
        .await
        .json(201);
    }
    app.act(&app.editor, &format!("/suppliers/{}/archive", id(&gone)), &gone, None).await.json(200);
}

fn count(items: &[Value], fits: impl Fn(&Value) -> bool) -> usize {
    items.iter().filter(|item| fits(item)).count()
}

/// The names on the lines under a filter, in the register's order.
async fn names(app: &App, filter: &str) -> Vec<String> {
    app.walk(&format!("/register?{filter}"), 200).await.iter().map(|line| text(line, "name").to_owned()).collect()
}

/// A supplier with each part in personal data, each with a product, and Quiet, of which it is not said.
async fn parts_in_personal_data(app: &App) -> Vec<Value> {
    let mut suppliers = Vec::new();
    for (name, role) in [
        ("Deciding", json!("controller")),
        ("Joint", json!("joint_controller")),
        ("Laundry", json!("none")),
        ("Obeying", json!("processor")),
        ("Quiet", json!(null)),
    ] {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": name, "data_role": role })).await.json(201);
        app.product(&supplier, &format!("{name}'s")).await;
        suppliers.push(supplier);
    }
    suppliers
}

/// Evidence of a kind about this supplier or product, with these days.
async fn paper(app: &App, subject: &Value, kind: &str, issued_on: Option<&str>, expires_on: Option<&str>) -> Value {
    app.post(
        &app.editor,
        "/evidence",
        json!({ "subject_id": id(subject), "kind": kind, "issued_on": issued_on, "expires_on": expires_on }),
    )
    .await
    .json(201)
}

fn is_past(line: &Value) -> bool {
    text(line, "next_review_on") < "2027-03-02"
}

both! {
    async fn a_line_says_what_its_parts_say(app: App) {
        mixture(&app).await;
        let lines = app.walk("/register", 200).await;
        assert_eq!(lines.len(), 6);
        let suppliers = app.walk("/suppliers", 200).await;
        let products = app.walk("/products", 200).await;
        for line in &lines {
            let subject = suppliers.iter().chain(&products).find(|subject| subject["id"] == line["subject_id"]).expect("the subject");
            let supplier = suppliers.iter().find(|supplier| supplier["id"] == line["supplier_id"]).expect("the supplier");
            for field in ["name", "status", "rating"] {
                assert_eq!(line[field], subject[field], "{field} of {line}");
            }
            for field in ["kind", "ai_features"] {
                assert_eq!(line[field], subject.get(field).cloned().unwrap_or_default(), "{field} of {line}");
            }
            assert_eq!((&line["supplier_name"], &line["tier"], &line["identifiers"]), (&supplier["name"], &supplier["tier"], &supplier["identifiers"]));
            let about = format!("subject_id={}", id(subject));
            let reviews = app.walk(&format!("/reviews?{about}"), 50).await;
            assert_eq!((&line["next_review_on"], &line["next_review_id"]), (&reviews[0]["due_on"], &reviews[0]["id"]));
            let risks = app.walk(&format!("/risks?{about}"), 50).await;
            for band in ["low", "moderate", "high", "extreme"] {
                assert_eq!(line["open_risks"][band], json!(count(&risks, |risk| risk["state"] != json!("closed") && risk["current_band"] == json!(band))));
            }
            let counting = app.walk(&format!("/assessments?state=approved&{about}"), 50).await;
            assert_eq!(line["security"]["evidenced"], counting.first().map(|assessment| assessment["evidenced"].clone()).unwrap_or_default());
            assert_eq!(line["knock_outs"], counting.first().map(|assessment| assessment["knock_outs"].clone()).unwrap_or(json!([])));
            let decisions = app.walk(&format!("/decisions?superseded=false&{about}"), 50).await;
            assert_eq!(line["decision"], decisions.first().map(|decision| decision["outcome"].clone()).unwrap_or_default());
            let evidence = app.walk(&format!("/evidence?{about}"), 50).await;
            assert_eq!(line["certificates"].as_array().expect("a list").len(), evidence.len());
            let under_way = app.walk(&format!("/assessments?state=submitted&{about}"), 50).await;
            assert_eq!(line["under_way"].as_array().expect("a list").len(), under_way.len());
        }
    }

    async fn the_register_is_filtered_by_each_field(app: App) {
        mixture(&app).await;
        let bright = app.walk("/suppliers?q=bright", 50).await.remove(0);
        for (field, value) in [("subject_type", "product"), ("supplier_id", id(&bright)), ("status", "exiting"), ("tier", "medium"), ("rating", "unassessed"), ("kind", "ai_system"), ("ai_features", "unknown")] {
            app.is_filtered("/register", &format!("{field}={value}"), |line| line[field] == json!(value)).await;
        }
        for wanted in [true, false] {
            app.is_filtered("/register", &format!("stale={wanted}"), |line| (line["stale_reasons"] == json!([])) != wanted).await;
            app.is_filtered("/register", &format!("knocked_out={wanted}"), |line| (line["knock_outs"] == json!([])) != wanted).await;
        }
        app.is_filtered("/register", "review_before=2027-03-02", is_past).await;
        app.is_filtered("/register", "updated_since=2027-03-02T09:00:00Z", |line| text(line, "updated_at") >= "2027-03-02").await;
        for (search, found) in [("BRIGHT", 3), ("8k417", 2), ("50%25", 1), ("5_%25", 0), ("gone", 0)] {
            assert_eq!(app.walk(&format!("/register?q={search}"), 50).await.len(), found, "{search}");
        }
        assert_eq!(app.walk("/register?status=archived", 50).await.len(), 2);
    }

    async fn the_register_is_filtered_by_the_part_in_personal_data_that_is_said_of_the_supplier(app: App) {
        let suppliers = parts_in_personal_data(&app).await;
        for (filter, wanted) in [
            ("data_role=controller", &["Deciding"][..]),
            ("data_role=joint_controller", &["Joint"]),
            ("data_role=none", &["Laundry"]),
            ("data_role=processor", &["Obeying"]),
            ("handles_personal_data=true", &["Deciding", "Joint", "Obeying"]),
            ("handles_personal_data=false", &["Laundry"]),
            ("data_role_said=true", &["Deciding", "Joint", "Laundry", "Obeying"]),
            ("data_role_said=false", &["Quiet"]),
            ("handles_personal_data=true&data_role=none", &[]),
        ] {
            let with_products: Vec<String> = wanted.iter().flat_map(|name| [(*name).to_owned(), format!("{name}'s")]).collect();
            assert_eq!(names(&app, filter).await, with_products, "{filter}");
        }
        // What is said later stands in the next answer.
        app.patch(&app.editor, &format!("/suppliers/{}", id(&suppliers[4])), &suppliers[4], json!({ "data_role": "processor" })).await.json(200);
        assert_eq!(names(&app, "data_role=processor&subject_type=product").await, ["Obeying's", "Quiet's"]);
        assert!(names(&app, "data_role_said=false").await.is_empty());
    }

    async fn the_register_is_filtered_by_whether_a_security_certificate_is_valid_today(app: App) {
        app.goes_to("2027-03-02");
        let (today, yesterday, tomorrow) = (Some("2027-03-02"), Some("2027-03-01"), Some("2027-03-03"));
        for (name, kind, issued_on, expires_on) in [
            ("In: Cyber Essentials", "cyber_essentials", yesterday, None),
            ("In: Cyber Essentials Plus", "cyber_essentials_plus", None, tomorrow),
            ("In: ISO 27001, from today", "iso_27001", today, None),
            ("Out: ISO 27001, undated", "iso_27001", None, None),
            ("Out: Cyber Essentials of two years ago", "cyber_essentials", Some("2025-03-02"), None),
            ("In: until today", "iso_27001", None, today),
            ("Out: DPIA", "dpia", None, None),
            ("Out: from tomorrow", "iso_27001", tomorrow, None),
            ("Out: insurance", "insurance", None, tomorrow),
            ("Out: penetration test", "penetration_test", None, None),
            ("Out: security check", "security_check", None, None),
            ("Out: SOC 2", "soc_2", None, tomorrow),
            ("Out: until yesterday", "cyber_essentials", None, yesterday),
        ] {
            paper(&app, &app.supplier(name).await, kind, issued_on, expires_on).await;
        }
        // What a DSPT status says decides: real ones, and a year or other letters around them.
        let issued = Some("2026-06-20");
        for (name, statement, issued_on) in [
            ("In: DSPT met", Some("Standards Met"), issued),
            ("In: DSPT met in a year", Some("25/26 Standards Met"), None),
            ("In: DSPT exceeded", Some("STANDARDS EXCEEDED (25-26)"), issued),
            ("Out: DSPT met, undated", Some("Standards Met"), None),
            ("Out: DSPT met in a year long ago", Some("22/23 Standards Met"), None),
            ("Out: DSPT planned", Some("Standards not fully met (plan agreed)"), issued),
            ("Out: DSPT not met", Some("Standards Not Met"), issued),
            ("Out: DSPT entered", Some("Entry Level"), issued),
            ("Out: DSPT not published", Some("Not Published"), issued),
            ("Out: DSPT, of which nothing is said", None, issued),
        ] {
            let subject = app.supplier(name).await;
            app.post(&app.editor, "/evidence", json!({ "subject_id": id(&subject), "kind": "dspt", "statement": statement, "issued_on": issued_on })).await.json(201);
        }
        app.supplier("Out: nothing").await;
        for (filter, begins, count) in [("has_certificate=true", "In: ", 7), ("has_certificate=false", "Out: ", 17)] {
            let found = names(&app, filter).await;
            assert!(found.len() == count && found.iter().all(|name| name.starts_with(begins)), "{filter}: {found:?}");
        }
        // Time passes without anyone touching the register.
        app.goes_to("2027-03-03");
        let found = names(&app, "has_certificate=true").await;
        assert!(!found.contains(&"In: until today".to_owned()) && found.contains(&"Out: from tomorrow".to_owned()), "{found:?}");
    }

    async fn a_suppliers_certificate_counts_for_its_products_and_a_products_for_itself_alone(app: App) {
        let (certified, bare) = (app.supplier("Certified").await, app.supplier("Bare").await);
        app.product(&certified, "Its rota").await;
        let (own, _without) = (app.product(&bare, "With its own").await, app.product(&bare, "Without").await);
        let first = paper(&app, &certified, "iso_27001", Some("2026-03-01"), None).await;
        paper(&app, &certified, "cyber_essentials_plus", None, Some("2027-12-31")).await;
        let last = paper(&app, &own, "cyber_essentials", None, Some("2027-12-31")).await;
        assert_eq!(names(&app, "has_certificate=true").await, ["With its own", "Certified", "Its rota"]);
        assert_eq!(names(&app, "has_certificate=false").await, ["Bare", "Without"]);
        // One of two taken away leaves one; the only one taken away leaves none.
        for evidence in [&first, &last] {
            assert_eq!(app.delete(&app.editor, &format!("/evidence/{}", id(evidence)), evidence).await.status, 204);
        }
        assert_eq!(names(&app, "has_certificate=true").await, ["Certified", "Its rota"]);
    }

    async fn what_another_organisation_knows_never_decides_what_is_in_ones_register(app: App) {
        let ours = app.supplier("Harbour").await;
        let theirs = app.post(&app.neighbour, "/suppliers", json!({ "name": "Harbour", "data_role": "processor" })).await.json(201);
        app.post(&app.neighbour, "/evidence", json!({ "subject_id": id(&theirs), "kind": "iso_27001", "issued_on": "2027-01-01" })).await.json(201);
        for (filter, is_ours) in [("has_certificate", false), ("handles_personal_data", true), ("data_role_said", false)] {
            let answer = app.get(&app.neighbour, &format!("/register?{filter}=true")).await.json(200);
            let found: Vec<&str> = answer["items"].as_array().expect("a list").iter().map(|line| text(line, "subject_id")).collect();
            assert_eq!(found, [id(&theirs)], "{filter}");
            assert!(names(&app, &format!("{filter}=true")).await.is_empty(), "{filter}");
            assert_eq!(names(&app, &format!("{filter}=false")).await.len(), usize::from(!is_ours), "{filter}");
        }
        assert_eq!(names(&app, "has_certificate=false").await, [text(&ours, "name")]);
    }

    async fn the_register_as_csv_has_the_rows_of_the_list_under_each_filter(app: App) {
        mixture(&app).await;
        parts_in_personal_data(&app).await;
        let bright = app.walk("/suppliers?q=bright", 50).await.remove(0);
        let of_bright = format!("supplier_id={}", id(&bright));
        for filter in [
            "q=bright", "subject_type=product", &of_bright, "status=archived", "tier=medium", "rating=unassessed", "kind=ai_system", "ai_features=core", "data_role=processor",
            "handles_personal_data=true", "handles_personal_data=false", "data_role_said=true", "data_role_said=false", "has_certificate=true", "has_certificate=false",
            "handles_personal_data=true&has_certificate=false", "stale=true", "knocked_out=true", "review_before=2027-03-02", "updated_since=2027-03-02T09:00:00Z",
        ] {
            let listed: Vec<String> = app.walk(&format!("/register?{filter}"), 3).await.iter().map(|line| text(line, "subject_id").to_owned()).collect();
            let file = app.get(&app.viewer, &format!("/register.csv?{filter}")).await.text;
            let rows: Vec<String> = csv::Reader::from_reader(file.as_bytes()).records().map(|row| row.expect("a row")[0].to_owned()).collect();
            assert!(!rows.is_empty() && rows == listed, "{filter}: {rows:?}, {listed:?}");
        }
    }

    async fn a_filter_of_the_register_that_is_none_is_refused_with_what_was_expected(app: App) {
        for (filter, fault, detail) in [
            ("data_role=vendor", "?data_role choice", "joint_controller"),
            ("handles_personal_data=maybe", "?handles_personal_data type", "true or false"),
            ("data_role_said=", "?data_role_said type", "true or false"),
            ("has_certificate=iso_27001", "?has_certificate type", "true or false"),
            ("has_certificat=true", "?has_certificat unknown_parameter", "did you mean `has_certificate`?"),
        ] {
            for list in ["/register", "/register.csv"] {
                let answer = app.get(&app.viewer, &format!("{list}?{filter}")).await;
                assert!(answer.text.contains(detail), "{list}?{filter}: {}", answer.text);
                assert_eq!(answer.faults(422), [fault], "{list}?{filter}");
            }
        }
    }

    async fn the_register_comes_in_pages_of_any_size_in_every_order(app: App) {
        mixture(&app).await;
        let key = |line: &Value, field: &str| match field {
            "name" if line["subject_type"] == json!("supplier") => format!("{}\u{1f}{}", text(line, "supplier_name").to_lowercase(), text(line, "supplier_id")),
            "name" => format!("{}\u{1f}{}\u{1f}{}", text(line, "supplier_name").to_lowercase(), text(line, "supplier_id"), text(line, "name").to_lowercase()),
            "rating" => ["low", "moderate", "unassessed", "high", "extreme"].iter().position(|rating| line["rating"] == json!(rating)).expect("a rating").to_string(),
            _ => text(line, field).to_owned(),
        };
        app.comes_in_pages("/register", "subject_id", &["name", "-name", "rating", "-rating", "next_review_on", "updated_at", "-updated_at"], key).await;
    }

    async fn the_summary_adds_up_to_the_lists(app: App) {
        mixture(&app).await;
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        let lines = app.walk("/register", 200).await;
        let of = |kind: &str, field: &str, value: &str| count(&lines, |line| line["subject_type"] == json!(kind) && line[field] == json!(value));
        assert_eq!((&summary["supplier_count"], &summary["product_count"]), (&json!(4), &json!(2)));
        for rating in ["low", "moderate", "high", "extreme", "unassessed"] {
            assert_eq!(summary["suppliers_by_rating"][rating], json!(of("supplier", "rating", rating)), "{rating}");
            assert_eq!(summary["products_by_rating"][rating], json!(of("product", "rating", rating)), "{rating}");
        }
        for tier in ["low", "unknown", "medium", "high", "critical"] {
            assert_eq!(summary["suppliers_by_tier"][tier], json!(of("supplier", "tier", tier)), "{tier}");
        }
        for features in ["none", "embedded", "core", "unknown"] {
            assert_eq!(summary["products_by_ai_features"][features], json!(of("product", "ai_features", features)), "{features}");
        }
        let figures = ["overdue_review_count", "coming_review_count", "knocked_out_count", "stale_decision_count"].map(|name| summary[name].clone());
        let counted = [
            count(&lines, |line| line["review_overdue"] == json!(true)),
            count(&lines, |line| !is_past(line) && text(line, "next_review_on") <= "2027-04-01"),
            count(&lines, |line| line["knock_outs"] != json!([])),
            count(&lines, |line| line["stale_reasons"] != json!([])),
        ];
        assert_eq!(figures, counted.map(|count| json!(count)));
        assert_eq!((counted[0], counted[2], counted[3]), (2, 1, 2));
        for band in ["low", "moderate", "high", "extreme"] {
            let over_lines: u64 = lines.iter().filter_map(|line| line["open_risks"][band].as_u64()).sum();
            assert_eq!(summary["open_risks"][band], json!(over_lines), "{band}");
        }
    }

    async fn the_heat_map_equals_a_count_over_the_risks_of_what_is_not_archived(app: App) {
        mixture(&app).await;
        let archived: Vec<Value> = app.walk("/register?status=archived", 50).await.into_iter().map(|line| line["subject_id"].clone()).collect();
        let risks: Vec<Value> = app.walk("/risks", 200).await.into_iter().filter(|risk| risk["state"] != json!("closed") && !archived.contains(&risk["subject_id"])).collect();
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        let cells = summary["heat_map"].as_array().expect("a list");
        assert_eq!((cells.len(), risks.len()), (25, 8));
        let now = |risk: &Value, field: &str| if risk[format!("residual_{field}")].is_null() { risk[field].clone() } else { risk[format!("residual_{field}")].clone() };
        for cell in cells {
            let here = count(&risks, |risk| now(risk, "likelihood") == cell["likelihood"] && now(risk, "impact") == cell["impact"]);
            assert_eq!(cell["count"], json!(here), "{cell}");
            assert!(risks.iter().filter(|risk| now(risk, "likelihood") == cell["likelihood"] && now(risk, "impact") == cell["impact"]).all(|risk| risk["current_band"] == cell["band"]));
        }
    }

    async fn a_line_keeps_its_time_while_it_says_the_same(app: App) {
        let supplier = app.supplier("Harbour").await;
        let before = app.line(&supplier).await;
        app.goes_to("2027-03-02");
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "notes": "nothing the register shows" })).await.json(200);
        assert_eq!(app.line(&supplier).await, before);
    }
}
