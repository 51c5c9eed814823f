//! What is said of a file in a query string or by flags: short for a recipe.

use std::collections::BTreeMap;

use diligence_entities::{
    fault::Fault,
    recipe::{Condition, DateStyle, FileKind, Fills, Header, ImportNoun, NoHeader, Recipe, RecipeColumn},
};
use diligence_questionnaires::spreadsheet::{HeaderAt, Kind, Options};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use crate::problem::Problem;

/// How to import.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ImportQuery {
    /// Whether to say only what would happen; `false` if not said.
    pub dry_run: Option<bool>,
    /// For a file with other column names: its columns and our fields, with commas between, e.g.
    /// `OrganisationName=name,ODSCode=identifiers:GB-NHS`; a comma, an equals sign or a backslash in a name has a
    /// backslash before it. A column may be named several times. Other columns are left out.
    #[validate(length(min = 1, max = 10_000))]
    pub map: Option<String>,
    /// Only rows whose columns say this, e.g. `PrimarySector=Company`; written as `map`. `COLUMN~TEXT` asks for what has
    /// the text in it, `COLUMN^=TEXT` for what begins with it, `COLUMN!=TEXT` for anything else, `COLUMN=` for nothing.
    #[validate(length(min = 1, max = 10_000))]
    pub r#where: Option<String>,
    /// How dates are written; found in each column if not said, and asked where a column does not say.
    pub dates: Option<DateStyle>,
    /// The key of a recipe that says all of this: one that is kept, or one that comes with the program.
    #[validate(length(min = 1, max = 200))]
    pub recipe: Option<String>,
    /// The sheet of a workbook.
    #[validate(length(min = 1, max = 200))]
    pub sheet: Option<String>,
    /// The line or row of the names of the columns, or `none`: then columns are called by their number.
    #[validate(length(min = 1, max = 10))]
    pub header: Option<String>,
    /// The encoding of a text file, by a label of the Encoding Standard: `windows-1252`.
    #[validate(length(min = 1, max = 40))]
    pub encoding: Option<String>,
    /// Answers to the questions of a dry run, by their keys, e.g. `dates:Started=dmy`; written as `map`. With
    /// `same:*=new` all whose names are only near others are new.
    #[validate(length(min = 1, max = 10_000))]
    pub answers: Option<String>,
    /// Whether an empty cell of a mapped column clears the field; `false` if not said.
    pub clears: Option<bool>,
}

/// What stands between a column and a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Is,
    IsNot,
    Contains,
    StartsWith,
}

/// `a=b,c=d` as parts; a backslash makes what stands behind it part of a name.
fn parts(text: &str, has_signs: bool) -> Result<Vec<(String, Sign, String)>, String> {
    let mut parts = vec![(String::new(), None::<Sign>, String::new())];
    let mut characters = text.chars();
    let mut is_escaped = false;
    while let Some(character) = characters.next() {
        let Some((left, sign, right)) = parts.last_mut() else { break };
        let was_escaped = std::mem::take(&mut is_escaped);
        let side = if sign.is_some() { &mut *right } else { &mut *left };
        match character {
            ',' => parts.push((String::new(), None, String::new())),
            '\\' => {
                side.extend(characters.next());
                is_escaped = true;
            }
            '=' if sign.is_none() => {
                let found = match left.chars().last().filter(|_| has_signs && !was_escaped) {
                    Some('!') => Sign::IsNot,
                    Some('^') => Sign::StartsWith,
                    _ => Sign::Is,
                };
                if found != Sign::Is {
                    left.pop();
                }
                *sign = Some(found);
            }
            '~' if sign.is_none() && has_signs => *sign = Some(Sign::Contains),
            other => side.push(other),
        }
    }
    let is_written = |(left, sign, _): &(String, Option<Sign>, String)| !left.trim().is_empty() || sign.is_some();
    let read = |(left, sign, right): (String, Option<Sign>, String)| match sign {
        Some(sign) if !left.trim().is_empty() => Ok((left.trim().to_owned(), sign, right.trim().to_owned())),
        _ => Err(format!("expected COLUMN=VALUE with commas between, not {left:?}")),
    };
    parts.into_iter().filter(is_written).map(read).collect()
}

