//! One question more, less or other among those that an extension adds, in its text: everything else stays as its
//! author wrote it, comments and all.

use serde_json::{Map, Value};

use crate::document::{Node, Tree, read_json, read_yaml};
use crate::extension::{AddedQuestion, Extension};
use crate::fault::Faults;

/// What can be read of an extension, whatever else is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// The key of the questionnaire it is added to; empty where it does not say.
    pub base: String,
    /// The edition of the base it was written for, if it says one.
    pub base_edition: Option<String>,
    /// The principles of its own: key and title.
    pub principles: Vec<(String, String)>,
    /// The questions it adds to the base's sections, in order; `None` for one that cannot be read.
    pub questions: Vec<Option<AddedQuestion>>,
}

/// What becomes of the questions that an extension adds.
#[derive(Debug, Clone, Copy)]
pub enum Splice<'a> {
    /// One more, after the others.
    Add(&'a AddedQuestion),
    /// The one with this number, from 0, is another.
    Replace(usize, &'a AddedQuestion),
    /// The one with this number is gone.
    Remove(usize),
}

impl Splice<'_> {
    fn done_to(self, questions: &mut Vec<Value>) -> Option<()> {
        match self {
            Self::Add(question) => questions.push(serde_json::to_value(question).ok()?),
            Self::Replace(number, question) => *questions.get_mut(number)? = serde_json::to_value(question).ok()?,
            Self::Remove(number) if number < questions.len() => drop(questions.remove(number)),
            Self::Remove(_) => return None,
        }
        Some(())
    }

    fn wanted(&self) -> Option<&AddedQuestion> {
        match self {
            Self::Add(question) | Self::Replace(_, question) => Some(question),
            Self::Remove(_) => None,
        }
    }
}

impl Extension {
    /// What can be read of the text of an extension; `None` where it is no YAML, or no JSON, at all.
    #[must_use]
    pub fn sketch(text: &str, is_json: bool) -> Option<Sketch> {
        let whole = whole(text, is_json)?;
        let word = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| whole.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let titled = |principle: &Value| {
            Some((principle.get("key")?.as_str()?.to_owned(), principle.get("title")?.as_str()?.to_owned()))
        };
        Some(Sketch {
            base: word("base").unwrap_or_default(),
            base_edition: word("base_edition"),
            principles: list("principles").iter().filter_map(titled).collect(),
            questions: list("questions").into_iter().map(|question| serde_json::from_value(question).ok()).collect(),
        })
    }

    /// The text of an extension with other questions among those it adds. `None` where that cannot be done without
    /// losing something: then it is for its author to do in the text.
    #[must_use]
    pub fn splice(text: &str, is_json: bool, splice: Splice<'_>) -> Option<String> {
        let mut wanted = whole(text, is_json)?;
        let mut questions = match wanted.get("questions") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(questions)) => questions.clone(),
            Some(_) => return None,
        };
        splice.done_to(&mut questions)?;
        wanted.insert("questions".to_owned(), questions.into());
        let spliced = if is_json {
            format!("{}\n", serde_json::to_string_pretty(&wanted).ok()?)
        } else {
            spliced_yaml(text, splice)?
        };
        // Whatever the text looked like: what it says now is what it said, and this one thing.
        (said(whole(&spliced, is_json)?) == said(wanted)).then_some(spliced)
    }
}

/// Leaves out an empty list of questions, so that an empty list and none compare equal.
fn said(mut whole: Map<String, Value>) -> Map<String, Value> {
    whole.retain(|name, value| name != "questions" || value.as_array().is_some_and(|questions| !questions.is_empty()));
    whole
}

/// Everything a text says; `None` where a part of it would be lost, such as a key that stands there twice.
fn whole(text: &str, is_json: bool) -> Option<Map<String, Value>> {
    let mut faults = Faults::default();
    let node = if is_json { read_json(text, &mut faults) } else { read_yaml(text, &mut faults) }?;
    match value(&node) {
        Value::Object(whole) if faults.is_empty() => Some(whole),
        _ => None,
    }
}

fn value(node: &Node) -> Value {
    match &node.value {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Number(number) => Value::Number(number.clone()),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::List(items) => items.iter().map(value).collect(),
        Tree::Map(entries) => Value::Object(
            entries.iter().map(|(key, inner)| (key.name().unwrap_or_default().to_owned(), value(inner))).collect(),
        ),
    }
}

