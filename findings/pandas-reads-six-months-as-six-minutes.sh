#!/usr/bin/env bash
# Tool: pandas 3.1.1 (PyPI), Timedelta() and to_timedelta() on ISO 8601 durations, which their documentation lists.
# One would guess: P6M, six months, is refused, as P1Y is with an error: a Timedelta has no months. The M of minutes comes after a T.
# What happens: P6M is six minutes, the same as PT6M, without an error or a warning; so a column of review intervals in months comes
# in whole, to_timedelta(errors="coerce") marks none of it as wrong, and a date plus its interval is that very date again.
# P1M15D is fifteen days and a minute. Only years are refused.
# Why it matters to a register: "review every P6M", read into a notebook, makes every supplier overdue a few minutes after its last review,
# and a retention of P84M says that everything may be erased after an hour and a half.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^pandas '
cat >check.py <<'PY'
import pandas
for text in ["P1D", "PT6M", "P6M", "P84M", "P1M15D", "P1Y"]:
    try:
        print(f"{text}: {pandas.Timedelta(text)}")
    except ValueError as error:
        print(f"{text}: {error}")
print("coerced:", *pandas.to_timedelta(pandas.Series(["P6M", "P12M"]), errors="coerce"))
print("due:", (pandas.Timestamp("2026-11-30") + pandas.Timedelta("P6M")).date())
PY
python/bin/python -W error check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
P1D: 1 days 00:00:00
PT6M: 0 days 00:06:00
P6M: 0 days 00:06:00
P84M: 0 days 01:24:00
P1M15D: 15 days 00:01:00
P1Y: Invalid ISO 8601 Duration format - P1Y
coerced: 0 days 00:06:00 0 days 00:12:00
due: 2026-11-30
EXPECTED
