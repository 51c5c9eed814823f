#!/usr/bin/env bash
# Tool: recurrent 0.4.1 with parsedatetime 2.6 (PyPI), RecurringEvent().parse(text), which turns "every ..." into a calendar's rule (RRULE).
# One would guess: "every 5 June" is a day each year, as "every June 5" is, or is not understood. A rule that comes out is one that calendars
# accept.
# What happens: the day becomes the interval: "every 5 June" and "yearly on 5 June" are every fifth year, sometime in June; "every 30 September" is
# every thirtieth year; with the 1st it is every year by chance, and the day is lost there too. "Every 3 months from 5 June 2026" is every 5 months
# on the 2026th day of June, which no calendar takes, and "every last Friday" is each Friday.
# Why it matters to a register: British notices give the day first. A review that is due each 5 June is asked for again in 2031.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check recurrent==0.4.1 parsedatetime==2.6
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(recurrent|parsedatetime) '
cat >check.py <<'PY'
from datetime import datetime

from recurrent import RecurringEvent

for text in ["every June 5", "every 5th of June", "every 5 June", "yearly on 5 June", "every 30 September", "every 1 April",
        "every 3 months starting 5 June 2026", "every 3 months from 5 June 2026", "last Friday of every month", "every last Friday"]:
    rule = RecurringEvent(now_date=datetime(2026, 11, 30, 12)).parse(text)
    print(f"{text}:", str(rule).replace("\n", " "))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
every June 5: RRULE:BYMONTHDAY=5;BYMONTH=6;INTERVAL=1;FREQ=YEARLY
every 5th of June: RRULE:BYMONTHDAY=5;BYMONTH=6;INTERVAL=1;FREQ=YEARLY
every 5 June: RRULE:BYMONTH=6;INTERVAL=5;FREQ=YEARLY
yearly on 5 June: RRULE:BYMONTH=6;INTERVAL=5;FREQ=YEARLY
every 30 September: RRULE:BYMONTH=9;INTERVAL=30;FREQ=YEARLY
every 1 April: RRULE:BYMONTH=4;INTERVAL=1;FREQ=YEARLY
every 3 months starting 5 June 2026: DTSTART:20260605 RRULE:INTERVAL=3;FREQ=MONTHLY
every 3 months from 5 June 2026: RRULE:BYMONTHDAY=2026;BYMONTH=6;INTERVAL=5;FREQ=MONTHLY
last Friday of every month: RRULE:BYDAY=-1FR;INTERVAL=1;FREQ=MONTHLY
every last Friday: RRULE:BYDAY=FR;INTERVAL=1;FREQ=WEEKLY
EXPECTED
