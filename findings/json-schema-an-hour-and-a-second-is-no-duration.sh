#!/usr/bin/env bash
# Tools: @cfworker/json-schema 4.1.6, ajv 8.20.0 with ajv-formats 3.0.1, @exodus/schemasafe 1.3.0 and jsonschema 1.5.0 (npm); jsonschema 4.26.0 with all its
# formats, jsonschema-rs 0.61.2 and fastjsonschema 2.22.3 (PyPI): what is a string of "format": "duration".
# One would guess: a duration as in ISO 8601, P1Y2D, PT1H30S, PT1.5S, or at least one answer from all of them.
# What happens: JSON Schema points to the grammar of RFC 3339, Appendix A, in which a unit may be followed by the next smaller one only: a year
# and two days (P1Y2D) and an hour and thirty seconds (PT1H30S) are none, nor is any fraction. @cfworker/json-schema and jsonschema-rs keep to that;
# ajv and fastjsonschema take the gaps and no fractions; schemasafe both; Python's jsonschema a minus too; jsonschema of npm a minus, no
# fractions, and even P2D1Y.
# Why it matters to a register: notice, retention and review are durations; what one service checked and wrote, the next one refuses by the
# same schema, and the two that keep to the standard refuse PT1H30S, which any ISO 8601 library may write.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check "jsonschema[format-nongpl]==4.26.0" jsonschema-rs==0.61.2 fastjsonschema==2.22.3
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @cfworker/json-schema@4.1.6 ajv@8.20.0 ajv-formats@3.0.1 @exodus/schemasafe@1.3.0 jsonschema@1.5.0 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(fast)?jsonschema(_rs)? '
npm ls --depth 0 | grep "@[0-9]"
echo '["P1Y2M10D", "P12M", "PT36H", "P1W", "P1Y2D", "PT1H30S", "PT1.5S", "P0.5Y", "P1Y1W", "-P1D", "P2D1Y", "a year"]' >durations.json
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { Validator as Cfworker } from '@cfworker/json-schema';
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { validator } from '@exodus/schemasafe';
import { Validator } from 'jsonschema';
const schema = { type: 'string', format: 'duration' }, durations = JSON.parse(readFileSync('durations.json'));
const ajv = new Ajv();
formats.default(ajv);
for (const [name, valid] of Object.entries({
  '@cfworker/json-schema': (text) => new Cfworker(schema).validate(text).valid, ajv: ajv.compile(schema), schemasafe: validator(schema, { mode: 'lax' }),
  'jsonschema (npm)': (text) => new Validator().validate(text, schema).valid })) console.log(`${name}:`, durations.filter((text) => valid(text)).join(', '));
JS
cat >check.py <<'PY'
import json, fastjsonschema, jsonschema, jsonschema_rs
schema, durations = {"type": "string", "format": "duration"}, json.load(open("durations.json"))
strict = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
rust = jsonschema_rs.validator_for(schema, validate_formats=True)
fast = fastjsonschema.compile(schema)
def quick(text):
    try:
        return fast(text)
    except fastjsonschema.JsonSchemaValueException:
        return False
for name, valid in {"jsonschema-rs": rust.is_valid, "jsonschema (PyPI)": strict.is_valid, "fastjsonschema": quick}.items():
    print(f"{name}:", ", ".join(text for text in durations if valid(text)))
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
@cfworker/json-schema: P1Y2M10D, P12M, PT36H, P1W
ajv: P1Y2M10D, P12M, PT36H, P1W, P1Y2D, PT1H30S
schemasafe: P1Y2M10D, P12M, PT36H, P1W, P1Y2D, PT1H30S, PT1.5S, P0.5Y
jsonschema (npm): P1Y2M10D, P12M, PT36H, P1W, P1Y2D, PT1H30S, P1Y1W, -P1D, P2D1Y
jsonschema-rs: P1Y2M10D, P12M, PT36H, P1W
jsonschema (PyPI): P1Y2M10D, P12M, PT36H, P1W, P1Y2D, PT1H30S, PT1.5S, P0.5Y, -P1D
fastjsonschema: P1Y2M10D, P12M, PT36H, P1W, P1Y2D, PT1H30S
EXPECTED
