#!/usr/bin/env bash
# Tool: holidays 0.109 (PyPI), country_holidays("GB").
# One would guess: the United Kingdom without a part means the bank holidays of England and Wales, as GOV.UK puts them first; or all days
# that are a holiday anywhere in it.
# What happens: it holds only what all four parts share: no Easter Monday and no late bank holiday in August, which all but Scotland have.
# No warning; the two are there with subdiv="ENG", and Scotland's and Northern Ireland's own with theirs.
# Why it matters to a register: "the supplier answers within ten working days", counted with it over Easter or at the end of August,
# ends a day early, and the supplier is chased or marked overdue on a day when it still had a day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check holidays==0.109
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(holidays) '
cat >check.py <<'PY'
from datetime import date, timedelta
import holidays

def after(day, count, free):
    while count:
        day += timedelta(1)
        count -= day.weekday() < 5 and day not in free
    return day

for part in (None, "ENG", "WLS", "SCT", "NIR"):
    free = holidays.country_holidays("GB", subdiv=part, years=2027)
    print(f"{part}: Easter Monday {date(2027, 3, 29) in free}, 30 August {date(2027, 8, 30) in free}, ten working days after 22 March {after(date(2027, 3, 22), 10, free)}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
None: Easter Monday False, 30 August False, ten working days after 22 March 2027-04-06
ENG: Easter Monday True, 30 August True, ten working days after 22 March 2027-04-07
WLS: Easter Monday True, 30 August True, ten working days after 22 March 2027-04-07
SCT: Easter Monday False, 30 August False, ten working days after 22 March 2027-04-06
NIR: Easter Monday True, 30 August True, ten working days after 22 March 2027-04-07
EXPECTED
