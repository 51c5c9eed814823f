//! What moved between two assessments of the same subject, question by question, and why.
//!
//! Contributions sum exactly to the score shown, so their differences sum exactly to the change of the score shown:
//! nothing is left over that nobody can explain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::answer::{Answer, Answers, normalise_answer};
use crate::canonical;
use crate::edition::{Decimal, Edition, Points, Question, QuestionType};
use crate::score::{Contribution, EvidenceState, FrameworkScore, Outcome, QuestionState, Score};

/// How far a score moves: -100.0 to 100.0, exact to one decimal, above 0 when it rises. A JSON number such as `-12.5`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScoreChange(i32);

impl ScoreChange {
    /// 0.0
    pub const ZERO: Self = Self(0);

    /// The change by so many tenths; `None` outside -1,000 to 1,000.
    #[must_use]
    pub fn from_tenths(tenths: i32) -> Option<Self> {
        (-1_000..=1_000).contains(&tenths).then_some(Self(tenths))
    }

    /// How many tenths it has, -1,000 to 1,000.
    #[must_use]
    pub fn tenths(self) -> i32 {
        self.0
    }

    /// From one score to another, where no score counts as 0.
    #[must_use]
    pub fn between(before: Option<Score>, after: Option<Score>) -> Self {
        let tenths = |score: Option<Score>| score.map_or(0, tenths);
        Self(tenths(after) - tenths(before))
    }

    /// Only a result that no engine wrote reaches past the ends.
    fn capped(tenths: i32) -> Self {
        Self(tenths.clamp(-1_000, 1_000))
    }
}

fn tenths(score: Score) -> i32 {
    i32::try_from(score.tenths()).unwrap_or(1_000)
}

impl fmt::Display for ScoreChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.0 {
            ..0 => "-",
            0 => "",
            1.. => "+",
        };
        formatter.pad(&format!("{sign}{}.{}", self.0.abs() / 10, self.0.abs() % 10))
    }
}

impl Serialize for ScoreChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10.0)
    }
}

impl<'de> Deserialize<'de> for ScoreChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let thousandths = Decimal::deserialize(deserializer)?.thousandths();
        i32::try_from(thousandths)
            .ok()
            .filter(|thousandths| thousandths % 100 == 0)
            .and_then(|thousandths| Self::from_tenths(thousandths / 100))
            .ok_or_else(|| de::Error::custom("expected a number from -100 to 100 with at most one decimal place"))
    }
}

impl JsonSchema for ScoreChange {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ScoreChange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "How far a score moves: -100 to 100 with one decimal place, above 0 when it rises.",
            "minimum": -100,
            "maximum": 100
        })
    }
}

/// The points of one question, exactly, 0 to 100 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionPoints {
    /// At face value.
    #[schemars(extend("minimum" = 0))]
    pub claimed: Points,
    /// With evidence required.
    #[schemars(extend("minimum" = 0))]
    pub evidenced: Points,
}

impl QuestionPoints {
    /// The points of a question in a result; `None` when it does not count.
    #[must_use]
    pub fn of(contribution: &Contribution) -> Option<Self> {
        Some(Self { claimed: contribution.points_claimed?, evidenced: contribution.points_evidenced? })
    }
}

/// One assessment, to be held against another of the same subject.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What was asked.
    pub edition: &'a Edition,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// What was answered, by question key.
    pub answers: &'a Answers,
}

/// What moved between two assessments of the same subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// The claimed score.
    pub claimed: ScoreMove,
    /// The evidenced score.
    pub evidenced: ScoreMove,
    /// Each framework of either side, in the order of the later edition, those it no longer has at the end.
    pub frameworks: Vec<FrameworkMove>,
    /// Every visible question about which something changed or that has a part in a change of the whole's scores:
    /// the largest evidenced part first, either way, then by key.
    ///
    /// The parts sum exactly to the change of the claimed and of the evidenced score (where one side has no score,
    /// it counts as 0).
    pub questions: Vec<QuestionMove>,
    /// The questions whose answer caps the rating now and did not before.
    pub knock_outs_gained: Vec<String>,
    /// The questions whose answer capped the rating before and no longer does.
    pub knock_outs_lost: Vec<String>,
    /// The keys of the findings raised now and not before.
    pub findings_gained: Vec<String>,
    /// The keys of the findings raised before and no longer.
    pub findings_lost: Vec<String>,
}

