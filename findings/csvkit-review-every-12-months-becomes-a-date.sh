#!/usr/bin/env bash
# Tool: csvkit 2.2.0 with agate 1.14.2 and parsedatetime 2.6 (PyPI), as csvsort, csvjson and csvjoin infer types.
# One would guess: a column of intervals such as "12 months" or "1 year" is text to a tool that infers numbers, dates and booleans.
# What happens: it is read as a date counted from the year 1: "12 months" and "1 year" both become 0002-01-01 and "6 months" 0001-07-01,
# while "2 weeks" becomes "14 days, 0:00:00". Merely sorting by another column rewrites the file so, with exit code 0.
# Why it matters to a register: review intervals, notice periods and retention times are columns of every supplier list; after one csvsort
# they are dates that look valid (YYYY-MM-DD), and no import can tell them from real ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet csvkit==2.2.0 agate==1.14.2 parsedatetime==2.6
cat >list.csv <<'CSV'
Name,Review every,Notice
Quay,12 months,2 weeks
Holm,1 year,30 days
Haven,6 months,4 weeks
CSV
venv/bin/csvsort --version
venv/bin/csvsort --columns Name list.csv | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Name,Review every,Notice
Haven,0001-07-01,"28 days, 0:00:00"
Holm,0002-01-01,"30 days, 0:00:00"
Quay,0002-01-01,"14 days, 0:00:00"
EXPECTED
