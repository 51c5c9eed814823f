#!/usr/bin/env bash
# Tool: feedparser 6.0.14 (PyPI), on an Atom feed (RFC 4287); beside it feedsmith 3.0.1 (npm).
# One would guess: an entry by Sam, who gives an address, and by Kim, who gives none, has two authors, of whom one has an address.
# What happens: whatever a later author does not give is taken from the one before: Kim has Sam's address, and author, the text for
# people, is "Kim (sam@example.org)". An author who gives an address of his own keeps it. feedsmith gives each what is his.
# Why it matters to a register: changes are read as a feed, and who made one is written to. A mail about Kim's change goes to Sam by Kim's
# name, and in the audit trail of the reader one person's address stands under another's name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund feedsmith@3.0.1 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^feedparser '
npm ls --depth 0 | grep "@[0-9]" | grep feedsmith
cat >changes.atom <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Changes</title><id>urn:uuid:0c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<entry><title>Tier set</title><id>urn:uuid:1c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<author><name>Sam</name><email>sam@example.org</email><uri>https://example.org/sam</uri></author><author><name>Kim</name></author></entry>
<entry><title>Tier set again</title><id>urn:uuid:2c3b7a3e-6a0f-4d3b-9d1e-1a2b3c4d5e6f</id><updated>2026-06-05T09:00:00Z</updated>
<author><name>Sam</name><email>sam@example.org</email></author><author><name>Lee</name><email>lee@example.org</email></author></entry>
</feed>
XML
cat >check.py <<'PY'
import feedparser
for entry in feedparser.parse("changes.atom").entries:
    print("feedparser:", "; ".join(" ".join(author.values()) for author in entry.authors), "| author:", entry.author)
PY
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { parseFeed } from 'feedsmith';
for (const entry of parseFeed(readFileSync('changes.atom', 'utf8')).feed.entries)
  console.log('feedsmith:', entry.authors.map((author) => Object.values(author).join(' ')).join('; '));
JS
{ python/bin/python check.py; node check.mjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
feedparser: Sam sam@example.org https://example.org/sam; Kim sam@example.org | author: Kim (sam@example.org)
feedparser: Sam sam@example.org; Lee lee@example.org | author: Lee (lee@example.org)
feedsmith: Sam https://example.org/sam sam@example.org; Kim
feedsmith: Sam sam@example.org; Lee lee@example.org
EXPECTED