/// One score on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreMove {
    /// Before; absent where nothing counted.
    pub before: Option<Score>,
    /// After; absent where nothing counts.
    pub after: Option<Score>,
    /// After less before; absent where either side has no score, for there is no distance to nothing.
    pub change: Option<ScoreChange>,
}

impl ScoreMove {
    fn new(before: Option<Score>, after: Option<Score>) -> Self {
        let change = (before.is_some() && after.is_some()).then(|| ScoreChange::between(before, after));
        Self { before, after, change }
    }
}

/// The scores of one framework on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameworkMove {
    /// The framework's key.
    pub framework: String,
    /// Its claimed score.
    pub claimed: ScoreMove,
    /// Its evidenced score.
    pub evidenced: ScoreMove,
    /// Every question with a part in a change of these two, in the order of [`Movement::questions`]. The parts sum
    /// exactly to the changes.
    pub parts: Vec<QuestionPart>,
}

/// The part of one question in a change of a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionPart {
    /// The question's key.
    pub question: String,
    /// Its part in the change of the claimed score.
    pub claimed: ScoreChange,
    /// Its part in the change of the evidenced score.
    pub evidenced: ScoreChange,
}

/// What moved at one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionMove {
    /// The question's key.
    pub question: String,
    /// Its text, of the later edition where it is visible on both sides.
    pub text: String,
    /// Everything that changed about it; never empty.
    pub because: Vec<MoveBecause>,
    /// What was answered before; absent without an answer, and where it was not visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_before: Option<Answer>,
    /// What is answered after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_after: Option<Answer>,
    /// Its points before; absent where it did not count.
    pub points_before: Option<QuestionPoints>,
    /// Its points after.
    pub points_after: Option<QuestionPoints>,
    /// Its contribution to the whole's claimed score after, less before.
    pub claimed: ScoreChange,
    /// Its contribution to the whole's evidenced score after, less before.
    pub evidenced: ScoreChange,
}

/// What changed about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveBecause {
    /// It is visible after and was not before: new in the edition, or shown by other answers or facts.
    Appeared,
    /// It was visible before and is not after.
    Disappeared,
    /// It is asked, scored or weighed differently in the later edition.
    QuestionChanged,
    /// It is marked not applicable on one side only.
    NotApplicable,
    /// Another answer is given, or one where there was none; a comment alone changes nothing.
    AnswerChanged,
    /// The evidence of an answer became valid, ran out, or was attached or taken away.
    Evidence,
    /// A reviewer's points were given, changed or taken back.
    Review,
    /// The answered date has not changed, but is older on the later assessment date and worth other points.
    TimePassed,
    /// Nothing about it changed: the weight of others did, or its last decimal place in their company.
    WeightShifted,
}

