//! What was found about a file and noticed of its rows, in sentences.

use diligence_entities::{import::Outcome, stored::word, twin};
use diligence_questionnaires::spreadsheet::Table;

use super::{Intake, Noun, Recognised, cell::Remark, gather::Notes, query::kind_told, scan::Scanned};

/// How many things would be called wholly otherwise than before, in a sentence.
pub(super) fn renamed<'a>(noun: Noun, outcomes: impl Iterator<Item = &'a Outcome>) -> Option<String> {
    let renames: Vec<(&str, &str)> = outcomes
        .flat_map(|outcome| &outcome.changes)
        .filter(|change| change.field == "name")
        .filter_map(|change| Some((change.before.as_str()?, change.after.as_str()?)))
        .filter(|(before, after)| twin::compared(before) != twin::compared(after))
        .collect();
    let (before, after) = renames.first()?;
    let (count, noun) = (renames.len(), word(&noun));
    let have = if count == 1 { "has" } else { "have" };
    Some(format!(
        "{count} of the {noun} {have} another name here than there, and would be renamed: {before:?} to {after:?}."
    ))
}

/// What was found about a file, and all of it in sentences.
pub(super) fn recognised(table: &Table, scanned: &Scanned, notes: &Notes, intake: &Intake) -> Recognised {
    let found = &table.found;
    let mut sentences = found.sentences.clone();
    sentences.extend(scanned.sentences.iter().cloned());
    for ((column, remark), (count, text)) in &notes.read {
        let cells = if *count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
        let (were, say) = if *count == 1 { ("was", "says") } else { ("were", "say") };
        sentences.push(match remark {
            Remark::Nothing => format!("In {column:?} {cells} with a word such as {text:?} {were} taken for nothing."),
            Remark::NoEnd => format!("In {column:?} {cells} such as {text:?} {were} taken for no end."),
            Remark::Scheme => format!("In {column:?} {cells} such as {text:?} {were} read with https:// before."),
            Remark::Currency => format!("In {column:?} {cells} such as {text:?} {say} no currency: taken for pounds."),
            Remark::Guard => {
                format!("In {column:?} {cells} such as {text:?} {were} read without the ' that a spreadsheet put before.")
            }
            Remark::Denied => {
                format!("In {column:?} {cells} such as {text:?} {say} that there is none: no evidence comes of that.")
            }
            Remark::Expired => format!(
                "In {column:?} {cells} such as {text:?} {say} that it has run out: evidence comes of that only where its last day is given and past."
            ),
            Remark::Span => format!(
                "In {column:?} {cells} such as {text:?} {were} put into days: 7 for a week, 30 for a month, 365 for a year."
            ),
        });
    }
    let noun = word(&intake.noun);
    for (column, (count, places)) in &notes.differing {
        let have = if *count == 1 { "has" } else { "have" };
        sentences.push(format!(
            "In {column:?} {count} of the {noun} {have} different words on different rows; the first was taken: {places}."
        ));
    }
    let plural = |count: i64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}.")),
        _ => Some(format!("{count} {many}.")),
    };
    sentences.extend(plural(
        intake.merged_row_count,
        "row says more about one that another row is about: they were put together",
        "rows say more about what other rows are about: they were put together",
    ));
    sentences.extend(plural(
        intake.passed_over_count,
        "row was passed over: it is empty or was not asked for",
        "rows were passed over: they are empty or were not asked for",
    ));
    Recognised {
        kind: kind_told(found.kind),
        separator: found.separator.map(String::from),
        encoding: found.encoding.clone(),
        sheet: found.sheet.clone(),
        sheets: found.sheets.clone(),
        header_row: found.header_row.map(i64::from),
        columns: found.columns.clone(),
        dates: scanned.dates.clone(),
        sentences,
    }
}
