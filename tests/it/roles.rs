//! Who may do what: every operation of the document, sent by everyone.

use std::collections::BTreeMap;

use diligence_openapi::{ASKING, DOCUMENT, OWN, PUBLIC, operations};
use poem::http::Method;
use serde_json::{Value, json};

use self::targets::target_for;
pub(crate) use self::targets::{
    Target, assessment, edition, enrolled, kinds, method, now, target, unique, user_of, with_file,
};
use crate::harness::{App, Person, both, etag, id, person, text};

mod targets;

/// The least role for each operation, by hand: a new operation is entered here after some thought, not copied.
const TABLE: &[(&str, &[&str])] = &[
    ("public", &["accept_invitation", "create_session", "open_invitation", "read_sign_in_options"]),
    (
        "viewer",
        &[
            "list_register",
            "read_summary",
            "list_suppliers",
            "read_supplier",
            "list_products",
            "read_product",
            "list_dependencies",
            "read_concentration",
            "read_dependency",
            "list_evidence",
            "read_evidence",
            "read_evidence_file",
            "read_comparison",
            "list_questionnaires",
            "check_document",
            "read_edition",
            "export_edition",
            "read_changes",
            "list_drafts",
            "read_draft",
            "read_draft_check",
            "read_draft_preview",
            "try_draft",
            "read_draft_what_if",
            "list_translations",
            "read_translation",
            "list_recipes",
            "read_recipe",
            "list_assessments",
            "read_assessment",
            "read_answers",
            "read_result",
            "read_receipt",
            "read_improvements",
            "read_movement",
            "export_sheet",
            "list_links",
            "read_link",
            "list_decisions",
            "read_decision",
            "list_risks",
            "read_risk",
            "list_reviews",
            "read_review",
            "list_due",
            "read_published_lists",
            "list_list_entries",
            "read_due_counts",
            "list_settlements",
            "read_supplier_twins",
            "read_product_twins",
            "list_twins",
            "list_mergers",
            "read_merger",
            "plan_supplier_merger",
            "plan_product_merger",
            "read_settlement",
            "list_incidents",
            "read_incident",
            "list_imports",
            "read_import",
            "list_import_items",
            "read_organisation",
            "read_ourselves",
            "read_policy",
            "read_sign_in_policy",
            "ask_policy_what_if",
            "read_me",
            "change_me",
            "change_password",
            "enrol_mfa",
            "confirm_mfa",
            "renew_recovery_codes",
            "disable_mfa",
            "join_organisation",
            "create_sample",
            "read_session",
            "confirm_session",
            "switch_session",
            "end_session",
            "list_own_sessions",
            "delete_own_session",
            "end_other_sessions",
            "export_register",
            "export_suppliers",
            "export_products",
            "export_evidence",
            "export_assessments",
            "export_answers",
            "export_risks",
            "export_reviews",
            "export_dependencies",
            "export_incidents",
            "export_decisions",
            "export_contacts",
            "export_contracts",
            "export_due",
            "export_calendar",
            "list_supplier_history",
            "list_product_history",
            "read_retention",
        ],
    ),
    (
        "editor",
        &[
            "create_supplier",
            "change_supplier",
            "archive_supplier",
            "restore_supplier",
            "delete_supplier",
            "create_product",
            "change_product",
            "import_bill_of_materials",
            "archive_product",
            "restore_product",
            "delete_product",
            "tell_twins_apart",
            "create_dependency",
            "change_dependency",
            "delete_dependency",
            "create_evidence",
            "create_security_check",
            "create_exercise",
            "close_findings",
            "change_ourselves",
            "change_evidence",
            "accept_evidence",
            "delete_evidence",
            "store_evidence_file",
            "delete_evidence_file",
            "publish_edition",
            "delete_edition",
            "create_draft",
            "change_draft",
            "delete_draft",
            "publish_draft",
            "merge_extension",
            "create_translation",
            "change_translation",
            "delete_translation",
            "put_recipe",
            "delete_recipe",
            "start_assessment",
            "delete_assessment",
            "answer_assessment",
            "confirm_answers",
            "fill_in_assessment",
            "submit_assessment",
            "create_link",
            "revoke_link",
            "resend_link",
            "create_risk",
            "change_risk",
            "close_risk",
            "reopen_risk",
            "delete_risk",
            "complete_review",
            "reschedule_review",
            "create_settlement",
            "create_incident",
            "change_incident",
            "delete_incident",
            "import_suppliers",
            "import_products",
            "import_contacts",
            "import_contracts",
            "import_dependencies",
            "import_evidence",
            "import_incidents",
            "import_reviews",
            "import_risks",
            "bulk_update_suppliers",
            "bulk_update_products",
            "refresh_published_list",
            "create_import",
            "change_import",
            "delete_import",
            "read_import_recognised",
            "read_import_report",
            "export_refused_rows",
            "apply_import",
            "undo_import",
        ],
    ),
    (
        "approver",
        &[
            "rate_assessment",
            "return_assessment",
            "merge_suppliers",
            "merge_products",
            "undo_merger",
            "import_decisions",
            "approve_assessment",
            "refuse_assessment",
            "meet_condition",
            "accept_risk",
        ],
    ),
    (
        "admin",
        &[
            "change_organisation",
            "change_policy",
            "change_sign_in_policy",
            "list_users",
            "read_user",
            "change_user",
            "delete_user",
            "reset_password",
            "reset_mfa",
            "read_identities",
            "tie_user",
            "untie_user",
            "list_invitations",
            "create_invitation",
            "read_invitation",
            "resend_invitation",
            "revoke_invitation",
            "list_sessions",
            "delete_session",
            "list_identity_providers",
            "create_identity_provider",
            "read_identity_provider",
            "change_identity_provider",
            "try_identity_provider",
            "read_sign_in_trial",
            "delete_identity_provider",
            "list_keys",
            "create_key",
            "read_key",
            "rotate_key",
            "revoke_key",
            "list_audit_events",
            "export_audit_events",
            "export_everything",
            "import_everything",
            "read_audit_checkpoint",
            "read_audit_verification",
            "find_person",
            "erase_person",
            "change_retention",
            "apply_retention",
        ],
    ),
];

