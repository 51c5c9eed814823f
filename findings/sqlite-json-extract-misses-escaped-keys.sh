#!/usr/bin/env bash
# Tool: SQLite 3.40.1 (Debian's sqlite3), json_extract() and json_patch(), on JSON as Python's json.dumps() writes it by default.
# One would guess: "caf\u00e9" and "café" are one and the same member name, as RFC 8259 says of escapes, and as values they are.
# What happens: names are compared as they are spelled. Where the name was written with the escape, json_extract(doc, '$.café') is NULL, a
# merge patch that sets the name adds a second member of the same name, and one with null removes nothing. Values are unescaped
# as one expects.
# Why it matters to a register: answers and notes kept by name in JSON, written by a Python import, are silently not found by SQL
# over the file, and a field that was to be erased is still there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
sqlite3 --version | cut -d ' ' -f 1
python3 -c 'import json; print(json.dumps({"café": "café"}))' >written.json
cat written.json
sqlite3 :memory: >output.txt <<'SQL'
SELECT 'found by its name: ' || coalesce(json_extract(readfile('written.json'), '$.café'), 'nothing');
SELECT 'its value, unescaped: ' || value FROM json_each(readfile('written.json'));
SELECT 'patched: ' || json_patch(readfile('written.json'), '{"café":"tea"}');
SELECT 'taken out: ' || json_patch(readfile('written.json'), '{"café":null}');
SELECT 'names: ' || group_concat(key) FROM json_each(json_patch(readfile('written.json'), '{"café":"tea"}'));
SQL
cat output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
found by its name: nothing
its value, unescaped: café
patched: {"caf\u00e9":"caf\u00e9","café":"tea"}
taken out: {"caf\u00e9":"caf\u00e9"}
names: café,café
EXPECTED
