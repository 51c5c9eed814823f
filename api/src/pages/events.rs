//! What happened, as people read it: the events of the audit trail, in a history and on the trail's own page.
//!
//! A heading says what was done, and to what, by name; below it stands what changed, without what only programs need;
//! and the record itself, ids and all, is there to be opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use diligence_entities::{
    api_key, assessment,
    audit::{self, AuditEvent, AuditEventFilter},
    clock::{Day, Moment},
    decision::DecisionOutcome,
    dependency, draft,
    error::Error,
    evidence,
    id::SubjectId,
    identity_provider, incident, invitation, questionnaire, register, respondent_link, risk,
    scope::Reader,
    stored::{Json, from_word},
    supplier::Money,
    translation, user,
};
use diligence_questionnaires::EvidenceKind;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{format, page::Refusal};
use crate::document;

/// How many characters of a value are shown, and of a record.
const LONGEST_VALUE: usize = 300;
const LONGEST_RECORD: usize = 20_000;

/// Something that happened, as one reads it.
pub(super) struct Event {
    /// Its place in the organisation's trail.
    pub(super) sequence: i64,
    pub(super) when: String,
    pub(super) who: String,
    pub(super) what: String,
    /// What changed: the field, before, after.
    pub(super) changes: Vec<(String, String, String)>,
    /// The record itself.
    pub(super) record: String,
    /// Whether the record is too long to be shown whole.
    pub(super) is_cut: bool,
}

impl Event {
    /// These events, as one reads them; on the page of `subject`, if that is where.
    pub(super) async fn all(
        reader: &Reader,
        events: Vec<AuditEvent>,
        subject: Option<&SubjectId>,
    ) -> Result<Vec<Self>, Refusal> {
        let names = Names::of(reader, &events).await?;
        Ok(events.into_iter().map(|event| Self::of(event, &names, subject)).collect())
    }

    fn of(event: AuditEvent, names: &Names, subject: Option<&SubjectId>) -> Self {
        let record = serde_json::to_string_pretty(&event).unwrap_or_default();
        let is_cut = record.chars().nth(LONGEST_RECORD).is_some();
        Self {
            sequence: event.sequence,
            when: format::moment(event.at),
            what: heading(&event, names, subject),
            changes: changes(&event.noun, &side(event.before.as_ref()), &side(event.after.as_ref()), names),
            who: event.actor_name,
            record: if is_cut { record.chars().take(LONGEST_RECORD).chain(['…']).collect() } else { record },
            is_cut,
        }
    }
}

type Fields = Map<String, Value>;

fn side(side: Option<&Json<Value>>) -> Fields {
    side.and_then(|side| side.0.as_object().cloned()).unwrap_or_default()
}

/// What an event itself says of the thing, as it became; of one that is gone, as it was.
fn own(event: &AuditEvent) -> Fields {
    let mut fields = side(event.before.as_ref());
    fields.extend(side(event.after.as_ref()));
    fields
}

/// The supplier or product that an event is about.
fn subject_of(event: &AuditEvent) -> Option<SubjectId> {
    let product = event.product_id.clone().map(SubjectId::Product);
    product.or_else(|| event.supplier_id.clone().map(SubjectId::Supplier)).or_else(|| event.item_id.parse().ok())
}

/// What the things are called that events are about.
#[derive(Default)]
struct Names {
    /// By id: what is known of things whose events do not say what they are called.
    things: BTreeMap<String, Fields>,
    subjects: BTreeMap<SubjectId, String>,
    /// Questionnaires by their keys.
    titles: BTreeMap<String, String>,
}

