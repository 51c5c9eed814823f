#!/usr/bin/env bash
# Tools: oazapfts 7.5.0 and swagger-typescript-api 13.13.0 (npm): clients made from an OpenAPI 3.0 document; beside them @hey-api/openapi-ts
# 0.95.0 (npm), for Node 20.
# One would guess: a request has the media type that the document states for its body, here the only one, application/merge-patch+json; what
# comes back as text/csv is text; what stands in a path is one part of it.
# What happens: both send the merge patch as application/json, so that a server that asks for the stated type (415) refuses every change.
# swagger-typescript-api gives null for a CSV list, without an error, and puts an identifier with a slash into the path as it is, which makes
# another path of it; a list of a form becomes one text with brackets. openapi-ts does all of them rightly.
# Why it matters to a register: its changes are merge patches (RFC 7396), its lists are CSV too, and references such as 2026/014 are identifiers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --legacy-peer-deps swagger-typescript-api@13.13.0 @hey-api/openapi-ts@0.95.0 oazapfts@7.5.0 @oazapfts/runtime@1.2.0 typescript@5.9.3 tsx@4.23.15 >/dev/null
npm ls --depth 0 2>/dev/null | grep -E 'swagger-typescript-api|hey-api|oazapfts'
cat >openapi.json <<'JSON'
{"openapi": "3.0.3", "info": {"title": "Register", "version": "1"}, "servers": [{"url": "http://register.example"}], "paths": {
  "/suppliers/{id}": {"parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
    "patch": {"operationId": "changeSupplier", "tags": ["Suppliers"], "responses": {"204": {"description": "Changed"}}, "requestBody": {"required": true, "content": {
      "application/merge-patch+json": {"schema": {"type": "object", "properties": {"website": {"type": "string", "nullable": true}}}}}}}},
  "/suppliers.csv": {"get": {"operationId": "suppliersCsv", "tags": ["Suppliers"], "responses": {"200": {"description": "A list", "content": {"text/csv": {"schema": {"type": "string"}}}}}}},
  "/evidence": {"post": {"operationId": "addEvidence", "tags": ["Evidence"], "responses": {"204": {"description": "Added"}}, "requestBody": {"required": true, "content": {"multipart/form-data": {
    "schema": {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}}}}}}}}}
JSON
node node_modules/.bin/swagger-typescript-api generate -p openapi.json -o . -n sta.ts >/dev/null
node node_modules/.bin/openapi-ts -i openapi.json -o hey >/dev/null
node node_modules/.bin/oazapfts openapi.json oaz.ts >/dev/null
cat >check.mts <<'TS'
import { Api } from './sta.ts';
import * as hey from './hey/index.ts';
import { client } from './hey/client.gen.ts';
import * as oaz from './oaz.ts';
let name = '';
const seen: any = async (...asked: [any, any]) => {
  const request = new Request(...asked), type = request.headers.get('Content-Type') ?? 'none', csv = request.url.endsWith('csv');
  const form = type.startsWith('multipart/form-data') ? `, tags ${JSON.stringify((await request.clone().formData()).getAll('tags'))}` : '';
  console.log(`${name}: ${request.method} ${new URL(request.url).pathname}, type ${type.split(';')[0]}${form}`);
  return new Response(csv ? 'name\nBright Linen\n' : null, csv ? { headers: { 'Content-Type': 'text/csv' } } : { status: 204 });
};
globalThis.fetch = seen;
client.setConfig({ baseUrl: 'http://register.example' });
const api = new Api({ customFetch: seen }), id = '2026/014', body = { website: null }, form = { tags: ['contract', 'DPIA'] };
for (const [which, change, csv, evidence] of [
  ['oazapfts', () => oaz.changeSupplier(id, body), () => oaz.suppliersCsv(), () => oaz.addEvidence(form)],
  ['swagger-typescript-api', () => api.suppliers.changeSupplier(id, body), () => api.suppliersCsv.suppliersCsv(), () => api.evidence.addEvidence(form)],
  ['openapi-ts', () => hey.changeSupplier({ path: { id }, body }), () => hey.suppliersCsv(), () => hey.addEvidence({ body: form })],
] as const) {
  name = which;
  await change();
  const { data } = await csv() as any;
  console.log(`${name}: the list is ${JSON.stringify(data)}`);
  await evidence();
}
TS
node node_modules/.bin/tsx check.mts | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
oazapfts: PATCH /suppliers/2026%2F014, type application/json
oazapfts: GET /suppliers.csv, type none
oazapfts: the list is "name\nBright Linen\n"
oazapfts: POST /evidence, type multipart/form-data, tags ["contract","DPIA"]
swagger-typescript-api: PATCH /suppliers/2026/014, type application/json
swagger-typescript-api: GET /suppliers.csv, type none
swagger-typescript-api: the list is null
swagger-typescript-api: POST /evidence, type multipart/form-data, tags ["[\"contract\",\"DPIA\"]"]
openapi-ts: PATCH /suppliers/2026%2F014, type application/merge-patch+json
openapi-ts: GET /suppliers.csv, type none
openapi-ts: the list is "name\nBright Linen\n"
openapi-ts: POST /evidence, type multipart/form-data, tags ["contract","DPIA"]
EXPECTED
