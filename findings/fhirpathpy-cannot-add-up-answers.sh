#!/usr/bin/env bash
# Tool: fhirpathpy 2.2.4 (PyPI), FHIRPath for Python; beside it fhirpath 5.2.2 (npm). Both with their model of R4.
# One would guess: sum(), min(), max() and avg() work on the answers of a questionnaire as they do on numbers written into the expression;
# round() without digits is round(0), since the language says that the digits may be left out.
# What happens: (2 | 3).sum() is 5, and the sum of two answers 2 and 3 is a TypeError within Python, as min(), max() and avg() are; the sum of no
# answers is 0, the empty collection in the other. "2.5.round()" is an error too, and 2.5.round(0) is 2, where the other has 3. aggregate()
# adds the answers up.
# Why it matters to a register: the score of a questionnaire is the sum of its answers, in just these words; it works until the first
# answer comes in.
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
["(2 | 3).sum()", "item.answer.value.ofType(integer).sum()", "item.answer.value.ofType(integer).max()", "item.answer.value.ofType(integer).aggregate($total + $this, 0)",
 "item.where(linkId = 'none').answer.value.sum()", "2.5.round()", "2.5.round(0)"]
JSON
cat >answers.json <<'JSON'
{"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": "1", "answer": [{"valueInteger": 2}]}, {"linkId": "2", "answer": [{"valueInteger": 3}]}]}
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
    try:
        found = json.dumps(evaluate(answers, expression, {}, models["r4"]), default=float)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print(f"fhirpathpy: {expression}: {found}")
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
fhirpath: (2 | 3).sum(): [5]
fhirpath: item.answer.value.ofType(integer).sum(): [5]
fhirpath: item.answer.value.ofType(integer).max(): [3]
fhirpath: item.answer.value.ofType(integer).aggregate($total + $this, 0): [5]
fhirpath: item.where(linkId = 'none').answer.value.sum(): []
fhirpath: 2.5.round(): [3]
fhirpath: 2.5.round(0): [3]
fhirpathpy: (2 | 3).sum(): [5]
fhirpathpy: item.answer.value.ofType(integer).sum(): TypeError: unsupported operand type(s) for +: 'int' and 'ResourceNode'
fhirpathpy: item.answer.value.ofType(integer).max(): TypeError: '>' not supported between instances of 'ResourceNode' and 'ResourceNode'
fhirpathpy: item.answer.value.ofType(integer).aggregate($total + $this, 0): [5]
fhirpathpy: item.where(linkId = 'none').answer.value.sum(): [0]
fhirpathpy: 2.5.round(): Exception: round wrong arity: got 0
fhirpathpy: 2.5.round(0): [2.0]
EXPECTED
