#!/usr/bin/env bash
# Tools: icalendar 7.3.2, vobject 0.9.9 (PyPI), ical.js 2.2.1, node-ical 0.26.1 (npm).
# One would guess: the name of a subscribed calendar, X-WR-CALNAME:Reviews\, all homes, is read as "Reviews, all homes": RFC 5545 says
# that an X- property without VALUE is TEXT (section 3.8.8.2), and in text a comma is escaped.
# What happens: icalendar, which even has calendar_name for it, and ical.js give "Reviews\, all homes"; vobject and node-ical give it without the
# backslash. With VALUE=TEXT spelled out, which is only the default, icalendar and ical.js read it right too.
# Why it matters to a register: the property that most calendar programs take the name from shows a backslash in some; only a name
# without comma, semicolon and backslash, or the spelled-out type, is the same for these four.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet icalendar==7.3.2 vobject==0.9.9
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.26.1
for kind in "" ";VALUE=TEXT"; do
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//finding//EN "X-WR-CALNAME$kind:Reviews\\, all homes" BEGIN:VEVENT UID:1@register.example \
    DTSTAMP:20260101T000000Z "DTSTART;VALUE=DATE:20260701" SUMMARY:Review END:VEVENT END:VCALENDAR >"name${kind#;}.ics"
done
cat >read.py <<'PY'
import icalendar, vobject

for name in ("name.ics", "nameVALUE=TEXT.ics"):
    text = open(name, newline="").read()
    print(name, "| icalendar", str(icalendar.Calendar.from_ical(text).calendar_name), "| vobject", vobject.readOne(text).x_wr_calname.value)
PY
cat >read.js <<'JS'
const nodeIcal = require("node-ical"), ical = require("ical.js"), ICAL = ical.default || ical;
for (const name of ["name.ics", "nameVALUE=TEXT.ics"]) {
  const text = require("fs").readFileSync(name, "utf8");
  console.log(name, "| ical.js", new ICAL.Component(ICAL.parse(text)).getFirstPropertyValue("x-wr-calname"),
    "| node-ical", JSON.stringify((nodeIcal.sync.parseICS(text).vcalendar || {})["WR-CALNAME"]));
}
JS
venv/bin/pip list 2>/dev/null | grep -E '^(icalendar|vobject) '
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
{ venv/bin/python -W ignore read.py; node read.js; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
name.ics | icalendar Reviews\, all homes | vobject Reviews, all homes
nameVALUE=TEXT.ics | icalendar Reviews, all homes | vobject Reviews, all homes
name.ics | ical.js Reviews\, all homes | node-ical "Reviews, all homes"
nameVALUE=TEXT.ics | ical.js Reviews, all homes | node-ical "Reviews, all homes"
EXPECTED
