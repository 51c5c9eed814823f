#!/usr/bin/env bash
# Tool: duckdb 2.0.1 (PyPI), generate_series() with an interval of a month; beside it polars 2.1.0 (PyPI), date_range() with '1mo'.
# One would guess: a series by months from 31 January runs along the month ends: 31 January, 28 February, 31 March, 30 April.
# What happens: duckdb adds the month to the day before, not to the start, so after February every date is a 28th, for ever, though
# date + 2 months by itself is 31 March; and yearly from 29 February 2024, 2028 is the 28th as well. polars counts from the start.
# Why it matters to a register: joined to what was really due ("which month ends have no review"), the series matches nothing after
# February, and two reports on the same CSV file disagree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(duckdb|polars) '
cat >check.py <<'PY'
from datetime import date
import duckdb, polars
def rows(query):
    return " ".join(str(row[0]) for row in duckdb.sql(query).fetchall())
print("duckdb, series: ", rows("SELECT d::DATE FROM (SELECT unnest(generate_series(DATE '2026-01-31', DATE '2026-05-31', INTERVAL 1 MONTH)) AS d)"))
print("duckdb, sums:   ", rows("SELECT (DATE '2026-01-31' + to_months(n::INTEGER))::DATE FROM range(5) AS r(n)"))
print("polars, series: ", *polars.date_range(date(2026, 1, 31), date(2026, 5, 31), "1mo", eager=True))
print("duckdb, by year:", rows("SELECT d::DATE FROM (SELECT unnest(generate_series(DATE '2024-02-29', DATE '2028-02-29', INTERVAL 1 YEAR)) AS d)"))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
duckdb, series:  2026-01-31 2026-02-28 2026-03-28 2026-04-28 2026-05-28
duckdb, sums:    2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31
polars, series:  2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31
duckdb, by year: 2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-28
EXPECTED
