#!/usr/bin/env bash
# Tools: fast-json-patch 3.1.1 (npm), applyPatch(); beside it jsonpatch 1.48 (PyPI), apply_patch().
# One would guess: a patch is carried out whole or not at all; "test" is there so that nothing is changed where it fails (RFC 6902, section 5;
# RFC 5789). To take out or replace what is not there is an error, as the standard says of the target: it must exist.
# What happens: where an operation fails, applyPatch() throws, and what stood before it in the patch is done and stays, also when it is asked to
# validate, for it looks at each operation only when it comes to it. Unless asked, it takes out "reviewr", which is not there, without
# a word, and "replaces" it by adding it. jsonpatch leaves the document as it was and refuses both.
# Why it matters to a register: "set it to approved, provided that Sam is the reviewer" fails with an error and has approved; who catches the
# error and saves the record, as after any other error, has it in the audit trail too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check jsonpatch==1.48
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund fast-json-patch@3.1.1 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^jsonpatch '
npm ls --depth 0 | grep "@[0-9]" | grep patch
cat >patches.json <<'JSON'
[[{"op": "replace", "path": "/status", "value": "approved"}, {"op": "test", "path": "/reviewer", "value": "Sam"}],
 [{"op": "replace", "path": "/status", "value": "approved"}, {"op": "remove", "path": "/reviewr"}],
 [{"op": "replace", "path": "/reviewr", "value": "Sam"}]]
JSON
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import patches from 'fast-json-patch';
for (const validate of [false, true])
  for (const patch of JSON.parse(readFileSync('patches.json'))) {
    const record = { status: 'draft', reviewer: 'Jo' };
    let said = 'no error';
    try { patches.applyPatch(record, patch, validate); } catch (error) { said = error.name; }
    console.log(`fast-json-patch, validate ${validate}, ${patch.map(({ op }) => op).join(' and ')}: ${said}, ${JSON.stringify(record)}`);
  }
JS
cat >check.py <<'PY'
import json
import jsonpatch
for patch in json.load(open("patches.json")):
    record, said = {"status": "draft", "reviewer": "Jo"}, "no error"
    try:
        record = jsonpatch.apply_patch(record, patch)
    except jsonpatch.JsonPatchException as error:
        said = type(error).__name__
    print(f"jsonpatch, {' and '.join(one['op'] for one in patch)}: {said}, {json.dumps(record)}")
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
fast-json-patch, validate false, replace and test: TEST_OPERATION_FAILED, {"status":"approved","reviewer":"Jo"}
fast-json-patch, validate false, replace and remove: no error, {"status":"approved","reviewer":"Jo"}
fast-json-patch, validate false, replace: no error, {"status":"draft","reviewer":"Jo","reviewr":"Sam"}
fast-json-patch, validate true, replace and test: TEST_OPERATION_FAILED, {"status":"approved","reviewer":"Jo"}
fast-json-patch, validate true, replace and remove: OPERATION_PATH_UNRESOLVABLE, {"status":"approved","reviewer":"Jo"}
fast-json-patch, validate true, replace: OPERATION_PATH_UNRESOLVABLE, {"status":"draft","reviewer":"Jo"}
jsonpatch, replace and test: JsonPatchTestFailed, {"status": "draft", "reviewer": "Jo"}
jsonpatch, replace and remove: JsonPatchPathNotFound, {"status": "draft", "reviewer": "Jo"}
jsonpatch, replace: JsonPatchPathNotFound, {"status": "draft", "reviewer": "Jo"}
EXPECTED
