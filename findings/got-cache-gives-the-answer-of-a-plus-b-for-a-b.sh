#!/usr/bin/env bash
# Tool: got 14.6.6 with its option cache (npm), which is cacheable-request 13.0.19; beside it make-fetch-happen 15.0.6 (npm). got 16.1.0, for Node 22,
# does the same.
# One would guess: what was kept of one address is given for that address only; "?name=A%2BB" (the name A+B) and "?name=A+B" (the name A B) are two,
# and so are "?name=Low%26tier=high" (one name with an ampersand in it) and "?name=Low&tier=high" (a name and a tier).
# What happens: to find what it kept, got decodes the query and loses with that what was encoded in it: the first answer is given for the second
# question, without asking the server, for as long as max-age says. Of utm_source, and of two slashes in a path, it thinks that they say
# nothing, too. make-fetch-happen asks each time.
# Why it matters to a register: "Care+ Ltd" and "Care Ltd" are two suppliers, and the search for the second finds the first; a client that
# asks for one company by its name gets the list that another question had.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund got@14.6.6 cacheable-request@13.0.19 make-fetch-happen@15.0.6 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { createServer } from 'node:http';
import got from 'got';
import fetch from 'make-fetch-happen';
const server = createServer((request, response) => response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end(request.url)).listen(0, '127.0.0.1');
await new Promise((ready) => server.on('listening', ready));
const base = `http://127.0.0.1:${server.address().port}`;
for (const [first, second] of [
  ['/suppliers?name=A%2BB', '/suppliers?name=A+B'], ['/suppliers?name=Low%26tier=high', '/suppliers?name=Low&tier=high'],
  ['/suppliers?utm_source=letter', '/suppliers'], ['/files//1', '/files/1'], ['/suppliers?tier=low', '/suppliers?tier=high']]) {
  const cache = new Map();
  await got(base + first, { cache });
  console.log(`got: after ${first}, the answer for ${second} is that for ${(await got(base + second, { cache })).body}`);
  await fetch(base + first, { cachePath: 'kept' });
  console.log(`make-fetch-happen: the same: ${await (await fetch(base + second, { cachePath: 'kept' })).text()}`);
}
server.closeAllConnections();
server.close();
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
got: after /suppliers?name=A%2BB, the answer for /suppliers?name=A+B is that for /suppliers?name=A%2BB
make-fetch-happen: the same: /suppliers?name=A+B
got: after /suppliers?name=Low%26tier=high, the answer for /suppliers?name=Low&tier=high is that for /suppliers?name=Low%26tier=high
make-fetch-happen: the same: /suppliers?name=Low&tier=high
got: after /suppliers?utm_source=letter, the answer for /suppliers is that for /suppliers?utm_source=letter
make-fetch-happen: the same: /suppliers
got: after /files//1, the answer for /files/1 is that for /files//1
make-fetch-happen: the same: /files/1
got: after /suppliers?tier=low, the answer for /suppliers?tier=high is that for /suppliers?tier=high
make-fetch-happen: the same: /suppliers?tier=high
EXPECTED
