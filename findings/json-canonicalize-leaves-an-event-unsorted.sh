#!/usr/bin/env bash
# Tools: json-canonicalize 3.0.1 and canonicalize 4.0.0 (npm), both for canonical JSON (RFC 8785), with cloudevents 10.0.0 (npm).
# One would guess: the members of every object come out sorted, so that one event has one canonical text, however it was made: that is what RFC
# 8785 is for, and both libraries take objects of any class.
# What happens: an object that says by toJSON what it is, as those of CloudEvent, Node's Buffer and many other classes do, is written by
# json-canonicalize in the order in which toJSON gives it, with all that is inside. Two equal events have two texts and two hashes, and a
# third one after the event was parsed from its own JSON. canonicalize has one.
# Why it matters to a register: receipts and signatures are over the canonical text; who checks a receipt from the stored JSON gets another hash
# than who made it from the object, and calls it forged.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund json-canonicalize@3.0.1 canonicalize@4.0.0 cloudevents@10.0.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { CloudEvent } from 'cloudevents';
import { canonicalize as jsonCanonicalize } from 'json-canonicalize';
const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 8);
const given = { type: 'answer.given', source: '/quay', id: '1', time: '2026-06-05T09:00:00Z', data: { question: 'A1', answer: 'Yes' } };
const first = new CloudEvent({ ...given, supplier: 'x', review: 'y' }), second = new CloudEvent({ ...given, review: 'y', supplier: 'x', data: { answer: 'Yes', question: 'A1' } });
for (const [name, write] of Object.entries({ 'json-canonicalize': jsonCanonicalize, canonicalize })) {
  console.log(`${name}: ${write(first)}`);
  console.log(`${name}: the one ${hash(write(first))}, the other ${hash(write(second))}, parsed from its text ${hash(write(JSON.parse(JSON.stringify(first))))}`);
  console.log(`${name}: a Buffer: ${write({ file: Buffer.from('A') })}`);
}
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
json-canonicalize: {"id":"1","time":"2026-06-05T09:00:00.000Z","type":"answer.given","source":"/quay","specversion":"1.0","data":{"question":"A1","answer":"Yes"},"supplier":"x","review":"y"}
json-canonicalize: the one 56721ce2, the other 1aaa6f1a, parsed from its text 065c31e2
json-canonicalize: a Buffer: {"file":{"type":"Buffer","data":[65]}}
canonicalize: {"data":{"answer":"Yes","question":"A1"},"id":"1","review":"y","source":"/quay","specversion":"1.0","supplier":"x","time":"2026-06-05T09:00:00.000Z","type":"answer.given"}
canonicalize: the one 065c31e2, the other 065c31e2, parsed from its text 065c31e2
canonicalize: a Buffer: {"file":{"data":[65],"type":"Buffer"}}
EXPECTED