/// What moved from one assessment of a subject to another, of the same edition or of different ones.
///
/// Questions are the same where their keys are. Total: any two results can be compared. Swapping the sides turns every
/// change and part around.
#[must_use]
pub fn movement(before: &Side<'_>, after: &Side<'_>) -> Movement {
    let (old, new) = (Stand::of_all(before), Stand::of_all(after));
    let whole = parts(before, after, |_| true, |one| (one.claimed, one.evidenced));
    let keys: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut questions = Vec::new();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        let (claimed, evidenced) = whole.get(key).copied().unwrap_or_default();
        let mut because = because(old, new);
        if because.is_empty() && (claimed, evidenced) == (0, 0) {
            continue;
        }
        if because.is_empty() {
            because.push(MoveBecause::WeightShifted);
        }
        questions.push(QuestionMove {
            question: key.to_owned(),
            text: [new, old]
                .into_iter()
                .flatten()
                .find_map(|stand| stand.question)
                .map(|question| question.text.clone())
                .unwrap_or_default(),
            because,
            answer_before: old.and_then(|stand| stand.answer).cloned(),
            answer_after: new.and_then(|stand| stand.answer).cloned(),
            points_before: old.and_then(|stand| QuestionPoints::of(stand.contribution)),
            points_after: new.and_then(|stand| QuestionPoints::of(stand.contribution)),
            claimed: ScoreChange::capped(claimed),
            evidenced: ScoreChange::capped(evidenced),
        });
    }
    // The keys came in order, and the sort keeps it among equals.
    questions.sort_by_key(|one| std::cmp::Reverse(one.evidenced.tenths().abs()));

    let capping = |side: &Side<'_>| side.outcome.knock_outs.iter().map(|one| one.question.clone()).collect();
    let raised = |side: &Side<'_>| side.outcome.findings.iter().map(|one| one.key.clone()).collect();
    let (knock_outs_gained, knock_outs_lost) = gained_and_lost(capping(before), capping(after));
    let (findings_gained, findings_lost) = gained_and_lost(raised(before), raised(after));
    Movement {
        claimed: ScoreMove::new(before.outcome.claimed, after.outcome.claimed),
        evidenced: ScoreMove::new(before.outcome.evidenced, after.outcome.evidenced),
        frameworks: frameworks(before, after),
        questions,
        knock_outs_gained,
        knock_outs_lost,
        findings_gained,
        findings_lost,
    }
}

/// What stands at one visible question on one side.
struct Stand<'a> {
    contribution: &'a Contribution,
    question: Option<&'a Question>,
    answer: Option<&'a Answer>,
}

impl<'a> Stand<'a> {
    fn of_all(side: &Side<'a>) -> BTreeMap<&'a str, Self> {
        let questions: BTreeMap<&str, &Question> =
            side.edition.questions().map(|question| (question.key.as_str(), question)).collect();
        let stand = |contribution: &'a Contribution| {
            let key = contribution.question.as_str();
            (key, Self { contribution, question: questions.get(key).copied(), answer: side.answers.get(key) })
        };
        side.outcome.contributions.iter().map(stand).collect()
    }

    /// The answer's value with one way of writing each meaning.
    fn value(&self) -> Option<String> {
        let answer = self.answer?;
        let value = match self.question {
            Some(question) => {
                normalise_answer(question, Answer { value: answer.value.clone(), ..Answer::default() }).value
            }
            None => answer.value.clone(),
        };
        value.as_ref().map(canonical::json::<Value>)
    }

    /// What a reviewer said: the points of a text or file, or the points and reason in the place of an answer's own.
    fn reviewed(&self) -> Option<(Points, &str)> {
        if let Some(replaced) = &self.contribution.replaced {
            return Some((replaced.to, &replaced.reason));
        }
        let rated =
            self.question.is_some_and(|question| matches!(question.kind, QuestionType::Text | QuestionType::File));
        let points =
            self.contribution.points_claimed.filter(|_| rated && self.contribution.state == QuestionState::Answered)?;
        Some((points, ""))
    }

    /// The answer's own points, whatever a reviewer put in their place.
    fn own_points(&self) -> Option<Points> {
        self.contribution.replaced.as_ref().map(|replaced| replaced.from).or(self.contribution.points_claimed)
    }

    fn is_not_applicable(&self) -> bool {
        self.contribution.state == QuestionState::NotApplicable
    }
}

