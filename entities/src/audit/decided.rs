//! What a trail tells of decisions, held against the rows that are kept of them: rows that were swapped or changed in
//! the database are found, though the trail itself is sound.

use std::collections::BTreeMap;

use diligence_questionnaires::{Answers, Basis, Edition, Input, Receipt, Review, Score, receipt};
use sea_orm::{ColumnTrait as _, ConnectionTrait, FromQueryResult, QueryFilter as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::verifying::{Apart, Raw};
use crate::{
    assessment::{self, sheet},
    decision::{self, AgreedCondition},
    error::Error,
    merger::{self, MergerState},
    questionnaire,
    scope::Reader,
    stored::Word,
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

/// An event that tells of a decision.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) sequence: i64,
    pub(super) event_id: String,
    /// The id of the assessment decided on, or of what was recorded of the decision.
    pub(super) item_id: String,
    tells: Tells,
}

/// What an event tells of a decision.
#[derive(Debug)]
enum Tells {
    /// That an assessment was approved or refused, and what of its receipt; nothing of that in events of before there
    /// was a hash in them.
    Assessed { refused: bool, told: Option<Told> },
    /// What was recorded of the decision.
    Recorded(Made),
}

impl Decision {
    /// The decision that an event tells of, if it tells of one.
    pub(super) fn of(event: &Raw) -> Option<Self> {
        let after = || serde_json::from_str::<Value>(event.after.as_deref()?).ok();
        let tells = match (event.noun.as_str(), event.action.as_str()) {
            ("assessment", action @ ("approve" | "refuse")) => {
                let told = after().and_then(|mut after| serde_json::from_value(after.get_mut("receipt")?.take()).ok());
                Tells::Assessed { refused: action == "refuse", told }
            }
            ("decision", "create") => Tells::Recorded(serde_json::from_value(after()?).ok()?),
            _ => return None,
        };
        Some(Self { sequence: event.sequence, event_id: event.id.clone(), item_id: event.item_id.clone(), tells })
    }

    /// How the rows differ from what is told; `None` where they are as they were.
    ///
    /// Nothing takes away an assessment that was ever submitted, or a decision: neither deleting, for a supplier with
    /// either stays, nor the periods of retention, nor the erasure of a person. So a row that is gone was taken out of
    /// the database.
    pub(super) fn fault(&self, kept: &Kept) -> Option<Amiss> {
        match &self.tells {
            Tells::Assessed { refused, told } => kept.assessment(&self.item_id, *refused, told.as_ref()),
            Tells::Recorded(made) => kept.record(&self.item_id, made).map(Amiss::Rows),
        }
    }

    /// What is amiss, as a sentence: where answers are, `edition` has the words of their questions.
    pub(super) fn told(&self, amiss: &Amiss, edition: Option<&Edition>) -> String {
        let Self { sequence, event_id, item_id, tells } = self;
        let noun = match tells {
            Tells::Assessed { .. } => "assessment",
            Tells::Recorded(_) => "decision",
        };
        let asked = |key: &String| edition.map_or_else(|| key.clone(), |edition| edition.named(key));
        let what = match amiss {
            Amiss::Rows(what) => what.clone(),
            Amiss::Answers(keys) => {
                let questions: Vec<String> = keys.iter().map(asked).collect();
                format!("what was answered to {} was changed or swapped", questions.join(", "))
            }
        };
        format!("{noun} {item_id} is not kept as event {sequence} ({event_id}) tells of it: {what}")
    }
}

/// How the rows that are kept of a decision differ from what is told of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Amiss {
    /// So, in words that follow a colon.
    Rows(String),
    /// By the answers to these questions, or their reviews; the first [`MAXIMUM_NAMED`] keys.
    Answers(Vec<String>),
}

impl Amiss {
    /// Whether the words of questions say more than their keys do.
    pub(super) fn is_of_answers(&self) -> bool {
        matches!(self, Self::Answers(_))
    }
}

/// What the event that recorded a decision says of it, as far as nothing changes it later.
#[derive(Debug, Deserialize)]
struct Made {
    subject_id: String,
    assessment_id: String,
    outcome: String,
    comment: Option<String>,
    conditions: Vec<AgreedCondition>,
    lapses_on: Option<String>,
    decided_by: String,
    decided_at: String,
    override_reason: Option<String>,
}

