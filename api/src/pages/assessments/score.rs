//! How a score comes about: every question's part in it, what would raise it, what moved it, and the receipt.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    assessment::{self, Assessment, AssessmentFilter, AssessmentSort},
    error::Error,
    evidence,
    id::AssessmentId,
    scope::Reader,
};
use diligence_questionnaires::{
    Answer, Band, Improvement, ImprovementHow, Improvements, PrincipleScore, Receipt, Score,
};
use poem::{Request, http::StatusCode};

use super::judged::{self, Judged, Moved};
use crate::{
    auth::Viewer,
    pages::{
        form::parameter,
        format,
        page::{Frame, PageResult, Refusal, html, path_id},
        sign_in::SignedIn,
        signed_in::Page,
    },
};

/// How many earlier assessments one can choose from.
const SHOWN: u64 = 200;
/// How much is told of in what a receipt differs.
const DIFFERING: usize = 10;

/// A question's part in the score.
struct Part {
    key: String,
    text: String,
    answer: String,
    weight: u16,
    points: String,
    principle_shown: Score,
    claimed: Score,
    shown: Score,
}

/// A principle with the parts of its questions.
struct Principle {
    score: PrincipleScore,
    framework: String,
    parts: Vec<Part>,
    /// What its questions bring to the whole, claimed and shown.
    claimed: String,
    shown: String,
    /// Its parts put together: its own score, if they add up.
    own: String,
}

/// What would raise the score at one question.
struct Step {
    key: String,
    text: String,
    how: String,
    claimed: String,
    shown: String,
    band: String,
    lifts_knock_out: bool,
}

/// An assessment that this one can be compared with.
struct Other {
    id: String,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "assessments/score.html")]
struct ScorePage {
    frame: Frame,
    judged: Judged,
    principles: Vec<Principle>,
    /// All parts put together, claimed and shown.
    totals: [String; 2],
    improvements: Improvements,
    /// What reaches the next band, in order.
    way: Vec<Step>,
    /// Everything else that would raise the score, most first.
    steps: Vec<Step>,
    others: Vec<Other>,
    moved: Option<Moved>,
    receipt: Option<Receipt>,
    /// In what the receipt is not what is kept of the assessment, the first few.
    differing: Vec<String>,
}

impl ScorePage {
    /// From which score on the next band begins.
    fn next_from(&self) -> u8 {
        match self.improvements.next_band {
            Some(Band::Strong) => self.judged.policy.strong_from,
            Some(Band::Adequate) => self.judged.policy.adequate_from,
            _ => self.judged.policy.weak_from,
        }
    }

    fn question(&self, key: &str) -> String {
        self.judged.edition.question(key).map_or(key.to_owned(), |question| question.text.clone())
    }

    fn frameworks(&self) -> &[diligence_questionnaires::FrameworkScore] {
        &self.judged.result.outcome.frameworks
    }

    /// Where the marks of the bands stand on a bar that is 100 long.
    fn marks(&self) -> [u8; 3] {
        [self.judged.policy.weak_from, self.judged.policy.adequate_from, self.judged.policy.strong_from]
    }
}

/// The page.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: AssessmentId = path_id(request)?;
    let judged = Judged::read(&reader, &id).await?;
    let since = parameter(request, "since");
    let others = others(&reader, &judged).await?;
    let before = match since.as_str() {
        "" => assessment::earlier(&reader, &judged.assessment).await?,
        text => Some(assessment::read(&reader, &text.parse().map_err(|_| Error::NotFound)?).await?),
    };
    let moved = match &before {
        Some(before) => Some(Moved::since(&reader, &judged, before).await?),
        None => None,
    };
    let others = others
        .into_iter()
        .map(|other| Other {
            is_chosen: before.as_ref().is_some_and(|before| before.id == other.id),
            name: judged::told(&other),
            id: other.id.to_string(),
        })
        .collect();
    let (receipt, differing) = match judged.assessment.decided_at {
        Some(_) => {
            let file = assessment::receipt(&reader, &id).await?;
            let differing = file.differing().into_iter().take(DIFFERING).collect();
            (Some(file.receipt), differing)
        }
        None => (None, Vec::new()),
    };
    let improvements = assessment::improvements(reader, &id).await?;
    let (way, steps) = steps(here, request, &judged, &improvements).await?;
    let outcome = &judged.result.outcome;
    let totals = [
        judged::sum(outcome.contributions.iter().map(|one| one.claimed)),
        judged::sum(outcome.contributions.iter().map(|one| one.evidenced)),
    ];
    let page = ScorePage {
        frame: here.frame(&format!("Score: {}", judged.title)).at("/assessments"),
        principles: principles(&judged),
        judged,
        totals,
        improvements,
        way,
        steps,
        others,
        moved,
        receipt,
        differing,
    };
    Ok(html(StatusCode::OK, &page)?)
}