fn because(before: Option<&Stand<'_>>, after: Option<&Stand<'_>>) -> Vec<MoveBecause> {
    let (before, after) = match (before, after) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(_)) => return vec![MoveBecause::Appeared],
        (Some(_), None) => return vec![MoveBecause::Disappeared],
        (None, None) => return Vec::new(),
    };
    let asked_anew = match (before.question, after.question) {
        (Some(old), Some(new)) => asks_anew(old, new) || before.contribution.framework != after.contribution.framework,
        (old, new) => old.is_some() != new.is_some(),
    };
    let skipped = before.is_not_applicable() != after.is_not_applicable();
    let answered_anew = !skipped && before.value() != after.value();
    // An answer that is not there needs no evidence: what changed then is the answer, or what is asked.
    let (old, new) = (before.contribution.evidence, after.contribution.evidence);
    let evidence = old != new && old != EvidenceState::NotNeeded && new != EvidenceState::NotNeeded;
    let is_date = after.question.is_some_and(|question| question.kind == QuestionType::Date);
    let aged = is_date && !asked_anew && !skipped && !answered_anew && before.own_points() != after.own_points();
    let found = [
        (MoveBecause::QuestionChanged, asked_anew),
        (MoveBecause::NotApplicable, skipped),
        (MoveBecause::AnswerChanged, answered_anew),
        (MoveBecause::Evidence, evidence),
        (MoveBecause::Review, before.reviewed() != after.reviewed()),
        (MoveBecause::TimePassed, aged),
    ];
    found.into_iter().filter_map(|(because, is_so)| is_so.then_some(because)).collect()
}

/// Whether a question of another edition asks, scores or weighs differently. When it is shown, what helps to answer it
/// and what else it serves are no part of that.
fn asks_anew(before: &Question, after: &Question) -> bool {
    let Question {
        key: _,
        principle,
        text,
        help: _,
        kind,
        weight,
        required: _,
        not_applicable: _,
        evidence,
        show_if: _,
        maps_to: _,
        options,
        bands,
        unit,
        minimum,
        maximum,
    } = before;
    *principle != after.principle
        || *text != after.text
        || *kind != after.kind
        || *weight != after.weight
        || *evidence != after.evidence
        || *options != after.options
        || *bands != after.bands
        || *unit != after.unit
        || *minimum != after.minimum
        || *maximum != after.maximum
}

/// By question, the contributions after less those before, in tenths, claimed and evidenced; no entry for 0 and 0.
fn parts<'a>(
    before: &Side<'a>,
    after: &Side<'a>,
    meant: impl Fn(&Contribution) -> bool,
    shares: impl Fn(&Contribution) -> (Score, Score),
) -> BTreeMap<&'a str, (i32, i32)> {
    let mut parts: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
    for (side, sign) in [(before, -1), (after, 1)] {
        for one in side.outcome.contributions.iter().filter(|one| meant(one)) {
            let (claimed, evidenced) = shares(one);
            let part = parts.entry(&one.question).or_default();
            part.0 = part.0.saturating_add(sign * tenths(claimed));
            part.1 = part.1.saturating_add(sign * tenths(evidenced));
        }
    }
    parts.retain(|_, part| *part != (0, 0));
    parts
}

fn frameworks(before: &Side<'_>, after: &Side<'_>) -> Vec<FrameworkMove> {
    let gone = before.outcome.frameworks.iter().filter(|old| after.outcome.framework(&old.framework).is_none());
    let one = |name: &str| {
        let (old, new) = (before.outcome.framework(name), after.outcome.framework(name));
        let score = |of: fn(&FrameworkScore) -> Option<Score>| ScoreMove::new(old.and_then(of), new.and_then(of));
        let parts =
            parts(before, after, |one| one.framework == name, |one| (one.framework_claimed, one.framework_evidenced));
        let mut parts: Vec<QuestionPart> = parts
            .into_iter()
            .map(|(question, (claimed, evidenced))| QuestionPart {
                question: question.to_owned(),
                claimed: ScoreChange::capped(claimed),
                evidenced: ScoreChange::capped(evidenced),
            })
            .collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.evidenced.tenths().abs()));
        FrameworkMove {
            framework: name.to_owned(),
            claimed: score(|one| one.claimed),
            evidenced: score(|one| one.evidenced),
            parts,
        }
    };
    after.outcome.frameworks.iter().chain(gone).map(|framework| one(&framework.framework)).collect()
}

/// What only the second list has, and what only the first has, each once.
fn gained_and_lost(before: Vec<String>, after: Vec<String>) -> (Vec<String>, Vec<String>) {
    let only = |these: &[String], those: &[String]| {
        let mut seen: BTreeSet<&str> = those.iter().map(String::as_str).collect();
        these.iter().filter(|key| seen.insert(key)).cloned().collect()
    };
    (only(&after, &before), only(&before, &after))
}
