#!/usr/bin/env bash
# Tools: ics 3.12.0, ical.js 2.2.1 (npm), icalendar 7.3.2 (PyPI).
# One would guess: an organiser named Holm "The Quay" Ltd is written so that it can be read: as CN="Holm ^'The Quay^' Ltd" (RFC 6868), or without
# the inner quotes, which RFC 5545 does not allow in a parameter.
# What happens: ics for npm puts a backslash before the inner quotes, which no standard knows. ical.js ends the name there ("Holm \");
# icalendar reads the calendar and leaves the organiser out. (ical-generator 10.2.0 did the same; 11.1.2, for Node 22, writes ^'.)
# Why it matters to a register: suppliers trade under names in quotes; one such name costs the organiser, and stricter readers
# refuse the line and with it the whole calendar.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet icalendar==7.3.2
npm install --silent --no-audit --no-fund ics@3.12.0 ical.js@2.2.1
cat >finding.js <<'JS'
const ics = require("ics"), ical = require("ical.js"), ICAL = ical.default || ical;
const organizer = { name: 'Holm "The Quay" Ltd', email: "office@register.example" };
const { error, value } = ics.createEvents([{ uid: "1@register.example", title: "Review", start: [2026, 7, 1], end: [2026, 7, 2], organizer }]);
require("fs").writeFileSync("review.ics", value);
console.log("error:", error, value.match(/ORGANIZER.*?:/)[0]);
const event = new ICAL.Component(ICAL.parse(value)).getFirstSubcomponent("vevent");
console.log("ical.js reads", event.getFirstProperty("organizer").getParameter("cn"));
JS
cat >read.py <<'PY'
import icalendar

event = icalendar.Calendar.from_ical(open("review.ics", "rb").read()).walk("VEVENT")[0]
print("icalendar reads", event["SUMMARY"], event.get("ORGANIZER"))
PY
venv/bin/pip list 2>/dev/null | grep '^icalendar '
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
{ node finding.js; venv/bin/python read.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
error: null ORGANIZER;CN="Holm \"The Quay\" Ltd":
ical.js reads Holm \
icalendar reads Review None
EXPECTED
