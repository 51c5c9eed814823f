#!/usr/bin/env bash
# Tools: node-ical 0.26.1, ical.js 2.2.1 (npm), ics 0.7.3 (ics.py), icalendar 7.3.2, vobject 0.9.9 (PyPI).
# One would guess: the description P:\contracts\new\notes.docx, written by RFC 5545 with each backslash doubled, is read back as it was.
# What happens: node-ical and ics.py look for \n before they look at the doubled backslash, and make "\\n" a backslash and a line break:
# P:\contracts\, then "ew\", then "otes.docx". icalendar, ical.js and vobject read it right. ics.py reads its own writing wrong
# (node-ical 0.27.2, for Node 22, does as 0.26.1 does).
# Why it matters to a register: reviews and contracts point to documents on shared drives; a folder that begins with n breaks
# the path in some subscribers only, and what such a program writes back replaces the right one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ics==0.7.3 icalendar==7.3.2 vobject==0.9.9
npm install --silent --no-audit --no-fund node-ical@0.26.1 ical.js@2.2.1
cat >write.py <<'PY'
import ics

event = ics.Event(name="Review", begin="2026-07-01", uid="1@register.example", description=r"P:\contracts\new\notes.docx")
with open("review.ics", "w", newline="") as file:
    file.write(ics.Calendar(events=[event]).serialize())
PY
cat >read.py <<'PY'
import ics, icalendar, vobject

text = open("review.ics", newline="").read()
print("written", next(line for line in text.splitlines() if line.startswith("DESCRIPTION")))
print("ics.py", ascii(next(iter(ics.Calendar(text).events)).description))
print("icalendar", ascii(str(icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["DESCRIPTION"])))
print("vobject", ascii(vobject.readOne(text).vevent.description.value))
PY
cat >read.js <<'JS'
const nodeIcal = require("node-ical"), ical = require("ical.js"), ICAL = ical.default || ical;
const text = require("fs").readFileSync("review.ics", "utf8");
console.log("node-ical", JSON.stringify(nodeIcal.sync.parseICS(text)["1@register.example"].description));
console.log("ical.js", JSON.stringify(new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent")).description));
JS
venv/bin/pip list 2>/dev/null | grep -E '^(ics|icalendar|vobject) '
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
venv/bin/python -W ignore write.py
{ venv/bin/python -W ignore read.py; node read.js; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
written DESCRIPTION:P:\\contracts\\new\\notes.docx
ics.py 'P:\\contracts\\\new\\\notes.docx'
icalendar 'P:\\contracts\\new\\notes.docx'
vobject 'P:\\contracts\\new\\notes.docx'
node-ical "P:\\contracts\\\new\\\notes.docx"
ical.js "P:\\contracts\\new\\notes.docx"
EXPECTED
