//! How many items there are, counted as they change: by kind and day, and by kind and month, so that however far the
//! days of a large register lie apart, counting reads a row for each kind and month and for each day near today.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _},
};
use serde::Serialize;

use super::{DueKind, DueState, HORIZON_DAYS};
use crate::{
    clock::Day,
    error::Error,
    scope::{Reader, Writer},
    stored::{Word, word},
};

/// How many items there are of a kind and a day.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod day {
    use sea_orm::entity::prelude::*;

    use crate::{clock::Day, due::DueKind, id::OrganisationId, scope::belongs, stored::Word};

    /// A count as stored.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "due_count")]
    pub struct Model {
        /// The organisation, the kind and the day in one.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// The organisation whose list it is.
        pub organisation_id: OrganisationId,
        /// What sort of thing is due.
        pub kind: Word<DueKind>,
        /// The day.
        pub due_on: Day,
        /// How many.
        pub item_count: i64,
    }

    /// Rows are loaded by noun, never joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    belongs!();
}

/// How many items there are of a kind and a month.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod month {
    use sea_orm::entity::prelude::*;

    use crate::{due::DueKind, id::OrganisationId, scope::belongs, stored::Word};

    /// A count as stored.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "due_month_count")]
    pub struct Model {
        /// The organisation, the kind and the month in one.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// The organisation whose list it is.
        pub organisation_id: OrganisationId,
        /// What sort of thing is due.
        pub kind: Word<DueKind>,
        /// The month, `2027-03`.
        pub month: String,
        /// How many.
        pub item_count: i64,
    }

    /// Rows are loaded by noun, never joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    belongs!();
}

/// How many items there are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DueCount {
    /// The kind.
    pub kind: DueKind,
    /// Whose day has passed.
    pub overdue: i64,
    /// Whose day is today or within 30 days.
    pub due: i64,
    /// Whose day is further off.
    pub coming: i64,
}

/// How many items there are over the whole list, and of each kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DueCounts {
    /// Whose day has passed.
    pub overdue: i64,
    /// Whose day is today or within 30 days.
    pub due: i64,
    /// Whose day is further off.
    pub coming: i64,
    /// Of each kind, the most serious first.
    pub kinds: Vec<DueCount>,
}

/// The month of a day: what it begins with.
fn month_of(day: Day) -> String {
    day.date().format("%Y-%m").to_string()
}

/// How many items there are over the whole list, and of each kind that whoever asks is told of.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn counts(reader: &Reader) -> Result<DueCounts, Error> {
    let today = reader.today();
    let last = today.plus_days(HORIZON_DAYS);
    let (first_month, last_month) = (month_of(today), month_of(last));
    let mut all = DueKind::ALL.map(|kind| DueCount { kind, overdue: 0, due: 0, coming: 0 }).to_vec();
    let mut add = |kind: DueKind, state: DueState, count: i64| {
        let Some(counts) = all.iter_mut().find(|known| known.kind == kind) else { return };
        match state {
            DueState::Overdue => counts.overdue += count,
            DueState::Due => counts.due += count,
            DueState::Coming => counts.coming += count,
        }
    };
    let away = Condition::any()
        .add(month::Column::Month.lt(first_month.as_str()))
        .add(month::Column::Month.gt(last_month.as_str()));
    let select = reader.find::<month::Entity>().filter(away).select_only();
    let select = select.columns([month::Column::Kind, month::Column::Month, month::Column::ItemCount]);
    let months: Vec<(Word<DueKind>, String, i64)> = reader.tuples(select).await?;
    for (Word(kind), month, count) in months {
        add(kind, if month < first_month { DueState::Overdue } else { DueState::Coming }, count);
    }
    // A month that is only partly before today, or near: its days, each of which begins with it.
    let near = Condition::all()
        .add(Expr::col(day::Column::DueOn).gte(first_month))
        .add(Expr::col(day::Column::DueOn).lt(format!("{last_month}-99")));
    let select = reader.find::<day::Entity>().filter(near).select_only();
    let select = select.columns([day::Column::Kind, day::Column::DueOn, day::Column::ItemCount]);
    let days: Vec<(Word<DueKind>, Day, i64)> = reader.tuples(select).await?;
    for (Word(kind), due_on, count) in days {
        add(kind, DueState::of(due_on, today), count);
    }
    all.retain(|count| count.kind.is_for(reader.scope().role));
    let sum = |of: fn(&DueCount) -> i64| all.iter().map(of).sum();
    let (overdue, due, coming) = (sum(|count| count.overdue), sum(|count| count.due), sum(|count| count.coming));
    Ok(DueCounts { overdue, due, coming, kinds: all })
}

/// Makes the counts follow.
pub(crate) async fn count_up(writer: &Writer, counted: BTreeMap<(String, Day), i64>) -> Result<(), Error> {
    let kinds: BTreeMap<String, DueKind> = DueKind::ALL.map(|kind| (word(&kind), kind)).into();
    let organisation_id = &writer.scope().organisation_id;
    let (mut days, mut by_month) = (Vec::new(), BTreeMap::<(DueKind, String), i64>::new());
    for ((word, due_on), by) in counted.into_iter().filter(|(_, by)| *by != 0) {
        let Some(kind) = kinds.get(&word) else { continue };
        *by_month.entry((*kind, month_of(due_on))).or_default() += by;
        days.push(day::Model {
            id: format!("{organisation_id} {word} {due_on}"),
            organisation_id: organisation_id.clone(),
            kind: Word(*kind),
            due_on,
            item_count: by,
        });
    }
    let of_month = |((kind, month), by): ((DueKind, String), i64)| month::Model {
        id: format!("{organisation_id} {} {month}", word(&kind)),
        organisation_id: organisation_id.clone(),
        kind: Word(kind),
        month,
        item_count: by,
    };
    let months = by_month.into_iter().filter(|(_, by)| *by != 0).map(of_month).collect();
    writer.add_up::<day::Entity, day::ActiveModel>(days, &[day::Column::Id], day::Column::ItemCount).await?;
    writer.add_up::<month::Entity, month::ActiveModel>(months, &[month::Column::Id], month::Column::ItemCount).await
}