/// The rows that are kept of some decisions, by the ids of the assessments, or their own.
#[derive(Debug)]
pub(super) struct Kept {
    rows: BTreeMap<String, Row>,
    sheets: BTreeMap<String, Sheet>,
    records: BTreeMap<String, Record>,
    /// Where suppliers and products went that are one with another.
    merged: BTreeMap<String, String>,
}

/// How many mergers an id is followed through.
const MAXIMUM_STEPS: usize = 100;

/// Whether what was told of one supplier or product is kept of it, or of what it went into.
fn is_about(merged: &BTreeMap<String, String>, told: &str, kept: &str) -> bool {
    let mut place = told;
    for _ in 0..MAXIMUM_STEPS {
        match merged.get(place) {
            Some(next) if place != kept => place = next,
            _ => break,
        }
    }
    place == kept
}

/// Which supplier or product went into which.
#[derive(Debug, FromQueryResult)]
struct Merged {
    other_id: String,
    kept_id: String,
}

impl Kept {
    fn new(rows: Vec<Row>, sheets: Vec<Sheet>, records: Vec<Record>) -> Self {
        Self {
            rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(),
            sheets: sheets.into_iter().map(|sheet| (sheet.assessment_id.clone(), sheet)).collect(),
            records: records.into_iter().map(|record| (record.id.clone(), record)).collect(),
            merged: BTreeMap::new(),
        }
    }

    fn with(self, merged: Vec<Merged>) -> Self {
        Self { merged: merged.into_iter().map(|row| (row.other_id, row.kept_id)).collect(), ..self }
    }

    fn assessment(&self, id: &str, refused: bool, told: Option<&Told>) -> Option<Amiss> {
        let gone = |what: &str| Some(Amiss::Rows(what.to_owned()));
        let Some(row) = self.rows.get(id) else { return gone("it is gone") };
        let Some(sheet) = self.sheets.get(id) else { return gone("its answers and its receipt are gone") };
        let on_sheet = told.and_then(|told| sheet.differs(told));
        on_sheet.or_else(|| row.differs(refused, told, sheet.receipt().as_ref(), &self.merged).map(Amiss::Rows))
    }

    fn record(&self, id: &str, made: &Made) -> Option<String> {
        match self.records.get(id) {
            Some(record) => record.differs(made, &self.merged),
            None => Some("it is gone".to_owned()),
        }
    }
}

/// An assessment as far as a decision settles it, as it is stored: nothing is read into the columns, so that whatever
/// someone put there can be told.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    subject_id: String,
    edition_id: String,
    state: String,
    claimed: Option<String>,
    evidenced: Option<String>,
}

impl Row {
    fn differs(
        &self,
        refused: bool,
        told: Option<&Told>,
        receipt: Option<&Receipt>,
        merged: &BTreeMap<String, String>,
    ) -> Option<String> {
        // What cannot be read is no score that anything was decided with.
        let is = |kept: &Option<String>, told: Option<Score>| match kept {
            None => told.is_none(),
            Some(text) => serde_json::from_str::<Option<Score>>(text).is_ok_and(|kept| kept == told),
        };
        let Self { id: _, subject_id, edition_id: _, state, claimed, evidenced } = self;
        let states: &[&str] = if refused { &["refused"] } else { &["approved", "superseded"] };
        let scores = |told: &Told| is(claimed, told.claimed) && is(evidenced, told.evidenced);
        let decided = receipt.and_then(|receipt| receipt.decided.as_ref());
        let subject = decided.map(|decided| decided.product.as_ref().unwrap_or(&decided.supplier).id.as_str());
        let differing = [
            ("its scores", told.is_none_or(scores)),
            ("what became of it", states.contains(&state.as_str())),
            ("the supplier or product it is of", subject.is_none_or(|subject| is_about(merged, subject, subject_id))),
        ];
        changed(&differing)
    }
}

/// What is kept of a decision, as it is stored.
#[derive(Debug, FromQueryResult)]
struct Record {
    id: String,
    subject_id: String,
    assessment_id: String,
    outcome: String,
    comment: Option<String>,
    conditions: String,
    lapses_on: Option<String>,
    decided_by: String,
    decided_at: String,
    override_reason: Option<String>,
}

