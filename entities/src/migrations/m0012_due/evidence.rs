//! When the evidence there is ends.

use diligence_questionnaires::EvidenceKind;
use sea_orm_migration::{prelude::*, sea_orm::Statement};

use crate::{
    clock::Moment,
    evidence::{Ending, EvidenceValidity, Said},
    stored::{from_word, word},
};

/// How many pieces of evidence one statement ends.
const MANY: usize = 500;

/// Works out when the evidence there is ends, as the policy that every organisation starts with says.
pub(super) async fn end_evidence(connection: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let mut after = String::new();
    loop {
        let select = format!(
            "SELECT id, kind, statement, issued_on, expires_on, created_at FROM evidence WHERE id > {} ORDER BY id LIMIT {MANY}",
            quoted(&after)
        );
        let rows = connection.query_all_raw(Statement::from_string(backend, select)).await?;
        let mut values = Vec::with_capacity(rows.len());
        for row in &rows {
            let text = |column: &str| row.try_get::<Option<String>>("", column);
            let id = row.try_get::<String>("", "id")?;
            let kind = text("kind")?.and_then(|kind| from_word::<EvidenceKind>(&kind));
            let created_at = text("created_at")?.and_then(|at| at.parse::<Moment>().ok());
            let (Some(kind), Some(created_at)) = (kind, created_at) else {
                return Err(DbErr::Migration(format!("evidence {id} has no kind or no time of entry")));
            };
            let (statement, issued_on, expires_on) = (text("statement")?, text("issued_on")?, text("expires_on")?);
            let said = Said {
                id: &id,
                kind,
                statement: statement.as_deref(),
                issued_on: issued_on.and_then(|day| day.parse().ok()),
                expires_on: expires_on.and_then(|day| day.parse().ok()),
                created_at,
            };
            let Ending { ends_on, because, expiry_key, said_key } = said.ending(&EvidenceValidity::default());
            let ends_on = ends_on.map_or_else(|| "NULL".to_owned(), |day| quoted(&day.to_string()));
            let parts = [quoted(&id), ends_on, quoted(&word(&because)), quoted(&expiry_key), quoted(&said_key)];
            values.push(format!("({})", parts.join(", ")));
            after = id;
        }
        if values.is_empty() {
            return Ok(());
        }
        // Both databases call the columns of a list of values so.
        let update = format!(
            "UPDATE evidence SET ends_on = made.column2, ends_because = made.column3, expiry_key = made.column4,
                said_key = made.column5
            FROM (VALUES {}) AS made WHERE evidence.id = made.column1",
            values.join(", ")
        );
        connection.execute_unprepared(&update).await?;
    }
}

/// A text as it stands in a statement.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
