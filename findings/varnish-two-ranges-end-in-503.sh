#!/usr/bin/env bash
# Tool: Varnish 7.1.1 (Debian's varnish), everything passed on to the program behind it: sub vcl_recv { return (pass); }.
# One would guess: what is passed is not Varnish's affair. The program behind knows nothing of Range, says "Accept-Ranges: none" and answers 200 with
# the whole file, as RFC 9110, 14.2 lets it, and 200 with the whole file arrives.
# What happens: Varnish cuts the file itself: 206 with a Content-Range, beside the program's own "Accept-Ranges: none", and 206 of a whole file for
# bytes=0-. It can do that with one range only. Of two (bytes=0-9,20-29), or of a unit it does not know, which is to be ignored, it makes
# "503 Backend fetch failed" and throws away the 200 that it has. Even a POST, for which Range
# is to be ignored, is answered 206 with a part.
# Why it matters to a register: a program that reads two parts of a PDF at once finds the register down, while its own log says 200.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $behind $varnish 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
behind= varnish=
cd "$folder"
cat >behind.py <<'PY'
import http.server
class Exports(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"name,tier,reviewed\n" * 50
        self.send_response(200)
        self.send_header("Accept-Ranges", "none")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print(200, file=log, flush=True)
    do_GET = do_POST = answer
    def log_message(self, *parts):
        pass
log = open("behind.log", "w")
http.server.ThreadingHTTPServer(("127.0.0.1", 54821), Exports).serve_forever()
PY
cat >pass.vcl <<'VCL'
vcl 4.1;
backend behind { .host = "127.0.0.1"; .port = "54821"; }
sub vcl_recv { return (pass); }
VCL
varnishd -V 2>&1 | head -1
python3 behind.py & behind=$!
varnishd -j none -F -a 127.0.0.1:54822 -f "$folder/pass.vcl" -n "$folder/varnish" -s malloc,10m >varnish.log 2>&1 & varnish=$!
for _ in $(seq 100); do curl --silent --fail --output /dev/null http://127.0.0.1:54822/ && break; sleep 0.2; done
ask() {
  : >behind.log
  echo "$*: $(curl --silent --include "$@" | tr -d '\r' | grep -a -i -E '^(HTTP/|Accept-Ranges|Content-Range):?' | tr '\n' ' ')behind: $(tr -d '\0\n' <behind.log)"
}
{
  ask http://127.0.0.1:54822/suppliers
  for range in bytes=0-99 bytes=0- bytes=0-9,20-29 rows=1-5; do ask --header "Range: $range" http://127.0.0.1:54822/suppliers; done
  ask --header "Range: bytes=0-99" --data x=1 http://127.0.0.1:54822/suppliers
} | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
http://127.0.0.1:54822/suppliers: HTTP/1.1 200 OK Accept-Ranges: none behind: 200
--header Range: bytes=0-99 http://127.0.0.1:54822/suppliers: HTTP/1.1 206 Partial Content Accept-Ranges: none Content-Range: bytes 0-99/950 behind: 200
--header Range: bytes=0- http://127.0.0.1:54822/suppliers: HTTP/1.1 206 Partial Content Accept-Ranges: none Content-Range: bytes 0-949/950 behind: 200
--header Range: bytes=0-9,20-29 http://127.0.0.1:54822/suppliers: HTTP/1.1 503 Backend fetch failed behind: 200
--header Range: rows=1-5 http://127.0.0.1:54822/suppliers: HTTP/1.1 503 Backend fetch failed behind: 200
--header Range: bytes=0-99 --data x=1 http://127.0.0.1:54822/suppliers: HTTP/1.1 206 Partial Content Accept-Ranges: none Content-Range: bytes 0-99/950 behind: 200
EXPECTED
