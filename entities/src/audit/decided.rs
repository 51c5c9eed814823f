//! What a trail tells of decisions, held against the rows that are kept of them: rows that were swapped or changed in
//! the database are found, though the trail itself is sound.

use std::collections::BTreeMap;

use diligence_questionnaires::{Answers, Basis, Input, Receipt, Review, Score, receipt};
use sea_orm::{ColumnTrait as _, ConnectionTrait, FromQueryResult, QueryFilter as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::verifying::{Apart, Raw};
use crate::{
    assessment::{self, sheet},
    error::Error,
    scope::Reader,
};

/// How many decisions are held against their rows at once: receipts are large.
pub(super) const PORTION: usize = 50;
/// How many answers are named that are not those decided on.
const MAXIMUM_NAMED: usize = 5;

/// What the event of a decision holds of its receipt, as `receipt` among the fields that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The receipt's own hash.
    pub(crate) hash: String,
    /// The claimed score of the whole.
    pub(crate) claimed: Option<Score>,
    /// The evidenced score of the whole.
    pub(crate) evidenced: Option<Score>,
}

impl Told {
    /// What is told of a receipt; none for one of version 1, which has no hash of its own.
    pub(crate) fn of(receipt: &Receipt) -> Option<Self> {
        let Receipt { hash, outcome, .. } = receipt;
        Some(Self { hash: hash.clone()?, claimed: outcome.claimed, evidenced: outcome.evidenced })
    }
}

/// An event that tells of a decision and its receipt.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) sequence: i64,
    pub(super) event_id: String,
    pub(super) assessment_id: String,
    told: Told,
}

impl Decision {
    /// The decision that an event tells of. Those before there was a hash in the event tell of none.
    pub(super) fn of(event: &Raw) -> Option<Self> {
        if event.noun != "assessment" || !["approve", "refuse"].contains(&event.action.as_str()) {
            return None;
        }
        let mut after: Value = serde_json::from_str(event.after.as_deref()?).ok()?;
        let told = serde_json::from_value(after.get_mut("receipt")?.take()).ok()?;
        Some(Self { sequence: event.sequence, event_id: event.id.clone(), assessment_id: event.item_id.clone(), told })
    }

    /// How the rows differ from what is told, as a sentence; `None` where they are as they were, and where the
    /// assessment is gone.
    pub(super) fn fault(&self, kept: &Kept) -> Option<String> {
        let row = kept.rows.get(&self.assessment_id)?;
        let what = match kept.sheets.get(&self.assessment_id) {
            None => "its answers and its receipt are gone".to_owned(),
            Some(sheet) => sheet.differs(&self.told).or_else(|| row.differs(&self.told))?,
        };
        let Self { sequence, event_id, assessment_id, told: _ } = self;
        Some(format!("assessment {assessment_id} is not kept as event {sequence} ({event_id}) tells of it: {what}"))
    }
}

/// The rows that are kept of some assessments, by the assessments' ids.
#[derive(Debug)]
pub(super) struct Kept {
    rows: BTreeMap<String, Row>,
    sheets: BTreeMap<String, Sheet>,
}

impl Kept {
    fn new(rows: Vec<Row>, sheets: Vec<Sheet>) -> Self {
        Self {
            rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(),
            sheets: sheets.into_iter().map(|sheet| (sheet.assessment_id.clone(), sheet)).collect(),
        }
    }
}

/// An assessment's scores as they are stored: nothing is read into them, so that whatever someone put there can be
/// told.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    claimed: Option<String>,
    evidenced: Option<String>,
}

impl Row {
    fn differs(&self, told: &Told) -> Option<String> {
        // What cannot be read is no score that anything was decided with.
        let is = |kept: &Option<String>, told: Option<Score>| match kept {
            None => told.is_none(),
            Some(text) => serde_json::from_str::<Option<Score>>(text).is_ok_and(|kept| kept == told),
        };
        let Self { id: _, claimed, evidenced } = self;
        let same = is(claimed, told.claimed) && is(evidenced, told.evidenced);
        (!same).then(|| "its scores were changed or swapped".to_owned())
    }
}

/// What was answered and its receipt, as they are stored.
#[derive(Debug, FromQueryResult)]
struct Sheet {
    assessment_id: String,
    answers: String,
    review: String,
    receipt: Option<String>,
    basis: Option<String>,
}

impl Sheet {
    fn differs(&self, told: &Told) -> Option<String> {
        let another = || Some("its receipt was changed or swapped".to_owned());
        let Some(receipt) = self.receipt.as_deref().and_then(|text| serde_json::from_str::<Receipt>(text).ok()) else {
            return another();
        };
        if receipt.content_hash() != told.hash || Told::of(&receipt).as_ref() != Some(told) {
            return another();
        }
        let answers = serde_json::from_str::<Answers>(&self.answers);
        let review = serde_json::from_str::<Review>(&self.review);
        let basis = self.basis.as_deref().and_then(|text| serde_json::from_str::<Basis>(text).ok());
        let (Ok(answers), Ok(review), Some(basis)) = (answers, review, basis) else {
            return Some("what it was decided on was changed: it cannot be read".to_owned());
        };
        let Basis { evidence, subject } = &basis;
        let input = Input { answers: &answers, review: &review, evidence, subject, on: receipt.on };
        if receipt::answers_hash(&input) == receipt.answers_hash {
            return None;
        }
        let (then, now) = (receipt.answer_hashes.unwrap_or_default(), receipt::answer_hashes(&input));
        let keys = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
        let other: Vec<&str> =
            keys.filter(|key| then.get(*key) != now.get(*key)).map(String::as_str).take(MAXIMUM_NAMED).collect();
        Some(if other.is_empty() {
            "the evidence or the profile it was decided on was changed or swapped".to_owned()
        } else {
            format!("what was answered to {} was changed or swapped", other.join(", "))
        })
    }
}