impl Record {
    fn differs(&self, made: &Made, merged: &BTreeMap<String, String>) -> Option<String> {
        // A condition is met later; what it asks for stays.
        let asks = |conditions: &[AgreedCondition]| -> Vec<AgreedCondition> {
            let unmet =
                |condition: &AgreedCondition| AgreedCondition { met_on: None, met_note: None, ..condition.clone() };
            conditions.iter().map(unmet).collect()
        };
        let conditions = serde_json::from_str::<Vec<AgreedCondition>>(&self.conditions);
        let differing = [
            ("the assessment it was made on", self.assessment_id == made.assessment_id),
            ("the supplier or product it is about", is_about(merged, &made.subject_id, &self.subject_id)),
            ("its outcome", self.outcome == made.outcome),
            ("its comment", self.comment == made.comment),
            ("its conditions", conditions.is_ok_and(|kept| asks(&kept) == asks(&made.conditions))),
            ("the day it lapses", self.lapses_on == made.lapses_on),
            ("who decided", self.decided_by == made.decided_by),
            ("when it was made", self.decided_at == made.decided_at),
            ("the reason to override", self.override_reason == made.override_reason),
        ];
        changed(&differing)
    }
}

/// Names what differs: each with whether it is as it was.
fn changed(parts: &[(&str, bool)]) -> Option<String> {
    let differing: Vec<&str> = parts.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
    let verb = match differing.as_slice() {
        [] => return None,
        ["its scores" | "its conditions"] | [_, _, ..] => "were",
        [_] => "was",
    };
    Some(format!("{} {verb} changed or swapped", differing.join(", ")))
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
    fn receipt(&self) -> Option<Receipt> {
        serde_json::from_str(self.receipt.as_deref()?).ok()
    }

    fn differs(&self, told: &Told) -> Option<Amiss> {
        let another = || Some(Amiss::Rows("its receipt was changed or swapped".to_owned()));
        let Some(receipt) = self.receipt() else { return another() };
        if receipt.content_hash() != told.hash || Told::of(&receipt).as_ref() != Some(told) {
            return another();
        }
        let answers = serde_json::from_str::<Answers>(&self.answers);
        let review = serde_json::from_str::<Review>(&self.review);
        let basis = self.basis.as_deref().and_then(|text| serde_json::from_str::<Basis>(text).ok());
        let (Ok(answers), Ok(review), Some(basis)) = (answers, review, basis) else {
            return Some(Amiss::Rows("what it was decided on was changed: it cannot be read".to_owned()));
        };
        let Basis { evidence, subject } = &basis;
        let input = Input { answers: &answers, review: &review, evidence, subject, on: receipt.on };
        if receipt::answers_hash(&input) == receipt.answers_hash {
            return None;
        }
        let (then, now) = (receipt.answer_hashes.unwrap_or_default(), receipt::answer_hashes(&input));
        let keys = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
        let other: Vec<String> =
            keys.filter(|key| then.get(*key) != now.get(*key)).take(MAXIMUM_NAMED).cloned().collect();
        Some(if other.is_empty() {
            Amiss::Rows("the evidence or the profile it was decided on was changed or swapped".to_owned())
        } else {
            Amiss::Answers(other)
        })
    }
}

/// An edition's document, as it is stored.
#[derive(Debug, FromQueryResult)]
struct Document {
    document: String,
}

impl Document {
    fn read(found: &[Self]) -> Option<Edition> {
        serde_json::from_str(&found.first()?.document).ok()
    }
}

/// Where the rows of decisions are read from.
pub(super) trait Decisions {
    /// The rows kept of these decisions, as far as they are there.
    async fn kept(&self, decisions: &[Decision]) -> Result<Kept, Error>;
    /// The edition that was asked in this assessment, if it is there and can be read.
    async fn edition(&self, kept: &Kept, assessment_id: &str) -> Result<Option<Edition>, Error>;
}

