//! What the pages on which an assessment is judged have in common: answers, points and bands in words, and what moved
//! the scores.

use std::collections::BTreeMap;

use diligence_entities::{
    assessment::{self, Assessment, AssessmentResult, MovementFilter, Progress},
    clock::Day,
    error::Error,
    evidence::{self, Evidence},
    id::{AssessmentId, EvidenceId},
    policy, questionnaire,
    register::{self, RegisterEntry},
    scope::Reader,
};
use diligence_questionnaires::{
    Answer, Band, Contribution, Edition, EvidenceKind, EvidenceState, MoveBecause, Question, QuestionState,
    QuestionType, RatingPolicy, Score, ScoreChange, ScoreMove,
};
use serde_json::Value;

use crate::pages::format;

/// An assessment with everything that judging it is done by.
pub(super) struct Judged {
    pub(super) assessment: Assessment,
    /// What the questionnaire is called.
    pub(super) title: String,
    /// The supplier or product.
    pub(super) line: RegisterEntry,
    pub(super) edition: Edition,
    pub(super) result: AssessmentResult,
    pub(super) progress: Progress,
    /// What its answers name.
    pub(super) evidence: BTreeMap<String, Evidence>,
    pub(super) policy: RatingPolicy,
    pub(super) today: Day,
}

impl Judged {
    pub(super) async fn read(reader: &Reader, id: &AssessmentId) -> Result<Self, Error> {
        let progress = assessment::progress(reader, id).await?;
        let assessment = progress.assessment.clone();
        let edition = questionnaire::read(reader, &assessment.questionnaire, &assessment.edition, None).await?;
        let line = register::lines(reader, [assessment.subject_id.clone()])
            .await?
            .remove(&assessment.subject_id)
            .ok_or(Error::NotFound)?;
        let evidence = evidence::several(reader, named(progress.answers.values())).await?;
        Ok(Self {
            title: edition.title.clone(),
            line,
            edition,
            result: assessment::result(reader, id).await?,
            progress,
            evidence,
            policy: policy::read(reader).await?.rating.0,
            today: reader.today(),
            assessment,
        })
    }

    /// Its supplier or product, by name.
    pub(super) fn subject(&self) -> String {
        format::subject(&self.line)
    }

    /// What was answered at a question, in words.
    pub(super) fn answer(&self, key: &str) -> String {
        said(self.edition.question(key), self.progress.answers.get(key), &self.evidence)
    }

    /// The day by which its evidence is judged.
    pub(super) fn judged_on(&self) -> Day {
        self.assessment.assessed_on.unwrap_or(self.today)
    }

    /// How its band comes about.
    pub(super) fn band_reason(&self) -> String {
        let outcome = &self.result.outcome;
        let RatingPolicy { strong_from, adequate_from, weak_from, minimum_coverage, .. } = &self.policy;
        if outcome.is_knocked_out() {
            return "A knock-out caps it at poor, whatever the score.".into();
        }
        let Some(shown) = outcome.evidenced else {
            return "Nothing that counts is asked, so there is no score.".into();
        };
        if outcome.coverage < Score::percent(*minimum_coverage) {
            return format!(
                "Only {}% of what counts is answered, and your policy asks for {minimum_coverage}%: too little to say more.",
                outcome.coverage
            );
        }
        match self.result.band {
            Band::Strong => format!("The shown score of {shown} is {strong_from} or more."),
            Band::Adequate => {
                format!("The shown score of {shown} is {adequate_from} or more, and less than {strong_from}.")
            }
            Band::Weak => format!("The shown score of {shown} is {weak_from} or more, and less than {adequate_from}."),
            Band::Poor | Band::Unassessed => format!("The shown score of {shown} is less than {weak_from}."),
        }
    }
}

/// The ids of the evidence that answers name, as support or as the answer itself.
fn named<'a>(answers: impl Iterator<Item = &'a Answer>) -> Vec<String> {
    let file = |answer: &Answer| {
        answer
            .value
            .as_ref()
            .and_then(Value::as_str)
            .filter(|text| text.parse::<EvidenceId>().is_ok())
            .map(str::to_owned)
    };
    answers.flat_map(|answer| answer.evidence_ids.iter().cloned().chain(file(answer))).collect()
}