impl Names {
    /// One look for each thing that no event on the page names, one for all suppliers and products, and one for all
    /// questionnaires.
    async fn of(reader: &Reader, events: &[AuditEvent]) -> Result<Self, Refusal> {
        let mut names = Self::default();
        let mut asked = BTreeSet::new();
        for event in events {
            let fields = own(event);
            if is_named(&event.noun, &fields) {
                // The newest event comes first, and what was called otherwise later is called so before too.
                names.things.entry(event.item_id.clone()).or_insert(fields);
            }
        }
        for event in events {
            if !names.things.contains_key(&event.item_id) && asked.insert(event.item_id.clone()) {
                let found = match found(reader, &event.item_id).await? {
                    None if event.action != "create" && has_name(&event.noun) => {
                        last_seen(reader, &event.item_id).await?
                    }
                    found => found,
                };
                names.things.extend(found.map(|fields| (event.item_id.clone(), fields)));
            }
        }
        let ids = names.things.values().filter_map(|fields| fields.get("rests_on_id")?.as_str()?.parse().ok());
        let ids: BTreeSet<SubjectId> = events.iter().filter_map(subject_of).chain(ids).collect();
        names.subjects =
            register::lines(reader, ids).await?.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
        let own: Vec<Fields> = events.iter().map(own).collect();
        let keys = names
            .things
            .values()
            .chain(&own)
            .filter_map(|fields| Some(fields.get("questionnaire")?.as_str()?.to_owned()));
        names.titles = questionnaire::titles(reader, keys.collect::<BTreeSet<_>>()).await?;
        Ok(names)
    }

    /// What a field holds, as the event says, or else as is known of the thing.
    fn text<'a>(&'a self, event: &AuditEvent, own: &'a Fields, field: &str) -> Option<&'a str> {
        own.get(field).or_else(|| self.things.get(&event.item_id)?.get(field))?.as_str().filter(|text| !text.is_empty())
    }

    /// What a questionnaire is called.
    fn title<'a>(&'a self, key: &'a str) -> &'a str {
        self.titles.get(key).map_or(key, String::as_str)
    }
}

/// The fields that tell what a thing is.
fn telling(noun: &str) -> &'static [&'static str] {
    match noun {
        "evidence" | "dependency" => &["kind"],
        "assessment" => &["questionnaire"],
        "risk" | "incident" | "questionnaire" | "translation" => &["title"],
        "user" | "invitation" => &["name", "email"],
        "respondent_link" => &["contact_name"],
        "settlement" => &["why"],
        "import" => &["file_name"],
        "merger" => &["other_name"],
        "list_entry" => &["name"],
        "supplier" | "product" | "api_key" | "draft" | "identity_provider" | "organisation" | "recipe" => &["name"],
        _ => &[],
    }
}

/// Whether a thing is called something.
fn has_name(noun: &str) -> bool {
    !telling(noun).is_empty()
}

/// Whether these fields tell what the thing is. A changed piece of evidence may name its new kind alone: then it must
/// be looked for.
fn is_named(noun: &str, fields: &Fields) -> bool {
    let is_whole = fields.contains_key("created_at") || !matches!(noun, "evidence" | "dependency");
    is_whole && telling(noun).iter().any(|field| fields.get(*field).is_some_and(Value::is_string))
}

/// What there is by this id, where an event of such a thing does not say what it is called.
async fn found(reader: &Reader, id: &str) -> Result<Option<Fields>, Error> {
    macro_rules! look {
        ($($module:ident)*) => {$(
            if let Ok(id) = id.parse() {
                return fields($module::read(reader, &id).await);
            }
        )*};
    }
    look!(risk evidence incident assessment dependency api_key invitation respondent_link identity_provider draft translation user);
    Ok(None)
}