/// The other assessments of the same supplier or product, last made first.
async fn others(reader: &Reader, judged: &Judged) -> Result<Vec<Assessment>, Error> {
    let subject_id = Some(judged.assessment.subject_id.clone());
    let filter = AssessmentFilter {
        subject_id,
        sort: Some(AssessmentSort::CreatedDescending),
        limit: Some(SHOWN),
        ..AssessmentFilter::default()
    };
    let all = assessment::list(reader, &filter).await?.items;
    // Another questionnaire asks something else.
    Ok(all
        .into_iter()
        .filter(|other| other.id != judged.assessment.id && other.questionnaire == judged.assessment.questionnaire)
        .collect())
}

fn principles(judged: &Judged) -> Vec<Principle> {
    let outcome = &judged.result.outcome;
    let principle = |(framework, score): (&str, &PrincipleScore)| {
        let of_it = || outcome.contributions.iter().filter(|one| one.principle == score.principle);
        let part = |one: &diligence_questionnaires::Contribution| Part {
            key: one.question.clone(),
            text: judged.edition.question(&one.question).map_or(one.question.clone(), |question| question.text.clone()),
            answer: judged.answer(&one.question),
            weight: one.weight,
            points: judged::points(one),
            principle_shown: one.principle_evidenced,
            claimed: one.claimed,
            shown: one.evidenced,
        };
        Principle {
            framework: format::framework(framework),
            parts: of_it().map(part).collect(),
            claimed: judged::sum(of_it().map(|one| one.claimed)),
            shown: judged::sum(of_it().map(|one| one.evidenced)),
            own: judged::sum(of_it().map(|one| one.principle_evidenced)),
            score: score.clone(),
        }
    };
    let all = outcome
        .frameworks
        .iter()
        .flat_map(|framework| framework.principles.iter().map(|score| (framework.framework.as_str(), score)));
    all.map(principle).filter(|principle| !principle.parts.is_empty()).collect()
}

/// The improvements: those that together reach the next band, and the others.
async fn steps(
    here: &SignedIn,
    request: &Request,
    judged: &Judged,
    improvements: &Improvements,
) -> Result<(Vec<Step>, Vec<Step>), Refusal> {
    let at_hand = improvements.improvements.iter().filter_map(|improvement| improvement.evidence_at_hand.clone());
    let at_hand: BTreeMap<String, String> = evidence::several(&here.read(request).await?, at_hand)
        .await?
        .iter()
        .map(|(id, evidence)| (id.clone(), judged::piece(evidence)))
        .collect();
    let way = improvements.to_next_band.as_deref().unwrap_or_default();
    let find = |key: &String| improvements.improvements.iter().find(|improvement| improvement.question == *key);
    let step = |improvement: &Improvement| Step {
        key: improvement.question.clone(),
        text: improvement.text.clone(),
        how: format::capital(
            improvement
                .how
                .iter()
                .map(|how| how_to(judged, improvement, *how, &at_hand))
                .collect::<Vec<_>>()
                .join(", and "),
        ),
        claimed: improvement.claimed_gain.to_string(),
        shown: improvement.evidenced_gain.to_string(),
        band: format::label(&improvement.band_after),
        lifts_knock_out: improvement.lifts_knock_out,
    };
    let rest = improvements.improvements.iter().filter(|improvement| !way.contains(&improvement.question));
    Ok((way.iter().filter_map(find).map(step).collect(), rest.map(step).collect()))
}

fn how_to(
    judged: &Judged,
    improvement: &Improvement,
    how: ImprovementHow,
    at_hand: &BTreeMap<String, String>,
) -> String {
    let question = judged.edition.question(&improvement.question);
    let answer = || {
        let value = Answer { value: Some(improvement.value.clone()?), ..Answer::default() };
        Some(judged::said(question, Some(&value), &judged.evidence))
    };
    match how {
        ImprovementHow::Answer => {
            answer().map_or_else(|| "answer it".into(), |answer| format!("answer it; best is: {answer}"))
        }
        ImprovementHow::OtherAnswer => answer()
            .map_or_else(|| "another answer becomes true".into(), |answer| format!("this becomes true: {answer}")),
        ImprovementHow::Evidence => match improvement.evidence_at_hand.as_ref().and_then(|id| at_hand.get(id)) {
            Some(piece) => format!("attach what is on record already ({piece})"),
            None => format!(
                "attach valid evidence ({})",
                question.map(|question| judged::kinds(&question.evidence.kinds)).unwrap_or_default()
            ),
        },
        ImprovementHow::Review => "a reviewer rates it with full points".into(),
        ImprovementHow::ReviewAgain => "the reviewer takes back the points put in place of its own".into(),
    }
}
