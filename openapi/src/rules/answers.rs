//! What an operation says that it answers: its refusals, and what is good.

use serde_json::{Map, Value};

use super::{changes_an_item, is_public, resolve};
use crate::{ASKING, Operation, RESPONDENT, VISITS, text};

const PROBLEM: &str = "application/problem+json";

pub(super) fn refusals(operation: &Operation<'_>, document: &Value, say: &mut impl FnMut(String)) {
    let has_query = operation.parameters().any(|parameter| parameter["in"] == "query");
    let has_body = operation.value.get("requestBody").is_some();
    let is_public = is_public(operation);
    let is_respondent = operation.role() == Some(RESPONDENT);
    let expected = [
        (503, true),
        (507, true),
        (429, true),
        (401, !is_public),
        (403, operation.role().is_some() && !(is_respondent && operation.method == "get")),
        (410, is_respondent),
        (404, operation.path.contains('{') || operation.method == "patch"),
        (409, operation.method != "get" && !ASKING.contains(&operation.id()) && !VISITS.contains(&operation.id())),
        (412, changes_an_item(operation)),
        (428, changes_an_item(operation)),
        (422, has_query || has_body || operation.method == "post"),
        (400, has_body || operation.method == "post"),
        (413, has_body || operation.method == "post"),
        (415, has_body),
    ];
    for (status, is_expected) in expected {
        if is_expected && !operation.answers(status) {
            say(format!("it does not say that it may answer {status}"));
        }
    }
    for (status, response) in operation.value["responses"].as_object().into_iter().flatten() {
        if text(response, "description").is_empty() {
            say(format!("its {status} is not described"));
        }
        if status.starts_with(['4', '5']) {
            let kinds: Vec<&String> = response["content"].as_object().into_iter().flat_map(Map::keys).collect();
            let schema = resolve(document, &response["content"][PROBLEM]["schema"]);
            let members = ["type", "title", "status", "detail", "errors"];
            if kinds != [PROBLEM] || !members.iter().all(|member| schema["properties"].get(member).is_some()) {
                say(format!("its {status} is no problem"));
            }
        }
    }
    for status in [429, 503, 507] {
        let retry_after = &operation.value["responses"][status.to_string()]["headers"]["Retry-After"];
        if operation.answers(status) && retry_after.is_null() {
            say(format!("its {status} has no Retry-After"));
        }
    }
}

pub(super) fn success(operation: &Operation<'_>, document: &Value, say: &mut impl FnMut(String)) {
    let good: Vec<&String> = operation.value["responses"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|status| status.starts_with('2'))
        .collect();
    let expected: &[&str] = match operation.method {
        "delete" => &["204"],
        "post" | "put" => &["200", "201"],
        _ => &["200"],
    };
    // What is put under a name is made there, or takes the place of what was: that is two answers.
    let is_one = good.len() == 1 || (operation.method == "put" && good.len() == 2);
    let Some(first) = good.first().filter(|_| is_one) else { return say("it has not one good answer".into()) };
    for status in &good {
        if !expected.contains(&status.as_str()) {
            say(format!("{status} is not a good answer to its method"));
        }
        let header = |name: &str| operation.value["responses"][status.as_str()]["headers"].get(name).is_some();
        if status.as_str() == "201" && !(header("Location") && header("ETag")) {
            say("its 201 has no Location or no ETag".into());
        }
        let has_version = operation.method == "put" || changes_an_item(operation);
        if has_version && operation.method != "delete" && !header("ETag") {
            say("its answer has no ETag".into());
        }
    }
    let response = &operation.value["responses"][first.as_str()];
    if operation.id().starts_with("list_") {
        let page = resolve(document, &response["content"]["application/json"]["schema"]);
        let has_members =
            page["properties"]["items"]["type"] == "array" && page["properties"]["next"]["nullable"] == true;
        let are_certain = ["items", "next"]
            .iter()
            .all(|name| page["required"].as_array().is_some_and(|required| required.iter().any(|item| item == name)));
        if !(has_members && are_certain) {
            say("its answer is not items and next".into());
        }
        for name in ["limit", "cursor"] {
            if operation.parameter("query", name).is_none() {
                say(format!("the list takes no `{name}`"));
            }
        }
    }
}
