#!/usr/bin/env bash
# Tool: timefhuman 0.1.5 (PyPI), timefhuman(text), which finds dates and times in text, asked on 30 November 2026.
# One would guess: "by 5 June 2026" and "from 5 June 2026" are the day that "5 June 2026" is, "5-7 June 2026" are three days as "June 5-7" are, and in
# 12 months it is 30 November 2027 as it is in a year.
# What happens: with a word before it ("by", "from", "on", "due") the day is lost and the first of the month comes out, without an error. "5-7 June
# 2026" is from five to seven in the morning of 1 June, "5-7 June" 7 May. A month has 30 days: 12 months end on 25 November, 18 on 23 May.
# Why it matters to a register: dates in answers and letters seldom stand alone. What is due by 30 June was due on the 1st, and nothing tells
# it from a date that was read well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check timefhuman==0.1.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^timefhuman '
cat >check.py <<'PY'
from datetime import datetime

from timefhuman import tfhConfig, timefhuman

config = tfhConfig(now=datetime(2026, 11, 30, 12))
show = lambda found: " to ".join(map(show, found)) if isinstance(found, tuple) else found.strftime("%Y-%m-%d %H:%M")
for text in ["5 June 2026", "by 5 June 2026", "from 5 June 2026", "on 5 June 2026", "due 30 June 2026", "June 5-7", "5-7 June 2026", "5-7 June",
        "in 1 year", "in 12 months", "in 18 months"]:
    print(f"{text}:", ", ".join(map(show, timefhuman(text, config))))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
5 June 2026: 2026-06-05 00:00
by 5 June 2026: 2026-06-01 00:00
from 5 June 2026: 2026-06-01 00:00
on 5 June 2026: 2026-06-01 00:00
due 30 June 2026: 2026-06-01 00:00
June 5-7: 2026-06-05 00:00 to 2026-06-07 00:00
5-7 June 2026: 2026-06-01 05:00 to 2026-06-01 07:00
5-7 June: 2026-05-07 00:00
in 1 year: 2027-11-30 12:00
in 12 months: 2027-11-25 12:00
in 18 months: 2028-05-23 12:00
EXPECTED
