#!/usr/bin/env bash
# Tools: cvss 3.6 (PyPI), as_json(); the schemas of the CVE Program, which hold FIRST's own for CVSS, come with cvelib 1.8.0 (PyPI).
# One would guess: what as_json() gives fits FIRST's schema for that version, as its documentation says ("JSON schema-compatible"), and as
# it does for a score of CVSS 3.1; baseScore is the base score, whatever else the vector says, and that says too what is known of attacks.
# What happens: for CVSS 4.0 nothing fits but the vector: version is "4", not "4.0", the severity "Medium" and not "MEDIUM", "adjacent" has
# the name it had in 3.1, and most of the members are called otherwise than in the schema, which allows no others. And baseScore is the
# score of the whole vector: 6.3, Medium, where no attacks are known (E:U), for a base of 8.7, High; in 3.1 it stays the base.
# Why it matters to a register: a supplier's weaknesses come with such scores; "base score 7 or more" finds this one written by the old
# version and not by the new, and the CVE record or advisory that the score is put in is refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cvss==3.6 cvelib==1.8.0 jsonschema==4.26.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(cvss|cvelib|jsonschema) '
cat >check.py <<'PY'
import json, pathlib
import cvelib
from cvss import CVSS3, CVSS4
from jsonschema import Draft7Validator
record = json.loads((pathlib.Path(cvelib.__file__).parent / "schemas/CVE_JSON_bundled_5.1.1.json").read_text())
four = "CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
three = "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
for name, score in [("cvssV3_1", CVSS3(three)), ("cvssV3_1", CVSS3(three + "/E:U")), ("cvssV4_0", CVSS4(four)), ("cvssV4_0", CVSS4(four + "/E:U"))]:
    part, known = f"#/definitions/metrics/items/properties/{name}", record["definitions"]["metrics"]["items"]["properties"][name]["properties"]
    found = score.as_json()
    print(score.vector)
    print("  fits the schema:", Draft7Validator({"definitions": record["definitions"], "allOf": [{"$ref": part}]}).is_valid(found))
    print(f"  members {len(found)}, not in the schema {len(found.keys() - known.keys())}; version {found['version']}, {found['attackVector']}, "
          f"baseScore {found['baseScore']}, {found['baseSeverity']}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
  fits the schema: True
  members 30, not in the schema 0; version 3.1, ADJACENT_NETWORK, baseScore 8.8, HIGH
CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U
  fits the schema: True
  members 30, not in the schema 0; version 3.1, ADJACENT_NETWORK, baseScore 8.8, HIGH
CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N
  fits the schema: False
  members 36, not in the schema 20; version 4, ADJACENT_NETWORK, baseScore 8.7, High
CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U
  fits the schema: False
  members 36, not in the schema 20; version 4, ADJACENT_NETWORK, baseScore 6.3, Medium
EXPECTED
