#!/usr/bin/env bash
# Tool: Varnish 7.1.1 (Debian's varnish), with its own VCL.
# One would guess: "Cache-Control: max-age=1, must-revalidate" is kept for a second, and never given out after that without asking, as RFC 9111,
# 5.2.2.2 demands "in all circumstances"; where the program behind cannot be asked, the answer is 504. s-maxage demands the same.
# What happens: neither word is read. Three seconds later the old answer comes once more, with "Age: 3" beside its max-age=1, while a new one is fetched
# for the next who asks; and when the program behind has stopped, the old answer goes on for ten seconds as a 200. Only
# "stale-while-revalidate=0", or max-age=0, asks anew. A change to have must-revalidate read has been open since 2020 (Varnish's
# pull request 3364).
# Why it matters to a register: whoever approves a product and looks at it a moment later still sees it refused, and the page says of itself that it
# must not be shown.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $behind $varnish 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
behind= varnish=
cd "$folder"
cat >behind.py <<'PY'
import collections, http.server, urllib.parse
times = collections.Counter()
class Product(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        times[self.path] += 1
        body = b"refused" if times[self.path] == 1 else b"approved"
        self.send_response(200)
        self.send_header("Cache-Control", urllib.parse.unquote(self.path[1:]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *parts):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 54823), Product).serve_forever()
PY
cat >own.vcl <<'VCL'
vcl 4.1;
backend behind { .host = "127.0.0.1"; .port = "54823"; }
VCL
varnishd -V 2>&1 | head -1
python3 behind.py & behind=$!
varnishd -j none -F -a 127.0.0.1:54824 -f "$folder/own.vcl" -n "$folder/varnish" -s malloc,10m >varnish.log 2>&1 & varnish=$!
for _ in $(seq 100); do curl --silent --fail --output /dev/null http://127.0.0.1:54824/no-store && break; sleep 0.2; done
controls=("max-age=1, must-revalidate" "s-maxage=1" "max-age=1, stale-while-revalidate=0, must-revalidate" "max-age=0, must-revalidate")
ask() {
  for control in "${controls[@]}"; do
    curl --silent --include "http://127.0.0.1:54824/${control// /%20}" | tr -d '\r' >answer.txt
    echo "$1, $control: $(sed -n '1s/HTTP.1.1 //p' answer.txt), $(grep -o -E 'approved|refused' answer.txt || echo nothing)$(grep -q '^Age: [1-9]' answer.txt && echo ', older than it may be' || true)"
  done
}
{
  ask "first"
  sleep 3
  ask "three seconds later"
  sleep 3
  kill $behind
  ask "when the program has stopped"
} | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
first, max-age=1, must-revalidate: 200 OK, refused
first, s-maxage=1: 200 OK, refused
first, max-age=1, stale-while-revalidate=0, must-revalidate: 200 OK, refused
first, max-age=0, must-revalidate: 200 OK, refused
three seconds later, max-age=1, must-revalidate: 200 OK, refused, older than it may be
three seconds later, s-maxage=1: 200 OK, refused, older than it may be
three seconds later, max-age=1, stale-while-revalidate=0, must-revalidate: 200 OK, approved
three seconds later, max-age=0, must-revalidate: 200 OK, approved
when the program has stopped, max-age=1, must-revalidate: 200 OK, approved, older than it may be
when the program has stopped, s-maxage=1: 200 OK, approved, older than it may be
when the program has stopped, max-age=1, stale-while-revalidate=0, must-revalidate: 503 Backend fetch failed, nothing
when the program has stopped, max-age=0, must-revalidate: 503 Backend fetch failed, nothing
EXPECTED
