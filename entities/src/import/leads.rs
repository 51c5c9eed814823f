//! Lines of notes that an import writes, each behind its own lead, among those that people wrote.

use serde_json::{Map, Value};

/// The field that such lines are of.
const NOTES: &str = "notes";

/// Puts the lines that `said` gives behind these leads among the lines that are `stored`: in the place of those with the
/// same lead, else at the end. All other lines stay.
pub(super) fn keep_others(stored: &Map<String, Value>, said: &mut Map<String, Value>, leads: &[String]) {
    if leads.is_empty() {
        return;
    }
    let before = stored.get(NOTES).and_then(Value::as_str).map(str::to_owned);
    if let (Some(before), Some(Value::String(notes))) = (before, said.get_mut(NOTES)) {
        *notes = among(&before, notes, leads);
    }
}

fn among(before: &str, notes: &str, leads: &[String]) -> String {
    // Of two leads of which one begins as the other, the longer is meant.
    let lead_of = |line: &str| {
        let fits = leads.iter().filter(|lead| line.starts_with(lead.trim_end()));
        fits.max_by_key(|lead| lead.len())
    };
    let mut new: Vec<&str> = notes.lines().collect();
    let mut lines = Vec::new();
    for line in before.lines() {
        let Some(lead) = lead_of(line) else {
            lines.push(line);
            continue;
        };
        // The first time all of it; the lines of before are gone.
        let is_its = |line: &&str| lead_of(line) == Some(lead);
        lines.extend(new.iter().copied().filter(is_its));
        new.retain(|line| !is_its(line));
    }
    lines.extend(new);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_around_the_lines_of_an_import() {
        let leads = ["Paid: £".to_owned(), "Paid by: ".to_owned(), "How many: ".to_owned()];
        for (before, notes, expected) in [
            ("Ask Kim first.", "Paid: £5\nHow many: 2", "Ask Kim first.\nPaid: £5\nHow many: 2"),
            (
                "Paid: £5\nAsk Kim first.\n\nBye",
                "Paid: £7\nHow many: 3",
                "Paid: £7\nAsk Kim first.\n\nBye\nHow many: 3",
            ),
            ("Paid by: us\nPaid: £5\nPaid: £6", "Paid: £7\nPaid by: them", "Paid by: them\nPaid: £7"),
            ("Paid: £5\nHow many: 2", "Paid: £5\nHow many: 2", "Paid: £5\nHow many: 2"),
            ("", "Paid: £5", "Paid: £5"),
        ] {
            assert_eq!(among(before, notes, &leads), expected, "{before:?}");
        }
        // What this row does not say stays too.
        assert_eq!(among("How many: 2\nPaid: £5", "Paid: £7", &leads[..1]), "How many: 2\nPaid: £7");
    }
}
