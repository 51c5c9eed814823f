//! Documents of any type that has a JSON Schema, read from YAML or JSON: every problem at once, each with its place,
//! and the place of each part for whoever looks further.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::document::{Node, read_json, read_yaml};
use crate::fault::{Fault, Faults};
use crate::parse::shaped;

/// A document, and where its parts stand in the text it was read from.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The document.
    pub value: T,
    node: Node,
}

impl<T: DeserializeOwned> Placed<T> {
    /// Reads a text as JSON where it begins with a brace, else as YAML, and checks it against `schema`, which must be
    /// that of `T`.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn read(schema: &Value, text: &str) -> Result<Self, Vec<Fault>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut faults = Faults::default();
        let is_json = text.trim_start().starts_with('{');
        let node = if is_json { read_json(text, &mut faults) } else { read_yaml(text, &mut faults) };
        let Some(node) = node else { return Err(faults.into_sorted()) };
        let value = shaped::<T>(schema, &node, &mut faults, |_, _, _| {});
        match value {
            Some(value) if faults.is_empty() => Ok(Self { value, node }),
            _ => Err(faults.into_sorted()),
        }
    }
}

impl<T> Placed<T> {
    /// Line and column of what a JSON pointer leads to, or of the nearest part around it.
    #[must_use]
    pub fn place_of(&self, pointer: &str) -> (u32, u32) {
        self.node.place_of(pointer)
    }
}

/// A document as YAML.
#[must_use]
pub fn to_yaml(document: &impl Serialize) -> String {
    serde_saphyr::to_string(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Boat {
        name: String,
        #[serde(default)]
        ports: Option<Ports>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Ports {
        One(String),
        Several(Vec<String>),
        Count(u32),
    }

    fn read(text: &str) -> Result<Placed<Boat>, Vec<String>> {
        let schema = schemars::schema_for!(Boat).to_value();
        let told = |fault: Fault| format!("{} {} {:?}", fault.pointer, fault.code, fault.line);
        Placed::read(&schema, text).map_err(|faults| faults.into_iter().map(told).collect())
    }

    #[test]
    fn yaml_and_json_say_the_same_and_each_branch_is_taken_for_what_it_is() {
        let several = Boat { name: "Ann".into(), ports: Some(Ports::Several(vec!["Hull".into(), "Leith".into()])) };
        for text in
            ["name: Ann\nports: [Hull, Leith]\n", "\u{feff}{\"name\": \"Ann\", \"ports\": [\"Hull\", \"Leith\"]}"]
        {
            assert_eq!(read(text).expect(text).value, several);
        }
        assert_eq!(read("name: Ann\nports: Hull").expect("one").value.ports, Some(Ports::One("Hull".into())));
        assert_eq!(read("name: Ann\nports: 3").expect("a count").value.ports, Some(Ports::Count(3)));
        assert_eq!(read(&to_yaml(&several)).expect("its own words").value, several);
    }

    #[test]
    fn everything_wrong_is_told_with_its_place() {
        assert_eq!(
            read("port: Hull\nports: {}\n").expect_err("refused"),
            ["/name missing_key Some(1)", "/port unknown_key Some(1)", "/ports wrong_type Some(2)"]
        );
        assert_eq!(read("name: [\n").expect_err("refused").len(), 1);
        let placed = read("name: Ann\nports:\n  - Hull\n  - Leith\n").expect("a boat");
        assert_eq!((placed.place_of("/ports/1"), placed.place_of("/name")), ((4, 5), (1, 7)));
    }
}