fn spliced_yaml(text: &str, splice: Splice<'_>) -> Option<String> {
    let node = read_yaml(text, &mut Faults::default())?;
    let Tree::Map(entries) = &node.value else { return None };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(place) = entries.iter().position(|(key, _)| key.name() == Some("questions")) else {
        lines.push(String::new());
        lines.push("questions:".to_owned());
        lines.extend(item(splice.wanted()?, 2)?);
        return Some(lines.join("\n") + "\n");
    };
    let (key, list) = &entries[place];
    let first = key.line as usize - 1;
    let end = entries.get(place + 1).map_or(lines.len(), |(next, _)| next.line as usize - 1);
    let items = match &list.value {
        Tree::List(items) => items.as_slice(),
        _ => &[],
    };
    if items.is_empty() {
        *lines.get_mut(first)? = lines.get(first)?.replacen("[]", "", 1).trim_end().to_owned();
        lines.splice(first + 1..first + 1, item(splice.wanted()?, key.column as usize + 1)?);
        return Some(lines.join("\n") + "\n");
    }
    let dash = lines
        .get(first + 1..=items[0].line as usize - 1)?
        .iter()
        .rev()
        .find(|line| line.trim_start().starts_with('-'))?;
    let indent = dash.len() - dash.trim_start().len();
    let begins = |line: &str| {
        line.chars().take(indent).all(|character| character == ' ') && line.chars().nth(indent) == Some('-')
    };
    let mut starts = Vec::new();
    for item in items {
        let mut line = item.line as usize - 1;
        while !begins(lines.get(line)?) {
            line = line.checked_sub(1).filter(|line| *line > first)?;
        }
        starts.push(line);
    }
    // What is written before the next thing belongs to that.
    let before = |start: usize, mut end: usize| {
        let is_between = |line: &String| {
            line.trim().is_empty()
                || (line.trim_start().starts_with('#') && line.len() - line.trim_start().len() <= indent)
        };
        while end > start + 1 && lines.get(end - 1).is_some_and(is_between) {
            end -= 1;
        }
        end
    };
    let range = match splice {
        Splice::Add(_) => {
            let last = before(*starts.last()?, end);
            last..last
        }
        // Without questions there is no list of them.
        Splice::Remove(0) if items.len() == 1 => first..before(*starts.first()?, end),
        Splice::Replace(number, _) | Splice::Remove(number) => {
            let start = *starts.get(number)?;
            start..before(start, starts.get(number + 1).copied().unwrap_or(end))
        }
    };
    let new = splice.wanted().map_or(Some(Vec::new()), |question| item(question, indent))?;
    lines.splice(range, new);
    Some(lines.join("\n") + "\n")
}

/// A question as an item of a list that is indented so far.
fn item(question: &AddedQuestion, indent: usize) -> Option<Vec<String>> {
    let text = serde_saphyr::to_string(question).ok()?;
    let line = |(number, line): (usize, &str)| match line {
        "" => String::new(),
        _ => format!("{}{}{line}", " ".repeat(indent), if number == 0 { "- " } else { "  " }),
    };
    Some(text.lines().enumerate().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Ours.\nbase: the-base\nkey: ours # a key\ntitle: Ours\nedition: \"2027.1\"\n\nquestions: # in the base's sections\n  # The first.\n  - section: one\n    question:\n      key: first\n      principle: care\n      text: >-\n        Is it\n        # no comment\n      type: text\n\n  # The second.\n  - section: one\n    question: {key: second, principle: care, text: Two?, type: text}\n\n# What follows.\nprinciples:\n  - {key: ours, title: Our own}\n";

    fn question(key: &str) -> AddedQuestion {
        let question = serde_json::json!({ "section": "one", "question": { "key": key, "principle": "care", "text": "Is it: \"so\"?\n\n# Or not?", "type": "yes_no",
            "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }] } });
        serde_json::from_value(question).expect("a question")
    }

    fn keys(text: &str, is_json: bool) -> Vec<String> {
        Extension::sketch(text, is_json)
            .expect("readable")
            .questions
            .into_iter()
            .map(|question| question.expect("a question").question.key)
            .collect()
    }

    #[test]
    fn a_question_is_added_changed_and_removed_and_every_other_line_stays() {
        let new = question("new");
        for (splice, expected, gone) in [
            (Splice::Add(&new), vec!["first", "second", "new"], vec![]),
            (Splice::Replace(0, &new), vec!["new", "second"], vec!["- section: one", "key: first"]),
            (Splice::Replace(1, &new), vec!["first", "new"], vec!["second,"]),
            (Splice::Remove(0), vec!["second"], vec!["key: first"]),
            (Splice::Remove(1), vec!["first"], vec!["second,"]),
        ] {
            let text = Extension::splice(TEXT, false, splice).expect("done");
            assert_eq!(keys(&text, false), expected, "{text}");
            for kept in [
                "# Ours.\n",
                "# a key\n",
                "# in the base's sections\n",
                "  # The first.\n",
                "  # The second.\n",
                "# What follows.\nprinciples:",
            ] {
                assert!(text.contains(kept), "{kept} is not in {text}");
            }
            assert!(
                !gone
                    .iter()
                    .any(|gone| text.matches(gone).count() >= TEXT.matches(gone).count() && *gone != "- section: one"),
                "{text}"
            );
        }
        assert_eq!(Extension::splice(TEXT, false, Splice::Remove(2)), None);
    }

    #[test]
    fn texts_of_every_shape_take_a_question_or_are_left_alone() {
        let new = question("new");
        let head = "base: the-base\nkey: ours\ntitle: Ours\nedition: \"2027.1\"\n";
        for questions in [
            "",
            "questions:\n",
            "questions: []\n",
            "questions: # none yet\nprinciples: []\n",
            "questions:\n- section: one\n  question: {key: a, principle: b, text: c, type: text}\nfindings: []\n",
        ] {
            let text = Extension::splice(&format!("{head}{questions}"), false, Splice::Add(&new))
                .unwrap_or_else(|| panic!("{questions:?} takes none"));
            assert_eq!(keys(&text, false).last().map(String::as_str), Some("new"), "{text}");
        }
        for left in [
            "",
            "- a\n",
            "{base: the-base}\n",
            "base: [\n",
            "base: a\nquestions: [{a: 1}]\n",
            "base: a\nbase: b\n",
            "base: a\nquestions: none\n",
        ] {
            assert_eq!(Extension::splice(left, false, Splice::Add(&new)), None, "{left}");
        }
        let one = Extension::splice(head, false, Splice::Add(&new)).expect("one");
        let none = Extension::splice(&one, false, Splice::Remove(0)).expect("none");
        assert!(keys(&none, false).is_empty() && none.starts_with(head), "{none}");
        let json = Extension::splice("{\"base\": \"a\", \"note\": 1.5}", true, Splice::Add(&new)).expect("JSON");
        assert_eq!((keys(&json, true), json.contains("1.5")), (vec!["new".to_owned()], true));
    }
}
