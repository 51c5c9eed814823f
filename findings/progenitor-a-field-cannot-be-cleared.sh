#!/usr/bin/env bash
# Tool: progenitor 0.15.1 (crates.io), a client in Rust made of an OpenAPI 3.0 document.
# One would guess: a field that is nullable and not required can be left out, null, or something, since each is another change where the
# document says so (a merge patch, RFC 7396).
# What happens: it becomes an Option, and None is left out. Null is read, and gone when it is written: no request of the client can
# hold it, whatever the caller does, and nothing warns of it. A list that is not required is left out where it is empty, so that it cannot
# be emptied either.
# Why it matters to a register: its changes are merge patches, where null clears. A client that takes away an owner who has left sends
# an empty change, is answered 200, and the owner stays.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "clears"
version = "1.0.0"
edition = "2024"

[dependencies]
bytes = "1"
futures = "0.3"
progenitor = "=0.15.1"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
TOML
cat >openapi.json <<'JSON'
{"openapi": "3.0.3", "info": {"title": "Register", "version": "1"}, "paths": {
  "/supplier": {"patch": {"operationId": "change_supplier", "responses": {"204": {"description": "Changed"}}, "requestBody": {"required": true,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SupplierChange"}}}}}}},
  "components": {"schemas": {"SupplierChange": {"type": "object", "properties": {
    "owner": {"type": "string", "nullable": true}, "tags": {"type": "array", "items": {"type": "string"}}}}}}}
JSON
cat >src/main.rs <<'RUST'
progenitor::generate_api!("openapi.json");

fn main() {
    for change in [r#"{"owner":"Jo Bell"}"#, r#"{"owner":null}"#, r#"{"tags":["cloud"]}"#, r#"{"tags":[]}"#] {
        let read: types::SupplierChange = serde_json::from_str(change).unwrap();
        println!("{change} is sent as {}", serde_json::to_string(&read).unwrap());
    }
}
RUST
cargo build --quiet
cargo tree --depth 1 --prefix none | grep -E '^progenitor '
target/debug/clears | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
{"owner":"Jo Bell"} is sent as {"owner":"Jo Bell"}
{"owner":null} is sent as {}
{"tags":["cloud"]} is sent as {"tags":["cloud"]}
{"tags":[]} is sent as {}
EXPECTED
