#!/usr/bin/env bash
# Tools: node-ical 0.26.1 with rrule-temporal 1.6.0, ical.js 2.2.1 (npm), recurring-ical-events 3.8.2 (PyPI).
# One would guess: an all-day review every month from the 31st skips short months, and a yearly one from 29 February skips common
# years, as RFC 5545 says of dates that do not exist (section 3.3.10); at worst it falls on the month's last day and then goes back.
# What happens: node-ical moves it to 28 February and counts on from there: the 28th of every later month, and 28 February in leap years
# too. ical.js is right about months, yet has the yearly one on 1 March in common years. recurring-ical-events skips. node-ical 0.27.2 has
# it right, but asks for Node 22: on Node 20 a plain npm install still takes 0.26.1. ical.js 2.2.1 is the newest.
# Why it matters to a register: three subscribers of one review calendar see three different days, and COUNT ends in different years; a
# review date that an owner reads in a dashboard is not the one the register means.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet recurring-ical-events==3.8.2 icalendar==7.3.2
npm install --silent --no-audit --no-fund node-ical@0.26.1 rrule-temporal@1.6.0 ical.js@2.2.1
event() {
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//finding//EN BEGIN:VEVENT UID:1@register.example DTSTAMP:20240101T000000Z \
    "DTSTART;VALUE=DATE:$2" "RRULE:FREQ=$3;COUNT=5" SUMMARY:Review END:VEVENT END:VCALENDAR >"$1"
}
event month.ics 20260131 MONTHLY
event leap.ics 20240229 YEARLY
cat >read.js <<'JS'
const nodeIcal = require("node-ical"), ical = require("ical.js"), ICAL = ical.default || ical, fs = require("fs");
for (const name of ["month.ics", "leap.ics"]) {
  const text = fs.readFileSync(name, "utf8");
  const event = Object.values(nodeIcal.sync.parseICS(text)).find((entry) => entry.type === "VEVENT");
  const all = nodeIcal.expandRecurringEvent(event, { from: new Date("2020-01-01"), to: new Date("2060-01-01") });
  console.log(name, "node-ical", all.map((one) => one.start.toISOString().slice(0, 10)).join(" "));
  const days = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent")).iterator();
  const seen = [];
  for (let day = days.next(); day; day = days.next()) seen.push(day.toString());
  console.log(name, "ical.js", seen.join(" "));
}
JS
cat >read.py <<'PY'
import icalendar, recurring_ical_events

for name in ("month.ics", "leap.ics"):
    calendar = icalendar.Calendar.from_ical(open(name, "rb").read())
    print(name, "recurring-ical-events", *(event.start for event in recurring_ical_events.of(calendar).between((2020, 1, 1), (2060, 1, 1))))
PY
npm ls --all 2>/dev/null | grep -oE '(node-ical|rrule-temporal|ical\.js)@[0-9.]+' | sort -u
{ TZ=UTC node read.js; venv/bin/python read.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
month.ics node-ical 2026-01-31 2026-02-28 2026-03-28 2026-04-28 2026-05-28
month.ics ical.js 2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31
leap.ics node-ical 2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-28
leap.ics ical.js 2024-02-29 2025-03-01 2026-03-01 2027-03-01 2028-02-29
month.ics recurring-ical-events 2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31
leap.ics recurring-ical-events 2024-02-29 2028-02-29 2032-02-29 2036-02-29 2040-02-29
EXPECTED
