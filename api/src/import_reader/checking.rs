//! What is wrong with a recipe before there is a file: what its columns fill, and which of our words theirs mean.

use std::collections::{BTreeMap, BTreeSet};

use diligence_entities::{
    fault::Fault,
    recipe::{Recipe, Take},
};
use diligence_questionnaires::swallowed_where;

use super::{cell::CellKind, mapped::Mapped, words::fold};

/// The keys of a recipe whose text may have a `#` in it that YAML takes for a comment.
const NAMES: [&str; 9] = ["column", "contains", "description", "is", "is_not", "lead", "name", "sheet", "starts_with"];

/// Where YAML takes the end of a text of a recipe for a comment, which its writer may not have meant.
pub(crate) fn comments(text: &str) -> Vec<Fault> {
    let found = swallowed_where(text, |key| key.is_none_or(|key| NAMES.contains(&key)));
    found.into_iter().map(Fault::from).collect()
}

/// Whatever does not fit of a recipe, were a file to have all the columns that it names.
pub(crate) fn check(recipe: &Recipe) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let names: Vec<String> = named(recipe).filter(|name| seen.insert(fold(name))).map(str::to_owned).collect();
    match Mapped::new(recipe.noun, recipe, &names, &BTreeMap::new()) {
        Err(faults) => faults,
        Ok(mapped) => mapped
            .filled
            .iter()
            .filter(|filled| filled.take == Some(Take::Sum) && filled.lead.is_none())
            .filter(|filled| {
                let is_number = |kind: CellKind| matches!(kind, CellKind::Money | CellKind::Integer | CellKind::Json);
                filled.target.cell().is_none_or(|cell| !is_number(cell.kind))
            })
            .map(|filled| {
                let detail = format!(
                    "{} is no number, and `take: sum` adds numbers up: expected a field of a sum, or a `lead` that says what the sum is",
                    filled.target.field()
                );
                Fault::new("/columns", "take", detail)
            })
            .collect(),
    }
}

/// Every column that a recipe names.
fn named(recipe: &Recipe) -> impl Iterator<Item = &str> {
    let conditions =
        recipe.conditions.iter().flat_map(|condition| std::iter::once(&condition.column).chain(&condition.any_of));
    let columns =
        recipe.columns.iter().flat_map(|column| column.column.iter().chain(&column.columns).chain(&column.any_of));
    conditions.chain(columns).map(String::as_str).filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use diligence_entities::recipe::parse;

    use super::*;

    #[test]
    fn what_cannot_be_filled_so_is_told_before_there_is_a_file() {
        for (text, expected) in [
            ("columns:\n  - {column: A, fills: name}\n  - {column: B, fills: notes, take: sum, lead: \"Sum: \"}\n", ""),
            ("columns:\n  - {column: A, fills: nmae}\n", "/columns/0/fills unknown_column"),
            (
                "columns:\n  - {column: A, fills: name}\n  - {column: B, fills: data_role, values: {High: huge}}\n",
                "/columns/1/values choice",
            ),
            ("columns:\n  - {column: A, fills: name}\nevery: {data_role: huge}\n", "/every/data_role choice"),
            ("columns:\n  - {column: A, fills: name, take: sum}\n", "/columns take"),
        ] {
            let recipe = parse(&format!("noun: suppliers\n{text}")).expect("a recipe");
            let told: Vec<String> =
                check(&recipe).iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
            assert_eq!(told.join(", "), expected, "{text}");
        }
    }
}
