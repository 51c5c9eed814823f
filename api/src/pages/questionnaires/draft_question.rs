//! A question of one's own, added to an extension by a form, for whoever does not write its text.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    draft::{self, Additions},
    error::Error,
    id::DraftId,
};
use diligence_questionnaires::{
    Choice, EvidenceNeed, EvidenceRule, NotApplicable, Points, Question, QuestionType, Splice, extension::AddedQuestion,
};
use poem::{Request, http::StatusCode};

use super::drafts::{draft_href, number, word_of};
use crate::{
    auth::Editor,
    pages::{
        form::Form,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    problem::Problem,
};

/// How many options the form has room for; a question may have more in its text.
const OPTIONS: usize = 8;

const KINDS: [(&str, &str); 4] = [
    ("yes_no", "Yes or no"),
    ("single_choice", "One of several options"),
    ("multiple_choice", "Any of several options"),
    ("text", "Their own words (a reviewer gives the points)"),
];
const NOT_APPLYING: [(&str, &str); 3] = [
    ("no", "It may not: it always applies"),
    ("with_reason", "It may, with a reason"),
    ("without_reason", "It may, and nobody needs to say why"),
];
const NEEDS: [(&str, &str); 3] = [
    ("none", "None is asked for"),
    ("optional", "It is welcome"),
    ("needed", "It is needed: without it the answer is only a claim"),
];

#[derive(Template)]
#[template(path = "questionnaires/drafts/question.html")]
struct QuestionPage {
    frame: Frame,
    errors: Vec<FieldError>,
    additions: Additions,
    /// Which of the added questions it is; `None` for a new one.
    number: Option<usize>,
    version: i64,
    csrf: String,
    typed: BTreeMap<String, String>,
    /// Whether it is of a kind that the form has no fields for.
    is_beyond: bool,
    is_stale: bool,
}

impl QuestionPage {
    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.typed(name) == value
    }

    fn action(&self) -> String {
        let draft = draft_href(&self.additions.draft.id);
        self.number.map_or(format!("{draft}/questions/new"), |number| format!("{draft}/questions/{number}"))
    }

    fn option(&self, number: &usize, part: &str) -> &str {
        self.typed(&format!("option{number}-{part}"))
    }

    /// The questions of the base's sections, for it to stand after.
    fn places(&self) -> Vec<(String, String)> {
        let sections = self.additions.base.sections.iter();
        sections
            .flat_map(|section| {
                section
                    .questions
                    .iter()
                    .map(move |question| (question.key.clone(), format!("{}: {}", section.title, question.text)))
            })
            .collect()
    }
}

/// The additions of a draft; where they cannot be told, the draft's own page says why.
async fn additions(request: &Request, here: &SignedIn) -> Result<Additions, Refusal> {
    let id: DraftId = path_id(request)?;
    match draft::additions(&here.read(request).await?, &id).await {
        Ok(additions) => Ok(additions),
        Err(Error::Invalid(_) | Error::Conflict { .. }) => Err(Refusal::Elsewhere(draft_href(&id))),
        Err(other) => Err(other.into()),
    }
}

fn existing(additions: &Additions, number: Option<usize>) -> Result<Option<AddedQuestion>, Refusal> {
    match number {
        None => Ok(None),
        Some(number) => additions
            .questions
            .get(number)
            .cloned()
            .flatten()
            .map(Some)
            .ok_or_else(|| Refusal::Elsewhere(draft_href(&additions.draft.id))),
    }
}

/// The form: of a new question, or of one that was added before.
pub(super) async fn show(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let number = asked(request)?;
    let additions = additions(request, here).await?;
    let before = existing(&additions, number)?;
    let typed = before.as_ref().map_or_else(blank, written);
    page(here, additions, number, before.as_ref(), typed, Vec::new(), false)
}

/// Which question the address names; none where it is for a new one.
fn asked(request: &Request) -> Result<Option<usize>, Problem> {
    request.raw_path_param("number").map(|_| number(request)).transpose()
}