/// Answers to questions, by their keys.
///
/// # Errors
/// What is not written so.
pub(crate) fn answers(text: Option<&str>) -> Result<BTreeMap<String, String>, Vec<Fault>> {
    parts(text.unwrap_or_default(), false)
        .map(|parts| parts.into_iter().map(|(key, _, answer)| (key, answer)).collect())
        .map_err(|detail| vec![Fault::new("?answers", "format", detail)])
}

/// A recipe that says nothing but what a row becomes.
pub(crate) fn blank(noun: ImportNoun) -> Recipe {
    Recipe { noun, ..Recipe::empty() }
}

impl ImportQuery {
    /// The recipe that this is short for, on top of the one it names.
    ///
    /// # Errors
    /// Everything that is not written as it has to be.
    pub fn recipe(&self, noun: ImportNoun, named: Option<Recipe>) -> Result<Recipe, Vec<Fault>> {
        let mut recipe = named.unwrap_or_else(|| blank(noun));
        let mut faults = Vec::new();
        match parts(self.map.as_deref().unwrap_or_default(), false) {
            Ok(parts) => recipe.columns.extend(parts.into_iter().map(|(column, _, field)| RecipeColumn {
                column: Some(column),
                columns: Vec::new(),
                any_of: Vec::new(),
                join: None,
                fills: Fills::One(field),
                split: None,
                values: BTreeMap::new(),
                dates: None,
                clears: false,
                lead: None,
                take: None,
            })),
            Err(detail) => faults.push(Fault::new("?map", "format", detail)),
        }
        match parts(self.r#where.as_deref().unwrap_or_default(), true) {
            Ok(parts) => recipe.conditions.extend(parts.into_iter().map(condition)),
            Err(detail) => faults.push(Fault::new("?where", "format", detail)),
        }
        match self.header.as_deref().map(str::trim) {
            None => {}
            Some("none") => recipe.file.header = Some(Header::None(NoHeader::None)),
            Some(text) => match text.parse() {
                Ok(row) if row > 0 => recipe.file.header = Some(Header::Row(row)),
                _ => faults.push(Fault::new("?header", "format", "expected the number of a line, from 1, or none")),
            },
        }
        recipe.dates = self.dates.or(recipe.dates);
        recipe.file.sheet = self.sheet.clone().or(recipe.file.sheet);
        recipe.file.encoding = self.encoding.clone().or(recipe.file.encoding);
        if let Some(clears) = self.clears {
            recipe.columns.iter_mut().for_each(|column| column.clears = clears);
        }
        if faults.is_empty() { Ok(recipe) } else { Err(faults) }
    }