fn fields(read: Result<impl Serialize, Error>) -> Result<Option<Fields>, Error> {
    match read {
        Ok(item) => Ok(serde_json::to_value(item).ok().and_then(|item| item.as_object().cloned())),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

/// What something was that is there no more.
async fn last_seen(reader: &Reader, id: &str) -> Result<Option<Fields>, Error> {
    let filter = AuditEventFilter {
        item_id: Some(id.to_owned()),
        action: Some("delete".into()),
        limit: Some(1),
        ..AuditEventFilter::default()
    };
    Ok(audit::list(reader, &filter).await?.items.first().map(own))
}

// ---------------------------------------------------------------- the heading

/// What was done and to what: `Risk entered: No outside test for two years`.
fn heading(event: &AuditEvent, names: &Names, here: Option<&SubjectId>) -> String {
    let own = own(event);
    let mut parts = vec![name(event, &own, names)];
    // Whose it is, where it has no name of its own to know it by, and the page does not say.
    if matches!(event.noun.as_str(), "assessment" | "answers" | "decision" | "review" | "settlement") {
        let subject = subject_of(event).filter(|subject| Some(subject) != here);
        parts.push(subject.and_then(|subject| names.subjects.get(&subject).cloned()));
    }
    if event.noun == "review" && ["create", "derive", "trigger", "reschedule"].contains(&event.action.as_str()) {
        parts
            .push(own.get("due_on").and_then(Value::as_str).and_then(|text| text.parse::<Day>().ok()).map(format::day));
    }
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let done = done(&event.action, &event.noun);
    if parts.is_empty() { done } else { format!("{done}: {}", parts.join(", ")) }
}

/// What the thing is called, if it is called something.
fn name(event: &AuditEvent, own: &Fields, names: &Names) -> Option<String> {
    let text = |field: &str| names.text(event, own, field);
    let of_subject = || names.subjects.get(&event.item_id.parse().ok()?).cloned();
    if event.action == "export" {
        // A list is taken as a file; anything else has an id, or two words.
        return (event.item_id != event.noun && !is_id(&event.item_id)).then(|| event.item_id.clone());
    }
    match event.noun.as_str() {
        "operation" => Some(format::without_underscores(&event.item_id)),
        "evidence" => {
            let kind = text("kind").map(|kind| {
                from_word::<EvidenceKind>(kind).map_or_else(|| format::label(&kind), |kind| kind.title().to_owned())
            })?;
            Some(text("reference").map_or(kind.clone(), |reference| format!("{kind} {reference}")))
        }
        "dependency" => {
            let kind = text("kind").map(|kind| format::label(&kind));
            let on = text("rests_on_id").and_then(|id| names.subjects.get(&id.parse().ok()?).cloned());
            let parts: Vec<String> = [on, kind].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        "assessment" | "answers" => text("questionnaire").map(|key| names.title(key).to_owned()),
        "decision" => {
            let outcome = text("outcome").map(|outcome| {
                from_word::<DecisionOutcome>(outcome)
                    .map_or_else(|| format::label(&outcome), |outcome| format::outcome(outcome).to_owned())
            });
            let title = text("questionnaire").map(|key| names.title(key).to_owned());
            let parts: Vec<String> = [outcome, title].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        "questionnaire" => {
            let title =
                text("title").map(str::to_owned).or_else(|| (!is_id(&event.item_id)).then(|| event.item_id.clone()))?;
            Some(text("edition").map_or(title.clone(), |edition| format!("{title}, edition {edition}")))
        }
        "translation" => text("title").map(|title| {
            text("language")
                .map_or_else(|| title.to_owned(), |language| format!("{title}, {}", format::language(language)))
        }),
        "supplier" | "product" => text("name").map(str::to_owned).or_else(of_subject),
        "merger" => text("other_name").map(str::to_owned),
        "review" | "session" | "policy" | "sign_in_policy" | "retention" | "person" | "twin" => None,
        _ => ["title", "name", "contact_name", "email", "reference", "text"]
            .into_iter()
            .find_map(text)
            .map(str::to_owned),
    }
}

/// A noun, as people say it.
fn thing(noun: &str) -> String {
    match noun {
        "api_key" => "Key".into(),
        "respondent_link" => "Link for the supplier".into(),
        "retention" => "Retention periods".into(),
        "sign_in_policy" => "Rules for signing in".into(),
        "user" => "Person".into(),
        "sheet" => "Sheet of questions".into(),
        other => format::label(&other),
    }
}

/// What was done, in the past tense.
fn done(action: &str, noun: &str) -> String {
    let whole = match (action, noun) {
        ("sign_in", "session") => "Signed in",
        ("begin_sign_in", "session") => "Password given, code asked for",
        ("sign_out", "session") => "Signed out",
        ("revoke", "session") => "Session ended",
        ("switch_organisation", "session") => "Went to another organisation",
        ("sign_in_failed", _) => "Sign-in failed",
        ("change_password", _) => "Password changed",
        ("reset_password", _) => "Password reset link created",
        ("enrol_mfa", _) => "Second factor begun",
        ("confirm_mfa", _) => "Second factor set up",
        ("disable_mfa", _) => "Second factor removed",
        ("reset_mfa", _) => "Second factor taken away",
        ("renew_recovery_codes", _) => "Recovery codes made anew",
        ("link_identity", _) => "Identity provider linked to person",
        ("tie_identity", _) => "Person tied to what an identity provider calls them",
        ("untie_identity", _) => "Person untied from what an identity provider calls them",
        ("create", "user") => "Person added",
        ("delete", "user") => "Person taken out",
        ("change_secret", "identity_provider") => "Secret of identity provider changed",
        ("try", "identity_provider") => "Identity provider tried",
        ("create_sample", _) => "Sample register made",
        ("back_up", _) => "Backup of everything made",
        ("restore", "organisation") => "Everything put back from a backup",
        ("import", "register") => "Whole register brought in from elsewhere",
        ("upgrade", "organisation") => "Worked out anew by the rules of a new version",
        ("apply", "retention") => "What was kept long enough deleted",
        ("forbid", _) => "Not allowed",
        ("export", "due_item") => "List exported (what is due)",
        ("export", "person") => "What is kept of a person taken as a copy",
        ("export", "register") => "Register exported",
        ("export", "answers" | "evidence" | "history") => return format!("{} exported", thing(noun)),
        ("export", "sheet" | "receipt" | "questionnaire") => return format!("{} taken as a copy", thing(noun)),
        ("export", _) => return format!("List exported ({})", thing(noun).to_lowercase()),
        ("merge", "merger") => "Another one merged into it",
        ("undo", "merger") => "Merger undone",
        ("merge", "supplier" | "product") => "Merged",
        ("undo", "supplier" | "product") => "Two again",
        ("tell_apart", "twin") => "Told apart from one of the same name",
        ("erase", "supplier") => "Contact of supplier erased",
        ("expire", "supplier") => "Contacts of supplier deleted, kept long enough",
        ("meet_condition", _) => "Condition of decision met",
        ("finish_action", _) => "Action on risk done",
        ("create", "import") => "File for an import kept",
        ("apply", "import") => "File imported",
        ("undo", "import") => "Import undone",
        ("renew", "supplier") => "Contract renewed",
        ("leave", "supplier") => "Supplier to be left",
        ("create", "settlement") => "Settled what was due",
        ("go_stale", _) => "Decision out of date",
        ("band", "risk") => "Risk called otherwise by the policy",
        ("refresh", "published_list") => "Published list looked at",
        ("create", "list_entry") => "Found on a published list",
        ("change", "list_entry") => "A published list says something else",
        ("leave", "list_entry") => "No longer on a published list",
        ("end", "evidence") => "Evidence ends on another day by the policy",
        _ => "",
    };
    if !whole.is_empty() {
        return whole.into();
    }
    let verb = match action {
        "create" => match noun {
            "supplier" | "product" | "evidence" | "risk" | "incident" | "dependency" => "entered",
            "assessment" | "draft" => "started",
            "review" => "planned",
            "questionnaire" => "published",
            "translation" | "identity_provider" => "added",
            _ => "made",
        },
        "accept" => "accepted",
        "answer" if noun == "answers" => "given",
        "answer" => "answered",
        "approve" => "approved",
        "archive" => "archived",
        "change" => "changed",
        "close" => "closed",
        "complete" => "completed",
        "confirm" => "confirmed",
        "delete" => "deleted",
        "delete_file" => "without its file",
        "derive" => "worked out anew",
        "erase" => "erased",
        "expire" => "deleted, kept long enough",
        "fill_in" => "filled in from a sheet",
        "leave" => "left",
        "open" => "opened",
        "rate" => "rated",
        "refuse" => "refused",
        "reopen" => "opened again",
        "resend" => "sent again",
        "reschedule" => "moved",
        "restore" => "restored",
        "return" => "returned",
        "revoke" => "revoked",
        "rotate" => "rotated",
        "send" => "sent",
        "store_file" => "given a file",
        "submit" => "submitted",
        "supersede" => "superseded",
        "trigger" => "brought forward",
        other => return format!("{}, {}", thing(noun), format::without_underscores(other)),
    };
    format!("{} {verb}", thing(noun))
}

// ---------------------------------------------------------------- what changed

/// What differs, field by field, of what people read.
fn changes(noun: &str, before: &Fields, after: &Fields, names: &Names) -> Vec<(String, String, String)> {
    let order = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let side = |fields: &Fields, key: &str| fields.get(key).and_then(|value| said(noun, key, value, names)).map(short);
    let rows = order.filter(|key| !is_technical(key)).map(|key| (label(key), side(before, key), side(after, key)));
    let empty = || "–".to_owned();
    rows.filter(|(_, was, is)| was != is)
        .map(|(label, was, is)| (label, was.unwrap_or_else(empty), is.unwrap_or_else(empty)))
        .collect()
}

/// Whether a field is there for programs only.
fn is_technical(key: &str) -> bool {
    const NAMES: [&str; 12] = [
        "id",
        "version",
        "created_at",
        "updated_at",
        "sort_name",
        "search_text",
        "expiry_key",
        "current_rank",
        "document",
        "source",
        "sha256",
        "totp_step",
    ];
    NAMES.contains(&key) || ["_id", "_ids", "hash", "_hashes", "_secret"].iter().any(|end| key.ends_with(end))
}

fn label(key: &str) -> String {
    format::label(&key.replace('-', " "))
}

/// Whether a text is the id of something: three letters and 32 digits.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, rest)| {
        kind.len() == 3
            && kind.bytes().all(|byte| byte.is_ascii_lowercase())
            && rest.len() == 32
            && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The words that each field of each schema can hold: what is not among them was typed by somebody.
type Words = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The words of the interface, by schema and field; those of any schema under the empty name.
fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        document::build().map(|document| words_of(&document["components"]["schemas"])).unwrap_or_default()
    })
}

fn words_of(schemas: &Value) -> Words {
    let mut words = Words::new();
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let found: BTreeSet<String> =
                choices(schemas, property).filter_map(Value::as_str).map(str::to_owned).collect();
            words.entry(String::new()).or_default().entry(key.clone()).or_default().extend(found.iter().cloned());
            words.entry(name.clone()).or_default().insert(key.clone(), found);
        }
    }
    words
}

