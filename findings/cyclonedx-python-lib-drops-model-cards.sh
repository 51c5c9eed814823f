#!/usr/bin/env bash
# Tool: cyclonedx-python-lib 11.12.0 with its extra "validation" (PyPI), CycloneDX's own library: a list in CycloneDX 1.6 read and written again.
# One would guess: what the version's schema has is kept, since the library reads and writes 1.6 and finds the document valid by it;
# or what it cannot hold is refused, or at least warned about.
# What happens: the model card of an AI model, the description of a data set and its sensitive data, the statement that the list is incomplete
# and the declarations are gone, in silence; the component itself is there, so the list looks whole. A time of making is put in that
# the document did not have. Name, version, supplier and standards stay.
# Why it matters to a register: the card says what the model was trained on and is meant for; a supplier's list that has gone through a tool
# built on this library is AI without any account of itself, and "incomplete" has become no statement at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-python-lib[validation]==11.12.0'
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(cyclonedx-python-lib) '
cat >check.py <<'PY'
import json, warnings
from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
warnings.simplefilter("error")
before = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
    "components": [
        {"bom-ref": "notes", "type": "data", "name": "Care notes", "data": [{"type": "dataset", "sensitiveData": ["health"]}]},
        {"bom-ref": "scribe", "type": "machine-learning-model", "name": "Scribe", "version": "2", "supplier": {"name": "Bright Care Ltd"},
            "modelCard": {"modelParameters": {"task": "summarisation", "datasets": [{"ref": "notes"}]}, "considerations": {"users": ["care staff"]}}}],
    "compositions": [{"aggregate": "incomplete", "assemblies": ["scribe"]}],
    "declarations": {"assessors": [{"bom-ref": "assessor", "thirdParty": True}]},
    "definitions": {"standards": [{"bom-ref": "iso", "name": "ISO/IEC 42001", "version": "2023"}]}}
print("complaints:", JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(before)))
after = json.loads(JsonV1Dot6(Bom.from_json(before)).output_as_string())
print("lost:", *sorted(before.keys() - after.keys()))
for old, new in zip(before["components"], sorted(after["components"], key=lambda component: component["bom-ref"])):
    print(old["name"] + ", lost:", *sorted(old.keys() - new.keys()), "| kept:", *sorted(old.keys() & new.keys()))
print("added:", *sorted(after["metadata"]))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
complaints: None
lost: compositions declarations
Care notes, lost: data | kept: bom-ref name type
Scribe, lost: modelCard | kept: bom-ref name supplier type version
added: timestamp
EXPECTED
