//! How many lines the register has of each sort, and how many open risks each has by likelihood and impact.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0013_counts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        super::script(connection, STATEMENTS).await?;
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), RISKS)).await?;
        let mut cells: BTreeMap<String, Vec<(i32, i32, i64)>> = BTreeMap::new();
        for row in rows {
            let cell = (row.try_get("", "likelihood")?, row.try_get("", "impact")?, row.try_get("", "number")?);
            cells.entry(row.try_get("", "subject_id")?).or_default().push(cell);
        }
        let statement = match connection.get_database_backend() {
            DbBackend::Postgres => "UPDATE register_entry SET heat = $1 WHERE subject_id = $2",
            _ => "UPDATE register_entry SET heat = ? WHERE subject_id = ?",
        };
        for (subject_id, cells) in cells {
            let heat = serde_json::to_string(&cells).map_err(|error| DbErr::Migration(error.to_string()))?;
            let values = [heat.into(), subject_id.into()];
            let backend = connection.get_database_backend();
            connection.execute_raw(Statement::from_sql_and_values(backend, statement, values)).await?;
        }
        Ok(())
    }
}

const RISKS: &str = "SELECT subject_id, coalesce(residual_likelihood, likelihood) AS likelihood,
    coalesce(residual_impact, impact) AS impact, count(*) AS number
    FROM risk WHERE state <> 'closed'
    GROUP BY subject_id, coalesce(residual_likelihood, likelihood), coalesce(residual_impact, impact)
    ORDER BY subject_id, likelihood, impact";

const STATEMENTS: &str = "
CREATE TABLE register_count (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    sort $text NOT NULL,
    value $text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX register_count_by_value ON register_count (organisation_id, sort, value);
ALTER TABLE register_entry ADD COLUMN heat $text NOT NULL DEFAULT '[]';
INSERT INTO register_count (id, organisation_id, sort, value, item_count)
SELECT organisation_id || ' ' || sort || ' ' || value, organisation_id, sort, value, sum(number) FROM (
    SELECT organisation_id, CASE subject_type WHEN 'supplier' THEN 'suppliers' ELSE 'products' END AS sort,
        rating || ' ' || CASE subject_type WHEN 'supplier' THEN tier ELSE coalesce(ai_features, '') END AS value, 1 AS number
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves
    UNION ALL SELECT organisation_id, 'reviews', next_review_on, 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND next_review_on IS NOT NULL
    UNION ALL SELECT organisation_id, 'knocked_out', '', 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND knock_outs <> '[]'
    UNION ALL SELECT organisation_id, 'stale', CASE WHEN stale_reasons <> '[]' THEN '' ELSE stale_from END, 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves
            AND (stale_reasons <> '[]' OR stale_from IS NOT NULL)
    UNION ALL SELECT risk.organisation_id, 'risks',
        coalesce(residual_likelihood, likelihood) || ' ' || coalesce(residual_impact, impact), 1
        FROM risk JOIN register_entry ON register_entry.subject_id = risk.subject_id
        WHERE risk.state <> 'closed' AND register_entry.status <> 'archived' AND NOT register_entry.is_ourselves
) AS facts GROUP BY organisation_id, sort, value
";