/// What a schema's enumeration lists: its own, or that of what it refers to or is a list of.
fn choices<'a>(schemas: &'a Value, schema: &'a Value) -> Box<dyn Iterator<Item = &'a Value> + 'a> {
    let referred =
        schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()).and_then(|name| schemas.get(name));
    let inner = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|join| schema[join].as_array().into_iter().flatten());
    let inner = inner.chain(schema.get("items")).chain(referred).flat_map(|inner| choices(schemas, inner));
    Box::new(schema["enum"].as_array().into_iter().flatten().chain(inner))
}

/// Whether a text at this field of such a thing is a word of the interface: one of those that its schema lists. Of an
/// answer's value no schema knows: what has letters only is an option's key.
fn is_word(noun: &str, key: &str, text: &str) -> bool {
    if key == "value" {
        return text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    }
    let schema: String = noun.split('_').map(format::capital).collect();
    let own = words().get(&schema).and_then(|fields| fields.get(key));
    own.or_else(|| words().get("")?.get(key)).is_some_and(|known| known.contains(text))
}

/// A value, as people say it; nothing where there is none.
fn said(noun: &str, key: &str, value: &Value, names: &Names) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(is) => Some(if *is { "Yes" } else { "No" }.into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.trim().is_empty() || is_id(text) => None,
        Value::String(text) => Some(if key == "questionnaire" {
            names.title(text).to_owned()
        } else if let Ok(day) = text.parse::<Day>() {
            format::day(day)
        } else if let Some(moment) = text.contains('T').then(|| text.parse::<Moment>().ok()).flatten() {
            format::moment(moment)
        } else if is_word(noun, key, text) {
            format::label(text)
        } else {
            text.clone()
        }),
        Value::Array(values) => {
            let said: Vec<String> = values.iter().filter_map(|value| said(noun, key, value, names)).collect();
            let between = if values.iter().any(Value::is_object) { "; " } else { ", " };
            (!said.is_empty()).then(|| said.join(between))
        }
        Value::Object(fields) => {
            if let Ok(money) = serde_json::from_value::<Money>(value.clone()) {
                return Some(format::money(&money));
            }
            let pairs = fields.iter().filter(|(name, _)| !is_technical(name)).filter_map(|(name, value)| {
                let said = said(noun, name, value, names)?;
                // An answer is what it says.
                Some(if name == "value" { said } else { format!("{}: {said}", label(name)) })
            });
            let pairs: Vec<String> = pairs.collect();
            (!pairs.is_empty()).then(|| pairs.join(", "))
        }
    }
}

