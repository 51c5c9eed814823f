//! The whole register of one organisation, to be taken elsewhere: every row of its nouns as it is stored, so that
//! another database, of either kind, has the same register afterwards: ids, versions, moments, the history of decisions.
//!
//! What belongs to the place and not to the register stays behind: people, keys, links and their visits, drafts, imports and
//! mergers that could be undone there, and the audit trail, whose hashes are of this place's events. Who did what stands in the rows as it was said. What was
//! answered through a link and is not submitted is nobody's yet, and stays behind too.
//!
//! A backup (see [`crate::backup`]) is of the database, with every organisation in it; this is of one register.

use std::{future::Future, pin::Pin};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    assessment::{self, sheet},
    decision, dependency, due,
    due::settlement,
    error::Error,
    evidence, evidence_file,
    fault::{Fault, Faults},
    id::EvidenceId,
    incident,
    patch::Change,
    policy, product, published_list, questionnaire, recipe, register, review, risk,
    scope::{PORTION, Reader, StoredRow, Writer, faults_of_stored},
    supplier, translation,
};

mod bringing;

pub use bringing::{Brought, Parts, bring_in};

/// Which form an archive has that this program writes; one of a later form is refused.
pub const FORMAT: i64 = 1;
/// How many rows an archive may hold, of all tables together.
pub const MAXIMUM_ROWS: u64 = 5_000_000;
/// How long the line of a row may be, in bytes.
pub const MAXIMUM_LINE: usize = 16 << 20;

/// Work that ends some time.
type Working<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The rules of a `New…` for what is stored already.
fn lawful<New: DeserializeOwned + Serialize + JsonSchema + Validate + 'static>(
    row: &impl Serialize,
) -> Result<(), Error> {
    let new: New = Change::<New>::new(Map::new()).over(row)?;
    Faults::of_new(&new).done()
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident $file:literal $module:ident $key:ident $($rule:expr)?;)*) => {
        /// A table whose rows are in an archive.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $table,)*
        }

        impl Table {
            /// All of them, each after those that its rows refer to.
            pub const ALL: &'static [Self] = &[$(Self::$table),*];

            /// What its part of an archive is called.
            #[must_use]
            pub fn part(self) -> &'static str {
                match self {
                    $(Self::$table => concat!("register/", $file, ".jsonl"),)*
                }
            }

            /// The column by which its rows are known.
            fn key(self) -> &'static str {
                use sea_orm::IdenStatic as _;
                match self {
                    $(Self::$table => $module::Column::$key.as_str(),)*
                }
            }

            fn stored<'a>(self, reader: &'a Reader, after: &'a str) -> Working<'a, Vec<StoredRow>> {
                match self {
                    $(Self::$table => Box::pin(
                        reader.stored_rows::<$module::Entity>($module::Column::$key, after, PORTION as u64)
                    ),)*
                }
            }

            fn taken<'a>(self, reader: &'a Reader, keys: &'a [String]) -> Working<'a, Vec<String>> {
                match self {
                    $(Self::$table => Box::pin(reader.taken::<$module::Entity>($module::Column::$key, keys)),)*
                }
            }

            fn add<'a>(self, writer: &'a Writer, rows: &'a [StoredRow]) -> Working<'a, ()> {
                match self {
                    $(Self::$table => Box::pin(writer.add_stored::<$module::Entity>(rows)),)*
                }
            }

            fn faults(self, row: &StoredRow) -> Vec<Fault> {
                match self {
                    $(Self::$table => faults_of_stored::<$module::Entity>(row),)*
                }
            }

            /// Reads rows that were added as what they are to be, and holds them against the rules of their noun.
            fn look<'a>(self, writer: &'a Writer, keys: &'a [String]) -> Working<'a, ()> {
                use sea_orm::{ColumnTrait as _, QueryFilter as _};
                match self {
                    $(Self::$table => Box::pin(async move {
                        let among = $module::Column::$key.is_in(keys.iter().map(String::as_str));
                        let rows = writer.all(writer.find_with_ourselves::<$module::Entity>().filter(among)).await?;
                        for row in &rows {
                            let _ = row;
                            $(let rule: fn(&$module::Model) -> Result<(), Error> = $rule;
                            rule(row)?;)?
                        }
                        Ok(())
                    }),)*
                }
            }
        }
    };
}
tables! {
    /// The policy: one row.
    Policy "policy" policy Id |row| policy::checked(policy::NewPolicy::from(row)).map(drop);
    /// Published editions of questionnaires, those of the library that are in use too.
    Editions "editions" questionnaire Id bringing::edition;
    /// Translations of editions.
    Translations "translations" translation Id;
    /// Suppliers, our own house among them.
    Suppliers "suppliers" supplier Id lawful::<supplier::NewSupplier>;
    /// Products.
    Products "products" product Id lawful::<product::NewProduct>;
    /// Dependencies.
    Dependencies "dependencies" dependency Id lawful::<dependency::NewDependency>;
    /// Evidence, without its files.
    Evidence "evidence" evidence Id bringing::evidence;
    /// Assessments, without their answers.
    Assessments "assessments" assessment Id;
    /// Answers with their reviews and receipts, a row for each assessment.
    Answers "answers" sheet AssessmentId;
    /// Decisions, those that were superseded too.
    Decisions "decisions" decision Id;
    /// Risks.
    Risks "risks" risk Id lawful::<risk::NewRisk>;
    /// Reviews, those that were done too.
    Reviews "reviews" review Id;
    /// Incidents.
    Incidents "incidents" incident Id lawful::<incident::NewIncident>;
    /// What was settled of what was due.
    Settlements "settlements" settlement Id;
    /// What published lists said of suppliers when they were last looked up.
    ListEntries "list-entries" published_list Id;
    /// Recipes of the organisation's own by which files are read.
    Recipes "recipes" recipe Id recipe::checked;
    /// The register's lines, which follow from the rest.
    Lines "lines" register SubjectId;
    /// What is due about suppliers and products, which follows from the rest.
    DueItems "due" due Id;
}