/// What the field of an option is called.
fn name_of(number: &usize, part: &str) -> String {
    format!("option{number}-{part}")
}

/// What a new question begins with.
fn blank() -> BTreeMap<String, String> {
    let pairs = [
        ("kind", "yes_no"),
        ("weight", "10"),
        ("evidence", "none"),
        ("may_not_apply", "no"),
        ("option1-points", "100"),
        ("option2-points", "0"),
        ("option1-label", "Yes"),
        ("option2-label", "No"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// What a form shows of a question.
fn written(added: &AddedQuestion) -> BTreeMap<String, String> {
    let question = &added.question;
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut typed = BTreeMap::from([
        ("section".to_owned(), added.section.clone()),
        ("was".to_owned(), question.key.clone()),
        ("after".to_owned(), added.after.clone().unwrap_or_default()),
        ("key".to_owned(), question.key.clone()),
        ("principle".to_owned(), question.principle.clone()),
        ("text".to_owned(), question.text.clone()),
        ("help".to_owned(), question.help.clone().unwrap_or_default()),
        ("kind".to_owned(), word(serde_json::json!(question.kind))),
        ("weight".to_owned(), question.weight.to_string()),
        ("evidence".to_owned(), word(serde_json::json!(question.evidence.need))),
        ("required".to_owned(), if question.required { "yes".to_owned() } else { String::new() }),
        ("may_not_apply".to_owned(), may_not_apply(question).to_owned()),
    ]);
    for (index, option) in question.options.iter().enumerate().take(OPTIONS) {
        let number = index + 1;
        typed.insert(format!("option{number}-value"), option.value.clone());
        typed.insert(format!("option{number}-label"), option.label.clone());
        typed.insert(format!("option{number}-points"), option.points.to_string());
        typed.insert(format!("option{number}-knock_out"), option.knock_out.clone().unwrap_or_default());
    }
    typed
}

fn page(
    here: &SignedIn,
    additions: Additions,
    number: Option<usize>,
    before: Option<&AddedQuestion>,
    typed: BTreeMap<String, String>,
    errors: Vec<FieldError>,
    is_stale: bool,
) -> PageResult {
    let status = match (is_stale, errors.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (_, false) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let page = QuestionPage {
        frame: here.frame(if number.is_some() { "Change a question" } else { "Add a question" }).at("/questionnaires"),
        errors,
        version: additions.draft.version,
        additions,
        number,
        csrf: here.csrf().to_owned(),
        typed,
        is_beyond: before.is_some_and(|before| is_beyond(&before.question)),
        is_stale,
    };
    Ok(html(status, &page)?)
}

/// Whether a question says more than the form has fields for: then its kind and its options stay as they are.
fn is_beyond(question: &Question) -> bool {
    matches!(question.kind, QuestionType::Number | QuestionType::Date | QuestionType::File)
        || question.options.len() > OPTIONS
}

/// Whether it may be said not to apply, as a word of [`NOT_APPLYING`].
fn may_not_apply(question: &Question) -> &'static str {
    match (question.may_be_not_applicable(), question.needs_reason_not_to_apply()) {
        (false, _) => "no",
        (true, true) => "with_reason",
        (true, false) => "without_reason",
    }
}

/// A key or a value made of words.
fn slug(text: &str) -> String {
    let spaced: String =
        text.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let slug: String = spaced.split_whitespace().take(6).collect::<Vec<_>>().join("_");
    slug.chars().take(50).collect::<String>().trim_end_matches('_').to_owned()
}

/// The question that a form says, on top of what it was before: what the form has no field for stays.
fn read(form: &Form, additions: &Additions, before: Option<&AddedQuestion>) -> Result<AddedQuestion, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, detail: &str| errors.push(FieldError::new(field, detail));
    let text = form.text("text");
    if text.is_empty() {
        wrong("text", "enter the question");
    } else if text.chars().count() > 4_000 {
        wrong("text", "enter a question of at most 4,000 characters");
    }
    let help = form.some("help");
    if help.as_ref().is_some_and(|help| help.chars().count() > 4_000) {
        wrong("help", "enter at most 4,000 characters");
    }
    let key = form.some("key").unwrap_or_else(|| format!("own_{}", slug(&text)));
    let is_key = key.len() <= 64 && key.starts_with(|first: char| first.is_ascii_lowercase());
    if !is_key || !key.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_') {
        wrong(
            "key",
            "enter a key of small letters, digits and underscores that begins with a letter, such as own_contact",
        );
    }
    let is_taken = additions.base.question(&key).is_some()
        || additions
            .questions
            .iter()
            .flatten()
            .any(|other| other.question.key == key && before.is_none_or(|before| before.question.key != key));
    if is_taken {
        wrong("key", "another question has this key already: enter another");
    }
    let after = form.some("after");
    let section = match &after {
        // It stands in the section of the question it follows.
        Some(after) => additions
            .base
            .sections
            .iter()
            .find(|section| section.questions.iter().any(|question| question.key == *after))
            .map(|section| section.key.clone()),
        None => additions
            .base
            .sections
            .iter()
            .find(|section| section.key == form.text("section"))
            .map(|section| section.key.clone()),
    };
    // What stands after another question of one's own stays there.
    let section =
        section.or_else(|| before.filter(|before| before.after == after).map(|before| before.section.clone()));
    if section.is_none() {
        wrong("section", "choose the section it stands in");
    }
    let principle = form.text("principle");
    if !additions.principles.iter().any(|(known, _)| *known == principle) {
        wrong("principle", "choose the principle it counts for");
    }
    let weight = form.text("weight").parse::<u16>().ok().filter(|weight| *weight <= 1_000);
    if weight.is_none() {
        wrong("weight", "enter a whole number from 0 to 1,000");
    }
    let kept = before.filter(|before| is_beyond(&before.question));
    let kind = kept.map(|before| before.question.kind).or_else(|| word_of::<QuestionType>(form, "kind"));
    let options = match (kept, kind) {
        (Some(before), _) => before.question.options.clone(),
        (None, Some(kind @ (QuestionType::YesNo | QuestionType::SingleChoice | QuestionType::MultipleChoice))) => {
            options(form, kind, before, &mut wrong)
        }
        (None, Some(_)) => Vec::new(),
        (None, None) => {
            wrong("kind", "choose how it is answered");
            Vec::new()
        }
    };
    let need = word_of::<EvidenceNeed>(form, "evidence").unwrap_or_default();
    let (Some(section), Some(weight), Some(kind), true) = (section, weight, kind, errors.is_empty()) else {
        return Err(errors);
    };
    let kinds = before
        .map(|before| before.question.evidence.kinds.clone())
        .filter(|_| need != EvidenceNeed::None)
        .unwrap_or_default();
    let not_applicable = word_of::<NotApplicable>(form, "may_not_apply").unwrap_or_default();
    let rest = before.map(|before| before.question.clone());
    let question = Question {
        key,
        principle,
        text,
        help,
        kind,
        weight,
        required: form.some("required").is_some(),
        not_applicable,
        evidence: EvidenceRule { need, kinds },
        options,
        show_if: rest.as_ref().and_then(|rest| rest.show_if.clone()),
        maps_to: rest.as_ref().map(|rest| rest.maps_to.clone()).unwrap_or_default(),
        bands: rest.as_ref().map(|rest| rest.bands.clone()).unwrap_or_default(),
        unit: rest.as_ref().and_then(|rest| rest.unit.clone()),
        minimum: rest.as_ref().and_then(|rest| rest.minimum),
        maximum: rest.as_ref().and_then(|rest| rest.maximum),
    };
    Ok(AddedQuestion { section, after, question })
}

/// The options, each with what it had besides.
fn options(
    form: &Form,
    kind: QuestionType,
    before: Option<&AddedQuestion>,
    wrong: &mut impl FnMut(&str, &str),
) -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    for number in 1..=OPTIONS {
        let part = |part: &str| form.text(&format!("option{number}-{part}"));
        let label = part("label");
        if label.is_empty() {
            continue;
        }
        if label.chars().count() > 300 {
            wrong(&format!("option{number}-label"), "enter at most 300 characters");
        }
        // Points run from -100 to 100, and only one of several can cost some.
        let within = |points: &Points| *points >= Points::ZERO || kind == QuestionType::MultipleChoice;
        let points = Points::from_typed(&part("points")).ok().filter(within);
        if points.is_none() {
            let range = match kind {
                QuestionType::MultipleChoice => "-100 to 100, below 0 where it costs points",
                _ => "0 to 100",
            };
            wrong(
                &format!("option{number}-points"),
                &format!("enter the points of \u{201c}{label}\u{201d}, {range}, such as 50, 53.33 or 33 1/3"),
            );
        }
        let mut value = match kind {
            // Their values are fixed, whatever they are called.
            QuestionType::YesNo => ["yes", "no"].get(found.len()).map(ToString::to_string).unwrap_or_default(),
            _ => form.some(&format!("option{number}-value")).unwrap_or_else(|| slug(&label)),
        };
        if value.is_empty() || found.iter().any(|other| other.value == value) {
            value = format!("option_{number}");
        }
        let old =
            before.and_then(|before| before.question.options.iter().find(|option| option.value == value)).cloned();
        let knock_out = form.some(&format!("option{number}-knock_out"));
        found.push(Choice {
            value,
            label,
            points: points.unwrap_or_default(),
            knock_out,
            ask_why: old.as_ref().is_some_and(|old| old.ask_why),
            exclusive: old.as_ref().is_some_and(|old| old.exclusive) && kind == QuestionType::MultipleChoice,
            finding: old.and_then(|old| old.finding),
        });
    }
    match kind {
        QuestionType::YesNo if found.len() != 2 => {
            wrong("option1-label", "a question of yes or no has two options: what yes says, and what no says")
        }
        QuestionType::SingleChoice if found.len() < 2 => wrong("option1-label", "enter at least two options"),
        _ if found.is_empty() => wrong("option1-label", "enter an option"),
        _ => {}
    }
    found
}

