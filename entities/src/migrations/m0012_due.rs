//! The list of what is due, how many items of each kind and day it has, and what reviews and decisions keep for it; when
//! evidence ends, and who accepted it.

use diligence_questionnaires::EvidenceKind;
use sea_orm_migration::{prelude::*, sea_orm::Statement};

use crate::{
    clock::Moment,
    evidence::{Ending, EvidenceValidity, Said},
    stored::{from_word, word},
};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0012_due"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(manager.get_connection(), STATEMENTS).await?;
        end_evidence(manager.get_connection()).await
    }
}

/// How many pieces of evidence one statement ends.
const MANY: usize = 500;

/// Works out when the evidence there is ends, as the policy that every organisation starts with says.
async fn end_evidence(connection: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
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

const STATEMENTS: &str = "
CREATE TABLE due_item (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    item_key $text NOT NULL,
    kind $text NOT NULL,
    kind_rank integer NOT NULL,
    subject_id $text NOT NULL,
    supplier_id $text NOT NULL,
    product_id $text,
    source_id $text NOT NULL,
    due_on $text NOT NULL,
    why $text NOT NULL,
    owner $text,
    created_at $text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE UNIQUE INDEX due_item_once ON due_item (organisation_id, item_key);
CREATE INDEX due_item_by_day ON due_item (organisation_id, due_on, id);
CREATE INDEX due_item_by_kind ON due_item (organisation_id, kind, due_on, id);
CREATE INDEX due_item_by_rank ON due_item (organisation_id, kind_rank, id);
CREATE INDEX due_item_by_owner ON due_item (organisation_id, owner, due_on, id);
CREATE INDEX due_item_by_supplier ON due_item (organisation_id, supplier_id, due_on, id);
CREATE TABLE due_count (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    kind $text NOT NULL,
    due_on $text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_count_by_day ON due_count (organisation_id, due_on);
ALTER TABLE review ADD COLUMN rescheduled_cadence_on $text;
ALTER TABLE review ADD COLUMN seen $text;
ALTER TABLE decision ADD COLUMN rating $text;
ALTER TABLE policy ADD COLUMN evidence_validity $text NOT NULL DEFAULT '{}';
ALTER TABLE evidence ADD COLUMN ends_on $text;
ALTER TABLE evidence ADD COLUMN ends_because $text NOT NULL DEFAULT 'none';
ALTER TABLE evidence ADD COLUMN said_key $text NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN checked_at $text;
ALTER TABLE evidence ADD COLUMN checked_by $text;
DROP INDEX evidence_by_expiry;
CREATE INDEX evidence_by_last_day ON evidence (organisation_id, ends_on);
CREATE INDEX evidence_by_statement ON evidence (subject_id, kind, said_key);
UPDATE evidence SET checked_at = created_at WHERE id NOT IN (SELECT evidence_id FROM respondent_upload);
UPDATE evidence SET checked_at = (
        SELECT min(assessment.decided_at) FROM respondent_upload
        JOIN assessment ON assessment.subject_id = respondent_upload.subject_id
        JOIN answer_sheet ON answer_sheet.assessment_id = assessment.id
        WHERE respondent_upload.evidence_id = evidence.id AND assessment.state IN ('approved', 'superseded')
        AND answer_sheet.answers LIKE '%' || evidence.id || '%'
    ) WHERE checked_at IS NULL;
UPDATE supplier SET tier = 'unknown' WHERE tier_reason = 'not profiled yet';
UPDATE register_entry SET tier = 'unknown' WHERE supplier_id IN (SELECT id FROM supplier WHERE tier = 'unknown')
";
