//! Which lines of the register to list, in which order, and the list itself.

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Column, Entity, RegisterEntry, on_today};
use crate::{
    clock::{Day, Moment},
    error::Error,
    evidence,
    id::{SubjectId, SupplierId},
    page::{Page, Sort, contains},
    product::{AiFeatures, ProductKind},
    profile::DataRole,
    scope::Reader,
    stored::Word,
    subject::SubjectType,
    supplier::{self, RelationshipStatus},
};

/// How to order the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RegisterSort {
    /// By supplier's name, each followed by its products.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// By name, from the end.
    #[serde(rename = "-name")]
    NameDescending,
    /// Worst rating first.
    #[serde(rename = "-rating")]
    RatingDescending,
    /// Best rating first; what is unassessed never counts as good.
    #[serde(rename = "rating")]
    Rating,
    /// Soonest review first.
    #[serde(rename = "next_review_on")]
    NextReview,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which lines of the register to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterFilter {
    /// Text to find in names and identifiers, capitals or not.
    #[validate(length(min = 1, max = 200))]
    pub q: Option<String>,
    /// Only suppliers, or only products.
    pub subject_type: Option<SubjectType>,
    /// One supplier and its products.
    pub supplier_id: Option<SupplierId>,
    /// Where it stands with us; everything but what is archived if not said.
    pub status: Option<RelationshipStatus>,
    /// The supplier's tier.
    pub tier: Option<Tier>,
    /// The residual rating.
    pub rating: Option<Rating>,
    /// The product's kind.
    pub kind: Option<ProductKind>,
    /// How much AI is in the product.
    pub ai_features: Option<AiFeatures>,
    /// The supplier's part in handling personal data, as it is said of the supplier; for a product, its supplier's.
    pub data_role: Option<DataRole>,
    /// Only lines whose supplier handles personal data as `processor`, `joint_controller` or `controller` (`true`), or
    /// is said to handle `none` (`false`). Where it is not said the line is in neither: see `data_role_said`.
    pub handles_personal_data: Option<bool>,
    /// Only lines of whose supplier it is said what part it has in handling personal data (`true`), or not yet
    /// (`false`).
    pub data_role_said: Option<bool>,
    /// Only lines with a security certificate that is valid today (`true`), or without (`false`): evidence of the kind
    /// `cyber_essentials`, `cyber_essentials_plus` or `iso_27001`, or `dspt` if its statement says `Standards Met` or
    /// `Standards Exceeded`, about the supplier or, for a product, about its supplier or the product itself. It must be
    /// accepted and in date (see `checked` and `valid_on` of the evidence), and the last that was said of its kind.
    pub has_certificate: Option<bool>,
    /// Only lines with a decision that went stale (`true`), or without (`false`).
    pub stale: Option<bool>,
    /// Only lines with something that caps the rating (`true`), or without (`false`).
    pub knocked_out: Option<bool>,
    /// Only lines whose next review is before this day.
    pub review_before: Option<Day>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `name` if not said.
    pub sort: Option<RegisterSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 4000))]
    pub cursor: Option<String>,
}

/// Lines whose decision went stale, by a change or because evidence has expired since.
pub(super) fn stale(today: Day) -> Condition {
    let expired = Condition::all().add(Column::StaleFrom.is_not_null()).add(Column::StaleFrom.lte(today));
    Condition::any().add(Column::StaleReasons.ne("[]")).add(expired)
}

/// Lines whose supplier's part in handling personal data is like this.
fn whose_data_role(reader: &Reader, condition: Condition) -> Condition {
    let suppliers =
        reader.find::<supplier::Entity>().filter(condition).select_only().column(supplier::Column::Id).into_query();
    Condition::all().add(Column::SupplierId.in_subquery(suppliers))
}

/// Lines with a security certificate that is valid today, the supplier's or the product's own.
fn certified(reader: &Reader) -> Condition {
    use evidence::Column as Of;
    let about = |line: Column| Expr::col((evidence::Entity, Of::SubjectId)).equals((Entity, line));
    let certificates = reader
        .find::<evidence::Entity>()
        .filter(Expr::col((evidence::Entity, Of::SupplierId)).equals((Entity, Column::SupplierId)))
        .filter(Condition::any().add(about(Column::SupplierId)).add(about(Column::SubjectId)))
        .filter(evidence::certifies_on(reader.today()));
    Condition::all().add(Expr::exists(certificates.select_only().column(Of::Id).into_query()))
}

