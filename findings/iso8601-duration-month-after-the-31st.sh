#!/usr/bin/env bash
# Tool: iso8601-duration 2.1.4 (npm), end(); beside it isodate 0.7.2 (PyPI).
# One would guess: one month after 31 January 2026 is 28 February, and one year after 29 February 2028 is 28 February 2029.
# What happens: end() says 3 March and 1 March: the days that the shorter month lacks run over into the next. A month after 29, 30
# and 31 January is 1, 2 and 3 March, and none of them is in February. isodate reads the same durations and stays in the
# month. (A time at noon is used, so that no time zone plays a part.)
# Why it matters to a register: a review asked for monthly on month ends is never due in February, and two programs that read the same
# P1M from the same record name different days.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund iso8601-duration@2.1.4 >/dev/null
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check isodate==0.7.2
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { end, parse } from 'iso8601-duration';
for (const [from, length] of [['2026-01-31', 'P1M'], ['2026-01-29', 'P1M'], ['2026-05-31', 'P1M'], ['2028-02-29', 'P1Y'], ['2026-08-31', 'P6M']])
  console.log(`${from} and ${length}: ${end(parse(length), new Date(`${from}T12:00:00Z`)).toISOString().slice(0, 10)}`);
JS
cat >check.py <<'PY'
from datetime import date
from isodate import parse_duration
for day, length in [("2026-01-31", "P1M"), ("2028-02-29", "P1Y")]:
    print(f"isodate: {day} and {length}: {date.fromisoformat(day) + parse_duration(length)}")
PY
{ TZ=UTC node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
2026-01-31 and P1M: 2026-03-03
2026-01-29 and P1M: 2026-03-01
2026-05-31 and P1M: 2026-07-01
2028-02-29 and P1Y: 2029-03-01
2026-08-31 and P6M: 2027-03-03
isodate: 2026-01-31 and P1M: 2026-02-28
isodate: 2028-02-29 and P1Y: 2029-02-28
EXPECTED
