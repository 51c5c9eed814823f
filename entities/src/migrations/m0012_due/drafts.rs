//! What was answered through a link and not submitted, set apart from what others may see.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::prelude::DbErr;
use serde_json::{Map, Value};

/// Sets apart what the audit trail says was answered through a link and not submitted since. What the scores so far
/// were made of is no more, so they go too: the next answer makes them anew.
pub(super) async fn set_drafts_apart(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let statement = |sql: &str, values: Vec<sea_orm::Value>| {
        let sql = if backend == DbBackend::Postgres { sql.to_owned() } else { sql.replace('$', "?") };
        Statement::from_sql_and_values(backend, sql, values)
    };
    // By assessment and question, what stood there before; null for nothing.
    let mut drafts: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in connection.query_all_raw(statement(GIVEN, Vec::new())).await? {
        let (id, actor, at): (String, String, String) =
            (row.try_get("", "item_id")?, row.try_get("", "actor_id")?, row.try_get("", "given_at")?);
        let submitted: Option<String> = row.try_get("", "submitted_at")?;
        // Moments are written alike, so that the later one is the greater text.
        if submitted.is_some_and(|submitted| at <= submitted) {
            continue;
        }
        let (was, is): (Option<String>, Option<String>) = (row.try_get("", "was")?, row.try_get("", "became")?);
        let was = object(&was.unwrap_or_default());
        let draft = drafts.entry(id).or_default();
        for (key, _) in object(&is.unwrap_or_default()) {
            if actor.starts_with("lnk_") {
                let stood = was.get(&key).cloned().unwrap_or_default();
                draft.entry(key).or_insert(stood);
            } else {
                draft.shift_remove(&key);
            }
        }
    }
    for (id, draft) in drafts.into_iter().filter(|(_, draft)| !draft.is_empty()) {
        let row = connection.query_one_raw(statement(ANSWERS, vec![id.clone().into()])).await?;
        let answers: String = row.map(|row| row.try_get("", "answers")).transpose()?.unwrap_or_default();
        let (mut answers, mut unsent) = (object(&answers), Map::new());
        for (key, stood) in draft {
            unsent.insert(key.clone(), answers.shift_remove(&key).unwrap_or_default());
            if !stood.is_null() {
                answers.insert(key, stood);
            }
        }
        let texts = [answers, unsent].map(|object| sea_orm::Value::from(Value::from(object).to_string()));
        let values = texts.into_iter().chain([id.clone().into()]).collect();
        connection.execute_raw(statement(SET_APART, values)).await?;
        connection.execute_raw(statement(UNSCORED, vec![id.into()])).await?;
    }
    Ok(())
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Every change to the answers of open assessments that were answered through a link, in order.
const GIVEN: &str = r#"
SELECT event.item_id AS item_id, event.actor_id AS actor_id, event.at AS given_at, event."before" AS was,
    event."after" AS became, assessment.submitted_at AS submitted_at
FROM assessment
JOIN audit_event AS event ON event.organisation_id = assessment.organisation_id AND event.item_id = assessment.id
WHERE assessment.state = 'open' AND event.noun = 'answers' AND event.action IN ('answer', 'confirm', 'fill_in')
    AND EXISTS (SELECT 1 FROM audit_event AS through WHERE through.organisation_id = assessment.organisation_id
        AND through.item_id = assessment.id AND through.noun = 'answers' AND through.actor_id LIKE 'lnk_%')
ORDER BY event.organisation_id, event.sequence"#;
const ANSWERS: &str = "SELECT answers FROM answer_sheet WHERE assessment_id = $1";
const SET_APART: &str = "UPDATE answer_sheet SET answers = $1, unsent = $2 WHERE assessment_id = $3";
const UNSCORED: &str = "
UPDATE assessment SET claimed = NULL, evidenced = NULL, frameworks = '[]', coverage = '0.0', knock_outs = '[]'
WHERE id = $1";