impl Table {
    /// Whether archives of the form that is read may come without it: the first ones were written before there was any.
    fn is_later(self) -> bool {
        matches!(self, Self::ListEntries | Self::Recipes)
    }

    /// How many rows one organisation may have of it.
    fn maximum(self) -> u64 {
        if self == Self::Recipes { recipe::MAXIMUM_RECIPES as u64 } else { MAXIMUM_ROWS }
    }
}

/// Some rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Portion {
    /// The rows.
    pub rows: Vec<Map<String, Value>>,
    /// What the next portion comes after; none at the end.
    pub next: Option<String>,
    /// The evidence among them that has a file.
    pub with_file: Vec<EvidenceId>,
}

/// The rows of `table` whose keys come after this one; after nothing, the first.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn rows(reader: &Reader, table: Table, after: &str) -> Result<Portion, Error> {
    let mut rows = table.stored(reader, after).await?;
    let key = |row: &StoredRow| row.get(table.key()).and_then(Value::as_str).map(str::to_owned);
    let next = if rows.len() < PORTION { None } else { rows.last().and_then(key) };
    match table {
        Table::Answers => rows.iter_mut().for_each(|row| {
            row.insert("unsent".into(), "{}".into());
        }),
        // What is due of our own house follows from keys and providers, which stay behind.
        Table::DueItems => rows.retain(|row| row.get("supplier_id").is_some_and(Value::is_string)),
        _ => {}
    }
    let mut with_file = Vec::new();
    if table == Table::Evidence {
        let ids = rows.iter().filter(|row| row.get("file").is_some_and(Value::is_string)).filter_map(key);
        with_file.extend(ids.filter_map(|id| id.parse().ok()));
    }
    Ok(Portion { rows, next, with_file })
}

/// What the part of an archive is called that has the bytes of this evidence's file.
#[must_use]
pub fn file_part(id: &EvidenceId) -> String {
    format!("files/{id}")
}

/// The bytes behind a piece of evidence.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Busy`] or [`Error::Database`].
pub async fn file(reader: &Reader, id: &EvidenceId) -> Result<Vec<u8>, Error> {
    Ok(evidence_file::read(reader, id).await?.1)
}