/// Adds a question, or changes one that was added before.
pub(super) async fn put(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let number = asked(request)?;
    let additions = additions(request, here).await?;
    let before = existing(&additions, number)?;
    // Another question may have its number by now.
    if before.as_ref().is_some_and(|before| before.question.key != form.text("was")) {
        return Err(Refusal::Elsewhere(draft_href(&additions.draft.id)));
    }
    let typed = form.pairs();
    let added = match read(&form, &additions, before.as_ref()) {
        Ok(added) => added,
        Err(errors) => return page(here, additions, number, before.as_ref(), typed, errors, false),
    };
    let splice = number.map_or(Splice::Add(&added), |number| Splice::Replace(number, &added));
    let version = form.version()?;
    match who.change(async |writer| draft::splice(writer, &additions.draft.id, version, splice).await).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=yes", draft_href(&additions.draft.id)))),
        Err(Error::Stale { .. }) => page(here, additions, number, before.as_ref(), typed, Vec::new(), true),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("text", &fault.detail)).collect();
            page(here, additions, number, before.as_ref(), typed, errors, false)
        }
    }
}

/// Takes a question out that was added.
pub(super) async fn remove(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, _) = who.parts();
    let (id, number): (DraftId, usize) = (path_id(request)?, number(request)?);
    let version = form.version()?;
    who.change(async |writer| draft::splice(writer, &id, version, Splice::Remove(number)).await).await?;
    Ok(redirect(&format!("{}?saved=yes", draft_href(&id))))
}
