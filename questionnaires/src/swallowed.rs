//! What YAML takes for a comment and its writer may have meant: in `text: Do people show badge #1 at the door?` without
//! quotes, the question ends before the `#`. It is YAML's rule, and a published edition never changes: so it is said
//! while a document is checked.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use crate::{
    edition::MAX_DOCUMENT_BYTES,
    fault::{Fault, Faults, shortened},
};

/// The keys whose texts people read; after a word such as an edition's number a comment takes nothing away.
const PROSE: [&str; 8] = ["advice", "help", "intro", "knock_out", "label", "summary", "text", "title"];

/// A list or a map that is open, and what the next value in it belongs to.
enum Open {
    List,
    /// The next text is a key.
    Key,
    /// The next value is this key's.
    Value(String),
}

/// Every text of a YAML document, written without quotes, behind which a comment follows in the same line: a fault for
/// each, with the code `comment_in_text`, at the `#`. As far as the document can be read.
#[must_use]
pub fn swallowed(yaml: &str) -> Vec<Fault> {
    swallowed_where(yaml, |key| key.is_some_and(|key| PROSE.contains(&key)))
}

/// As [`swallowed`], of the texts that may lose something, by the key each stands behind; in a list there is none.
#[must_use]
pub fn swallowed_where(yaml: &str, may_lose: impl Fn(Option<&str>) -> bool) -> Vec<Fault> {
    if yaml.len() > MAX_DOCUMENT_BYTES {
        return Vec::new();
    }
    let lines: Vec<&str> = yaml.lines().collect();
    let mut faults = Faults::default();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(yaml) {
        let Ok((event, span)) = event else { break };
        match event {
            Event::Scalar(text, style, ..) => {
                let key = stands_for(&mut open, &text);
                let is_prose = style == ScalarStyle::Plain && may_lose(key.as_deref());
                let comment = is_prose.then(|| comment_behind(&lines, span.start.line(), span.start.col(), &text));
                if let Some((line, column, comment)) = comment.flatten() {
                    let message = format!(
                        "{:?} begins a comment and is no part of the text, which ends with {:?}: put the whole text in quotes, or the comment in a line of its own",
                        shortened(comment, 40),
                        last_words(&text)
                    );
                    let place = Fault::new("", "comment_in_text", message);
                    faults.push(Fault { line: u32::try_from(line).ok(), column: u32::try_from(column).ok(), ..place });
                }
            }
            Event::SequenceStart(..) => {
                stands_for(&mut open, "");
                open.push(Open::List);
            }
            Event::MappingStart(..) => {
                stands_for(&mut open, "");
                open.push(Open::Key);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
    }
    faults.into_sorted()
}

/// Notes that a value stands here, and gives the key it is of; nothing for a key itself, and in a list.
fn stands_for(open: &mut [Open], text: &str) -> Option<String> {
    let last = open.last_mut()?;
    match std::mem::replace(last, Open::Key) {
        Open::List => {
            *last = Open::List;
            None
        }
        Open::Key => {
            *last = Open::Value(text.to_owned());
            None
        }
        Open::Value(key) => Some(key),
    }
}

/// The comment that follows a text without quotes in its last line: line and column of the `#`, from 1, and all from there.
fn comment_behind<'a>(lines: &[&'a str], line: usize, column: usize, text: &str) -> Option<(usize, usize, &'a str)> {
    let mut left = text.trim();
    for (number, whole) in lines.iter().enumerate().skip(line.checked_sub(1)?) {
        let begin = if number + 1 == line { whole.char_indices().nth(column)?.0 } else { 0 };
        let content = whole[begin..].trim();
        if let Some(rest) = content.strip_prefix(left) {
            let comment = rest.trim_start();
            let is_comment = rest.starts_with([' ', '\t']) && comment.starts_with('#');
            let at = whole.rfind(comment).filter(|_| is_comment)?;
            return Some((number + 1, whole[..at].chars().count() + 1, comment));
        }
        // A text of several lines: this one is whole, and the next goes on.
        left = left.strip_prefix(content)?.trim_start();
    }
    None
}

fn last_words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words[words.len().saturating_sub(3)..].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(yaml: &str) -> Vec<(u32, u32)> {
        let place = |fault: &Fault| (fault.line.unwrap_or_default(), fault.column.unwrap_or_default());
        swallowed(yaml).iter().map(place).collect()
    }

    #[test]
    fn a_comment_behind_a_text_without_quotes_is_found() {
        assert_eq!(found("text: Do people show badge #1 at the door?\n"), [(1, 28)]);
        assert_eq!(
            found("a:\n  - label: Yes, floor #2\n    value: yes # kept\n    help: \u{e9} \u{e9} #3\n"),
            [(2, 23), (4, 15)]
        );
        assert_eq!(found("{title: Rooms #1\n}\n"), [(1, 15)]);
        assert_eq!(found("text: One line\n  and another #2 here\n"), [(2, 15)]);
        let said = &swallowed("text: We keep data #1 safely\n")[0];
        assert_eq!(said.code, "comment_in_text");
        assert!(said.message.contains("\"#1 safely\"") && said.message.contains("\"We keep data\""), "{said:?}");
    }

    #[test]
    fn which_texts_may_lose_something_can_be_said() {
        let yaml = "columns:\n  - column: Ref #1\n    take: sum # of all\n    any_of:\n      - Amount #2\n";
        let places = |may_lose: fn(Option<&str>) -> bool| -> Vec<u32> {
            swallowed_where(yaml, may_lose).iter().filter_map(|fault| fault.line).collect()
        };
        assert_eq!(places(|key| key == Some("column")), [2]);
        assert_eq!(places(|key| key.is_none()), [5]);
    }

    #[test]
    fn what_loses_nothing_is_left_alone() {
        for fine in [
            "edition: 2026.1 # the first\ntype: yes_no # two options\n",
            "text: \"Badge #1 at the door?\"\n",
            "text: 'Badge #1' # a comment behind quotes\n",
            "text: Badge#1 at the door?\n",
            "# text: Badge #1\ntext: Badge\n# another\n",
            "text: |\n  Badge #1 at the door\nhelp: >-\n  Badge #2\n",
            "{\"text\": \"Badge #1\"}",
            "text:   # what it asks\n  Badge\n",
            "not: [yaml",
            "",
        ] {
            assert!(found(fine).is_empty(), "{fine}");
        }
    }
}
