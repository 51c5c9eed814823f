#!/usr/bin/env bash
# Tool: rss-parser 3.13.0 (npm), on Atom feeds (RFC 4287); beside it feedparser 6.0.14 (PyPI).
# One would guess: a link without rel is the page of the feed or of the entry: RFC 4287, 4.2.7.2 has rel="alternate" where none is stated, and
# most feeds leave it out. A title of type xhtml is its text.
# What happens: a link without rel is taken only where it stands first. Behind rel="self" or rel="enclosure" it is passed over: the link of the
# feed is the feed, and that of an entry is the attached PDF, or the address for editing it. An xhtml title is an object, in which the bold word stands
# apart from the others. feedparser takes the page each time and gives the title as text.
# Why it matters to a register: "what has changed" is read as a feed by chat programs and intranets; a click opens XML, or the
# certificate instead of the supplier, depending on the order of two lines.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund rss-parser@3.13.0 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^feedparser '
npm ls --depth 0 | grep "@[0-9]" | grep rss-parser
cat >changes.atom <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Changes</title><id>urn:uuid:0c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<link rel="self" href="https://register.example/changes.atom"/><link href="https://register.example/changes"/><author><name>Sam</name></author>
<entry><title>Page first</title><id>urn:uuid:1c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<link href="https://register.example/suppliers/1"/><link rel="enclosure" href="https://register.example/certificate.pdf"/></entry>
<entry><title>Certificate first</title><id>urn:uuid:2c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<link rel="enclosure" href="https://register.example/certificate.pdf"/><link href="https://register.example/suppliers/1"/></entry>
<entry><title>Said twice</title><id>urn:uuid:3c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<link rel="edit" href="https://register.example/suppliers/1/edit"/><link rel="alternate" href="https://register.example/suppliers/1"/></entry>
<entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Bright <b>Linen</b> is high</div></title><id>urn:uuid:4c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<link rel="edit" href="https://register.example/suppliers/1/edit"/><link href="https://register.example/suppliers/1"/></entry>
</feed>
XML
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import Parser from 'rss-parser';
const feed = await new Parser().parseString(readFileSync('changes.atom', 'utf8'));
for (const { title, link } of [feed, ...feed.items]) console.log('rss-parser:', typeof title === 'string' ? title : JSON.stringify(title.div[0]), link);
JS
cat >check.py <<'PY'
import feedparser
feed = feedparser.parse("changes.atom")
for part in [feed.feed, *feed.entries]:
    print("feedparser:", part.title, part.link)
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
rss-parser: Changes https://register.example/changes.atom
rss-parser: Page first https://register.example/suppliers/1
rss-parser: Certificate first https://register.example/certificate.pdf
rss-parser: Said twice https://register.example/suppliers/1
rss-parser: {"_":"Bright  is high","$":{"xmlns":"http://www.w3.org/1999/xhtml"},"b":["Linen"]} https://register.example/suppliers/1/edit
feedparser: Changes https://register.example/changes
feedparser: Page first https://register.example/suppliers/1
feedparser: Certificate first https://register.example/suppliers/1
feedparser: Said twice https://register.example/suppliers/1
feedparser: Bright <b>Linen</b> is high https://register.example/suppliers/1
EXPECTED
