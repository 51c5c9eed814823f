#!/usr/bin/env bash
# Tool: typify 0.8.0 (crates.io), Rust types of a JSON schema; what progenitor makes clients of OpenAPI documents with.
# One would guess: of fields that may not all stand together, some may; and a pattern without a type holds for texts, while what is no
# text passes it by (JSON Schema, 6.3.3).
# What happens: "not question, or else subject and is" becomes two shapes, and the one with a question has neither subject nor is. What is
# read loses its second half without a word, or is refused where unknown fields are. A value with a pattern becomes a text: a number or a
# list cannot be sent, and what holds one cannot be read.
# Why it matters to a register: a question is asked where an answer before it is yes; without the yes it is asked always. And one number
# among the answers makes all of them unreadable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "conditions"
version = "1.0.0"
edition = "2024"

[dependencies]
regress = "0.12"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
typify = "=0.8.0"
TOML
cat >condition.json <<'JSON'
{"title": "Condition", "type": "object",
  "properties": {"question": {"type": "string"}, "subject": {"type": "string"}, "is": {"type": "string"}},
  "oneOf": [{"required": ["question"]}, {"required": ["subject", "is"]}]}
JSON
sed 's/"Condition", /"Closed", "additionalProperties": false, /' condition.json >closed.json
cat >answer.json <<'JSON'
{"title": "Answer", "type": "object", "required": ["value"], "properties": {"value": {"pattern": "^[^\\u0000-\\u001F]*$"}}}
JSON
cat >src/main.rs <<'RUST'
mod open {
    typify::import_types!("condition.json");
}
mod closed {
    typify::import_types!("closed.json");
}
mod answers {
    typify::import_types!("answer.json");
}

fn read<Type: serde::de::DeserializeOwned + serde::Serialize>(text: &str) {
    match serde_json::from_str::<Type>(text) {
        Ok(read) => println!("{text}: written again as {}", serde_json::to_string(&read).unwrap()),
        Err(error) => println!("{text}: {error}"),
    }
}

fn main() {
    for condition in [r#"{"subject":"tier","is":"high"}"#, r#"{"question":"cloud","is":"yes"}"#] {
        read::<open::Condition>(condition);
        read::<closed::Closed>(condition);
    }
    for answer in [r#"{"value":"yes"}"#, r#"{"value":24}"#, r#"{"value":["cloud","paper"]}"#] {
        read::<answers::Answer>(answer);
    }
}
RUST
cargo build --quiet
cargo tree --depth 1 --prefix none | grep -E '^typify '
target/debug/conditions | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
{"subject":"tier","is":"high"}: written again as {"is":"high","subject":"tier"}
{"subject":"tier","is":"high"}: written again as {"is":"high","subject":"tier"}
{"question":"cloud","is":"yes"}: written again as {"question":"cloud"}
{"question":"cloud","is":"yes"}: data did not match any variant of untagged enum Closed
{"value":"yes"}: written again as {"value":"yes"}
{"value":24}: invalid type: integer `24`, expected a string at line 1 column 11
{"value":["cloud","paper"]}: invalid type: sequence, expected a string at line 1 column 9
EXPECTED
