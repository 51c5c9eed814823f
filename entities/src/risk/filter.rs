//! Which risks to list, in which order, and the list itself.

use diligence_questionnaires::Severity;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*, sea_query::ExprTrait};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Column, Entity, Risk, RiskState, Treatment, current};
use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{AssessmentId, SubjectId, SupplierId},
    page::{Page, Sort},
    scope::Reader,
    stored::Word,
};

/// How to order risks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RiskSort {
    /// Oldest entry first.
    #[default]
    #[serde(rename = "created_at")]
    Created,
    /// Newest entry first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
    /// Worst first, by likelihood times impact as they are now; closed ones come last.
    #[serde(rename = "-current")]
    CurrentDescending,
    /// Mildest first, by likelihood times impact as they are now; closed ones come first.
    #[serde(rename = "current")]
    Current,
}

/// Which risks to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RiskFilter {
    /// The supplier or product it is about.
    pub subject_id: Option<SubjectId>,
    /// The supplier it is about, or whose products it is about.
    pub supplier_id: Option<SupplierId>,
    /// Where it stands.
    pub state: Option<RiskState>,
    /// Only closed ones (`true`), or only those that count: open and accepted ones (`false`).
    pub is_closed: Option<bool>,
    /// What it is called now.
    pub current_band: Option<Severity>,
    /// What we do about it.
    pub treatment: Option<Treatment>,
    /// Likelihood with nothing done, 1 to 5.
    #[validate(range(min = 1, max = 5))]
    pub likelihood: Option<i32>,
    /// Impact with nothing done, 1 to 5.
    #[validate(range(min = 1, max = 5))]
    pub impact: Option<i32>,
    /// Likelihood now, 1 to 5: a row of the heat map.
    #[validate(range(min = 1, max = 5))]
    pub current_likelihood: Option<i32>,
    /// Impact now, 1 to 5: a column of the heat map.
    #[validate(range(min = 1, max = 5))]
    pub current_impact: Option<i32>,
    /// Only accepted ones whose agreement ends before this day.
    pub acceptance_expires_before: Option<Day>,
    /// The assessment whose finding raised it.
    pub origin_assessment_id: Option<AssessmentId>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `created_at` if not said.
    pub sort: Option<RiskSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of risks.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &RiskFilter) -> Result<Page<Risk>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(state) = filter.state {
        condition = condition.add(Column::State.eq(Word(state)));
    }
    if let Some(is_closed) = filter.is_closed {
        let closed = Word(RiskState::Closed);
        condition = condition.add(if is_closed { Column::State.eq(closed) } else { Column::State.ne(closed) });
    }
    if let Some(band) = filter.current_band {
        condition = condition.add(Column::CurrentBand.eq(Word(band)));
    }
    if let Some(treatment) = filter.treatment {
        condition = condition.add(Column::Treatment.eq(Word(treatment)));
    }
    if let Some(likelihood) = filter.likelihood {
        condition = condition.add(Column::Likelihood.eq(likelihood));
    }
    if let Some(impact) = filter.impact {
        condition = condition.add(Column::Impact.eq(impact));
    }
    if let Some(likelihood) = filter.current_likelihood {
        condition = condition
            .add(ExprTrait::eq(Expr::from(current(Column::ResidualLikelihood, Column::Likelihood)), likelihood));
    }
    if let Some(impact) = filter.current_impact {
        condition = condition.add(ExprTrait::eq(Expr::from(current(Column::ResidualImpact, Column::Impact)), impact));
    }
    if let Some(day) = filter.acceptance_expires_before {
        condition = condition.add(Column::State.eq(Word(RiskState::Accepted))).add(Column::AcceptanceExpiresOn.lt(day));
    }
    if let Some(id) = &filter.origin_assessment_id {
        condition = condition.add(Column::OriginAssessmentId.eq(id.clone()));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        RiskSort::Created => Sort::up(Column::CreatedAt),
        RiskSort::CreatedDescending => Sort::down(Column::CreatedAt),
        RiskSort::Updated => Sort::up(Column::UpdatedAt),
        RiskSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
        RiskSort::CurrentDescending => Sort::down(Column::CurrentRank),
        RiskSort::Current => Sort::up(Column::CurrentRank),
    };
    reader
        .page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref())
        .await
}
