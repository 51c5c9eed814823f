#!/usr/bin/env bash
# Tool: openapi-response-validator 12.1.3 (npm); beside it openapi-request-validator 12.1.3 (npm), of the same house, with the same schema.
# One would guess: what is refused in a request is refused in an answer: "next year" is no date, in whichever direction it goes. An answer that the
# document states both as JSON and as CSV may be CSV.
# What happens: of an answer's formats none is looked at: "05/06/2026" is a date, "soon" a date and time, "none" an address, and no option is needed
# for that. In a request the same validator's sister refuses each. And an answer has no media type here: only the first schema that
# the document states is asked, so that the CSV list is "must be array", or, where CSV is stated first, the JSON list "must be string".
# Why it matters to a register: a contract test with this passes while every due date is written the British way, and fails on the right
# CSV list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openapi-response-validator@12.1.3 openapi-request-validator@12.1.3 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const Responses = require('openapi-response-validator').default, Requests = require('openapi-request-validator').default;
const schema = { type: 'object', properties: { due: { type: 'string', format: 'date' }, seen: { type: 'string', format: 'date-time' }, mail: { type: 'string', format: 'email' } } };
const content = { 'application/json': { schema } };
const responses = new Responses({ responses: { 200: { description: 'A supplier', content } } }), requests = new Requests({ parameters: [], requestBody: { content } });
const said = (result) => (result ? result.errors.map(({ message }) => message).join() : 'valid');
for (const body of [{ due: '2026-06-05' }, { due: '05/06/2026' }, { due: 'next year' }, { seen: 'soon' }, { mail: 'none' }, { due: 5 }])
  console.log(`${JSON.stringify(body)}: request ${said(requests.validateRequest({ headers: { 'content-type': 'application/json' }, body }))}; response ${said(responses.validateResponse(200, body))}`);
const json = { 'application/json': { schema: { type: 'array', items: schema } } }, csv = { 'text/csv': { schema: { type: 'string' } } };
for (const [order, stated] of [['JSON first', { ...json, ...csv }], ['CSV first', { ...csv, ...json }]]) {
  const list = new Responses({ responses: { 200: { description: 'A list', content: stated } } });
  console.log(`${order}: the JSON list ${said(list.validateResponse(200, []))}; the CSV list ${said(list.validateResponse(200, 'name\nBright Linen\n'))}`);
}
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
{"due":"2026-06-05"}: request valid; response valid
{"due":"05/06/2026"}: request must match format "date"; response valid
{"due":"next year"}: request must match format "date"; response valid
{"seen":"soon"}: request must match format "date-time"; response valid
{"mail":"none"}: request must match format "email"; response valid
{"due":5}: request must be string; response must be string
JSON first: the JSON list valid; the CSV list must be array
CSV first: the JSON list must be string; the CSV list valid
EXPECTED
