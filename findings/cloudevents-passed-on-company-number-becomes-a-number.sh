#!/usr/bin/env bash
# Tool: cloudevents 2.2.0 (PyPI), the SDK for CloudEvents, a format for webhooks.
# One would guess: an event in binary mode with JSON for its body, read by from_http_event() and sent on by to_binary_event(), has the same JSON in
# its body, for the content type is application/json before and after.
# What happens: only an object stays as it is. A list is written as Python shows it, with single quotes and True: no JSON any more. true
# becomes True. A text loses its quotes: the company number "12345678" is a number for the next reader, "01234567" and "Yes" are no JSON.
# Sent structured, all of them are right.
# Why it matters to a register: a list of products or answers is the usual payload; the service in the middle, which does nothing but pass on,
# breaks it under the same content type.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^cloudevents '
cat >check.py <<'PY'
import json
from cloudevents.core.bindings import http
headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/quay", "ce-type": "answers.given", "ce-time": "2026-06-05T09:00:00Z", "content-type": "application/json"}
for body in ['{"answers": [true, null]}', '[{"answer": true, "note": null}]', '"12345678"', '"01234567"', '"Yes"', "true"]:
    event = http.from_http_event(http.HTTPMessage(headers, body.encode()))
    sent = http.to_binary_event(event)
    try:
        read = repr(json.loads(sent.body))
    except ValueError:
        read = "no JSON"
    print(f"{body}: read as {event.get_data()!r}, sent on as {sent.headers['content-type']} {sent.body.decode()}, which is {read};",
          "structured:", json.dumps(json.loads(http.to_structured_event(event).body)["data"]))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
{"answers": [true, null]}: read as {'answers': [True, None]}, sent on as application/json {"answers": [true, null]}, which is {'answers': [True, None]}; structured: {"answers": [true, null]}
[{"answer": true, "note": null}]: read as [{'answer': True, 'note': None}], sent on as application/json [{'answer': True, 'note': None}], which is no JSON; structured: [{"answer": true, "note": null}]
"12345678": read as '12345678', sent on as application/json 12345678, which is 12345678; structured: "12345678"
"01234567": read as '01234567', sent on as application/json 01234567, which is no JSON; structured: "01234567"
"Yes": read as 'Yes', sent on as application/json Yes, which is no JSON; structured: "Yes"
true: read as True, sent on as application/json True, which is no JSON; structured: true
EXPECTED
