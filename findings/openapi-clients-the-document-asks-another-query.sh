#!/usr/bin/env bash
# Tools: openapi-python-client 0.29.1 (PyPI), swagger-typescript-api 13.13.0 and @hey-api/openapi-ts 0.95.0, the last for Node 20 (npm): clients
# made from an OpenAPI 3.0 document; beside them oazapfts 7.5.0 (npm).
# One would guess: a parameter is sent in the style that the document states: explode false is tier=low,high; deepObject is due[from]=...; a
# parameter described by content, application/json, is JSON. What a generator cannot do, it says.
# What happens: nothing is said, and each sends another question. openapi-python-client sends tier twice, due[from] as from, and has no
# argument for the JSON one at all. swagger-typescript-api sends tier twice and both objects as "[object Object]". openapi-ts does all the styles and
# takes the JSON one apart: filter={"country":"IE"} goes as country=IE, which is another parameter here. oazapfts sends what is asked for.
# Why it matters to a register: a list that ignores what it does not know answers with every supplier, and "due by June" is all of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --legacy-peer-deps swagger-typescript-api@13.13.0 @hey-api/openapi-ts@0.95.0 oazapfts@7.5.0 @oazapfts/runtime@1.2.0 typescript@5.9.3 tsx@4.23.15 >/dev/null
npm ls --depth 0 2>/dev/null | grep -E 'swagger-typescript-api|hey-api|oazapfts'
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1 httpx==0.28.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(openapi-python-client|httpx) '
cat >openapi.json <<'JSON'
{"openapi": "3.0.3", "info": {"title": "Register", "version": "1"}, "servers": [{"url": "http://register.example"}], "paths": {"/suppliers": {"get": {
  "operationId": "listSuppliers", "tags": ["Suppliers"], "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}},
  "parameters": [
    {"name": "tier", "in": "query", "style": "form", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}},
    {"name": "due", "in": "query", "style": "deepObject", "explode": true, "schema": {"type": "object", "properties": {"from": {"type": "string"}}}},
    {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object", "properties": {"country": {"type": "string"}}}}}},
    {"name": "country", "in": "query", "schema": {"type": "string"}}]}}}}
JSON
echo 'post_hooks: []' >config.yaml
python/bin/openapi-python-client generate --path openapi.json --meta none --output-path register_client --config config.yaml >/dev/null
node node_modules/.bin/swagger-typescript-api generate -p openapi.json -o . -n sta.ts >/dev/null
node node_modules/.bin/openapi-ts -i openapi.json -o hey >/dev/null
node node_modules/.bin/oazapfts openapi.json oaz.ts >/dev/null
cat >check.py <<'PY'
import inspect
import httpx
from register_client.api.suppliers import list_suppliers
from register_client.client import Client
from register_client.models import ListSuppliersDue
def seen(request):
    print("openapi-python-client:", request.url.query.decode())
    return httpx.Response(200, json=[])
client = Client(base_url="http://register.example", httpx_args={"transport": httpx.MockTransport(seen)})
list_suppliers.sync(client=client, tier=["low", "high"], due=ListSuppliersDue.from_dict({"from": "2026-06-01"}))
print("openapi-python-client: its arguments:", *(name for name in inspect.signature(list_suppliers.sync).parameters if name != "client"))
PY
cat >check.mts <<'TS'
import { Api } from './sta.ts';
import * as hey from './hey/index.ts';
import { client } from './hey/client.gen.ts';
import * as oaz from './oaz.ts';
let name = '';
const seen: any = async (...asked: [any, any]) => {
  console.log(`${name}: ${decodeURIComponent(new URL(new Request(...asked).url).search)}`);
  return new Response('[]', { headers: { 'Content-Type': 'application/json' } });
};
globalThis.fetch = seen;
const query = { tier: ['low', 'high'], due: { from: '2026-06-01' }, filter: { country: 'IE' } };
name = 'swagger-typescript-api';
await new Api({ customFetch: seen }).suppliers.listSuppliers(query);
name = 'openapi-ts';
client.setConfig({ baseUrl: 'http://register.example' });
await hey.listSuppliers({ query });
name = 'oazapfts';
await oaz.listSuppliers(query);
TS
{ python/bin/python check.py; node node_modules/.bin/tsx check.mts; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
openapi-python-client: tier=low&tier=high&from=2026-06-01
openapi-python-client: its arguments: tier due country
swagger-typescript-api: ?tier=low&tier=high&due=[object Object]&filter=[object Object]
openapi-ts: ?tier=low,high&due[from]=2026-06-01&country=IE
oazapfts: ?tier=low,high&due[from]=2026-06-01&filter={"country":"IE"}
EXPECTED