/// Where the rows of decisions are read from.
pub(super) trait Decisions {
    /// The rows kept of these assessments, as far as they are there.
    async fn kept(&self, assessments: &[&str]) -> Result<Kept, Error>;
}

impl Decisions for Reader {
    async fn kept(&self, assessments: &[&str]) -> Result<Kept, Error> {
        let ids = || assessments.iter().copied();
        let columns = [assessment::Column::Id, assessment::Column::Claimed, assessment::Column::Evidenced];
        let rows = self.find::<assessment::Entity>().filter(assessment::Column::Id.is_in(ids()));
        let rows = self.raw(rows.select_only().columns(columns)).await?;
        let columns = [
            sheet::Column::AssessmentId,
            sheet::Column::Answers,
            sheet::Column::Review,
            sheet::Column::Receipt,
            sheet::Column::Basis,
        ];
        let sheets = self.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(ids()));
        let sheets = self.raw(sheets.select_only().columns(columns)).await?;
        Ok(Kept::new(rows, sheets))
    }
}

impl<C: ConnectionTrait> Decisions for Apart<'_, C> {
    async fn kept(&self, assessments: &[&str]) -> Result<Kept, Error> {
        let places: Vec<String> = (0..assessments.len()).map(|number| format!("${}", number + 2)).collect();
        let places = places.join(", ");
        let ids = || assessments.iter().map(|id| sea_orm::Value::from(*id));
        let rows =
            format!("SELECT id, claimed, evidenced FROM assessment WHERE organisation_id = $1 AND id IN ({places})");
        let rows = Row::find_by_statement(self.ask(&rows, ids())).all(self.connection).await?;
        let sheets = format!(
            "SELECT assessment_id, answers, review, receipt, basis FROM answer_sheet WHERE organisation_id = $1 AND assessment_id IN ({places})"
        );
        let sheets = Sheet::find_by_statement(self.ask(&sheets, ids())).all(self.connection).await?;
        Ok(Kept::new(rows, sheets))
    }
}

#[cfg(test)]
mod tests {
    use diligence_questionnaires::{Decided, DecisionMade, Named, library};

    use super::*;

    /// A decision on the first questionnaire of the library, and the rows that are kept of it.
    fn decided(assessment_id: &str, answers: Answers) -> (Told, Row, Sheet) {
        let edition = library::editions().first().expect("an edition");
        let named = || Named { id: "sup_1".into(), name: "Häfen & Söhne".into() };
        let (review, basis) = (Review::default(), Basis::default());
        let on = "2027-03-01".parse().expect("a day");
        let input = Input { answers: &answers, review: &review, evidence: &[], subject: &basis.subject, on };
        let decided = Decided {
            assessment_id: assessment_id.into(),
            supplier: named(),
            product: None,
            decision: DecisionMade::Approved,
            by: named(),
            at: "2027-03-01T09:00:00.000000Z".into(),
        };
        let receipt = receipt::issue(edition, &input, decided);
        let text = |value: Result<String, serde_json::Error>| value.expect("JSON");
        let score = |score: Option<Score>| score.map(|score| text(serde_json::to_string(&score)));
        let row = Row {
            id: assessment_id.into(),
            claimed: score(receipt.outcome.claimed),
            evidenced: score(receipt.outcome.evidenced),
        };
        let sheet = Sheet {
            assessment_id: assessment_id.into(),
            answers: text(serde_json::to_string(&answers)),
            review: text(serde_json::to_string(&review)),
            receipt: Some(text(serde_json::to_string(&receipt))),
            basis: Some(text(serde_json::to_string(&basis))),
        };
        (Told::of(&receipt).expect("a hash"), row, sheet)
    }

    fn answered(value: &str) -> Answers {
        serde_json::from_value(serde_json::json!({ "mfa": { "value": value } })).expect("answers")
    }

    #[test]
    fn rows_that_are_as_they_were_are_left_alone() {
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        assert_eq!((sheet.differs(&told), row.differs(&told)), (None, None));
    }

    #[test]
    fn rows_that_were_swapped_or_changed_are_told_and_the_answer_is_named() {
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        let (_, _, other) = decided("asm_2", answered("yes"));
        let swapped = Sheet { receipt: other.receipt, ..sheet };
        assert_eq!(swapped.differs(&told).as_deref(), Some("its receipt was changed or swapped"));
        let none = Sheet { receipt: None, ..swapped };
        assert_eq!(none.differs(&told).as_deref(), Some("its receipt was changed or swapped"));

        let (_, _, sheet) = decided("asm_1", answered("yes"));
        let (_, _, other) = decided("asm_1", answered("no"));
        let changed = Sheet { answers: other.answers, ..sheet };
        assert_eq!(changed.differs(&told).as_deref(), Some("what was answered to mfa was changed or swapped"));

        let better = Row { claimed: Some("100.0".into()), evidenced: Some("99.9".into()), ..row };
        assert_eq!(better.differs(&told).as_deref(), Some("its scores were changed or swapped"));
    }
}
