#!/usr/bin/env bash
# Tools: requests 2.34.2 (PyPI), response.links; parse-link-header 2.0.0 and, beside it, http-link-header 1.1.4 (npm), on the Link header of a list in pages.
# One would guess: what stands between < and > is the address, whatever signs are in it, as RFC 8288 has it; a link may have several relations
# (rel="next last" on the last page but one), and several links may have one (rel="item").
# What happens: requests cuts an address at its first semicolon, which an address may have as it is: of s?ids=1;2&page=2 the next page is s?ids=1,
# and after s?page=2&fields=name;id there is none, as the relation is lost too. "next last" is one relation of that name, so there is no
# "next" either. parse-link-header, and requests too, keep the last only of several items; "REL" is another word to both, though names
# there have no case. http-link-header reads them all.
# Why it matters to a register: a copy that goes on while there is a "next" ends after the first page and takes the list for whole, or
# goes on in another list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests==2.34.2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund parse-link-header@2.0.0 http-link-header@1.1.4 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^requests '
npm ls --depth 0 | grep "@[0-9]" | grep link
cat >headers.json <<'JSON'
["<https://register.example/s?page=2>; rel=\"next\"",
 "<https://register.example/s?ids=1;2&page=2>; rel=\"next\"",
 "<https://register.example/s?page=2&fields=name;id>; rel=\"next\"",
 "<https://register.example/s?page=2>; rel=\"next last\"",
 "<https://register.example/s/1>; rel=\"item\", <https://register.example/s/2>; rel=\"item\"",
 "<https://register.example/s?page=2>; REL=\"next\""]
JSON
cat >check.py <<'PY'
import json, requests
for header in json.load(open("headers.json")):
    response = requests.Response()
    response.headers["Link"] = header
    print("requests:", *(f"{name} {link['url']}" for name, link in response.links.items()), sep="  ")
PY
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import parse from 'parse-link-header';
import links from 'http-link-header';
const headers = JSON.parse(readFileSync('headers.json'));
for (const header of headers) console.log(['parse-link-header:', ...Object.entries(parse(header) ?? {}).map(([name, link]) => `${name} ${link.url}`)].join('  '));
for (const header of headers) console.log(['http-link-header:', ...links.parse(header).refs.map((link) => `${link.rel} ${link.uri}`)].join('  '));
JS
{ python/bin/python check.py; node check.mjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
requests:  next https://register.example/s?page=2
requests:  next https://register.example/s?ids=1
requests:  https://register.example/s?page=2&fields=name https://register.example/s?page=2&fields=name
requests:  next last https://register.example/s?page=2
requests:  item https://register.example/s/2
requests:  https://register.example/s?page=2 https://register.example/s?page=2
parse-link-header:  next https://register.example/s?page=2
parse-link-header:  next https://register.example/s?ids=1;2&page=2
parse-link-header:  next https://register.example/s?page=2&fields=name;id
parse-link-header:  next https://register.example/s?page=2  last https://register.example/s?page=2
parse-link-header:  item https://register.example/s/2
parse-link-header:
http-link-header:  next https://register.example/s?page=2
http-link-header:  next https://register.example/s?ids=1;2&page=2
http-link-header:  next https://register.example/s?page=2&fields=name;id
http-link-header:  next https://register.example/s?page=2  last https://register.example/s?page=2
http-link-header:  item https://register.example/s/1  item https://register.example/s/2
http-link-header:  next https://register.example/s?page=2
EXPECTED