/// The ids of the assessments that these decisions tell of, or else of the records.
fn ids(decisions: &[Decision], of_assessments: bool) -> Vec<&str> {
    let tells = |decision: &&Decision| matches!(decision.tells, Tells::Assessed { .. }) == of_assessments;
    decisions.iter().filter(tells).map(|decision| decision.item_id.as_str()).collect()
}

impl Decisions for Reader {
    async fn kept(&self, decisions: &[Decision]) -> Result<Kept, Error> {
        let (assessed, recorded) = (ids(decisions, true), ids(decisions, false));
        let columns = [
            assessment::Column::Id,
            assessment::Column::SubjectId,
            assessment::Column::EditionId,
            assessment::Column::State,
            assessment::Column::Claimed,
            assessment::Column::Evidenced,
        ];
        let rows = self.find::<assessment::Entity>().filter(assessment::Column::Id.is_in(assessed.iter().copied()));
        let rows = self.raw(rows.select_only().columns(columns)).await?;
        let columns = [
            sheet::Column::AssessmentId,
            sheet::Column::Answers,
            sheet::Column::Review,
            sheet::Column::Receipt,
            sheet::Column::Basis,
        ];
        let sheets = self.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(assessed));
        let sheets = self.raw(sheets.select_only().columns(columns)).await?;
        let columns = [
            decision::Column::Id,
            decision::Column::SubjectId,
            decision::Column::AssessmentId,
            decision::Column::Outcome,
            decision::Column::Comment,
            decision::Column::Conditions,
            decision::Column::LapsesOn,
            decision::Column::DecidedBy,
            decision::Column::DecidedAt,
            decision::Column::OverrideReason,
        ];
        let records = self.find::<decision::Entity>().filter(decision::Column::Id.is_in(recorded));
        let records = self.raw(records.select_only().columns(columns)).await?;
        let done = Word(MergerState::Done);
        let merged = self.find::<merger::Entity>().filter(merger::Column::State.eq(done));
        let merged = self.raw(merged.select_only().columns([merger::Column::OtherId, merger::Column::KeptId])).await?;
        Ok(Kept::new(rows, sheets, records).with(merged))
    }

    async fn edition(&self, kept: &Kept, assessment_id: &str) -> Result<Option<Edition>, Error> {
        let Some(row) = kept.rows.get(assessment_id) else { return Ok(None) };
        let of = self.find::<questionnaire::Entity>().filter(questionnaire::Column::Id.eq(row.edition_id.as_str()));
        let found: Vec<Document> = self.raw(of.select_only().columns([questionnaire::Column::Document])).await?;
        Ok(Document::read(&found))
    }
}

impl<C: ConnectionTrait> Apart<'_, C> {
    /// Columns of a table's rows that have one of these ids in this column.
    async fn rows<T: FromQueryResult + Send + Sync>(
        &self,
        table: &str,
        columns: &str,
        id: &str,
        ids: &[&str],
    ) -> Result<Vec<T>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (0..ids.len()).map(|number| format!("${}", number + 2)).collect();
        let places = places.join(", ");
        let sql = format!("SELECT {columns} FROM {table} WHERE organisation_id = $1 AND {id} IN ({places})");
        let ids = ids.iter().map(|id| sea_orm::Value::from(*id));
        Ok(T::find_by_statement(self.ask(&sql, ids)).all(self.connection).await?)
    }
}