/// A piece of evidence by what it is and says of itself.
pub(super) fn piece(evidence: &Evidence) -> String {
    let kind = evidence.kind.0.title();
    match (&evidence.file, &evidence.reference) {
        (_, Some(reference)) => format!("{kind}: {reference}"),
        (Some(file), None) => format!("{kind}: {}", file.name),
        (None, None) => kind.to_owned(),
    }
}

/// What an answer says to people.
pub(super) fn said(
    question: Option<&Question>,
    answer: Option<&Answer>,
    evidence: &BTreeMap<String, Evidence>,
) -> String {
    let Some(answer) = answer else { return "Not answered".into() };
    if let Some(reason) = &answer.not_applicable {
        return format::does_not_apply(reason);
    }
    let label = |value: &str| {
        let option = question
            .and_then(|question| question.options.iter().find(|option| option.value == value))
            .map(|option| option.label.clone());
        option.or_else(|| evidence.get(value).map(piece)).unwrap_or_else(|| {
            match (question.map(|question| question.kind), value) {
                (Some(QuestionType::YesNo), "yes") => "Yes".into(),
                (Some(QuestionType::YesNo), "no") => "No".into(),
                (Some(QuestionType::Date), value) => value.parse::<Day>().map_or(value.to_owned(), format::day),
                _ => value.to_owned(),
            }
        })
    };
    match &answer.value {
        Some(Value::String(text)) => label(text),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join("; "),
        Some(Value::Number(number)) => {
            format!("{number} {}", question.and_then(|question| question.unit.as_deref()).unwrap_or_default())
                .trim()
                .to_owned()
        }
        _ => "Not answered".into(),
    }
}

/// The points of a question in words.
pub(super) fn points(contribution: &Contribution) -> String {
    match (contribution.state, contribution.points_claimed, contribution.points_evidenced) {
        (QuestionState::Answered, Some(claimed), Some(shown)) if claimed == shown => format!("{claimed} points of 100"),
        (QuestionState::Answered, Some(claimed), Some(shown)) => format!("{claimed} points claimed, {shown} shown"),
        (QuestionState::Answered, ..) => "Answered, but it does not count".into(),
        (QuestionState::Unanswered, ..) => "Not answered: 0 points".into(),
        (QuestionState::NotApplicable, ..) => "Does not apply, so it does not count".into(),
        (QuestionState::AwaitingReview, ..) => "Waits for a reviewer's points".into(),
        (QuestionState::Information, ..) => "For information only: it has no points".into(),
    }
}

/// What is missing of the evidence that an answer needs; empty where nothing is.
pub(super) fn lacking(state: EvidenceState) -> &'static str {
    match state {
        EvidenceState::NotNeeded | EvidenceState::Valid => "",
        EvidenceState::Unchecked => {
            "The evidence it needs was sent and is not accepted yet, so the answer is not shown to be true."
        }
        EvidenceState::Undated => {
            "The evidence it needs says no day from which its end could be told, so the answer is not shown to be true."
        }
        EvidenceState::Superseded => {
            "What was said later ended the evidence it needs, so the answer is not shown to be true."
        }
        EvidenceState::Expired => "The evidence it needs has expired, so the answer is not shown to be true.",
        EvidenceState::NotYetValid => "The evidence it needs is not valid yet, so the answer is not shown to be true.",
        EvidenceState::WrongKind => {
            "What is attached is not the kind of evidence it needs, so the answer is not shown to be true."
        }
        EvidenceState::Missing => "The evidence it needs is not attached, so the answer is not shown to be true.",
    }
}

/// Kinds of evidence, any of which will do.
pub(super) fn kinds(kinds: &[EvidenceKind]) -> String {
    if kinds.is_empty() {
        "any kind".into()
    } else {
        kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" or ")
    }
}