fn short(text: String) -> String {
    if text.chars().count() > LONGEST_VALUE {
        text.chars().take(LONGEST_VALUE - 1).chain(['…']).collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(before: Value, after: Value) -> Vec<(String, String, String)> {
        changes(
            "review",
            before.as_object().expect("an object"),
            after.as_object().expect("an object"),
            &Names::default(),
        )
    }

    #[test]
    fn what_changed_is_said_as_people_say_it_and_what_programs_need_is_left_out() {
        let id = "rev_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c";
        let before = json!({ "due_on": "2027-03-03", "triggers": [{ "kind": "cadence", "detail": "every 6 months", "due_on": "2027-03-03" }], "version": 1, "notes": null });
        let after = json!({
            "id": id, "due_on": "2027-04-03", "triggers": [{ "kind": "evidence_expiry", "detail": "x", "due_on": "2027-04-03" }], "version": 2, "notes": "", "subject_id": id,
            "submitted_at": "2027-11-26T09:09:04.311482Z", "updated_at": "2027-11-26T09:09:04Z", "replaced_by": id, "answered_by": [id], "completed_at": null, "secret_hash": "ab",
            "is_enabled": false, "data_locations": ["GB", "IE"], "amount": 3, "value": { "amount_minor": 1_234_550, "currency": "GBP" }, "name": "acme_ltd",
        });
        let expected = [
            ("Due on", "3 March 2027", "3 April 2027"),
            (
                "Triggers",
                "Kind: Cadence, Detail: every 6 months, Due on: 3 March 2027",
                "Kind: Evidence expiry, Detail: x, Due on: 3 April 2027",
            ),
            ("Submitted at", "–", "26 November 2027 at 09:09 UTC"),
            ("Is enabled", "–", "No"),
            ("Data locations", "–", "GB, IE"),
            ("Amount", "–", "3"),
            ("Value", "–", "£12,345.50"),
            ("Name", "–", "acme_ltd"),
        ];
        assert_eq!(
            rows(before, after),
            expected.map(|(field, was, is)| (field.to_owned(), was.to_owned(), is.to_owned()))
        );
        assert_eq!(rows(json!({ "version": 1, "notes": null }), json!({ "version": 2, "notes": "", "id": id })), []);
        assert_eq!(rows(json!({}), json!({ "notes": "x".repeat(400) }))[0].2.chars().count(), 300);
        assert_eq!(
            rows(json!({}), json!({ "mfa": { "value": "yes", "comment": "because", "evidence_ids": [id] } })),
            [("MFA".into(), "–".into(), "Yes, Comment: because".into())]
        );
    }

    #[test]
    fn what_somebody_typed_stands_as_they_typed_it_even_where_it_looks_like_a_word_of_the_interface() {
        let said = |noun: &str, field: &str, text: &str| {
            let after = json!({ field: text });
            changes(noun, &Fields::new(), after.as_object().expect("an object"), &Names::default()).remove(0).2
        };
        for (noun, field) in [
            ("product", "product_version"),
            ("supplier", "tier_override_reason"),
            ("assessment", "return_comment"),
            ("risk", "owner"),
            ("dependency", "description"),
        ] {
            assert_eq!([said(noun, field, "v2"), said(noun, field, "beta_3")], ["v2", "beta_3"], "{noun} {field}");
        }
        assert_eq!(said("product", "kind", "ai_system"), "AI system");
        assert_eq!(said("supplier", "status", "exiting"), "Exiting");
    }

    #[test]
    fn what_was_done_is_said_in_the_past_and_a_verb_that_nobody_thought_of_too() {
        let told = [
            ("create", "risk"),
            ("submit", "assessment"),
            ("derive", "review"),
            ("rotate", "api_key"),
            ("forbid", "operation"),
            ("sign_in", "session"),
            ("go_stale", "decision"),
        ];
        let expected = [
            "Risk entered",
            "Assessment submitted",
            "Review worked out anew",
            "Key rotated",
            "Not allowed",
            "Signed in",
            "Decision out of date",
        ];
        assert_eq!(told.map(|(action, noun)| done(action, noun)), expected);
        assert_eq!(done("put_aside", "identity_provider"), "Identity provider, put aside");
    }
}
