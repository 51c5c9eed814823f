#!/usr/bin/env bash
# Tools: cloudevents 2.2.0 (PyPI) and cloudevents 10.0.0 (npm), the SDKs for CloudEvents, a format for webhooks.
# One would guess: time is optional in CloudEvents, so an event received without it has none when it is read: whoever reads it knows that the time
# is not known.
# What happens: each SDK gives it the time of reading, in binary, structured and batched mode alike. Read twice, it has two times; sent on, the
# time goes along as if the sender had said it. Nothing tells it from a real one. That an event made without a time gets one is one thing; here
# it is one that somebody else made.
# Why it matters to a register: an event in a queue for a weekend, or replayed a month later, is put on record as having happened on the day it was
# read: "evidence received", "contract ended".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund cloudevents@10.0.0 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^cloudevents '
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { HTTP } = require('cloudevents');
const event = { specversion: '1.0', id: '1', source: '/quay', type: 'contract.ended' };
const messages = { structured: { headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) },
  binary: { headers: { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/quay', 'ce-type': 'contract.ended' }, body: '' },
  batched: { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: JSON.stringify([event]) } };
const wait = () => new Promise((done) => setTimeout(done, 50));
(async () => {
  for (const [mode, message] of Object.entries(messages)) {
    const times = [];
    for (let turn = 0; turn < 2; turn++) {
      const read = [HTTP.toEvent(message)].flat()[0];
      times.push(new Date(read.time));
      if (!JSON.parse(HTTP.structured(read).body).time) throw new Error('not sent on');
      await wait();
    }
    console.log(`npm, ${mode}: the time is ${Math.abs(Date.now() - times[0]) < 60000 ? 'now' : times[0]}, read again ${times[0] < times[1] ? 'later' : 'the same'}`);
  }
})();
JS
cat >check.py <<'PY'
import datetime, json, time
from cloudevents.core.bindings import http
event = {"specversion": "1.0", "id": "1", "source": "/quay", "type": "contract.ended"}
messages = {"structured": http.HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(event).encode()),
            "binary": http.HTTPMessage({"ce-" + name: value for name, value in event.items()}, b"")}
for mode, message in messages.items():
    times = []
    for turn in range(2):
        read = http.from_http_event(message)
        times.append(read.get_time())
        assert json.loads(http.to_structured_event(read).body)["time"]
        time.sleep(0.05)
    now = datetime.datetime.now(datetime.timezone.utc)
    print(f"PyPI, {mode}: the time is", "now," if abs((now - times[0]).total_seconds()) < 60 else times[0], "read again", "later" if times[0] < times[1] else "the same")
PY
{ node check.cjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
npm, structured: the time is now, read again later
npm, binary: the time is now, read again later
npm, batched: the time is now, read again later
PyPI, structured: the time is now, read again later
PyPI, binary: the time is now, read again later
EXPECTED