/// Tenths as a number with one decimal place, with a sign where it is a change.
pub(super) fn total(changes: impl Iterator<Item = ScoreChange>) -> String {
    let tenths: i32 = changes.map(ScoreChange::tenths).sum();
    ScoreChange::from_tenths(tenths).unwrap_or_default().to_string()
}

/// Parts of a score, put together.
pub(super) fn sum(parts: impl Iterator<Item = Score>) -> String {
    Score::from_tenths(parts.map(Score::tenths).sum()).unwrap_or_default().to_string()
}

/// What moved the scores since another assessment of the same supplier or product.
pub(super) struct Moved {
    /// When the other one was decided, or last changed while it is not.
    pub(super) since: String,
    pub(super) scores: [(&'static str, ScoreMove); 2],
    pub(super) rows: Vec<MovedRow>,
    /// The parts put together, claimed and shown.
    pub(super) totals: [String; 2],
    pub(super) notes: Vec<String>,
}

/// What moved at one question.
pub(super) struct MovedRow {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) because: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) claimed: ScoreChange,
    pub(super) shown: ScoreChange,
}

impl Moved {
    /// What moved from `before` to what is judged.
    pub(super) async fn since(reader: &Reader, judged: &Judged, before: &Assessment) -> Result<Self, Error> {
        let found =
            assessment::movement(reader, &judged.assessment.id, &MovementFilter { since: Some(before.id.clone()) })
                .await?;
        let old = questionnaire::read(reader, &before.questionnaire, &before.edition, None).await?;
        let old_evidence = evidence::several(
            reader,
            named(found.questions.iter().filter_map(|question| question.answer_before.as_ref())),
        )
        .await?;
        let text = |key: &String| {
            judged
                .edition
                .question(key)
                .or_else(|| old.question(key))
                .map_or(key.clone(), |question| question.text.clone())
        };
        let gained =
            found.knock_outs_gained.iter().map(|key| format!("Caps the rating now, and did not before: {}", text(key)));
        let lost = found.knock_outs_lost.iter().map(|key| format!("Caps the rating no longer: {}", text(key)));
        let notes = gained.chain(lost).collect();
        let totals = [
            total(found.questions.iter().map(|question| question.claimed)),
            total(found.questions.iter().map(|question| question.evidenced)),
        ];
        let rows = found.questions.iter().map(|question| MovedRow {
            before: said(old.question(&question.question), question.answer_before.as_ref(), &old_evidence),
            after: said(judged.edition.question(&question.question), question.answer_after.as_ref(), &judged.evidence),
            because: format::capital(
                question.because.iter().map(|because| reason(*because)).collect::<Vec<_>>().join(", "),
            ),
            key: question.question.clone(),
            text: question.text.clone(),
            claimed: question.claimed,
            shown: question.evidenced,
        });
        Ok(Self {
            since: told(before),
            scores: [("Claimed", found.claimed), ("Shown", found.evidenced)],
            rows: rows.collect(),
            totals,
            notes,
        })
    }
}

/// Which assessment, by when it was decided.
pub(super) fn told(assessment: &Assessment) -> String {
    match assessment.assessed_on {
        Some(day) => format!(
            "edition {}, {} on {}",
            assessment.edition,
            format::label(&assessment.state).to_lowercase(),
            format::day(day)
        ),
        None => {
            format!(
                "edition {}, {}, last changed on {}",
                assessment.edition,
                format::label(&assessment.state).to_lowercase(),
                format::day(assessment.updated_at.day())
            )
        }
    }
}

fn reason(because: MoveBecause) -> &'static str {
    match because {
        MoveBecause::Appeared => "asked now and not before",
        MoveBecause::Disappeared => "no longer asked",
        MoveBecause::QuestionChanged => "asked, scored or weighed differently",
        MoveBecause::NotApplicable => "whether it applies",
        MoveBecause::AnswerChanged => "another answer",
        MoveBecause::Evidence => "its evidence",
        MoveBecause::Review => "a reviewer's points",
        MoveBecause::TimePassed => "the day it names is longer ago",
        MoveBecause::WeightShifted => "nothing here: others weigh more or less",
    }
}