/// The document as committed; a test of its own says that it is the one served.
pub(crate) fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("the document is JSON")
}

/// Whether an operation takes a copy out of the register, which the audit trail keeps.
fn exports(operation: &str) -> bool {
    operation.starts_with("export_") || ["find_person", "read_receipt"].contains(&operation)
}

/// The people of our organisation, the least first.
fn ranks(app: &App) -> [(&'static str, &Person); 4] {
    [("viewer", &app.viewer), ("editor", &app.editor), ("approver", &app.approver), ("admin", &app.admin)]
}

#[test]
fn every_operation_has_its_line_in_the_table_and_the_document_says_the_same() {
    let by_hand: BTreeMap<&str, &str> =
        TABLE.iter().flat_map(|(role, ids)| ids.iter().map(move |id| (*id, *role))).collect();
    assert_eq!(by_hand.len(), TABLE.iter().map(|(_, ids)| ids.len()).sum::<usize>(), "an operation is entered twice");
    let document = document();
    let said: BTreeMap<&str, &str> =
        operations(&document).iter().map(|operation| (operation.id(), operation.role().unwrap_or("public"))).collect();
    assert_eq!(said, by_hand);
    assert_eq!(TABLE[0].1, PUBLIC);
    let own: Vec<&str> = operations(&document)
        .iter()
        .filter(|operation| operation.value["security"] == json!([{ "session": [] }]))
        .map(|operation| operation.id())
        .collect();
    assert_eq!(own.iter().collect::<std::collections::BTreeSet<_>>(), OWN.iter().collect());
}

both! {
    async fn every_key_can_do_what_its_role_allows_and_nothing_more(app: App) {
        everyone_can_do_what_their_role_allows_and_nothing_more(&app, ranks(&app).map(|(role, who)| (role, who.clone())), "the key has").await;
    }

    async fn every_person_can_do_what_their_role_allows_and_nothing_more(app: App) {
        let mut people = Vec::new();
        for role in ["viewer", "editor", "approver", "admin"] {
            people.push((role, app.member(role).await));
        }
        everyone_can_do_what_their_role_allows_and_nothing_more(&app, people, "you have").await;
    }

    async fn anyone_can_do_what_is_public(app: App) {
        let document = document();
        for operation in operations(&document).iter().filter(|operation| PUBLIC.contains(&operation.id())) {
            let target = target(&app, operation.id()).await;
            let before = app.event_count().await;
            let answer = target.send(&app, &app.stranger, operation).await;
            assert!(answer.status.is_success(), "{}: {} {}", operation.id(), answer.status, answer.text);
            assert_eq!(app.event_count().await > before, operation.method != "get" && !ASKING.contains(&operation.id()), "{}", operation.id());
        }
    }

    async fn everyone_can_do_what_is_their_own_and_no_key_can(app: App) {
        let document = document();
        for operation in operations(&document).iter().filter(|operation| OWN.contains(&operation.id())) {
            for (role, key) in ranks(&app) {
                let target = target_for(&app, operation.id(), role).await;
                let before = app.event_count().await;
                let version = target.item.as_ref().map(etag);
                let headers: Vec<(&str, &str)> = version.iter().map(|tag| ("if-match", tag.as_str())).collect();
                let told = app.send(key, method(operation), &target.path(operation), target.body.as_ref(), &headers).await;
                assert_eq!(told.faults(403), Vec::<String>::new(), "{} with a key", operation.id());
                let owner = target.owner.as_ref().expect("an owner");
                let forged = app.send(owner, method(operation), &target.path(operation), target.body.as_ref(), &[&headers[..], &[("x-csrf-token", "forged")]].concat()).await;
                assert_eq!(forged.status == 403, operation.method != "get", "{} forged: {}", operation.id(), forged.text);
                assert_eq!(app.event_count().await, before, "{} refused", operation.id());
                let answer = target.send(&app, &app.admin, operation).await;
                assert!(answer.status.is_success(), "{} as {role}: {} {}", operation.id(), answer.status, answer.text);
                assert_eq!(app.event_count().await > before, operation.method != "get", "{} leaves its event, and reading leaves none", operation.id());
            }
        }
    }

    async fn who_may_not_learns_nothing_else(app: App) {
        let document = document();
        let nothing = "0".repeat(32);
        let mut people = Vec::new();
        for role in ["viewer", "editor", "approver"] {
            people.push((role, app.member(role).await));
        }
        for operation in operations(&document).iter().filter(|operation| !PUBLIC.contains(&operation.id())) {
            // Nothing else is right about this request: the id, the parameters, the headers, the body.
            let parts = operation.path.split('/').map(|part| if part.starts_with('{') { nothing.as_str() } else { part });
            let path = format!("{}?nonsense=1", parts.collect::<Vec<_>>().join("/"));
            let headers = [("content-type", "image/png"), ("if-match", "nonsense"), ("idempotency-key", "")];
            let send = async |who: &Person| app.raw(who, method(operation), &path, Some(b"{\"x\":".to_vec()), &headers).await;
            let told = send(&app.stranger).await;
            assert_eq!(told.faults(401), Vec::<String>::new(), "{}", operation.id());
            // A calendar program asks for a name and a password only where it is told that they would do.
            let more = if operation.path.ends_with(".ics") { ", Basic realm=\"diligence\", charset=\"UTF-8\"" } else { "" };
            assert_eq!(told.header("www-authenticate"), format!("Bearer realm=\"diligence\"{more}"));
            let least = operation.role().expect("a role");
            for (role, who) in ranks(&app).into_iter().take_while(|(role, _)| *role != least || OWN.contains(&operation.id())) {
                assert_eq!(send(who).await.faults(403), Vec::<String>::new(), "{} as {role}", operation.id());
            }
            for (role, who) in people.iter().take_while(|(role, _)| *role != least) {
                assert_eq!(send(who).await.faults(403), Vec::<String>::new(), "{} as {role} in a session", operation.id());
            }
        }
    }

    async fn what_is_no_good_key_opens_nothing(app: App) {
        let key = app.viewer.key.clone().expect("a key");
        let (which, _) = key.rsplit_once('_').expect("two parts");
        let (_, secret) = app.admin.key.as_deref().expect("a key").rsplit_once('_').expect("two parts");
        let near = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
        let wrong = [near, format!("{which}_{secret}"), key[..key.len() - 2].to_owned(), format!("{key}00"), key.to_uppercase(), format!("{which}_"), which.to_owned(), "dlg_".into(), "x".repeat(9000)];
        for wrong in wrong {
            let told = app.get(&Person { key: Some(wrong.clone()) }, "/suppliers").await;
            assert_eq!(told.faults(401), Vec::<String>::new(), "{wrong}");
            assert_eq!(told.header("www-authenticate"), "Bearer realm=\"diligence\", error=\"invalid_token\"");
        }
        let spellings = [vec![format!("Basic {key}")], vec![key.clone()], vec![format!("Bearer{key}")], vec!["Bearer".into()], vec!["Bearer é".into()], vec![String::new()], vec![format!("Bearer {key}"), format!("Bearer {key}")]];
        for spelling in spellings {
            let headers: Vec<(&str, &str)> = spelling.iter().map(|value| ("authorization", value.as_str())).collect();
            assert_eq!(app.raw(&app.stranger, Method::GET, "/suppliers", None, &headers).await.status, 401, "{spelling:?}");
        }
        let good = app.raw(&app.stranger, Method::GET, "/suppliers", None, &[("authorization", &format!("bEaReR {key}"))]).await;
        good.json(200);
    }

    async fn a_revoked_key_opens_nothing_from_then_on(app: App) {
        let made = app.post(&app.admin, "/keys", json!({ "name": "Nightly", "role": "admin" })).await.json(201);
        let holder = Person { key: Some(text(&made, "secret").to_owned()) };
        app.get(&holder, "/suppliers").await.json(200);
        app.act(&app.admin, &format!("/keys/{}/revoke", id(&made)), &made, None).await.json(200);
        app.get(&holder, "/suppliers").await.faults(401);
        app.post(&holder, "/suppliers", json!({ "name": "Harbour" })).await.faults(401);
    }

    async fn a_key_opens_everything_on_its_last_day_and_nothing_the_day_after(app: App) {
        let made = app.post(&app.admin, "/keys", json!({ "name": "Audit", "role": "viewer", "expires_on": "2027-03-02" })).await.json(201);
        let holder = Person { key: Some(text(&made, "secret").to_owned()) };
        for (time, status) in [("2027-03-01T09:00:00Z", 200), ("2027-03-02T23:59:59Z", 200), ("2027-03-03T00:00:00Z", 401)] {
            app.clock.set(time.parse().expect("a time"));
            assert_eq!(app.get(&holder, "/suppliers").await.status, status, "{time}");
        }
    }

    async fn a_key_can_be_made_for_no_less_than_one_of_the_four_roles(app: App) {
        for role in ["owner", "", "Admin", "viewer "] {
            assert_eq!(app.post(&app.admin, "/keys", json!({ "name": "Nightly", "role": role })).await.faults(422), ["/role choice"]);
        }
        let made = person(&app.store, "Meadow View Care", diligence_entities::role::Role::Editor).await;
        app.post(&made, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
    }
}

/// Everyone of `people`, the least first, sends every operation that is neither public nor a person's own.
async fn everyone_can_do_what_their_role_allows_and_nothing_more(
    app: &App,
    people: impl IntoIterator<Item = (&'static str, Person)>,
    has: &str,
) {
    let people: Vec<(&str, Person)> = people.into_iter().collect();
    let document = document();
    for operation in operations(&document)
        .iter()
        .filter(|operation| !PUBLIC.contains(&operation.id()) && !OWN.contains(&operation.id()))
    {
        let least = operation.role().expect("a role");
        let mut is_allowed = false;
        for (role, who) in &people {
            is_allowed |= *role == least;
            let target = target(app, operation.id()).await;
            let before = app.event_count().await;
            let answer = target.send(app, who, operation).await;
            assert!(
                operation.answers(answer.status.as_u16()),
                "{} answered {} to {role}, which is not documented: {}",
                operation.id(),
                answer.status,
                answer.text
            );
            // A whole register comes into an empty one only, so into another: what is asked here is whether the role may.
            if is_allowed && operation.id() == "import_everything" {
                assert!(answer.status.is_success() || answer.text.contains("\"not_empty\""), "{}", answer.text);
                continue;
            }
            if is_allowed {
                assert!(answer.status.is_success(), "{} as {role}: {} {}", operation.id(), answer.status, answer.text);
                let changes = operation.method != "get" && !ASKING.contains(&operation.id());
                assert_eq!(
                    app.event_count().await > before,
                    changes || exports(operation.id()),
                    "{} leaves its event, and reading leaves none",
                    operation.id()
                );
            } else {
                assert_eq!(answer.faults(403), Vec::<String>::new(), "{} as {role}", operation.id());
                assert!(
                    answer.text.contains(&format!("this needs the role {least}; {has} the role {role}")),
                    "{}",
                    answer.text
                );
                let latest = app.get(&app.admin, "/audit-events?limit=50").await.json(200)["items"].clone();
                let latest = latest.as_array().expect("a list").iter();
                let since: Vec<&Value> = latest.take_while(|event| event["sequence"].as_i64() > Some(before)).collect();
                let [event] = since.as_slice() else { panic!("{} as {role} left {since:?}", operation.id()) };
                assert_eq!(
                    (text(event, "action"), text(event, "noun"), text(event, "item_id")),
                    ("forbid", "operation", operation.id()),
                    "{} as {role} changed something",
                    operation.id()
                );
            }
        }
    }
}