/// A condition, or its opposite, as it was asked for.
fn either(wanted: bool, condition: Condition) -> Condition {
    if wanted { condition } else { condition.not() }
}

/// The lines that a filter means.
fn condition(reader: &Reader, filter: &RegisterFilter) -> Condition {
    let mut condition = Condition::all();
    if let Some(text) = &filter.q {
        condition = condition.add(contains(Column::SearchText, text));
    }
    if let Some(subject_type) = filter.subject_type {
        condition = condition.add(Column::SubjectType.eq(Word(subject_type)));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    condition = match filter.status {
        Some(status) => condition.add(Column::Status.eq(Word(status))),
        None => condition.add(Column::Status.ne(Word(RelationshipStatus::Archived))),
    };
    if let Some(tier) = filter.tier {
        condition = condition.add(Column::Tier.eq(Word(tier)));
    }
    if let Some(rating) = filter.rating {
        condition = condition.add(Column::Rating.eq(Word(rating)));
    }
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(features) = filter.ai_features {
        condition = condition.add(Column::AiFeatures.eq(Word(features)));
    }
    if let Some(data_role) = filter.data_role {
        condition = condition
            .add(whose_data_role(reader, Condition::all().add(supplier::Column::DataRole.eq(Word(data_role)))));
    }
    if let Some(wanted) = filter.handles_personal_data {
        // What is not said is neither equal to `none` nor different from it.
        let none = supplier::Column::DataRole.eq(Word(DataRole::None));
        condition = condition.add(whose_data_role(reader, either(!wanted, Condition::all().add(none))));
    }
    if let Some(wanted) = filter.data_role_said {
        condition = condition.add(whose_data_role(
            reader,
            either(wanted, Condition::all().add(supplier::Column::DataRole.is_not_null())),
        ));
    }
    if let Some(wanted) = filter.has_certificate {
        condition = condition.add(either(wanted, certified(reader)));
    }
    if let Some(wanted) = filter.stale {
        condition = condition.add(either(wanted, stale(reader.today())));
    }
    if let Some(wanted) = filter.knocked_out {
        condition = condition.add(either(wanted, Condition::all().add(Column::KnockOuts.ne("[]"))));
    }
    if let Some(day) = filter.review_before {
        condition = condition.add(Column::NextReviewOn.lt(day));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    condition
}

/// A page of the register.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &RegisterFilter) -> Result<Page<RegisterEntry>, Error> {
    let sort = match filter.sort.unwrap_or_default() {
        RegisterSort::Name => Sort::up(Column::SortKey),
        RegisterSort::NameDescending => Sort::down(Column::SortKey),
        RegisterSort::Rating => Sort::up(Column::RatingRank),
        RegisterSort::RatingDescending => Sort::down(Column::RatingRank),
        RegisterSort::NextReview => Sort::up(Column::ReviewKey),
        RegisterSort::Updated => Sort::up(Column::UpdatedAt),
        RegisterSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    let page = reader
        .page(
            reader.find::<Entity>().filter(condition(reader, filter)),
            sort,
            Column::SubjectId,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await?;
    Ok(Page { items: on_today(reader, page.items).await?, next: page.next })
}

/// How many lines of the register a filter means, on all pages together.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn count(reader: &Reader, filter: &RegisterFilter) -> Result<i64, Error> {
    let select = reader.find::<Entity>().filter(condition(reader, filter));
    let counted: Vec<(i64,)> =
        reader.tuples(select.select_only().expr_as(Column::SubjectId.count(), "line_count")).await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}

/// The suppliers and products that a filter means, in the order of their names, at most `limit`.
pub(crate) async fn subjects(reader: &Reader, filter: &RegisterFilter, limit: u64) -> Result<Vec<SubjectId>, Error> {
    let select = reader.find::<Entity>().filter(condition(reader, filter));
    let select = select.order_by_asc(Column::SortKey).order_by_asc(Column::SubjectId).limit(limit);
    let found: Vec<(SubjectId,)> = reader.tuples(select.select_only().column(Column::SubjectId)).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
