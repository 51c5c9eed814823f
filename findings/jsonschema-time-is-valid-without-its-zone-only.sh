#!/usr/bin/env bash
# Tool: jsonschema 1.5.0 (npm), formats time, date and date-time; beside it ajv 8.20.0 with ajv-formats 3.0.1 (npm).
# One would guess: a time is what JSON Schema says, full-time of RFC 3339: 09:30:00Z and 09:30:00+01:00 are, 09:30:00 is not. 30 February is no date; no
# hour is 24.
# What happens: the two that are right are refused, and what is not is valid: 09:30:00 without a zone is the only way to write a time. As the time of a
# date-time the zone is asked for, as it should be. 30 and 31 February are dates, in a date-time too, where 24:00 and the zone +24:00
# are also valid.
# Why it matters to a register: a schema that is handed out with it cannot be fulfilled for both this library and any other as soon as it has a
# time in it; and a certificate may run out on a day that never comes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund jsonschema@1.5.0 ajv@8.20.0 ajv-formats@3.0.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { Validator } = require('jsonschema');
const Ajv = require('ajv');
const ajv = require('ajv-formats').default(new Ajv.default());
for (const [format, texts] of Object.entries({ time: ['09:30:00Z', '09:30:00+01:00', '09:30:00'], date: ['2026-06-05', '2026-02-30', '2026-02-31', '2026-06-5'],
  'date-time': ['2026-06-05T09:30:00Z', '2026-06-05T09:30:00', '2026-02-30T09:30:00Z', '2026-06-05T24:00:00Z', '2026-06-05T09:30:00+24:00'] }))
  for (const text of texts)
    console.log(`${format} ${text}:`, 'jsonschema', new Validator().validate(text, { type: 'string', format }).valid ? 'valid,' : 'refused,', 'ajv', ajv.validate({ type: 'string', format }, text) ? 'valid' : 'refused');
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
time 09:30:00Z: jsonschema refused, ajv valid
time 09:30:00+01:00: jsonschema refused, ajv valid
time 09:30:00: jsonschema valid, ajv refused
date 2026-06-05: jsonschema valid, ajv valid
date 2026-02-30: jsonschema valid, ajv refused
date 2026-02-31: jsonschema valid, ajv refused
date 2026-06-5: jsonschema refused, ajv refused
date-time 2026-06-05T09:30:00Z: jsonschema valid, ajv valid
date-time 2026-06-05T09:30:00: jsonschema refused, ajv refused
date-time 2026-02-30T09:30:00Z: jsonschema valid, ajv refused
date-time 2026-06-05T24:00:00Z: jsonschema valid, ajv refused
date-time 2026-06-05T09:30:00+24:00: jsonschema valid, ajv refused
EXPECTED
