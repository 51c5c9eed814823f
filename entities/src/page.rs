//! Lists in pages: keyset cursors, never offsets, so that a page costs the same at any depth.

use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Iterable as _, ModelTrait, Order, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select, Value,
};
use serde::Serialize;

use crate::{
    error::Error,
    stored::{from_hex, hex},
};

/// How many items a page has when the caller does not say.
pub const DEFAULT_LIMIT: u64 = 50;
/// How many items a page has at most.
pub const MAXIMUM_LIMIT: u64 = 200;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Replaces each item by what `change` makes of it; `next` stays.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// An item with an id and a version, as every answer about one thing carries.
pub trait Versioned {
    /// The id as text.
    fn id(&self) -> &str;
    /// The version, from 1.
    fn version(&self) -> i64;
}

/// By which column a list is ordered. Ties are broken by id, so the order is total. The column must not be null.
#[derive(Clone, Copy, Debug)]
pub struct Sort<C> {
    /// The column.
    pub column: C,
    /// Greatest first.
    pub descending: bool,
}

impl<C> Sort<C> {
    /// Smallest first.
    pub fn up(column: C) -> Self {
        Self { column, descending: false }
    }
    /// Greatest first.
    pub fn down(column: C) -> Self {
        Self { column, descending: true }
    }
}

/// Adds order, position and size to `select`: one row more than `limit`, to know whether there is a next page.
pub(crate) fn cut<E: EntityTrait>(
    select: Select<E>,
    sort: Sort<E::Column>,
    id: E::Column,
    limit: u64,
    cursor: Option<&str>,
) -> Result<Select<E>, Error> {
    let order = if sort.descending { Order::Desc } else { Order::Asc };
    let mut select = select.order_by(sort.column, order.clone()).order_by(id, order).limit(limit + 1);
    if let Some(cursor) = cursor {
        let wrong =
            || Error::invalid("?cursor", "cursor", "expected the `next` of a page of this list, under the same `sort`");
        let position: (usize, bool, serde_json::Value, String) =
            from_hex(cursor).and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(wrong)?;
        if (position.0, position.1) != (index_of::<E>(sort.column), sort.descending) {
            return Err(wrong());
        }
        let value = match position.2 {
            serde_json::Value::String(text) => Value::String(Some(text)),
            serde_json::Value::Number(number) => Value::BigInt(number.as_i64()),
            _ => return Err(wrong()),
        };
        let after = |column: E::Column, value: Value| if sort.descending { column.lt(value) } else { column.gt(value) };
        select = select.filter(
            Condition::any()
                .add(after(sort.column, value.clone()))
                .add(Condition::all().add(sort.column.eq(value)).add(after(id, Value::String(Some(position.3))))),
        );
    }
    Ok(select)
}

/// The page that `rows` (as many as [`cut`] let through) make.
pub(crate) fn bind<E: EntityTrait>(
    mut rows: Vec<E::Model>,
    sort: Sort<E::Column>,
    id: E::Column,
    limit: u64,
) -> Page<E::Model> {
    let mut next = None;
    if rows.len() as u64 > limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        next = rows.last().map(|last| {
            let value = match last.get(sort.column) {
                Value::String(text) => serde_json::Value::from(text),
                Value::BigInt(number) => serde_json::Value::from(number),
                Value::Int(number) => serde_json::Value::from(number),
                _ => serde_json::Value::Null,
            };
            let key = match last.get(id) {
                Value::String(Some(text)) => text,
                _ => String::new(),
            };
            hex(serde_json::json!([index_of::<E>(sort.column), sort.descending, value, key]).to_string().as_bytes())
        });
    }
    Page { items: rows, next }
}

fn index_of<E: EntityTrait>(column: E::Column) -> usize {
    use sea_orm::IdenStatic as _;
    E::Column::iter().position(|candidate| candidate.as_str() == column.as_str()).unwrap_or(usize::MAX)
}

/// The condition that `column` has `text` somewhere in it, `text`'s own wildcards taken literally (`\` escapes).
pub(crate) fn contains<C: ColumnTrait>(column: C, text: &str) -> sea_orm::sea_query::SimpleExpr {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    column.like(sea_orm::sea_query::LikeExpr::new(pattern).escape('\\'))
}
