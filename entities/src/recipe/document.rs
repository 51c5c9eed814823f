//! What a recipe says: the same for a page, the API (beside the file, or kept under a key) and the command line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use crate::clock::Day;

/// How a file becomes rows. Everything but `noun` may be left out: what is not said is found in the file, and said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct Recipe {
    /// The version of this format: 1.
    #[validate(range(min = 1, max = 1))]
    #[serde(default = "one")]
    pub recipe: i64,
    /// What it is called.
    #[validate(length(min = 1, max = 200))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, and where such a file comes from.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub description: Option<String>,
    /// What a row becomes.
    pub noun: ImportNoun,
    /// What kind of file it is.
    #[validate(nested)]
    #[serde(default)]
    pub file: FileRecipe,
    /// Which rows are taken: those of which all of these hold.
    #[schemars(length(max = 50))]
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What every row says: our fields, and the text of each, as a cell would have it.
    #[validate(length(max = 100))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub every: BTreeMap<String, String>,
    /// What the columns fill. Where there are none, the columns are those of our own export.
    #[validate(length(max = 500), nested)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<RecipeColumn>,
    /// How dates are written in all columns that do not say otherwise; found in each column if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateStyle>,
    /// More words for nothing, besides those that always are (`N/A`, `TBC`, `-`, `none`, `unknown` and the like).
    #[validate(length(max = 100))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nothing: Vec<String>,
}

fn one() -> i64 {
    1
}

impl Recipe {
    /// One that says nothing but that rows are suppliers, by the columns of our own export.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            recipe: 1,
            name: None,
            description: None,
            noun: ImportNoun::Suppliers,
            file: FileRecipe::default(),
            conditions: Vec::new(),
            every: BTreeMap::new(),
            columns: Vec::new(),
            dates: None,
            nothing: Vec::new(),
        }
    }
}

fn example() -> Value {
    json!({
        "recipe": 1, "name": "List of the finance department", "noun": "suppliers",
        "file": { "sheet": "Suppliers", "header": 3 },
        "where": [{ "column": "Category", "one_of": ["IT", "Care"] }],
        "every": { "status": "active" },
        "columns": [
            { "column": "Vendor", "fills": ["name", "legal_name"] },
            { "column": "Criticality", "fills": "service_criticality", "values": { "High": "essential" } }
        ],
        "dates": "dmy"
    })
}

/// What a row becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportNoun {
    /// A supplier, with its contacts, contracts, identifiers, evidence and reviews.
    Suppliers,
    /// A product, with the profile of its AI.
    Products,
    /// That one supplier depends on another.
    Dependencies,
    /// A contact of a supplier.
    Contacts,
    /// A contract with a supplier.
    Contracts,
    /// A piece of evidence.
    Evidence,
    /// An incident.
    Incidents,
    /// A risk, with its actions.
    Risks,
    /// A decision, with its conditions.
    Decisions,
    /// A review that was done, or is planned.
    Reviews,
}

/// What kind of file it is; all of it is found if not said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct FileRecipe {
    /// What the file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FileKind>,
    /// What stands between the columns of a text file, one character.
    #[validate(length(max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub separator: Option<String>,
    /// Its encoding, by a label of the Encoding Standard: `utf-8`, `utf-16le`, `windows-1252`.
    #[validate(length(min = 1, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The sheet of a workbook, by its name.
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Where the names of the columns stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// How many rows at the end are none of the table.
    #[validate(range(min = 0, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<i64>,
    /// Where the rows stand in a JSON file, as a JSON pointer: `/releases`.
    #[validate(length(max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Text with commas, tabs, semicolons or bars between columns.
    Csv,
    /// JSON: an array of objects, or one inside an object.
    Json,
    /// JSON lines: an object on each.
    JsonLines,
    /// A workbook of Excel 2007 or later.
    Xlsx,
    /// A binary workbook of Excel 2007 or later.
    Xlsb,
    /// A workbook of Excel 97.
    Xls,
    /// A workbook of LibreOffice.
    Ods,
    /// Releases of the Open Contracting Data Standard 1.1: a row for each award to each supplier.
    Ocds,
}

