//! What tables are to the road: what belongs to an organisation, and what has a version and is audited.

use sea_orm::EntityTrait;
use serde::Serialize;

use crate::{
    clock::Moment,
    id::{OrganisationId, ProductId, SupplierId},
    page,
};

/// A table whose every row belongs to one organisation.
pub(crate) trait Belongs: EntityTrait {
    /// The column that says to which.
    const ORGANISATION_ID: Self::Column;
    /// The column that marks what is of our own house, where there is one: [`super::Reader::find`] leaves it out.
    const OURSELVES: Option<Self::Column> = None;
    /// Puts the organisation into a row about to be written.
    fn claim(row: &mut Self::Model, organisation_id: &OrganisationId);
}

/// A table of things with an id and a version, whose every change is audited.
pub(crate) trait Owned: Belongs<Model: Serialize + page::Versioned + Clone + Send + Sync> {
    /// What people call one.
    const NOUN: &'static str;
    /// The id column.
    const ID: Self::Column;
    /// The version column.
    const VERSION: Self::Column;
    /// Sets version and time of a row about to be written.
    fn stamp(row: &mut Self::Model, version: i64, now: Moment);
    /// The supplier whose line in the register rests on this row.
    fn supplier_id(row: &Self::Model) -> Option<&SupplierId>;
    /// The product that this row is about, or is; none where it is about the supplier itself.
    fn product_id(_row: &Self::Model) -> Option<&ProductId> {
        None
    }
}

/// Implements [`Belongs`] for the `Entity` of the module it stands in; with the column that marks our own house, if it
/// has one.
macro_rules! belongs {
    ($(without $ourselves:ident)?) => {
        impl crate::scope::Belongs for Entity {
            const ORGANISATION_ID: Column = Column::OrganisationId;
            $(const OURSELVES: Option<Column> = Some(Column::$ourselves);)?
            fn claim(row: &mut Model, organisation_id: &crate::id::OrganisationId) {
                row.organisation_id = organisation_id.clone();
            }
        }
    };
}
pub(crate) use belongs;

/// Implements [`Belongs`] and [`Owned`] for the `Entity` of the module it stands in: the noun, the supplier it hangs on
/// if it does, and the product; behind a semicolon the column that marks our own house.
macro_rules! owned {
    ($noun:literal, $row:ident => $supplier:expr $(, $product:expr)? $(; without $ourselves:ident)?) => {
        crate::scope::belongs!($(without $ourselves)?);
        impl crate::scope::Owned for Entity {
            const NOUN: &'static str = $noun;
            const ID: Column = Column::Id;
            const VERSION: Column = Column::Version;
            fn stamp(row: &mut Model, version: i64, now: crate::clock::Moment) {
                row.version = version;
                row.updated_at = now;
            }
            fn supplier_id($row: &Model) -> Option<&crate::id::SupplierId> {
                $supplier
            }
            $(fn product_id($row: &Model) -> Option<&crate::id::ProductId> {
                $product
            })?
        }
        impl crate::page::Versioned for Model {
            fn id(&self) -> &str {
                self.id.as_str()
            }
            fn version(&self) -> i64 {
                self.version
            }
        }
    };
}
pub(crate) use owned;
