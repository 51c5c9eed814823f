//! Rows as they are stored, column by column, of whatever table: what an archive of one register is made of.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbErr, IdenStatic as _, Iterable as _, QueryFilter as _, QueryOrder as _,
    QueryResult, QuerySelect as _, QueryTrait as _,
    sea_query::{Alias, ColumnType, Expr, Query},
};
use serde_json::{Map, Value};

use super::{Belongs, Reader, Writer};
use crate::{error::Error, fault::Fault};

/// A row as it is stored: every column but the organisation and those of bytes, by its name.
pub(crate) type StoredRow = Map<String, Value>;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Text,
    Long,
    Integer,
    Boolean,
}

/// A column, and what it holds.
struct Stored {
    name: &'static str,
    sort: Sort,
    may_be_null: bool,
}

/// The columns of a row, in their order.
fn columns<E: Belongs>() -> Vec<Stored> {
    let organisation = E::ORGANISATION_ID.as_str();
    let stored = |column: E::Column| {
        let definition = column.def();
        let sort = match definition.get_column_type() {
            ColumnType::BigInteger => Sort::Long,
            ColumnType::Integer => Sort::Integer,
            ColumnType::Boolean => Sort::Boolean,
            ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => return None,
            _ => Sort::Text,
        };
        let name = column.as_str();
        (name != organisation).then_some(Stored { name, sort, may_be_null: definition.is_null() })
    };
    E::Column::iter().filter_map(stored).collect()
}

impl Stored {
    fn read(&self, row: &QueryResult) -> Result<Value, DbErr> {
        Ok(match self.sort {
            Sort::Text => row.try_get::<Option<String>>("", self.name)?.into(),
            Sort::Long => row.try_get::<Option<i64>>("", self.name)?.into(),
            Sort::Integer => row.try_get::<Option<i32>>("", self.name)?.into(),
            Sort::Boolean => row.try_get::<Option<bool>>("", self.name)?.into(),
        })
    }

    /// The value as the database takes it; none where it is of another sort.
    fn written(&self, value: Option<&Value>) -> Option<sea_orm::Value> {
        let value = value.filter(|value| !value.is_null());
        if value.is_none() && !self.may_be_null {
            return None;
        }
        Some(match (self.sort, value) {
            (Sort::Text, None) => sea_orm::Value::String(None),
            (Sort::Long, None) => sea_orm::Value::BigInt(None),
            (Sort::Integer, None) => sea_orm::Value::Int(None),
            (Sort::Boolean, None) => sea_orm::Value::Bool(None),
            (Sort::Text, Some(value)) => sea_orm::Value::String(Some(value.as_str()?.to_owned())),
            (Sort::Long, Some(value)) => sea_orm::Value::BigInt(Some(value.as_i64()?)),
            (Sort::Integer, Some(value)) => sea_orm::Value::Int(Some(i32::try_from(value.as_i64()?).ok()?)),
            (Sort::Boolean, Some(value)) => sea_orm::Value::Bool(Some(value.as_bool()?)),
        })
    }

    fn expected(&self) -> &'static str {
        match self.sort {
            Sort::Text => "a text",
            Sort::Long | Sort::Integer => "a whole number",
            Sort::Boolean => "true or false",
        }
    }
}

/// What keeps a row from being stored as it is: columns that there are not, that are missing, or of another sort.
pub(crate) fn faults<E: Belongs>(row: &StoredRow) -> Vec<Fault> {
    let columns = columns::<E>();
    let mut faults = Vec::new();
    for name in row.keys().filter(|name| !columns.iter().any(|column| column.name == name.as_str())) {
        faults.push(Fault::new(format!("/{name}"), "unknown_field", "expected no such field"));
    }
    for column in &columns {
        let value = row.get(column.name);
        if column.written(value).is_none() {
            let (code, detail) = match value {
                None => ("missing", format!("expected `{}`, {}", column.name, column.expected())),
                Some(_) => ("type", format!("expected {}", column.expected())),
            };
            faults.push(Fault::new(format!("/{}", column.name), code, detail));
        }
        if value.and_then(Value::as_str).is_some_and(|text| text.contains('\0')) {
            let detail = "expected a text without the character U+0000";
            faults.push(Fault::new(format!("/{}", column.name), "character", detail));
        }
    }
    faults
}

impl Reader {
    /// Rows of this organisation whose key comes after this one, in the order of their keys, those of our own house
    /// among them.
    pub(crate) async fn stored_rows<E: Belongs>(
        &self,
        key: E::Column,
        after: &str,
        limit: u64,
    ) -> Result<Vec<StoredRow>, Error> {
        let columns = columns::<E>();
        let select = self.find_with_ourselves::<E>().filter(key.gt(after)).order_by_asc(key).limit(limit);
        let rows = self.transaction.query_all(&select.into_query()).await?;
        let read = |row: &QueryResult| {
            let cells = columns.iter().map(|column| Ok::<_, DbErr>((column.name.to_owned(), column.read(row)?)));
            cells.collect::<Result<StoredRow, DbErr>>()
        };
        Ok(rows.iter().map(read).collect::<Result<Vec<StoredRow>, DbErr>>()?)
    }

    /// Which of these keys have a row already, whosever it is: no two rows of a database have one key.
    #[expect(clippy::disallowed_methods, reason = "a key that is another organisation's is not free either")]
    pub(crate) async fn taken<E: Belongs>(&self, key: E::Column, keys: &[String]) -> Result<Vec<String>, Error> {
        let keys = keys.iter().map(String::as_str);
        let select = E::find().select_only().column(key).filter(key.is_in(keys));
        Ok(select.into_tuple::<String>().all(&self.transaction).await?)
    }
}

impl Writer {
    /// Adds rows as they are, with their versions and moments, in which [`faults`] has found none. They are not noted
    /// one by one: whoever adds them notes them all together.
    pub(crate) async fn add_stored<E: Belongs>(&self, rows: &[StoredRow]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = columns::<E>();
        let names = columns.iter().map(|column| column.name).chain([E::ORGANISATION_ID.as_str()]);
        let mut insert = Query::insert();
        insert.into_table(Alias::new(E::default().table_name())).columns(names.map(Alias::new));
        for row in rows {
            let values = columns.iter().map(|column| {
                let value = column.written(row.get(column.name)).unwrap_or(sea_orm::Value::String(None));
                Expr::value(value)
            });
            let organisation = Expr::value(self.scope.organisation_id.clone());
            insert
                .values(values.chain([organisation]))
                .map_err(|error| Error::Database(DbErr::Custom(error.to_string())))?;
        }
        self.in_turn()?.execute(&insert).await?;
        Ok(())
    }
}
