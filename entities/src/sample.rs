//! The sample register: an invented care provider with suppliers, products and a history, to look around in.
//!
//! It is an organisation of its own, so that nothing invented ever stands beside what is real. Its history is lived day
//! by day through the same operations as any other, by people who do not exist.

use std::collections::BTreeMap;

use diligence_questionnaires::{Answer, Answers, EvidenceKind, Points, Question, QuestionType};
use schemars::JsonSchema;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    assessment::{self, AnswerChange, NewAssessment, NewPoints, PointsChange, Return},
    audit,
    clock::Day,
    decision::NewDecision,
    dependency::{self, NewDependency},
    error::Error,
    evidence::{self, NewEvidence},
    id::{AssessmentId, EvidenceId, OrganisationId, ProductId, RiskId},
    incident::{self, NewIncident},
    invitation,
    organisation::Organisation,
    patch::Change,
    product::{self, NewProduct},
    questionnaire, register,
    risk::{self, NewAcceptance, NewRisk},
    role::Role,
    scope::{Actor, Scope, Store, Writer},
    session::{Method, Person},
    supplier::{self, NewSupplier},
};

/// What happened, and what is usually answered.
const STORY: &str = include_str!("sample/register.json");
/// How many samples of the same name there can be.
const MAXIMUM_SAMPLES: usize = 1000;

/// The sample register that was made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SampleRegister {
    /// The organisation that has it.
    pub organisation_id: OrganisationId,
    /// What it is called.
    pub organisation_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    organisation: String,
    /// What is said where an answer asks why.
    why: String,
    /// Answers that no choice gives, by question key.
    usual: BTreeMap<String, Value>,
    days: Vec<DayOfIt>,
}

/// A day, counted from today, and what someone did on it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayOfIt {
    day: i64,
    by: String,
    acts: Vec<Map<String, Value>>,
}