/// Where the names of the columns stand: the number of the line of a text file or of the row of a sheet, from 1, or
/// `none`; then columns are called by their number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "RecipeHeader")]
pub enum Header {
    /// The line of a text file, or the row of a sheet, from 1.
    Row(u32),
    /// There are no names.
    None(NoHeader),
}

/// That there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoHeader {
    /// There is none.
    None,
}

/// How dates are written. Each takes any of `/`, `-`, `.`, or space between, names of months, years of two digits, a
/// time after the day, and Excel's numbers of days; 2027-03-31 is understood in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// 2027-03-31 alone.
    Iso,
    /// The day first: 31/03/2027.
    Dmy,
    /// The month first: 03/31/2027.
    Mdy,
    /// The year first: 2027/03/31.
    Ymd,
}

/// What has to be so of a row: all that is said here of the column. Texts are compared without the space around them,
/// capitals and small letters alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecipeCondition")]
pub struct Condition {
    /// The column, by its name, or by its number where there is no header; this or `any_of`. The file must have it.
    #[validate(length(max = 300))]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// Columns of which the first that the file has is looked at. Where the file has none of them, the condition holds.
    #[validate(length(max = 50))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// It says just this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// It says anything but this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_not: Option<String>,
    /// It says one of these.
    #[validate(length(max = 1000))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// It has this somewhere in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// It has this at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// It says nothing (`true`), or something (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_empty: Option<bool>,
    /// It says a day before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Day>,
    /// It says a day after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Day>,
}

/// A field of ours, or several: `name`, `identifiers:GB-COH`, `contacts.email`, `evidence.dspt.expires_on`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "RecipeFills")]
pub enum Fills {
    /// One.
    One(String),
    /// Several: each is filled with the same.
    Several(Vec<String>),
}

impl Fills {
    /// Each field.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
        .iter()
        .map(String::as_str)
    }
}

/// What a column, or several together, fill. Just one of `column`, `columns` and `any_of` says what is read.
///
/// Two of these may fill the same text of several lines, such as `notes`, if each has a `lead`: then each that says
/// something is a line of its own, in the recipe's order. Any other field is filled once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecipeColumn {
    /// The column, by its name, or by its number where there is no header. The file must have it.
    #[validate(length(min = 1, max = 300))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Several columns, joined in this order; those that are empty are passed over. The file must have them.
    #[validate(length(max = 20))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Columns of which the first that the file has is read, whatever stands in its cells: for files that come with
    /// other headings each time. Where the file has none of them, this says nothing, and nothing is wrong with that.
    #[validate(length(max = 50))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// What stands between joined columns; a space if not said.
    #[validate(length(max = 20))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub join: Option<String>,
    /// What it fills.
    pub fills: Fills,
    /// What stands between the items of a list in one cell; `;` if not said. A text that is filled from it has the
    /// items with `, ` between.
    #[validate(length(max = 20))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub split: Option<String>,
    /// Their words, and ours for each. Compared without the space around them, capitals and small letters alike.
    #[validate(length(max = 1000))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// How its dates are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateStyle>,
    /// Whether an empty cell, or a word for nothing, clears the field; `false` if not said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clears: bool,
    /// What stands before what the cell says, in a text: `Paid in 2026: £`.
    #[validate(length(min = 1, max = 200))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// What is taken where several rows are about the same; the first that says something if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Take>,
}

impl RecipeColumn {
    /// The columns it names, whichever way.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.column.iter().chain(&self.columns).chain(&self.any_of).map(String::as_str)
    }
}

/// What is taken of several rows about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RecipeTake")]
pub enum Take {
    /// The first that says something.
    First,
    /// The last that says something.
    Last,
    /// The sum of the numbers.
    Sum,
    /// How many rows say something.
    Count,
    /// The earliest day.
    Earliest,
    /// The latest day.
    Latest,
    /// Everything that is said, each once, as a list.
    All,
}
