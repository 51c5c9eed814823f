//! Forms against the document: what a noun's operation takes, its form asks for, and its page shows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    harness::{both, id},
    pages::{holds, shown, someone},
    roles::document,
};

/// The schema behind a reference, a list, `allOf` or a choice between it and null, with what refers to it.
fn resolved<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    let one_or_null = schema.get("oneOf").filter(|choices| choices[1]["enum"] == json!([null]));
    let first = schema.get("allOf").or(one_or_null).and_then(|all| all.get(0));
    let inner = first.or_else(|| schema.get("items")).unwrap_or(schema);
    let name = inner["$ref"].as_str().and_then(|place| place.rsplit('/').next());
    name.map_or(inner, |name| &schemas[name])
}

/// Every field of a schema, and of what is inside it, with the words it can hold: `contacts.0.name`.
fn fields(schemas: &Value, name: &str, prefix: &str, found: &mut Vec<(String, Vec<String>)>) {
    for (key, property) in schemas[name]["properties"].as_object().into_iter().flatten() {
        let schema = resolved(schemas, property);
        let of_list = property["type"] == "array";
        if schema["type"] == "object" && schema["properties"].is_object() {
            let inner = schemas
                .as_object()
                .expect("schemas")
                .iter()
                .find(|(_, known)| *known == schema)
                .map(|(name, _)| name.as_str());
            let row = if of_list { ".0." } else { "." };
            fields(schemas, inner.expect("a named schema"), &format!("{prefix}{key}{row}"), found);
        } else {
            let words =
                schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            found.push((format!("{prefix}{key}"), words));
        }
    }
}

/// What is not typed into a form: what it is about, which the address says.
const ELSEWHERE: [&str; 3] = ["subject_id", "supplier_id", "rests_on_id"];

both! {
    async fn every_field_of_what_a_form_creates_is_on_it_with_every_word_that_it_can_hold(app: App) {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let mut editor = someone(&app, "editor").await;
        let supplier = app.supplier("Harbour").await;
        let host = app.supplier("Nimbus").await;
        let (one, other) = (id(&supplier), id(&host));
        let mut missing = BTreeSet::new();
        for (noun, path) in [
            ("NewSupplier", "/suppliers/new".to_owned()),
            ("NewProduct", format!("/suppliers/{one}/products/new")),
            ("NewRisk", format!("/risks/new?subject_id={one}")),
            ("NewIncident", format!("/incidents/new?subject_id={one}")),
            ("NewEvidence", format!("/evidence/new?subject_id={one}")),
            ("NewSecurityCheck", format!("/security-checks/new?subject_id={one}")),
            ("OurselvesChange", "/ourselves/change".to_owned()),
            ("NewDependency", format!("/dependencies/new?subject_id={one}&rests_on_id={other}")),
        ] {
            let page = shown(&mut editor, &app, &path).await;
            let mut expected = Vec::new();
            fields(schemas, noun, "", &mut expected);
            assert!(!expected.is_empty(), "{noun}");
            for (field, words) in expected.iter().filter(|(field, _)| !ELSEWHERE.contains(&field.as_str())) {
                let Some(place) = page.text.find(&format!("name=\"{field}\"")) else {
                    missing.insert(format!("{noun}: {field}"));
                    continue;
                };
                // The words of a choice stand between its field's name and the next field's.
                let rest = &page.text[place..];
                let end = ["</select>", "</fieldset>"].iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
                let lacking = words.iter().filter(|word| !rest[..end].contains(&format!("value=\"{word}\"")));
                // Nobody archives by a form, and nobody sets by hand that a tier is not known.
                let is_said = |word: &str| word != "archived" && (field.as_str(), word) != ("tier_override", "unknown");
                missing.extend(lacking.filter(|word| is_said(word)).map(|word| format!("{noun}: {field} = {word}")));
            }
        }
        assert_eq!(missing, BTreeSet::new(), "none of these can be said in a form");
    }

    async fn a_supplier_s_page_shows_every_answer_of_its_profile_and_says_where_none_was_given(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        let body = json!({
            "name": "Harbour", "legal_name": "Harbour Care Systems Ltd", "website": "https://harbour.example", "country": "IE", "relationship_owner": "Jo Bell",
            "data_role": "joint_controller", "personal_data": ["care_records", "location"], "data_locations": ["GB", "NL"], "data_sensitivity": "special_category",
            "system_access": "standing", "service_criticality": "vital", "people_affected": "many", "tier_override": "critical", "tier_override_reason": "beta_3 of v2",
            "notes": "Rings back.",
        });
        let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
        let place = format!("/suppliers/{}", id(&supplier));
        holds(&shown(&mut viewer, &app, &place).await.text, &[
            "Harbour Care Systems Ltd", "href=\"https://harbour.example\"", ">IE<", "Jo Bell", "Joint controller: decides with us why and how",
            "Care plans and notes, Where someone is", "GB, NL", "Health, care and other special-category data", "At any time, as an ordinary user or by an interface",
            "People may come to harm within hours", "<dd class=\"lines\">Many</dd>", "<dd class=\"lines\">Critical</dd>", "beta_3 of v2", "Rings back.",
        ]);
        let bare = app.supplier("Nimbus").await;
        let page = shown(&mut viewer, &app, &format!("/suppliers/{}", id(&bare))).await;
        for question in ["How far does it get into your systems?", "What happens to care when it stops?", "What is its part in personal data?"] {
            holds(&page.text, &[&format!("<dt>{question}</dt><dd class=\"lines\">Not said</dd>")]);
        }
        // What somebody typed stands in the history as they typed it.
        holds(&shown(&mut viewer, &app, &format!("{place}/history")).await.text, &["beta_3 of v2"]);
    }
}
