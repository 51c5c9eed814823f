#!/usr/bin/env bash
# Tools: cloudevents 2.2.0 (PyPI) and cloudevents 10.0.0 (npm), the two SDKs for CloudEvents, a format for webhooks.
# One would guess: what one SDK sends the other reads. The subject "Bright Care 50%" is written with percents in its header, as the HTTP binding
# of CloudEvents demands, and read without them; a content type is the same with and without a space before charset, in any capitals.
# What happens: the Python SDK writes Bright%20Care%2050%25, and the JavaScript one leaves it so. The other way about it writes no percents, and the
# subject "50%25 done" arrives as "50% done". application/cloudevents+json;charset=utf-8 is refused by the JavaScript SDK, and UTF-8 in capitals
# too. A binary event of application/json;charset=utf-8 or application/problem+json keeps its data as text, without a word.
# Why it matters to a register: names of companies are subjects; the webhook of one system creates a second company with percents in its
# name in another.
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
cat >send.py <<'PY'
import json
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent
event = CloudEvent(attributes={"type": "supplier.added", "source": "/register", "id": "1", "subject": "Bright Care 50%"}, data={"a": 1})
json.dump(http.to_binary_event(event).headers, open("python.json", "w"))
PY
cat >check.cjs <<'JS'
const { CloudEvent, HTTP } = require('cloudevents');
const headers = require('./python.json');
console.log('Python to JavaScript:', headers['ce-subject'], 'is read as', HTTP.toEvent({ headers, body: '{"a": 1}' }).subject);
const sent = HTTP.binary(new CloudEvent({ id: '1', source: '/register', type: 't', subject: '50%25 done', data: { a: 1 } }));
require('fs').writeFileSync('javascript.json', JSON.stringify({ ...sent.headers }));
const structured = HTTP.structured(new CloudEvent({ id: '1', source: '/register', type: 't', data: { a: 1 } }));
for (const type of ['; charset=utf-8', ';charset=utf-8', '; charset=UTF-8'].map((end) => 'application/cloudevents+json' + end)) {
  try { console.log(type + ':', HTTP.toEvent({ headers: { 'content-type': type }, body: structured.body }).data); } catch (error) { console.log(error.message); }
}
for (const type of ['application/json', 'application/json;charset=utf-8', 'application/problem+json'])
  console.log(type + ':', HTTP.toEvent({ headers: { ...sent.headers, 'content-type': type }, body: '{"a":1}' }).data);
JS
cat >read.py <<'PY'
import json
from cloudevents.core.bindings import http
headers = json.load(open("javascript.json"))
print("JavaScript to Python:", headers["ce-subject"], "is read as", http.from_http_event(http.HTTPMessage(headers, b"{}")).get_subject())
PY
{ python/bin/python send.py; node check.cjs; python/bin/python read.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Python to JavaScript: Bright%20Care%2050%25 is read as Bright%20Care%2050%25
application/cloudevents+json; charset=utf-8: { a: 1 }
invalid content type application/cloudevents+json;charset=utf-8
invalid content type application/cloudevents+json; charset=UTF-8
application/json: { a: 1 }
application/json;charset=utf-8: {"a":1}
application/problem+json: {"a":1}
JavaScript to Python: 50%25 done is read as 50% done
EXPECTED
