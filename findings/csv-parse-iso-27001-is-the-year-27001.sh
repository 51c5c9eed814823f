#!/usr/bin/env bash
# Tools: csv-parse 7.0.3 with cast and cast_date, vega-loader 5.1.3 with parse "auto" (npm), run by Node 20 or later.
# One would guess: as a date is taken what looks like one: 2026-06-05, perhaps 05/06/2026. A name with a number in it is text.
# What happens: both ask JavaScript's Date, and V8's passes over words it does not know: "ISO 27001" is 1 January of the year 27001, "ISO
# 9001" of 9001, the home "Rose Villa 2" is 1 February 2001 and "Clause 7.2" 2 July 2001. vega-loader makes the column of certificates dates
# throughout. Names whose first word V8 does not like ("Holm House 15") stay text, in the same column.
# Why it matters to a register: a column of certificates shows dates far ahead, so that every certificate is in date; homes of one group, told
# apart by number, become days.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund csv-parse@7.0.3 vega-loader@5.1.3 >/dev/null
npm ls --depth 0 | grep @
cat >list.csv <<'CSV'
Home,Certificate
Rose Villa 2,ISO 27001
Holm House 15,ISO 9001
CSV
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { read } from 'vega-loader';
const text = readFileSync('list.csv', 'utf8');
const show = (value) => value instanceof Date ? value.toISOString() : JSON.stringify(value);
for (const row of parse(text + 'Clause 7.2,ISO/IEC 42001:2023\n', { columns: true, cast: true, cast_date: true })) console.log('csv-parse:', show(row.Home), show(row.Certificate));
for (const row of read(text, { type: 'csv', parse: 'auto' })) console.log('vega-loader:', show(row.Home), new Date(row.Certificate).toISOString());
JS
TZ=UTC node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
csv-parse: 2001-02-01T00:00:00.000Z +027001-01-01T00:00:00.000Z
csv-parse: "Holm House 15" 9001-01-01T00:00:00.000Z
csv-parse: 2001-07-02T00:00:00.000Z "ISO/IEC 42001:2023"
vega-loader: "Rose Villa 2" +027001-01-01T00:00:00.000Z
vega-loader: "Holm House 15" 9001-01-01T00:00:00.000Z
EXPECTED
