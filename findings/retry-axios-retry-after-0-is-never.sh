#!/usr/bin/env bash
# Tool: retry-axios 4.0.3 with axios 1.21.1 (npm); beside it axios-retry 4.5.0 and ky 1.14.3 (npm).
# One would guess: Retry-After: 0, or a date that has just passed, means "now": a client that tries again after Retry-After: 1 does so sooner here. RFC 9110,
# 10.2.3 has a number of seconds from zero on.
# What happens: retry-axios tries again after one second where it is told 1, and with its own pauses where it is told nothing; where it is told 0, or a date
# that has passed, it does not try again at all, and the error of the first answer is the result. The others try again.
# Why it matters to a register: a server that says in whole seconds when it has room says 0 for less than one, and a date, which is rounded to the second and
# read by another clock, has passed by the time it is read. Just the shortest shortage ends a nightly copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund retry-axios@4.0.3 axios@1.21.1 axios-retry@4.5.0 ky@1.14.3 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { createServer } from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import ky from 'ky';
import * as rax from 'retry-axios';
let asked, after;
const server = createServer((request, response) => {
  if (asked++ > 0) return response.end('a list');
  response.writeHead(503, after === undefined ? {} : { 'Retry-After': after }).end();
}).listen(0, '127.0.0.1');
await new Promise((ready) => server.on('listening', ready));
const address = `http://127.0.0.1:${server.address().port}/suppliers`;
const first = axios.create(), second = axios.create();
first.defaults.raxConfig = { instance: first };
rax.attach(first);
axiosRetry(second, { retries: 3 });
for (const [name, get] of Object.entries({ 'retry-axios': () => first.get(address), 'axios-retry': () => second.get(address), ky: () => ky(address) }))
  for (const said of [undefined, '1', '0', 'Fri, 05 Jun 2026 09:00:00 GMT']) {
    [asked, after] = [0, said];
    const result = await get().then(() => 'a list', (error) => `no list, status ${error.response.status}`);
    console.log(`${name}: Retry-After ${said ?? 'not said'}: asked ${asked} times, ${result}`);
  }
server.closeAllConnections();
server.close();
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
retry-axios: Retry-After not said: asked 2 times, a list
retry-axios: Retry-After 1: asked 2 times, a list
retry-axios: Retry-After 0: asked 1 times, no list, status 503
retry-axios: Retry-After Fri, 05 Jun 2026 09:00:00 GMT: asked 1 times, no list, status 503
axios-retry: Retry-After not said: asked 2 times, a list
axios-retry: Retry-After 1: asked 2 times, a list
axios-retry: Retry-After 0: asked 2 times, a list
axios-retry: Retry-After Fri, 05 Jun 2026 09:00:00 GMT: asked 2 times, a list
ky: Retry-After not said: asked 2 times, a list
ky: Retry-After 1: asked 2 times, a list
ky: Retry-After 0: asked 2 times, a list
ky: Retry-After Fri, 05 Jun 2026 09:00:00 GMT: asked 2 times, a list
EXPECTED
