//! The rules of the house that every document keeps.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::{
    answers::{refusals, success},
    schemas::{request, schemas},
};
use crate::{ASKING, ON_COLLECTIONS, OWN, Operation, PUBLIC, RESPONDENT, RESPONDENT_PUBLIC, VISITS, operations, text};

mod answers;
mod schemas;

/// Collections whose name has no plural, and things that there is one of.
const SINGULAR: &[&str] = &[
    "concentration",
    "due",
    "evidence",
    "organisation",
    "people",
    "policy",
    "register",
    "retention",
    "sign-in",
    "sign-in-policy",
];
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];
const ROLES: &[&str] = &["viewer", "editor", "approver", "admin", RESPONDENT];
const SCOPES: &[&str] = &["everything", "read_only", "register_only", "import_only", "calendar_only"];

/// Every rule of the house that `document` breaks, one sentence each. Empty is good.
#[must_use]
pub fn house_rules(document: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let operations = operations(document);
    if operations.is_empty() {
        broken.push("the document has no operations".to_owned());
    }
    uniqueness(&operations, &mut broken);
    for operation in &operations {
        let mut say =
            |what: String| broken.push(format!("{} {}: {what}", operation.method.to_uppercase(), operation.path));
        names(operation, document, &mut say);
        permission(operation, &mut say);
        parameters(operation, &mut say);
        refusals(operation, document, &mut say);
        success(operation, document, &mut say);
        request(operation, document, &mut say);
    }
    schemas(document, &mut broken);
    broken
}

/// Words of small letters (and digits, after the first) with `between` between them.
fn is_words(name: &str, between: char) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    !name.is_empty() && name.split(between).all(is_word)
}

/// A name in which words may also begin with digits, as in `iso_27001`.
fn is_snake(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix("#"));
    name.and_then(|place| document.pointer(place)).unwrap_or(schema)
}

fn uniqueness(operations: &[Operation<'_>], broken: &mut Vec<String>) {
    let (mut ids, mut routes) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations {
        if !ids.insert(operation.id()) {
            broken.push(format!("two operations are called `{}`", operation.id()));
        }
        // Parameters by another name do not make another route.
        let shape: Vec<&str> =
            operation.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        if !routes.insert((operation.method, shape.join("/"))) {
            broken.push(format!("two operations are at {} {}", operation.method.to_uppercase(), operation.path));
        }
    }
}

fn names(operation: &Operation<'_>, document: &Value, say: &mut impl FnMut(String)) {
    let id = operation.id();
    let verb = id.split('_').next().unwrap_or_default();
    let fits = match operation.method {
        "get" => ["list", "read", "export"].contains(&verb),
        "delete" => verb == "delete",
        _ => !["list", "read", "export", "delete"].contains(&verb),
    };
    if !(is_words(id, '_') && id.contains('_') && fits) {
        say(format!("`{id}` is not verb_noun with a verb of its method"));
    }
    if !METHODS.contains(&operation.method) {
        say("the house does not use this method".into());
    }
    for name in ["summary", "description"] {
        if text(operation.value, name).trim().is_empty() {
            say(format!("it has no {name}"));
        }
    }
    let known: Vec<&Value> = document["tags"].as_array().into_iter().flatten().map(|tag| &tag["name"]).collect();
    match operation.value["tags"].as_array().map(Vec::as_slice) {
        Some([tag]) if known.contains(&tag) => {}
        _ => say("it does not have one tag that the document explains".into()),
    }
    let parts: Vec<&str> = operation.path.split('/').skip(1).collect();
    for (index, part) in parts.iter().enumerate() {
        let is_parameter = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).is_some_and(is_snake);
        // What a thing is answered as does not belong to its name: `register.csv`, `register.zip`.
        let noun = [".csv", ".ics", ".zip"].iter().find_map(|kind| part.strip_suffix(kind)).unwrap_or(part);
        if !is_parameter && !is_words(noun, '-') {
            say(format!("`{part}` is not kebab-case"));
        }
        let is_collection = index == 0 || parts.get(index + 1).is_some_and(|next| next.starts_with('{'));
        if !is_parameter && is_collection && !noun.ends_with('s') && !SINGULAR.contains(&noun) {
            say(format!("`{part}` is not plural"));
        }
    }
}

fn is_public(operation: &Operation<'_>) -> bool {
    PUBLIC.contains(&operation.id()) || RESPONDENT_PUBLIC.contains(&operation.id())
}

