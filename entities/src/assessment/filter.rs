//! Which assessments to list, in which order, and the list itself.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Assessment, AssessmentState, Column, Entity};
use crate::{
    clock::Moment,
    error::Error,
    id::{SubjectId, SupplierId},
    page::{Page, Sort},
    scope::Reader,
    stored::Word,
};

/// How to order assessments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssessmentSort {
    /// Oldest first.
    #[default]
    #[serde(rename = "created_at")]
    Created,
    /// Newest first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which assessments to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct AssessmentFilter {
    /// The supplier or product assessed.
    pub subject_id: Option<SubjectId>,
    /// The supplier assessed, or whose products were.
    pub supplier_id: Option<SupplierId>,
    /// The key of the questionnaire.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: Option<String>,
    /// Where it stands.
    pub state: Option<AssessmentState>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `created_at` if not said.
    pub sort: Option<AssessmentSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of assessments.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &AssessmentFilter) -> Result<Page<Assessment>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(key) = &filter.questionnaire {
        condition = condition.add(Column::Questionnaire.eq(key.as_str()));
    }
    if let Some(state) = filter.state {
        condition = condition.add(Column::State.eq(Word(state)));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        AssessmentSort::Created => Sort::up(Column::CreatedAt),
        AssessmentSort::CreatedDescending => Sort::down(Column::CreatedAt),
        AssessmentSort::Updated => Sort::up(Column::UpdatedAt),
        AssessmentSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    reader
        .page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref())
        .await
}
