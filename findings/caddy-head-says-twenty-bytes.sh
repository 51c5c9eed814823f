#!/usr/bin/env bash
# Tool: Caddy 2.6.2 (Debian's caddy), encode gzip in front of a reverse_proxy; asked with HEAD.
# One would guess: HEAD says of a file what GET would: either its length as the program behind said it, or none.
# What happens: with Accept-Encoding: gzip, the answer to HEAD has "Content-Encoding: gzip" and "Content-Length: 20" for every file,
# whatever its size: the length of an empty body, compressed. GET says something else each time. The program's own length is
# lost, and the strong ETag is the same for the file as it is, for the compressed one and for the twenty bytes.
# Why it matters to a register: a copy that compares lengths by HEAD before it fetches a big export finds every one of them changed, or
# takes them all for nearly empty.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $behind $caddy 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
behind= caddy=
cd "$folder"
cat >behind.py <<'PY'
import http.server
class Exports(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = b"name,tier,reviewed\n" * (100 if "small" in self.path else 5000)
        self.send_response(200)
        for name, value in {"Content-Type": "text/csv; charset=utf-8", "Content-Length": str(len(body)), "ETag": '"3"'}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
    do_GET = do_HEAD = answer
    def log_message(self, *parts):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 54791), Exports).serve_forever()
PY
cat >Caddyfile <<'CADDY'
{
	admin off
	auto_https off
}
http://127.0.0.1:54792 {
	encode gzip
	reverse_proxy 127.0.0.1:54791
}
CADDY
caddy version
python3 behind.py & behind=$!
HOME=$folder XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder caddy run --config Caddyfile --adapter caddyfile >caddy.log 2>&1 & caddy=$!
for _ in $(seq 50); do curl --silent --fail --output /dev/null http://127.0.0.1:54792/ && break; sleep 0.2; done
for file in small large; do
  for ask in "--head" "--head --header Accept-Encoding:gzip" "--header Accept-Encoding:gzip --dump-header - --output /dev/null"; do
    echo "$file, $ask: $(curl --silent $ask http://127.0.0.1:54792/$file.csv | tr -d '\r' | grep -i -E '^(content-(length|encoding)|etag):' | sort | tr '\n' ' ')"
  done
done | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
small, --head: Content-Length: 1900 Etag: "3" 
small, --head --header Accept-Encoding:gzip: Content-Encoding: gzip Content-Length: 20 Etag: "3" 
small, --header Accept-Encoding:gzip --dump-header - --output /dev/null: Content-Encoding: gzip Content-Length: 56 Etag: "3" 
large, --head: Content-Length: 95000 Etag: "3" 
large, --head --header Accept-Encoding:gzip: Content-Encoding: gzip Content-Length: 20 Etag: "3" 
large, --header Accept-Encoding:gzip --dump-header - --output /dev/null: Content-Encoding: gzip Content-Length: 304 Etag: "3" 
EXPECTED
