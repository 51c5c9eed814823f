//! Every stored answer, for export.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{Points, workbook::NOT_APPLICABLE};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::Serialize;

use super::{AssessmentFilter, AssessmentState, Work, list, sheet};
use crate::{
    clock::Day,
    error::Error,
    evidence,
    id::{AssessmentId, SubjectId, SupplierId},
    page::Page,
    questionnaire,
    scope::Reader,
    subject::Subject,
};

/// One answer in an export.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AnswerRow {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// The supplier or product assessed.
    pub subject_id: SubjectId,
    /// The key of the questionnaire.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// Where the assessment stands.
    pub state: AssessmentState,
    /// The question's key.
    pub question: String,
    /// The question's text.
    pub text: String,
    /// Whether the question is visible; an answer to a hidden one counts nowhere.
    pub visible: bool,
    /// The answer.
    pub value: Option<serde_json::Value>,
    /// What was said beside it.
    pub comment: Option<String>,
    /// Why it does not apply, if so; `Does not apply` where no reason was given.
    pub not_applicable: Option<String>,
    /// The evidence it names.
    pub evidence_ids: Vec<String>,
    /// Its weight.
    pub weight: Option<u32>,
    /// Its points at face value, exactly, 0 to 100.
    pub points_claimed: Option<Points>,
    /// Its points with valid evidence, exactly, 0 to 100.
    pub points_evidenced: Option<Points>,
    /// A reviewer's reason, if their points stand in place of the answer's own.
    pub review_reason: Option<String>,
}

/// A page of assessments, as [`list`] gives them, with every stored answer of each.
///
/// # Errors
/// As [`list`].
pub async fn list_answers(reader: &Reader, filter: &AssessmentFilter) -> Result<Page<Vec<AnswerRow>>, Error> {
    let page = list(reader, filter).await?;
    let ids = page.items.iter().map(|assessment| assessment.id.clone());
    let whose = page.items.iter().map(|assessment| assessment.supplier_id.clone());
    // Beside their suppliers, whose index SQLite would otherwise walk for the whole organisation.
    let select = reader
        .find::<sheet::Entity>()
        .filter(sheet::Column::AssessmentId.is_in(ids))
        .filter(sheet::Column::SupplierId.is_in(whose));
    let sheets = reader.all(select).await?;
    let mut sheets: BTreeMap<AssessmentId, sheet::Model> =
        sheets.into_iter().map(|sheet| (sheet.assessment_id.clone(), sheet)).collect();
    let supplier_ids: BTreeSet<String> =
        page.items.iter().map(|assessment| assessment.supplier_id.to_string()).collect();
    let product_ids: BTreeSet<String> =
        page.items.iter().filter_map(|assessment| assessment.product_id.as_ref().map(ToString::to_string)).collect();
    let edition_ids: BTreeSet<String> = page.items.iter().map(|assessment| assessment.edition_id.to_string()).collect();
    let suppliers: BTreeMap<String, _> = reader
        .get_many::<crate::supplier::Entity>(&supplier_ids)
        .await?
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect();
    let products: BTreeMap<String, _> = reader
        .get_many::<crate::product::Entity>(&product_ids)
        .await?
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect();
    let editions: BTreeMap<String, _> = reader
        .get_many::<questionnaire::Entity>(&edition_ids)
        .await?
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect();
    let supplier_list: Vec<SupplierId> = suppliers.values().map(|supplier| supplier.id.clone()).collect();
    let evidence = evidence::of_suppliers(reader, &supplier_list).await?;
    let mut lists = Vec::with_capacity(page.items.len());
    for assessment in page.items {
        let (Some(sheet), Some(supplier), Some(edition)) = (
            sheets.remove(&assessment.id),
            suppliers.get(assessment.supplier_id.as_str()),
            editions.get(assessment.edition_id.as_str()),
        ) else {
            continue;
        };
        let subject = Subject {
            supplier: supplier.clone(),
            product: assessment.product_id.as_ref().and_then(|id| products.get(id.as_str()).cloned()),
        };
        let mine = evidence.iter().filter(|piece| piece.supplier_id == assessment.supplier_id);
        let facts = evidence::facts(mine);
        let work = Work { before: assessment, sheet, edition: edition.parsed(reader)?, subject, facts };
        lists.push(work.rows(reader.today()));
    }
    Ok(Page { items: lists, next: page.next })
}

impl Work {
    fn rows(&self, today: Day) -> Vec<AnswerRow> {
        let outcome = self.outcome(today);
        let visible: BTreeSet<&str> = outcome.visible.iter().map(String::as_str).collect();
        let contributions: BTreeMap<&str, _> =
            outcome.contributions.iter().map(|contribution| (contribution.question.as_str(), contribution)).collect();
        let row = |question: &diligence_questionnaires::Question| {
            let answer = self.sheet.answers.get(&question.key)?;
            let contribution = contributions.get(question.key.as_str());
            Some(AnswerRow {
                assessment_id: self.before.id.clone(),
                subject_id: self.before.subject_id.clone(),
                questionnaire: self.before.questionnaire.clone(),
                edition: self.before.edition.clone(),
                state: self.before.state.0,
                question: question.key.clone(),
                text: question.text.clone(),
                visible: visible.contains(question.key.as_str()),
                value: answer.value.clone(),
                comment: answer.comment.clone(),
                not_applicable: answer.not_applicable.as_deref().map(|reason| match reason {
                    "" => NOT_APPLICABLE.to_owned(),
                    reason => reason.to_owned(),
                }),
                evidence_ids: answer.evidence_ids.clone(),
                weight: contribution.map(|contribution| u32::from(contribution.weight)),
                points_claimed: contribution.and_then(|contribution| contribution.points_claimed),
                points_evidenced: contribution.and_then(|contribution| contribution.points_evidenced),
                review_reason: self.sheet.review.get(&question.key).and_then(|review| review.reason.clone()),
            })
        };
        self.edition.questions().filter_map(row).collect()
    }
}
