#!/usr/bin/env bash
# Tool: cloudevents 10.0.0 (npm), the SDK for CloudEvents, a format for webhooks.
# One would guess: the data of an event may be any JSON, so HTTP.toEvent() gives false for false and 0 for 0, in all three ways in which events
# are sent: structured, batched and binary.
# What happens: structured, false, 0 and the empty text are gone, the event has no data at all, while true and 5 are there; the SDK does write them
# when it sends (HTTP.structured), and cannot read what it wrote. Batched, they arrive. Binary, where the body is no object, it is left as text:
# "false" and "0", and a text "false" counts as true.
# Why it matters to a register: an answer that was changed to No, or a score to 0, is sent as the data of an event; whoever receives it sees no answer,
# or a Yes, depending on the way it was sent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund cloudevents@10.0.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { CloudEvent, HTTP } = require('cloudevents');
for (const data of [true, false, 5, 0, '']) {
  const event = new CloudEvent({ id: '1', source: '/register', type: 'answer.changed', time: '2026-06-05T09:00:00Z', datacontenttype: 'application/json', data });
  const structured = HTTP.structured(event);
  const batched = { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: '[' + structured.body + ']' };
  const binary = { headers: HTTP.binary(event).headers, body: JSON.stringify(data) };
  const show = (read) => (read.data === undefined ? 'nothing' : JSON.stringify(read.data));
  console.log(`${JSON.stringify(data)}: sent with ${structured.body.match(/"data":.*/)[0].slice(0, -1)}; structured ${show(HTTP.toEvent(structured))}, batched ${show(HTTP.toEvent(batched)[0])}, binary ${show(HTTP.toEvent(binary))}`);
}
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
true: sent with "data":true; structured true, batched true, binary "true"
false: sent with "data":false; structured nothing, batched false, binary "false"
5: sent with "data":5; structured 5, batched 5, binary "5"
0: sent with "data":0; structured nothing, batched 0, binary "0"
"": sent with "data":""; structured nothing, batched "", binary ""
EXPECTED
