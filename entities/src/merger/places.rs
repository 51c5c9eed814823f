//! Where rows say which supplier or product they are about: what goes over when two become one, and comes back.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};

use super::MovedCount;
use crate::{
    assessment::{self, sheet},
    decision, dependency,
    due::{self, settlement},
    error::Error,
    evidence, evidence_file, incident, product, published_list as entry, register,
    respondent::upload,
    review, risk,
    scope::{Belongs, Reader, Writer},
};

/// Rows that say the same in one column, and what they say instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cells {
    /// The table and the column, with a dot between.
    place: String,
    from: String,
    to: String,
    /// The keys of the rows.
    keys: Vec<String>,
}

impl Cells {
    /// Leaves out the rows of other keys.
    pub(super) fn retain(&mut self, stays: impl FnMut(&String) -> bool) {
        self.keys.retain(stays);
    }

    /// How many rows.
    pub(super) fn count(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Whether the rows follow from others, and may be others by now.
    pub(super) fn is_derived(&self) -> bool {
        self.place.starts_with("due_item.") || self.place.starts_with("register_entry.")
    }

    /// These rows, as they go back.
    pub(super) fn back(&self) -> Self {
        let Self { place, from, to, keys } = self.clone();
        Self { place, from: to, to: from, keys }
    }
}

/// The keys of the rows that say this in this column.
async fn keys_of<E: Belongs>(
    reader: &Reader,
    key: E::Column,
    column: E::Column,
    says: &str,
) -> Result<Vec<String>, Error> {
    let select = reader.find_with_ourselves::<E>().filter(column.eq(says)).order_by_asc(key);
    let rows: Vec<(String,)> = reader.tuples(select.select_only().column(key)).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Which columns of which tables name a supplier or product; each table with its key, and the columns of its version
/// and of its last change, where it has a version.
macro_rules! places {
    ($($table:literal = $module:ident, $key:ident, $versions:expr, [$($column:ident $name:literal)*];)*) => {
        /// Each of them: the table and the column.
        pub const PLACES: &[(&str, &str)] = &[$($(($table, $name),)*)*];

        /// What names `from`, as it is to name `to`.
        pub(super) async fn find(reader: &Reader, from: &str, to: &str) -> Result<Vec<Cells>, Error> {
            let mut found = Vec::new();
            $($({
                use $module::{Column, Entity};
                let keys = keys_of::<Entity>(reader, Column::$key, Column::$column, from).await?;
                let place = concat!($table, ".", $name).to_owned();
                found.push(Cells { place, from: from.to_owned(), to: to.to_owned(), keys });
            })*)*
            found.retain(|cells| !cells.keys.is_empty());
            Ok(found)
        }

        /// Has rows that say the one say the other. Says of how many that is so.
        pub(super) async fn put(writer: &Writer, cells: &Cells) -> Result<u64, Error> {
            let Cells { place, from, to, keys } = cells;
            $($(
                if place == concat!($table, ".", $name) {
                    use $module::{Column, Entity};
                    return writer.redirect::<Entity>((Column::$key, keys), Column::$column, from, to).await;
                }
            )*)*
            Ok(0)
        }

        /// Gives rows that went over, or came back, new versions: one, in however many columns they did.
        pub(super) async fn renew(writer: &Writer, all: &[Cells]) -> Result<(), Error> {
            $({
                use $module::{Column, Entity};
                let versions: Option<(Column, Column)> = $versions;
                let keys = keys_in(all, $table);
                if let Some(versions) = versions {
                    writer.renew::<Entity>((Column::$key, &keys), versions).await?;
                }
            })*
            Ok(())
        }
    };
}
places! {
    "product" = product, Id, Some((Column::Version, Column::UpdatedAt)), [SupplierId "supplier_id"];
    "dependency" = dependency, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
        RestsOnSupplierId "rests_on_supplier_id" RestsOnProductId "rests_on_product_id" RestsOnId "rests_on_id"
    ];
    "evidence" = evidence, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "evidence_file" = evidence_file, EvidenceId, None, [SupplierId "supplier_id"];
    "respondent_upload" = upload, EvidenceId, None, [SubjectId "subject_id"];
    "assessment" = assessment, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "answer_sheet" = sheet, AssessmentId, None, [SupplierId "supplier_id"];
    "decision" = decision, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "risk" = risk, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "review" = review, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "incident" = incident, Id, Some((Column::Version, Column::UpdatedAt)), [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "settlement" = settlement, Id, None, [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id" SourceId "source_id"
    ];
    "list_entry" = entry, Id, Some((Column::Version, Column::UpdatedAt)), [SupplierId "supplier_id"];
    "due_item" = due, Id, None, [
        SupplierId "supplier_id" ProductId "product_id" SubjectId "subject_id"
    ];
    "register_entry" = register, SubjectId, None, [SupplierId "supplier_id"];
}

/// Columns that name a supplier or product and stay as they are, and why.
pub const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("audit_event", "supplier_id", "what happened happened to the one it happened to"),
    ("audit_event", "product_id", "what happened happened to the one it happened to"),
    ("register_entry", "subject_id", "the line of what is one with another goes"),
    ("register_entry", "product_id", "the line of what is one with another goes"),
    ("supplier_identifier", "supplier_id", "follows from the identifiers of the suppliers"),
    ("upgrade", "supplier_id", "how far the register was derived anew, in the order of ids"),
];

/// The keys of a table's rows, each once.
pub(super) fn keys_in(all: &[Cells], table: &str) -> Vec<String> {
    let of_table = |cells: &&Cells| cells.place.split_once('.').is_some_and(|(name, _)| name == table);
    let keys: BTreeSet<&String> = all.iter().filter(of_table).flat_map(|cells| &cells.keys).collect();
    keys.into_iter().cloned().collect()
}

/// How many things go over, by noun.
pub(super) fn counts(all: &[Cells]) -> Vec<MovedCount> {
    const NOUNS: [&str; 9] =
        ["product", "evidence", "assessment", "decision", "risk", "review", "incident", "dependency", "settlement"];
    NOUNS
        .into_iter()
        .map(|noun| MovedCount {
            noun: noun.to_owned(),
            count: i64::try_from(keys_in(all, noun).len()).unwrap_or(i64::MAX),
        })
        .filter(|moved| moved.count > 0)
        .collect()
}

/// Has what is settled of the one stay settled of the other: the key of an item names what it follows from.
pub(super) async fn rename_items(writer: &Writer, from: &str, to: &str) -> Result<BTreeMap<String, String>, Error> {
    use settlement::{Column, Entity};
    let mut renamed = BTreeMap::new();
    for row in writer.all(writer.find::<Entity>().filter(Column::SourceId.eq(from))).await? {
        let key = row.item_key.replace(from, to);
        writer.set_derived::<Entity>(row.id.as_str(), [(Column::ItemKey, key.into())]).await?;
        renamed.insert(row.id.to_string(), row.item_key);
    }
    Ok(renamed)
}

/// Has items be called as they were.
pub(super) async fn rename_items_back(writer: &Writer, renamed: &BTreeMap<String, String>) -> Result<(), Error> {
    use settlement::{Column, Entity};
    for (id, key) in renamed {
        writer.set_derived::<Entity>(id, [(Column::ItemKey, key.clone().into())]).await?;
    }
    Ok(())
}

/// Has everything about products that change their supplier say so, also what has come about them since.
pub(super) async fn follow_products(writer: &Writer, products: &[String], from: &str, to: &str) -> Result<(), Error> {
    macro_rules! follow {
        ($($module:ident)*) => {$({
            use $module::{Column, Entity};
            writer.redirect::<Entity>((Column::ProductId, products), Column::SupplierId, from, to).await?;
        })*};
    }
    follow! {
        dependency evidence assessment decision risk review incident settlement due register
    }
    {
        use dependency::{Column, Entity};
        let key = (Column::RestsOnProductId, products);
        writer.redirect::<Entity>(key, Column::RestsOnSupplierId, from, to).await?;
    }
    let mut assessments = Vec::new();
    let mut pieces = Vec::new();
    for product in products {
        use assessment::Column as Assessments;
        let found = keys_of::<assessment::Entity>(writer, Assessments::Id, Assessments::ProductId, product).await?;
        assessments.extend(found);
        use evidence::Column as Pieces;
        pieces.extend(keys_of::<evidence::Entity>(writer, Pieces::Id, Pieces::ProductId, product).await?);
    }
    {
        use sheet::{Column, Entity};
        writer.redirect::<Entity>((Column::AssessmentId, &assessments), Column::SupplierId, from, to).await?;
    }
    use evidence_file::{Column, Entity};
    writer.redirect::<Entity>((Column::EvidenceId, &pieces), Column::SupplierId, from, to).await?;
    Ok(())
}
