//! What each operation is done to, and with what: something of our own, made afresh for every request.

use std::sync::atomic::{AtomicU32, Ordering};

use diligence_openapi::Operation;
use poem::http::Method;
use serde_json::{Value, json};

mod imports;
mod mergers;

use crate::harness::{Answer, App, PASSWORD, Person, code_at, etag, id, person, text};

/// What a request of an operation needs: what it is done to, and the body.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// The item in the path, at the version it has now.
    pub(crate) item: Option<Value>,
    /// The body.
    pub(crate) body: Option<Value>,
    /// A file for a body, with what stands behind the path.
    pub(crate) file: Option<(String, Vec<u8>)>,
    /// The person whose own it is: they send what our admin would.
    pub(crate) owner: Option<Person>,
}

impl Target {
    fn none() -> Self {
        Self::default()
    }
    fn with(body: Value) -> Self {
        Self { body: Some(body), ..Self::default() }
    }
    fn on(item: Value) -> Self {
        Self { item: Some(item), ..Self::default() }
    }
    fn and(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
    fn by(self, owner: Person) -> Self {
        Self { owner: Some(owner), ..self }
    }
    fn file(self, query: &str, bytes: Vec<u8>) -> Self {
        Self { file: Some((query.to_owned(), bytes)), ..self }
    }

    /// The operation's path with the item's id, or key and edition, in it.
    pub(crate) fn path(&self, operation: &Operation<'_>) -> String {
        let parts = operation.path.split('/').map(|part| {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => text(self.item.as_ref().expect("an item"), name),
                None => part,
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Sends the operation as it should be sent.
    pub(crate) async fn send(&self, app: &App, who: &Person, operation: &Operation<'_>) -> Answer {
        let version = self.item.as_ref().filter(|item| item["version"].is_number()).map(etag);
        let headers: Vec<(&str, &str)> =
            version.iter().filter(|_| operation.method != "get").map(|tag| ("if-match", tag.as_str())).collect();
        self.send_with(app, who, operation, &headers).await
    }

    /// Sends the operation with these headers.
    pub(crate) async fn send_with(
        &self,
        app: &App,
        who: &Person,
        operation: &Operation<'_>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let who = self.owner.as_ref().filter(|_| who.key == app.admin.key).unwrap_or(who);
        match &self.file {
            Some((query, bytes)) => {
                let headers: Vec<(&str, &str)> =
                    headers.iter().copied().chain([("content-type", "application/octet-stream")]).collect();
                app.raw(
                    who,
                    method(operation),
                    &format!("{}{query}", self.path(operation)),
                    Some(bytes.clone()),
                    &headers,
                )
                .await
            }
            None => app.send(who, method(operation), &self.path(operation), self.body.as_ref(), headers).await,
        }
    }
}

/// A draft of the questionnaire of two questions.
fn draft() -> Value {
    json!({ "name": "Two questions", "format": "json", "document": edition(&unique()).to_string() })
}

/// This edition of the questionnaire of two questions in Welsh.
fn translation(published: &Value) -> Value {
    json!({
        "questionnaire": published["key"], "edition": published["edition"], "language": "cy", "title": "Dau gwestiwn", "summary": "Mor fyr ag y gall fod.",
        "principles": { "care": { "title": "Gofal", "summary": "Ein bod yn ei gymryd." } },
        "sections": { "one": { "title": "Un" } },
        "questions": {
            "locked": { "text": "A yw wedi ei gloi?", "options": { "yes": { "label": "Ydy" }, "no": { "label": "Nac ydy", "finding": { "title": "Heb ei gloi", "advice": "Clowch ef." } } } },
            "how": { "text": "Sut?" },
        },
    })
}

/// A piece of evidence with a file.
pub(crate) async fn with_file(app: &App, evidence: &Value) -> Value {
    let headers = [("content-type", "application/octet-stream"), ("if-match", &etag(evidence)[..])];
    app.raw(
        &app.admin,
        Method::POST,
        &format!("/evidence/{}/file?name=note.txt", id(evidence)),
        Some(b"Good until June.".to_vec()),
        &headers,
    )
    .await
    .json(200)
}

/// A check of this supplier with a finding.
fn security_check(supplier: &Value, day: &str) -> Value {
    json!({
        "subject_id": id(supplier), "checked_on": day, "targets": [{ "kind": "website", "name": "harbour.example" }],
        "findings": [{
            "text": "An old server answers", "severity": "high", "outcome": "action", "owner": "Sam", "due_on": "2027-04-01",
        }],
    })
}

/// A link to this assessment.
fn link(assessment: &Value) -> Value {
    json!({ "assessment_id": id(assessment), "contact_name": "Sam Harbour" })
}

/// Someone who belongs to our organisation in this role and to a third one, and works in the third.
async fn guest(app: &App, role: &str) -> Person {
    let email = format!("{}@example.org", unique());
    app.joins(&person(&app.store, "Hilltop Surgery", diligence_entities::role::Role::Admin).await, &email, "admin")
        .await;
    app.joins(&app.admin, &email, role).await;
    app.signs_in(&email).await
}

/// Turns this person's second factor on; gives its secret.
pub(crate) async fn enrolled(app: &App, who: &Person) -> String {
    let begun = app.post(who, "/users/me/mfa/enrol", json!({ "password": PASSWORD })).await.json(200);
    let secret = text(&begun, "secret").to_owned();
    app.post(who, "/users/me/mfa/confirm", json!({ "code": code_at(&secret, now(app) - 30) })).await.json(200);
    secret
}

/// The app's time, in seconds.
pub(crate) fn now(app: &App) -> i64 {
    app.clock.now().time().timestamp()
}

/// The user that this person is, as our admin sees them.
pub(crate) async fn user_of(app: &App, who: &Person) -> Value {
    let me = app.get(who, "/users/me").await.json(200);
    app.get(&app.admin, &format!("/users/{}", id(&me))).await.json(200)
}

async fn acted_to(app: &App, collection: &str, item: &Value, verb: &str, status: u16) -> Value {
    app.act(&app.admin, &format!("/{collection}/{}/{verb}", id(item)), item, None).await.json(status)
}

/// What an import takes beside the JSON that the document lists: files, which have an operation of their own there.
const FILES: [&str; 4] = [
    "text/csv",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
];

/// Every media type of the operation's body: those of the document, and those of the files that it takes besides.
pub(crate) fn kinds<'a>(operation: &Operation<'a>) -> Vec<&'a str> {
    let content = operation.value["requestBody"]["content"].as_object().into_iter().flatten();
    let takes_files = operation.path.ends_with("/import") && operation.id() != "import_everything";
    content.map(|(kind, _)| kind.as_str()).chain(takes_files.then_some(FILES).into_iter().flatten()).collect()
}

pub(crate) fn method(operation: &Operation<'_>) -> Method {
    operation.method.to_uppercase().parse().expect("a method")
}

/// A text that no other has.
pub(crate) fn unique() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("own-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A questionnaire of two questions: one to answer, one that a reviewer must rate.
pub(crate) fn edition(key: &str) -> Value {
    json!({
        "key": key, "title": "Two questions", "edition": "2027.1", "summary": "As short as can be.", "framework": "security", "applies_to": ["supplier", "product"], "language": "en",
        "source": [{ "title": "Ours", "version": "1", "date": "2027-01-01" }],
        "principles": [{ "key": "care", "title": "Care", "summary": "That we take it." }],
        "sections": [{ "key": "one", "title": "One", "questions": [
            { "key": "locked", "principle": "care", "text": "Is it locked?", "type": "yes_no", "required": true, "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "no", "label": "No", "points": 0, "finding": { "severity": "moderate", "title": "Unlocked", "advice": "Lock it.", "risk": { "likelihood": 2, "impact": 2 } } },
            ] },
            { "key": "how", "principle": "care", "text": "How?", "type": "text" },
        ] }],
    })
}

/// A recipe of an organisation's own.
async fn recipe(app: &App) -> Value {
    let body = json!({ "noun": "suppliers", "columns": [{ "column": "Vendor", "fills": "name" }] });
    app.send(&app.editor, Method::PUT, &format!("/recipes/{}", unique()), Some(&body), &[]).await.json(201)
}

/// An assessment of `subject` that has come this far: `open`, `answered`, `submitted`, `rated` or `approved`.
pub(crate) async fn assessment(app: &App, subject: &Value, until: &str) -> Value {
    let key = unique();
    app.post(&app.admin, "/questionnaires", edition(&key)).await.json(201);
    let mut item = app.assessment(&key, subject).await;
    let path = format!("/assessments/{}", id(&item));
    for state in ["open", "answered", "submitted", "rated", "approved"] {
        item = match state {
            "open" => item,
            "answered" => app
                .patch(
                    &app.admin,
                    &format!("{path}/answers"),
                    &item,
                    json!({ "locked": { "value": "no" }, "how": { "value": "With a key." } }),
                )
                .await
                .json(200)["assessment"]
                .clone(),
            "submitted" => app.act(&app.admin, &format!("{path}/submit"), &item, None).await.json(200),
            "rated" => app
                .patch(&app.admin, &format!("{path}/review"), &item, json!({ "how": { "points": 50 } }))
                .await
                .json(200)["assessment"]
                .clone(),
            _ => {
                let condition = json!({ "text": "Lock it.", "owner": "Sam", "due_on": "2027-06-01" });
                app.act(&app.admin, &format!("{path}/approve"), &item, Some(json!({ "conditions": [condition] })))
                    .await
                    .json(200)
            }
        };
        if state == until {
            break;
        }
    }
    item
}

/// Something of our own to do this operation to, and a body that does it, both fresh.
pub(crate) async fn target(app: &App, operation: &str) -> Target {
    target_for(app, operation, "editor").await
}

/// Something to do this operation to, owned by someone with this role where it belongs to a person, and a body that
/// does it.
pub(crate) async fn target_for(app: &App, operation: &str, role: &str) -> Target {
    if let Some(target) = imports::target(app, operation).await {
        return target;
    }
    match mergers::target(app, operation).await {
        Some(target) => target,
        None => Box::pin(other_target_for(app, operation, role)).await,
    }
}

/// Something to do an operation to that is not about imports or mergers. A function of its own: unoptimised, what all of
/// these need takes much of a thread's stack, and an import or a merger needs the rest.
async fn other_target_for(app: &App, operation: &str, role: &str) -> Target {
    let supplier = || app.supplier("Harbour Care Systems");
    let product = async || app.product(&app.supplier("Harbour Care Systems").await, &unique()).await;
    let made = async |path: &str, body: Value| app.post(&app.admin, path, body).await.json(201);
    let acted = async |collection: &str, item: &Value, verb: &str, body: Option<Value>| {
        app.act(&app.admin, &format!("/{collection}/{}/{verb}", id(item)), item, body).await.json(200)
    };
    let dependency =
        async || json!({ "subject_id": id(&product().await), "rests_on_id": id(&supplier().await), "kind": "host" });
    let evidence = async || json!({ "subject_id": id(&supplier().await), "kind": "iso_27001" });
    let risk =
        async || json!({ "subject_id": id(&supplier().await), "title": "It stops", "likelihood": 2, "impact": 3 });
    let incident = async || json!({ "subject_id": id(&supplier().await), "title": "It stopped", "severity": "high", "occurred_on": "2027-02-01" });
    let assessment = async |until: &str| assessment(app, &supplier().await, until).await;
    let first = async |path: String| app.get(&app.admin, &path).await.json(200)["items"][0].clone();
    let review = async || first(format!("/reviews?subject_id={}", id(&supplier().await))).await;
    let decision =
        async || first(format!("/decisions?subject_id={}", text(&assessment("approved").await, "subject_id"))).await;
    let key = || json!({ "name": "Nightly", "role": "viewer" });
    let provider = || json!({ "name": unique(), "issuer": "https://login.example.org", "client_id": "diligence", "client_secret": "kept" });
    // An organisation has so many at the most: one that is there, where any does.
    let some_provider = async || {
        let there = first("/identity-providers".into()).await;
        if there.is_null() { made("/identity-providers", provider()).await } else { there }
    };
    let invitation = || json!({ "email": format!("{}@example.org", unique()), "role": "viewer" });
    match operation {
        "list_register"
        | "read_summary"
        | "list_suppliers"
        | "list_products"
        | "list_dependencies"
        | "read_concentration"
        | "list_evidence"
        | "list_questionnaires"
        | "list_drafts"
        | "list_translations"
        | "list_recipes"
        | "list_assessments"
        | "list_links"
        | "list_decisions"
        | "list_risks"
        | "list_reviews"
        | "list_due"
        | "read_published_lists"
        | "read_due_counts"
        | "list_settlements"
        | "read_supplier_twins"
        | "read_product_twins"
        | "list_twins"
        | "list_mergers"
        | "list_incidents"
        | "list_imports"
        | "read_organisation"
        | "read_ourselves"
        | "read_policy"
        | "read_sign_in_policy"
        | "list_users"
        | "list_invitations"
        | "list_sessions"
        | "list_identity_providers"
        | "read_sign_in_options"
        | "list_keys"
        | "list_audit_events"
        | "read_audit_checkpoint"
        | "read_audit_verification"
        | "read_retention"
        | "apply_retention" => Target::none(),

        "create_supplier" => Target::with(json!({ "name": "Harbour Care Systems" })),
        "read_supplier" | "delete_supplier" | "archive_supplier" | "list_supplier_history" => {
            Target::on(supplier().await)
        }
        "change_supplier" => Target::on(supplier().await).and(json!({ "notes": "Small." })),
        "restore_supplier" => Target::on(acted("suppliers", &supplier().await, "archive", None).await),

        "create_product" => {
            Target::with(json!({ "supplier_id": id(&supplier().await), "name": "Rota", "kind": "software" }))
        }
        "read_product" | "delete_product" | "archive_product" | "list_product_history" => Target::on(product().await),
        "change_product" => Target::on(product().await).and(json!({ "purpose": "Who works when." })),
        "import_bill_of_materials" => {
            Target::on(product().await).file("", crate::bills_of_materials::document().to_string().into_bytes())
        }
        "restore_product" => Target::on(acted("products", &product().await, "archive", None).await),

        "create_dependency" => Target::with(dependency().await),
        "read_dependency" | "delete_dependency" => Target::on(made("/dependencies", dependency().await).await),
        "change_dependency" => {
            Target::on(made("/dependencies", dependency().await).await).and(json!({ "description": "In Leeds." }))
        }

        "create_evidence" => Target::with(evidence().await),
        "create_security_check" => Target::with(security_check(&supplier().await, "2027-02-20")),
        "create_exercise" => Target::with(json!({
            "subject_id": id(&supplier().await), "title": "A lost telephone", "form": "micro", "held_on": "2027-02-20",
            "participants": [{ "name": "Sam" }], "findings": [],
        })),
        "read_comparison" | "close_findings" => {
            let supplier = supplier().await;
            made("/security-checks", security_check(&supplier, "2027-02-20")).await;
            let mut later = security_check(&supplier, "2027-02-27");
            later["findings"] = json!([]);
            let target = Target::on(made("/security-checks", later).await);
            let close = json!({ "reason": "The check finds it no more." });
            if operation == "close_findings" { target.and(close) } else { target }
        }
        "accept_evidence" => Target::on(crate::respondents::sent_evidence(app).await),
        "read_evidence" | "delete_evidence" => Target::on(made("/evidence", evidence().await).await),
        "change_evidence" => Target::on(made("/evidence", evidence().await).await).and(json!({ "reference": "IS 1" })),

        "store_evidence_file" => {
            Target::on(made("/evidence", evidence().await).await).file("?name=note.txt", b"Good until June.".to_vec())
        }
        "read_evidence_file" | "delete_evidence_file" => {
            Target::on(with_file(app, &made("/evidence", evidence().await).await).await)
        }

        "publish_edition" => Target::with(edition(&unique())),
        "check_document" => Target::with(draft()),
        "read_edition" | "export_edition" | "delete_edition" => {
            Target::on(made("/questionnaires", edition(&unique())).await)
        }
        "read_changes" => {
            let key = unique();
            made("/questionnaires", edition(&key)).await;
            let mut later = edition(&key);
            later["edition"] = json!("2027.2");
            Target::on(made("/questionnaires", later).await)
        }
        "create_draft" => Target::with(draft()),
        "read_draft" | "delete_draft" | "read_draft_check" | "read_draft_preview" | "read_draft_what_if"
        | "publish_draft" => Target::on(made("/questionnaire-drafts", draft()).await),
        "change_draft" => Target::on(made("/questionnaire-drafts", draft()).await).and(json!({ "name": "Another" })),
        "try_draft" => Target::on(made("/questionnaire-drafts", draft()).await)
            .and(json!({ "answers": { "locked": { "value": "no" } } })),
        "merge_extension" => {
            let (base, key) = (unique(), unique());
            made("/questionnaires", edition(&base)).await;
            let extension = json!({ "base": base, "key": key, "title": "With ours", "edition": "2027.1", "questions": [{ "section": "one", "question": {
                "key": "own", "principle": "care", "text": "Ours?", "type": "yes_no", "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }],
            } }] });
            let written = made(
                "/questionnaire-drafts",
                json!({ "name": "Ours", "kind": "extension", "format": "json", "document": extension.to_string() }),
            )
            .await;
            acted_to(app, "questionnaire-drafts", &written, "publish", 201).await;
            Target::with(json!({ "questionnaire": key, "new_edition": "2027.2" }))
        }
        "create_translation" => Target::with(translation(&made("/questionnaires", edition(&unique())).await)),
        "read_translation" | "delete_translation" => {
            Target::on(made("/translations", translation(&made("/questionnaires", edition(&unique())).await)).await)
        }
        "read_recipe" | "delete_recipe" => Target::on(recipe(app).await),
        "put_recipe" => Target::on(recipe(app).await)
            .and(json!({ "noun": "products", "columns": [{ "column": "Tool", "fills": "name" }] })),
        "change_translation" => {
            Target::on(made("/translations", translation(&made("/questionnaires", edition(&unique())).await)).await)
                .and(json!({ "title": "Teitl arall" }))
        }

        "start_assessment" => {
            let published = made("/questionnaires", edition(&unique())).await;
            Target::with(json!({ "questionnaire": published["key"], "subject_id": id(&supplier().await) }))
        }
        "read_assessment" | "read_answers" | "delete_assessment" | "read_result" | "read_improvements"
        | "export_sheet" => Target::on(assessment("open").await),
        "read_movement" => {
            let first = assessment("approved").await;
            Target::on(
                app.post(
                    &app.admin,
                    "/assessments",
                    json!({ "questionnaire": first["questionnaire"], "subject_id": first["subject_id"] }),
                )
                .await
                .json(201),
            )
        }
        "confirm_answers" => {
            let first = assessment("approved").await;
            let again = app
                .post(
                    &app.admin,
                    "/assessments",
                    json!({ "questionnaire": first["questionnaire"], "subject_id": first["subject_id"] }),
                )
                .await
                .json(201);
            Target::on(again).and(json!({ "questions": ["locked"] }))
        }
        "fill_in_assessment" => {
            let item = assessment("open").await;
            let sheet = app.get(&app.admin, &format!("/assessments/{}/sheet?format=csv", id(&item))).await.bytes;
            Target::on(item).file("", sheet)
        }
        "answer_assessment" => {
            let item = assessment("open").await;
            let evidence = made("/evidence", json!({ "subject_id": item["subject_id"], "kind": "insurance" })).await;
            Target::on(item).and(json!({ "locked": { "value": "yes", "evidence_ids": [id(&evidence)] } }))
        }
        "submit_assessment" => Target::on(assessment("answered").await),
        "rate_assessment" => Target::on(assessment("submitted").await).and(json!({ "how": { "points": 70 } })),
        "return_assessment" => Target::on(assessment("submitted").await).and(json!({ "comment": "How exactly?" })),
        "approve_assessment" | "refuse_assessment" => Target::on(assessment("rated").await),
        "read_receipt" => Target::on(assessment("approved").await),

        "create_link" => Target::with(link(&assessment("open").await)),
        "read_link" | "revoke_link" => Target::on(made("/links", link(&assessment("open").await)).await),
        "resend_link" => {
            Target::on(made("/links", link(&assessment("open").await)).await).and(json!({ "message": "Once more." }))
        }

        "read_decision" => Target::on(decision().await),
        "meet_condition" => Target::on(decision().await).and(json!({ "number": 1 })),

        "create_risk" => Target::with(risk().await),
        "read_risk" | "delete_risk" => Target::on(made("/risks", risk().await).await),
        "change_risk" => Target::on(made("/risks", risk().await).await).and(json!({ "impact": 4 })),
        "accept_risk" => Target::on(made("/risks", risk().await).await)
            .and(json!({ "reason": "Small.", "expires_on": "2027-06-01" })),
        "close_risk" => Target::on(made("/risks", risk().await).await).and(json!({ "reason": "Gone." })),
        "reopen_risk" => {
            let risk = made("/risks", risk().await).await;
            Target::on(acted("risks", &risk, "close", Some(json!({ "reason": "Gone." }))).await)
        }

        "read_review" | "complete_review" => Target::on(review().await),
        "reschedule_review" => Target::on(review().await).and(json!({ "due_on": "2027-08-01", "reason": "Holidays." })),

        "create_settlement" | "read_settlement" => {
            let contract = json!({ "reference": "C-1", "ends_on": "2027-06-30", "notice_days": 90 });
            let named = json!({ "name": "Harbour Care Systems", "contracts": [contract] });
            let item = async || {
                let supplier = made("/suppliers", named.clone()).await;
                first(format!("/due?kind=contract_notice&subject_id={}", id(&supplier))).await
            };
            let of = |item: Value| json!({ "item_id": item["id"], "choice": "keep", "reason": "They do well." });
            // One is settled already, so that there is something to list.
            let settled = made("/settlements", of(item().await)).await;
            if operation == "read_settlement" { Target::on(settled) } else { Target::with(of(item().await)) }
        }

        "create_incident" => Target::with(incident().await),
        "read_incident" | "delete_incident" => Target::on(made("/incidents", incident().await).await),
        "change_incident" => {
            Target::on(made("/incidents", incident().await).await).and(json!({ "lessons": "Two of everything." }))
        }

        "export_everything"
        | "export_dependencies"
        | "export_incidents"
        | "export_decisions"
        | "export_contacts"
        | "export_contracts"
        | "export_register"
        | "export_suppliers"
        | "export_products"
        | "export_evidence"
        | "export_assessments"
        | "export_answers"
        | "export_risks"
        | "export_reviews"
        | "export_due"
        | "export_calendar"
        | "export_audit_events" => Target::none(),
        "bulk_update_suppliers" => Target::with(
            json!({ "select": { "ids": [id(&supplier().await)] }, "do": { "set": { "status": "exiting" } } }),
        ),
        "bulk_update_products" => Target::with(
            json!({ "select": { "ids": [id(&product().await)] }, "do": { "set": { "status": "exiting" } } }),
        ),
        "list_list_entries" => Target::on(json!({ "list": "dspt" })),
        "refresh_published_list" => Target::on(json!({ "list": "dspt" }))
            .file("", b"Code,Organisation Name,Status\n8K417,Harbour,Standards Met\n".to_vec()),

        "change_ourselves" => {
            Target::on(app.get(&app.admin, "/ourselves").await.json(200)).and(json!({ "notes": unique() }))
        }
        "change_organisation" => {
            Target::on(app.get(&app.admin, "/organisation").await.json(200)).and(json!({ "name": unique() }))
        }
        "change_policy" => {
            Target::on(app.get(&app.admin, "/policy").await.json(200)).and(json!({ "cadence_months": { "low": 30 } }))
        }
        "find_person" => Target::with(json!({ "email": "kim.lee@example.org" })),
        "erase_person" => Target::with(json!({ "email": "kim.lee@example.org", "reason": "They asked." })),
        "change_retention" => {
            Target::on(app.get(&app.admin, "/retention").await.json(200)).and(json!({ "archived_contact_days": 365 }))
        }
        "ask_policy_what_if" => Target::with(json!({ "rating": { "strong_from": 90 } })),

        "change_sign_in_policy" => {
            Target::on(app.get(&app.admin, "/sign-in-policy").await.json(200)).and(json!({ "idle_minutes": 90 }))
        }

        "create_identity_provider" => Target::with(provider()),
        "read_identity_provider" | "delete_identity_provider" | "try_identity_provider" => {
            Target::on(made("/identity-providers", provider()).await)
        }
        "read_sign_in_trial" => {
            let provider = some_provider().await;
            Target::on(
                app.act(&app.admin, &format!("/identity-providers/{}/try", id(&provider)), &provider, None)
                    .await
                    .json(201),
            )
        }
        "change_identity_provider" => {
            Target::on(made("/identity-providers", provider()).await).and(json!({ "name": "Accounts" }))
        }

        "read_user" | "delete_user" | "reset_password" => Target::on(user_of(app, &app.member("editor").await).await),
        "change_user" => Target::on(user_of(app, &app.member("editor").await).await).and(json!({ "role": "viewer" })),
        "read_identities" | "tie_user" | "untie_user" => {
            let provider = some_provider().await;
            let identity = json!({ "identity_provider_id": id(&provider), "subject": unique() });
            let user = user_of(app, &app.member("editor").await).await;
            if operation == "tie_user" {
                return Target::on(user).and(identity);
            }
            let tied = Target::on(acted("users", &user, "tie", Some(identity.clone())).await);
            if operation == "untie_user" { tied.and(identity) } else { tied }
        }
        "reset_mfa" => {
            let member = app.member("editor").await;
            enrolled(app, &member).await;
            Target::on(user_of(app, &member).await)
        }
        "create_invitation" => Target::with(invitation()),
        "read_invitation" | "resend_invitation" | "revoke_invitation" => {
            Target::on(made("/invitations", invitation()).await)
        }
        "open_invitation" => Target::with(json!({ "token": made("/invitations", invitation()).await["token"] })),
        "accept_invitation" => Target::with(
            json!({ "token": made("/invitations", invitation()).await["token"], "name": "Sam", "password": PASSWORD }),
        ),
        "create_session" => {
            let me = app.get(&app.member(role).await, "/users/me").await.json(200);
            Target::with(json!({ "email": me["email"], "password": PASSWORD }))
        }
        "delete_session" => Target::on(app.get(&app.member(role).await, "/sessions/current").await.json(200)),

        "enrol_mfa" => Target::with(json!({ "password": PASSWORD })).by(app.member(role).await),
        "read_me" | "read_session" | "end_session" | "list_own_sessions" => Target::none().by(app.member(role).await),
        "change_me" => {
            let member = app.member(role).await;
            Target::on(app.get(&member, "/users/me").await.json(200)).and(json!({ "name": "Sam Okafor" })).by(member)
        }
        "change_password" => {
            Target::with(json!({ "present_password": PASSWORD, "new_password": "slate window kettle heron" }))
                .by(app.member(role).await)
        }
        "confirm_mfa" => {
            let member = app.member(role).await;
            let begun = app.post(&member, "/users/me/mfa/enrol", json!({ "password": PASSWORD })).await.json(200);
            Target::with(json!({ "code": code_at(text(&begun, "secret"), now(app)) })).by(member)
        }
        "renew_recovery_codes" | "disable_mfa" => {
            let member = app.member(role).await;
            let secret = enrolled(app, &member).await;
            Target::with(json!({ "password": PASSWORD, "code": code_at(&secret, now(app)) })).by(member)
        }
        "confirm_session" => {
            let member = app.member(role).await;
            let me = app.get(&member, "/users/me").await.json(200);
            let secret = enrolled(app, &member).await;
            Target::with(json!({ "code": code_at(&secret, now(app)) })).by(app.signs_in(text(&me, "email")).await)
        }
        "switch_session" => {
            let ours = app.get(&app.admin, "/organisation").await.json(200);
            Target::with(json!({ "organisation_id": id(&ours) })).by(guest(app, role).await)
        }
        "join_organisation" => {
            let email = format!("{}@example.org", unique());
            app.joins(
                &person(&app.store, "Hilltop Surgery", diligence_entities::role::Role::Admin).await,
                &email,
                "admin",
            )
            .await;
            let sent = made("/invitations", json!({ "email": email, "role": role })).await;
            Target::with(json!({ "token": sent["token"] })).by(app.signs_in(&email).await)
        }
        "create_sample" => Target::none().by(app.member(role).await),
        "delete_own_session" | "end_other_sessions" => {
            let member = app.member(role).await;
            let me = app.get(&member, "/users/me").await.json(200);
            let other = app.get(&app.signs_in(text(&me, "email")).await, "/sessions/current").await.json(200);
            if operation == "delete_own_session" { Target::on(other).by(member) } else { Target::none().by(member) }
        }

        "create_key" => Target::with(key()),
        "read_key" | "rotate_key" | "revoke_key" => Target::on(made("/keys", key()).await),

        other => panic!("say here what `{other}` is done to, and with what"),
    }
}
