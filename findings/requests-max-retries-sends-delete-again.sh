#!/usr/bin/env bash
# Tool: requests 2.34.2 with urllib3 2.8.0 (PyPI), HTTPAdapter(max_retries=2).
# One would guess: as its documentation says of max_retries, it applies to failed connections only, "never to requests where data has
# made it to the server": an answer of 429 with Retry-After is handed to the program at once.
# What happens: where the answer has a Retry-After and is 413, 429 or 503, requests sleeps for as long as it says, an hour too, without a
# word, and sends the request again: GET, PUT and DELETE, twice here. The program sees the last answer only. POST and PATCH come
# back at once, and so does everything without Retry-After.
# Why it matters to a register: a nightly copy that is told to wait an hour hangs in one call instead of saying so, past its timeout,
# and every DELETE of a busy time is carried out, or refused, and written to the audit trail three times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests==2.34.2 urllib3==2.8.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(requests|urllib3) '
cat >check.py <<'PY'
import http.server, threading, time, requests
from requests.adapters import HTTPAdapter
seen = []
class Busy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        seen.append(self.command)
        self.send_response(429 if "busy" in self.path else 503)
        if "after" in self.path:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_GET = do_PUT = do_DELETE = do_POST = do_PATCH = answer
    def log_message(self, *parts):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=2))
for method, path in [("GET", "/busy-after"), ("PUT", "/down-after"), ("DELETE", "/busy-after"), ("POST", "/busy-after"), ("PATCH", "/busy-after"), ("GET", "/busy")]:
    seen.clear()
    start = time.monotonic()
    status = session.request(method, f"http://127.0.0.1:{server.server_port}{path}", timeout=0.5).status_code
    print(f"{method} {path}: {status}, sent {len(seen)} times, {'slept' if time.monotonic() - start > 1.5 else 'at once'}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
GET /busy-after: 429, sent 3 times, slept
PUT /down-after: 503, sent 3 times, slept
DELETE /busy-after: 429, sent 3 times, slept
POST /busy-after: 429, sent 1 times, at once
PATCH /busy-after: 429, sent 1 times, at once
GET /busy: 429, sent 1 times, at once
EXPECTED
