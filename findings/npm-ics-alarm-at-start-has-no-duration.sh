#!/usr/bin/env bash
# Tools: ics 3.12.0 (npm), ical.js 2.2.1 (npm), icalendar 7.3.2 (PyPI).
# One would guess: an alarm at the start of an event, { minutes: 0, before: true }, is written TRIGGER:PT0S, or the writer refuses it;
# and an alarm a week and a day before is written so that RFC 5545 allows it (weeks do not mix with days: P8D).
# What happens: createEvents reports no error and writes TRIGGER:-PT, which is no duration, and TRIGGER:-P1W1DT, which is none either.
# icalendar takes both as meant; ical.js gives the second and rightly refuses the first.
# Why it matters to a register: reminders on the day itself are the usual setting for a review; the calendar looks sound and its
# reminder is there or not, depending on who subscribes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet icalendar==7.3.2
npm install --silent --no-audit --no-fund ics@3.12.0 ical.js@2.2.1
cat >finding.js <<'JS'
const ics = require("ics"), ical = require("ical.js"), ICAL = ical.default || ical;
const alarm = (trigger) => ({ action: "display", description: "Review", trigger });
const { error, value } = ics.createEvents([{ uid: "1@register.example", title: "Review", start: [2026, 7, 1], end: [2026, 7, 2],
  alarms: [alarm({ minutes: 0, before: true }), alarm({ weeks: 1, days: 1, before: true })] }]);
console.log(["error: " + error, ...value.match(/TRIGGER.*/g)].join(" | "));
require("fs").writeFileSync("review.ics", value);
for (const one of new ICAL.Component(ICAL.parse(value)).getFirstSubcomponent("vevent").getAllSubcomponents("valarm")) {
  try { console.log("ical.js:", one.getFirstPropertyValue("trigger").toString()); } catch (problem) { console.log("ical.js:", problem.message); }
}
JS
cat >read.py <<'PY'
import icalendar

alarms = icalendar.Calendar.from_ical(open("review.ics", "rb").read()).walk("VALARM")
print("icalendar:", " | ".join(str(alarm["TRIGGER"].dt) for alarm in alarms))
PY
venv/bin/pip list 2>/dev/null | grep '^icalendar '
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
{ node finding.js; venv/bin/python read.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
error: null | TRIGGER:-PT | TRIGGER:-P1W1DT
ical.js: invalid duration value: Not enough duration components in ""
ical.js: -P8D
icalendar: 0:00:00 | -8 days, 0:00:00
EXPECTED