fn permission(operation: &Operation<'_>, say: &mut impl FnMut(String)) {
    let schemes: Vec<&String> = operation.value["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    let expected: &[&str] = match operation.id() {
        _ if is_public(operation) => &[],
        _ if operation.role() == Some(RESPONDENT) => &["visit"],
        id if OWN.contains(&id) => &["session"],
        _ => &["key", "session"],
    };
    if !operation.value["security"].is_array() {
        say("it has no `security`: an empty list says that anyone may call it".into());
    }
    let role = operation.role().is_some_and(|role| ROLES.contains(&role));
    if schemes != expected || role == expected.is_empty() {
        say("it does not say which key, session or visit and which role it needs, nor is it listed as public".into());
    }
    let takes_keys =
        operation.value["security"].as_array().into_iter().flatten().any(|scheme| scheme.get("key").is_some());
    let scopes = operation.scopes();
    let is_known = scopes.iter().all(|scope| SCOPES.contains(scope))
        && takes_keys == scopes.contains(&"everything")
        && takes_keys != scopes.is_empty();
    if !is_known {
        say("it does not say which scopes of keys open it".into());
    }
    // What only reads opens to keys that may only read; what changes something never does, nor to those for the
    // register.
    let reads = operation.only_reads();
    if takes_keys
        && (scopes.contains(&"read_only") != reads
            || (["register_only", "calendar_only"].iter().any(|scope| scopes.contains(scope)) && !reads))
    {
        say("it opens a change to keys that may only read, or does not open to them".into());
    }
}

fn parameters(operation: &Operation<'_>, say: &mut impl FnMut(String)) {
    for parameter in operation.parameters() {
        let name = text(parameter, "name");
        if text(parameter, "description").is_empty() {
            say(format!("the parameter `{name}` is not described"));
        }
        if parameter["in"] != "header" && !is_snake(name) {
            say(format!("the parameter `{name}` is not snake_case"));
        }
    }
    for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        if operation.parameter("path", name).is_none() {
            say(format!("the path's `{name}` is not listed"));
        }
    }
    let is_repeatable = [ASKING, OWN, PUBLIC, VISITS].iter().any(|list| list.contains(&operation.id()));
    if operation.method == "post" && !is_repeatable && operation.parameter("header", "Idempotency-Key").is_none() {
        say("it takes no Idempotency-Key".into());
    }
    let must_match = operation.parameter("header", "If-Match").is_some_and(|parameter| parameter["required"] == true);
    if operation.method == "put" && operation.parameter("header", "If-Match").is_none() {
        say("it takes no If-Match".into());
    }
    if changes_an_item(operation) && !must_match {
        say("it does not need If-Match".into());
    }
}

