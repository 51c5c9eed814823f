#!/usr/bin/env bash
# Tool: openapi-fetch 0.17.0 (npm), GET() with a query; beside it qs 6.17.1 (npm).
# One would guess: a Date in a query is sent as its time in ISO 8601, as in a body, or as some other text, or refused.
# What happens: it is taken for an object, of which each field is sent by name, and has none; so the parameter is not sent, and nothing is said. What
# is left of it is a bare &. In a body the same Date is 2026-06-05T00:00:00.000Z.
# Why it matters to a register: "what changed since" becomes "everything", and a client that deletes by a date in the query asks for more than it meant;
# the types of openapi-typescript, which belongs to it, can be made with Date for date-time, as its own guide shows, so that no
# compiler warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openapi-fetch@0.17.0 qs@6.17.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import createClient from 'openapi-fetch';
import qs from 'qs';
const seen = async (request) => {
  console.log(`openapi-fetch: ${request.method} ${decodeURIComponent(new URL(request.url).search)} ${await request.text()}`);
  return Response.json([]);
};
const client = createClient({ baseUrl: 'http://register.example', fetch: seen }), since = new Date('2026-06-05T00:00:00Z');
await client.GET('/suppliers', { params: { query: { since: '2026-06-05T00:00:00Z', tier: 'high' } } });
for (const query of [{ since, tier: 'high' }, { since }]) {
  await client.GET('/suppliers', { params: { query } });
  console.log(`qs: ${decodeURIComponent(qs.stringify(query))}`);
}
await client.POST('/searches', { body: { since } });
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
openapi-fetch: GET ?since=2026-06-05T00:00:00Z&tier=high 
openapi-fetch: GET ?&tier=high 
qs: since=2026-06-05T00:00:00.000Z&tier=high
openapi-fetch: GET  
qs: since=2026-06-05T00:00:00.000Z
openapi-fetch: POST  {"since":"2026-06-05T00:00:00.000Z"}
EXPECTED
