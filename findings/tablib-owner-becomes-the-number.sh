#!/usr/bin/env bash
# Tool: tablib 3.10.0 (PyPI), Dataset().load() of JSON and of YAML.
# One would guess: in a list of objects each value belongs to its name, in whatever order the members stand, as JSON says of objects. What the
# first row does not have is a further column, or an error; what a row lacks is empty.
# What happens: the first row's names are the columns, and of every later row only the values are taken, in their order. A row in another
# order has the mail address for its name; a row with as many members, of which one has another name, is put under the wrong heads too:
# Holm, which has an owner and no number, has the number "Sam". No word of it. Only a row with more or fewer members is an error.
# Why it matters to a register: members without a value are left out of JSON by many programs; suppliers of the same list then have the
# owner as company number, and the number of one is the mail address of the next.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check tablib==3.10.0 pyyaml==6.0.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(tablib|pyyaml) '
cat >check.py <<'PY'
import json
import tablib, yaml
quay = {"name": "Quay Ltd", "number": "00012345", "mail": "jo@quay.example"}
others = {
    "another order": {"mail": "sam@holm.example", "number": "SC123456", "name": "Holm Ltd"},
    "an owner, no number": {"name": "Holm Ltd", "owner": "Sam", "mail": "sam@holm.example"},
    "a site, no mail": {"name": "Holm Ltd", "number": "SC123456", "site": "https://holm.example"},
    "no number": {"name": "Holm Ltd", "mail": "sam@holm.example"},
}
for what, holm in others.items():
    for kind, text in [("json", json.dumps([quay, holm])), ("yaml", yaml.safe_dump([quay, holm], sort_keys=False))]:
        try:
            found = tablib.Dataset().load(text, format=kind).dict[1]
        except Exception as error:
            found = type(error).__name__
        print(f"{what}, {kind}: {found}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
another order, json: {'name': 'sam@holm.example', 'number': 'SC123456', 'mail': 'Holm Ltd'}
another order, yaml: {'name': 'sam@holm.example', 'number': 'SC123456', 'mail': 'Holm Ltd'}
an owner, no number, json: {'name': 'Holm Ltd', 'number': 'Sam', 'mail': 'sam@holm.example'}
an owner, no number, yaml: {'name': 'Holm Ltd', 'number': 'Sam', 'mail': 'sam@holm.example'}
a site, no mail, json: {'name': 'Holm Ltd', 'number': 'SC123456', 'mail': 'https://holm.example'}
a site, no mail, yaml: {'name': 'Holm Ltd', 'number': 'SC123456', 'mail': 'https://holm.example'}
no number, json: InvalidDimensions
no number, yaml: InvalidDimensions
EXPECTED