/// What was entered, under the name by which the story knows it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<T> {
    #[serde(default)]
    called: String,
    is: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    called: String,
    of: crate::id::SubjectId,
    questionnaire: String,
    /// How good the answers are, 0 to 100.
    level: u8,
    #[serde(default)]
    evidence: Vec<EvidenceId>,
    /// Answers that are different.
    #[serde(default)]
    answers: Answers,
    /// How many questions were answered so far; all of them if not said.
    first: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submitted {
    assessment: AssessmentId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approved {
    assessment: AssessmentId,
    /// What a text is worth.
    #[serde(default)]
    points: u8,
    #[serde(default)]
    with: NewDecision,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returned {
    assessment: AssessmentId,
    with: Return,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    risk: RiskId,
    with: NewAcceptance,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangedProduct {
    product: ProductId,
    to: Map<String, Value>,
}

/// Makes the sample register of someone who is signed in: an organisation of its own, of which they are an
/// administrator.
///
/// # Errors
/// [`Error::Conflict`] where they have one already; [`Error::Forbidden`] for someone whom an identity provider vouches
/// for, which it does nowhere else.
pub async fn create_own(store: &Store, person: &Person, request_id: Option<String>) -> Result<SampleRegister, Error> {
    if person.session.method.0 == Method::Provider {
        return Err(Error::Forbidden(
            "you signed in through your organisation's identity provider, which is valid for that organisation only: sign in with a password to create a sample register"
                .into(),
        ));
    }
    if store.places_of_anyone(&person.user.id).await?.iter().any(|place| place.organisation.is_sample) {
        return Err(Error::conflict(
            "duplicate",
            "you have a sample register already: switch to it on the page of your account",
        ));
    }
    let made = create(store).await?;
    let actor = Actor { id: person.user.id.to_string(), name: person.user.name.clone() };
    let scope = Scope { organisation_id: made.id.clone(), actor, role: Role::Admin, request_id: request_id.clone() };
    let writer = store.write(&scope).await?;
    invitation::add_member(&writer, &person.user, Role::Admin).await?;
    writer.save().await?;
    audit::record(store, &person.scope(request_id), "create_sample", "organisation", made.id.as_str(), None).await?;
    Ok(SampleRegister { organisation_id: made.id, organisation_name: made.name })
}

/// Makes a sample register that nobody belongs to yet: for the person at the console.
///
/// # Errors
/// [`Error::Conflict`] when there are too many already.
pub async fn create(store: &Store) -> Result<Organisation, Error> {
    let story: Story = serde_json::from_str(STORY).map_err(broken)?;
    let today = store.clock().now();
    let at = |day: i64| store.at(today.plus_hours(24 * day));
    let organisation = found(&at(story.days.first().map_or(0, |day| day.day)), &story.organisation).await?;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for day in &story.days {
        let actor = Actor { id: format!("sample_{}", day.by.to_lowercase().replace(' ', "_")), name: day.by.clone() };
        let scope = Scope { organisation_id: organisation.id.clone(), actor, role: Role::Admin, request_id: None };
        let writer = at(day.day).write(&scope).await?;
        for act in &day.acts {
            for (verb, what) in act {
                let what = named(what, today.day(), &names);
                if let Some((called, id)) = live(&writer, &story, today.day(), verb, what).await? {
                    names.insert(called, id);
                }
            }
        }
        writer.save().await?;
    }
    let scope = Scope {
        organisation_id: organisation.id.clone(),
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
    };
    let writer = store.write(&scope).await?;
    // What was true on those days may not be today.
    register::refresh_all(&writer).await?;
    writer.save().await?;
    Ok(organisation)
}

/// A new organisation that is a sample, under the first name that is free.
async fn found(store: &Store, name: &str) -> Result<Organisation, Error> {
    for number in 1..=MAXIMUM_SAMPLES {
        let name = if number == 1 { format!("{name} (sample)") } else { format!("{name} (sample {number})") };
        if store.organisation_by_name(&name).await?.is_none() {
            return store.found_organisation(&name, true).await;
        }
    }
    Err(Error::conflict("too_many", "there are too many sample registers here already"))
}

/// Replaces placeholders in `what`: `$harbour` becomes the id of the item named `harbour`, `@-7` the day a week ago.
fn named(what: &Value, today: Day, names: &BTreeMap<String, String>) -> Value {
    match what {
        Value::String(text) => {
            Value::String(match (text.strip_prefix('$'), text.strip_prefix('@').and_then(|days| days.parse().ok())) {
                (Some(name), _) => names.get(name).cloned().unwrap_or_default(),
                (None, Some(days)) => today.plus_days(days).to_string(),
                (None, None) => text.clone(),
            })
        }
        Value::Array(items) => items.iter().map(|item| named(item, today, names)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), named(value, today, names))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The story is part of the program: what is wrong with it is for whoever keeps the program.
fn broken(why: impl std::fmt::Display) -> Error {
    Error::Database(DbErr::Custom(format!("the sample register cannot be created: {why}")))
}

fn read<T: DeserializeOwned>(what: Value) -> Result<T, Error> {
    serde_json::from_value(what).map_err(broken)
}

/// Does one thing of the story; gives what it is called and its id where something was entered.
async fn live(
    writer: &Writer,
    story: &Story,
    today: Day,
    verb: &str,
    what: Value,
) -> Result<Option<(String, String)>, Error> {
    Ok(match verb {
        "supplier" => {
            let Entry { called, is } = read::<Entry<NewSupplier>>(what)?;
            Some((called, supplier::create(writer, is).await?.id.to_string()))
        }
        "product" => {
            let Entry { called, is } = read::<Entry<NewProduct>>(what)?;
            Some((called, product::create(writer, is).await?.id.to_string()))
        }
        "evidence" => {
            let Entry { called, is } = read::<Entry<NewEvidence>>(what)?;
            Some((called, evidence::create(writer, is).await?.id.to_string()))
        }
        "risk" => {
            let Entry { called, is } = read::<Entry<NewRisk>>(what)?;
            Some((called, risk::create(writer, is).await?.id.to_string()))
        }
        "dependency" => {
            dependency::create(writer, read::<Entry<NewDependency>>(what)?.is).await?;
            None
        }
        "incident" => {
            incident::create(writer, read::<Entry<NewIncident>>(what)?.is).await?;
            None
        }
        "change_product" => {
            let ChangedProduct { product, to } = read(what)?;
            let version = product::read(writer, &product).await?.version;
            product::change(writer, &product, version, Change::new(to)).await?;
            None
        }
        "assessment" => Some(ask(writer, story, today, read(what)?).await?),
        "submit" => {
            let Submitted { assessment } = read(what)?;
            assessment::submit(writer, &assessment, version(writer, &assessment).await?).await?;
            None
        }
        "return" => {
            let Returned { assessment, with } = read(what)?;
            assessment::give_back(writer, &assessment, version(writer, &assessment).await?, with).await?;
            None
        }
        "approve" => {
            let Approved { assessment, points, with } = read(what)?;
            let texts = assessment::progress(writer, &assessment).await?.awaiting_review;
            if !texts.is_empty() {
                let points = texts.into_iter().map(|key| (key, Some(NewPoints { points, reason: None }))).collect();
                assessment::rate(writer, &assessment, version(writer, &assessment).await?, PointsChange(points))
                    .await?;
            }
            assessment::approve(writer, &assessment, version(writer, &assessment).await?, with).await?;
            None
        }
        "accept" => {
            let Accepted { risk, with } = read(what)?;
            let version = risk::read(writer, &risk).await?.version;
            risk::accept(writer, &risk, version, with).await?;
            None
        }
        other => return Err(broken(format!("unknown step `{other}`"))),
    })
}

async fn version(writer: &Writer, id: &AssessmentId) -> Result<i64, Error> {
    Ok(assessment::read(writer, id).await?.version)
}

/// Asks a questionnaire and answers it.
async fn ask(writer: &Writer, story: &Story, today: Day, asked: Asked) -> Result<(String, String), Error> {
    let Asked { called, of, questionnaire, level, evidence, answers, first } = asked;
    let (_, edition) = questionnaire::for_use(writer, &questionnaire, None).await?;
    let started = assessment::start(
        writer,
        NewAssessment { questionnaire, subject_id: of, edition: None, carry_over: Some(false) },
    )
    .await?;
    let mut kinds = Vec::new();
    for id in evidence {
        let kind = evidence::read(writer, &id).await?.kind.0;
        kinds.push((kind, id.to_string()));
    }
    let given = edition.questions().take(first.unwrap_or(usize::MAX)).filter_map(|question| {
        let own = answers.get(&question.key).cloned();
        let usual = || story.usual.get(&question.key).map(|value| named(value, today, &BTreeMap::new()));
        Some((
            question.key.clone(),
            Some(own.or_else(|| answer(question, level, usual().as_ref(), &kinds, &story.why))?),
        ))
    });
    let given = AnswerChange(given.collect());
    assessment::answer(writer, &started.id, started.version, given).await?;
    Ok((called, started.id.to_string()))
}

/// The answer to a question that is worth as much as this, or nearly.
fn answer(
    question: &Question,
    level: u8,
    usual: Option<&Value>,
    evidence: &[(EvidenceKind, String)],
    why: &str,
) -> Option<Answer> {
    let level = i32::from(level);
    // Nearly is enough: what is left of a fraction makes no difference to the story.
    let whole = |points: Points| points.numerator() / i32::try_from(points.denominator()).unwrap_or(i32::MAX);
    let distance = |points: Points| (whole(points) - level).abs();
    let mut asks_why = false;
    let value = match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => {
            let chosen = question.options.iter().min_by_key(|option| distance(option.points))?;
            asks_why = chosen.ask_why;
            Value::String(chosen.value.clone())
        }
        QuestionType::MultipleChoice => {
            let is_scored = question.options.iter().any(|option| option.points > Points::ZERO);
            let mut sum = 0;
            let mut chosen: Vec<Value> = Vec::new();
            for option in question
                .options
                .iter()
                .filter(|option| !option.exclusive && (option.points > Points::ZERO || !is_scored))
            {
                if sum < level && (is_scored || chosen.is_empty()) {
                    sum += whole(option.points);
                    chosen.push(option.value.clone().into());
                }
            }
            chosen.into()
        }
        QuestionType::Number => {
            let band = question.bands.iter().min_by_key(|band| distance(band.points))?;
            match &band.at_least {
                Some(least) => serde_json::to_value(least).ok()?,
                None => {
                    question.minimum.as_ref().and_then(|least| serde_json::to_value(least).ok()).unwrap_or(0.into())
                }
            }
        }
        QuestionType::Date | QuestionType::Text => usual?.clone(),
        QuestionType::File => return None,
    };
    let fitting = evidence.iter().filter(|(kind, _)| question.evidence.kinds.contains(kind));
    Some(Answer {
        value: Some(value),
        comment: asks_why.then(|| why.to_owned()),
        evidence_ids: fitting.map(|(_, id)| id.clone()).collect(),
        not_applicable: None,
    })
}

#[cfg(test)]
mod tests {
    use diligence_questionnaires::Edition;

    use super::*;

    #[test]
    fn every_question_of_the_story_that_has_no_choices_has_a_usual_answer() {
        let story: Story = serde_json::from_str(STORY).expect("the story");
        let questions = diligence_questionnaires::library::editions().iter().flat_map(Edition::questions);
        let unanswered = questions.filter(|question| {
            matches!(question.kind, QuestionType::Date | QuestionType::Text) && !story.usual.contains_key(&question.key)
        });
        assert_eq!(unanswered.map(|question| question.key.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