/// Whether it changes something that has a version already.
fn changes_an_item(operation: &Operation<'_>) -> bool {
    !VISITS.contains(&operation.id()) && matches!(operation.method, "patch" | "delete")
        || (operation.method == "post"
            && operation.path.contains('{')
            && ![ASKING, ON_COLLECTIONS].iter().any(|list| list.contains(&operation.id())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::DOCUMENT;

    fn agreed() -> Value {
        serde_json::from_str(DOCUMENT).expect("the document is JSON")
    }

    /// What the rules say after `change`.
    fn after(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut document = agreed();
        change(&mut document);
        house_rules(&document)
    }

    #[track_caller]
    fn bites(expected: &str, change: impl FnOnce(&mut Value)) {
        let said = after(change);
        assert!(said.iter().any(|sentence| sentence.contains(expected)), "expected `{expected}` among {said:#?}");
    }

    #[test]
    fn the_agreed_document_keeps_every_rule() {
        assert_eq!(house_rules(&agreed()), Vec::<String>::new());
    }

    #[test]
    fn an_empty_document_is_no_promise() {
        assert_eq!(house_rules(&json!({})), ["the document has no operations"]);
    }

    #[test]
    fn ids_and_routes_are_unique() {
        bites("two operations are called `list_suppliers`", |document| {
            document["paths"]["/products"]["get"]["operationId"] = json!("list_suppliers")
        });
        bites("two operations are at GET /suppliers/{key}", |document| {
            document["paths"]["/suppliers/{key}"] = document["paths"]["/suppliers/{id}"].clone()
        });
    }

    #[test]
    fn ids_are_a_verb_and_a_noun() {
        for id in ["suppliers", "ListSuppliers", "list__suppliers", "create_suppliers", "list-suppliers", ""] {
            bites("is not verb_noun", |document| document["paths"]["/suppliers"]["get"]["operationId"] = json!(id));
        }
        bites("`read_supplier` is not verb_noun", |document| {
            document["paths"]["/suppliers"]["post"]["operationId"] = json!("read_supplier")
        });
        bites("`remove_supplier` is not verb_noun", |document| {
            document["paths"]["/suppliers/{id}"]["delete"]["operationId"] = json!("remove_supplier")
        });
        bites("does not use this method", |document| {
            document["paths"]["/suppliers"]["head"] = document["paths"]["/suppliers"]["get"].clone()
        });
    }

    #[test]
    fn every_operation_is_told_in_words() {
        bites("it has no summary", |document| document["paths"]["/suppliers"]["get"]["summary"] = json!(" "));
        bites("it has no description", |document| document["paths"]["/suppliers"]["get"]["description"] = Value::Null);
        bites("one tag that the document explains", |document| {
            document["paths"]["/suppliers"]["get"]["tags"] = json!(["Boats"])
        });
        bites("one tag that the document explains", |document| {
            document["paths"]["/suppliers"]["get"]["tags"] = json!([])
        });
        bites("its 404 is not described", |document| {
            document["paths"]["/suppliers/{id}"]["get"]["responses"]["404"]["description"] = json!("")
        });
        bites("the parameter `q` is not described", |document| {
            find(document, "/suppliers", "q")["description"] = Value::Null
        });
    }

    /// A parameter of the list at `path`.
    fn find<'a>(document: &'a mut Value, path: &str, name: &str) -> &'a mut Value {
        let parameters = document["paths"][path]["get"]["parameters"].as_array_mut().expect("parameters");
        parameters.iter_mut().find(|parameter| parameter["name"] == name).expect("the parameter")
    }

    #[test]
    fn every_operation_says_which_role_it_needs() {
        bites("which key, session or visit and which role", |document| {
            document["paths"]["/keys"]["get"]["security"] = json!([])
        });
        bites("which key, session or visit and which role", |document| {
            document["paths"]["/keys"]["get"]["x-role"] = Value::Null
        });
        bites("which key, session or visit and which role", |document| {
            document["paths"]["/keys"]["get"]["x-role"] = json!("owner")
        });
        bites("which key, session or visit and which role", |document| {
            document["paths"]["/keys"]["get"]["security"] = json!([]);
            document["paths"]["/keys"]["get"]["x-role"] = Value::Null;
        });
    }

    #[test]
    fn what_anyone_may_call_says_so_too() {
        bites("it has no `security`", |document| {
            document["paths"]["/sign-in"]["get"].as_object_mut().expect("an operation").shift_remove("security");
        });
    }

    #[test]
    fn every_operation_says_which_scopes_of_keys_open_it() {
        let scopes = |path: &'static str, method: &'static str, scopes: Value| {
            move |document: &mut Value| document["paths"][path][method]["x-scopes"] = scopes
        };
        for wrong in [Value::Null, json!([]), json!(["read_only"]), json!(["everything", "read_only", "some"])] {
            bites("which scopes of keys open it", scopes("/keys", "get", wrong));
        }
        bites("which scopes of keys open it", |document| {
            document["paths"]["/keys"]["get"]["security"] = json!([{ "cookie": [] }])
        });
        bites("it opens a change to keys that may only read", scopes("/keys", "get", json!(["everything"])));
        for scope in ["read_only", "register_only", "calendar_only"] {
            bites(
                "it opens a change to keys that may only read",
                scopes("/keys", "post", json!(["everything", scope])),
            );
        }
    }

    #[test]
    fn every_refusal_of_its_kind_is_listed() {
        let rows = [
            (
                "/suppliers/{id}",
                "patch",
                &["400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "503", "507"][..],
            ),
            ("/suppliers/{id}", "delete", &["401", "403", "404", "409", "412", "428", "429", "503", "507"][..]),
            ("/suppliers/{id}", "get", &["401", "403", "404", "429", "503", "507"][..]),
            ("/suppliers", "get", &["401", "403", "422", "429", "503", "507"][..]),
            ("/suppliers", "post", &["400", "401", "403", "409", "413", "415", "422", "429", "503", "507"][..]),
            (
                "/suppliers/{id}/archive",
                "post",
                &["400", "401", "403", "404", "409", "412", "413", "422", "428", "429", "503", "507"][..],
            ),
        ];
        for (path, method, statuses) in rows {
            for status in statuses {
                let said = after(|document| {
                    document["paths"][path][method]["responses"]
                        .as_object_mut()
                        .expect("responses")
                        .shift_remove(*status);
                });
                assert_eq!(
                    said,
                    [format!("{} {path}: it does not say that it may answer {status}", method.to_uppercase())]
                );
            }
        }
    }

    #[test]
    fn every_refusal_is_a_problem() {
        bites("its 404 is no problem", |document| {
            document["paths"]["/suppliers/{id}"]["get"]["responses"]["404"]["content"] =
                json!({ "application/json": {} })
        });
        bites("its 404 is no problem", |document| {
            document["paths"]["/suppliers/{id}"]["get"]["responses"]["404"]["content"]["text/plain"] = json!({})
        });
        bites("its 503 is no problem", |document| {
            document["paths"]["/suppliers"]["get"]["responses"]["503"] =
                json!({ "description": "busy", "headers": { "Retry-After": {} } })
        });
        bites("is no problem", |document| {
            document["components"]["schemas"]["Problem"]["properties"]
                .as_object_mut()
                .expect("properties")
                .shift_remove("detail");
        });
        for status in ["429", "503"] {
            bites(&format!("its {status} has no Retry-After"), |document| {
                document["paths"]["/suppliers"]["get"]["responses"][status]["headers"] = Value::Null
            });
        }
    }

    #[test]
    fn posts_are_safe_to_retry_and_changes_name_their_version() {
        let without = |path: &'static str, method: &'static str, name: &'static str| {
            move |document: &mut Value| {
                document["paths"][path][method]["parameters"]
                    .as_array_mut()
                    .expect("parameters")
                    .retain(|parameter| parameter["name"] != name)
            }
        };
        bites("it takes no Idempotency-Key", without("/suppliers", "post", "Idempotency-Key"));
        bites("it takes no Idempotency-Key", without("/suppliers/{id}/archive", "post", "Idempotency-Key"));
        for (path, method) in [
            ("/suppliers/{id}", "patch"),
            ("/suppliers/{id}", "delete"),
            ("/suppliers/{id}/archive", "post"),
            ("/policy", "patch"),
        ] {
            bites("it does not need If-Match", without(path, method, "If-Match"));
        }
        bites("it does not need If-Match", |document| {
            for parameter in document["paths"]["/policy"]["patch"]["parameters"].as_array_mut().expect("parameters") {
                parameter["required"] = json!(false);
            }
        });
        bites("it takes no If-Match", |document| {
            document["paths"]["/suppliers"]["put"] = document["paths"]["/suppliers"]["post"].clone()
        });
        bites("the path's `id` is not listed", without("/suppliers/{id}", "get", "id"));
    }

    #[test]
    fn paths_are_plural_and_kebab_case() {
        let moved = |from: &'static str, to: &'static str| {
            move |document: &mut Value| {
                document["paths"][to] =
                    document["paths"].as_object_mut().expect("paths").shift_remove(from).expect("a path")
            }
        };
        bites("`supplier` is not plural", moved("/suppliers", "/supplier"));
        bites("`supplier.csv` is not plural", moved("/suppliers", "/supplier.csv"));
        bites("`supplier.zip` is not plural", moved("/suppliers", "/supplier.zip"));
        bites("`register.tar` is not kebab-case", moved("/suppliers", "/register.tar"));
        bites(
            "`edition` is not plural",
            moved("/questionnaires/{key}/editions/{edition}", "/questionnaires/{key}/edition/{edition}"),
        );
        bites("`audit_events` is not kebab-case", moved("/audit-events", "/audit_events"));
        bites("`Suppliers` is not kebab-case", moved("/suppliers", "/Suppliers"));
        bites("`{theId}` is not kebab-case", moved("/suppliers/{id}", "/suppliers/{theId}"));
    }

    #[test]
    fn fields_and_parameters_are_snake_case() {
        bites("Supplier: the field `legalName` is not snake_case", |document| {
            document["components"]["schemas"]["Supplier"]["properties"]["legalName"] = json!({ "type": "string" })
        });
        bites("the parameter `updatedSince` is not snake_case", |document| {
            find(document, "/suppliers", "updated_since")["name"] = json!("updatedSince")
        });
    }

    #[test]
    fn lists_answer_items_and_next_and_take_limit_and_cursor() {
        bites("its answer is not items and next", |document| {
            document["paths"]["/suppliers"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] =
                json!({ "type": "array", "items": {} })
        });
        bites("its answer is not items and next", |document| {
            document["components"]["schemas"]["SupplierPage"]["required"] = json!(["items"])
        });
        for name in ["limit", "cursor"] {
            bites(&format!("the list takes no `{name}`"), |document| {
                find(document, "/suppliers", name)["name"] = json!("other")
            });
        }
    }

    #[test]
    fn good_answers_have_the_status_and_headers_of_their_kind() {
        let said = |path: &'static str, method: &'static str, from: &'static str, to: &'static str| {
            move |document: &mut Value| {
                let responses = document["paths"][path][method]["responses"].as_object_mut().expect("responses");
                let response = responses.shift_remove(from).expect("a response");
                responses.insert(to.into(), response);
            }
        };
        bites("200 is not a good answer", said("/suppliers/{id}", "delete", "204", "200"));
        bites("202 is not a good answer", said("/suppliers", "post", "201", "202"));
        bites("204 is not a good answer", said("/recipes/{key}", "put", "200", "204"));
        for header in ["Location", "ETag"] {
            bites("its 201 has no Location or no ETag", |document| {
                document["paths"]["/recipes/{key}"]["put"]["responses"]["201"]["headers"]
                    .as_object_mut()
                    .expect("headers")
                    .shift_remove(header);
            });
        }
        bites("PUT /recipes/{key}: its answer has no ETag", |document| {
            document["paths"]["/recipes/{key}"]["put"]["responses"]["200"]["headers"] = Value::Null
        });
        // Only a PUT may answer in two ways.
        bites("it has not one good answer", |document| {
            let created = document["paths"]["/suppliers"]["post"]["responses"]["201"].clone();
            document["paths"]["/suppliers"]["post"]["responses"]["200"] = created;
        });
        bites("it has not one good answer", said("/suppliers", "get", "200", "404"));
        for header in ["Location", "ETag"] {
            bites("its 201 has no Location or no ETag", |document| {
                document["paths"]["/suppliers"]["post"]["responses"]["201"]["headers"]
                    .as_object_mut()
                    .expect("headers")
                    .shift_remove(header);
            });
        }
        bites("its answer has no ETag", |document| {
            document["paths"]["/suppliers/{id}"]["patch"]["responses"]["200"]["headers"] = Value::Null
        });
    }

    #[test]
    fn json_comes_first_and_has_an_operation_to_itself() {
        let csv = || json!({ "schema": { "type": "string" } });
        let last = |content: &mut Value| {
            let content = content.as_object_mut().expect("kinds");
            content.shift_insert(0, "text/csv".into(), csv());
        };
        bites("its body has JSON after text/csv", |document| {
            last(&mut document["paths"]["/suppliers"]["post"]["requestBody"]["content"])
        });
        bites("its 200 has JSON after text/csv", |document| {
            last(&mut document["paths"]["/suppliers"]["get"]["responses"]["200"]["content"])
        });
        bites("its body is JSON or something else as text/csv", |document| {
            document["paths"]["/suppliers"]["post"]["requestBody"]["content"]["text/csv"] = csv()
        });
    }

    #[test]
    fn null_is_said_where_it_counts() {
        bites("Supplier: `nullable` stands beside no type", |document| {
            document["components"]["schemas"]["Supplier"]["properties"]["tier_override"] =
                json!({ "allOf": [{ "$ref": "#/components/schemas/Tier" }], "nullable": true })
        });
    }

    #[test]
    fn bodies_have_examples_and_take_no_unknown_field() {
        bites("its application/json body has no example", |document| {
            document["components"]["schemas"]["NewRisk"].as_object_mut().expect("a schema").shift_remove("example");
        });
        bites("its application/json body takes unknown fields", |document| {
            document["components"]["schemas"]["NewSupplier"]["additionalProperties"] = json!(true)
        });
        bites("its application/json body takes unknown fields beside name", |document| {
            document["components"]["schemas"]["ContactInput"]
                .as_object_mut()
                .expect("a schema")
                .shift_remove("additionalProperties");
        });
    }

    #[test]
    fn no_schema_dangles_or_is_left_over() {
        bites("the schema Boat is not used", |document| {
            document["components"]["schemas"]["Boat"] = json!({ "type": "object" })
        });
        bites("nothing is at #/components/schemas/Risk", |document| {
            document["components"]["schemas"].as_object_mut().expect("schemas").shift_remove("Risk");
        });
    }
}
