#!/usr/bin/env bash
# Tool: icalevents 0.3.1 (PyPI), events(); beside it recurring-ical-events 3.8.2 with icalendar 7.3.2 (PyPI).
# One would guess: a review on 5 June and, as RDATE says, on 5 September and 5 December 2026 is three events, as a rule (RRULE) for them would make them, and an extra
# date beside a rule is one event more (RFC 5545, 3.8.5.2). A whole-day event that has no DTEND lasts its day (3.6.1).
# What happens: RDATE is passed over without a word: the series is its first day only, and beside a rule the extra date is missing; the dates that EXDATE takes out
# are taken out. The whole day ends as it begins. recurring-ical-events gives all of them.
# Why it matters to a register: reviews that follow no rule, such as the days a committee meets, are written just so, and a reminder that
# reads the calendar with this library never comes for the later ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check icalevents==0.3.1 recurring-ical-events==3.8.2 icalendar==7.3.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(icalevents|recurring-ical-events|icalendar) '
cat >check.py <<'PY'
import datetime, icalendar, recurring_ical_events
from icalevents.icalevents import events
def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Register//EN", "BEGIN:VEVENT", "UID:review-1@register.example", "DTSTAMP:20260101T090000Z",
                        "SUMMARY:Review", *lines, "END:VEVENT", "END:VCALENDAR", ""])
start, end = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc)
for name, lines in {
    "dates": ["DTSTART:20260605T090000Z", "DTEND:20260605T100000Z", "RDATE:20260905T090000Z,20261205T090000Z"],
    "whole days": ["DTSTART;VALUE=DATE:20260605", "RDATE;VALUE=DATE:20260905,20261205"],
    "rule and a date": ["DTSTART:20260605T090000Z", "DTEND:20260605T100000Z", "RRULE:FREQ=MONTHLY;COUNT=3", "RDATE:20261205T090000Z"],
    "rule without a date": ["DTSTART:20260605T090000Z", "DTEND:20260605T100000Z", "RRULE:FREQ=MONTHLY;COUNT=3", "EXDATE:20260705T090000Z"],
}.items():
    text = calendar(*lines)
    print(f"icalevents: {name}:", *sorted(f"{event.start:%d.%m.}-{event.end:%d.%m.}" for event in events(string_content=text, start=start, end=end)))
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(start, end)
    print(f"recurring-ical-events: {name}:", *sorted(f"{event.start:%d.%m.}-{event.end:%d.%m.}" for event in found))
PY
python/bin/python -W ignore check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
icalevents: dates: 05.06.-05.06.
recurring-ical-events: dates: 05.06.-05.06. 05.09.-05.09. 05.12.-05.12.
icalevents: whole days: 05.06.-05.06.
recurring-ical-events: whole days: 05.06.-06.06. 05.09.-06.09. 05.12.-06.12.
icalevents: rule and a date: 05.06.-05.06. 05.07.-05.07. 05.08.-05.08.
recurring-ical-events: rule and a date: 05.06.-05.06. 05.07.-05.07. 05.08.-05.08. 05.12.-05.12.
icalevents: rule without a date: 05.06.-05.06. 05.08.-05.08.
recurring-ical-events: rule without a date: 05.06.-05.06. 05.08.-05.08.
EXPECTED
