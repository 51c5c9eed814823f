#!/usr/bin/env bash
# Tools: fhirpath 5.2.2 (npm) with its model of R4, fhirpathpy 2.2.4 (PyPI) with its; the rules of FHIR questionnaires are written in FHIRPath.
# One would guess: toDate() of a day with a time is that day, as FHIRPath has it, whether the day and time stand in the expression or in
# the answers: authored.toDate() of 2026-06-05T09:00:00+01:00 is 2026-06-05.
# What happens: fhirpath does it for one that stands in the expression; for the one in the answers the result is empty, so that "= @2026-06-05",
# "< @2026-07-01" and ">= @2026-07-01" are all empty, which counts as not so. Yet it compares that very authored with a day and a time as it
# should. fhirpathpy does the opposite: empty for the one in the expression, and for the other the day with its time left on, never equal
# to its day.
# Why it matters to a register: "which answers came in by the due date" finds none at all, or misses those of the day itself, and no error says so.
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
["@2026-06-05T09:00:00+01:00.toDate()", "authored is dateTime", "authored = @2026-06-05T08:00:00Z", "authored.toDate()", "authored.toDate() = @2026-06-05",
 "authored.toDate() < @2026-07-01", "authored.toDate() >= @2026-07-01"]
JSON
cat >answers.json <<'JSON'
{"resourceType": "QuestionnaireResponse", "status": "completed", "authored": "2026-06-05T09:00:00+01:00"}
JSON
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
const [expressions, answers] = ['expressions.json', 'answers.json'].map((name) => JSON.parse(readFileSync(name)));
for (const expression of expressions)
  console.log(`fhirpath: ${expression}: ${JSON.stringify(fhirpath.evaluate(answers, expression, {}, r4))}`);
JS
cat >check.py <<'PY'
import json
from fhirpathpy import evaluate
from fhirpathpy.models import models
expressions, answers = (json.load(open(name)) for name in ["expressions.json", "answers.json"])
for expression in expressions:
    print(f"fhirpathpy: {expression}: {json.dumps(evaluate(answers, expression, {}, models['r4']), default=str)}")
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
fhirpath: @2026-06-05T09:00:00+01:00.toDate(): ["2026-06-05"]
fhirpath: authored is dateTime: [true]
fhirpath: authored = @2026-06-05T08:00:00Z: [true]
fhirpath: authored.toDate(): []
fhirpath: authored.toDate() = @2026-06-05: []
fhirpath: authored.toDate() < @2026-07-01: []
fhirpath: authored.toDate() >= @2026-07-01: []
fhirpathpy: @2026-06-05T09:00:00+01:00.toDate(): []
fhirpathpy: authored is dateTime: [true]
fhirpathpy: authored = @2026-06-05T08:00:00Z: [true]
fhirpathpy: authored.toDate(): ["2026-06-05T09:00:00+01:00"]
fhirpathpy: authored.toDate() = @2026-06-05: [false]
fhirpathpy: authored.toDate() < @2026-07-01: [true]
fhirpathpy: authored.toDate() >= @2026-07-01: [false]
EXPECTED
