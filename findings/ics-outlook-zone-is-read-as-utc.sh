#!/usr/bin/env bash
# Tools: ics 0.7.3 (ics.py), icalendar 7.3.2 (PyPI); a calendar with Outlook's name of the British time zone.
# One would guess: an event of 09:00 on 1 July in TZID "GMT Standard Time", with that zone's rules in the file (VTIMEZONE, summer time in
# force), is at 08:00 UTC; a reader that does not know the name refuses or uses the rules.
# What happens: ics.py does neither: it takes the event as 09:00 UTC without a word, an hour late, and serialize() writes
# DTSTART:20260701T090000Z, so the error is kept. Under the name Europe/London the same file is read right.
# Why it matters to a register: meetings and expiry times sent from Outlook move by one hour from April to October only, which
# no test made in winter finds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ics==0.7.3 icalendar==7.3.2
cat >finding.py <<'PY'
import datetime, ics, icalendar

def calendar(zone):
    half = "BEGIN:{0}\nDTSTART:16010101T0{1}0000\nTZOFFSETFROM:{2}\nTZOFFSETTO:{3}\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH={4}\nEND:{0}\n"
    lines = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//finding//EN\n"
        f"BEGIN:VTIMEZONE\nTZID:{zone}\n" + half.format("STANDARD", 2, "+0100", "+0000", 10) + half.format("DAYLIGHT", 1, "+0000", "+0100", 3) +
        "END:VTIMEZONE\nBEGIN:VEVENT\nUID:1@register.example\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART;TZID={zone}:20260701T090000\nDTEND;TZID={zone}:20260701T100000\nSUMMARY:Review\nEND:VEVENT\nEND:VCALENDAR\n")
    return lines.replace("\n", "\r\n")

for zone in ("GMT Standard Time", "Europe/London"):
    text = calendar(zone)
    right = icalendar.Calendar.from_ical(text).walk("VEVENT")[0].start.astimezone(datetime.timezone.utc)
    event = next(iter(ics.Calendar(text).events))
    print(f"{zone}: icalendar {right:%H:%M} UTC, ics.py {event.begin.to('UTC'):HH:mm} UTC,", event.serialize().split("DTSTART:")[1][:16])
PY
venv/bin/pip list 2>/dev/null | grep -E '^(ics|icalendar) '
venv/bin/python -W ignore finding.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
GMT Standard Time: icalendar 08:00 UTC, ics.py 09:00 UTC, 20260701T090000Z
Europe/London: icalendar 08:00 UTC, ics.py 08:00 UTC, 20260701T080000Z
EXPECTED