impl<C: ConnectionTrait> Decisions for Apart<'_, C> {
    async fn kept(&self, decisions: &[Decision]) -> Result<Kept, Error> {
        let (assessed, recorded) = (ids(decisions, true), ids(decisions, false));
        let columns = "id, subject_id, edition_id, state, claimed, evidenced";
        let rows = self.rows("assessment", columns, "id", &assessed).await?;
        let columns = "assessment_id, answers, review, receipt, basis";
        let sheets = self.rows("answer_sheet", columns, "assessment_id", &assessed).await?;
        let columns = "id, subject_id, assessment_id, outcome, comment, conditions, lapses_on, decided_by, decided_at, \
                       override_reason";
        let records = self.rows("decision", columns, "id", &recorded).await?;
        let merged = self.rows("merger", "other_id, kept_id", "state", &["done"]).await?;
        Ok(Kept::new(rows, sheets, records).with(merged))
    }

    async fn edition(&self, kept: &Kept, assessment_id: &str) -> Result<Option<Edition>, Error> {
        let Some(row) = kept.rows.get(assessment_id) else { return Ok(None) };
        let found: Vec<Document> = self.rows("edition", "document", "id", &[row.edition_id.as_str()]).await?;
        Ok(Document::read(&found))
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
            subject_id: "sup_1".into(),
            edition_id: "edn_1".into(),
            state: "approved".into(),
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

    /// What is said of rows of an approval.
    fn said(told: &Told, row: Option<Row>, sheet: Option<Sheet>) -> Option<Amiss> {
        let kept = Kept::new(row.into_iter().collect(), sheet.into_iter().collect(), Vec::new());
        kept.assessment("asm_1", false, Some(told))
    }

    fn rows(what: &str) -> Option<Amiss> {
        Some(Amiss::Rows(what.to_owned()))
    }

    #[test]
    fn rows_that_are_as_they_were_are_left_alone() {
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        assert_eq!(said(&told, Some(row), Some(sheet)), None);
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        let row = Row { state: "superseded".into(), ..row };
        assert_eq!(said(&told, Some(row), Some(sheet)), None, "a later approval takes its place");
    }

    #[test]
    fn rows_that_were_swapped_or_changed_are_told_and_the_answer_is_named() {
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        let (_, _, other) = decided("asm_2", answered("yes"));
        let swapped = Sheet { receipt: other.receipt, ..sheet };
        assert_eq!(swapped.differs(&told), rows("its receipt was changed or swapped"));
        let none = Sheet { receipt: None, ..swapped };
        assert_eq!(none.differs(&told), rows("its receipt was changed or swapped"));

        let (_, _, sheet) = decided("asm_1", answered("yes"));
        let (_, _, other) = decided("asm_1", answered("no"));
        let changed = Sheet { answers: other.answers, ..sheet };
        assert_eq!(changed.differs(&told), Some(Amiss::Answers(vec!["mfa".to_owned()])));

        let (_, _, sheet) = decided("asm_1", answered("yes"));
        let better = Row { claimed: Some("100.0".into()), evidenced: Some("99.9".into()), ..row };
        assert_eq!(said(&told, Some(better), Some(sheet)), rows("its scores were changed or swapped"));
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        let other = Row { subject_id: "sup_2".into(), state: "refused".into(), ..row };
        let expected = "what became of it, the supplier or product it is of were changed or swapped";
        assert_eq!(said(&told, Some(other), Some(sheet)), rows(expected));
    }

    #[test]
    fn rows_that_are_gone_are_told() {
        let (told, row, sheet) = decided("asm_1", answered("yes"));
        assert_eq!(said(&told, None, Some(sheet)), rows("it is gone"));
        assert_eq!(said(&told, Some(row), None), rows("its answers and its receipt are gone"));
        // So is one that was decided on before there was a hash in the event.
        let (_, row, sheet) = decided("asm_1", answered("yes"));
        let kept = Kept::new(Vec::new(), vec![sheet], Vec::new());
        assert_eq!(kept.assessment("asm_1", false, None), rows("it is gone"));
        let kept = Kept::new(vec![row], Vec::new(), Vec::new());
        assert_eq!(kept.assessment("asm_1", false, None), rows("its answers and its receipt are gone"));
    }

    #[test]
    fn an_answer_is_named_by_the_words_of_its_question() {
        let edition = library::editions().first().expect("an edition");
        let question = edition.questions().next().expect("a question");
        let (event_id, item_id) = ("evt_1".to_owned(), "asm_1".to_owned());
        let decision =
            Decision { sequence: 7, event_id, item_id, tells: Tells::Assessed { refused: false, told: None } };
        let amiss = Amiss::Answers(vec![question.key.clone(), "gone".to_owned()]);
        let expected = format!(
            "assessment asm_1 is not kept as event 7 (evt_1) tells of it: what was answered to \"{}\" ({}), gone was changed or swapped",
            question.text, question.key
        );
        assert_eq!(decision.told(&amiss, Some(edition)), expected);
        let keys = format!("what was answered to {}, gone was changed or swapped", question.key);
        assert!(decision.told(&amiss, None).ends_with(&keys));
    }
}
