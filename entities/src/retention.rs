//! How long things about people are kept, and taking away what is older.

use schemars::JsonSchema;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    evidence, evidence_file,
    fault::Faults,
    id::{OrganisationId, RetentionId},
    merger,
    patch::Change,
    scope::{Reader, Writer, owned},
    supplier,
};

/// How many items one call takes away at the most.
pub const MAXIMUM_ITEMS: u64 = 500;

/// The periods as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "retention")]
#[schemars(rename = "Retention")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RetentionId,
    /// The organisation whose periods they are.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// How many days after its last change an archived supplier keeps its contacts; null for ever.
    pub archived_contact_days: Option<i32>,
    /// How many days after its evidence expired a file is kept; null for ever. A file that answers rest on stays.
    pub expired_file_days: Option<i32>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Retention;

/// Periods hang on their organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("retention", _row => None);

impl Model {
    /// What an organisation starts with: nothing goes by itself.
    pub(crate) fn start(id: RetentionId, organisation_id: OrganisationId, now: Moment) -> Self {
        Self {
            id,
            organisation_id,
            version: 1,
            archived_contact_days: None,
            expired_file_days: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "archived_contact_days": 365 }))]
pub struct NewRetention {
    /// How many days after its last change an archived supplier keeps its contacts; null for ever.
    #[validate(range(min = 1, max = 36500))]
    #[serde(default)]
    pub archived_contact_days: Option<i32>,
    /// How many days after its evidence expired a file is kept; null for ever.
    #[validate(range(min = 1, max = 36500))]
    #[serde(default)]
    pub expired_file_days: Option<i32>,
}

/// The organisation's periods.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader) -> Result<Retention, Error> {
    reader.one(reader.find::<Entity>()).await?.ok_or(Error::NotFound)
}

/// Changes the periods. Nothing goes before [`apply`] is called.
///
/// # Errors
/// [`Error::Stale`], or [`Error::Invalid`].
pub async fn change(writer: &Writer, version: i64, change: Change<NewRetention>) -> Result<Retention, Error> {
    let before = read(writer).await?;
    if before.version != version {
        return Err(Error::Stale { current: before.version });
    }
    let new = change.over(&before)?;
    Faults::of(&new).done()?;
    let NewRetention { archived_contact_days, expired_file_days } = new;
    let after = Model { archived_contact_days, expired_file_days, ..before.clone() };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// What goes, or stays although its time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RetentionItem {
    /// The noun, e.g. `supplier`.
    pub noun: String,
    /// The item's id.
    pub item_id: String,
    /// What of it: `contacts` or `file`.
    pub what: String,
    /// Why it goes, or stays.
    pub because: String,
}

/// What a call took away, or would take away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RetentionReport {
    /// Whether it only said what would go.
    pub dry_run: bool,
    /// What went, or would go.
    pub items: Vec<RetentionItem>,
    /// What stays although its time has come.
    pub kept: Vec<RetentionItem>,
    /// Whether there may be more: then call again.
    pub more: bool,
}

/// Takes away what is older than the periods say, at most [`MAXIMUM_ITEMS`] of each sort; a dry run only says what.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn apply(writer: &Writer, dry_run: bool) -> Result<RetentionReport, Error> {
    let periods = read(writer).await?;
    let mut report = RetentionReport { dry_run, items: Vec::new(), kept: Vec::new(), more: false };
    if let Some(days) = periods.archived_contact_days {
        let due =
            supplier::archived_with_contacts(writer, writer.now().plus_hours(-24 * i64::from(days)), MAXIMUM_ITEMS)
                .await?;
        report.more |= due.len() as u64 == MAXIMUM_ITEMS;
        for row in due {
            let because = format!("archived, and last changed on {}, more than {days} days ago", row.updated_at.day());
            report.items.push(RetentionItem {
                noun: "supplier".into(),
                item_id: row.id.to_string(),
                what: "contacts".into(),
                because,
            });
            if !dry_run {
                supplier::drop_contacts(writer, row).await?;
            }
        }
    }
    if let Some(days) = periods.expired_file_days {
        let before = writer.now().plus_hours(-24 * i64::from(days)).day();
        let mut gone = 0;
        for row in evidence::expired_with_file(writer, before).await? {
            if gone == MAXIMUM_ITEMS {
                report.more = true;
                break;
            }
            let item = |because: String| RetentionItem {
                noun: "evidence".into(),
                item_id: row.id.to_string(),
                what: "file".into(),
                because,
            };
            if evidence_file::is_in_use(writer, &row).await? {
                report.kept.push(item("answers of an assessment refer to it".into()));
                continue;
            }
            gone += 1;
            report.items.push(item(format!("expired more than {days} days ago")));
            if !dry_run {
                evidence_file::delete(writer, &row.id, row.version).await?;
            }
        }
    }
    let over = merger::let_go(writer, MAXIMUM_ITEMS, dry_run).await?;
    report.more |= over.len() as u64 == MAXIMUM_ITEMS;
    report.items.extend(over.into_iter().map(|id| RetentionItem {
        noun: "merger".into(),
        item_id: id.to_string(),
        what: "what undoing it needs".into(),
        because: format!("merged more than {} days ago, and so cannot be undone any more", merger::UNDO_DAYS),
    }));
    if !dry_run {
        writer.note(
            "apply",
            "retention",
            periods.id.as_str(),
            None,
            Some(serde_json::json!({ "item_count": report.items.len(), "kept_count": report.kept.len() })),
        );
    }
    Ok(report)
}