    /// A refusal with the places of the parameters that are to blame in place of those of the recipe.
    #[must_use]
    pub fn told(&self, problem: Problem) -> Problem {
        let place = |pointer: &str| {
            let (named, short) = match pointer.split('/').nth(1)? {
                "columns" => (self.map.is_none(), "?map"),
                "where" => (self.r#where.is_none(), "?where"),
                "every" | "recipe" => (true, "?recipe"),
                _ => return None,
            };
            Some(if named && self.recipe.is_some() { "?recipe" } else { short })
        };
        if !problem.errors.iter().any(|fault| place(&fault.pointer).is_some()) {
            return problem;
        }
        let told = |fault: Fault| match place(&fault.pointer) {
            Some(short) => Fault { pointer: short.to_owned(), ..fault },
            None => fault,
        };
        Problem::invalid(problem.errors.into_iter().map(told).collect())
    }
}

fn condition((column, sign, text): (String, Sign, String)) -> Condition {
    let mut condition = Condition { column, ..Condition::default() };
    match sign {
        Sign::Is if text.is_empty() => condition.is_empty = Some(true),
        Sign::Is => condition.is = Some(text),
        Sign::IsNot if text.is_empty() => condition.is_empty = Some(false),
        Sign::IsNot => condition.is_not = Some(text),
        Sign::Contains => condition.contains = Some(text),
        Sign::StartsWith => condition.starts_with = Some(text),
    }
    condition
}

/// What a recipe says of its file.
pub(crate) fn options(recipe: Option<&Recipe>) -> Options {
    let Some(recipe) = recipe else { return Options::default() };
    let file = &recipe.file;
    let columns = recipe.columns.iter().flat_map(RecipeColumn::names);
    let of_conditions =
        recipe.conditions.iter().flat_map(|condition| condition.any_of.iter().chain([&condition.column]));
    let wanted = columns.chain(of_conditions.map(String::as_str).filter(|name| !name.is_empty()));
    Options {
        kind: file.kind.map(kind_of),
        separator: file.separator.as_ref().and_then(|text| text.chars().next()),
        encoding: file.encoding.clone(),
        sheet: file.sheet.clone(),
        header: file.header.map(|header| match header {
            Header::Row(row) => HeaderAt::Row(row),
            Header::None(NoHeader::None) => HeaderAt::None,
        }),
        footer: file.footer.and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
        rows: file.rows.clone(),
        wanted: wanted.map(str::to_owned).collect(),
    }
}

fn kind_of(kind: FileKind) -> Kind {
    match kind {
        FileKind::Csv => Kind::Csv,
        FileKind::Json => Kind::Json,
        FileKind::JsonLines => Kind::JsonLines,
        FileKind::Xlsx => Kind::Xlsx,
        FileKind::Xlsb => Kind::Xlsb,
        FileKind::Xls => Kind::Xls,
        FileKind::Ods => Kind::Ods,
        FileKind::Ocds => Kind::Ocds,
    }
}

/// The same the other way.
pub(crate) fn kind_told(kind: Kind) -> FileKind {
    match kind {
        Kind::Csv => FileKind::Csv,
        Kind::Json => FileKind::Json,
        Kind::JsonLines => FileKind::JsonLines,
        Kind::Xlsx => FileKind::Xlsx,
        Kind::Xlsb => FileKind::Xlsb,
        Kind::Xls => FileKind::Xls,
        Kind::Ods => FileKind::Ods,
        Kind::Ocds => FileKind::Ocds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(map: &str, r#where: &str) -> Result<Recipe, Vec<Fault>> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let query = ImportQuery { map: some(map), r#where: some(r#where), ..ImportQuery::default() };
        query.recipe(ImportNoun::Suppliers, None)
    }

    #[test]
    fn a_column_may_fill_several_fields_and_hold_any_sign() {
        let read = recipe("Company=name,Company = legal_name,Cost\\, £\\=x=notes", "").expect("a recipe");
        let told: Vec<(String, String)> = read
            .columns
            .iter()
            .map(|column| {
                (column.names().collect::<Vec<_>>().join("+"), column.fills.iter().collect::<Vec<_>>().join("+"))
            })
            .collect();
        let pair = |column: &str, field: &str| (column.to_owned(), field.to_owned());
        assert_eq!(told, [pair("Company", "name"), pair("Company", "legal_name"), pair("Cost, £=x", "notes")]);
        for wrong in ["name", "=name", "a=b,c"] {
            assert!(recipe(wrong, "").is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_have_their_signs() {
        let read = recipe("", "A=b,C~d e,F!=g,H^=i,J=,K!=,Ready\\!=yes").expect("a recipe").conditions;
        let plain = |column: &str| Condition { column: column.to_owned(), ..Condition::default() };
        assert_eq!(
            read,
            [
                Condition { is: Some("b".into()), ..plain("A") },
                Condition { contains: Some("d e".into()), ..plain("C") },
                Condition { is_not: Some("g".into()), ..plain("F") },
                Condition { starts_with: Some("i".into()), ..plain("H") },
                Condition { is_empty: Some(true), ..plain("J") },
                Condition { is_empty: Some(false), ..plain("K") },
                Condition { is: Some("yes".into()), ..plain("Ready!") },
            ]
        );
    }
}
