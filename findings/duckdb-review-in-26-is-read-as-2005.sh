#!/usr/bin/env bash
# Tool: duckdb 2.0.1 (PyPI), read_csv as it sniffs types.
# One would guess: review dates 31/03/26 and 05/06/26 are 31 March and 5 June 2026, since with 31 first nothing but a day fits there;
# or the column stays text.
# What happens: the year is taken to come first: 2031-03-26 and 2005-06-26, without a word, also where every row begins with 30 or 31.
# With one date of four digits in the column (31/03/2026), the others are of the year 26. A column of versions (24.4.1, 24.10.2) is
# dates too. Dates with a four-digit year, or with a month in letters (05-Jun-26, which stay text), are safe.
# Why it matters to a register: British spreadsheets save dates just so; reviews are overdue by twenty years or due in five, and as a day
# and a year have changed places, each looks like a date that somebody meant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(duckdb) '
cat >check.py <<'PY'
import duckdb
for values in [("31/03/26", "05/06/26"), ("31/03/26", "30/06/26"), ("31/03/2026", "05/06/26"), ("31/03/2026", "05/06/2026"), ("31-Mar-26", "05-Jun-26"), ("24.4.1", "24.10.2")]:
    with open("list.csv", "w") as file:
        file.write("Supplier,Review\nHolm," + "\nQuay,".join(values) + "\n")
    rows = duckdb.sql("SELECT Review FROM read_csv('list.csv')")
    print(*values, "->", rows.types[0], *[row[0] for row in rows.fetchall()])
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
31/03/26 05/06/26 -> DATE 2031-03-26 2005-06-26
31/03/26 30/06/26 -> DATE 2031-03-26 2030-06-26
31/03/2026 05/06/26 -> DATE 2026-03-31 0026-06-05
31/03/2026 05/06/2026 -> DATE 2026-03-31 2026-06-05
31-Mar-26 05-Jun-26 -> VARCHAR 31-Mar-26 05-Jun-26
24.4.1 24.10.2 -> DATE 2024-04-01 2024-10-02
EXPECTED
