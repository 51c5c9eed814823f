#!/usr/bin/env bash
# Tool: HAProxy 2.6.12 (Debian's haproxy) in front of a program that speaks HTTP/1.1; asked with curl 7.88.1 over HTTP/1.1 and HTTP/2.
# One would guess: where the program is stopped in the middle of an answer, its client learns so whichever version it speaks: over HTTP/1.1
# the connection ends too early (curl 18), over HTTP/2 the stream is reset (curl 92), as happens with a body that has a length.
# What happens: where the body is chunked and its last chunk never came, HTTP/1.1 clients learn it and HTTP/2 clients do not: the stream ends
# in good order and curl with 0. HAProxy notices: its log has the same state for both, SD, the server broke off in the data.
# (In a configuration with bind ... ssl ... alpn h2,http/1.1 it is the same; proto h2 spares the script a certificate.)
# Why it matters to a register: exports are written as they are read and so have no length, and browsers and most clients speak HTTP/2. Each
# restart during an export leaves somebody with the first suppliers of a CSV file and nothing that says the others are missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $behind $haproxy 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
behind= haproxy=
cd "$folder"
cat >behind.py <<'PY'
import socketserver
class Export(socketserver.StreamRequestHandler):
    def handle(self):
        asked = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n")
        if b"length" in asked:
            self.wfile.write(b"Content-Length: 100000\r\n\r\n" + b"low\r\n" * 2000)
        else:
            self.wfile.write(b"Transfer-Encoding: chunked\r\n\r\n2710\r\n" + b"low\r\n" * 2000 + b"\r\n")
            if b"whole" in asked:
                self.wfile.write(b"0\r\n\r\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 54796), Export).serve_forever()
PY
cat >haproxy.cfg <<'CFG'
global
	log stdout format raw local0
defaults
	mode http
	timeout connect 5s
	timeout client 30s
	timeout server 30s
	log global
	log-format "%HP over %HV: %ST, ended %ts"
frontend register
	bind 127.0.0.1:54797
	bind 127.0.0.1:54798 proto h2
	default_backend program
backend program
	server program 127.0.0.1:54796
CFG
PATH=$PATH:/usr/sbin
haproxy -v | head -1
curl --version | head -1 | cut -d " " -f 1-2
python3 behind.py & behind=$!
haproxy -f haproxy.cfg >haproxy.log 2>&1 & haproxy=$!
for port in 54796 54797; do for _ in $(seq 50); do curl --silent --output /dev/null http://127.0.0.1:$port/whole && break; sleep 0.2; done; done
for file in whole chunked length; do
  for way in "program 54796 --http1.1" "haproxy 54797 --http1.1" "haproxy 54798 --http2-prior-knowledge"; do
    set -- $way
    said=0
    curl --silent $3 --output body http://127.0.0.1:$2/$file || said=$?
    echo "$file from $1 ($3): curl ends with $said, $(wc -c <body) bytes"
  done
done | tee output.txt
sleep 0.2
grep -E 'chunked|length' haproxy.log | sed -E 's#^http://[^/]*##; s#^#log: #' | tee -a output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
whole from program (--http1.1): curl ends with 0, 10000 bytes
whole from haproxy (--http1.1): curl ends with 0, 10000 bytes
whole from haproxy (--http2-prior-knowledge): curl ends with 0, 10000 bytes
chunked from program (--http1.1): curl ends with 18, 10000 bytes
chunked from haproxy (--http1.1): curl ends with 18, 10000 bytes
chunked from haproxy (--http2-prior-knowledge): curl ends with 0, 10000 bytes
length from program (--http1.1): curl ends with 18, 10000 bytes
length from haproxy (--http1.1): curl ends with 18, 10000 bytes
length from haproxy (--http2-prior-knowledge): curl ends with 92, 10000 bytes
log: /chunked over HTTP/1.1: 200, ended SD
log: /chunked over HTTP/2.0: 200, ended SD
log: /length over HTTP/1.1: 200, ended SD
log: /length over HTTP/2.0: 200, ended SD
EXPECTED
