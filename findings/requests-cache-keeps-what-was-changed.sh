#!/usr/bin/env bash
# Tool: requests-cache 1.3.3 with cache_control=True, and CacheControl 0.14.4, both over requests 2.34.2 (PyPI).
# One would guess: after a change to an address was answered with success, what was kept of that address is not used again without asking:
# RFC 9111 section 4.4 says that a cache MUST drop it, whatever the method of the change was, if it is an unsafe one.
# What happens: requests-cache goes on giving the old answer after PATCH, PUT, POST and even after DELETE, until max-age is over;
# cache_control=True, which makes it follow the headers, does not change that. CacheControl drops it after PATCH, PUT and DELETE,
# but not after POST.
# Why it matters to a register: a script that changes a supplier and reads it again sees the old one and its old ETag, so that its next
# change, with that ETag in If-Match, is answered 412; a decision made by POST seems not to have been made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests==2.34.2 requests-cache==1.3.3 cachecontrol==0.14.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(requests|requests-cache|cachecontrol) '
cat >check.py <<'PY'
import http.server, threading, requests, requests_cache
from cachecontrol import CacheControl
version = 1
class Supplier(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        global version
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        version += self.command != "GET"
        self.send_response(200)
        self.send_header("ETag", f'"{version}"')
        self.send_header("Cache-Control", "private, max-age=60" if self.command == "GET" else "no-store")
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_GET = do_PATCH = do_PUT = do_POST = do_DELETE = answer
    def log_message(self, *parts):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Supplier)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/suppliers/1"
for method in ["PATCH", "PUT", "POST", "DELETE"]:
    for name, make in {"requests-cache": lambda: requests_cache.CachedSession(backend="memory", cache_control=True), "CacheControl": lambda: CacheControl(requests.Session())}.items():
        version, session = 1, make()
        seen = [session.request(step, address).headers["ETag"] for step in ["GET", method, "GET"]]
        print(f"{method}, {name}: read {seen[0]}, changed to {seen[1]}, read again {seen[2]}: {'right' if seen[1] == seen[2] else 'the old one'}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
PATCH, requests-cache: read "1", changed to "2", read again "1": the old one
PATCH, CacheControl: read "1", changed to "2", read again "2": right
PUT, requests-cache: read "1", changed to "2", read again "1": the old one
PUT, CacheControl: read "1", changed to "2", read again "2": right
POST, requests-cache: read "1", changed to "2", read again "1": the old one
POST, CacheControl: read "1", changed to "2", read again "1": the old one
DELETE, requests-cache: read "1", changed to "2", read again "1": the old one
DELETE, CacheControl: read "1", changed to "2", read again "2": right
EXPECTED
