#!/usr/bin/env bash
# Tool: orval 8.38.0 (npm), its client "fetch", a TypeScript client from an OpenAPI 3.0 document. (It asks for Node 22.18 and runs on Node 20.)
# One would guess: a body of type text/csv with a schema of type string is sent as it is given, as the one of text/plain is; and where a
# body may be JSON or CSV, what is sent says which of both it is.
# What happens: the CSV goes through JSON.stringify and is sent as text/csv all the same: one line in quotation marks, with \n where rows
# ended and \" around what was quoted. So do text/markdown and application/xml; text/plain alone is spared. With JSON and CSV to choose from,
# both go through JSON.stringify and neither has a Content-Type of its own, so fetch calls even the JSON text/plain.
# Why it matters to a register: an import of a thousand suppliers arrives as one line, a head without any rows under it, and is called text/csv;
# and a change sent as JSON where CSV would have been welcome too is refused for its type (415), or read as CSV.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund orval@8.38.0 typescript@5.9.3 >/dev/null
npm ls --depth 0 | grep -E ' (orval|typescript)@'
cat >document.mjs <<'JS'
import { writeFileSync } from 'node:fs';
const text = { schema: { type: 'string' } };
const json = { schema: { type: 'object', properties: { name: { type: 'string' } } } };
const bodies = { Csv: { 'text/csv': text }, Markdown: { 'text/markdown': text }, Xml: { 'application/xml': text }, Plain: { 'text/plain': text },
  Json: { 'application/json': json }, JsonOrCsv: { 'application/json': json, 'text/csv': text } };
const paths = Object.fromEntries(Object.entries(bodies).map(([name, content]) => [`/${name}`, { post: {
  operationId: `send${name}`, requestBody: { required: true, content }, responses: { 204: { description: 'Taken' } } } }]));
writeFileSync('openapi.json', JSON.stringify({ openapi: '3.0.3', info: { title: 'Register', version: '1' }, paths }));
JS
node document.mjs
npx orval --input openapi.json --output client.ts --client fetch >orval.log 2>&1
npx tsc --module esnext --target es2022 --lib esnext,dom,dom.iterable --outDir . client.ts
mv client.js client.mjs
cat >check.mjs <<'JS'
import * as client from './client.mjs';
globalThis.fetch = async (path, options) => {
  const request = new Request(`http://register.example${path}`, options);
  console.log(`${path.slice(1)}: ${request.headers.get('content-type')}, ${await request.text()}`);
  return new Response(null, { status: 204 });
};
const csv = 'name,tier\n"Bright, Ltd",low\n';
await client.sendCsv(csv);
await client.sendMarkdown('# Bright\n');
await client.sendXml('<name kind="trade">Bright</name>');
await client.sendPlain(csv.split('\n')[0]);
await client.sendJson({ name: 'Bright' });
await client.sendJsonOrCsv({ name: 'Bright' });
await client.sendJsonOrCsv(csv);
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Csv: text/csv, "name,tier\n\"Bright, Ltd\",low\n"
Markdown: text/markdown, "# Bright\n"
Xml: application/xml, "<name kind=\"trade\">Bright</name>"
Plain: text/plain, name,tier
Json: application/json, {"name":"Bright"}
JsonOrCsv: text/plain;charset=UTF-8, {"name":"Bright"}
JsonOrCsv: text/plain;charset=UTF-8, "name,tier\n\"Bright, Ltd\",low\n"
EXPECTED
