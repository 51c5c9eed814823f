#!/usr/bin/env bash
# Tools: fhirpath 5.2.2 (npm), fhirpathpy 2.2.4 (PyPI), the language that rules and scores of FHIR questionnaires are written in.
# One would guess: 1 year = 12 months, as both say, so what holds of the one holds of the other. The language's own list of units says that
# a year is twelve months and that a month has no fixed number of days, so with days neither is compared, and the result is empty.
# Two programs that read one expression agree.
# What happens: in fhirpath a year is also 365 days and a month 30, so 12 months are 360 days: a year is longer than 364 days and twelve
# months are not, though they are equal. In fhirpathpy none of them equals any number of days, and "longer than" is an error within
# Python. 12 months + 1 year are 24 months in the one and an error in the other.
# Why it matters to a register: notice, retention and review intervals are asked for with a unit; "keeps records for at least 365 days"
# is met by a year and not by twelve months, and cannot be said where the other program runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check fhirpathpy==2.2.4
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund fhirpath@5.2.2 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^fhirpathpy '
npm ls --depth 0 | grep @
cat >expressions.json <<'JSON'
["1 year = 12 months", "1 year = 365 days", "12 months = 365 days", "12 months = 360 days", "1 year > 364 days", "12 months > 364 days", "12 months + 1 year"]
JSON
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import fhirpath from 'fhirpath';
for (const expression of JSON.parse(readFileSync('expressions.json')))
  console.log(`fhirpath: ${expression}: ${fhirpath.evaluate({}, expression).map(String)}`);
JS
cat >check.py <<'PY'
import json
from fhirpathpy import evaluate
for expression in json.load(open("expressions.json")):
    try:
        found = ", ".join(map(str, evaluate({}, expression, {})))
    except Exception as error:
        found = type(error).__name__
    print(f"fhirpathpy: {expression}: {found}")
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
fhirpath: 1 year = 12 months: true
fhirpath: 1 year = 365 days: true
fhirpath: 12 months = 365 days: false
fhirpath: 12 months = 360 days: true
fhirpath: 1 year > 364 days: true
fhirpath: 12 months > 364 days: false
fhirpath: 12 months + 1 year: 24 months
fhirpathpy: 1 year = 12 months: True
fhirpathpy: 1 year = 365 days: False
fhirpathpy: 12 months = 365 days: False
fhirpathpy: 12 months = 360 days: False
fhirpathpy: 1 year > 364 days: TypeError
fhirpathpy: 12 months > 364 days: TypeError
fhirpathpy: 12 months + 1 year: Exception
EXPECTED
