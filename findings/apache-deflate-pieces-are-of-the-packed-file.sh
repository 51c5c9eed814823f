#!/usr/bin/env bash
# Tool: Apache HTTP Server 2.4 of Debian 12 (apache2-bin), mod_proxy and mod_deflate in front of a program that knows nothing of Range and says
# "Accept-Ranges: none"; asked by requests 2.34.2 (PyPI), which always asks for gzip too.
# One would guess: HEAD says how long the file is and what tag it has; a piece is then either a piece of that file, or the whole comes with 200, as the
# program says.
# What happens: HEAD says 4990 bytes and tag "1". A piece is cut from the packed file instead: bytes 0-99 are 206 "bytes 0-99/655", unpacked
# without any error the first rows of the file (one cannot see that it is not all), bytes 4000-4499 are 416, without the
# Content-Range that would say why. The strong tag "1-gzip" does not hold the pieces together either: the packed bytes depend on how the program
# behind wrote its answer, in one go or in two, and where it was too slow for Apache to have all of it there is no piece but all, with 200.
# Why it matters to a register: a copy that fetches a big export in pieces finds its end refused, or keeps a beginning as if it were the
# whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $behind $apache 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
behind= apache=
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests==2.34.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^requests '
apache2 -v | head -1
cat >behind.py <<'PY'
import http.server, time
class Exports(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    def answer(self):
        body = "".join(f"Supplier {n},low\n" for n in range(300)).encode()
        self.send_response(200)
        for name, value in {"Content-Type": "text/csv; charset=utf-8", "Content-Length": str(len(body)), "ETag": '"1"', "Accept-Ranges": "none"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:2000])
            if "two" in self.path:
                self.wfile.flush()
                time.sleep(0.5)
            self.wfile.write(body[2000:])
    do_GET = do_HEAD = answer
    def log_message(self, *parts):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 54825), Exports).serve_forever()
PY
modules=/usr/lib/apache2/modules
cat >apache.conf <<CONF
ServerName register.example
Listen 127.0.0.1:54826
PidFile $folder/apache.pid
ErrorLog $folder/apache.log
DefaultRuntimeDir $folder
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
LoadModule filter_module $modules/mod_filter.so
LoadModule deflate_module $modules/mod_deflate.so
AddOutputFilterByType DEFLATE text/csv
ProxyPass / http://127.0.0.1:54825/
CONF
python3 behind.py & behind=$!
apache2 -X -f "$folder/apache.conf" & apache=$!
for _ in $(seq 50); do curl --silent --fail --output /dev/null http://127.0.0.1:54826/ && break; sleep 0.2; done
cat >check.py <<'PY'
import hashlib, requests
def say(method, path, part=None):
    answer = requests.request(method, f"http://127.0.0.1:54826/{path}", headers={"Range": f"bytes={part}"} if part else {}, stream=True)
    length, packed = answer.headers.get("Content-Length", "none"), answer.headers.get("Content-Encoding", "no")
    print(f"{method} {path} {part or 'all'}: {answer.status_code}, length {length}, encoding {packed}, tag {answer.headers.get('ETag')}, range {answer.headers.get('Content-Range')},"
          f" read {len(answer.content)}")
def raw(path):
    answer = requests.get(f"http://127.0.0.1:54826/{path}", stream=True)
    return answer.headers["ETag"], hashlib.sha256(answer.raw.read(decode_content=False)).digest()
say("HEAD", "in-one-go")
for part in None, "0-99", "100-199", "4000-4499":
    try:
        say("GET", "in-one-go", part)
    except requests.RequestException as error:
        print(f"GET in-one-go {part}: {type(error).__name__}")
say("GET", "in-two", "0-99")
one, two = raw("in-one-go"), raw("in-two")
print(f"tags {one[0]} and {two[0]}, the same bytes: {one[1] == two[1]}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
HEAD in-one-go all: 200, length 4990, encoding no, tag "1", range None, read 0
GET in-one-go all: 200, length 655, encoding gzip, tag "1-gzip", range None, read 4990
GET in-one-go 0-99: 206, length 100, encoding gzip, tag "1-gzip", range bytes 0-99/655, read 287
GET in-one-go 100-199: ContentDecodingError
GET in-one-go 4000-4499: 416, length none, encoding no, tag None, range None, read 354
GET in-two 0-99: 200, length none, encoding gzip, tag "1-gzip", range None, read 4990
tags "1-gzip" and "1-gzip", the same bytes: False
EXPECTED
